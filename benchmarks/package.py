"""How soon the packaged program shows its first window, beside a bare window of the same package.

For Linux: the folder that `make package-linux` made, beside a bare QWizard in the Python and Qt that it was made of.
For Windows: the installed program in the lab (Wine, warm), beside the same launcher, Python and Qt with a bare QWizard
in the place of our app. They take turns; the time runs from the start of the program until its window is on a virtual
screen. The figures are medians, and the ratios compare only what was measured in this run. Nothing is asserted.

Usage: python benchmarks/package.py [--rounds 7] [--only linux|windows]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests"))

from helpers.desktop import Desktop, end_group, missing, wait_for  # noqa: E402

PACKAGES = TOP / "build" / "packages"
LAB = Path(os.environ.get("SETUPWIZARD_LAB") or TOP / "build" / "lab")
TITLE = "PyTorch Setup"
BARE_TITLE = "Bare window"
BARE = f"""
import sys
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWizard, QWizardPage
application = QApplication(["bare"])
window = QWizard()
window.setWindowTitle({BARE_TITLE!r})
for number in range(6):
    page = QWizardPage()
    page.setTitle(f"Page {{number}}")
    QVBoxLayout(page).addWidget(QLabel("Some words on a plain page"))
    window.addPage(page)
window.resize(960, 640)
window.show()
sys.exit(application.exec())
"""
# Answers the words "wizard" and "bare" by starting that program, and says when it has ended.
IN_THE_LAB = r"""
setup=$(ls /project/dist/*-windows-x64-setup.exe)
wineserver -p
wine "Z:${setup//\//\\}" /S </dev/null
folder="$WINEPREFIX/drive_c/users/root/AppData/Local/Programs/setupwizard"
cp -r "$folder" "$WINEPREFIX/drive_c/bare"
cp /lab/benchmark.py "$WINEPREFIX/drive_c/bare/app/start.py"
echo ready
exec 3</lab/benchmark
while read -r who <&3; do
    [ "$who" = bare ] && program='C:\bare\setupwizard-gui.exe' || program="$folder/setupwizard-gui.exe"
    wine "$program" </dev/null >/dev/null 2>&1
    echo ended
done
wineserver -k
"""


def appears(desktop: Desktop, title: str) -> float:
    """Wait for a window and return when it came."""
    argv = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"]

    def there() -> bool:  # xdotool's own waiting fails, or never ends, where a window goes while it looks
        return subprocess.run(argv, env=desktop.env, capture_output=True, check=False).returncode == 0

    wait_for("the window", there, 180, every=0.01)
    return time.monotonic()


def close(desktop: Desktop, title: str) -> None:
    """Close a window by Esc, as often as it takes: it is on the screen before the window manager knows it."""
    search = ["xdotool", "search", "--onlyvisible", "--name", f"^{title}$"]

    def gone() -> bool:
        subprocess.run([*search, "windowactivate", "key", "Escape"], env=desktop.env, capture_output=True, check=False)
        return subprocess.run(search, env=desktop.env, capture_output=True, check=False).returncode != 0

    wait_for("the end of the window", gone, 60, every=0.5)


def linux_round(desktop: Desktop, folder: Path, who: str) -> float:
    bare = [str(PACKAGES / "venv" / "bin" / "python"), "-c", BARE]
    argv, title = (bare, BARE_TITLE) if who == "bare" else ([str(PACKAGES / "linux/setupwizard/setupwizard")], TITLE)
    began = time.monotonic()
    child = desktop.start(*argv, env=desktop.client(folder, QT_QPA_PLATFORM="xcb"))
    seconds = appears(desktop, title) - began
    close(desktop, title)
    child.wait(60)
    end_group(child)
    return seconds


@contextmanager
def windows(desktop: Desktop) -> Iterator[Callable[[str], float]]:
    """Install the package on a PC of the lab, and yield what starts one of the two programs there."""
    pipe = LAB / "share" / "benchmark"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    pipe.with_suffix(".py").write_text("import sys\nsys.frozen = True\n" + BARE)
    pc = TOP / "packaging" / "lab" / "pcs" / "pc.sh"
    lab = subprocess.Popen(
        [pc, "office-no-gpu", "bash", "-c", IN_THE_LAB],
        env={**desktop.env, "SETUPWIZARD_LAB": str(LAB), "HOME": "/root"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert lab.stdout is not None
    heard = lab.stdout
    while (line := heard.readline()) and line != "ready\n":
        pass
    with pipe.open("w") as say:

        def one(who: str) -> float:
            title = BARE_TITLE if who == "bare" else TITLE
            began = time.monotonic()
            say.write(f"{who}\n")
            say.flush()
            seconds = appears(desktop, title) - began
            close(desktop, title)
            heard.readline()
            return seconds

        yield one
    lab.wait(60)
    pipe.unlink()


def measure(name: str, rounds: int, one: Callable[[str], float]) -> None:
    rows: dict[str, list[float]] = {"wizard": [], "bare": []}
    for number in range(rounds + 1):
        for who, seconds in rows.items():
            took = one(who)
            if number:  # the first round fills the disk cache
                seconds.append(took)
    show(name, {who: statistics.median(seconds) for who, seconds in rows.items()})


def show(name: str, middle: Mapping[str, float]) -> None:
    ratio = middle["wizard"] / middle["bare"]
    print(f"{name:<10}{middle['wizard'] * 1000:>8.0f} ms{middle['bare'] * 1000:>8.0f} ms{ratio:>8.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", choices=("linux", "windows"), help="one of the two")
    args = parser.parse_args()
    if reason := missing():
        print(f"no virtual screen: {reason}")
        return 1
    print(f"From the start to the window on the screen, medians of {args.rounds} rounds that take turns")
    print(f"{'':<10}{'wizard':>11}{'bare':>11}{'ratio':>8}")
    with tempfile.TemporaryDirectory(prefix="package-benchmark-", ignore_cleanup_errors=True) as folder:
        desktop = Desktop(Path(folder) / "desktop", size="1280x1000x24")
        try:
            if args.only != "windows":
                measure("Linux", args.rounds, lambda who: linux_round(desktop, Path(folder) / "home", who))
            if args.only != "linux" and (LAB / "python.done").is_file():
                with windows(desktop) as one:
                    measure("Wine", args.rounds, one)
            elif args.only != "linux":
                print(f"no lab stands in {LAB}, so nothing is said about Windows")
        finally:
            desktop.close()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"\nload average {load} on {os.cpu_count()} processors")
    return 0


if __name__ == "__main__":
    sys.exit(main())
