"""The packages for Linux: the folder anywhere, the wheel, and the .deb on clean systems of Debian."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from helpers.fault_lab import make_wheels
from helpers.program import environment
from packages.conftest import DIST, FULL, TOP, built
from setupwizard import __version__
from setupwizard.resources import resource
from setupwizard.tools import pip
from setupwizard.tools.concurrency import Cancel

DEB_BYTES = 60_000_000
NO_DOMAIN = "cid-desktopapp-is-not-rdns"
"""The project owns no name of the Internet that its id could be made of."""
SECONDS = 1500


@pytest.fixture
def moved(linux_folder: Path, tmp_path: Path) -> Path:
    """Return the program of a copy of the folder, in a place that nobody foresaw."""
    shutil.copytree(linux_folder, tmp_path / "程序 folder", symlinks=True)
    return tmp_path / "程序 folder" / "setupwizard"


def start(*words: object, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words],
        env=environment(home, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_the_folder_examines_itself_wherever_it_lies(moved, tmp_path):
    file = tmp_path / "said.json"
    ended = start(moved, "--self-test", "--json", file, home=tmp_path / "home")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    said = json.loads(file.read_text("utf-8"))
    jsonschema.validate(said, json.loads(resource("schema", "selftest.schema.json").read_text("utf-8")))
    assert said["packaged"]
    assert said["program"] == str(moved)
    assert said["version"] == __version__
    assert {check["status"] for check in said["checks"]} == {"pass"}
    assert said["checks"][-1]["text"].endswith("network: networkmanager")  # asked before a download, for a metered line


def failing(program: Path, folder: Path) -> dict[str, str]:
    """Return which checks of the program's own examination fail, and what they say."""
    file = folder / "said.json"
    # uv of the person's own may lie in ~/.local/bin: the home is another one, so there is none
    ended = start(program, "--self-test", "--json", file, home=folder / "home")
    checks = json.loads(file.read_text("utf-8"))["checks"]
    failed = {check["id"]: check["text"] for check in checks if check["status"] == "fail"}
    assert ended.returncode == bool(failed), ended.stderr
    return failed


def test_a_folder_that_lacks_a_program_says_so(moved, tmp_path):
    (moved.parent / "_internal" / "bin" / "uv").unlink()
    failed = failing(moved, tmp_path)
    assert list(failed) == ["uv", "environment"], failed


def test_a_folder_whose_window_dies_says_how(moved, tmp_path):
    """Without this part Qt ends the process by a signal."""
    (moved.parent / "_internal/PySide6/Qt/plugins/platforms/libqoffscreen.so").unlink()
    failed = failing(moved, tmp_path)
    assert list(failed) == ["window"], failed
    assert "(exit status -6)" in failed["window"]


def test_settings_of_another_python_do_not_reach_it(moved, tmp_path):
    (tmp_path / "click.py").write_text("raise SystemExit(99)")
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit(99)")
    there = {"PYTHONPATH": str(tmp_path), "PYTHONHOME": str(tmp_path), "LD_LIBRARY_PATH": str(tmp_path)}
    ended = start(moved, "--version", home=tmp_path / "home", **there)
    assert (ended.returncode, ended.stdout.strip()) == (0, f"setupwizard {__version__}")


def test_it_looks_at_the_computer_and_decides(moved, tmp_path):
    machine = tmp_path / "machine.json"
    found = start(moved, "detect", "--json", "--save", machine, home=tmp_path / "home")
    assert found.returncode == 0, found.stderr
    decided = start(moved, "recommend", "--machine", machine, "--cpu", "--json", home=tmp_path / "home")
    assert decided.returncode == 0, decided.stderr
    assert json.loads(decided.stdout)["build"]["variant"] == "cpu"


def test_it_carries_its_papers(linux_folder):
    assert "LESSER GENERAL PUBLIC LICENSE" in (linux_folder / "licences" / "LGPL-3.0.txt").read_text("utf-8")
    (bill,) = linux_folder.glob("*.cdx.json")
    parts = {part["name"] for part in json.loads(bill.read_text("utf-8"))["components"]}
    assert {"CPython", "PySide6_Essentials", "uv", "pip", "msgspec"} <= parts


def test_qt_can_be_replaced(linux_folder):
    """The LGPL: Qt lies there as libraries of its own, none is part of our program."""
    libraries = {file.name for file in (linux_folder / "_internal" / "PySide6" / "Qt" / "lib").iterdir()}
    assert {"libQt6Core.so.6", "libQt6Gui.so.6", "libQt6Widgets.so.6"} <= libraries


def test_nothing_is_missing_that_is_not_the_systems(linux_folder):
    own = {file.name for file in linux_folder.rglob("*.so*")}
    system = {"libwayland-client.so.0", "libwayland-cursor.so.0", "libwayland-egl.so.1", "libEGL.so.1", "libGL.so.1"}
    for library in linux_folder.rglob("*.so*"):
        told = subprocess.run(["ldd", library], capture_output=True, text=True, check=False).stdout
        missing = {line.split()[0] for line in told.splitlines() if "not found" in line}
        assert missing <= own | system, library


@pytest.fixture
def deb() -> Path:
    if sys.platform != "linux":
        pytest.skip("a .deb is for Linux")
    (file,) = sorted(DIST.glob(f"setupwizard_{__version__}_*.deb")) or [DIST / "setupwizard.deb"]
    return built(file, "make package-linux")


def clean(release: str, deb: Path, folder: Path, script: str, *, mount: tuple[str, ...] = ()) -> str:
    """Run a script on a clean Debian with the package and return what it prints."""
    done = subprocess.run(
        [TOP / "packaging" / "linux" / "clean.sh", release, deb, folder],
        input=script,
        env={**os.environ, "MOUNT": ":".join(mount)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode == 75:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_the_deb_is_small(deb):
    assert deb.stat().st_size <= DEB_BYTES


def test_the_deb_is_in_order(deb, tmp_path):
    """What the desktop reads is valid, where the programs that tell are installed."""
    subprocess.run(["dpkg-deb", "-x", deb, tmp_path], check=True)
    data = tmp_path / "usr" / "share"
    assert (data / "icons" / "hicolor" / "128x128" / "apps" / "setupwizard.png").is_file()
    assert (tmp_path / "usr" / "lib" / "setupwizard" / "managed.txt").is_file()  # no notice of newer versions
    assert (
        tmp_path / "usr" / "bin" / "setupwizard"
    ).resolve() == tmp_path / "usr" / "lib" / "setupwizard" / "setupwizard"
    desktop, about = data / "applications" / "setupwizard.desktop", data / "metainfo" / "setupwizard.metainfo.xml"
    for argv in (
        ["desktop-file-validate", desktop],
        ["appstreamcli", "validate", "--no-net", f"--override={NO_DOMAIN}=info", about],
    ):
        if shutil.which(argv[0]) is None:
            pytest.skip(f"{argv[0]} is not installed (scripts/set_up_tests.sh)")
        told = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stdout + told.stderr


WINDOW = """
setupwizard --self-test --json /test/said.json
xvfb-run -a -s '-screen 0 1280x800x24' bash -euc '
    setupwizard & program=$!
    for second in $(seq 60); do xwininfo -root -tree | grep -q "PyTorch Setup" && break; sleep 1; done
    xwininfo -root -tree | grep "PyTorch Setup" | head -1
    kill $program; wait $program || true'
"""


PURGE = r"""
made() {
    mkdir -p "$1/gens/0001"
    echo '{"what": "root", "time": "2026-11-29T05:01:53Z", "run": "1", "made": true}' >"$1/journal.jsonl"
}
useradd --create-home mia
made /root/pytorch
made '/home/mia/深度 学习'
mkdir -p /home/mia/.local/state/setupwizard
echo '{"roots": ["/home/mia/深度 学习"]}' >/home/mia/.local/state/setupwizard/environments.json
chown -R mia /home/mia
apt-get purge -y -q setupwizard 2>/dev/null
ls -d /root/pytorch/gens/0001 '/home/mia/深度 学习/gens/0001'
find / -xdev -path /proc -prune -o -name '*setupwizard*' -print | grep -v '^/root/\|^/home/\|^/var/log\|^/test' ||
    echo nothing is left
"""
STAYS = """These PyTorch environments stay, and work without setupwizard:
  /root/pytorch
  /home/mia/深度 学习
"""


@FULL
@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_it_starts_on_a_clean_debian_and_goes_without_a_trace(release, deb, tmp_path):
    out = clean(
        release,
        deb,
        tmp_path,
        f"{WINDOW}\n{PURGE}",
    )
    assert "PyTorch Setup" in out
    assert "nothing is left" in out
    assert STAYS in out
    assert "/home/mia/深度 学习/gens/0001" in out
    assert json.loads((tmp_path / "said.json").read_text("utf-8"))["passed"]


@FULL
def test_on_debian_12_the_text_flow_ends_in_a_proved_torch(deb, tmp_path):
    """The wheels that pip on this machine is set up to find are shown to it, and the same settings."""
    settings = {one.name: one.value for one in pip.user_settings(tmp_path, cancel=Cancel())}
    wheels = [Path(word.removeprefix("file://")) for word in settings.get("find-links", "").split()]
    # The pages of an index of files lead to files beside it.
    pages = [Path(word.removeprefix("file://")).parent for word in settings.get("extra-index-url", "").split()]
    folders = [folder for folder in (*wheels, *pages) if folder.is_absolute() and folder.is_dir()]
    if not any(any(folder.glob("torch-*cp311*")) for folder in wheels):
        pytest.skip("pip on this machine is set up to find no torch for Python 3.11")
    rows = [f"{name} = {value}" for name, value in settings.items() if name != "cert"]
    (tmp_path / "pip.conf").write_text("[global]\n" + "\n".join(rows) + "\n")
    out = clean(
        "bookworm",
        deb,
        tmp_path,
        "cp /test/pip.conf /etc/pip.conf\n"
        "yes '' | head -n 8 | script -qec 'setupwizard --text' /test/typescript >/dev/null\n"
        "setupwizard verify --env /root/pytorch --level import --json",
        mount=tuple(map(str, folders)),
    )
    proof = json.loads(out)
    assert proof["passed"], out
    assert proof["torch"]["variant"] == "cpu"


@FULL
def test_on_debian_13_a_stand_in_is_installed(deb, tmp_path):
    """No torch for its Python lies on this machine, so a made-up one shows that the way there works."""
    decided = json.loads(clean("trixie", deb, tmp_path, "setupwizard recommend --cpu --json"))
    assert decided["build"]["python"].startswith("3.13")
    make_wheels(tmp_path, decided["build"]["torch"], tag="cp313")
    out = clean(
        "trixie",
        deb,
        tmp_path,
        "setupwizard apply --yes --cpu --source /test --env /root/torch --json\n"
        "/root/torch/current/bin/python -c 'import torch'",
    )
    assert json.loads(out)["status"] == "done", out
