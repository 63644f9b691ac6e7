"""What comes along with torch: torchvision of the same source with the same tag, or none.

torch 2.13.0+cpu beside the general index's torchvision 0.28.0 was tried: it stops on import with
"operator torchvision::nms does not exist", as that wheel is made for the torch of another variant.
"""

from __future__ import annotations

import msgspec
import pytest

from setupwizard.model.catalogue import load_catalogue
from setupwizard.model.recommendation import Build
from setupwizard.probes.listings import Listing, Offer, PythonSpec, SourceSpec
from setupwizard.steps.offers import Choice
from setupwizard.steps.resolving import family_requirements

FACTS = load_catalogue()


def listing(name: str, *offers: Offer) -> Listing:
    return Listing(
        spec=SourceSpec(id=name, name=name, kind="general" if name == "general" else "index"),
        code="ok",
        text="",
        offers=frozenset(offers),
    )


def choice(torch: str, torchvision: str | None, variant: str, *, tagged: bool) -> Choice:
    offer = Offer(version=torch, variant=variant, python="3.12", tagged=tagged)
    build = Build(
        torch=torch,
        torchvision=torchvision,
        variant=variant,
        python="3.12",
        platform="linux_x86_64",
        requirement=f"torch=={torch}+{variant}",
    )
    python = PythonSpec(version="3.12", path="/opt/python3.12")
    return Choice(build=build, python=python, listing=listing("torch", offer), offer=offer)


def test_the_torchvision_of_the_general_index_never_stands_beside_a_tagged_torch() -> None:
    general = listing("general", Offer(version="0.28.0", variant="cu130", python="3.12", tagged=False))
    requirements, left_out = family_requirements(
        choice("2.13.0", "0.28.0", "cpu", tagged=True), {"torchvision": general}
    )
    assert requirements == ("torch==2.13.0+cpu",)
    assert ["torchvision" in text for text in left_out] == [True]


def test_not_even_when_the_general_index_is_said_to_hold_that_variant() -> None:
    general = listing("general", Offer(version="0.28.0", variant="cpu", python="3.12", tagged=False))
    requirements, left_out = family_requirements(
        choice("2.13.0", "0.28.0", "cpu", tagged=True), {"torchvision": general}
    )
    assert requirements == ("torch==2.13.0+cpu",)
    assert left_out


def test_the_same_source_with_the_same_tag_brings_it_along() -> None:
    same = listing("official", Offer(version="0.28.0", variant="cpu", python="3.12", tagged=True))
    requirements, left_out = family_requirements(choice("2.13.0", "0.28.0", "cpu", tagged=True), {"torchvision": same})
    assert requirements == ("torch==2.13.0+cpu", "torchvision==0.28.0+cpu")
    assert left_out == ()


def test_torchaudio_comes_along_by_the_same_rule() -> None:
    build = msgspec.structs.replace(choice("2.9.1", "0.24.1", "cpu", tagged=True).build, torchaudio="2.9.1")
    chosen = msgspec.structs.replace(choice("2.9.1", "0.24.1", "cpu", tagged=True), build=build)
    vision = listing("official", Offer(version="0.24.1", variant="cpu", python="3.12", tagged=True))
    audio = listing("official", Offer(version="2.9.1", variant="cpu", python="3.12", tagged=True))
    requirements, left_out = family_requirements(chosen, {"torchvision": vision, "torchaudio": audio})
    assert requirements == ("torch==2.9.1+cpu", "torchvision==0.24.1+cpu", "torchaudio==2.9.1+cpu")
    assert left_out == ()
    requirements, left_out = family_requirements(chosen, {"torchvision": vision, "torchaudio": vision})
    assert requirements == ("torch==2.9.1+cpu", "torchvision==0.24.1+cpu")
    assert ["torchaudio" in text for text in left_out] == [True]


@pytest.mark.parametrize(
    ("torch", "variant", "platform", "python", "torchvision"),
    [
        ("2.13.0", "cpu", "linux_x86_64", "3.12", "0.28.0"),
        ("2.13.0", "cu126", "linux_x86_64", "3.12", "0.28.0"),
        # no wheel of the paired one for this Python, and the stable one needs torch 2.14
        ("2.13.0", "cu126", "linux_x86_64", "3.15", None),
        # the stable-ABI wheel fits every Python from torch 2.14 on
        ("2.14.0", "cu126", "win_amd64", "3.15", "0.29.2"),
        ("2.15.0", "cu130", "linux_x86_64", "3.15t", "0.29.2"),
        # untagged for CUDA on ARM: it does not say for which CUDA it is made
        ("2.11.0", "cu128", "linux_aarch64", "3.12", None),
        ("2.15.0", "cu130", "linux_aarch64", "3.12", "0.29.2"),
    ],
)
def test_the_facts_name_a_torchvision_only_where_it_certainly_fits(
    torch: str, variant: str, platform: str, python: str, torchvision: str | None
) -> None:
    assert FACTS.torchvision_for(torch, variant, platform, python) == torchvision  # type: ignore[arg-type]


def test_every_release_up_to_the_last_of_torchaudio_has_one_and_none_after() -> None:
    with_audio = [release.torch for release in FACTS.releases if release.torchaudio]
    assert with_audio[-1] == "2.11.0"
    assert all(release.torchvision for release in FACTS.releases)
