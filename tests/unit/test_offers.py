"""From what sources hold to the build that is installed."""

from setupwizard.model.machine import FoundPython, Machine, PythonChoice
from setupwizard.model.pythons import minor_of
from setupwizard.model.recommendation import Build, Recommendation
from setupwizard.probes.listings import Listing, Offer, PythonSpec, SourceSpec
from setupwizard.steps.offers import candidates, choose, usable_pythons, why_other


def build(torch="2.15.0", variant="cu130", python="3.13"):
    return Build(
        torch=torch, variant=variant, python=python, platform="linux_x86_64", requirement=f"torch=={torch}+{variant}"
    )


def listing(name, *offers, code="ok"):
    spec = SourceSpec(id=name, name=name.title(), kind="index")
    made = frozenset(Offer(version=v, variant=variant, python=p, tagged=True) for v, variant, p in offers)
    return Listing(spec=spec, code=code, text="", offers=made)


def python(version, **more):
    return FoundPython(path=f"/opt/{version}/python", version=version, **more)


def specs(*versions):
    return tuple(PythonSpec(version=version, path=f"/opt/{version}/python") for version in versions)


def test_a_processor_build_never_replaces_a_build_for_the_card():
    answer = Recommendation(
        data_date="2026-11-22",
        verdict="gpu",
        build=build(),
        alternatives=(build("2.14.1", "cu126"), build("2.15.0", "cpu")),
    )
    assert [(b.torch, b.variant) for b in candidates(answer)] == [("2.15.0", "cu130"), ("2.14.1", "cu126")]


def test_pythons_in_the_contracts_order():
    machine = Machine(
        os="linux",
        arch="x86_64",
        gpus=(),
        pythons=(
            python("3.14.0"),
            python("3.11.2"),
            python("3.13.0"),
            python("3.15.0"),
            python("3.13.5"),
            python("3.12.1", bits=32),
            python("3.14.0", free_threaded=True),
        ),
    )
    found = usable_pythons(machine)
    assert [spec.version for spec in found] == ["3.13", "3.11", "3.14", "3.15"]
    assert found[0].path == "/opt/3.13.5/python"


def test_the_python_that_is_insisted_on_is_the_only_one():
    machine = Machine(
        os="linux",
        arch="x86_64",
        gpus=(),
        python=PythonChoice(version="3.14t", free_threaded=True, fixed=True),
        pythons=(python("3.13.0"), python("3.14.0"), python("3.14.0", free_threaded=True)),
    )
    assert [spec.version for spec in usable_pythons(machine)] == ["3.14t"]


def test_a_free_threaded_python_is_named_so_however_its_maker_tells_it():
    assert minor_of("3.14.1t") == minor_of("3.14.1", free_threaded=True) == "3.14t"
    assert minor_of("3.12.4") == minor_of("3.12") == "3.12"
    assert PythonChoice(version="3.14.1", free_threaded=True).name == PythonChoice(version="3.14.1t").name == "3.14.1t"


def test_the_best_build_that_is_there_on_the_python_that_has_it():
    listings = [
        listing("one", ("2.13.0", "cpu", "3.11")),
        listing("two", ("2.13.0", "cpu", "3.11"), ("2.14.1", "cpu", "3.12")),
    ]
    builds = [build(torch, "cpu") for torch in ("2.15.0", "2.14.1", "2.13.0")]
    choice = choose(builds, specs("3.13", "3.12", "3.11"), listings)
    assert choice is not None
    assert (choice.build.torch, choice.build.python, choice.listing.spec.id) == ("2.14.1", "3.12", "two")
    assert choose(builds, specs("3.13"), listings) is None


def test_the_builds_own_python_comes_first():
    here = listing("one", ("2.15.0", "cu130", "3.13"), ("2.15.0", "cu130", "3.12"))
    choice = choose([build(python="3.12")], specs("3.13", "3.12"), [here])
    assert choice is not None
    assert choice.build.python == "3.12"


def test_another_build_is_explained_with_the_servers_that_did_not_answer():
    here = listing("pip", ("2.13.0", "cpu", "3.11"))
    choice = choose([build("2.13.0", "cpu")], specs("3.11"), [here])
    assert choice is not None
    text = why_other(build("2.15.0", "cpu"), choice, [listing("official", code="network-off"), here])
    assert text is not None
    assert "2.15.0" in text
    assert "Official" in text
    assert "2.13.0" in text
    assert why_other(build("2.13.0", "cpu"), choice, []) is None
