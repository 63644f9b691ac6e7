"""The real program behind the window, as far as it needs neither a network nor a card."""

import ast
import shlex
from pathlib import Path

import pytest
from msgspec.structs import replace

from gui import recorded
from helpers.generations import build
from setupwizard import i18n, platforms
from setupwizard.gui.program import Program, _alone, check_line
from setupwizard.model.machine import FoundConda
from setupwizard.model.settings import Preferences, Settings
from setupwizard.model.verification import Check
from setupwizard.steps.report import report_document, write_report
from setupwizard.steps.verify import sentences
from setupwizard.store import generation
from setupwizard.store.journal import Journal
from setupwizard.store.layout import Root
from setupwizard.tools import preferences


@pytest.mark.parametrize(
    ("variant", "platform", "words"),
    [
        ("cu130", "win_amd64", ["device='cuda'", "torch.cuda.get_device_name()"]),
        ("rocm7.14", "linux_x86_64", ["device='cuda'", "torch.version.hip"]),
        ("xpu", "linux_x86_64", ["device='xpu'", "torch.xpu.get_device_name()"]),
        ("cpu", "macos_arm64", ["device='mps'"]),
        ("cpu", "linux_x86_64", ["torch.ones(6).sum().item()"]),
        ("cpu", "macos_x86_64", ["torch.ones(6).sum().item()"]),
    ],
)
def test_the_line_to_check_with_uses_the_device_of_the_build(variant: str, platform: str, words: list[str]) -> None:
    line = check_line(replace(recorded.build(variant=variant), platform=platform))
    python, option, code = shlex.split(line)
    assert (python, option) == ("python", "-c")
    ast.parse(code)
    assert code.startswith("import torch; print(torch.__version__, ")
    assert all(word in code for word in words)
    assert "cuda" not in code or variant.startswith(("cu", "rocm"))
    assert '"' not in code, "cmd and sh both take what stands between double quotes"


def test_without_companions_no_build_of_the_decision_has_any() -> None:
    decision = _alone(recorded.recommendation())
    assert decision.build == replace(recorded.build(), torchvision=None)
    assert len(decision.alternatives) == len(recorded.alternatives())
    assert all(build.torchvision is None and build.torchaudio is None for build in decision.alternatives)
    nothing = recorded.recommendation(verdict="unsupported-os", build=None, alternatives=())
    assert _alone(nothing) == nothing


@pytest.fixture
def root(tmp_path: Path) -> Root:
    made = Root(tmp_path / "pytorch")
    made.prepare()
    return made


@pytest.mark.not_in_wine("it makes no junctions, so the folder of the generation is shown")
def test_the_environment_in_use_is_what_is_shown(root: Root) -> None:
    build(root, "0001")
    generation.switch(root, "0001")
    usage = Program().usage(str(root.path), recorded.build(variant="cpu"))
    assert usage.python == str(platforms.python_in(root.current))
    assert str(root.path) in usage.activate


@pytest.mark.posix_only("a pointer is removed by other means there")
def test_without_a_pointer_the_folder_of_the_generation_is_shown(root: Root) -> None:
    build(root, "0001")
    generation.switch(root, "0001")
    platforms.remove_pointer(root.current)
    usage = Program().usage(str(root.path), recorded.build(variant="cpu"))
    assert usage.python == str(platforms.python_in(root.generation("0001")))


def test_the_report_is_saved_in_the_language_that_is_spoken(root: Root, tmp_path: Path) -> None:
    slow = sentences.told(Check(id="matmul", device=0, status="warn"), "slow", {"slow": ["fp32"]})
    proof = recorded.verification(verdict="warn", checks=(slow,))
    write_report(root.reports, report_document(recorded.machine(), verification=proof))
    i18n.set_language("zh_CN")
    Program().save_report(str(root.path), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert sentences.retold(slow).text in page
    assert slow.text not in page


def test_taking_back_a_first_install_leaves_nothing(root: Root) -> None:
    build(root, "0001")
    generation.switch(root, "0001")
    taken = Program().take_back(str(root.path))
    assert taken.current is None
    assert taken.removed
    assert not root.path.exists()


def test_taking_back_an_update_goes_back(root: Root) -> None:
    for name in ("0001", "0002"):
        build(root, name)
        generation.switch(root, name)
    taken = Program().take_back(str(root.path))
    assert taken.current == "0001"
    assert root.current_name() == "0001"
    assert root.path.exists()


def test_what_downloads_hold_is_told_and_given_back(root: Root) -> None:
    build(root, "0001")
    generation.switch(root, "0001")
    assert Program().freeable(str(root.path)) == 0
    place = root.store / ("d" * 64)
    place.mkdir(parents=True)
    (place / "older-1.0-py3-none-any.whl").write_bytes(bytes(9000))
    assert Program().freeable(str(root.path)) == 9000
    assert Program().free_downloads(str(root.path)) == 9000
    assert not place.exists()
    assert root.current_name() == "0001"


def test_a_setup_that_stopped_says_how_much_of_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    root = Root(platforms.default_root())
    if root.path.exists() or tmp_path not in root.path.parents:
        pytest.skip("the default folder of this system does not follow the home folder")
    assert Program().unfinished() is None
    root.prepare()
    wheels = {"a" * 64: 1000, "b" * 64: 3000, "c" * 64: 500}
    for sha256, name, size in (("a" * 64, "whole.whl", 1000), ("b" * 64, "part", 1200), ("d" * 64, "older.whl", 9000)):
        place = root.store / sha256
        place.mkdir(parents=True)
        (place / name).write_bytes(bytes(size))
    journal = Journal(root.journal)
    journal.started("apply", wheels=wheels)
    left = Program().unfinished()
    assert left is not None
    assert (left.step, left.kept_bytes, left.total_bytes) == ("fetch", 2200, 4500)
    journal.finished("apply", status="cancelled")
    assert Program().unfinished() == left, "stopped on purpose"
    journal.started("apply", wheels={"a" * 64: 1000})
    left = Program().unfinished()
    assert left is not None
    assert (left.step, left.kept_bytes, left.total_bytes) == ("install", 1000, 1000)
    journal.started("apply")
    left = Program().unfinished()
    assert left is not None
    assert (left.kept_bytes, left.total_bytes) == (11200, None), "noted by an older copy of this program"


@pytest.mark.linux_only("other systems always promise it")
def test_what_the_system_promises_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("WAKEPY_FAKE_SUCCESS", raising=False)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'nobody-listens'}")
    with Program().awake() as promised:
        assert promised is False
    monkeypatch.setenv("WAKEPY_FAKE_SUCCESS", "yes")
    with Program().awake() as promised:
        assert promised is True


def test_settings_are_written_and_hold_for_a_running_download(home: Path) -> None:
    assert home in preferences.settings_file().parents
    program = Program()
    try:
        held = program.keep(Settings(speed_limit=500_000, source="sjtu"))
        assert program.pace.limit == 500_000
        assert preferences.load() == held == program.preferences()
        assert program.defaults().source == "sjtu"
        program.keep(Settings())
        assert program.pace.limit is None
        assert program.defaults().source is None
    finally:
        preferences.use(Preferences())


def test_conda_is_offered_only_where_there_is_one() -> None:
    program = Program()
    assert program.options(recorded.machine()).installers == ("uv", "pip")
    conda = FoundConda(path="C:\\miniforge3\\Scripts\\conda.exe", version="25.9.1", kind="conda")
    assert program.options(recorded.machine(condas=(conda,))).installers == ("uv", "pip", "conda")


def test_every_build_of_a_computer_comes_with_its_answer() -> None:
    cells = Program().grid(recorded.machine(), recorded.choices())
    assert {cell.variant for cell in cells} >= {"cpu", "cu126", "cu130"}
    assert all((cell.build is None) == bool(cell.text) for cell in cells)


def test_everybody_who_may_be_asked_is_named_in_the_present_language() -> None:
    i18n.set_language("zh_CN")
    assert "上海交大镜像" in [one.name for one in Program().contacts()]
