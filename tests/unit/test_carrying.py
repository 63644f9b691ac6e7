"""What the user added to an environment: found, resolved together with torch, moved over, or named as lost."""

import json
import os
from pathlib import Path

import pytest

from helpers.generations import build, site_packages
from helpers.make_wheels import make_wheel, package_of, unpack
from setupwizard.errors import SetupError
from setupwizard.model.plan import Plan, PlanPython, PlanSource
from setupwizard.model.recommendation import Build
from setupwizard.steps.carrying import Added, added_since, carry, in_place, move_over
from setupwizard.steps.comparing import exchanged, is_damaged
from setupwizard.store.audit import audit
from setupwizard.store.layout import Root

BUILD = Build(
    torch="2.15.0",
    variant="cpu",
    python="3.11",
    platform="linux_x86_64",
    requirement="torch==2.15.0",
    index_url=None,
)


def plan_of(root, wheels, carried=()):
    return Plan(
        id="0" * 64,
        root=str(root.path),
        generation="0001",
        backend="uv",
        python=PlanPython(version="3.11", source="found"),
        build=BUILD,
        source=PlanSource(id="folder", kind="folder", why=""),
        packages=tuple(package_of(wheel) for wheel in wheels),
        carried=carried,
    )


@pytest.fixture
def root(tmp_path):
    made = Root(tmp_path / "mein root 文")
    made.prepare()
    return made


@pytest.fixture
def wheels(tmp_path):
    return [make_wheel(tmp_path, "torch", "2.15.0"), make_wheel(tmp_path, "numpy", "2.4")]


def put(root, name, wheel, **direct_url):
    """Install a wheel as pip does; with a direct_url it came from somewhere else than an index."""
    site = site_packages(root, name)
    unpack(wheel, site)
    if direct_url:
        info = site / ("-".join(wheel.name.split("-")[:2]) + ".dist-info")
        (info / "direct_url.json").write_text(json.dumps(direct_url))


def editable(root, name, tmp_path, version="0.3"):
    """Install a project of the user's as an editable one: a pointer to the folder, a finder, a script."""
    source = tmp_path / "my project"
    source.mkdir(exist_ok=True)
    old = os.fsencode(root.generation(name))
    wheel = make_wheel(
        tmp_path / "editable",
        "mine",
        version,
        files={
            "__editable__.mine.pth": f"{source}\n".encode(),
            "{data}/scripts/mytool": b"#!" + old + b"/bin/python\nimport mine\n",
        },
        requires=["six", "pytest; extra == 'test'"],
    )
    put(root, name, wheel, url=source.as_uri(), dir_info={"editable": True})
    script = next(root.generation(name).rglob("mytool"))  # bin, or Scripts on Windows
    script.chmod(0o755)
    packages = site_packages(root, name)
    place = Path(os.path.relpath(script, packages)).as_posix()
    record = packages / f"mine-{version}.dist-info" / "RECORD"
    record.write_text(record.read_text() + f"{place},,\n../../../../../../outside.txt,,\n")


def test_an_environment_as_it_was_made_carries_nothing_over(root, wheels):
    build(root, "0001", wheels)
    assert added_since(root, "0001", plan_of(root, wheels)) == ()
    assert added_since(root, None, None) == ()


def test_what_is_not_in_the_lock_and_what_was_exchanged(root, wheels, tmp_path):
    build(root, "0001", [wheels[0], make_wheel(tmp_path / "other", "numpy", "2.3")])
    put(root, "0001", make_wheel(tmp_path, "tqdm", "4.70"))
    put(root, "0001", make_wheel(tmp_path, "built_here", "1.0", tag="cp311-cp311-linux_x86_64"), url="file:///gone")
    put(root, "0001", make_wheel(tmp_path, "plain", "1.0"), url="https://example.org/plain.whl")
    editable(root, "0001", tmp_path)
    found = {one.name: one for one in added_since(root, "0001", plan_of(root, wheels))}
    assert {name: (one.published, one.movable) for name, one in found.items()} == {
        "numpy": (True, True),
        "tqdm": (True, True),
        "built-here": (False, False),
        "plain": (False, True),
        "mine": (False, True),
    }
    assert found["mine"].requires == ("six",)
    assert exchanged(root, "0001", plan_of(root, wheels)) == ("numpy",)


def test_another_torch_is_no_wish(root, wheels, tmp_path):
    build(root, "0001", [make_wheel(tmp_path / "other", "torch", "2.14.0"), wheels[1]])
    made = plan_of(root, wheels)
    assert added_since(root, "0001", made) == ()
    assert exchanged(root, "0001", made) == ()
    assert is_damaged(audit(site_packages(root, "0001"), wheels), exchanged(root, "0001", made))


def test_what_was_carried_before_is_carried_again(root, wheels, tmp_path):
    tqdm = make_wheel(tmp_path, "tqdm", "4.70")
    build(root, "0001", [*wheels, tqdm])
    made = plan_of(root, [*wheels, tqdm], carried=("tqdm 4.70",))
    assert [str(one) for one in added_since(root, "0001", made)] == ["tqdm 4.70"]


class Index:
    """A resolver with these packages; `never` are pairs that do not go together."""

    def __init__(self, folder, versions, never=()):
        self.folder = folder
        self.versions = versions
        self.never = never
        self.asked = []

    def __call__(self, further):
        self.asked.append(tuple(further))
        chosen = {"torch": "2.15.0"}
        for text in further:
            name, _sign, version = text.partition("==")
            if name not in self.versions or (version and version not in self.versions[name]):
                raise SetupError("build-not-in-sources", requirement=text)
            chosen[name] = version or self.versions[name][-1]
        if any(pair <= set(chosen.items()) for pair in self.never):
            raise SetupError("build-not-in-sources", requirement="")
        return tuple(package_of(make_wheel(self.folder, name, version)) for name, version in sorted(chosen.items()))


def test_all_of_it_comes_along_in_one_question(tmp_path):
    index = Index(tmp_path, {"a": ["1.0"], "b": ["2.0"]})
    carried = carry([Added(name="a", version="1.0"), Added(name="b", version="2.0")], index)
    assert (carried.kept, carried.lost) == (("a 1.0", "b 2.0"), ())
    assert len(index.asked) == 1
    assert {package.name for package in carried.packages} == {"torch", "a", "b"}


def test_what_does_not_fit_is_found_among_many_and_the_rest_comes_along(tmp_path):
    versions = {f"p{number}": ["1.0"] for number in range(12)}
    index = Index(tmp_path, {**versions, "p7": ["2.0"]}, never=[{("p3", "1.0"), ("torch", "2.15.0")}])
    carried = carry([Added(name=name, version="1.0") for name in versions], index)
    assert carried.lost == ("p3 1.0",)
    assert "p7 2.0" in carried.kept  # another version where the same one is gone
    assert len(carried.kept) == 11
    assert len(index.asked) < 20


def test_a_package_of_no_index_is_moved_with_what_it_needs(tmp_path):
    index = Index(tmp_path, {"six": ["1.17"]})
    mine = Added(name="mine", version="0.3", requires=("six",), published=False, movable=True)
    old = Added(name="old", version="1", requires=("torch<2",), published=False, movable=True)
    binary = Added(name="binary", version="1", published=False)
    gone = Added(name="gone", version="9", movable=True)
    carried = carry([binary, gone, mine, old], index)
    assert (carried.kept, carried.lost) == (("gone 9", "mine 0.3"), ("binary 1", "old 1"))
    assert [package.name for package in carried.packages] == ["six", "torch"]


def test_a_network_that_is_gone_is_no_answer(tmp_path):
    def resolve(_further):
        raise SetupError("network-off")

    with pytest.raises(SetupError) as caught:
        carry([Added(name="a", version="1")], resolve)
    assert caught.value.code == "network-off"


def test_files_are_moved_and_nothing_else(root, wheels, tmp_path):
    build(root, "0001", wheels)
    editable(root, "0001", tmp_path)
    build(root, "0002", wheels, complete=False)
    (root.path.parent / "outside.txt").write_text("not ours")
    assert move_over(root, "0001", "0002", {"mine"}) == ("mine",)
    site = site_packages(root, "0002")
    assert (site / "__editable__.mine.pth").read_text().strip() == str(tmp_path / "my project")
    before, script = (next(root.generation(name).rglob("mytool")) for name in ("0001", "0002"))
    assert script.read_bytes().startswith(b"#!" + os.fsencode(root.generation("0002")) + b"/bin/python\n")
    assert script.stat().st_mode == before.stat().st_mode
    result = audit(site, wheels, allowed=["mine"])
    assert result.problems == ()
    assert not list(root.gens.rglob("outside.txt"))


def test_nothing_is_written_over(root, wheels, tmp_path):
    build(root, "0001", wheels)
    put(root, "0001", make_wheel(tmp_path, "evil", "1", files={"numpy/__init__.py": b"other"}))
    build(root, "0002", wheels, complete=False)
    move_over(root, "0001", "0002", {"evil"})
    assert "2.4" in (site_packages(root, "0002") / "numpy" / "__init__.py").read_text()


def test_an_environment_that_has_it_all_stays_as_it_is(root, wheels, tmp_path):
    tqdm = make_wheel(tmp_path, "tqdm", "4.70")
    build(root, "0001", wheels)
    made = plan_of(root, wheels)
    wanted = plan_of(root, [*wheels, tqdm]).packages
    assert not in_place(root, "0001", made, wanted)
    put(root, "0001", tqdm)
    assert in_place(root, "0001", made, wanted)
    assert not in_place(root, "0001", made, wanted[1:])  # something of the lock is not wanted any more
