"""A limit for all downloads together, and a pause: both may change while bytes come."""

from __future__ import annotations

import threading
import time

import pytest

from helpers.make_wheels import make_wheel, package_of, random_bytes
from helpers.waiting import wait_for
from helpers.wheel_server import WheelServer
from setupwizard.errors import Cancelled
from setupwizard.model.events import Output, Progress
from setupwizard.store.fetch import FetchSettings, fetch
from setupwizard.store.wheels import WheelStore
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.pace import LEAST, Pace

ONE_TRY = FetchSettings(proxies={}, connect_seconds=5, stall_seconds=10, retries=0, backoff_seconds=0.01)
SIZE = 300_000


@pytest.fixture
def server(tmp_path):
    (tmp_path / "server").mkdir()
    with WheelServer(tmp_path / "server") as running:
        yield running


@pytest.fixture
def store(tmp_path):
    return WheelStore(tmp_path / "root" / "store")


@pytest.fixture
def wheels(server):
    return [
        package_of(wheel, server.url_of(wheel))
        for wheel in (
            make_wheel(server.folder, f"w{n}", files={f"w{n}/x.bin": random_bytes(SIZE, seed=n)}) for n in range(2)
        )
    ]


class Fetching:
    """A fetch in a thread of its own, and what it tells."""

    def __init__(self, packages, store, pace, settings=ONE_TRY):
        self.events = []
        self.cancel = Cancel()
        self.result = self.error = None
        self._what = (packages, store, pace, settings)
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        packages, store, pace, settings = self._what
        try:
            self.result = fetch(
                packages, store, settings=settings, pace=pace, emit=self.events.append, cancel=self.cancel
            )
        except Exception as error:
            self.error = error

    @property
    def done(self):
        return max((event.done for event in self.events if isinstance(event, Progress)), default=0)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_args):
        self.cancel.request()
        self._thread.join(60)

    def end(self):
        self._thread.join(60)
        assert not self._thread.is_alive()
        if self.error is not None:
            raise self.error
        return self.result


def test_the_limit_is_one_for_all_lines_together(wheels, store):
    started = time.monotonic()
    fetch(wheels, store, settings=ONE_TRY, pace=Pace(2 * SIZE), threads=2)
    assert time.monotonic() - started > 0.8
    assert all(store.verify(package) for package in wheels)


def test_a_limit_is_lifted_while_bytes_come(wheels, store):
    pace = Pace(1)
    assert pace.limit == LEAST
    with Fetching(wheels, store, pace) as fetching:
        wait_for(lambda: fetching.done)
        pace.limit = None
        started = time.monotonic()
        assert fetching.end().fetched_bytes == sum(package.size for package in wheels)
    assert time.monotonic() - started < SIZE / LEAST


def test_a_limit_is_not_blamed_on_the_disk_nor_taken_for_a_dead_server(wheels, store):
    settings = FetchSettings(**{**vars(ONE_TRY), "slow_seconds": 1, "slow_bytes": 100_000})
    with Fetching(wheels, store, Pace(SIZE // 2), settings) as fetching:
        fetching.end()
    progress = [event for event in fetching.events if isinstance(event, Progress)]
    assert {event.limited_by for event in progress} == {None}
    assert not [event for event in fetching.events if isinstance(event, Output)]


def test_a_pause_lets_nothing_come_and_costs_no_byte_and_no_try(wheels, store, server):
    server.fault("slow", 200_000)
    pace = Pace()
    with Fetching(wheels, store, pace) as fetching:
        wait_for(lambda: fetching.done)
        pace.pause()
        time.sleep(0.5)
        here, asked, events = fetching.done, len(server.requests), len(fetching.events)
        time.sleep(0.5)
        assert (fetching.done, len(server.requests)) == (here, asked)
        assert len(fetching.events) > events  # the face still hears that it is alive
        assert here < sum(package.size for package in wheels)
        server.mend()
        pace.resume()
        assert fetching.end().fetched_bytes == sum(package.size for package in wheels)
    # a file of which nothing had come yet is asked for from its beginning
    left_out = [
        int(request.range.partition("=")[2].rstrip("-")) for request in server.requests[asked:] if request.range
    ]
    assert sum(left_out) == here
    assert not [event for event in fetching.events if isinstance(event, Output)]


def test_a_server_that_falls_silent_can_be_left_by_a_pause(wheels, store, server):
    server.fault("stall", 100_000)
    settings = FetchSettings(**{**vars(ONE_TRY), "stall_seconds": 600})
    pace = Pace()
    with Fetching(wheels, store, pace, settings) as fetching:
        wait_for(lambda: fetching.done == 200_000)
        pace.pause()
        server.mend()
        time.sleep(0.5)
        pace.resume()
        assert fetching.end().fetched_bytes == sum(package.size for package in wheels)


def test_who_begins_with_a_pause_asks_nobody(wheels, store, server):
    pace = Pace()
    pace.pause()
    with Fetching(wheels, store, pace) as fetching:
        time.sleep(0.5)
        assert server.requests == []
        pace.resume()
        fetching.end()


def test_a_stop_is_heard_during_a_pause(wheels, store):
    pace = Pace()
    pace.pause()
    with Fetching(wheels, store, pace) as fetching:
        time.sleep(0.2)
        fetching.cancel.request()
        with pytest.raises(Cancelled):
            fetching.end()


def test_files_of_this_computer_rest_too(wheels, store, server):
    local = [package_of(path) for path in sorted(server.folder.glob("*.whl"))]
    pace = Pace(LEAST)
    with Fetching(local, store, pace) as fetching:
        wait_for(lambda: fetching.done)
        pace.pause()
        pace.limit = None
        time.sleep(0.3)
        assert not all(store.has(package) for package in wheels)
        pace.resume()
        fetching.end()
    assert all(store.verify(package) for package in wheels)
