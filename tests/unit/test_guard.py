"""The guard ends what is left of our children when its input ends, and leaves alone what has ended by itself."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from setupwizard.tools import guard

pytestmark = pytest.mark.linux_only("Windows has Job Objects, and Linux alone tells who left a group")
# A child with a grandchild that leaves its group, as a program does that puts itself into the background.
TREE = (
    "import subprocess, sys, time; one = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], "
    "start_new_session=True); print(one.pid, flush=True); time.sleep(60)"
)


@pytest.fixture
def child():
    process = subprocess.Popen([sys.executable, "-I", "-c", TREE], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    stray = int(process.stdout.readline())
    yield process, stray
    for number in (process.pid, stray):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def gone(number, patience=10.0):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_a_group_that_is_left_ends_with_all_that_came_from_it(child):
    process, stray = child
    guard.main([f"+{process.pid}\n".encode()])
    assert gone(process.pid)
    assert gone(stray)


def test_a_group_that_has_ended_by_itself_is_left_alone(child):
    process, stray = child
    guard.main([f"+{process.pid}\n".encode(), f"-{process.pid}\n".encode()])
    assert process.poll() is None
    assert psutil.pid_exists(stray)


def test_a_group_that_is_gone_already_is_no_trouble():
    done = subprocess.Popen([sys.executable, "-I", "-c", ""], start_new_session=True)
    done.wait()
    guard.main([f"+{done.pid}\n".encode()])
