"""The rows of the catalogue: one struct for each kind of fact, with the names of the file's keys."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from setupwizard.codes import Platform, SourceKind, Vendor

VariantKind = Literal["cpu", "cuda", "rocm", "xpu"]
KIND_OF_VENDOR: dict[Vendor, VariantKind] = {"nvidia": "cuda", "amd": "rocm", "intel": "xpu"}
"""The kind of build for each vendor's cards. Apple's graphics are served by the processor build."""


class Published(Struct, frozen=True, kw_only=True):
    """What a release of torch holds for one platform.

    Attributes:
        probable: variants that nobody has seen listed; they count only when an index lists them.
        python: Pythons with a wheel, "3.12" or "3.14t".
        index_python: further Pythons, on the indexes of the variants only.
        general: the variant that the general index gives, None when it has no file for this platform.
        tags: platform tags of the wheels: the oldest libc or macOS.
        listed_python: variant to the Pythons that an index was seen to have for it; there they win over the rest.
    """

    variants: tuple[str, ...]
    probable: tuple[str, ...] = ()
    python: tuple[str, ...]
    index_python: tuple[str, ...] = ()
    general: str | None = None
    tags: tuple[str, ...] = ()
    listed_python: dict[str, tuple[str, ...]] = {}


class Release(Struct, frozen=True, kw_only=True):
    """One version of torch. `status` says how well its variants are known: "read", "reported", "inferred"."""

    torch: str
    date: str | None = None
    status: Literal["read", "reported", "inferred"]
    torchvision: str | None = None
    torchaudio: str | None = None
    builds: dict[Platform, Published]
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...]


class Variant(Struct, frozen=True, kw_only=True):
    """A flavour of the wheels. `cuda` and `rocm` are the versions that it brings along."""

    name: str
    kind: VariantKind
    index: str
    cuda: str | None = None
    rocm: str | None = None
    sources: tuple[str, ...]


class ArchList(Struct, frozen=True, kw_only=True):
    """The compute capabilities that a CUDA build holds code for: `sm` compiled, `ptx` to be compiled by the driver.

    Attributes:
        assumed_from: the build that these were taken from, because this one could not be asked; None: they are its own.
        assumed_why: why it could not be asked (model.refreshed.AssumedWhy).
    """

    torch: str
    variant: str
    platforms: tuple[Platform, ...]
    sm: tuple[str, ...]
    ptx: tuple[str, ...] = ()
    evidence: str
    sources: tuple[str, ...]
    note: str | None = None
    assumed_from: str | None = None
    assumed_why: str | None = None


class SmRule(Struct, frozen=True, kw_only=True):
    """Which cards code compiled for `sm` runs on: from `start` on without the excluded, or on those named alone."""

    sm: str
    start: str | None = None
    exclude: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


class DeviceRequirement(Struct, frozen=True, kw_only=True):
    """The rules of all `sm`; from one CUDA on those of `unified` lose their exclusions."""

    rules: tuple[SmRule, ...]
    unified_from_cuda: str
    unified: tuple[str, ...]
    sources: tuple[str, ...]


class DriverFloor(Struct, frozen=True, kw_only=True):
    """The oldest NVIDIA driver for every CUDA of a major version."""

    cuda_major: int
    linux: str
    windows: str
    sources: tuple[str, ...]


class DriverCuda(Struct, frozen=True, kw_only=True):
    """The newest CUDA that a branch of the driver knows."""

    branch: int
    cuda: str
    sources: tuple[str, ...]


class Architecture(Struct, frozen=True, kw_only=True):
    """A generation of NVIDIA cards.

    Attributes:
        first_branch: the oldest driver branch that knows it, where that matters for a build of today.
        last_branch: the newest driver branch that still knows it, None while there is no end.
        gone_from: the first driver that no longer knows it: on Windows a branch holds numbers up to the next one.
        driver_helps: False where no driver makes a published build run, so nobody is sent for one.
    """

    name: str
    compute_capabilities: tuple[str, ...]
    first_branch: int | None = None
    last_branch: int | None = None
    gone_from: int | None = None
    driver_helps: bool = True
    sources: tuple[str, ...]


class Preference(Struct, frozen=True, kw_only=True):
    """The order of the variants of one release, for cards from `newer_from` on and for older ones."""

    newer_cards: tuple[str, ...]
    older_cards: tuple[str, ...]
    newer_from: str
    sources: tuple[str, ...]


class PythonPreference(Struct, frozen=True, kw_only=True):
    """The Python that is brought when none is found, and the newest one that is preferred among those found."""

    default: str
    newest_preferred: str
    sources: tuple[str, ...]


class CudnnBuild(Struct, frozen=True, kw_only=True):
    """The cuDNN, as far as it is known, that comes with these variants for these versions of torch."""

    torch: str
    variants: tuple[str, ...]
    version: str
    sources: tuple[str, ...]


class CudnnLimit(Struct, frozen=True, kw_only=True):
    """The last cuDNN for cards below a compute capability."""

    compute_capability_below: str
    last: str
    sources: tuple[str, ...]


class Cudnn(Struct, frozen=True, kw_only=True):
    """What is known about the bundled cuDNN."""

    builds: tuple[CudnnBuild, ...]
    limits: tuple[CudnnLimit, ...]


class StableTorchvision(Struct, frozen=True, kw_only=True):
    """The torchvision whose wheel fits every Python and these versions of torch."""

    version: str
    torch: str


class Untagged(Struct, frozen=True, kw_only=True):
    """Where the paired torchvision carries no local tag, so that it may be made for another variant."""

    platform: Platform
    kind: VariantKind
    sources: tuple[str, ...]


class Companions(Struct, frozen=True, kw_only=True):
    """When torchvision comes along, and which one."""

    stable_torchvision: StableTorchvision
    untagged_torchvision: tuple[Untagged, ...]
    python_without_torchvision: tuple[str, ...]
    sources: tuple[str, ...]


class WithoutTag(Struct, frozen=True, kw_only=True):
    """Builds on an index of a variant whose version does not carry the variant."""

    platforms: tuple[Platform, ...]
    variants: tuple[str, ...]
    torch: str


class LocalTags(Struct, frozen=True, kw_only=True):
    """Which versions carry no local tag."""

    without: tuple[WithoutTag, ...]
    sources: tuple[str, ...]


class LibcException(Struct, frozen=True, kw_only=True):
    """Variants whose wheels carry another platform tag than the rest of the release."""

    torch: str
    platform: Platform
    variants: tuple[str, ...]
    tag: str


class Libc(Struct, frozen=True, kw_only=True):
    """The oldest glibc for each platform tag."""

    glibc_of_tag: dict[str, str]
    exceptions: tuple[LibcException, ...]
    sources: tuple[str, ...]


class MacosException(Struct, frozen=True, kw_only=True):
    """Pythons whose wheels need a newer macOS than the rest of the release."""

    torch: str
    python: tuple[str, ...]
    macos: str


class Macos(Struct, frozen=True, kw_only=True):
    """What macOS a wheel and its use of the card need."""

    exceptions: tuple[MacosException, ...]
    mps_from: str
    sources: tuple[str, ...]


class GfxChip(Struct, frozen=True, kw_only=True):
    """An AMD architecture: the first ROCm variant with code for it, and whether AMD tests it on Windows."""

    gfx: str
    gpus: str
    rocm_from: str
    integrated: bool
    windows_tested: bool | None


class Amd(Struct, frozen=True, kw_only=True):
    """AMD cards, and AMD's own index."""

    index: str
    python: tuple[str, ...]
    example: str
    gfx: tuple[GfxChip, ...]
    sources: tuple[str, ...]


class Intel(Struct, frozen=True, kw_only=True):
    """Intel cards: words in the name of a supported one, and the Windows that torch is made for.

    Attributes:
        windows_build: the first build number of Windows that every xpu release supports.
        older_windows_torch: the releases that support an older Windows.
    """

    names: tuple[str, ...]
    windows_build: int
    older_windows_torch: str
    sources: tuple[str, ...]


class Jetson(Struct, frozen=True, kw_only=True):
    """NVIDIA's boards: the index for them, and from which JetPack on the official builds run."""

    compute_capabilities: tuple[str, ...]
    index: str
    official_from: dict[str, str]
    sources: tuple[str, ...]


class Links(Struct, frozen=True, kw_only=True):
    """Pages that a person is sent to."""

    nvidia_driver: str
    nvidia_driver_unix: str
    python: str
    cuda_toolkit: str
    sources: tuple[str, ...]


class PackageSource(Struct, frozen=True, kw_only=True):
    """A server that holds the wheels. `url` holds "{variant}" where each variant has a place of its own."""

    id: str
    name: str
    kind: SourceKind
    url: str
    hosts: tuple[str, ...]
    limits: str | None = None
    sources: tuple[str, ...]
