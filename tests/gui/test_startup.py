"""What is loaded when the window is there: what nobody needs yet would only make people wait."""

import json
import os
import subprocess
import sys
from pathlib import Path

# At the end of its first painting the window would begin to look at the computer; here it tells and closes instead.
PROGRAM = """
import json, sys
from PySide6.QtCore import QTimer
from setupwizard.gui.flow import Flow
def first(self):
    window = self.parent()
    told = {"modules": sorted(sys.modules), "visible": window.isVisible(), "heading": window.page_now().heading}
    print(json.dumps(told))
    QTimer.singleShot(0, window.close)
Flow.start = first
sys.argv = ["setupwizard"]
from setupwizard.__main__ import console
console()
"""

NOT_YET = (
    "asyncio",
    "click",
    "filelock",
    "findpython",
    "http",
    "jinja2",
    "markupsafe",
    "numpy",
    "packaging",
    "pip",
    "psutil",
    "pynvml",
    "sqlite3",
    "ssl",
    "tomlkit",
    "torch",
    "truststore",
    "urllib3",
    "uv",
    "wakepy",
    "PySide6.QtNetwork",
    "PySide6.QtOpenGL",
    "PySide6.QtQml",
    "setupwizard.cli",
    "setupwizard.child",
    "setupwizard.probes",
    "setupwizard.steps",
    "setupwizard.store",
    "setupwizard.workflow",
)


def test_nothing_heavy_is_loaded_before_the_window_is_there(tmp_path: Path) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "SETUPWIZARD"))}
    env = {**own, "HOME": str(tmp_path), "LANG": "C.UTF-8", "DISPLAY": ":none", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["visible"]
    assert told["heading"] == "Get PyTorch running on your graphics card"
    modules = set(told["modules"])
    assert {"setupwizard.gui.window", "setupwizard.gui.program", "PySide6.QtWidgets"} <= modules
    loaded = {name for name in NOT_YET if any(one == name or one.startswith(f"{name}.") for one in modules)}
    assert not loaded
