"""Rows of the fault matrix that need a hand: processes that end, full disks, files that are held, paths, settings."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from faults.rows import TORCH, WAY, Fault, Row
from helpers.fault_lab import Lab, outcome_of
from helpers.program import Ended

KILLED = 137
MIB = 1 << 20


def _fetching(lab: Lab, at_least: int = MIB // 2, *, rate: int = 1_200_000) -> subprocess.Popen[str]:
    """Start an install over a slow line and return while the wheel of torch is on its way."""
    lab.server.fault("slow", rate, match=TORCH)
    child = lab.start()
    _wait(lambda: any(size >= at_least for name, size in lab.kept().items() if name == "part"), child)
    return child


def _wait(until: Callable[[], bool], child: subprocess.Popen[str] | None = None, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not until():
        if child is not None and child.poll() is not None:
            pytest.fail(f"it ended too early with {child.returncode}: {child.communicate()[1]}")
        assert time.monotonic() < end, "waited for too long"
        time.sleep(0.02)


def _end(child: subprocess.Popen[str], timeout: float = 90) -> Ended:
    out, err = child.communicate(timeout=timeout)
    return Ended(child.returncode, out, err)


def _nobody_left(lab: Lab) -> None:
    """No process works below the root any more."""

    def left() -> list[str]:
        found = []
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or ()
            if process.pid != os.getpid() and any(str(lab.root) in word for word in words):
                found.append(" ".join(words))
        return found

    _wait(lambda: not left(), seconds=10)


def _reused(lab: Lab, ended: Ended) -> None:
    """A part that was left was gone on with."""
    assert outcome_of(ended)["reused_bytes"] > 0
    assert any(text and text.endswith("-") for text in lab.server.ranges)


# ---- processes that end ----


def _kill_and_go_on(lab: Lab) -> Ended:
    child = _fetching(lab, MIB)
    child.kill()
    child.communicate()
    _nobody_left(lab)
    lab.server.mend()
    return lab.apply()


def _kill_and_spoil(lab: Lab) -> Ended:
    """End it as a power cut does: what was written last is not what is found."""
    child = _fetching(lab, MIB)
    child.kill()
    child.communicate()
    part = next(lab.root.glob("store/*/part"))
    noted = json.loads(next(part.parent.glob("*.json")).read_text())["synced"]
    size = part.stat().st_size
    assert 0 < noted <= size
    with part.open("r+b") as file:
        file.seek(noted)
        file.write(b"\xff" * (size - noted + 5000))
    lab.server.mend()
    return lab.apply()


def _die_at(point: str) -> Callable[[Lab], Ended]:
    def act(lab: Lab) -> Ended:
        before = lab.env
        lab.env = {**before, "SETUPWIZARD_CRASH_AT": point}
        died = lab.apply()
        assert died.code == KILLED, died.err
        lab.env = before
        _nobody_left(lab)
        return lab.apply()

    return act


def _fetched_once(lab: Lab, _ended: Ended) -> None:
    sizes = [one for one in lab.server.asked_for(r"/files/torch-.*\.whl$") if one.method == "GET" and not one.range]
    assert len(sizes) == 1


def _stop(number: signal.Signals) -> Callable[[Lab], Ended]:
    def act(lab: Lab) -> Ended:
        child = _fetching(lab)
        child.send_signal(number)
        ended = _end(child)
        _nobody_left(lab)
        return ended

    return act


def _suspend(lab: Lab) -> Ended:
    """Sleep in the middle; the server gives the line up meanwhile."""
    lab.server.fault("drop", MIB, match=TORCH, times=1)
    child = _fetching(lab, MIB // 2)
    child.send_signal(signal.SIGSTOP)
    time.sleep(3)
    lab.server.mend()
    child.send_signal(signal.SIGCONT)
    return _end(child)


def _second(lab: Lab) -> Ended:
    first = _fetching(lab)
    started = len(lab.server.requests)
    second = lab.apply()
    probes = [one for one in lab.server.requests[started:] if "/whl/" in one.path]
    assert not probes, "the second copy asked the servers before it said that it may not"
    first.send_signal(signal.SIGTERM)
    assert _end(first).code == 22
    return second


# ---- disks ----


class Disk:
    """A small volume of its own, mounted where the root goes."""

    def __init__(self, place: Path, size: str) -> None:
        self.place = place
        place.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.skip(f"no volume can be mounted here: {done.stderr.strip()}")

    def remount(self, options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(self.place)], check=True)

    def free(self) -> None:
        subprocess.run(["umount", "-l", str(self.place)], check=False)


def _on_disk(size: str, act: Callable[[Lab, Disk], Ended]) -> Callable[[Lab], Ended]:
    """Run an install on a volume of that size; it is gone afterwards, whatever happens."""

    def run(lab: Lab) -> Ended:
        disk = Disk(lab.folder / "volume", size)
        lab.at_end.append(disk.free)
        lab.root = disk.place / "root"
        return act(lab, disk)

    return run


def _too_small(lab: Lab, disk: Disk) -> Ended:
    rehearsed = outcome_of(lab.apply("--dry-run"))
    assert (rehearsed["exit"], rehearsed["error"]["code"]) == (12, "disk-full"), "a rehearsal says so too"
    ended = lab.apply()
    assert not [one for one in lab.server.asked_for(r"/files/torch-.*\.whl$") if one.method == "GET" and _whole(one)]
    disk.remount("size=40m")
    return ended


def _whole(request) -> bool:  # type: ignore[no-untyped-def]
    return request.range is None or request.range.endswith("-")


def _filled(leave: int) -> Callable[[Lab, Disk], Ended]:
    """Let another program fill the volume while the wheel comes, down to so many free bytes."""

    def act(lab: Lab, disk: Disk) -> Ended:
        child = _fetching(lab, rate=600_000)
        filler = disk.place / "filler"
        free = shutil.disk_usage(disk.place).free
        filler.write_bytes(b"\0" * (free - leave))
        ended = _end(child)
        assert not lab.generations
        filler.unlink()
        return ended

    return act


def _read_only(lab: Lab, disk: Disk) -> Ended:
    disk.remount("ro")
    ended = lab.apply()
    assert not lab.server.requests, "it asked the servers although it may not write"
    disk.remount("rw")
    return ended


def _locked_file(lab: Lab) -> Ended:
    """Hold a file of the generation in use, as a running Jupyter does, through two more installs."""
    first = lab.apply()
    assert first.code == 0, first.err
    victim = lab.root / "gens" / "0001" / "lib" / f"python{_minor()}" / "site-packages" / "torch" / "m000.py"
    held = subprocess.run(["chattr", "+i", str(victim)], capture_output=True, text=True, check=False)
    if held.returncode != 0:
        pytest.skip(f"no file can be made immovable here: {held.stderr.strip()}")

    lab.at_end.append(lambda: subprocess.run(["chattr", "-R", "-f", "-i", str(lab.root / "gens")], check=False))
    for name in ("0001", "0002"):
        _damage(lab, name)
        ended = lab.apply()
        assert ended.code == 0, ended.err
    assert list(lab.root.glob("gens/0001*/**/m000.py")), "the file that was held is gone"
    assert lab.works()
    subprocess.run(["chattr", "-R", "-i", str(lab.root / "gens")], check=False)
    _damage(lab, "0003")
    ended = lab.apply()
    assert sorted(place.name for place in (lab.root / "gens").iterdir()) == ["0003", "0004"]
    return ended


def _damage(lab: Lab, name: str) -> None:
    """Change a file of a generation, so that the next install has something to do."""
    torch = lab.root / "gens" / name / "lib" / f"python{_minor()}" / "site-packages" / "torch"
    file = torch / "m001.py"
    file.unlink()
    file.write_bytes(b"X = 'changed'\n")


def _minor() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _fetched_nothing(lab: Lab) -> Ended:
    """Repair an environment whose wheels came from the simplest of servers."""
    lab.server.plain = True
    assert lab.apply().code == 0
    _damage(lab, "0001")
    before = len(lab.server.requests)
    ended = lab.apply()
    assert outcome_of(ended)["fetched_bytes"] == 0
    assert not [
        one for one in lab.server.requests[before:] if one.method == "GET" and one.path.endswith(".whl") and _whole(one)
    ]
    return ended


def _spoiled_store(lab: Lab) -> Ended:
    """A wheel of the store rots on the disk: a repair must not put it in use."""
    assert lab.apply().code == 0
    wheel = next(lab.root.glob("store/*/torch-*.whl"))
    wheel.chmod(0o644)
    with wheel.open("r+b") as file:
        file.seek(MIB)
        file.write(b"rotten")
    _damage(lab, "0001")
    return lab.apply()


# ---- paths, settings ----


def _at(*parts: str) -> Callable[[Lab], None]:
    def ready(lab: Lab) -> None:
        lab.root = lab.folder.joinpath(*parts)

    return ready


def _long(lab: Lab) -> None:
    name = "long" * 12
    lab.root = lab.folder
    while len(str(lab.root)) < 254 - len(name) - 1:
        lab.root = lab.root / name
    lab.root = lab.root / ("x" * (254 - len(str(lab.root)) - 1))
    assert len(str(lab.root)) == 254


def _hostile(lab: Lab) -> None:
    """Set everything that changes what pip, uv, conda and Python do, in the environment and in the current folder."""
    evil = f"{lab.server.base}/evil/simple"
    downloads = lab.folder / "Downloads"
    downloads.mkdir()
    (downloads / "torch.py").write_text("raise SystemExit('hijacked')\n")
    (downloads / "json.py").write_text("raise SystemExit('hijacked')\n")
    (downloads / "sitecustomize.py").write_text("raise SystemExit('hijacked')\n")
    (downloads / "uv.toml").write_text(f'extra-index-url = ["{evil}"]\nindex-strategy = "unsafe-best-match"\n')
    (downloads / "pyproject.toml").write_text(f'[tool.uv]\nextra-index-url = ["{evil}"]\n')
    for name in ("pip.ini", "pip.conf"):
        (downloads / name).write_text(f"[global]\nextra-index-url = {evil}\n")
    lab.cwd = downloads
    config = Path(lab.env["HOME"]) / ".config"
    for place, name in ((config / "uv", "uv.toml"), (config / "pip", "pip.conf")):
        place.mkdir(parents=True)
        shutil.copy(downloads / name, place / name)
    lab.env = {
        **lab.env,
        "PIP_INDEX_URL": evil,
        "PIP_EXTRA_INDEX_URL": evil,
        "PIP_FIND_LINKS": str(downloads),
        "PIP_TARGET": str(lab.folder / "target"),
        "PIP_USER": "1",
        "PIP_CONFIG_FILE": str(downloads / "pip.conf"),
        "UV_INDEX": evil,
        "UV_INDEX_URL": evil,
        "UV_DEFAULT_INDEX": evil,
        "UV_EXTRA_INDEX_URL": evil,
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_CONFIG_FILE": str(downloads / "uv.toml"),
        "UV_PYTHON": "/nonexistent/python",
        "UV_CACHE_DIR": str(lab.folder / "uv-cache"),
        "UV_SYSTEM_PYTHON": "1",
        "UV_PROJECT_ENVIRONMENT": str(lab.folder / "project"),
        "PYTHONPATH": str(downloads),
        "PYTHONHOME": str(downloads),
        "PYTHONSTARTUP": str(downloads / "torch.py"),
        "PYTHONINSPECT": "1",
        "PYTHONWARNINGS": "error",
        "VIRTUAL_ENV": str(lab.folder / "venv"),
        "CONDA_PREFIX": str(lab.folder / "conda"),
        "CONDA_DEFAULT_ENV": "base",
        "LD_PRELOAD": str(_preload(lab.folder)),
        "LD_LIBRARY_PATH": str(downloads),
    }


def _preload(folder: Path) -> Path:
    """Return a library that notes each process which loads it; where none can be made, one that is not there.

    The loader complains of that one in each process that is told to load it: ours may be, no child.
    """
    library = folder / "no-such-library.so"
    if shutil.which("gcc") is not None:
        source = folder / "preload.c"
        source.write_text(_PRELOAD.replace("PLACE", str(folder / "loaded")))
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return library


_PRELOAD = """
#include <stdio.h>
__attribute__((constructor)) static void note(void) {
    char line[4096];
    FILE *self = fopen("/proc/self/cmdline", "r"), *out = fopen("PLACE", "a");
    size_t size = self ? fread(line, 1, sizeof line - 1, self) : 0;
    for (size_t place = 0; place < size; place++) if (!line[place]) line[place] = ' ';
    if (out) { fprintf(out, "%.*s\\n", (int)size, line); fclose(out); }
    if (self) fclose(self);
}
"""


def _nothing_obeyed(lab: Lab, ended: Ended) -> None:
    assert not lab.server.asked_for(r"evil")
    for name in ("target", "uv-cache", "project", "venv", "conda"):
        assert not (lab.folder / name).exists()
    printed = "\n".join(event["text"] for event in ended.events if event["event"] == "output")
    assert "no-such-library" not in printed
    loaded = lab.folder / "loaded"
    if loaded.exists():
        lines = loaded.read_text().splitlines()
        assert lines
        assert all("-m setupwizard apply" in line for line in lines), lines
    assert "hijacked" not in ended.out + ended.err


def _secret_proxy(lab: Lab) -> None:
    """The proxy of the environment has a name and a password."""
    with_login = lab.server.base.replace("//", "//me:s3cr%40t@")
    lab.env = {**lab.env, "HTTP_PROXY": with_login, "HTTPS_PROXY": with_login, "http_proxy": with_login}


def _guard(lab: Lab) -> None:
    name = base64.b64encode(b"me:s3cr@t").decode()
    lab.server.guarded[r"^plain\.example$"] = f"Basic {name}"
    lab.server.holds[r"^plain\.example$"] = {"torch"}


def _secret_source(lab: Lab) -> None:
    """The user names a server with a login in its address."""
    _guard(lab)
    lab.source = ("--source", "https://me:s3cr%40t@plain.example/whl")


def _secret_index(lab: Lab) -> None:
    """The settings of pip name a server with a login in its address."""
    _guard(lab)
    lab.source = ("--source", "pip-config")
    lab.env = {
        **lab.env,
        "PIP_INDEX_URL": "https://me:s3cr%40t@plain.example/simple",
        "PIP_CONFIG_FILE": os.devnull,
    }


def _secret_kept(lab: Lab, ended: Ended) -> None:
    files = [path for place in (lab.root, Path(lab.env["HOME"])) for path in place.rglob("*") if path.is_file()]
    text = (
        ended.out
        + ended.err
        + "".join(path.read_text("utf-8", "replace") for path in files if path.stat().st_size < MIB)
    )
    assert "s3cr" not in text
    assert lab.server.asked_for(r"/files/torch-")


def _secret_kept_by_pip(lab: Lab, ended: Ended) -> None:
    assert "s3cr" not in ended.out + ended.err
    assert lab.server.asked_for(r"^plain\.example/files/torch-")


# ---- networks that are not there ----


def _direct(lab: Lab) -> None:
    """Without the proxy that stands for the whole internet."""
    lab.env = {name: value for name, value in lab.env.items() if not name.lower().endswith("_proxy")}


def _unplugged(lab: Lab) -> Ended:
    """In a network of its own with nothing in it."""
    _direct(lab)
    probe = subprocess.run(["unshare", "-rn", "true"], capture_output=True, text=True, check=False)
    if probe.returncode != 0:
        pytest.skip(f"no network of its own can be made here: {probe.stderr.strip()}")
    return lab.apply(before=("unshare", "-rn"))


def _unknown_name(lab: Lab) -> None:
    _direct(lab)
    lab.source = ("--source", "http://no-such-host.invalid/whl")


def _refused(lab: Lab) -> None:
    _direct(lab)
    lab.source = ("--source", f"http://127.0.0.1:{_free_port()}/whl")


def _dead_proxy(lab: Lab) -> None:
    dead = f"http://me:s3cr%40t@127.0.0.1:{_free_port()}"
    lab.env = {**lab.env, "HTTP_PROXY": dead, "HTTPS_PROXY": dead, "http_proxy": dead}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _blocked_by_proxy(lab: Lab) -> None:
    lab.server.fault("status", 403, match=WAY)


def _official_blocked(lab: Lab) -> None:
    """The official server is cut off, a mirror is not: nobody names a source."""
    lab.source = ()
    lab.server.fault("status", 403, match=WAY)
    lab.server.holds[r"^mirror\.nju\.edu\.cn$"] = {"torch"}


def _from_the_mirror(lab: Lab, ended: Ended) -> None:
    assert lab.server.asked_for(r"^mirror\.nju\.edu\.cn/files/torch-.*\.whl$")
    assert "NJU" in ended.err


def _source_change(lab: Lab) -> Ended:
    """The first server stops for good in the middle; the user goes on from another one."""
    child = _fetching(lab, MIB)
    child.send_signal(signal.SIGTERM)
    assert _end(child).code == 22
    lab.server.mend()
    lab.server.holds[r"^plain\.example$"] = {"torch"}
    lab.source = ("--source", "http://plain.example/whl")
    return lab.apply()


def _gone_on_elsewhere(lab: Lab, ended: Ended) -> None:
    ranges = [
        one.range
        for one in lab.server.asked_for(r"^plain\.example/files/torch-.*\.whl$")
        if one.method == "GET" and _whole(one)
    ]
    assert len(ranges) == 1
    assert ranges[0] is not None
    assert outcome_of(ended)["reused_bytes"] > 0


def _through_pip(lab: Lab) -> None:
    """The machine's own pip settings name the server."""
    lab.source = ("--source", "pip-config")
    lab.env = {**lab.env, "PIP_INDEX_URL": "https://plain.example/simple", "PIP_CONFIG_FILE": os.devnull}
    lab.server.holds[r"^plain\.example$"] = {"torch"}


def _through_pips_proxy(lab: Lab) -> None:
    """Only pip's settings know the proxy and the authority, as companies set it."""
    _through_pip(lab)
    authority = lab.env["SSL_CERT_FILE"]
    _direct(lab)
    lab.env = {name: value for name, value in lab.env.items() if name != "SSL_CERT_FILE"}
    lab.env |= {"PIP_PROXY": lab.server.base.replace("//", "//me:s3cr%40t@"), "PIP_CERT": authority}


POINTS = (
    *("after-fetch", "before-claim", "after-claim", "before-complete", "after-complete"),
    *("between-current-json-and-pointer", "after-pointer"),
)

ACTED: tuple[Row, ...] = (
    # ---- ended ----
    Row("kill -9 anywhere", "while it downloads", act=_kill_and_go_on, check=_reused),
    *(
        Row(
            "kill -9 anywhere",
            f"at {point}",
            act=_die_at(point),
            check=_fetched_once,
            full=True,
        )
        for point in POINTS
    ),
    Row("power loss", "the last bytes of the part are spoiled", act=_kill_and_spoil, check=_reused),
    Row("suspend / hibernate", "stopped for a while, the line is cut meanwhile", act=_suspend),
    Row("second instance", "on the same folder", act=_second, exit=19, code="busy", names=("root",), again=False),
    Row(
        "window closed mid-install",
        "asked to end politely",
        act=_stop(signal.SIGTERM),
        exit=22,
        code="cancelled",
        names=("kept",),
        kept=(MIB // 4, 4 * MIB),
    ),
    Row(
        "window closed mid-install",
        "Ctrl+C",
        act=_stop(signal.SIGINT),
        exit=22,
        code="cancelled",
        names=("kept",),
        kept=(MIB // 4, 4 * MIB),
        full=True,
    ),
    # ---- disks ----
    Row(
        "disk full (env)",
        "foreseen",
        act=_on_disk("10m", _too_small),
        exit=12,
        code="disk-full",
        names=("volume", "free"),
    ),
    Row(
        "disk full (env)",
        "another program fills it meanwhile",
        act=_on_disk("17m", _filled(3 * MIB)),
        exit=12,
        code="disk-full",
        names=("volume", "free"),
        full=True,
    ),
    Row(
        "disk full (cache)",
        "it fills up while the wheel comes",
        act=_on_disk("17m", _filled(300_000)),
        exit=12,
        code="disk-full",
        names=("volume", "free"),
        kept=(MIB // 4, 3 * MIB),
    ),
    Row(
        "read-only root",
        "the volume is mounted so",
        act=_on_disk("40m", _read_only),
        exit=13,
        code="root-not-writable",
        names=("volume",),
    ),
    Row("locked file (AV, running Jupyter)", "a file of an older generation cannot be removed", act=_locked_file),
    Row("mirror without ETag/Cache-Control", "a repair fetches nothing", act=_fetched_nothing),
    Row("corrupt body", "a wheel of the store rots on the disk", act=_spoiled_store, full=True),
    # ---- paths, settings ----
    Row("space, umlaut, CJK, 254-char prefix", "space", ready=_at("with space", "py torch"), full=True),
    Row("space, umlaut, CJK, 254-char prefix", "umlaut, CJK, quote, dollar", ready=_at("ümläut 环境", "it's $HOME")),
    Row("space, umlaut, CJK, 254-char prefix", "254 characters", ready=_long, full=True),
    Row(
        "hostile env vars / pip.ini / uv.toml / cwd",
        "environment, current folder, home",
        ready=_hostile,
        check=_nothing_obeyed,
    ),
    Row("login in an address", "of the source", ready=_secret_source, check=_secret_kept, full=True),
    Row("login in an address", "of pip's index", ready=_secret_index, check=_secret_kept, full=True),
    Row(
        "blocked host",
        "told in Chinese",
        ready=_blocked_by_proxy,
        act=lambda lab: lab.apply("--lang", "zh_CN"),
        exit=14,
        code="host-blocked",
        names=("download.pytorch.org", "下载服务器"),
        full=True,
    ),
    Row(
        "500 forever",
        "the index of what comes along",
        (Fault(r"GET [^ ]*/simple/numpy/", "status", 500),),
        exit=14,
        code="server-error",
        names=("HTTP 500",),
        full=True,
    ),
    Row(
        "403/404",
        "what comes along is nowhere",
        (Fault(r"GET [^ ]*/simple/numpy/", "status", 404),),
        exit=16,
        code="build-not-in-sources",
        names=("numpy",),
        full=True,
    ),
    Row("407", "name and password are never shown", ready=_secret_proxy, check=_secret_kept),
    # ---- networks that are not there ----
    Row("no network", "no way to anywhere", act=_unplugged, exit=14, code="network-off", names=(), again=False),
    Row(
        "no such name",
        "the network's name service does not know it",
        ready=_unknown_name,
        exit=14,
        code="name-unknown",
        names=("no-such-host.invalid", "DNS"),
        again=False,
        full=True,
    ),
    Row(
        "blocked host",
        "nobody answers there",
        ready=_refused,
        exit=14,
        code="host-blocked",
        names=("127.0.0.1",),
        again=False,
    ),
    Row(
        "blocked host",
        "the proxy does not let anybody there",
        ready=_blocked_by_proxy,
        exit=14,
        code="host-blocked",
        names=("download.pytorch.org",),
        full=True,
    ),
    Row("blocked host", "a mirror has the files", ready=_official_blocked, check=_from_the_mirror),
    Row(
        "proxy gone",
        "nobody listens where the settings say",
        ready=_dead_proxy,
        exit=14,
        code="proxy-off",
        names=("127.0.0.1:",),
        again=False,
        full=True,
    ),
    Row(
        "server gone in the middle",
        "another source goes on with the part",
        act=_source_change,
        check=_gone_on_elsewhere,
    ),
    Row(
        "no fault",
        "by the proxy and the certificates that pip alone knows",
        ready=_through_pips_proxy,
        check=_secret_kept_by_pip,
        full=True,
    ),
    Row("no fault", "from where pip is set up to look", ready=_through_pip, full=True),
)
