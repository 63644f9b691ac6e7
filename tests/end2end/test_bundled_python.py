"""An offline folder that brings its own Python: for computers that have none."""

import json
import subprocess

import pytest

from helpers.bundle_lab import BundleLab
from helpers.python_mirror import (
    MINOR,
    VERSION,
    archive,
    give_another_python,
    interpreter_home,
    mirrored,
)

HOME = interpreter_home()
pytestmark = pytest.mark.skipif(isinstance(HOME, str), reason=str(HOME))


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    return archive(tmp_path_factory.mktemp("python"))


@pytest.fixture
def lab(tmp_path, packed):
    """Return a lab whose offline folder holds a Python, and whose computer has none of that version."""
    made = BundleLab(tmp_path)
    with mirrored(made, packed):
        ended = made.make()
        assert ended.code == 0, ended.err
    give_another_python(made)
    return made


def test_the_folder_names_its_python_and_lists_its_file(lab, packed):
    told = json.loads((lab.bundle / "bundle.json").read_text("utf-8"))
    (python,) = told["python"]
    assert (python["version"], python["path"]) == (VERSION, f"python/{packed.name}")
    row = next(row for row in told["files"] if row["path"] == python["path"])
    assert row["size"] == packed.stat().st_size
    assert "Python comes along" in (lab.bundle / "README.txt").read_text("utf-8")


def test_a_computer_without_that_python_gets_it_from_the_folder_without_any_network(lab):
    planned = lab.run("plan", "--bundle", lab.bundle, "--machine", lab.machine, "--env", lab.root, "--json").document
    assert planned["python"]["source"] == "bundled"
    row = next(row for row in planned["packages"] if row["name"] == "cpython")
    assert row["url"].startswith("file:")
    done = lab.apply("--bundle", lab.bundle, "--offline")
    assert done.code == 0, done.err
    python = lab.root / "current" / "bin" / "python"
    told = subprocess.run(
        [python, "-I", "-c", "import sys; print(sys.version)"], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith(f"{MINOR}.")
    again = lab.apply("--bundle", lab.bundle, "--offline")
    assert (again.code, again.document["status"], again.document["fetched_bytes"]) == (0, "already-done", 0)


def test_a_python_that_was_changed_in_the_folder_is_not_unpacked(lab, packed):
    place = lab.bundle / "python" / packed.name
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 0xFF
    place.write_bytes(bytes(content))
    ended = lab.apply("--bundle", lab.bundle, "--offline")
    assert ended.code == 17, ended.err
    assert not (lab.root / "pythons").exists()
