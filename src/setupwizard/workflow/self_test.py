"""A copy of the program examines itself: whatever a package may lack is used once, and nothing is left behind."""

from __future__ import annotations

import ast
import importlib.metadata
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from setupwizard import __version__, i18n, platforms
from setupwizard.codes import SelfTestId, SelfTestStatus
from setupwizard.errors import SetupError
from setupwizard.i18n import _
from setupwizard.model.catalogue import load_catalogue, processor_of
from setupwizard.model.gpu_table import name_of
from setupwizard.model.install_data import install_data
from setupwizard.model.release import release_data
from setupwizard.model.self_test import Examined, Part, SelfTest
from setupwizard.model.snippets import snippets
from setupwizard.probes import jetson, pythons
from setupwizard.probes.roots import Roots
from setupwizard.resources import benchmark_program, bundled_python, packaged, resource
from setupwizard.steps.report import page
from setupwizard.steps.verify import causes, expectation
from setupwizard.tools import pip, process
from setupwizard.tools.concurrency import Cancel
from setupwizard.tools.interpreter import ask_version
from setupwizard.tools.uv import Uv, uv_program

SECONDS = 120
"""How long the window or another part may take: an antivirus program reads every file of a new package."""


class _Skipped(Exception):  # noqa: N818 - an answer, not a fault
    """What would be examined is not on this computer; the text says what that is."""


def self_test() -> SelfTest:
    """Return what this copy is made of and whether each part works; nothing is left behind."""
    with tempfile.TemporaryDirectory(dir=platforms.temporary_folder(), ignore_cleanup_errors=True) as folder:
        checks = tuple(_examined(Path(folder)))
    return SelfTest(
        passed=all(check.status != "fail" for check in checks),
        version=__version__,
        packaged=packaged(),
        program=process.own_program()[0],
        python=platform.python_version(),
        os=platform.platform(),
        arch=processor_of(platform.machine()),
        parts=tuple(_parts()),
        checks=checks,
    )


def _parts() -> Iterator[Part]:
    """Yield every library that this copy carries with its record, sorted by name."""
    found = {one.name.lower(): one.version for one in importlib.metadata.distributions() if one.name}
    for name, version in sorted(found.items()):
        yield Part(name=name, version=version)


def _examined(work: Path) -> Iterator[Examined]:
    examinations: dict[SelfTestId, Callable[[], str]] = {
        "resources": _resources,
        "languages": _languages,
        "again": _again,
        "pip": lambda: _pip(work),
        "uv": _uv,
        "environment": lambda: _environment(work),
        "window": lambda: _window(work),
    }
    for name, examine in examinations.items():
        started = time.monotonic()
        status: SelfTestStatus = "pass"
        try:
            text = examine()
        except _Skipped as reason:
            status, text = "skip", str(reason)
        except SetupError as error:
            status, text = "fail", f"{error.title}. {error.detail}".strip()
        except Exception as error:  # noqa: BLE001 - a part that is missing fails in its own way, and the rest is examined too
            status, text = "fail", f"{type(error).__name__}: {error}"
        yield Examined(id=name, status=status, seconds=round(time.monotonic() - started, 3), text=text)


def _resources() -> str:
    """Read every data file by the code that reads it at work."""
    known = load_catalogue()
    install_data()
    expectation.rates()
    causes.known_causes()
    jetson.parse_release("")
    snippets("cpu")
    release_data()
    for template in ("report.html.j2", "rollup.html.j2"):
        page.templates().get_template(template)
    files = (resource("report_style.css"), resource("schema", "plan.schema.json"), resource("icons", "mark.svg"))
    missing = [file.name for file in files if not file.is_file()] + _missing_of_the_benchmark()
    if missing or name_of("10de:2684") is None:
        raise SetupError("tool-failed", tool="setupwizard", detail=", ".join(missing or ["gpus.json"]))
    return _("The data of {date}").format(date=known.data_date)


def _missing_of_the_benchmark() -> list[str]:
    """Return the modules that the proving program asks for and that are not there; nothing of it is run."""
    folder = benchmark_program()
    files = [folder / "__main__.py", *sorted((folder / "benchmark").glob("*.py"))]
    trees = [ast.parse(file.read_bytes()) for file in files]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    wanted = {node.module for node in nodes if node.level and node.module} | {"program"}
    return [f"{name}.py" for name in sorted(wanted) if not (folder / "benchmark" / f"{name}.py").is_file()]


def _languages() -> str:
    said = {language: i18n.in_language(language, lambda: _("PyTorch Setup")) for language in i18n.LANGUAGES}
    if len(set(said.values())) != len(said):
        raise SetupError("tool-failed", tool="gettext", detail=str(said))
    return ", ".join(said.values())


def _again() -> str:
    """Start this program once more, as the probes do."""
    return _answer([*process.own_program(), "--version"])


def _pip(work: Path) -> str:
    """Run our pip in our own Python, and see that another one could run it too."""
    pip.pip_folder()
    pip.user_settings(work, cancel=Cancel())
    return _answer([*process.own_program(), "_pip", "--version"])


def _uv() -> str:
    program = uv_program()
    if packaged() and not program.is_relative_to(resource().parents[2]):
        raise SetupError("tool-failed", tool="uv", detail=str(program))
    return _answer([program, "--version"])


def _environment(work: Path) -> str:
    """Make an environment on an interpreter of this computer, and ask its own Python."""
    python = bundled_python() or next((Path(one.python.path) for one in pythons.interpreters(Roots())), None)
    if python is None:
        raise _Skipped(_("There is no Python on this computer to make an environment with"))
    folder = work / "环境 1"
    Uv(work).venv(str(python), folder)
    version, result = ask_version(platforms.python_in(folder))
    if version is None:
        raise SetupError("tool-failed", tool="Python", detail=result.stdout + result.stderr)
    return f"Python {version} ({python})"


def _window(work: Path) -> str:
    """Open the window in a process of its own, on a screen that nobody sees."""
    return _answer([*process.own_program(), "_window", str(work)])


def _answer(argv: Sequence[str | Path]) -> str:
    """Return what a program prints when it ends well.

    Raises:
        SetupError: "tool-failed".
    """
    result = process.run(argv, timeout=SECONDS)
    if not result.ok or not result.stdout.strip():
        said = f"{(result.stdout + result.stderr).strip()[-2000:]} (exit status {result.returncode})"
        raise SetupError("tool-failed", tool=Path(argv[0]).name, detail=said.strip())
    return result.stdout.strip()
