"""Whether a newer version of this program is announced: asked quietly, told quietly, never fetched or installed.

One small page is asked for; nothing is sent but what every request of this program says, its name and version.
"""

from __future__ import annotations

import logging

from packaging.version import Version

from setupwizard import __version__
from setupwizard.errors import SetupError
from setupwizard.model.release import MAX_BYTES, Announcement, Newer, ReleaseData, may_be_asked, release_data
from setupwizard.model.wire import from_json
from setupwizard.tools import http, preferences
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.transport import FetchSettings

log = logging.getLogger(__name__)

_PATIENCE = FetchSettings(connect_seconds=5, stall_seconds=5, retries=0, logins=False)


def newer_version(*, cancel: Cancel | None = None, data: ReleaseData | None = None) -> Newer | None:
    """Return the version that is newer than this one; None: there is none, nobody may be asked, or nobody answers.

    Args:
        cancel: a wish to stop.
        data: where to ask; what came with this copy when None.

    Raises:
        Cancelled: somebody asked to stop.
    """
    data = data or release_data()
    if data.announcement is None or data.page is None or not preferences.present().settings.tell_new_version:
        return None
    try:
        version = _announced(data.announcement, cancel)
    except SetupError as error:
        log.info("no newer version is known: %s %s", error, error.detail)
        return None
    return Newer(version=version, page=data.page) if Version(version) > Version(__version__) else None


def _announced(address: str, cancel: Cancel | None) -> str:
    """Return the version that an address announces.

    Raises:
        SetupError: the address cannot be believed or does not answer; "document-invalid": it answers something else.
    """
    if not may_be_asked(address):
        raise SetupError("document-invalid", file="release.json", problem=f"{address} is not asked: it is not https")
    page = http.get(address, accept="application/json", cancel=cancel, settings=_PATIENCE, most=MAX_BYTES + 1)
    if not may_be_asked(page.url) or len(page.body) > MAX_BYTES:
        raise SetupError("document-invalid", file=page.url, problem="no answer that can be believed")
    return from_json(Announcement, page.body, name=page.url).version
