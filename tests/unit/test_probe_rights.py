"""Rights on device files, as somebody who is not root has them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from setupwizard.probes.roots import usable

pytestmark = pytest.mark.posix_only("Windows has no such rights")

NOBODY = 65534


@contextmanager
def somebody() -> Iterator[None]:
    """Be an ordinary user for a moment; who is one already stays it."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter: pytest's own are closed to others."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.mark.parametrize(("mode", "expected"), [(0o666, True), (0o444, False), (0o000, False)])
def test_reading_and_writing_are_both_needed(folder: Path, mode: int, expected: bool) -> None:
    file = folder / "kfd"
    file.write_text("")
    file.chmod(mode)
    if os.access not in os.supports_effective_ids and os.geteuid() == 0:
        pytest.skip("this system cannot tell what another user may do")
    with somebody():
        assert usable(file) is expected


def test_a_file_that_is_not_there_cannot_be_used(folder: Path) -> None:
    assert usable(folder / "kfd") is False
