"""Whether the network may be used at all: one switch, asked where connections are opened and children get a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from setupwizard.errors import SetupError

_NOWHERE = "http://127.0.0.1:9"
# A child that would try all the same gets nowhere: settings of the tools, and a proxy that is none.
OFF = {
    "UV_OFFLINE": "1",
    "PIP_NO_INDEX": "1",
    "CONDA_OFFLINE": "true",
    "MAMBA_OFFLINE": "true",
    **{name: _NOWHERE for word in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (word, word.lower())},
    "NO_PROXY": "",
    "no_proxy": "",
}


class _Switch:
    off = False


@contextmanager
def forbidden(wanted: bool) -> Iterator[None]:
    """Keep the network closed to the whole program while the body runs, if `wanted`."""
    before = _Switch.off
    _Switch.off = before or wanted
    try:
        yield
    finally:
        _Switch.off = before


def is_forbidden() -> bool:
    """Whether nothing may be sent anywhere."""
    return _Switch.off


def check(host: str) -> None:
    """Refuse to speak to a server while the network is closed.

    Raises:
        SetupError: "offline".
    """
    if _Switch.off:
        raise SetupError("offline", host=host)
