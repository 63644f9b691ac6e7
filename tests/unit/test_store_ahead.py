"""Reading ahead of the audit: what is known holds for the very same file, and for nothing else."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from helpers.make_wheels import make_wheel, random_bytes, unpack
from helpers.waiting import wait_for
from setupwizard.store.ahead import Ahead
from setupwizard.store.audit import audit

BIG = "alpha/lib/big.so"
CONTENT = random_bytes(100_000)


class Installing:
    """A wheel that an installer unpacks below one folder and then links into an environment."""

    def __init__(self, folder):
        self.wheel = make_wheel(folder / "wheels", "alpha", files={BIG: CONTENT, "alpha/empty": b""})
        self.work = folder / "work ü 文"
        self.site = folder / "env" / "lib" / "python3.11" / "site-packages"

    def unpack(self):
        self.cache = self.work / "uv-cache" / "archive" / "lib" / "python3.11" / "site-packages"
        self.cache.mkdir(parents=True)
        unpack(self.wheel, self.cache)

    def link(self):
        for path in [path for path in self.cache.rglob("*") if path.is_file()]:
            target = self.site / path.relative_to(self.cache)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(path)

    def knows(self, ahead):
        return ahead.digest_of((self.cache / BIG).stat()) is not None

    def problems(self, ahead):
        return [(problem.code, problem.path) for problem in audit(self.site, [self.wheel], ahead=ahead).problems]


@pytest.fixture
def installing(tmp_path):
    return Installing(tmp_path)


@pytest.fixture
def read(installing):
    """Return what was read ahead of a wheel that was unpacked and linked meanwhile."""
    with Ahead(installing.work, [installing.wheel]) as ahead:
        installing.unpack()
        wait_for(lambda: installing.knows(ahead))
    installing.link()
    return ahead


def test_what_is_unpacked_is_known_under_its_name_in_the_environment(installing, read):
    digest = read.digest_of((installing.site / BIG).stat())
    assert (digest.algorithm, digest.value) == ("sha256", hashlib.sha256(CONTENT).digest())
    assert installing.problems(read) == []


def test_a_file_that_is_known_is_not_read_again(installing, read):
    place = installing.site / BIG
    told = place.stat()
    place.write_bytes(bytes(len(CONTENT)))
    os.utime(place, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert installing.problems(read) == []
    assert installing.problems(None) == [("changed", BIG)]


@pytest.mark.parametrize(
    "content", [bytes(len(CONTENT)), CONTENT[:-1], CONTENT + b"x"], ids=["same size", "cut", "longer"]
)
def test_a_file_that_was_written_since_is_read_again(installing, read, content):
    (installing.site / BIG).write_bytes(content)
    assert installing.problems(read) == [("changed", BIG)]


def test_another_file_in_its_place_is_read(installing, read):
    place = installing.site / BIG
    told = place.stat()
    place.unlink()
    place.write_bytes(bytes(len(CONTENT)))
    os.utime(place, ns=(told.st_atime_ns, told.st_mtime_ns))
    assert installing.problems(read) == [("changed", BIG)]


def test_a_copy_is_read_by_the_audit_itself(installing, read):
    place = installing.site / BIG
    place.unlink()
    place.write_bytes(CONTENT)
    assert read.digest_of(place.stat()) is None
    assert installing.problems(read) == []


def test_a_file_that_is_still_being_written_waits(installing):
    installing.unpack()
    place = installing.cache / BIG
    os.utime(place, (time.time() + 3600,) * 2)
    other = installing.cache / "alpha" / "__init__.py"
    other.write_bytes(CONTENT)
    with Ahead(installing.work, []) as ahead:
        wait_for(lambda: ahead.digest_of(other.stat()) is not None)
        assert not installing.knows(ahead)
        os.utime(place, (time.time() - 60,) * 2)
        wait_for(lambda: installing.knows(ahead))


def test_wheels_are_listed_as_they_arrive(installing):
    arrives = installing.wheel.with_name("beta-1.0-py3-none-any.whl")
    damaged = installing.wheel.with_name("gamma-1.0-py3-none-any.whl")
    damaged.write_bytes(b"no wheel")
    with Ahead(installing.work, [arrives, installing.wheel, damaged]) as ahead:
        wait_for(lambda: installing.wheel in ahead.listings)
        made = make_wheel(installing.work / "elsewhere", "beta")
        made.replace(arrives)
        wait_for(lambda: arrives in ahead.listings)
    assert ahead.listings[installing.wheel].name == "alpha"
    assert BIG in ahead.listings[installing.wheel].digests
    assert damaged not in ahead.listings


def test_it_stops_in_the_middle_of_a_large_file(tmp_path):
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(1 << 34)
    os.utime(tmp_path / "huge", (0, 0))
    with Ahead(tmp_path, []) as ahead:
        time.sleep(0.5)
    assert ahead.digest_of((tmp_path / "huge").stat()) is None
