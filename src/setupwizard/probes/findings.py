"""The closed list of what detection can notice, with the words for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from setupwizard.codes import FindingLevel
from setupwizard.i18n import N_, _
from setupwizard.model.machine import Finding, Gpu

FindingCode = Literal[
    "no-driver",
    "driver-not-loaded",
    "secure-boot-may-block-driver",
    "nouveau-in-use",
    "card-passed-through",
    "card-disabled",
    "driver-does-not-see-card",
    "open-module-old-card",
    "driver-older-than-card",
    "driver-newer-than-card",
    "gpu-lost",
    "driver-library-mismatch",
    "driver-library-missing",
    "driver-no-permission",
    "driver-hangs",
    "driver-answers-with-error",
    "driver-without-card",
    "card-did-not-start",
    "card-asleep",
    "card-without-power",
    "nvidia-smi-hangs",
    "nvidia-smi-differs",
    "nvml-does-not-answer",
    "sources-disagree",
    "cuda-version-unknown",
    "cuda-library-differs",
    "unknown-card",
    "card-split",
    "cards-hidden",
    "stale-adapters",
    "vc-runtime-missing",
    "running-in-container",
    "container-without-card",
    "amd-card-not-usable",
    "amd-no-permission",
    "intel-no-permission",
    "wsl-without-card",
    "wsl-without-graphics",
    "no-answer-in-time",
    "probe-broke",
]


class _Row(NamedTuple):
    level: FindingLevel
    text: str


FINDINGS: Final[dict[FindingCode, _Row]] = {
    "no-driver": _Row(
        "problem",
        N_("{card} has no NVIDIA driver yet. PyTorch can use the card once the driver is installed."),
    ),
    "driver-not-loaded": _Row(
        "problem",
        N_(
            "The NVIDIA driver for {card} is installed but not running."
            " Restart the computer; if that does not help, install the driver again."
        ),
    ),
    "secure-boot-may-block-driver": _Row(
        "warn",
        N_(
            "Secure Boot is on, which can keep the NVIDIA driver from starting."
            " When you install the driver again, follow the steps that your system shows for signing it."
        ),
    ),
    "nouveau-in-use": _Row(
        "problem",
        N_(
            "{card} is run by nouveau, the driver that comes with Linux."
            " PyTorch needs NVIDIA's own driver instead; install it with your system's tools and restart."
        ),
    ),
    "card-passed-through": _Row(
        "problem",
        N_("{card} is set aside for a virtual machine, so programs on this system cannot use it."),
    ),
    "card-disabled": _Row(
        "problem",
        N_("{card} is switched off in the Device Manager. Switch it on there, then check again."),
    ),
    "driver-does-not-see-card": _Row(
        "problem",
        N_(
            "{card} is in the computer, but the NVIDIA driver does not list it."
            " Restart the computer; if it stays so, check that the card has power and that the driver supports it."
        ),
    ),
    "open-module-old-card": _Row(
        "problem",
        N_(
            "{card} is too old for the open version of the NVIDIA driver that is installed."
            " Install the proprietary version of the driver and restart."
        ),
    ),
    "driver-older-than-card": _Row(
        "problem",
        N_("The NVIDIA driver is older than {card} and does not know it. Install a newer driver and restart."),
    ),
    "driver-newer-than-card": _Row(
        "problem",
        N_(
            "The NVIDIA driver is too new for {card} and no longer knows it."
            " Install the older driver branch that your system offers for such cards, and restart."
        ),
    ),
    "gpu-lost": _Row(
        "problem",
        N_(
            "{card} stopped answering. Save your work and restart the computer;"
            " if it happens again, check the card's power cables and its temperature."
        ),
    ),
    "driver-library-mismatch": _Row(
        "problem",
        N_("The NVIDIA driver was updated, but the old one is still running. Restart the computer, then check again."),
    ),
    "driver-library-missing": _Row(
        "problem",
        N_("The NVIDIA driver runs, but a part of it that programs need is missing. Install the whole driver again."),
    ),
    "driver-no-permission": _Row(
        "problem",
        N_(
            "The NVIDIA driver runs, but you are not allowed to use it."
            " Ask the administrator for the right to use the graphics card."
        ),
    ),
    "driver-hangs": _Row(
        "problem",
        N_("The NVIDIA driver does not answer. Save your work and restart the computer, then check again."),
    ),
    "driver-answers-with-error": _Row(
        "problem",
        N_(
            "The NVIDIA driver runs, but it answers every question about {card} with an error."
            " Restart the computer, or start the container again if this is one; then check again."
        ),
    ),
    "card-did-not-start": _Row(
        "problem",
        N_(
            "The NVIDIA driver tried to start {card} and could not. Restart the computer; if it stays so,"
            " install another version of the driver, and switch on Above 4G Decoding in the firmware settings."
        ),
    ),
    "card-without-power": _Row(
        "problem",
        N_(
            "{card} is built into this computer, but Windows says that it is not connected: most often it was switched"
            " off to save power. Choose the standard or hybrid graphics mode in the program of the computer's maker,"
            " restart, then check again."
        ),
    ),
    "card-asleep": _Row(
        "info",
        N_("{card} sleeps to save power and was not woken, so its driver was not asked how much memory it has."),
    ),
    "driver-without-card": _Row(
        "info",
        N_(
            "An NVIDIA driver is installed, but no NVIDIA card was found."
            " If the card is an external one, check that it is connected and switched on."
        ),
    ),
    "nvidia-smi-hangs": _Row(
        "warn",
        N_("NVIDIA's own program nvidia-smi did not answer. Restart the computer if PyTorch does not answer either."),
    ),
    "nvidia-smi-differs": _Row(
        "info",
        N_("NVIDIA's own program nvidia-smi does not work with the driver that is running. PyTorch does not need it."),
    ),
    "nvml-does-not-answer": _Row(
        "info",
        N_("One way of asking the NVIDIA driver gave no answer; the facts come from nvidia-smi instead."),
    ),
    "sources-disagree": _Row(
        "warn",
        N_("Two ways of asking about the graphics card gave different answers: {difference}."),
    ),
    "cuda-version-unknown": _Row(
        "info",
        N_("The NVIDIA driver does not say which CUDA version it supports, so its own version decides."),
    ),
    "cuda-library-differs": _Row(
        "warn",
        N_(
            "Programs here load a CUDA library for CUDA {library}, and the driver is one for CUDA {driver}."
            " If PyTorch does not find the card, remove the library from the library path."
        ),
    ),
    "unknown-card": _Row(
        "info",
        N_("{card} is not in our list, and its driver does not say which generation it is."),
    ),
    "card-split": _Row(
        "info",
        N_("{card} is split into parts (MIG). PyTorch sees one part at a time."),
    ),
    "cards-hidden": _Row(
        "warn",
        N_(
            "The setting CUDA_VISIBLE_DEVICES is {value}, which can hide graphics cards from PyTorch."
            " Remove it if a card seems to be missing."
        ),
    ),
    "vc-runtime-missing": _Row(
        "warn",
        N_(
            "This Windows lacks files of the Microsoft Visual C++ runtime that PyTorch needs: {files}."
            " Setup can put them beside PyTorch; the newest runtime from Microsoft brings them for all programs."
        ),
    ),
    "stale-adapters": _Row(
        "info",
        N_("Windows still remembers a graphics card that is no longer in this computer: {card}."),
    ),
    "running-in-container": _Row(
        "info",
        N_("This program runs in a container ({container}), which may hide parts of the computer."),
    ),
    "container-without-card": _Row(
        "problem",
        N_("This container was started without access to {card}. Start it again with access to the graphics card."),
    ),
    "amd-card-not-usable": _Row(
        "info",
        N_("{card} shows pictures, but its driver offers it for no computations."),
    ),
    "amd-no-permission": _Row(
        "problem",
        N_(
            "You are not allowed to compute on {card}: the file /dev/kfd is missing here or closed to you."
            " Ask the administrator to add you to the group render, then log in again."
        ),
    ),
    "intel-no-permission": _Row(
        "problem",
        N_(
            "You are not allowed to compute on {card}: the files in /dev/dri are closed to you."
            " Ask the administrator to add you to the group render, then log in again."
        ),
    ),
    "wsl-without-card": _Row(
        "info",
        N_(
            "Windows lends no NVIDIA card to this Linux. If the computer has one, update its driver in Windows"
            " and restart; no driver is needed inside Linux."
        ),
    ),
    "wsl-without-graphics": _Row(
        "info",
        N_(
            "This Linux in Windows cannot use graphics cards. Update it from Windows with: wsl --update;"
            " if it is of version 1, change it to version 2."
        ),
    ),
    "no-answer-in-time": _Row("info", N_("Looking at {what} took too long and was left out.")),
    "probe-broke": _Row("info", N_("Looking at {what} did not work and was left out.")),
}


def finding(code: FindingCode, evidence: Iterable[str] = (), **facts: str) -> Finding:
    """Return a finding with its words in the present language.

    Args:
        code: what was noticed.
        evidence: the raw answers that show it.
        facts: what the sentence names: `card`, `value` and so on.
    """
    row = FINDINGS[code]
    return Finding(code=code, level=row.level, text=_(row.text).format(**facts), evidence=tuple(evidence))


def card_place(gpu: Gpu) -> str:
    """Return a card's place on the bus, its id, its driver and who told of it, as evidence."""
    return f"{gpu.pci_address or '?'} {gpu.pci_id or '?'} {gpu.kernel_driver or '-'} ({', '.join(gpu.sources)})"


def card_names(cards: Iterable[Gpu]) -> str:
    """Return the names of cards for a sentence; cards of one name are named once."""
    return ", ".join(dict.fromkeys(gpu.name for gpu in cards))
