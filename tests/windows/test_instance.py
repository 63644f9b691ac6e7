"""A second start of the window on Windows."""

from __future__ import annotations

import subprocess
import sys
import uuid

import pytest

from setupwizard.tools.process import run

pytestmark = pytest.mark.skipif(sys.platform != "win32", reason="a mutex with a name is Windows' own")

ASK = """
import sys
from pathlib import Path
from setupwizard.platforms.windows_instance import another_window
print(another_window(sys.argv[1], sys.argv[2], Path()), flush=True)
"""
SHOW = """
import ctypes
create = ctypes.windll.user32.CreateWindowExW
create.restype, create.argtypes = ctypes.c_void_p, [ctypes.c_ulong, ctypes.c_wchar_p, ctypes.c_wchar_p, ctypes.c_ulong,
    *[ctypes.c_int] * 4, *[ctypes.c_void_p] * 4]
if not create(0, "STATIC", "45 % - " + sys.argv[2], 0x10CF0000, 0, 0, 300, 200, None, None, None, None):
    print("no screen", flush=True)
"""
STAY = """
print("ready", flush=True)
sys.stdin.read()
"""


def started(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def asked(name: str, title: str) -> str:
    return run([sys.executable, "-c", ASK, name, title], timeout=60).stdout.strip()


@pytest.mark.parametrize(("show", "expected"), [(SHOW, "True"), ("", "False")])
def test_a_second_start_finds_the_first_window(show: str, expected: str) -> None:
    name, title = f"setupwizard-test-{uuid.uuid4()}", f"PyTorch 安装助手 {uuid.uuid4()}"
    first = started(ASK + show + STAY, name, title)
    assert first.stdout is not None
    try:
        assert first.stdout.readline().strip() == b"False"
        if first.stdout.readline().strip() == b"no screen":
            pytest.skip("Wine has no screen here, so no window can be made")
        assert asked(name, title) == expected
        assert asked(f"{name}-other", title) == "False"
    finally:
        first.kill()
        first.wait(60)
        first.stdout.close()
        assert first.stdin is not None
        first.stdin.close()
    assert asked(name, title) == "False"
