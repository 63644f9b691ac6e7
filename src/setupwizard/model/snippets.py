"""Five short programs to try PyTorch with, made for the device that was proved."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from setupwizard.i18n import N_, _
from setupwizard.resources import resource

DeviceWord = Literal["cpu", "cuda", "xpu", "mps"]
"""What torch.device calls it: AMD's cards are "cuda" too."""

_TITLES: Final = {
    "tensor": (N_("A calculation on the device"), N_("Two large matrices are multiplied; the mean is near 500.")),
    "autograd": (N_("Automatic differentiation"), N_("The slope of x² + 2x at 3 is 8, without a formula for it.")),
    "network": (N_("A tiny network that learns"), N_("It learns the sine curve; the error gets smaller.")),
    "loader": (N_("Data in batches"), N_("A DataLoader hands out 1000 rows in 16 shuffled batches.")),
    "save": (N_("Save and load"), N_("The weights come back from the file unchanged: it prints True.")),
}


class Snippet(Struct, frozen=True, kw_only=True):
    """One program: a stable id, what it is called, what to expect of it, and its text."""

    id: str
    title: str
    about: str
    code: str


def snippets(device: DeviceWord) -> tuple[Snippet, ...]:
    """Return the programs in the order of learning, in the present language."""
    return tuple(
        Snippet(id=name, title=_(title), about=_(about), code=_code(name, device))
        for name, (title, about) in _TITLES.items()
    )


def device_word(variant: str | None, platform: str | None = None) -> DeviceWord:
    """Return the device that a build calculates on.

    Args:
        variant: "cu130", "rocm6.4", "xpu", "cpu" ...; None counts as "cpu".
        platform: of the build; Apple's processor build holds Metal.
    """
    if variant is None or variant == "cpu":
        return "mps" if platform == "macos_arm64" else "cpu"
    return "xpu" if variant.startswith("xpu") else "cuda"


def _code(name: str, device: DeviceWord) -> str:
    return resource("snippets", f"{name}.py").read_text("utf-8").replace("DEVICE", device)
