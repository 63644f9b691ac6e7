"""Print the Python that packages are built with: the newest of this computer up to 3.13 that can be frozen.

Below 3.12 a package has to carry an older Qt, so those come last; PACKAGE_PYTHON names another one.
"""

import os
import subprocess
import sys

from setupwizard.probes.pythons import interpreters
from setupwizard.probes.roots import Roots

OLDEST, NEWEST = (3, 11), (3, 13)
# PyInstaller puts Python's own library into a package; a Python may be built or installed without it, or without venv.
_QUESTION = """
import ctypes.util, ensurepip, os, sys, sysconfig, venv
name = sysconfig.get_config_var("LDLIBRARY") or ""
folders = [sysconfig.get_config_var("LIBDIR") or "", "/usr/lib/" + (sysconfig.get_config_var("MULTIARCH") or "")]
names = [name, *(os.path.basename(sysconfig.get_config_var("INSTSONAME") or "x"),)]
found = any(os.path.exists(os.path.join(folder, one)) for folder in folders for one in names if ".so" in one)
sys.exit(not found)
"""


def fits(path: str) -> bool:
    return subprocess.run([path, "-I", "-c", _QUESTION], capture_output=True, check=False).returncode == 0


def main() -> int:
    if wished := os.environ.get("PACKAGE_PYTHON"):
        print(wished)
        return 0
    for one in interpreters(Roots()):
        version = tuple(int(part) for part in one.python.version.split(".")[:2] if part.isdigit())
        if OLDEST <= version <= NEWEST and not one.python.free_threaded and fits(one.python.path):
            print(one.python.path)
            return 0
    print("No Python from 3.11 to 3.13 with its shared library and venv is on this computer.", file=sys.stderr)
    print("On Debian: apt install python3-venv libpython3-dev", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
