"""Wheels that are handed on while they arrive, and the build that goes on beside the download."""

import hashlib
import http.client
import threading
from urllib.parse import urlsplit

import pytest

from helpers.make_wheels import make_wheel, package_of, random_bytes
from helpers.waiting import wait_for
from setupwizard.store.feed import Feed
from setupwizard.store.wheels import WheelStore


@pytest.fixture
def wheel(tmp_path):
    return make_wheel(tmp_path / "wheels", "torch", "2.15.0+cpu", files={"torch/big.so": random_bytes(3_000_000)})


@pytest.fixture
def store(tmp_path):
    return WheelStore(tmp_path / "store 文")


def listen(url, got, status):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        status.append(answer.status)
        while chunk := answer.read1(1 << 16):
            got.extend(chunk)
    except (http.client.HTTPException, OSError) as error:
        status.append(error)
    finally:
        connection.close()


def begin(url):
    got, status = bytearray(), []
    thread = threading.Thread(target=listen, args=(url, got, status))
    thread.start()
    return thread, got, status


def test_a_wheel_is_handed_on_as_it_comes(wheel, store):
    package, whole = package_of(wheel), wheel.read_bytes()
    with Feed([package], store) as feed:
        thread, got, status = begin(feed.url_of(package))
        part = store.part_of(package)
        part.parent.mkdir(parents=True)
        with part.open("wb") as file:
            file.write(whole[:1_000_000])
            file.flush()
            wait_for(lambda: len(got) == 1_000_000)  # before the rest is there
            file.write(whole[1_000_000:])
        store.adopt(package, part)
        thread.join(60)
    assert status == [200]
    assert hashlib.sha256(got).hexdigest() == package.sha256


def test_a_listener_that_takes_nothing_does_not_keep_a_wheel_from_its_place(tmp_path, store):
    files = {"torch/big.so": random_bytes(30_000_000)}  # more than the system takes for a listener
    package = package_of(wheel := make_wheel(tmp_path / "wheels", "torch", "2.15.0+cpu", files=files))
    with Feed([package], store) as feed:
        part = store.part_of(package)
        part.parent.mkdir(parents=True)
        part.write_bytes(wheel.read_bytes())
        parts = urlsplit(feed.url_of(package))
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        got = answer.read(1)
        store.adopt(package, part)
        assert hashlib.sha256(got + answer.read()).hexdigest() == package.sha256
        connection.close()


def test_a_wheel_that_begins_anew_is_cut_off(wheel, store):
    package = package_of(wheel)
    with Feed([package], store) as feed:
        part = store.part_of(package)
        part.parent.mkdir(parents=True)
        part.write_bytes(wheel.read_bytes()[:500_000])
        thread, got, _status = begin(feed.url_of(package))
        wait_for(lambda: len(got) == 500_000)
        part.write_bytes(b"something else")
        thread.join(60)
    assert not thread.is_alive()
    assert len(got) == 500_000


def test_the_end_cuts_off_who_waits(wheel, store):
    package = package_of(wheel)
    with Feed([package], store) as feed:
        thread, got, status = begin(feed.url_of(package))
        wait_for(lambda: status == [200])
    thread.join(60)
    assert not thread.is_alive()
    assert not got


def test_only_who_knows_the_word_gets_anything(wheel, store):
    package = package_of(wheel)
    store.place_of(package).mkdir(parents=True)
    store.path_of(package).write_bytes(wheel.read_bytes())
    with Feed([package], store) as feed:
        right = feed.url_of(package)
        _scheme, _empty, host, word, sha256, file = right.split("/")
        for path in (f"{word[::-1]}/{sha256}/{file}", f"{word}/{'0' * 64}/{file}", f"{word}/../{file}"):
            thread, _got, status = begin(f"http://{host}/{path}")
            thread.join(60)
            assert status == [404]
        thread, got, status = begin(right)
        thread.join(60)
        assert (status, bytes(got)) == ([200], wheel.read_bytes())
