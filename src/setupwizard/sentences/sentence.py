"""What a sentence of an error is made of, and what a person can choose to do about one."""

from __future__ import annotations

from typing import NamedTuple

from setupwizard.i18n import N_


class Sentence(NamedTuple):
    """What a person reads for one error code; `{name}` stands for a fact of the error."""

    exit_id: str
    title: str
    advice: str
    retryable: bool = False
    fixes: tuple[tuple[str, str], ...] = ()


AUTOMATIC = ("automatic", N_("Leave the choice to us"))
BETTER_FOLDER = ("better-folder", N_("Use {better}"))
CERTIFICATE = ("proxy-settings", N_("Add the certificate..."))
CPU = ("use-cpu-build", N_("Use the CPU version for now"))
DRIVER_PAGE = ("open-driver-page", N_("Open the driver page"))
FREE_ROOM = ("free-room", N_("Free space here..."))
INSTALL_HERE = ("install-here", N_("Install it there"))
LOOK_AGAIN = ("look-again", N_("Check again"))
OLDER = ("other-build", N_("Try another build"))
OPEN_PAGE = ("open-page", N_("Open the page"))
OTHER_FOLDER = ("choose-folder", N_("Choose another folder"))
OTHER_SOURCE = ("other-source", N_("Continue from another server"))
PLAN_AGAIN = ("plan-again", N_("Make the plan again"))
PROXY = ("proxy-settings", N_("Proxy settings..."))
REPAIR = ("repair", N_("Repair it"))
RETRY = ("try-again", N_("Try again"))
