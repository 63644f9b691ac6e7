"""Why a build for the card is the right one: each reason a stable word and a sentence."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace
from packaging.version import Version

from setupwizard.codes import ReasonCode
from setupwizard.i18n import N_, _
from setupwizard.model.catalogue_rows import ArchList
from setupwizard.model.format import sentences
from setupwizard.model.recommendation import Reason
from setupwizard.steps.recommend.build import torchvision_of
from setupwizard.steps.recommend.cards import Card
from setupwizard.steps.recommend.case import Case
from setupwizard.steps.recommend.fit import AS_IT_IS, Fit, Waive, best, card_obstacle, is_riddle, processor_fits
from setupwizard.steps.recommend.trouble import HARDWARE
from setupwizard.steps.recommend.trouble_words import about_trouble
from setupwizard.steps.recommend.words import driver_words, names, names_with_capability

_IDEAL = Waive(driver=True, python=True, system=True)
# What may hold an older torch back, and everything but that out of the way.
_CAUSES: tuple[tuple[ReasonCode, Waive], ...] = (
    ("older-torch-for-python", replace(_IDEAL, python=False)),
    ("older-torch-for-driver", replace(_IDEAL, driver=False)),
    ("older-torch-for-libc", replace(_IDEAL, system=False)),
)

ASSUMED_BECAUSE = {
    "no-range": N_("Its download server does not hand out parts of a file, so the package could not be asked."),
    "not-found": N_("Its download server lists the package but does not have it."),
    "unreachable": N_("Its download server could not be reached to ask the package."),
    "foreign-host": N_("The package lies on a server that this program does not know, so it was not asked."),
    "broken-archive": N_("The package could not be read."),
    "no-table": N_("The package does not say for which cards it was made."),
    "not-asked": N_("The package has not been asked yet."),
}
"""Why a package could not tell for which cards it was made, by the words of model.refreshed.AssumedWhy."""


def why(case: Case, fit: Fit) -> list[Reason]:
    """Return the reasons for a build that runs on cards."""
    return [
        *_why_version(case, fit),
        *_why_variant(case, fit),
        *_why_apart(case, fit),
        *about_wishes(case, fit),
    ]


def newest_version(case: Case) -> Version:
    """Return the newest version that the wishes allow for the platform, whatever the cards need."""
    return max(candidate.version for candidate in case.candidates or case.processors)


def _why_version(case: Case, fit: Fit) -> Iterator[Reason]:
    newest = newest_version(case)
    if fit.candidate.version >= newest:
        text = _("PyTorch {torch} is the newest version there is, and it runs on {cards}.")
        if case.limits.variant is not None or case.limits.torch:
            text = _("PyTorch {torch} is the newest version that fits your choice, and it runs on {cards}.")
        text = text.format(torch=fit.candidate.torch, cards=names(fit.cards))
        yield Reason(code="newest-for-card", text=text)
        return
    ideal = best(case, _IDEAL, fit.cards) or fit
    if ideal.candidate.version > fit.candidate.version:
        for code, waive in _CAUSES:
            held = best(case, waive, fit.cards) or fit
            if held.candidate.version < ideal.candidate.version:
                yield _held_back(case, held, ideal, code)
    if ideal.candidate.version < newest:
        yield _older_for_card(fit, ideal.candidate.torch, newest)


def _older_for_card(fit: Fit, torch: str, newest: Version) -> Reason:
    text = _("PyTorch {newest} has no build for {cards}; {torch} is the newest version that serves it.")
    if len(fit.cards) > 1:
        text = _("PyTorch {newest} has no build for all of {cards}; {torch} is the newest version that serves them.")
    text = text.format(newest=newest, cards=names_with_capability(fit.cards), torch=torch)
    return Reason(code="older-torch-for-card", text=text)


def _held_back(case: Case, held: Fit, better: Fit, code: ReasonCode) -> Reason:
    torch, newer = held.candidate.torch, better.candidate.torch
    if code == "older-torch-for-python":
        text = _("For Python {python} the newest version is PyTorch {torch}; Python {better} has {newer}.").format(
            python=case.limits.python, torch=torch, better=better.python, newer=newer
        )
    elif code == "older-torch-for-driver":
        text = _(
            "With the present driver {driver} the newest version is PyTorch {torch}; a newer driver makes {newer} run."
        ).format(driver=driver_words(case), torch=torch, newer=newer)
    else:
        code, text = system_reason(case, torch, newer)
    return Reason(code=code, text=text)


def system_reason(case: Case, torch: str, newer: str) -> tuple[ReasonCode, str]:
    """Return why the age of the system holds an older torch back."""
    machine = case.machine
    if machine.os == "linux":
        return "older-torch-for-libc", _(
            "The system's own library ({libc}) is older than PyTorch {newer} needs; {torch} still starts with it."
        ).format(libc=machine.libc, torch=torch, newer=newer)
    if machine.os == "macos":
        return "older-torch-for-os", _(
            "PyTorch {newer} needs a newer macOS than {version}; {torch} still installs on it."
        ).format(version=machine.os_version, torch=torch, newer=newer)
    return "older-torch-for-os", _(
        "For Windows 10, PyTorch {torch} is the last version made for this card; {newer} needs Windows 11."
    ).format(torch=torch, newer=newer)


def _why_variant(case: Case, fit: Fit) -> Iterator[Reason]:
    candidate, cards = fit.candidate, names_with_capability(fit.cards)
    if candidate.kind == "cuda":
        yield from _why_cuda(case, fit)
    elif candidate.kind == "rocm":
        yield Reason(
            code="rocm",
            text=_("{variant} is AMD's ROCm build, and it holds code for {cards}.").format(
                variant=candidate.variant, cards=cards
            ),
        )
    elif candidate.kind == "xpu":
        yield Reason(
            code="xpu",
            text=_("{cards} is among the Intel cards that PyTorch's xpu build is made for.").format(cards=cards),
        )
    else:
        yield Reason(
            code="apple-mps",
            text=_("PyTorch for macOS uses the graphics processor of {cards} through Apple's Metal (MPS).").format(
                cards=cards
            ),
        )
    if candidate.probable:
        yield Reason(
            code="assumed-variant",
            text=_("{variant} of PyTorch {torch} is expected, but nobody has confirmed that it is published.").format(
                variant=candidate.variant, torch=candidate.torch
            ),
        )
    if candidate.assumed is not None:
        yield _assumed(fit, candidate.assumed)


def _assumed(fit: Fit, row: ArchList) -> Reason:
    candidate = fit.candidate
    text = _(
        "PyTorch {torch} ({variant}) is newer than the facts of this program. It is assumed to run on the same cards "
        "as {nearest}; the check after the installation has the last word."
    ).format(torch=candidate.torch, variant=candidate.variant, nearest=row.assumed_from)
    because = ASSUMED_BECAUSE.get(row.assumed_why or "")
    return Reason(code="assumed-code", text=sentences(text, _(because)) if because else text)


def about_newer(case: Case, card: Card) -> Reason:
    """Return the honest word about a card that is newer than all the facts."""
    text = _(
        "{card} is newer than everything that is known here (facts of {date}). `setupwizard catalog --refresh` asks "
        "the download servers for newer builds, and a newer version of this program may know the card."
    )
    return Reason(
        code="gpu-newer-than-data",
        text=text.format(card=names_with_capability([card]), date=case.catalogue.data_date),
    )


def _why_cuda(case: Case, fit: Fit) -> Iterator[Reason]:
    candidate = fit.candidate
    if any(not card.known for card in fit.cards):
        yield Reason(
            code="compute-capability-unknown",
            text=_(
                "Nobody could tell the compute capability of {cards}; {variant} holds code for every card that the "
                "driver may be working with."
            ).format(cards=names([card for card in fit.cards if not card.known]), variant=candidate.variant),
        )
    else:
        yield Reason(
            code="code-for-card",
            text=_("{variant} holds code for {cards}.").format(
                variant=candidate.variant, cards=names_with_capability(fit.cards)
            ),
        )
    if _cudnn_left_behind(case, fit):
        text = _("Newer builds bring a cuDNN library that no longer supports {cards}.")
        yield Reason(code="cudnn-limit", text=text.format(cards=names_with_capability(fit.cards)))
    if case.driver.version and not any(card.jetson for card in fit.cards):
        floor = case.catalogue.driver_floor(candidate.variant, windows=case.on_windows_driver)
        yield Reason(
            code="driver-supports",
            text=_("Driver {driver} is new enough: CUDA {cuda} needs {floor} or newer.").format(
                driver=case.driver.text, cuda=".".join(map(str, candidate.cuda)), floor=floor
            ),
        )
    if case.machine.wsl:
        yield Reason(code="wsl-driver", text=_("WSL uses the driver of Windows; Linux needs none of its own."))
    yield Reason(
        code="no-toolkit-needed",
        text=_("It brings its own CUDA libraries: no CUDA Toolkit is needed, and one that is there is left alone."),
    )


def _cudnn_left_behind(case: Case, fit: Fit) -> bool:
    return any(
        candidate.version > fit.candidate.version and card_obstacle(case, candidate, card, AS_IT_IS) == "library"
        for candidate in case.candidates
        for card in fit.cards
    )


def _why_apart(case: Case, fit: Fit) -> Iterator[Reason]:
    """Say what becomes of the other cards, and what a card of several costs."""
    for card in case.cards:
        if card not in fit.cards and (card in case.play or card.vendor == "nvidia"):
            yield about_unserved(case, card)
    if len(fit.cards) < 2:
        return
    for card in fit.cards:
        alone = best(case, cards=(card,))
        if alone is not None and alone.candidate.version > fit.candidate.version:
            text = _(
                "One build serves {cards} together: PyTorch {torch}. For {card} alone it could be {newer}."
            ).format(cards=names(fit.cards), torch=fit.candidate.torch, card=card.name, newer=alone.candidate.torch)
            yield Reason(code="mixed-cards", text=text)
            return


def about_unserved(case: Case, card: Card) -> Reason:
    """Say why a card goes without a build."""
    if card.vendor == "nvidia" and (card.too_old or not card.driver_helps):
        return too_old(card)
    if card.trouble in HARDWARE:
        return about_trouble(case, card)
    if card.vendor == "nvidia" and card.trouble is not None and not is_riddle(card):
        return about_trouble(case, card)
    return Reason(code="card-unserved", text=_("{card} is not used by this build.").format(card=card.name))


def too_old(card: Card) -> Reason:
    """Say that no published build runs on a card, and that a driver changes nothing about that."""
    return Reason(
        code="gpu-too-old",
        text=_("{card} is too old for the PyTorch builds of today, and no newer driver changes that.").format(
            card=names_with_capability([card])
        ),
    )


def about_wishes(case: Case, fit: Fit | None) -> Iterator[Reason]:
    """Say what follows from what the user insisted on."""
    limits = case.limits
    if limits.variant is not None or limits.torch:
        wish = " ".join(filter(None, (f"torch{limits.torch}" if limits.torch else "", limits.variant or "")))
        yield Reason(code="chosen-by-user", text=_("You chose {wish}.").format(wish=wish))
    if limits.python is not None:
        yield Reason(code="python-chosen", text=_("You chose Python {python}.").format(python=limits.python))
    if fit is not None and torchvision_of(case, fit) is None:
        yield Reason(
            code="companion-left-out",
            text=_(
                "torchvision is left out: none is certain to fit PyTorch {torch} ({variant}) and Python {python}."
            ).format(
                torch=fit.candidate.torch,
                variant=fit.candidate.variant,
                python=case.limits.python_release or fit.python,
            ),
        )


def why_processor(case: Case, fit: Fit | None) -> list[Reason]:
    """Return the reasons why the processor build is the answer, and why not a newer one."""
    reasons = [] if case.limits.variant == "cpu" else list(_why_no_card(case))
    if max(candidate.version for candidate in case.published) < Version(case.catalogue.newest.torch):
        text = _("PyTorch {torch} is the last version for this kind of computer.")
        torch = str(max(candidate.version for candidate in case.published))
        reasons.append(Reason(code="older-torch-for-os", text=text.format(torch=torch)))
    if fit is not None and fit.candidate.version < newest_version(case):
        reasons.extend(_why_older_processor(case, fit))
    return [*reasons, *about_wishes(case, fit)]


def _why_older_processor(case: Case, fit: Fit) -> Iterator[Reason]:
    newer = next(iter(processor_fits(case, Waive(system=True))), None)
    if newer is not None and newer.candidate.version > fit.candidate.version:
        code, text = system_reason(case, fit.candidate.torch, newer.candidate.torch)
        yield Reason(code=code, text=text)
    newer = next(iter(processor_fits(case, Waive(python=True))), None)
    if newer is not None and newer.candidate.version > fit.candidate.version:
        yield _held_back(case, fit, newer, "older-torch-for-python")


def _why_no_card(case: Case) -> Iterator[Reason]:
    if not case.cards:
        yield Reason(
            code="no-gpu", text=_("No graphics card was found that PyTorch can use, so it computes on the processor.")
        )
    if not any(card.vendor == "nvidia" for card in case.cards):
        yield from _why_no_nvidia(case)
    for card in case.cards:
        yield about_newer(case, card) if card.newer and not card.too_old else _why_not(case, card)


def _why_no_nvidia(case: Case) -> Iterator[Reason]:
    """Say where an NVIDIA card may be that the computer has and this system does not see."""
    if case.machine.wsl:
        text = _(
            "Windows lends no graphics card to this Linux. If the computer has an NVIDIA card, install or update its "
            "driver in Windows and restart; Linux needs none of its own."
        )
        yield Reason(code="wsl-driver", text=text)
    elif case.driver.present:
        text = _(
            "The NVIDIA driver {driver} is there, but no NVIDIA card was found. If the card is an external one, or a "
            "laptop has switched it off, connect it or switch it on, and look again."
        )
        yield Reason(code="card-not-reachable", text=text.format(driver=driver_words(case)))


def _why_not(case: Case, card: Card) -> Reason:
    if card.vendor == "nvidia" and case.platform.startswith("linux"):
        return _why_not_nvidia(case, card)
    if case.platform == "win_arm64":
        text = _("For Windows on ARM there is only the processor build, so {card} is not used.")
        return Reason(code="windows-arm", text=text.format(card=card.name))
    if card.vendor == "nvidia":
        return _why_not_nvidia(case, card)
    if card.vendor == "intel":
        text = _("{card} is not among the Intel cards that PyTorch supports (Arc, and Core Ultra with Arc graphics).")
        return Reason(code="igpu-not-supported", text=text.format(card=card.name))
    if card.vendor == "apple":
        text = _("PyTorch uses {card} from macOS {version} on.")
        version = case.catalogue.macos.mps_from.removesuffix(".0")
        return Reason(code="os-too-old", text=text.format(card=card.name, version=version))
    return Reason(
        code="gpu-not-usable",
        text=_("No published build of PyTorch for this system is known to run on {card}.").format(
            card=names_with_capability([card])
        ),
    )


def _why_not_nvidia(case: Case, card: Card) -> Reason:
    if card.too_old or not card.driver_helps:
        return too_old(card)
    if not card.known:
        return Reason(
            code="compute-capability-unknown",
            text=_(
                "Nobody could tell the compute capability of {card}, and no build runs on all that it may be. Choose a "
                "variant yourself if you know it."
            ).format(card=card.name),
        )
    facts = {"card": names_with_capability([card]), "torch": "", "variant": ""}
    text = _("No published build of PyTorch for this system holds code for {card}.")
    free = best(replace(case, candidates=case.published), Waive(driver=True, hardware=True, python=True), [card])
    if case.limits.torch and free is not None:
        text = _("Of the version that you chose no build runs on {card}; PyTorch {torch} ({variant}) would.")
        facts |= {"torch": free.candidate.torch, "variant": free.candidate.variant}
    return Reason(code="gpu-not-usable", text=text.format(**facts))
