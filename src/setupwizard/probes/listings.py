"""What a download server may be asked, what it answers, and what an answer means for a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from setupwizard.codes import Platform, ProbeCode, SourceKind
from setupwizard.errors import SetupError
from setupwizard.i18n import N_, _


class SourceSpec(Struct, frozen=True, kw_only=True):
    """A place that may hold wheels. `url` holds "{variant}" where a place has one index for each variant."""

    id: str
    name: str
    kind: SourceKind
    url: str | None = None

    @property
    def is_of_variants(self) -> bool:
        """Whether it holds PyTorch's own indexes, one for each variant, or a copy of them."""
        return self.kind in {"index", "find-links"}


class PythonSpec(Struct, frozen=True, kw_only=True):
    """A Python that the environment may get; `path` is None while it would have to be brought."""

    version: str
    path: str | None = None


class Question(Struct, frozen=True, kw_only=True):
    """What the sources are asked: which wheels of a project for these variants and Pythons of this computer.

    Attributes:
        general_variant: the variant of a wheel without local tag, as the general index's default build of a version.
        platform: of another computer, for a plan that it will carry out; None: of this one.
        runner: an interpreter to run pip with where none of the Pythons is here.
    """

    variants: tuple[str, ...]
    pythons: tuple[PythonSpec, ...]
    general_variant: Callable[[str], str | None]
    platform: Platform | None = None
    runner: str | None = None


class Offer(Struct, frozen=True, kw_only=True):
    """One build that a source holds. `tagged` tells whether its version carries the variant, as in 2.13.0+cpu."""

    version: str
    variant: str
    python: str
    tagged: bool


class Listing(Struct, frozen=True, kw_only=True):
    """How one source answered.

    Attributes:
        bytes_per_s: measured over the beginning of one of its files; None: not measured.
        error: the true cause why it has no answer.
    """

    spec: SourceSpec
    code: ProbeCode
    text: str
    offers: frozenset[Offer] = frozenset()
    bytes_per_s: int | None = None
    error: SetupError | None = None

    def offer(self, version: str, variant: str, python: str) -> Offer | None:
        """Return the build with this version, variant and Python, the one that names its variant first."""
        for tagged in (True, False):
            offer = Offer(version=version, variant=variant, python=python, tagged=tagged)
            if offer in self.offers:
                return offer
        return None


_TEXTS: Mapping[ProbeCode, str] = {
    "ok": N_("It answered and has builds for this computer."),
    "offline": N_("The network was not to be used."),
    "network-off": N_("This computer is not connected to a network."),
    "name-unknown": N_("The network does not know its name (DNS)."),
    "host-blocked": N_("It cannot be reached from this network."),
    "network-timeout": N_("It did not answer in time."),
    "server-error": N_("It has a problem of its own."),
    "proxy-off": N_("The network's proxy does not answer."),
    "proxy-login": N_("The network's proxy wants a name and a password."),
    "captive-portal": N_("This network wants you to log in first."),
    "tls-intercepted": N_("Its certificate, signed by {issuer}, is not one that this computer trusts."),
    "redirect-insecure": N_("It led from the secure connection to an open one."),
    "clock-wrong": N_("Its certificate does not fit this computer's clock."),
    "file-missing": N_("It does not have the list of files."),
    "build-not-in-sources": N_("It has no build for this computer."),
    "document-unreadable": N_("Its answer could not be read."),
    "not-asked": N_("It needs a Python on this computer, and there is none."),
}


def says(code: ProbeCode, **facts: object) -> str:
    """Return what an answer means, as a sentence in the present language."""
    return _(_TEXTS[code]).format(**{"issuer": _("this network"), **facts})


def code_of(error: SetupError) -> ProbeCode | None:
    """Return the word for an error as the answer of a source, None for one that is no answer."""
    return next((code for code in _TEXTS if code == error.code), None)


# What stands in the way of every server at once comes first; a file that is missing tells least.
_TELLING: tuple[ProbeCode, ...] = (
    "proxy-login",
    "captive-portal",
    "tls-intercepted",
    "clock-wrong",
    "redirect-insecure",
    "proxy-off",
    "offline",
    "network-off",
    "server-error",
    "network-timeout",
    "host-blocked",
    "name-unknown",
    "file-missing",
)
_OF_THE_WHOLE_NETWORK = frozenset(_TELLING[:8])


def cause_of_silence(listings: Iterable[Listing]) -> SetupError | None:
    """Return why no source could answer, None when one did and just does not have the build.

    What lies at the network itself (its proxy, its log-in page, the certificate that it shows) is the cause even when
    some source answered: the build may well be where nobody gets to.
    """
    asked = [listing for listing in listings if listing.code != "not-asked"]
    errors = {listing.code: listing.error for listing in reversed(asked) if listing.error is not None}
    answered = any(listing.code in {"ok", "build-not-in-sources", "document-unreadable"} for listing in asked)
    telling = next((code for code in _TELLING if code in errors), None)
    if telling is None or (answered and telling not in _OF_THE_WHOLE_NETWORK):
        return None
    error = errors[telling]
    if error is not None:
        error.detail = "\n".join(f"{listing.spec.name}: {listing.text}" for listing in asked) + f"\n{error.detail}"
    return error


FAST = 5_000_000
"""Bytes a second from which a source is fast enough: a faster one is not worth leaving the official one for."""
_MUCH_FASTER = 3


def fastest_first(listings: Sequence[Listing]) -> list[Listing]:
    """Return the sources in the order in which they are preferred: as they were, but slow ones after much faster ones.

    Only a source whose speed was measured, that is not fast, and that another one beats by a factor of three, loses
    its place.
    """
    best = max((listing.bytes_per_s or 0 for listing in listings), default=0)

    def slow(listing: Listing) -> int:
        speed = listing.bytes_per_s
        return 0 if speed is None or speed >= FAST or speed * _MUCH_FASTER > best else best - speed

    return sorted(listings, key=slow)
