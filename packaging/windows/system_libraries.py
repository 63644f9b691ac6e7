"""Write a C header with the libraries of Windows that files of the package need and Windows does not protect itself.

The launcher loads these from System32 before anything else. Windows looks for its "known DLLs" and for API sets in
System32 anyway, so those are left out, and what the package brings itself as well. Usage: system_libraries.py FOLDER
"""

import sys
from pathlib import Path

import pefile

# HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\KnownDLLs of Windows 10 and 11, and what these bring in.
KNOWN = frozenset(
    """
    advapi32 bcrypt bcryptprimitives cfgmgr32 clbcatq combase comdlg32 coml2 crypt32 difxapi gdi32 gdi32full gdiplus
    imagehlp imm32 kernel32 kernelbase msctf msvcp_win msvcrt normaliz nsi ntdll ole32 oleaut32 psapi rpcrt4 sechost
    setupapi shcore shell32 shlwapi ucrtbase user32 win32u wintrust wldap32 wow64 ws2_32
    """.split()
)


def imports(file: Path) -> set[str]:
    """Return the libraries that a file is bound to, in small letters and without their ending."""
    with pefile.PE(str(file), fast_load=True) as parsed:
        parsed.parse_data_directories([1, 13])  # those loaded at once, and those loaded when first used
        entries = [*getattr(parsed, "DIRECTORY_ENTRY_IMPORT", ()), *getattr(parsed, "DIRECTORY_ENTRY_DELAY_IMPORT", ())]
        return {entry.dll.decode("ascii").lower().removesuffix(".dll") for entry in entries}


def needed(files: list[Path], brought: set[str]) -> set[str]:
    names = set().union(*(imports(file) for file in files)) - brought - KNOWN
    return {name for name in names if not name.startswith(("api-ms-", "ext-ms-")) and not name.endswith(".drv")}


def write(array: str, names: set[str]) -> None:
    print(f"static const wchar_t *const {array}[] = {{")
    for name in sorted(names):
        print(f'    L"{name}.dll",')
    print("};")


def main(folder: Path) -> None:
    files = [file for file in folder.rglob("*") if file.suffix.lower() in {".dll", ".pyd"}]
    brought = {file.stem.lower() for file in files}
    window = [file for file in files if "PySide6" in file.parts]
    always = needed([file for file in files if file not in window], brought)
    print("/* Made by system_libraries.py. */")
    write("always_needed", always)
    write("needed_by_the_window", needed(window, brought) - always)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
