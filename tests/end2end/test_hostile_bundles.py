"""Damaged and hostile plans and offline folders: refused with 17 or 18, and not a byte is written anywhere."""

import os
import shutil
import subprocess
import sys

import pytest

from helpers.bundle_lab import LOCK, BundleLab, edit_lock, edit_plan, reseal, sha256, tree

DAMAGED, INVALID = 17, 18


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One good folder for all; each row spoils a copy of its own."""
    lab = BundleLab(tmp_path_factory.mktemp("good"))
    ended = lab.make()
    assert ended.code == 0, ended.err
    return lab


def write(path, data):
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def flip(path, place=100):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


def wheel(bundle, name="torch"):
    return next((bundle / "wheels").glob(f"{name}-*.whl"))


def to_link(path, target=None):
    """Put a link in the place of a file: to the same bytes elsewhere, so that the hash alone would be right."""
    away = path.parent.parent / f"away-{path.name}"
    shutil.move(path, away)
    path.symlink_to(target or away)


def folder_to_link(bundle):
    shutil.move(bundle / "wheels", bundle.parent / "away-wheels")
    (bundle / "wheels").symlink_to(bundle.parent / "away-wheels")


def swapped(bundle):
    one, two = wheel(bundle, "numpy"), wheel(bundle, "pip")
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def listed(path, **more):
    """Add a row to the list."""
    return lambda bundle: reseal(
        bundle, lambda document: document["files"].append({"path": path, "size": 1, "sha256": "0" * 64, **more})
    )


def lock_path(new):
    """Let the lock lead its first wheel elsewhere, with everything that holds its hash made right."""

    def change(bundle):
        old = f'path = "wheels/{wheel(bundle, "numpy").name}"'
        edit_lock(bundle, lambda text: text.replace(old, f"path = {new!r}", 1))

    return change


def lock_text(old, new):
    return lambda bundle: edit_lock(bundle, lambda text: text.replace(old, new, 1))


def plan_text(old, new):
    def change(bundle):
        file = bundle / "plan.toml"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        reseal(bundle)

    return change


def plan_row(**more):
    return lambda bundle: edit_plan(bundle, lambda plan: plan["build"][0].update(more))


def manifest_text(old, new):
    def change(bundle):
        file = bundle / "bundle.json"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def manifest(**more):
    return lambda bundle: reseal(bundle, lambda document: document.update(more))


def bomb_in_a_wheel(bundle):
    """A wheel with the right hash whose member climbs out: the installer and the audit stand behind the list."""
    import zipfile

    path = wheel(bundle, "numpy")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../../../escaped.py", b"out = True\n")
    edit_lock(bundle, lambda text: _with_hash(text, path))


def _with_hash(text, path):
    rows = text.splitlines()
    for number, row in enumerate(rows):
        if path.name in row:
            head = row.partition("size = ")[0]
            rows[number] = f'{head}size = {path.stat().st_size}, hashes = {{sha256 = "{sha256(path)}"}}}}]'
    return "\n".join(rows) + "\n"


ROWS = {
    # damage: what a bad stick, a broken copy, a bad disk do
    "wheel cut": (DAMAGED, lambda b: write(wheel(b), wheel(b).read_bytes()[:-1000])),
    "wheel with one bit flipped": (DAMAGED, lambda b: flip(wheel(b))),
    "wheel missing": (DAMAGED, lambda b: wheel(b).unlink()),
    "two wheels swapped": (DAMAGED, swapped),
    "wheel with bytes behind its end": (DAMAGED, lambda b: write(wheel(b), wheel(b).read_bytes() + b"x")),
    "wheel empty": (DAMAGED, lambda b: write(wheel(b), b"")),
    "plan flipped": (DAMAGED, lambda b: flip(b / "plan.toml", 3)),
    "lock flipped": (DAMAGED, lambda b: flip(b / LOCK, 3)),
    "lock missing": (DAMAGED, lambda b: (b / LOCK).unlink()),
    "script changed": (DAMAGED, lambda b: write(b / "run.sh", (b / "run.sh").read_bytes().replace(b"setup", b"SETUP"))),
    "uv flipped": (DAMAGED, lambda b: (separate(b / "tools" / "uv"), flip(b / "tools" / "uv"))),
    "wheel is a folder": (INVALID, lambda b: (wheel(b).rename(b / "x"), (b / "wheels" / wheel_name(b)).mkdir())),
    # the list
    "list missing": (INVALID, lambda b: (b / "bundle.json").unlink()),
    "list cut": (INVALID, lambda b: write(b / "bundle.json", (b / "bundle.json").read_bytes()[:200])),
    "list empty": (INVALID, lambda b: write(b / "bundle.json", b"")),
    "list of another schema": (INVALID, manifest(schema=2)),
    "list with an unknown key": (INVALID, manifest(url="http://203.0.113.1/")),
    "list with a key twice": (INVALID, manifest_text('"schema"', '"schema": 1, "schema"')),
    "list huge": (INVALID, lambda b: write(b / "bundle.json", b" " * (5 << 20))),
    "list deeply nested": (INVALID, lambda b: write(b / "bundle.json", b"[" * 100_000)),
    "list of another plan": (INVALID, lambda b: manifest_sha(b)),
    "list with .. in a path": (INVALID, listed("../escaped")),
    "list with .. in the middle": (INVALID, listed("wheels/../../escaped")),
    "list with an absolute path": (INVALID, listed("/etc/passwd")),
    "list with a drive": (INVALID, listed("C:/Windows/x")),
    "list with a backslash": (INVALID, listed("wheels\\..\\x")),
    "list with a stream": (INVALID, listed("plan.toml:hidden")),
    "list with a device": (INVALID, listed("wheels/NUL.whl")),
    "list with a name that Windows shortens": (INVALID, listed("wheels/a.whl. ")),
    "list with a control character": (INVALID, listed("wheels/a\n.whl")),
    "list with one file twice": (INVALID, listed("PLAN.TOML")),
    "list with a size below nothing": (INVALID, listed("x", size=-1)),
    "list with a size of text": (INVALID, listed("x", size="1")),
    "list with a number that is none": (INVALID, manifest_text('"size": ', '"size": NaN, "size": ')),
    "list with another platform": (INVALID, manifest(platforms=["win_amd64"])),
    # links
    "list is a link": (INVALID, lambda b: to_link(b / "bundle.json")),
    "plan is a link": (INVALID, lambda b: to_link(b / "plan.toml")),
    "lock is a link": (INVALID, lambda b: to_link(b / LOCK)),
    "wheel is a link to the same bytes": (INVALID, lambda b: to_link(wheel(b))),
    "folder of wheels is a link": (INVALID, folder_to_link),
    "wheel is a pipe": (INVALID, lambda b: pipe(wheel(b))),
    # the plan, believed by the list
    "plan with an unknown key": (INVALID, plan_text("schema = 1", 'schema = 1\nindex = "http://203.0.113.1/"')),
    "plan with a command": (INVALID, plan_row(argv=["sh", "-c", "true"])),
    "plan with a key twice": (INVALID, plan_text("schema = 1", "schema = 1\nschema = 1")),
    "plan of another schema": (INVALID, plan_text("schema = 1", "schema = 2")),
    "plan with a lock elsewhere": (INVALID, plan_row(lock="../pylock.toml")),
    "plan with an absolute lock": (INVALID, plan_row(lock="/etc/pylock.toml")),
    "plan with a lock that is not listed": (INVALID, plan_row(lock="pylock.other.toml")),
    "plan with a variable": (INVALID, plan_row(variant="$(id)")),
    "plan with a line feed behind a name": (INVALID, plan_text('name = "lab"', 'name = "lab\\n"')),
    "plan with a driver that installs": (
        INVALID,
        lambda b: edit_plan(b, lambda p: p.update(driver={"policy": "install"})),
    ),
    "plan without a build": (INVALID, lambda b: edit_plan(b, lambda p: p.pop("build"))),
    "plan huge": (INVALID, lambda b: (write(b / "plan.toml", b"#" * (300 << 10)), reseal(b))),
    "plan with brackets without end": (INVALID, lambda b: (write(b / "plan.toml", b"x = " + b"[" * 50_000), reseal(b))),
    "plan with a number of a million digits": (
        INVALID,
        lambda b: (write(b / "plan.toml", b"x = " + b"1" * 200_000), reseal(b)),
    ),
    "plan with twenty thousand keys": (
        INVALID,
        lambda b: (write(b / "plan.toml", b"".join(b"a.b%d=1\n" % n for n in range(20_000))), reseal(b)),
    ),
    "plan that is no text": (INVALID, lambda b: (write(b / "plan.toml", b"\xff\xfe\x00"), reseal(b))),
    "plan of another torch than its lock": (INVALID, plan_row(torch="2.12.0")),
    "plan of another variant than its lock": (INVALID, plan_row(variant="cu126")),
    "plan with a companion that is not there": (INVALID, plan_row(companions=["torchvision==0.28.0"])),
    # the lock, believed by the plan and the list
    "lock with an address in place of a path": (INVALID, lock_text('path = "wheels/', 'url = "https://203.0.113.1/')),
    "lock with an address beside the path": (INVALID, lock_text("path =", 'url = "https://203.0.113.1/x.whl", path =')),
    "lock that leads out": (INVALID, lock_path("../../x.whl")),
    "lock with an absolute path": (INVALID, lock_path("/opt/numpy-2.3.0-py3-none-any.whl")),
    "lock with a file that is not listed": (INVALID, lock_path("wheels/x/numpy-2.3.0-py3-none-any.whl")),
    "lock with another hash than the list": (
        INVALID,
        lambda b: edit_lock(b, lambda text: text.replace(sha256(wheel(b)), "0" * 64)),
    ),
    "lock without a hash": (INVALID, lambda b: edit_lock(b, lambda text: text.replace("sha256 = ", "md5 = ", 1))),
    "lock with an unknown key": (INVALID, lock_text('created-by = "setupwizard"', 'created-by = "x"\nrun = "x"')),
    "lock with a source archive alone": (INVALID, lock_text("wheels = ", "vcs = ")),
    "lock with a package under another name": (INVALID, lock_text('name = "numpy"', 'name = "scipy"')),
    "wheel whose member climbs out": (DAMAGED, bomb_in_a_wheel),
}


def wheel_name(_bundle):
    return NAMES["torch"]


NAMES: dict[str, str] = {}


def manifest_sha(bundle):
    reseal(bundle, lambda document: document.update(plan_sha256="0" * 64))


def pipe(path):
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("name", ROWS)
def test_it_is_refused_and_nothing_is_written(name, made, tmp_path):
    code, spoil = ROWS[name]
    NAMES["torch"] = wheel(made.bundle).name
    folder = tmp_path / "in here"
    bundle = folder / "bundle"
    shutil.copytree(made.bundle, bundle, copy_function=os.link)
    for path in bundle.rglob("*"):
        if path.is_file() and path.stat().st_size < 8 << 20:
            separate(path)
    spoil(bundle)
    before = tree(tmp_path)
    words = ("--bundle", bundle, "--offline", "--machine", made.machine, "--env", folder / "root", "--json")
    result = made.run("apply", *words)
    error = result.document["error"]
    assert result.code == code, result.err
    assert error["code"] in {"plan-invalid", "bundle-damaged", "audit-failed"}
    assert error["title"]
    assert error["advice"]
    assert "Traceback" not in result.err
    after = tree(tmp_path)
    kept = {path: what for path, what in after.items() if not path.startswith("in here/root")}
    assert kept == before, "the folder and all around it are as they were"
    made_inside = [path for path in after if path.startswith("in here/root/gens/0001")]
    assert made_inside == [], "nothing half-made is left, least of all in use"


def separate(path):
    """Give a file bytes of its own, so that what is done to it happens to no other name of it."""
    data, mode = path.read_bytes(), path.stat().st_mode
    path.unlink()
    path.write_bytes(data)
    path.chmod(mode)


def test_the_good_one_is_taken(made, tmp_path):
    """The rows above are refused for what was spoilt, not for something that all of them share."""
    words = ("--bundle", made.bundle, "--offline", "--machine", made.machine, "--env", tmp_path / "root", "--json")
    assert made.run("apply", *words, "--dry-run").code == 0


PLANS = {
    "not there": lambda plan: plan.unlink(),
    "unknown key": lambda plan: plan.write_text("surprise = 1\n" + plan.read_text()),
    "lock at a stranger's server": lambda plan: relock(plan, "file://", "https://203.0.113.1"),
    "lock with a login": lambda plan: relock(plan, "file:///", "https://me:secret@download.pytorch.org/"),
    "lock by another protocol": lambda plan: relock(plan, "file://", "ftp://download.pytorch.org"),
    "lock without encryption": lambda plan: relock(plan, "file://", "http://download.pytorch.org"),
    "lock with a port of its own": lambda plan: relock(plan, "file://", "https://download.pytorch.org:8443"),
    "lock with a name that looks alike": lambda plan: relock(plan, "file://", "https://download.pytorch.org.example"),
    "lock with a file of another computer": lambda plan: relock(plan, "file://", "file://server/share"),
    "lock with another computer in the path": lambda plan: relock(plan, "file:///", "file:////server/share/"),
    "lock with another computer in disguise": lambda plan: relock(plan, "file:///", "file:///%2Fserver/share/"),
    "lock with another computer in Windows' way": lambda plan: relock(plan, "file:///", "file:///%5C%5Cserver/share/"),
    "lock with a file outside the folder": lambda plan: relock(plan, "/wheels/", "/wheels/../elsewhere/"),
    "lock with a path and no folder": lambda plan: relock(plan, 'url = "file://', 'path = "wheels'),
    "lock is a link": lambda plan: to_link(plan.parent / LOCK),
}


def relock(plan, old, new):
    lock = plan.parent / LOCK
    before = sha256(lock)
    text = lock.read_text("utf-8")
    assert old in text
    lock.write_text(text.replace(old, new, 1), encoding="utf-8")
    plan.write_text(plan.read_text("utf-8").replace(before, sha256(lock)), encoding="utf-8")


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_that_cannot_be_trusted_is_refused(name, tmp_path):
    lab = BundleLab(tmp_path / "in here")
    PLANS[name](lab.plan)
    before = tree(tmp_path)
    # whatever it names, nothing may be asked there: offline, so that this test sends nothing either
    ended = lab.apply(lab.plan, "--source", lab.wheels, "--offline")
    assert ended.code == INVALID, ended.err
    assert ended.document["error"]["code"] == "plan-invalid"
    assert {path: what for path, what in tree(tmp_path).items() if "/home" not in path} == {
        path: what for path, what in before.items() if "/home" not in path
    }


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at system calls, which strace shows on Linux")
@pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace here to watch the system calls")
def test_a_hostile_folder_makes_nobody_connect(made, tmp_path):
    folder = tmp_path / "bundle"
    shutil.copytree(made.bundle, folder)
    lock_text('path = "wheels/', 'url = "https://203.0.113.1/')(folder)
    trace = tmp_path / "trace"
    watched = ["strace", "-f", "-e", "trace=connect", "-o", trace, sys.executable, "-m", "setupwizard"]
    words = ["apply", "--bundle", folder, "--machine", made.machine, "--env", tmp_path / "root"]
    subprocess.run([*watched, *words], env=made.env, check=False, stdin=subprocess.DEVNULL, capture_output=True)
    assert "203.0.113.1" not in trace.read_text()
