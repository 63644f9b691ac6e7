"""Tell whether this Python compiles modules that the one of the package reads, or with --version, which one that is.

Usage: same_python.py [--version] FOLDER, where FOLDER holds python3XX.zip and its license.
"""

import importlib.util
import re
import sys
import zipfile
from pathlib import Path


def main(folder: Path, *, tell: bool) -> int:
    (library,) = folder.glob("python3*.zip")
    if tell:
        # The library names the version of its release in its resources, as UTF-16.
        data = library.with_suffix(".dll").read_bytes()
        found = re.search("ProductVersion\0+".encode("utf-16-le") + rb"((?:[0-9.]\0)+)", data)
        print(found[1].decode("utf-16-le") if found else library.stem)
        return 0
    with zipfile.ZipFile(library) as packed:
        names = [name for name in packed.namelist() if name.endswith(".pyc")]
        return int(not names or packed.read(names[0])[:4] != importlib.util.MAGIC_NUMBER)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[-1]), tell="--version" in sys.argv))
