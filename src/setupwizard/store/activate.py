"""Writes ROOT/activate and its kin: they lead to the generation in use, whichever that is when they are called."""

from __future__ import annotations

import os
import sys
from pathlib import PureWindowsPath

from setupwizard.store.files import write_atomic
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root

# The names of the variables are those of venv, so that its own "deactivate" undoes this as well.
_SH = r"""# Made by setupwizard. Use it so:  . {here}
if [ -n "${{VIRTUAL_ENV:-}}" ] && command -v deactivate >/dev/null 2>&1; then
    deactivate
fi
deactivate () {{
    if [ -n "${{_OLD_VIRTUAL_PATH:-}}" ]; then
        PATH="$_OLD_VIRTUAL_PATH"
        export PATH
        unset _OLD_VIRTUAL_PATH
    fi
    if [ -n "${{_OLD_VIRTUAL_PYTHONHOME:-}}" ]; then
        PYTHONHOME="$_OLD_VIRTUAL_PYTHONHOME"
        export PYTHONHOME
        unset _OLD_VIRTUAL_PYTHONHOME
    fi
    if [ -n "${{_OLD_VIRTUAL_PS1+set}}" ]; then
        PS1="$_OLD_VIRTUAL_PS1"
        unset _OLD_VIRTUAL_PS1
    fi
    unset VIRTUAL_ENV VIRTUAL_ENV_PROMPT
    hash -r 2>/dev/null || true
    unset -f deactivate
}}
VIRTUAL_ENV={way}
if command -v cygpath >/dev/null 2>&1; then
    VIRTUAL_ENV=$(cygpath "$VIRTUAL_ENV")
fi
export VIRTUAL_ENV
VIRTUAL_ENV_PROMPT=pytorch
export VIRTUAL_ENV_PROMPT
_OLD_VIRTUAL_PATH="${{PATH:-}}"
if [ -d "$VIRTUAL_ENV/Scripts" ]; then
    PATH="$VIRTUAL_ENV/Scripts:$VIRTUAL_ENV:${{PATH:-}}"
else
    PATH="$VIRTUAL_ENV/bin:${{PATH:-}}"
fi
export PATH
if [ -n "${{PYTHONHOME:-}}" ]; then
    _OLD_VIRTUAL_PYTHONHOME="$PYTHONHOME"
    unset PYTHONHOME
fi
if [ -z "${{VIRTUAL_ENV_DISABLE_PROMPT:-}}" ] && [ -n "${{PS1+set}}" ]; then
    _OLD_VIRTUAL_PS1="$PS1"
    PS1="(pytorch) $PS1"
fi
hash -r 2>/dev/null || true
"""

# {way} is "current", or the folder of the generation where the drive holds no pointers. "%~dp0" is the folder of the
# file itself: no path is written down, so no code page can spoil it.
_BAT = r"""@rem Made by setupwizard. Use it so:  call activate.bat
@if defined _OLD_VIRTUAL_PATH set "PATH=%_OLD_VIRTUAL_PATH%"
@if defined _OLD_VIRTUAL_PROMPT set "PROMPT=%_OLD_VIRTUAL_PROMPT%"
@set "VIRTUAL_ENV=%~dp0{way}"
@set "VIRTUAL_ENV_PROMPT=pytorch"
@set "_OLD_VIRTUAL_PATH=%PATH%"
@set "PATH=%VIRTUAL_ENV%\Scripts;%VIRTUAL_ENV%\Library\bin;%VIRTUAL_ENV%;%PATH%"
@if not defined PROMPT set "PROMPT=$P$G"
@set "_OLD_VIRTUAL_PROMPT=%PROMPT%"
@if not defined VIRTUAL_ENV_DISABLE_PROMPT set "PROMPT=(pytorch) %PROMPT%"
@if defined PYTHONHOME set "_OLD_VIRTUAL_PYTHONHOME=%PYTHONHOME%"
@set PYTHONHOME=
"""

_PS1 = r"""# Made by setupwizard. Use it so:  . .\activate.ps1
if (Test-Path Function:\deactivate) { deactivate }
function global:deactivate {
    if (Test-Path Env:\_OLD_VIRTUAL_PATH) {
        $Env:PATH = $Env:_OLD_VIRTUAL_PATH
        Remove-Item Env:\_OLD_VIRTUAL_PATH
    }
    if (Test-Path Env:\_OLD_VIRTUAL_PYTHONHOME) {
        $Env:PYTHONHOME = $Env:_OLD_VIRTUAL_PYTHONHOME
        Remove-Item Env:\_OLD_VIRTUAL_PYTHONHOME
    }
    if (Test-Path Function:\_old_virtual_prompt) {
        Copy-Item Function:\_old_virtual_prompt Function:\prompt
        Remove-Item Function:\_old_virtual_prompt
    }
    Remove-Item Env:\VIRTUAL_ENV -ErrorAction SilentlyContinue
    Remove-Item Env:\VIRTUAL_ENV_PROMPT -ErrorAction SilentlyContinue
    Remove-Item Function:\deactivate
}
$Env:VIRTUAL_ENV = Join-Path $PSScriptRoot '{way}'
$Env:VIRTUAL_ENV_PROMPT = 'pytorch'
$Env:_OLD_VIRTUAL_PATH = $Env:PATH
$setupwizardFolders = @('Scripts', 'Library\bin', 'bin', '.') |
    ForEach-Object { Join-Path $Env:VIRTUAL_ENV $_ } | Where-Object { Test-Path -LiteralPath $_ }
$Env:PATH = (@($setupwizardFolders) + $Env:PATH) -join [IO.Path]::PathSeparator
Remove-Variable setupwizardFolders
if (Test-Path Env:\PYTHONHOME) {
    $Env:_OLD_VIRTUAL_PYTHONHOME = $Env:PYTHONHOME
    Remove-Item Env:\PYTHONHOME
}
if (-not $Env:VIRTUAL_ENV_DISABLE_PROMPT) {
    Copy-Item Function:\prompt Function:\global:_old_virtual_prompt
    function global:prompt { "(pytorch) " + (_old_virtual_prompt) }
}
"""


def write_activation(root: Root) -> None:
    """Write the files that put the environment on the path of a shell; those that are right already stay.

    Raises:
        SetupError: "disk-full", "file-in-use" or "root-not-writable".
    """
    way = root.in_use or root.current
    relative = str(PureWindowsPath(way.relative_to(root.path)))
    shell = _SH.format(here=_quoted(root.path / "activate"), way=_quoted(way))
    files = {
        "activate": os.fsencode(shell),
        "activate.bat": _BAT.replace("{way}", relative).replace("\n", "\r\n").encode("ascii"),
        "activate.ps1": _PS1.replace("{way}", relative).replace("\n", "\r\n").encode("ascii"),
    }
    journal = Journal(root.journal)
    for name, content in files.items():
        path = root.path / name
        if path.is_file() and path.read_bytes() == content:
            continue
        if not path.exists():
            journal.created(path)
        write_atomic(path, content)


def activation_line(root: Root) -> str:
    """Return the line that turns the environment on in a terminal of this system."""
    if sys.platform == "win32":
        return f'call "{root.path / "activate.bat"}"'
    return f". {_quoted(root.path / 'activate')}"


def _quoted(path: os.PathLike[str]) -> str:
    """Return a path as one word of any shell: in single quotes, the quotes inside it put between others."""
    return "'" + os.fspath(path).replace("'", "'\\''") + "'"
