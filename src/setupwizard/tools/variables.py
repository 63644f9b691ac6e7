"""The variables that a child gets: what it needs to live, and no setting of any tool."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from setupwizard.tools.network import OFF as NETWORK_OFF
from setupwizard.tools.network import is_forbidden as network_is_off

# What a child needs to live, and no setting of any tool: those are passed on purpose or not at all.
_KEEP = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TEMP"),
        *("TMP", "LANG", "TZ", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"),
        *("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "SYSTEMROOT", "WINDIR"),
        *("SYSTEMDRIVE", "COMSPEC", "PATHEXT", "USERPROFILE"),
        *("HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA"),
        *("PROGRAMDATA", "ALLUSERSPROFILE", "PROGRAMFILES", "PROGRAMFILES(X86)"),
        *("PROGRAMW6432", "COMMONPROGRAMFILES", "USERNAME"),
        *("USERDOMAIN", "NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE"),
        *("PROCESSOR_ARCHITEW6432", "OS", "WINEPREFIX"),
        *("WINEDEBUG", "WINEDLLOVERRIDES", "LD_LIBRARY_PATH_ORIG"),
    )
)
_NETWORK = frozenset(
    ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"],
)


def clean_environment(extra: Mapping[str, str] | None = None, *, network: bool = False) -> dict[str, str]:
    """Return an environment without any setting of pip, uv, conda, Python, Qt or the dynamic loader.

    Args:
        extra: variables to add.
        network: keep the proxy and certificate variables, for a child that speaks to servers.
    """
    keep = _KEEP | _NETWORK if network else _KEEP
    environment = {name: value for name, value in os.environ.items() if name.upper() in keep}
    environment.update(PYTHONUTF8="1", PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1")
    if sys.platform != "win32":
        environment["LC_ALL"] = "C.UTF-8"
    environment.update(extra or {})
    if network_is_off():
        environment.update(NETWORK_OFF)
    return environment


def temporary_in(folder: Path) -> dict[str, str]:
    """Return the variables that let a child put what it needs for a moment into `tmp` of a folder of ours; it is made.

    A child that is stopped clears nothing away, and in the system's folder nobody else would.
    """
    place = folder / "tmp"
    place.mkdir(parents=True, exist_ok=True)
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(place))
