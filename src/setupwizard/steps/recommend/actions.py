"""What the person can do to get more out of the machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from msgspec.structs import replace

from setupwizard.codes import ActionCode
from setupwizard.i18n import N_, _
from setupwizard.model.catalogue import numbers
from setupwizard.model.catalogue_rows import Architecture
from setupwizard.model.format import sentences
from setupwizard.model.gpu_table import age_of, known_gpu
from setupwizard.model.install_data import install_data
from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Action, Recommendation
from setupwizard.steps.recommend.cards import Card
from setupwizard.steps.recommend.case import Candidate, Case
from setupwizard.steps.recommend.trouble import HARDWARE, Trouble
from setupwizard.steps.recommend.words import names


def driver_action(case: Case, cards: Sequence[Card], candidate: Candidate | None) -> Action:
    """Return the action that brings the right driver for a build on these cards.

    Without a build (nobody knows what the card is) it is the branch that knows the most generations of cards.
    """
    bound = case.bound
    if candidate is None and bound is None and not all(age_of(card.gpu.pci_id) == "newer" for card in cards):
        ending = [row for row in case.catalogue.architectures if row.driver_helps and row.last_branch is not None]
        bound = min(ending, key=lambda row: row.last_branch or 0, default=None)
    at_least = _at_least(case, cards, candidate)
    code = _code(case, bound)
    links = case.catalogue.links
    return Action(
        code=code,
        at_least=at_least,
        at_most_branch=str(bound.last_branch) if bound is not None else None,
        text=_driver_text(case, at_least, bound),
        url=links.nvidia_driver if case.on_windows_driver else links.nvidia_driver_unix,
    )


def _at_least(case: Case, cards: Sequence[Card], candidate: Candidate | None) -> str:
    """Return the oldest driver that both the build and every card can live with."""
    newest = max(case.catalogue.driver_floors, key=lambda row: row.cuda_major)
    floor = case.catalogue.driver_floor(candidate.variant, windows=case.on_windows_driver) if candidate else None
    needs = [floor or (newest.windows if case.on_windows_driver else newest.linux)]
    for card in cards:
        if card.architecture is not None and card.architecture.first_branch is not None:
            needs.append(str(card.architecture.first_branch))
        known = known_gpu(card.gpu.pci_id)
        if known is not None and known.first_linux_driver is not None:
            first = known.first_linux_driver
            needs.append(first.split(".")[0] if case.on_windows_driver else first)
    return max(needs, key=numbers)


def _code(case: Case, bound: Architecture | None) -> ActionCode:
    troubles = {card.trouble for card in case.play}
    if not case.driver.present:
        return "update-nvidia-driver" if "driver-unknown" in troubles else "install-nvidia-driver"
    if _too_new(case, bound) or troubles & {"nouveau", "open-module"}:
        return "replace-nvidia-driver"
    return "install-nvidia-driver" if "driver-incomplete" in troubles else "update-nvidia-driver"


def _too_new(case: Case, bound: Architecture | None) -> bool:
    """Whether the driver that is there left the oldest of the cards behind."""
    gone_from = bound.gone_from if bound is not None else None
    return gone_from is not None and case.driver.version[:1] >= (gone_from,)


def _driver_text(case: Case, at_least: str, bound: Architecture | None) -> str:
    troubles = {card.trouble for card in case.play}
    if bound is None:
        text = _("Install NVIDIA driver {at_least} or newer.")
    elif _too_new(case, bound):
        text = _(
            "Replace the NVIDIA driver with an older one, below {gone_from}: branch {branch} is the last one that "
            "knows {name} cards."
        )
    else:
        text = _(
            "Install NVIDIA driver {at_least} or newer, but below {gone_from}: branch {branch} is the last one that "
            "knows {name} cards."
        )
    facts = {"gone_from": bound.gone_from, "branch": bound.last_branch, "name": bound.name} if bound else {}
    told = [text.format(at_least=at_least, **facts)]
    if "open-module" in troubles:
        told.append(_("Take the proprietary version of it: the open one does not drive this card."))
    if case.machine.os == "linux" and _secure_boot(case.machine):
        told.append(_("Secure Boot is on: follow the steps that your system shows for signing the driver."))
    if case.machine.wsl:
        told.append(_("Install it in Windows, not inside WSL, and restart the computer."))
    elif case.machine.environment.container:
        told.append(_("Install it on the computer that runs the container, not inside it."))
    else:
        told.append(_("Then restart the computer and come back."))
    return reduce(sentences, told)


def _secure_boot(machine: Machine) -> bool:
    """Whether Secure Boot may keep a driver from starting: a Linux driver has to be signed by its owner."""
    noticed = any(finding.code == "secure-boot-may-block-driver" for finding in machine.findings)
    return noticed or bool(machine.environment.secure_boot)


def hardware_actions(cards: Sequence[Card]) -> list[Action]:
    """Return what to do about cards that no driver can reach."""
    by_trouble: dict[Trouble, list[Card]] = {}
    for card in cards:
        if card.trouble in HARDWARE:
            by_trouble.setdefault(card.trouble, []).append(card)
    return [
        Action(code=code, text=_(text).format(cards=names(affected)))
        for trouble, affected in by_trouble.items()
        for code, text in _REACH.get(trouble, ())
    ]


_RESTART = N_("Restart the computer, then come back.")
_CHECK_SLOT = N_("Check in the system's device list that {cards} is switched on and fits firmly in its slot.")
_REACH: dict[Trouble, tuple[tuple[ActionCode, str], ...]] = {
    "not-seen": (
        ("wake-card", N_("Plug in the power supply and wake {cards}: battery saving may have switched it off.")),
        ("check-hardware", _CHECK_SLOT),
    ),
    "not-started": (
        ("restart", _RESTART),
        (
            "check-hardware",
            N_("If {cards} still does not start, switch on Above 4G Decoding in the firmware settings."),
        ),
    ),
    "fell-off": (
        ("restart", _RESTART),
        ("check-hardware", N_("If it happens again, check the power cables and the temperature of {cards}.")),
    ),
    "passed-through": (("check-hardware", N_("Give {cards} back from the virtual machine that it is reserved for.")),),
    "switched-off": (("check-hardware", N_("Switch {cards} on in the Device Manager, then look again.")),),
    "no-container-access": (
        ("allow-access", N_("Start the container again with access to {cards}, for instance with --gpus all.")),
    ),
    "no-permission": (("allow-access", N_("Ask the administrator of this computer for the right to use {cards}.")),),
}
"""What keeps a card out of reach -> what to do about it."""


def lost_card_action() -> Action:
    """Return where to look for a card that only its driver tells of."""
    text = _("If this computer has an NVIDIA card, connect it or switch it on, then look again.")
    return Action(code="check-hardware", text=text)


def restart_action() -> Action:
    """Return the advice to restart: a driver that was updated or that hangs runs again after it."""
    return Action(code="restart", text=_(_RESTART))


def python_action(case: Case, python: str) -> Action:
    """Return the way to the Python that has the right build."""
    return Action(
        code="change-python",
        text=_("Use Python {python}, or leave the choice of Python to the program: it can bring its own.").format(
            python=python
        ),
        url=case.catalogue.links.python,
    )


def amd_action(case: Case, cards: Sequence[Card]) -> Action:
    """Return the way to AMD's own index for Windows."""
    amd = case.catalogue.amd
    chips = [card.chip.gfx for card in cards if card.chip is not None]
    text = _("Install PyTorch from AMD's own index, {url}, with Python {pythons}.").format(
        url=amd.index, pythons=", ".join(amd.python)
    )
    if chips:
        text += " " + _("For {cards} the package is {requirement}.").format(
            cards=names(cards), requirement=amd.example.format(gfx=chips[0])
        )
    return Action(code="use-amd-index", text=text, url=amd.index)


def jetson_action(case: Case, cards: Sequence[Card]) -> Action:
    """Return the way to the index for NVIDIA's boards."""
    url = case.catalogue.jetson.index
    text = _(
        "Install PyTorch for {cards} from the index for NVIDIA's boards, {url}, with the Python of JetPack."
    ).format(cards=names(cards), url=url)
    return Action(code="use-jetson-index", text=text, url=url)


def update_os_action(case: Case) -> Action:
    """Return the advice to use a newer system."""
    if case.machine.os == "macos":
        text = _("Update macOS to {version} or newer; then PyTorch can use the graphics processor.").format(
            version=case.catalogue.macos.mps_from.removesuffix(".0")
        )
    elif case.machine.os == "windows":
        text = _("Update to Windows 11; then the newest PyTorch can use the graphics card.")
    else:
        text = _("Use a Linux distribution that is newer and built on glibc; then the newest PyTorch starts.")
    return Action(code="update-os", text=text)


def cards_action(groups: int) -> Action:
    """Return the request to choose among groups of cards that need different builds."""
    return Action(
        code="choose-cards",
        text=_("Choose one of the {count} groups of cards, or make one environment for each group.").format(
            count=groups
        ),
    )


def processor_action() -> Action:
    """Return the offer of the processor build."""
    return Action(code="use-cpu-build", text=_("Use the processor version for now; it runs everywhere, only slower."))


def with_runtime_action(document: Recommendation, machine: Machine) -> Recommendation:
    """Return a recommendation that also names Microsoft's installer where files of the C++ runtime are missing.

    It is no condition: the plan takes the missing files along where it can. The installer wants administrator rights.
    """
    if document.build is None or not any(finding.code == "vc-runtime-missing" for finding in machine.findings):
        return document
    action = Action(
        code="install-vc-runtime",
        text=_(
            "Files of the Microsoft Visual C++ runtime are missing on this Windows. Setup puts them beside PyTorch "
            "where it can get them; Microsoft's own installer brings them for all programs and asks for administrator "
            "rights."
        ),
        url=install_data().vc_runtime.url,
    )
    return replace(document, actions=(*document.actions, action))
