"""Starting programs: output, deadlines, cancelling, and that no child outlives us."""

import os
import subprocess
import sys
import threading
import time

import psutil
import pytest

from setupwizard import platforms
from setupwizard.errors import Cancelled, SetupError
from setupwizard.tools.concurrency import Cancel, side_by_side
from setupwizard.tools.process import beside, own_program, run
from setupwizard.tools.reader import LAST_WORDS, MAX_LINE
from setupwizard.tools.variables import clean_environment

PYTHON = (sys.executable, "-I", "-u", "-c")


def test_output_status_and_streams():
    result = run([*PYTHON, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)"])
    assert (result.stdout.split("\n")[0].rstrip("\r"), result.stderr.strip()) == ("out", "err")
    assert (result.returncode, result.ok) == (3, False)


def test_lines_end_at_carriage_returns_and_line_feeds():
    lines = []
    run([*PYTHON, r"import os; os.write(1, b'10%\r20%\r\nx\ny')"], on_line=lines.append)
    assert lines == ["10%", "20%", "x", "y"]


def test_text_cut_in_the_middle_of_a_character_is_whole():
    code = "import os, time\nfor b in '显卡'.encode(): os.write(1, bytes([b])); time.sleep(0.01)"
    assert run([*PYTHON, code]).stdout == "显卡"


def test_invalid_text_is_escaped_and_not_lost():
    # neither UTF-8 nor a code page with double bytes has that; one with single bytes has a sign for every byte
    expected = b"a\xffb".decode(platforms.console_encoding(), "backslashreplace")
    assert run([*PYTHON, r"import os; os.write(1, b'a\xffb')"]).stdout == expected


def test_a_flood_in_one_line_is_cut():
    lines = []
    run([*PYTHON, "import sys; sys.stdout.write('x' * 3_000_000 + '\\nend\\n')"], on_line=lines.append)
    assert [len(lines[0]), lines[-1]] == [MAX_LINE, "end"]


def test_of_a_flood_only_as_much_is_kept_as_was_asked_for_and_every_line_is_heard():
    lines = []
    code = "for number in range(40_000): print(f'{number:06}', 'x' * 40)\nprint('why it failed')"
    result = run([*PYTHON, code], on_line=lines.append, keep=LAST_WORDS)
    assert len(lines) == 40_001
    assert result.stdout.rstrip().endswith("why it failed")
    assert LAST_WORDS / 2 < len(result.stdout) <= LAST_WORDS
    assert len(run([*PYTHON, code]).stdout) > 40_000 * 48, "who reads the answer gets all of it"


def test_a_deadline_ends_the_child():
    result = run([*PYTHON, "import time; time.sleep(60)"], timeout=0.3)
    assert result.timed_out
    assert not result.ok


def test_silence_ends_the_child_but_output_keeps_it_alive():
    # the start of Python is part of the silence, and takes its time on a busy Windows
    talking = "import time\nfor i in range(8): print(i, flush=True); time.sleep(0.5)"
    assert run([*PYTHON, talking], silence=3).ok
    assert run([*PYTHON, "import time; print(1, flush=True); time.sleep(60)"], silence=0.5).timed_out


@pytest.mark.posix_only("a process group is POSIX; tests/windows has the Job Object")
def test_cancel_ends_the_whole_tree(tmp_path):
    pids = tmp_path / "pids"
    code = (
        "import os, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"open({str(pids)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(60)"
    )
    cancel = Cancel()

    def ask_when_started():
        while not (pids.exists() and len(pids.read_text().split()) == 2):
            time.sleep(0.01)
        cancel.request()

    thread = threading.Thread(target=ask_when_started)
    thread.start()
    with pytest.raises(Cancelled):
        run([*PYTHON, code], cancel=cancel)
    thread.join()
    end = time.monotonic() + 10  # a killed process needs a moment to be gone
    while any(map(_runs, map(int, pids.read_text().split()))) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(map(_runs, map(int, pids.read_text().split())))


def _runs(pid):
    try:
        return psutil.Process(pid).status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.NoSuchProcess:
        return False


_TREE = """
import os, subprocess, sys, time
from pathlib import Path
stray = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
near = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
fresh = Path(sys.argv[1] + ".new")
fresh.write_text(f"{os.getpid()} {near.pid} {stray.pid}")
fresh.rename(sys.argv[1])
signals = __import__("signal")
signals.signal(signals.SIGTERM, signals.SIG_IGN)
time.sleep(60)
"""


def _pids(file):
    end = time.monotonic() + 30
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.01)
    return list(map(int, file.read_text().split()))


def _wait_for_the_end_of(pids, seconds):
    end = time.monotonic() + seconds
    while any(map(_runs, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    return [pid for pid in pids if _runs(pid)]


@pytest.mark.posix_only("signals are POSIX; tests/windows has the Job Object")
def test_cancel_ends_a_child_that_will_not_and_one_that_left_the_group(tmp_path):
    cancel, pids = Cancel(), []

    def ask_when_started():
        pids.extend(_pids(tmp_path / "pids"))
        cancel.request()

    thread = threading.Thread(target=ask_when_started)
    thread.start()
    with pytest.raises(Cancelled):
        run([*PYTHON, _TREE, str(tmp_path / "pids")], cancel=cancel)
    thread.join()
    assert len(pids) == 3
    assert not _wait_for_the_end_of(pids, 10)


@pytest.mark.linux_only("only Linux tells who came from whom; Windows has the Job Object")
def test_children_die_with_us_even_when_we_are_killed(tmp_path):
    code = (
        "import sys; from setupwizard.tools.process import run; "
        "run([sys.executable, '-I', '-c', sys.argv[1], sys.argv[2]])"
    )
    ours = subprocess.Popen([sys.executable, "-c", code, _TREE, str(tmp_path / "pids")])
    pids = _pids(tmp_path / "pids")
    assert len(pids) == 3
    assert len([pid for pid in pids if _runs(pid)]) == 3
    guards = [child.pid for child in psutil.Process(ours.pid).children() if child.pid not in pids]
    assert len(guards) == 1
    ours.kill()
    ours.wait()
    assert not _wait_for_the_end_of([*pids, *guards], 10)


@pytest.mark.posix_only("Windows needs no guard")
def test_the_guard_is_there_before_the_first_child():
    code = (
        "import psutil; from setupwizard.errors import SetupError; from setupwizard.tools.process import run\n"
        "try: run(['/nowhere/at-all'])\n"
        "except SetupError: print(len(psutil.Process().children()))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["1"], "a child whose guard comes after it outlives us if we are killed in between"


@pytest.mark.linux_only("only Linux tells who came from whom; Windows has the Job Object")
def test_a_guard_that_somebody_ended_is_replaced(tmp_path):
    code = (
        "import os, signal, sys, psutil; from setupwizard.tools.process import run; "
        "run([sys.executable, '-I', '-c', 'pass']); [guard] = psutil.Process().children(); "
        "guard.kill(); guard.wait(); "
        "run([sys.executable, '-I', '-c', sys.argv[1], sys.argv[2]])"
    )
    ours = subprocess.Popen([sys.executable, "-c", code, _TREE, str(tmp_path / "pids")])
    pids = _pids(tmp_path / "pids")
    ours.kill()
    ours.wait()
    assert len(pids) == 3
    assert not _wait_for_the_end_of(pids, 10)


@pytest.mark.posix_only("Windows needs no guard")
def test_the_guard_ends_with_a_program_that_ends_well(tmp_path):
    code = (
        "import sys, psutil; from setupwizard.tools.process import run; "
        "run([sys.executable, '-I', '-c', 'pass']); print(*(child.pid for child in psutil.Process().children()))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    guards = list(map(int, ended.stdout.split()))
    assert len(guards) == 1
    assert not _wait_for_the_end_of(guards, 10)


def test_an_exception_of_the_listener_comes_back_and_ends_the_child():
    class Stop(Exception):
        pass

    def listen(_line):
        raise Stop

    with pytest.raises(Stop):
        run([*PYTHON, "import time; print(1, flush=True); time.sleep(60)"], on_line=listen)


def test_a_program_that_is_not_there_is_an_error_with_a_sentence():
    with pytest.raises(SetupError) as caught:
        run(["/nowhere/tool"])
    assert caught.value.code == "tool-failed"
    assert "tool" in caught.value.title


def test_the_clean_environment_has_no_setting_of_any_tool(monkeypatch):
    for name in (
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
        "PIP_INDEX_URL",
        "UV_INDEX",
        "QT_PLUGIN_PATH",
    ):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/bundle")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    assert not {"PYTHONPATH", "PIP_INDEX_URL", "UV_INDEX", "LD_LIBRARY_PATH", "HTTPS_PROXY"} & set(clean_environment())
    assert clean_environment(network=True)["HTTPS_PROXY"] == "http://proxy:1"
    assert clean_environment({"X": "1"})["X"] == "1"


def test_children_do_not_inherit_the_folder_we_stand_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert os.path.realpath(run([*PYTHON, "import os; print(os.getcwd())"]).stdout.strip()) != str(tmp_path)


def test_a_frozen_program_is_never_started_with_minus_m(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own_program() == (sys.executable,)


def test_side_by_side_returns_answers_exceptions_and_silence():
    def broken():
        raise ValueError

    gate = threading.Event()
    answers = side_by_side({"a": lambda: 1, "b": broken, "c": lambda: gate.wait(60)}, deadline=0.3)
    gate.set()
    assert answers["a"] == 1
    assert isinstance(answers["b"], ValueError)
    assert answers["c"] is None


def test_side_by_side_stops_when_asked():
    gate = threading.Event()
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        side_by_side({"a": lambda: gate.wait(60)}, deadline=60, cancel=cancel)
    gate.set()


def test_side_by_side_takes_no_answer_of_a_question_that_was_stopped():
    cancel = Cancel()

    def stopped():
        cancel.request()
        cancel.check()

    with pytest.raises(Cancelled):
        side_by_side({"a": stopped}, deadline=60, cancel=cancel)


def test_a_program_beside_the_body_speaks_while_it_runs_and_is_gone_afterwards():
    heard = []
    first = threading.Event()

    def listen(line):
        heard.append(line)
        first.set()

    endless = "import os, time\nprint(os.getpid(), flush=True)\nwhile True: time.sleep(60)"
    with beside([sys.executable, "-c", endless], on_line=listen, grace=0.5):
        assert first.wait(20)
        assert psutil.pid_exists(int(heard[0]))
    assert not psutil.pid_exists(int(heard[0]))
