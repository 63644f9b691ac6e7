"""What a play costs as the lab grows: `make benchmark-lab` (root, Debian; scripts/set_up_fleet.sh installs Ansible).

Simulated computers on this machine, small made-up wheels, three plays each: check mode, the first one, and one that
finds all done. Told are the wall, the processor time of Ansible itself, and the bytes that were fetched. The computers
share this machine's cores, so the wall of a real lab is shorter; what Ansible itself needs is not.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from fleet import lab
from fleet.play import Player, install_collection
from fleet.rooms import room
from helpers.fault_lab import look, make_wheels

PROGRAM = Path(sys.executable).with_name("setupwizard")


def measure(folder: Path, wheels: Path, collections: Path, count: int) -> None:
    """Stand a lab of so many computers and print a line for each play."""
    with room(folder, wheels) as made:
        for number in range(count):
            made.add(f"pc{number:03}", disk="700m")
        player = Player(made.lab, collections, made.lab.inventory(sys.executable))
        wanted = {
            "recommended": True,
            "cpu": True,
            "sources": ["official"],
            "exe": [str(PROGRAM)],
            "root": "/srv/pytorch",
        }
        for name, words in (("what would change", ("--check",)), ("first play", ()), ("nothing to do", ())):
            played = player.play(wanted, *words)
            wall, own = played.seconds
            fetched = sum(int(result.get("fetched_bytes") or 0) for result in played.results.values())
            moved = 0 if words else fetched
            print(
                f"{count:4} computers  {name:<18} {wall:7.1f} s  Ansible {own:6.1f} s ({own / count:5.2f} each)  "
                f"{moved / 1e6:7.1f} MB  changed {len(played.changed())}  failed {len(played.broken())}",
                flush=True,
            )


def main() -> None:
    """Measure labs of several sizes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 30])
    sizes = options.parse_args().sizes
    reason = lab.missing()
    if reason is not None:
        sys.exit(f"Not measured: {reason}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _machine, release = look(folder / "look")
        make_wheels(folder / "wheels", release)
        collections = install_collection(folder)
        print(f"processors {os.cpu_count()}, forks 10")
        for size in sizes:
            measure(folder / str(size), folder / "wheels", collections, size)


if __name__ == "__main__":
    main()
