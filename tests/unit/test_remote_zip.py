"""Small files out of an archive on a server: what is read, what it costs, and every way in which it may be refused."""

import struct
import zipfile

import pytest

from helpers.loopback import Answer, loopback
from helpers.wheel_index import WheelIndex, archive_of, torch_files, wheel_name
from setupwizard.errors import Cancelled
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.http import PATIENCE
from setupwizard.tools.remote_zip import Limits, Unasked, read_members

NAME = wheel_name("2.16.0+cu130")
HERE = Limits(hosts=frozenset({"127.0.0.1"}))
FILES = torch_files("2.16.0+cu130")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with WheelIndex() as one:
        yield one


def read(server, *names, limits=HERE, cancel=None):
    return read_members(f"{server.url}/files/cu130/{NAME}", lambda _all: names, limits=limits, cancel=cancel)


def file_on(server, folder):
    server.put(NAME, "cu130", folder / NAME)
    return folder / NAME


def why(server, *names, limits=HERE):
    with pytest.raises(Unasked) as caught:
        read(server, *names, limits=limits)
    return caught.value.why


def test_a_small_file_is_read_and_the_large_one_stays_there(server, tmp_path):
    large = {"torch/lib/libtorch_cuda.so": bytes(range(256)) * (30 << 10)}
    with zipfile.ZipFile(path := file_on(server, tmp_path), "w", zipfile.ZIP_STORED) as archive:
        for name, data in {**large, **FILES}.items():
            archive.writestr(name, data)
    found = read(server, "torch/version.py", "torch/cuda/__init__.py")
    assert found == {name: FILES[name] for name in ("torch/version.py", "torch/cuda/__init__.py")}
    assert path.stat().st_size > 7 << 20
    assert server.sent < 300 << 10


def test_an_archive_larger_than_four_gigabytes(server, tmp_path):
    path = tmp_path / NAME
    with path.open("wb") as file:
        file.seek(5 << 30)  # a sparse file: the gigabytes before it take no room
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in FILES.items():
                archive.writestr(name, data)
    server.put(NAME, "cu130", path)
    tail = path.open("rb")
    with tail:
        tail.seek(-98, 2)
        assert b"PK\x06\x06" in tail.read()  # a zip64 record is there indeed
    assert read(server, "torch/version.py")["torch/version.py"] == FILES["torch/version.py"]
    assert server.sent < 1 << 20


def test_many_files_cost_their_directory_and_no_more(server):
    many = {f"torch/include/a/rather/long/folder/name/file{number:05d}.h": b"" for number in range(12_000)}
    server.put(NAME, "cu130", archive_of({**many, **FILES}))
    assert read(server, "torch/version.py")["torch/version.py"] == FILES["torch/version.py"]
    assert server.sent < 4 << 20


def test_a_server_without_ranges(server):
    server.put(NAME, "cu130", archive_of(FILES))
    server.ranges = False
    assert why(server, "torch/version.py") == "no-range"


@pytest.mark.parametrize(
    ("status", "word"), [(404, "not-found"), (403, "not-found"), (503, "unreachable"), (416, "broken-archive")]
)
def test_a_server_that_refuses(server, status, word):
    server.status["/files/"] = status
    assert why(server, "torch/version.py") == word


def test_a_server_that_is_gone_is_unreachable():
    with WheelIndex() as gone:
        url = gone.url
    with pytest.raises(Unasked, match="unreachable"):
        read_members(url + "/a.whl", lambda _all: (), limits=HERE)


def test_another_host_is_not_even_asked(server):
    assert why(server, limits=Limits(hosts=frozenset({"download.pytorch.org"}))) == "foreign-host"
    assert server.requests == []


def test_a_redirect_to_another_host_is_not_believed(server):
    server.put(NAME, "cu130", archive_of(FILES))
    with loopback() as elsewhere:
        there = f"{server.url}/files/cu130/{NAME}".replace("127.0.0.1", "localhost")
        elsewhere.answers["/moved.whl"] = Answer(b"", 302, headers={"Location": there})
        with pytest.raises(Unasked, match="foreign-host"):
            read_members(elsewhere.url + "/moved.whl", lambda _all: ("torch/version.py",), limits=HERE)
        elsewhere.answers["/moved.whl"] = Answer(b"", 302, headers={"Location": f"{server.url}/files/cu130/{NAME}"})
        found = read_members(elsewhere.url + "/moved.whl", lambda _all: ("torch/version.py",), limits=HERE)
    assert found["torch/version.py"] == FILES["torch/version.py"]


def lying(files=FILES):
    """Return archives that lie, each in one way."""
    good = archive_of(files)
    end = good.rindex(b"PK\x05\x06")
    directory = good.index(b"PK\x01\x02")
    swapped = bytearray(good)
    swapped[max(directory, end - 20)] ^= 0xFF
    far = bytearray(good)
    struct.pack_into("<L", far, end + 16, 0x7FFFFFFF)
    wide = bytearray(good)
    struct.pack_into("<L", wide, end + 12, 0x7FFFFFFF)
    crc = bytearray(good)
    crc[directory + 16] ^= 0xFF
    method = bytearray(good)
    struct.pack_into("<H", method, directory + 10, 99)
    locked = bytearray(good)
    locked[directory + 8] |= 1
    return {
        "nothing": b"",
        "no archive": b"<html>log in</html>" * 10_000,
        "cut off": good[: len(good) // 2],
        "directory elsewhere": bytes(far),
        "directory too wide": bytes(wide),
        "another checksum": bytes(crc),
        "unknown compression": bytes(method),
        "locked": bytes(locked),
    }


@pytest.mark.parametrize("lie", lying())
def test_an_archive_that_lies(server, lie):
    server.put(NAME, "cu130", lying()[lie])
    assert why(server, "torch/__init__.py", "torch/version.py") in {"broken-archive", "no-range"}


def test_a_bomb_is_not_unpacked(server):
    server.put(NAME, "cu130", archive_of({**FILES, "torch/version.py": b"#" * (64 << 20)}))
    assert why(server, "torch/version.py") == "broken-archive"
    assert server.sent < 1 << 20


def test_a_size_that_is_not_true_is_found_out(server):
    data = bytearray(archive_of({**FILES, "torch/version.py": b"#" * (8 << 20)}))
    place = data.rindex(b"torch/version.py") - 46
    assert data[place : place + 4] == b"PK\x01\x02"
    struct.pack_into("<L", data, place + 24, 100)
    server.put(NAME, "cu130", bytes(data))
    assert why(server, "torch/version.py") == "broken-archive"


def test_the_same_name_twice_is_refused(server, tmp_path):
    with zipfile.ZipFile(file_on(server, tmp_path), "w") as archive:
        archive.writestr("torch/version.py", b"one")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("torch/version.py", b"two")
    assert why(server, "torch/version.py") == "broken-archive"


def test_a_directory_of_too_many_files_costs_no_more_than_the_budget(server):
    server.put(NAME, "cu130", archive_of({f"torch/{'x' * 200}{number}": b"" for number in range(2_000)}))
    assert why(server, "torch/version.py", limits=Limits(hosts=HERE.hosts, budget=200_000)) == "broken-archive"
    assert server.sent <= 200_000


def test_a_file_that_changes_in_between(server, tmp_path):
    with zipfile.ZipFile(file_on(server, tmp_path), "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("torch/version.py", b"x")
        archive.writestr("torch/lib/large.so", bytes(1 << 20))  # the first file is not in the piece at the end

    def names(_everything):
        server.put(NAME, "cu130", bytes(2 << 20))
        return ["torch/version.py"]

    with pytest.raises(Unasked, match="changed"):
        read_members(f"{server.url}/files/cu130/{NAME}", names, limits=HERE)


@pytest.mark.parametrize("told", ["bytes 0-0/5", "bytes */5", "bytes 1-1/5", "items 0-0/5", "bytes 0-0/*", ""])
def test_an_answer_that_is_another_range(told):
    with loopback() as server:
        server.answers["/a.whl"] = Answer(b"abc", 206, headers={"Content-Range": told})
        with pytest.raises(Unasked):
            read_members(server.url + "/a.whl", lambda _all: (), limits=HERE, settings=PATIENCE)


def test_a_wish_to_stop_ends_the_reading(server):
    server.put(NAME, "cu130", archive_of(FILES))
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        read(server, "torch/version.py", cancel=cancel)
