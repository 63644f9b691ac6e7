"""What the window asks before it changes or deletes anything of an environment: what goes, what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from setupwizard.gui.state import Act
from setupwizard.i18n import _
from setupwizard.model.events import Outcome
from setupwizard.model.format import format_bytes, sentences
from setupwizard.model.naming import variant_name

if TYPE_CHECKING:
    from setupwizard.model.doctor import Doctor
    from setupwizard.model.environments import Environment

_NAMED = 8


class Question(Struct, frozen=True, kw_only=True):
    """A question with two answers.

    Attributes:
        items: what it is about, each by its name.
        yes: the words on the button that agrees.
        no: the words on the button that does not.
        deletes: whether something goes that cannot come back.
    """

    title: str
    text: str
    items: tuple[str, ...] = ()
    yes: str
    no: str = ""
    deletes: bool = False


def environment_name(there: Environment) -> str:
    """Return what an environment is called: "PyTorch 2.15.0, CUDA 13.0"."""
    if there.torch is None:
        return _("PyTorch environment")
    if there.variant is None:
        return f"PyTorch {there.torch}"
    return _("PyTorch {version}, {platform}").format(version=there.torch, platform=variant_name(there.variant))


def remove(there: Environment) -> Question:
    """Ask whether an environment is to go."""
    size = _("{size} will be free again.").format(size=format_bytes(there.bytes)) if there.bytes else ""
    return Question(
        title=_("Remove this environment?"),
        text=sentences(size, _("Files that you put there yourself stay, and are named.")),
        items=(environment_name(there), there.root),
        yes=_("Remove"),
        deletes=True,
    )


def go_back(there: Environment) -> Question:
    """Ask whether the one before is to be used again."""
    return Question(
        title=_("Go back to {build}?").format(build=there.back_to or ""),
        text=_("It was proved when it was installed. Nothing is deleted; programs that run now should be closed."),
        items=(there.root,),
        yes=_("Go back"),
    )


def tidy(there: Environment, outcome: Outcome) -> Question:
    """Ask whether what no environment needs is to go."""
    items = [_short(path, there.root) for path in outcome.removed]
    more = [_("and {count} more").format(count=len(items) - _NAMED)] if len(items) > _NAMED else []
    return Question(
        title=_("Free {size}?").format(size=format_bytes(outcome.freed_bytes)),
        text=_("The environment stays as it is. A later repair downloads again what it needs."),
        items=(*items[:_NAMED], *more),
        yes=_("Delete these"),
        deletes=True,
    )


def repair(root: str, document: Doctor) -> Question:
    """Ask whether a cure is to be carried out."""
    cure = next(cause.fix for cause in document.causes if cause.fix is not None)
    size = cure.download_bytes
    load = [_("To download: {size}").format(size=format_bytes(size))] if size else []
    return Question(
        title=_("Repair this environment?"),
        text=sentences(document.causes[0].text, cure.text),
        items=(root, *cure.changes, *load),
        yes=_("Repair"),
    )


def metered(download: int) -> Question:
    """Ask whether so many bytes are to come over a line that is paid by volume; 0 where nobody knows how many."""
    size = _("{size} would be downloaded.").format(size=format_bytes(download)) if download else ""
    return Question(
        title=_("Download over a metered line?"),
        text=sentences(_("Your system says that this line is paid by volume."), size),
        yes=_("Download now"),
        no=_("Not now"),
    )


def done(act: Act, outcome: Outcome) -> str:
    """Return how something ended that was done with an environment."""
    if act == "go-back":
        return _("The one before is in use again.")
    if act == "tidy":
        return _("{size} are free again.").format(size=format_bytes(outcome.freed_bytes))
    kept = _("These files of yours stay: {names}.").format(names=", ".join(outcome.kept)) if outcome.kept else ""
    return sentences(_("It is removed."), kept)


def _short(path: str, root: str) -> str:
    """Return a path below the root as it stands there."""
    return path.removeprefix(root).lstrip("/\\") or path
