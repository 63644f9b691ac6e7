"""Windows: where things are, by the system's own answers; variables of the environment can be missing or forged."""

from __future__ import annotations

import ctypes
import sys
import tempfile
import uuid
from ctypes import wintypes
from pathlib import Path
from typing import Literal

assert sys.platform == "win32"  # noqa: S101 - tells the type checker which system this file is for

KnownFolder = Literal["LocalAppData", "Windows", "System", "ProgramFiles"]

# FOLDERID_* of knownfolders.h
_FOLDERS: dict[KnownFolder, str] = {
    "LocalAppData": "f1b32785-6fba-4fcf-9d55-7b8e7f157091",
    "Windows": "f38bf404-1d43-42f2-9305-67de0b28fc23",
    "System": "1ac14e77-02e7-4e5d-b744-2eb1ae5198b7",
    "ProgramFiles": "905e63b6-c1bf-494e-b29c-65b732d3d21a",
}


def known_folder(name: KnownFolder) -> Path:
    """Return one of the folders that Windows itself knows, also where it was moved to another drive.

    Raises:
        OSError: this account has no such folder.
    """
    shell, ole = ctypes.WinDLL("shell32"), ctypes.WinDLL("ole32")
    shell.SHGetKnownFolderPath.argtypes = [
        ctypes.c_char_p,
        wintypes.DWORD,
        wintypes.HANDLE,
        ctypes.POINTER(ctypes.c_void_p),
    ]
    ole.CoTaskMemFree.argtypes = [ctypes.c_void_p]
    ole.CoTaskMemFree.restype = None
    found = ctypes.c_void_p()
    result = shell.SHGetKnownFolderPath(uuid.UUID(_FOLDERS[name]).bytes_le, 0, None, ctypes.byref(found))
    try:
        if result != 0 or not found.value:
            raise OSError(f"SHGetKnownFolderPath {name}: 0x{result & 0xFFFFFFFF:08X}")
        return Path(ctypes.wstring_at(found.value))
    finally:
        ole.CoTaskMemFree(found)


def temporary_folder() -> Path:
    """Return the folder for working directories of children."""
    return Path(tempfile.gettempdir())


def default_root() -> Path:
    r"""Return where an environment goes when nobody chose: C:\pytorch where that can be made, else the profile."""
    short = Path(known_folder("Windows").anchor) / "pytorch"
    if short.is_dir():
        return short
    try:
        short.mkdir()
        short.rmdir()
    except OSError:
        return known_folder("LocalAppData") / "pytorch"
    return short


def machine_root() -> Path:
    r"""Return where an environment for everybody goes: below Program Files, where only administrators write.

    In C:\ProgramData, and in a new folder of C:\, every user may add files.
    """
    return known_folder("ProgramFiles") / "pytorch"


def is_service_account() -> bool:
    """Whether this runs as the system itself, as management tools do: its profile is no place for an environment."""
    try:
        return "systemprofile" in str(known_folder("LocalAppData")).lower()
    except OSError:
        return True


def who_else_writes(_folder: Path) -> str | None:
    """Return None: rights are those that a folder gets from the one above it, and Windows shows them to nobody here."""
    return None


def readable_by_all(file: Path) -> bool:
    """Whether a file lies outside the users' own folders."""
    profiles = known_folder("LocalAppData").parents
    return not any(place in file.parents for place in list(profiles)[:2])


def let_all_read() -> None:
    """Do nothing: files get the rights of their folder."""


def has_display() -> bool:
    """Return True: Windows always shows windows."""
    return True


def python_in(environment: Path) -> Path:
    """Return the interpreter of a virtual environment, or of one that conda made."""
    if (environment / "conda-meta").is_dir():
        return python_of_conda_in(environment)
    return environment / "Scripts" / "python.exe"


def python_of_conda_in(prefix: Path) -> Path:
    """Return the interpreter of an environment of conda's, also of one that is still to be made."""
    return prefix / "python.exe"


def site_packages_in(environment: Path) -> Path:
    """Return the folder of packages of a virtual environment."""
    return environment / "Lib" / "site-packages"
