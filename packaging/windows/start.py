"""What the packaged program begins with; the launcher runs it, so sys.executable is the launcher itself."""

import sys
from pathlib import PureWindowsPath

sys.frozen = True  # the name by which every packer tells that sys.executable is no Python

from setupwizard.__main__ import console, windowed

if PureWindowsPath(sys.executable).stem.endswith("-gui"):
    windowed()
else:
    console()
