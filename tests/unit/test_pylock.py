"""Reading a lock strictly, and writing the one for the installer."""

import sys

import pytest

from setupwizard.errors import SetupError
from setupwizard.model.plan import Package
from setupwizard.tools.pylock import platform_tags, read_lock, target_tags, write_lock

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
SHA = "ab" * 32

ONE = """lock-version = "1.0"
created-by = "test"
[[packages]]
name = "six"
version = "1.16.0"
[[packages.wheels]]
name = "six-1.16.0-py2.py3-none-any.whl"
url = "{url}"
{extra}
[packages.wheels.hashes]
{hashes}
"""


def lock(tmp_path, url="https://files.example/six-1.16.0-py2.py3-none-any.whl", extra="", hashes=f'sha256 = "{SHA}"'):
    path = tmp_path / "pylock.toml"
    path.write_text(ONE.format(url=url, extra=extra, hashes=hashes))
    return path


def test_a_wheel_with_and_without_size(tmp_path):
    (wheel,) = read_lock(lock(tmp_path), python=MINOR)
    assert (wheel.name, wheel.version, wheel.sha256, wheel.size) == ("six", "1.16.0", SHA, None)
    (wheel,) = read_lock(lock(tmp_path, extra="size = 11"), python=MINOR)
    assert wheel.size == 11


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lock-version = 1",
        "[" * 5000,
        'lock-version = "9.0"\ncreated-by = "x"\npackages = []',
        'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "x"\nversion = "1"\n',
    ],
)
def test_what_is_no_lock_is_refused_with_a_sentence(text, tmp_path):
    path = tmp_path / "pylock.toml"
    path.write_text(text)
    with pytest.raises(SetupError) as caught:
        read_lock(path, python=MINOR)
    assert caught.value.code == "plan-invalid"


def test_a_wheel_without_sha256_or_for_another_python_is_refused(tmp_path):
    with pytest.raises(SetupError):
        read_lock(lock(tmp_path, hashes='md5 = "00"'), python=MINOR)
    other = lock(tmp_path)
    other.write_text(other.read_text().replace("py2.py3-none-any", "cp27-cp27m-win32"))
    with pytest.raises(SetupError):
        read_lock(other, python=MINOR)


def test_tags_of_other_pythons_and_of_free_threaded_ones():
    assert any(tag.interpreter == "cp312" and tag.abi == "cp312" for tag in target_tags("3.12"))
    assert any(tag.abi == "cp314t" for tag in target_tags("3.14t"))
    assert not any(tag.abi == "cp314" for tag in target_tags("3.14t"))


def test_the_installers_lock_reads_back_with_odd_paths(tmp_path):
    # Windows allows no quotation mark in a name.
    folder = tmp_path / ("wheels 'of' 测试" if sys.platform == "win32" else 'wheels "of" 测试')
    folder.mkdir()
    file = folder / "six-1.16.0-py2.py3-none-any.whl"
    file.touch()
    package = Package(
        name="six", version="1.16.0", file=file.name, sha256=SHA, size=0, url=file.as_uri(), origin="folder"
    )
    path = tmp_path / "pylock.toml"
    write_lock(path, [package], [file])
    import tomllib

    (entry,) = tomllib.loads(path.read_text("utf-8"))["packages"]
    assert entry["wheels"] == [{"name": file.name, "path": file.as_posix(), "size": 0, "hashes": {"sha256": SHA}}]


@pytest.mark.parametrize(
    ("platform", "first", "among"),
    [
        ("win_amd64", "win_amd64", "win_amd64"),
        ("linux_x86_64", "manylinux", "manylinux2014_x86_64"),
        ("linux_aarch64", "manylinux", "manylinux2014_aarch64"),
        ("macos_arm64", "macosx", "macosx_14_0_arm64"),
    ],
)
def test_another_computer_takes_the_wheels_of_its_own_platform(platform, first, among):
    tags = platform_tags(platform)
    assert tags[0].startswith(first)
    assert among in tags
    assert {tag.platform for tag in target_tags("3.12", platform)} == {*tags, "any"}
