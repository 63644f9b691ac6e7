"""What the download servers said when they were asked: kept beside the bundled facts, with dates, and read strictly.

This is data from outside, twice: it came from servers, and then it lay in a folder of the user's. Every field has its
shape and its limit; a document that breaks one is not used at all.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from setupwizard.codes import SCHEMA, Platform
from setupwizard.model.shapes import Sha256, VariantName

Torch = Annotated[str, Meta(pattern=r"^\d{1,4}(\.\d{1,4}){1,3}(\.post\d{1,3})?$")]
"""A released version of torch, or of a companion: no development or release-candidate build."""
PythonName = Annotated[str, Meta(pattern=r"^3\.\d{1,2}t?$")]
Tag = Annotated[str, Meta(pattern=r"^[a-z0-9_.]{1,120}$")]
Address = Annotated[str, Meta(pattern=r"^https?://[^\s\x00-\x1f]{1,2000}$")]
Date = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Word = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}$")]
Header = Annotated[str, Meta(pattern=r"^[\x20-\x7e]{1,200}$")]
Sm = Annotated[int, Meta(ge=10, le=999)]

AssumedWhy = Literal["no-range", "not-found", "unreachable", "foreign-host", "broken-archive", "no-table", "not-asked"]
"""Why a wheel could not tell for which cards it was made."""

MAX_BUILDS = 5_000
MAX_PAGES = 500
MAX_WHEELS = 2_000


class ListedBuild(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One version of torch for one platform, as a page lists it.

    Attributes:
        python: the Pythons that it has wheels for, "3.12" or "3.14t".
        tags: the platform tags of these wheels, as the file names spell them.
        tagged: whether the version carries the variant, as in 2.15.0+cu130.
        wheel, sha256: one of the wheels, to be asked.
    """

    torch: Torch
    platform: Platform
    python: Annotated[tuple[PythonName, ...], Meta(min_length=1, max_length=40)]
    tags: Annotated[tuple[Tag, ...], Meta(max_length=20)] = ()
    tagged: bool = True
    wheel: Address
    sha256: Sha256 | None = None

    @property
    def key(self) -> str:
        """What an answer of the wheel is kept under: its sha256, its address where the page tells none."""
        return self.sha256 or self.wheel


class Page(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one server listed for one variant.

    Attributes:
        source: the id of the server in the catalogue.
        date: when it was read last, or was said to be unchanged.
        etag, modified: what the server calls this state of the page, to ask whether it changed.
        whole: False for a listing of all variants at once: what is missing there may be elsewhere.
        builds: empty when the server said that the variant is gone.
    """

    source: Word
    variant: VariantName
    url: Address
    date: Date
    etag: Header | None = None
    modified: Header | None = None
    whole: bool = True
    builds: Annotated[tuple[ListedBuild, ...], Meta(max_length=MAX_BUILDS)] = ()


class WheelFacts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the small files inside a wheel tell; `silent` says why they tell nothing.

    Attributes:
        cuda: the CUDA that it was made with (torch/version.py), "13.0".
        cudnn: the cuDNN that it asks for (METADATA), "9.20.0.48"; None where it carries its own, as on Windows.
        sm: processor to the CUDA architectures of this CUDA's builds (torch/cuda/__init__.py), 75 for 7.5.
        date: when it was asked.
    """

    date: Date
    cuda: Annotated[str, Meta(pattern=r"^\d{1,2}\.\d{1,2}$")] | None = None
    cudnn: Annotated[str, Meta(pattern=r"^\d{1,3}(\.\d{1,4}){0,3}$")] | None = None
    sm: dict[Literal["x86_64", "aarch64"], Annotated[tuple[Sm, ...], Meta(min_length=1, max_length=60)]] = {}
    silent: AssumedWhy | None = None


class Refreshed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document in the user's cache folder.

    Attributes:
        over: the date of the bundled facts that the servers were asked over.
        wheels: sha256, or address, of a wheel to what it told.
    """

    schema: Literal[1] = SCHEMA
    over: Date
    pages: Annotated[tuple[Page, ...], Meta(max_length=MAX_PAGES)] = ()
    wheels: Annotated[dict[Annotated[str, Meta(max_length=2_020)], WheelFacts], Meta(max_length=MAX_WHEELS)] = {}

    def page(self, source: str, variant: str) -> Page | None:
        """Return what a server listed for a variant, None when it was never read."""
        return next((page for page in self.pages if (page.source, page.variant) == (source, variant)), None)
