"""What an address says: its host, its origin, its file, and whether it means a file of this computer."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname


def host_of(url: str) -> str:
    """Return the host of an address, for a message: never a name or password of its login."""
    return urlsplit(url).hostname or url


def place_of(url: str) -> str:
    """Return the host and port of an address, for a message: never a name or password of its login."""
    return urlsplit(url).netloc.rpartition("@")[2] or url


def origin_of(url: str) -> str:
    """Return "scheme://host:port" in small letters, to compare addresses by: without a login."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def file_of(address: str) -> str:
    """Return the name of the file that an address or a path with "/" ends with; nothing of what stands behind it."""
    if "://" not in address:
        return address.rpartition("/")[2]
    return unquote(urlsplit(address).path.rpartition("/")[2])


def local_path(url: str) -> Path | None:
    """Return the file behind a file: address, on this computer or in a shared folder; None for every other address."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        return None
    share = parts.netloc not in {"", "localhost"}
    return Path(url2pathname(f"//{parts.netloc}{parts.path}" if share else parts.path))
