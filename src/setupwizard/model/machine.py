"""What a computer is, as far as PyTorch cares (contract, "Machine")."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from setupwizard.codes import SCHEMA, FindingLevel, OsName, Vendor


class Gpu(Struct, frozen=True, kw_only=True):
    """One graphics card.

    Attributes:
        pci_id: vendor and device in hexadecimal, "10de:2684"; the card is identified by it, never by its name.
        pci_address: the place on the bus, "0000:01:00.0".
        compute_capability: NVIDIA only, "8.9": what NVML says, else what the PCI id tells.
        gfx: AMD only, the architecture word of ROCm.
        memory_mib: dedicated memory in MiB.
        power_limit_w: NVIDIA only, the watts that the card may draw as its driver enforces it.
        max_clock_mhz: NVIDIA only, the highest clock of its processors.
        driver_sees_it: False when the card is on the bus and the vendor's driver does not list it.
        sources: who told: "nvml", "nvidia-smi", "sysfs", "registry", "setupapi", "system_profiler", "kfd",
            "cuda" (the CUDA driver library), "proc" (the kernel driver's own list).
    """

    vendor: Vendor
    name: str = ""
    pci_id: str | None = None
    pci_address: str | None = None
    uuid: str | None = None
    compute_capability: str | None = None
    gfx: str | None = None
    memory_mib: int | None = None
    power_limit_w: int | None = None
    max_clock_mhz: int | None = None
    integrated: bool | None = None
    laptop: bool | None = None
    kernel_driver: str | None = None
    driver_sees_it: bool | None = None
    sources: tuple[str, ...] = ()


class NvidiaDriver(Struct, frozen=True, kw_only=True):
    """The NVIDIA driver. `cuda` is the newest CUDA that the driver supports; it says nothing about a toolkit."""

    version: str
    cuda: str | None = None


class PythonChoice(Struct, frozen=True, kw_only=True):
    """The Python that a build has to fit; `fixed` means that the user insists on it."""

    version: str
    free_threaded: bool = False
    bits: int = 64
    fixed: bool = False

    @property
    def name(self) -> str:
        """The version with all that is known of it, and a "t" behind it for a free-threaded one: "3.14.1t"."""
        return self.version.removesuffix("t") + ("t" if self.free_threaded or self.version.endswith("t") else "")


class FoundPython(Struct, frozen=True, kw_only=True):
    """A Python interpreter on this computer. `kind` says who made it: "python.org", "pyenv", "system", "uv" ..."""

    path: str
    version: str
    bits: int = 64
    free_threaded: bool = False
    kind: str | None = None


class Toolkit(Struct, frozen=True, kw_only=True):
    """A CUDA Toolkit on this computer: information only, it never decides."""

    version: str
    path: str


class FoundConda(Struct, frozen=True, kw_only=True):
    """A conda, mamba or micromamba program."""

    path: str
    version: str | None = None
    kind: str | None = None


class FoundTorch(Struct, frozen=True, kw_only=True):
    """An environment that holds torch already."""

    env: str
    version: str
    variant: str | None = None
    python: str | None = None


class Disk(Struct, frozen=True, kw_only=True):
    """A place that can be written to, with its room in bytes."""

    path: str
    free_bytes: int
    total_bytes: int
    kind: str | None = None


class Surroundings(Struct, frozen=True, kw_only=True):
    """What else shapes an install: `null` means not known."""

    container: str | None = None
    vm: str | None = None
    remote: bool | None = None
    power: Literal["ac", "battery"] | None = None
    secure_boot: bool | None = None
    long_paths: bool | None = None
    vc_runtime: str | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """Something that detection noticed, with the raw answers that show it."""

    code: str
    level: FindingLevel
    text: str
    evidence: tuple[str, ...] = ()


class Said(Struct, frozen=True, kw_only=True):
    """What one source answered, word for word, for a report: `state` is how it answered, where that has a word."""

    source: str
    state: str | None = None
    lines: tuple[str, ...] = ()


class Machine(Struct, frozen=True, kw_only=True):
    """A computer. Only schema, os, arch and gpus are needed to decide for it; a missing libc is new enough.

    Attributes:
        said: the raw answers that the rest was made of; nothing decides by them.
    """

    schema: Literal[1] = SCHEMA
    os: OsName
    os_version: str | None = None
    arch: str
    libc: str | None = None
    wsl: bool = False
    jetpack: str | None = None
    gpus: tuple[Gpu, ...]
    nvidia_driver: NvidiaDriver | None = None
    python: PythonChoice | None = None
    toolkits: tuple[Toolkit, ...] = ()
    pythons: tuple[FoundPython, ...] = ()
    condas: tuple[FoundConda, ...] = ()
    torches: tuple[FoundTorch, ...] = ()
    disks: tuple[Disk, ...] = ()
    memory_mib: int | None = None
    environment: Surroundings = field(default_factory=Surroundings)
    findings: tuple[Finding, ...] = ()
    said: tuple[Said, ...] = ()

    @property
    def insisted(self) -> PythonChoice | None:
        """The Python that the user insists on, None where any will do."""
        return self.python if self.python is not None and self.python.fixed else None
