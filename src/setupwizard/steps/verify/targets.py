"""What to prove, and which devices that means in the child's words."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from setupwizard.codes import CheckId, Vendor, VerifyLevel, VerifyMode
from setupwizard.model.machine import Gpu, NvidiaDriver
from setupwizard.model.recommendation import Build
from setupwizard.model.verification import Check, Verification
from setupwizard.steps.verify import judging

# Made on this side, not by the child.
_OURS: frozenset[str] = frozenset(["files", "packages"])
_FAMILIES: dict[Vendor, str] = {"nvidia": "cuda", "amd": "cuda", "intel": "xpu", "apple": "mps"}


class VerifyRequest(Struct, frozen=True, kw_only=True):
    """What to prove.

    Attributes:
        python: the environment's interpreter.
        level: "files": only `files`; "import": PyTorch starts; "device": it calculates.
        only: ids of stages; what they need is run as well. Empty: all of the mode.
        expected: the build that has to be there; None: whatever is there.
        gpus: the cards to test. Without any, a processor build is tested on the processor, another one on what
            torch finds by itself.
        driver: the NVIDIA driver, for the sentences and the report.
        on_battery: the computer runs on its battery, which is worth a word when a card is slow.
        files: the audit of the installed files, made by the caller.
        previous: an earlier proof of the same environment, to compare the figures with.
        work: where the empty working folder of the child is made; the system's temporary folder when None.
        max_memory_mib: a limit for the buffers of a stage; 0: none.
        patience: how many times longer than usual a stage may take before it counts as hung.
        sustain_seconds: how long the steady load of the full mode lasts.
    """

    python: Path
    level: VerifyLevel = "device"
    mode: VerifyMode = "quick"
    only: tuple[str, ...] = ()
    expected: Build | None = None
    gpus: tuple[Gpu, ...] = ()
    driver: NvidiaDriver | None = None
    on_battery: bool = False
    files: Check | None = None
    previous: Verification | None = None
    work: Path | None = None
    max_memory_mib: int = 0
    patience: float = 1.0
    sustain_seconds: float = 20.0


class Target(Struct, frozen=True, kw_only=True):
    """One device, in the child's words."""

    index: int
    word: str
    variables: dict[str, str]
    gpu: Gpu | None = None


def targets(request: VerifyRequest) -> tuple[Target, ...]:
    """Return the devices to test; NVIDIA cards by their identity, so that the order of no other program counts."""
    cards = [gpu for gpu in request.gpus if gpu.vendor in _FAMILIES]
    if request.level == "import":
        return (Target(index=0, word="cpu", variables={}),)
    if not cards:
        planned = request.expected
        return (Target(index=0, word="cpu" if planned and not for_card(planned) else "auto", variables={}),)
    return tuple(_card(index, gpu, cards[:index]) for index, gpu in enumerate(cards))


def for_card(build: Build) -> bool:
    """Whether a build is made for graphics cards; Apple's, which can use one, is not."""
    return build.variant != "cpu"


def arguments(request: VerifyRequest, target: Target, ran: tuple[CheckId, ...]) -> tuple[str, ...]:
    """Return the child's arguments.

    Args:
        request: what to prove.
        target: the device.
        ran: the stages of the device before; a second one is spared what concerns Python alone.
    """
    only = tuple(stage for stage in request.only if stage not in _OURS)
    if request.level == "import" or (request.only and not only):
        only = ("import",)
    elif ran:
        only = tuple(stage for stage in ran if stage not in judging.WITHOUT_DEVICE)
    words = ["--device", target.word, "--mode", request.mode, "--sustain", str(request.sustain_seconds)]
    if only:
        words += ["--only", ",".join(only)]
    if request.max_memory_mib:
        words += ["--max-memory-mib", str(request.max_memory_mib)]
    return tuple(words)


def _card(index: int, gpu: Gpu, before: list[Gpu]) -> Target:
    family = _FAMILIES[gpu.vendor]
    variables = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"} if gpu.vendor == "nvidia" else {}
    place = sum(1 for other in before if _FAMILIES[other.vendor] == family)
    if gpu.vendor == "nvidia" and gpu.uuid:
        variables["CUDA_VISIBLE_DEVICES"] = gpu.uuid
        place = 0
    return Target(index=index, word=family if family == "mps" else f"{family}:{place}", variables=variables, gpu=gpu)
