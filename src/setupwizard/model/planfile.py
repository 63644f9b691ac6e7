"""plan.toml: what an administrator wants on many machines, without a word of how (contract, "Plan").

It holds no argument list, no address, no variable and no absolute path. Keys that are not known are refused.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from setupwizard.codes import Platform, VerifyLevel
from setupwizard.model.shapes import Sha256, VariantName

PlanName = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,40}$")]
TorchVersion = Annotated[str, Meta(pattern=r"^[0-9]{1,4}(\.[0-9]{1,6}){1,3}((a|b|rc|\.post|\.dev)[0-9]{1,10})?$")]
PythonVersion = Annotated[str, Meta(pattern=r"^3\.[0-9]{1,2}t?$")]
CompanionWord = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,60}[A-Za-z0-9])?(==[A-Za-z0-9.+!_-]{1,40})?$")
]
# uv takes a lock only under such a name, and no dot may stand in its middle part
LockName = Annotated[str, Meta(pattern=r"^pylock(\.[A-Za-z0-9_-]{1,100})?\.toml$")]
CardWord = Annotated[str, Meta(pattern=r"^([0-9]{1,2}\.[0-9]|gfx[0-9a-f]{3,5}|xpu)$")]
"""A compute capability of NVIDIA's; for other builds AMD's word for the chip, or "xpu" for Intel's cards."""
DriverVersion = Annotated[str, Meta(pattern=r"^[0-9]{1,4}(\.[0-9]{1,4}){0,3}$")]


class PlannedBuild(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One build, and the cards that it is for ("for" in the file).

    Attributes:
        companions: what comes along by the administrator's wish, "torchvision==0.29.2"; the lock holds all of it.
        lock: the name of a file beside this one.
    """

    platform: Platform
    torch: TorchVersion
    variant: VariantName
    python: PythonVersion
    companions: Annotated[tuple[CompanionWord, ...], Meta(max_length=50)] = ()
    lock: LockName
    lock_sha256: Sha256
    serves: Literal["cpu"] | Annotated[tuple[CardWord, ...], Meta(min_length=1, max_length=60)] = field(name="for")


class DriverRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The oldest NVIDIA driver, and what is done about an older one: refuse, or go on and say so."""

    minimum: DriverVersion | None = None
    policy: Literal["require", "warn"] = "require"


class VerifyRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How deep the proof goes before the environment is put in use."""

    level: VerifyLevel = "device"


class PlanFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. Where several builds serve a machine, the one that stands first is taken."""

    schema: Literal[1]
    name: PlanName
    build: Annotated[tuple[PlannedBuild, ...], Meta(min_length=1, max_length=32)]
    driver: DriverRule = field(default_factory=DriverRule)
    verify: VerifyRule = field(default_factory=VerifyRule)
