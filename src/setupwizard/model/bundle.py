"""bundle.json: every file of an offline folder with its size and sha256 (contract, "bundle.json")."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from setupwizard.codes import SCHEMA, Platform
from setupwizard.model.shapes import Sha256

RelativePath = Annotated[str, Meta(min_length=1, max_length=240)]


class BundleFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file; its path is below the folder, with "/" between the parts."""

    path: RelativePath
    size: Annotated[int, Meta(ge=0, le=1 << 40)]
    sha256: Sha256


class BundleTools(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The versions of the programs that the folder was made with, and that are in it where its README says so."""

    uv: Annotated[str, Meta(max_length=60)]
    setupwizard: Annotated[str, Meta(max_length=60)]


class BundledPython(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A Python that is in the folder: an archive of the kind that uv unpacks."""

    version: Annotated[str, Meta(pattern=r"^3\.[0-9]{1,2}\.[0-9]{1,3}$")]
    platform: Platform
    path: RelativePath


class Bundle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document.

    Attributes:
        plan_sha256: of plan.toml in the folder.
        python: the Pythons in the folder; empty: each machine uses one of its own.
    """

    schema: Literal[1] = SCHEMA
    plan_sha256: Sha256
    platforms: Annotated[tuple[Platform, ...], Meta(min_length=1, max_length=6)]
    files: Annotated[tuple[BundleFile, ...], Meta(min_length=1, max_length=5000)]
    tools: BundleTools
    python: Annotated[tuple[BundledPython, ...], Meta(max_length=50)] = ()
