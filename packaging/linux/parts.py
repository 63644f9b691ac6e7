"""Print, as papers.py reads it, what the folder holds beside Python packages: Python and libraries of the system.

Usage: parts.py FOLDER, by the Python that the package was made with.
"""

import json
import platform
import subprocess
import sys
import sysconfig
from pathlib import Path


def part(name: str, version: str, licence: str, purl: str, files: list[Path]) -> str:
    texts = [str(file.resolve()) for file in files if file.is_file()]
    rows = {"name": name, "version": version, "licence": licence, "purl": purl, "files": texts}
    return "[[part]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in rows.items())


def debian_packages(folder: Path) -> dict[str, str]:
    """Return the Debian packages that the libraries at the top of the folder come from, with their versions."""
    found = {}
    for file in sorted(folder.glob("lib*.so*")):
        if file.is_symlink():
            continue
        asked = subprocess.run(["dpkg-query", "-S", f"*/{file.name}"], capture_output=True, text=True, check=False)
        if asked.returncode:
            continue
        name = asked.stdout.partition(":")[0]
        told = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True, check=False
        )
        found[name] = told.stdout.partition("\n")[0]
    return found


def main(folder: Path) -> None:
    version = platform.python_version()
    licence = Path(sysconfig.get_path("stdlib")) / "LICENSE.txt"
    print(part("CPython", version, "PSF-2.0", f"pkg:generic/python@{version}", [licence]))
    for name, release in debian_packages(folder).items():
        text = Path("/usr/share/doc") / name / "copyright"
        print(part(name, release, "", f"pkg:deb/debian/{name}@{release}", [text]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
