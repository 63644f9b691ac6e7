"""kill -9 of a whole apply at any moment, by every backend, and the same on bare uv and bare pip beside it.

SETUPWIZARD_TRIALS sets how often (4; `make test-faults` sets 200); SETUPWIZARD_KILL_SEED which moments.
"""

from __future__ import annotations

import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import pytest

from helpers.conda_channel import MINOR, Channel, fill
from helpers.conda_shim import install_shim
from helpers.make_wheels import make_wheel, package_of, random_bytes
from helpers.wheel_server import WheelServer
from setupwizard import platforms
from setupwizard.codes import Backend
from setupwizard.model.events import Outcome
from setupwizard.model.machine import FoundConda
from setupwizard.model.plan import Package, Plan, PlanPython, PlanSource, PlanStep
from setupwizard.model.recommendation import Build
from setupwizard.steps.comparing import compare_folder
from setupwizard.store.crash import KILLED, POINTS
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.conda import Conda
from setupwizard.tools.pip import pip_argv
from setupwizard.tools.uv import uv_program

TRIALS = int(os.environ.get("SETUPWIZARD_TRIALS", "4"))
SEED = int(os.environ.get("SETUPWIZARD_KILL_SEED", "7"))
TESTS = Path(__file__).parent.parent
PROGRAM = TESTS / "helpers" / "apply_program.py"
FAKE = TESTS / "helpers" / "fake_torch" / "torch" / "__init__.py"
IMPORT = "import torch, dep; from torch import m000, m299; print(torch.__version__)"
MEGABYTES_A_SECOND = 6
HANGS = 600
# before the plan is there nothing is changed (tests/end2end), and nothing is removed by an install
BEFORE_THE_PLAN = {"after-probe", "after-resolve", "during-removal"}
EVERY_TIME = {"after-claim", "after-install", "between-current-json-and-pointer", "after-pointer", "after-switch"}
BACKENDS: tuple[Backend, ...] = ("uv", "pip", "conda")
# in the short lane the others die where they differ from uv: while their environment is made
WHERE_THEY_DIFFER = {"after-create", "after-install"}
SPECS = (f"python={MINOR}", "pip")


class Lab:
    """A server with two sets of wheels whose torch is a stand-in, and a root to install them into by one backend."""

    def __init__(self, folder: Path, backend: Backend) -> None:
        self.backend = backend
        (folder / "server").mkdir()
        self.folder = folder
        self.server = WheelServer(folder / "server")
        self.root = Root(folder / "root mit ü 文")
        self.sets = [self._wheels(0), self._wheels(1)]
        self.packages = [[package_of(wheel, self.server.url_of(wheel)) for wheel in wheels] for wheels in self.sets]

    def _wheels(self, number: int) -> list[Path]:
        body = {f"torch/m{index:03d}.py": f"X = {index * 2 + number}\n".encode() for index in range(300)}
        body["torch/__init__.py"] = FAKE.read_bytes()
        body["torch/scenario.json"] = f'{{"version": "2.{number}.0+cpu"}}'.encode()
        body["torch/lib/big.so"] = random_bytes(2_000_000, seed=number)
        version = f"2.{number}.0"
        return [
            make_wheel(self.server.folder, "torch", f"{version}+cpu", files=body, requires=["dep"]),
            make_wheel(self.server.folder, "dep", f"1.{number}", files={"dep.py": b"D = %d\n" % number}),
        ]

    def prepare(self) -> None:
        """Make a conda and find out what it would bring; the server runs."""
        self.by_conda: tuple[Package, ...] = ()
        self.trials = TRIALS if self.backend == "uv" else max(2, TRIALS // 3)
        if self.backend == "conda":
            fill(Channel(self.server.folder))
            program = FoundConda(
                path=str(install_shim(self.folder / "miniforge3", self.server.base)), version="26.7.1", kind="conda"
            )
            self.conda = Conda(program)
            self.by_conda = tuple(
                Package(
                    name=one.name,
                    version=one.version,
                    file=one.file,
                    sha256=one.sha256,
                    size=one.size,
                    url=one.url,
                    origin="conda-forge",
                )
                for one in self.conda.solve(self.root.generation("0001"), SPECS)
            )

    def argv(self, which: int) -> list[str]:
        """Return the command that applies a set, with its plan as it is made at this moment."""
        file = self.folder / f"plan-{which}.json"
        file.write_bytes(msgspec.json.encode(self.plan(which)))
        return [sys.executable, str(PROGRAM), str(file)]

    def plan(self, which: int) -> Plan:
        """Return the plan of a set."""
        plan_id = str(which) * 64
        current = self.root.current_name()
        proof = self.root.read_complete(current) if current else None
        name, steps = self.root.next_name(), ()
        if self.backend == "conda":
            argv = self.conda.create_argv(self.root.generation(name), SPECS)
            steps = (PlanStep(id="create", title="", argv=argv),)
        return Plan(
            id=plan_id,
            steps=steps,
            root=str(self.root.path),
            generation=name,
            backend=self.backend,
            python=PlanPython(
                version=MINOR, source="conda" if steps else "found", path=None if steps else sys.executable
            ),
            build=Build(
                torch=f"2.{which}.0",
                variant="cpu",
                python=f"{sys.version_info.major}.{sys.version_info.minor}",
                platform="linux_x86_64",
                requirement=f"torch==2.{which}.0+cpu",
                index_url=None,
            ),
            source=PlanSource(id="named", kind="index", why=""),
            packages=(*self.packages[which], *self.by_conda),
            changes=proof is None or proof.plan != plan_id,
        )

    def install(self, which: int) -> Outcome:
        child = subprocess.run(self.argv(which), capture_output=True, text=True, timeout=HANGS, check=False)
        assert child.returncode == 0, child.stdout + child.stderr
        return msgspec.json.decode(child.stdout, type=Outcome)

    def total(self, which: int) -> int:
        return sum(package.size for package in self.packages[which])

    def here(self, which: int) -> int:
        """Return how many bytes of a set's wheels are on the disk, whole or in part."""
        store = WheelStore(self.root.store)
        return sum(package.size if store.has(package) else store.part_size(package) for package in self.packages[which])

    def false_claims(self) -> list[str]:
        """Return the generations that say that they are whole and are not, file by file."""
        return [name for name in self.root.generations() if not self.is_one_of_the_sets(self.root.generation(name))]

    def is_one_of_the_sets(self, environment: Path) -> bool:
        return any(compare_folder(environment, self.plan(which), self.sets[which]).passed for which in (0, 1))


def imports(environment: Path) -> str | None:
    """Return the version of torch that an environment imports, None when it does not."""
    done = subprocess.run(
        [platforms.python_in(environment), "-I", "-c", IMPORT], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None


def size_of(root: Root) -> int:
    """Return the bytes of everything but the reports and the journal: they are the history, and meant to grow."""
    history = {root.reports, root.journal}
    places = [place for place in root.path.rglob("*") if not place.is_dir()]
    return sum(place.lstat().st_size for place in places if not history & {place, place.parent})


@pytest.fixture
def place(tmp_path):
    """Where directories keep no kind order: in memory. There bare uv is at its worst; the same place for all three."""
    memory = Path("/dev/shm")
    if not (os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 500 << 20):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="kill-", dir=memory))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=BACKENDS)
def lab(request, place):
    if request.param == "conda":
        pytest.importorskip("rattler", reason="py-rattler has no wheel for this Python")
    yield from made_lab(place, request.param)


@pytest.fixture
def lab_with_uv(place):
    yield from made_lab(place, "uv")


def made_lab(place, backend):
    made = Lab(place, backend)
    with made.server:
        made.prepare()
        made.install(0)
        made.server.fault("slow", MEGABYTES_A_SECOND * 1_000_000)
        yield made


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_kills_at_random_moments(lab, capsys):
    started = time.monotonic()
    lab.install(1)
    whole = time.monotonic() - started
    bound = size_of(lab.root) * 1.02
    chance, seen, wanted = random.Random(SEED), collections.Counter(), 0
    lost = fetched = kills = 0
    while kills < lab.trials:
        before = lab.root.current_name()
        began = time.monotonic()
        child = subprocess.Popen(lab.argv(wanted), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            child.wait(chance.uniform(0.1, 1.0) * whole)
            how, whole = "finished", min(whole, time.monotonic() - began)  # other programs got out of the way
        except subprocess.TimeoutExpired:
            how, kills = "killed", kills + 1
        child.kill()
        child.wait()
        name, here = lab.root.current_name(), lab.here(wanted)
        assert lab.false_claims() == []
        assert imports(lab.root.current) in {"2.0.0+cpu", "2.1.0+cpu"}
        half = bool(set(lab.root.generation_names()) - set(lab.root.generations()))
        seen[how, "the new one in use" if name != before else "the old one in use", "half a generation" * half] += 1
        outcome = lab.install(wanted)
        assert imports(lab.root.current) == f"2.{wanted}.0+cpu"
        assert lab.false_claims() == []
        assert Journal(lab.root.journal).unfinished() is None
        assert size_of(lab.root) <= bound
        assert len(lab.root.generation_names()) <= 2
        if outcome.status == "done":
            assert outcome.fetched_bytes + outcome.reused_bytes == lab.total(wanted)
            lost += max(0, here - outcome.reused_bytes)
            fetched += lab.total(wanted)
        wanted ^= 1
    with capsys.disabled():
        print(
            f"\n{lab.backend}: {kills} kills of an apply of {whole:.1f} s: "
            "0 environments falsely called whole, each rerun ended well"
        )
        for kind, count in seen.most_common():
            print(f"  {count:4d}  {', '.join(word for word in kind if word)}")
        print(f"  fetched twice: {lost} of {fetched} bytes ({100 * lost / max(fetched, 1):.2f} %)")
    assert lost <= 0.01 * fetched


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("lab", "point"),
    [
        pytest.param(
            backend,
            point,
            marks=() if point in (EVERY_TIME if backend == "uv" else WHERE_THEY_DIFFER) else (pytest.mark.full,),
        )
        for backend in BACKENDS
        for point in POINTS
        if point not in BEFORE_THE_PLAN
    ],
    indirect=["lab"],
)
def test_a_death_at_every_point(lab, point):
    lab.install(1)
    started = os.environ | {"SETUPWIZARD_CRASH_AT": point}
    child = subprocess.run(lab.argv(0), env=started, capture_output=True, text=True, timeout=HANGS, check=False)
    assert child.returncode == KILLED, child.stdout + child.stderr
    switched = POINTS.index(point) >= POINTS.index("between-current-json-and-pointer") or point in {
        "after-switch",
        "after-clean",
    }
    assert lab.false_claims() == []
    assert imports(lab.root.generation(lab.root.current_name() or "")) == ("2.0.0+cpu" if switched else "2.1.0+cpu")
    outcome = lab.install(0)
    assert imports(lab.root.current) == "2.0.0+cpu"
    assert outcome.status == ("already-done" if switched else "done")
    assert len(lab.root.generation_names()) <= 2
    if point not in {"after-python", "before-claim", "after-claim"} and not switched:
        assert outcome.fetched_bytes == 0  # what was fetched before the end is not fetched again


# ---- the same on the tools alone ----


class Bare:
    """An environment that uv or pip itself changes in place."""

    def __init__(self, lab: Lab, tool: str) -> None:
        self.lab = lab
        self.tool = tool
        self.folder = lab.folder / f"bare-{tool}"
        self.cache = lab.folder / f"cache-{tool}"

    def argv(self, which: int) -> list[str]:
        wanted = [f"torch==2.{which}.0+cpu", f"dep==1.{which}"]
        index = ["--index-url", f"{self.lab.server.base}/simple/"]
        python = str(platforms.python_in(self.folder))
        if self.tool == "pip":
            return [*pip_argv(python, "install", "--cache-dir", str(self.cache)), *index, *wanted]
        return [
            *(str(uv_program()), "pip", "install", "--no-config", "--python", python),
            *("--cache-dir", str(self.cache), *index, *wanted),
        ]

    def make(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        subprocess.run(
            [uv_program(), "venv", "--no-config", "--python", sys.executable, self.folder],
            check=True,
            capture_output=True,
        )
        assert self.install(0), "bare tool"

    def install(self, which: int) -> bool:
        done = subprocess.run(self.argv(which), capture_output=True, text=True, timeout=HANGS, check=False)
        return done.returncode == 0

    def says_fine(self) -> bool:
        python = str(platforms.python_in(self.folder))
        check = pip_argv(python, "check")
        if self.tool == "uv":
            check = (str(uv_program()), "pip", "check", "--no-config", "--python", python)
        return subprocess.run(check, capture_output=True, timeout=60, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("tool", ["uv", "pip"])
def test_the_same_on_the_bare_tool_is_no_promise_of_ours(lab_with_uv, capsys, tool):
    """Prints what the tool alone leaves behind: no assertion is made on somebody else's program, but that it ran."""
    lab = lab_with_uv
    lab.server.mend()
    bare = Bare(lab, tool)
    bare.make()
    started = time.monotonic()
    assert bare.install(1)
    whole = time.monotonic() - started
    chance, seen = random.Random(SEED), collections.Counter()
    for _trial in range(TRIALS):
        bare.make()
        child = subprocess.Popen(bare.argv(1), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.1, 1.0) * whole)
        child.kill()
        child.wait()
        seen["killed"] += 1
        if lab.is_one_of_the_sets(bare.folder):
            continue
        seen["half-made"] += 1
        seen["of these: import"] += imports(bare.folder) is not None
        seen["of these: say that they are fine"] += bare.says_fine()
        ended_well = bare.install(1)
        seen["of these: still broken after a rerun that said it was done"] += ended_well and not lab.is_one_of_the_sets(
            bare.folder
        )
    with capsys.disabled():
        print(
            f"\nbare {tool}, an install of {whole:.1f} s: "
            + ", ".join(f"{count} {kind}" for kind, count in seen.items())
        )
    assert seen["killed"] == TRIALS
