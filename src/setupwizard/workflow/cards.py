"""Which cards of a computer a build is for: those that its proof has to reach."""

from __future__ import annotations

from setupwizard.model.catalogue import variant_kind
from setupwizard.model.catalogue_rows import KIND_OF_VENDOR, VariantKind
from setupwizard.model.machine import Gpu, Machine
from setupwizard.model.recommendation import Build
from setupwizard.steps.recommend.grid import grid as grid_of
from setupwizard.store.catalogue_cache import known_catalogue


def cards_for(build: Build, machine: Machine) -> tuple[Gpu, ...]:
    """Return the cards that a build is meant for: none for a processor build outside Apple.

    A card beside them that needs another build is none of them: it is no fault of this one that it does not run there.
    """
    served = _served(build, machine)
    return tuple(
        gpu
        for index, gpu in enumerate(machine.gpus)
        if gpu.driver_sees_it is not False
        and _is_served(gpu, variant_kind(build.variant), apple=build.platform == "macos_arm64")
        and (served is None or index in served)
    )


def cards_to_ask(variant: str, machine: Machine) -> tuple[Gpu, ...]:
    """Return the cards that a torch which somebody else installed should use.

    A processor build beside an NVIDIA card is asked about it: why it does not use it is what its user wants to know.
    """
    word = variant.partition(".")[0]  # somebody's own build may be called "cu117.with.pypi.cudnn"
    apple = machine.os == "macos"
    wanted: VariantKind = "cuda" if word == "cpu" and not apple else variant_kind(word)
    seen = (gpu for gpu in machine.gpus if gpu.driver_sees_it is not False)
    return tuple(gpu for gpu in seen if _is_served(gpu, wanted, apple=apple))


def _is_served(gpu: Gpu, kind: VariantKind, *, apple: bool) -> bool:
    return (gpu.vendor == "apple" and apple) if kind == "cpu" else KIND_OF_VENDOR.get(gpu.vendor) == kind


def _served(build: Build, machine: Machine) -> tuple[int, ...] | None:
    """Return which cards a build holds code for, where some of them may need another one; None: nobody knows."""
    cells = grid_of(machine, catalogue=known_catalogue().catalogue)
    cell = next((one for one in cells if (one.torch, one.variant) == (build.torch, build.variant)), None)
    return cell.gpus if cell is not None and cell.gpus else None
