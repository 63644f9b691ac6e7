"""What the tests of the real window share: a desktop of their own, and whether there is anything to install."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.desktop import Desktop, Wizard, missing, wait_for, wizard_on
from helpers.program import environment, run

_LONGEST_FIRST = (
    "test_apply",
    "test_window_keyboard_mouse",
    "test_doctor",
    "test_window_keys_alone",
    "test_window_accessible",
    "test_text",
    "test_verify_real",
)
"""A file runs on one processor: a long one that begins last would leave the other idle for minutes."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rank = {name: number for number, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.stem, len(rank)))


@pytest.fixture(scope="session")
def cpu_build(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the version of torch that the wizard installs here; skip where that is none for the processor alone."""
    home = tmp_path_factory.mktemp("plan")
    planned = run("plan", "--json", env=environment(home))
    if planned.code in {14, 16}:
        pytest.skip(f"no processor build of torch can be reached from here: {planned.err.strip()}")
    assert planned.code == 0, planned.err
    build = planned.document["build"]
    if build["variant"] != "cpu":
        pytest.skip(f"the wizard installs {build['variant']} on this computer; this test is for the processor build")
    return str(build["torch"])


@pytest.fixture(scope="module")
def desktop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desktop]:
    """Run a desktop for the tests of a module."""
    if reason := missing():
        pytest.skip(reason)
    one = Desktop(tmp_path_factory.mktemp("desktop"))
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def wizard(cpu_build: str, desktop: Desktop, home: Path) -> Iterator[Wizard]:
    """Start the wizard and end it, whatever happens; the default folder of the environment is in its home."""
    with wizard_on(desktop, home) as one:
        yield one


@pytest.fixture
def assert_installed(home: Path, cpu_build: str) -> Callable[[], None]:
    """Return a check that the environment is complete, in use and proved, and that nothing else was made."""

    def check() -> None:
        root = home / "pytorch"
        assert [generation.name for generation in (root / "gens").iterdir()] == ["0001"]
        assert (root / "current").resolve() == root / "gens" / "0001"
        assert (root / "current" / "COMPLETE.json").is_file()
        assert not (root / "work").exists()
        proof = run("verify", "--level", "import", "--json", "--env", root, env=environment(home))
        assert proof.code == 0, proof.err
        assert proof.document["passed"]
        assert proof.document["torch"]["version"].startswith(cpu_build)

    return check


@pytest.fixture
def assert_gone() -> Callable[..., None]:
    """Return a check that nothing works for a wizard any more."""

    def check(wizard: Wizard, seconds: float = 5) -> None:
        try:
            wait_for("the end of every process", lambda: not wizard.left(), seconds)
        except TimeoutError:
            pytest.fail(f"still running: {wizard.left()}")

    return check
