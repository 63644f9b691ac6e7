"""The comparison of an environment with its wheels."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from helpers.make_wheels import make_wheel, record_hash, unpack
from setupwizard.errors import Cancelled
from setupwizard.model.events import Progress
from setupwizard.store.audit import audit
from setupwizard.tools.concurrency import Cancel

FILES = {
    "alpha/__init__.py": b"A = 1\n",
    "alpha/lib/big.so": bytes(100_000),
    "alpha/naïve 文.txt": "ü".encode(),
    "alpha/empty": b"",
    "{data}/scripts/alpha": b"#!python\nprint(1)\n",
    "{data}/data/share/man/man1/alpha.1": b".TH alpha\n",
    "{data}/headers/alpha.h": b"int alpha;\n",
    "{data}/purelib/alpha_extra.py": b"E = 1\n",
    "{data}/platlib/alpha_native.so": b"\x7fELF",
}


class Environment:
    def __init__(self, folder: Path) -> None:
        self.prefix = folder / "env ü 环境"
        self.site = self.prefix / "lib" / "python3.11" / "site-packages"
        self.site.mkdir(parents=True)
        self.wheels = [
            make_wheel(folder / "wheels", "alpha", files=FILES),
            make_wheel(folder / "wheels", "beta", "2.0+cpu"),
        ]
        for wheel in self.wheels:
            unpack(wheel, self.site)

    def problems(self, **options):
        return {(problem.code, problem.path) for problem in audit(self.site, self.wheels, **options).problems}


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path)


def test_an_environment_as_it_should_be(environment):
    events = []
    result = audit(environment.site, environment.wheels, emit=events.append)
    assert result.problems == ()
    assert result.passed
    assert result.files == len(FILES) + 2 + 1 + 2
    assert isinstance(events[-1], Progress)
    assert (events[-1].id, events[-1].unit) == ("audit", "files")
    assert events[-1].done == events[-1].total == result.files


def test_a_relative_path_is_as_good(environment, monkeypatch):
    monkeypatch.chdir(environment.prefix)
    assert audit(Path("lib/python3.11/site-packages"), environment.wheels).passed


@pytest.mark.parametrize(
    "path",
    [
        "alpha/__init__.py",
        "alpha/lib/big.so",
        "alpha/naïve 文.txt",
        "alpha/empty",
        "alpha_extra.py",
        "alpha_native.so",
        "alpha-1.0.dist-info/METADATA",
        "../../../share/man/man1/alpha.1",
        "../../../include/site/python3.11/alpha/alpha.h",
        "../../../bin/alpha",
    ],
)
def test_a_missing_file_is_found_and_named(environment, path):
    (environment.site / path).unlink()
    found = environment.problems()
    assert {code for code, _path in found} == {"missing"}
    assert len(found) == 1
    assert next(iter(found))[1].rpartition("/")[2] == path.rpartition("/")[2]


@pytest.mark.parametrize("path", ["alpha/lib/big.so", "alpha_extra.py", "../../../share/man/man1/alpha.1"])
def test_one_changed_byte_is_found(environment, path):
    file = environment.site / path
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert [code for code, _path in environment.problems()] == ["changed"]


def test_a_file_that_became_a_folder(environment):
    (environment.site / "alpha/lib/big.so").unlink()
    (environment.site / "alpha/lib/big.so").mkdir()
    assert environment.problems() == {("missing", "alpha/lib/big.so")}


def test_the_first_line_of_a_script_may_be_another(environment):
    script = environment.prefix / "bin" / "alpha"
    script.write_bytes(b"#!/elsewhere/python\nprint(1)\n")
    assert environment.problems() == set()


def test_a_truncated_record_in_the_environment(environment):
    record = environment.site / "alpha-1.0.dist-info" / "RECORD"
    record.write_bytes(record.read_bytes()[:60])
    assert environment.problems() == {("record-incomplete", "alpha-1.0.dist-info/RECORD")}
    record.write_bytes(b"")
    assert environment.problems() == {("record-incomplete", "alpha-1.0.dist-info/RECORD")}
    record.write_bytes(b"\xff\xfe\0")
    assert environment.problems() == {("record-unreadable", "alpha-1.0.dist-info/RECORD")}
    record.unlink()
    assert environment.problems() == {("record-unreadable", "alpha-1.0.dist-info/RECORD")}


def test_a_lying_record_in_the_environment_covers_nothing(environment):
    """Somebody changed a file and noted its new hash."""
    file = environment.site / "alpha" / "__init__.py"
    record = environment.site / "alpha-1.0.dist-info" / "RECORD"
    old, new = record_hash(file.read_bytes()), record_hash(b"A = 2\n")
    file.write_bytes(b"A = 2\n")
    record.write_text(record.read_text().replace(old, new))
    assert environment.problems() == {
        ("changed", "alpha/__init__.py"),
        ("record-wrong", "alpha-1.0.dist-info/RECORD"),
    }


def test_a_package_whose_metadata_is_gone(environment):
    import shutil

    shutil.rmtree(environment.site / "beta-2.0+cpu.dist-info")
    codes = {code for code, _path in environment.problems()}
    assert codes == {"missing", "record-unreadable"}


def test_only_metadata_and_no_payload(environment):
    """What uv was seen to leave after a kill."""
    import shutil

    shutil.rmtree(environment.site / "alpha")
    assert {path for code, path in environment.problems() if code == "missing"} == {
        path for path in FILES if path.startswith("alpha/")
    }


def test_compiled_caches_are_allowed_and_other_files_are_not(environment):
    cache = environment.site / "alpha" / "__pycache__"
    cache.mkdir()
    (cache / "__init__.cpython-311.pyc").write_bytes(b"x")
    (cache / "__init__.cpython-311.pyc.140737").write_bytes(b"x")
    (environment.site / "_virtualenv.py").write_text("")
    (environment.site / "_virtualenv.pth").write_text("")
    assert environment.problems() == set()
    (environment.site / "alpha" / "leftover.py").write_text("")
    (environment.site / "evil.pth").write_text("import os")
    (cache / "sitecustomize.py").write_text("")
    assert environment.problems() == {
        ("extra-file", "alpha/leftover.py"),
        ("extra-file", "evil.pth"),
        ("extra-file", "alpha/__pycache__/sitecustomize.py"),
    }


@pytest.mark.posix_only("links need rights there")
def test_links_to_other_folders_are_named_and_not_followed(environment, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.py").write_text("")
    (environment.site / "linked").symlink_to(tmp_path / "other", target_is_directory=True)
    assert environment.problems() == {("extra-file", "linked")}


def test_a_package_of_the_user_is_named_once(environment, tmp_path):
    unpack(
        make_wheel(tmp_path / "more", "Their_Package", "3.1", files={"their/x.py": b"", "their/y.py": b""}),
        environment.site,
    )
    result = audit(environment.site, environment.wheels)
    assert result.extra_packages == ("their-package",)
    assert [problem.code for problem in result.problems] == ["foreign-package"]
    assert not result.passed
    assert audit(environment.site, environment.wheels, allowed=["their.package"]).passed


def test_a_file_that_two_wheels_own_may_be_either(tmp_path):
    environment = Environment(tmp_path)
    more = [
        make_wheel(
            tmp_path / "wheels", f"nvfake_{name}", files={"nvidia/__init__.py": content, f"nvidia/{name}.py": b""}
        )
        for name, content in (("one", b""), ("two", b"# shared\n"))
    ]
    for wheel in more:
        environment.wheels.append(wheel)
        unpack(wheel, environment.site)
    found = environment.problems()
    assert found <= {("record-wrong", "nvfake_one-1.0.dist-info/RECORD")}
    (environment.site / "nvidia" / "__init__.py").write_bytes(b"# neither\n")
    assert ("changed", "nvidia/__init__.py") in environment.problems()


# ---- wheels that are wrong themselves ----


def broken(tmp_path, kind):
    environment = Environment(tmp_path)
    wheel = make_wheel(tmp_path / "wheels", "gamma", files={"gamma/__init__.py": b"G = 1\n"}, broken=kind)
    environment.wheels.append(wheel)
    return environment, wheel


def test_a_wheel_whose_record_lies_is_refused(tmp_path):
    environment, wheel = broken(tmp_path, "lying-record")
    unpack(wheel, environment.site)
    codes = {code for code, _path in environment.problems()}
    assert codes == {"changed", "record-wrong"}


def test_files_that_a_wheel_does_not_record_are_compared_with_the_wheel(tmp_path):
    environment, wheel = broken(tmp_path, "truncated-record")
    unpack(wheel, environment.site)
    assert environment.problems() == set()
    (environment.site / "gamma-1.0.dist-info" / "METADATA").write_text("Name: gamma\n")
    assert ("changed", "gamma-1.0.dist-info/METADATA") in environment.problems()


def test_a_hash_that_proves_nothing_is_not_believed(tmp_path):
    environment, wheel = broken(tmp_path, "weak-hash")
    unpack(wheel, environment.site)
    assert environment.problems() == set()
    (environment.site / "gamma" / "__init__.py").write_bytes(b"G = 2\n")
    assert ("changed", "gamma/__init__.py") in environment.problems()


@pytest.mark.parametrize(("kind", "path"), [("traversal", "../../escaped.py"), ("absolute", "/etc/hostname")])
def test_a_path_that_leads_out_is_refused_and_never_read(tmp_path, kind, path):
    environment, _wheel = broken(tmp_path, kind)
    good = make_wheel(tmp_path / "good", "gamma", files={"gamma/__init__.py": b"G = 1\n"})
    unpack(good, environment.site)
    assert ("unsafe-path", path) in environment.problems()
    assert ("missing", path) not in environment.problems()


@pytest.mark.parametrize(
    "path",
    [
        "{data}/data/../../../escaped",
        "{data}/scripts/../../escaped",
        "{data}/unknown/file",
        "{data}/file",
        "C:/Windows/x.dll",
        "a\\..\\..\\x",
        "gamma/x.py:stream",
    ],
)
def test_no_path_of_a_wheel_leads_out(tmp_path, path):
    environment = Environment(tmp_path)
    environment.wheels.append(make_wheel(tmp_path / "wheels", "gamma", files={path: b"x"}))
    assert "unsafe-path" in {code for code, _path in environment.problems()}


@pytest.mark.parametrize("kind", ["no-record", "not-a-zip"])
def test_a_wheel_that_cannot_be_read(tmp_path, kind):
    environment, wheel = broken(tmp_path, kind)
    assert environment.problems() == {("wheel-unreadable", wheel.name)}


def test_a_wheel_that_is_not_there(environment, tmp_path):
    environment.wheels.append(tmp_path / "gone-1.0-py3-none-any.whl")
    assert environment.problems() == {("wheel-unreadable", "gone-1.0-py3-none-any.whl")}


def test_an_empty_environment_lacks_every_file(environment, tmp_path):
    (tmp_path / "empty" / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
    result = audit(tmp_path / "empty" / "lib" / "python3.11" / "site-packages", environment.wheels)
    assert sum(problem.code == "missing" for problem in result.problems) == result.files


def test_the_shape_that_windows_has(tmp_path):
    from helpers.make_wheels import unpack as unpack_posix

    wheel = make_wheel(tmp_path / "wheels", "alpha", files=FILES)
    posix = tmp_path / "posix" / "lib" / "python3.11" / "site-packages"
    posix.mkdir(parents=True)
    unpack_posix(wheel, posix)
    windows = tmp_path / "windows"
    (windows / "Lib").mkdir(parents=True)
    posix.rename(windows / "Lib" / "site-packages")
    (tmp_path / "posix" / "bin").rename(windows / "Scripts")
    (tmp_path / "posix" / "share").rename(windows / "share")
    (windows / "Include").mkdir()
    (tmp_path / "posix" / "include" / "site" / "python3.11" / "alpha").rename(windows / "Include" / "alpha")
    assert audit(windows / "Lib" / "site-packages", [wheel]).problems == ()
    (windows / "Scripts" / "alpha").unlink()
    assert len(audit(windows / "Lib" / "site-packages", [wheel]).problems) == 1


def test_it_can_be_stopped(environment):
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        audit(environment.site, environment.wheels, cancel=cancel)


def test_it_can_be_stopped_in_the_midst(environment, tmp_path):
    many = make_wheel(
        tmp_path / "wheels", "many", files={f"many/f{number}.py": b"x" * number for number in range(3000)}
    )
    unpack(many, environment.site)
    cancel = Cancel()

    def stop(_event):
        cancel.request()

    with pytest.raises(Cancelled):
        audit(environment.site, [*environment.wheels, many], emit=stop, cancel=cancel)


def test_it_can_be_stopped_in_the_midst_of_a_large_file(environment):
    with (environment.site / "alpha" / "lib" / "big.so").open("r+b") as file:
        file.truncate(1 << 34)
    cancel = Cancel()
    threading.Timer(0.3, cancel.request).start()
    with pytest.raises(Cancelled):
        audit(environment.site, environment.wheels, cancel=cancel)
