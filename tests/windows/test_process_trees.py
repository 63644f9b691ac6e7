"""Children on Windows: the whole tree ends with us, no console window shows, words and arguments arrive as they are."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from setupwizard import platforms
from setupwizard.errors import Cancelled
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.process import run

pytestmark = pytest.mark.skipif(
    sys.platform != "win32", reason="these are Windows' own ways to hold a tree of processes"
)

WAIT = 60
SLEEPER = "import time; time.sleep(300)"
# starts a grandchild with its first instruction and says who it is
PARENT = f"""
import subprocess, sys
one = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}])
print(one.pid, flush=True)
"""


def gone(pid: int) -> bool:
    """Wait for the end of a process; return whether it came."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        if not psutil.pid_exists(pid):
            return True
        time.sleep(0.1)
    return False


def test_a_grandchild_dies_on_cancel() -> None:
    cancel, pids = Cancel(), []

    def heard(line: str) -> None:
        pids.append(int(line))
        assert psutil.pid_exists(pids[0])
        cancel.request()

    with pytest.raises(Cancelled):
        run([sys.executable, "-c", f"{PARENT}\none.wait()"], cancel=cancel, on_line=heard)
    assert gone(pids[0])


def test_a_grandchild_that_is_left_behind_dies_with_the_end() -> None:
    result = run([sys.executable, "-c", PARENT], timeout=WAIT)
    assert result.returncode == 0
    assert gone(int(result.stdout))


def test_a_deadline_ends_the_tree() -> None:
    pids: list[int] = []
    result = run(
        [sys.executable, "-c", f"{PARENT}\none.wait()"],
        timeout=WAIT,
        overdue=lambda: bool(pids),
        on_line=lambda line: pids.append(int(line)),
    )
    assert result.timed_out
    assert gone(pids[0])


def test_all_die_when_the_wizard_is_killed(tmp_path: Path) -> None:
    told = tmp_path / "pids"
    child = f"{PARENT}\nimport os\nopen({str(told)!r}, 'w').write(f'{{os.getpid()}} {{one.pid}} end')\none.wait()"
    wizard = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import sys\nfrom setupwizard.tools.process import run\nrun([sys.executable, '-c', {child!r}])",
        ]
    )
    try:
        end = time.monotonic() + WAIT
        while not (told.exists() and told.read_text().endswith("end")):
            assert time.monotonic() < end
            assert wizard.poll() is None
            time.sleep(0.1)
        pids = [int(word) for word in told.read_text().split()[:2]]
        assert all(psutil.pid_exists(pid) for pid in pids)
    finally:
        wizard.kill()  # TerminateProcess: it gets no chance to tidy up
        wizard.wait(WAIT)
    assert all(gone(pid) for pid in pids)


def test_a_child_does_nothing_before_it_is_held() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "print('ran')"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        **platforms.popen_options(),
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(3)
        group = platforms.ProcessGroup(child)
        assert child.communicate(timeout=WAIT)[0].strip() == b"ran"
        group.close()
    finally:
        child.kill()


def test_a_child_has_no_console_window() -> None:
    ask = """
import ctypes
window = ctypes.windll.kernel32.GetConsoleWindow()
print(bool(window) and bool(ctypes.windll.user32.IsWindowVisible(window)))
"""
    assert run([sys.executable, "-c", ask], timeout=WAIT).stdout.strip() == "False"


ARGUMENTS = ["显卡 设置", "a b", 'say "hi"', "C:\\with space\\", "100%PATH%^&|<>", "", "ünïcødé", "tail\\\\"]


def test_arguments_arrive_as_they_are(tmp_path: Path) -> None:
    folder = tmp_path / "张 三 (测试)"
    folder.mkdir()
    script = folder / "回显 echo.py"
    script.write_text("import json, os, sys; print(json.dumps([os.getcwd(), *sys.argv[1:]]))", encoding="utf-8")
    result = run([sys.executable, script, *ARGUMENTS], cwd=folder, timeout=WAIT)
    assert result.ok, result.stderr
    place, *heard = json.loads(result.stdout)
    assert heard == ARGUMENTS
    assert Path(place) == folder


def test_old_tools_write_in_the_oem_code_page() -> None:
    page = f"cp{ctypes.windll.kernel32.GetOEMCP()}"
    assert platforms.console_encoding() == page
    word = next(word for word in ("显卡", "ビデオ", "carte à puce é", "Gerät") if can_be(word, page))
    write = (
        f"import sys; sys.stdout.buffer.write({word!r}.encode({page!r}) + b'\\r\\n' + {word!r}.encode() + b'\\r\\n')"
    )
    lines: list[str] = []
    result = run([sys.executable, "-c", write], timeout=WAIT, on_line=lines.append)
    assert result.ok, result.stderr
    assert lines == [word, word]


def test_the_words_of_the_command_processor() -> None:
    word = next(word for word in ("显卡", "é") if can_be(word, platforms.console_encoding()))
    result = run(["cmd.exe", "/d", "/c", f"echo {word}"], timeout=WAIT)
    assert result.stdout.strip() == word


def can_be(word: str, page: str) -> bool:
    """Return whether a code page has all letters of a word, and they are no UTF-8 by chance."""
    try:
        word.encode(page).decode()
    except UnicodeEncodeError:
        return False
    except UnicodeDecodeError:
        return True
    return False
