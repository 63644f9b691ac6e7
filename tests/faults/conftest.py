"""What the tests of faults share: one look at the computer, one set of wheels, and which rows run when."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.rows import IN_FULL
from helpers.fault_lab import Lab, look, make_wheels
from helpers.fault_server import FaultServer


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long rows to `make test-faults`; they count as deselected, never as passed."""
    long = [item for item in items if item.get_closest_marker("full") is not None]
    if IN_FULL or not long:
        return
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


@pytest.fixture(scope="session")
def computer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a Machine document of this computer, and the release of torch that is recommended for it."""
    return look(tmp_path_factory.mktemp("computer"))


@pytest.fixture
def lab(tmp_path: Path, computer: tuple[Path, str]) -> Iterator[Lab]:
    """Run a loopback internet and have an install ready that has not begun."""
    machine, release = computer
    make_wheels(tmp_path / "wheels", release)
    with FaultServer(tmp_path / "wheels") as server:
        server.holds = {r"^download\.pytorch\.org$": {"torch"}, "": {"numpy", "pip"}}
        one = Lab(tmp_path, server, machine)
        try:
            yield one
        finally:
            for clean_up in reversed(one.at_end):
                clean_up()
