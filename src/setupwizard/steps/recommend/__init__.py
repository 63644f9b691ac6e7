"""The decision: which build of PyTorch is right for a machine, and why. Pure: no file, no clock, no network."""

from __future__ import annotations

from collections.abc import Mapping

from setupwizard.model.catalogue import Catalogue, load_catalogue
from setupwizard.model.machine import Machine
from setupwizard.model.recommendation import Cell, Recommendation, Wishes
from setupwizard.steps.recommend.actions import with_runtime_action
from setupwizard.steps.recommend.fit import prepare
from setupwizard.steps.recommend.grid import grid
from setupwizard.steps.recommend.many import recommend_many
from setupwizard.steps.recommend.verdicts import decide, no_platform

__all__ = ["Cell", "grid", "recommend", "recommend_many"]

_NO_WISHES = Wishes()


def recommend(
    machine: Machine,
    wishes: Wishes = _NO_WISHES,
    catalogue: Catalogue | None = None,
    *,
    listed: Mapping[str, frozenset[str]] | None = None,
) -> Recommendation:
    """Return the right build for a machine, with reasons, actions, alternatives and what was rejected.

    Args:
        machine: what is known; schema, os, arch and gpus are enough.
        wishes: what the user insists on.
        catalogue: the facts; those that came with the program when None.
        listed: variant to versions of torch that a live index listed for the machine's platform; for these variants
            the listing wins over the catalogue.

    Raises:
        SetupError: "usage": a wish is not well-formed.
    """
    catalogue = catalogue or load_catalogue()
    case = prepare(machine, wishes, catalogue, listed or {})
    return no_platform(catalogue, machine) if case is None else with_runtime_action(decide(case), machine)
