"""What an address says is read in one place, and no login gets into a message."""

from pathlib import Path

import pytest

from setupwizard.tools.addresses import file_of, host_of, local_path, origin_of, place_of

SECRET = "https://me:secret@Files.Example:8443/simple/torch/"


def test_a_host_a_place_and_an_origin_carry_no_login():
    assert host_of(SECRET) == "files.example"
    assert place_of(SECRET) == "Files.Example:8443"
    assert origin_of(SECRET) == "https://files.example:8443"


def test_two_schemes_or_two_ports_are_two_origins():
    addresses = ("http://a.example/x", "https://a.example/x", "https://a.example:444/x")
    assert len(set(map(origin_of, addresses))) == 3


@pytest.mark.parametrize(
    ("address", "file"),
    [
        (
            "https://x.example/a/torch-2.13.0%2Bcpu-py3-none-any.whl?token=1#sha256=00",
            "torch-2.13.0+cpu-py3-none-any.whl",
        ),
        ("wheels/six.whl", "six.whl"),
    ],
)
def test_the_name_of_a_file_is_what_its_address_ends_with(address, file):
    assert file_of(address) == file


def test_a_file_address_leads_back_to_its_path_whatever_its_letters(tmp_path):
    odd = tmp_path / "a b+c 测"
    assert local_path(odd.as_uri()) == odd
    assert local_path("https://x.example/y") is None


def test_a_file_in_a_shared_folder_keeps_the_computer_that_shares_it():
    assert local_path("file://server/share/a%20b.whl") == Path("//server/share/a b.whl")
    assert local_path("file://localhost/a.whl") == local_path("file:///a.whl")
