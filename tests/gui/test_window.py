"""A visit by real clicks and keys, with a fake program behind the window."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QCoreApplication, QPoint, QRect, QSettings, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWizard

from gui import recorded
from gui.conftest import Visit
from gui.fake_backend import download, steps_of
from setupwizard import i18n
from setupwizard.errors import SetupError
from setupwizard.gui import theme
from setupwizard.gui.pages.install import OFFER_S, STALL_S
from setupwizard.gui.tokens import DARK
from setupwizard.gui.widgets.basic import Button, Label
from setupwizard.gui.widgets.rows import CheckRow
from setupwizard.model.events import Output, Progress, StepFinished, StepStarted
from setupwizard.model.verification import Device
from setupwizard.sentences import SENTENCES


def texts(visit: Visit) -> str:
    """Return all that the present page says."""
    QApplication.processEvents()
    page = visit.window.page_now()
    return "\n".join(label.plain for label in page.findChildren(Label) if label.isVisibleTo(page))


def filled(visit: Visit) -> list[str]:
    """Return the filled buttons that can be seen."""
    window = visit.window
    return [
        button.text()
        for button in window.findChildren(Button)
        if button.kind == "primary" and button.isVisibleTo(window)
    ]


# the way that most people take


def test_three_clicks_to_the_install_and_two_to_the_end(visit: Visit) -> None:
    window = visit.open()
    assert visit.page == "start"
    assert window.windowTitle() == "PyTorch Setup"
    assert "RTX 4060" in texts(visit)
    visit.press_primary()
    assert visit.page == "computer"
    assert "Your graphics card can run PyTorch" in texts(visit)
    visit.press_primary()
    assert visit.page == "build"
    visit.wait(lambda: visit.state.plan is not None)
    assert "PyTorch 2.15.0 for CUDA 13.0" in texts(visit)
    assert window.footer.primary.text() == "Install"
    visit.press_primary()
    visit.wait(lambda: visit.state.phase == "done")
    assert visit.page == "verify"
    assert "38 times faster than your CPU" in texts(visit)
    visit.press_primary()
    assert visit.page == "finish"
    assert recorded.ROOT in texts(visit)
    assert window.footer.primary.text() == "Close"
    visit.press_primary()
    assert not window.isVisible()
    assert len(visit.backend.applied) == 1


def test_the_same_by_keys_alone(visit: Visit) -> None:
    window = visit.open()
    for page in ("computer", "build"):
        visit.wait(window.footer.primary.isEnabled)
        visit.wait(window.footer.primary.hasFocus)
        visit.qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
        assert visit.page == page
    visit.wait(lambda: window.footer.primary.isEnabled() and window.footer.primary.hasFocus())
    visit.qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    visit.wait(lambda: visit.state.phase == "done")
    visit.wait(window.footer.primary.hasFocus)
    visit.qtbot.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    assert visit.page == "finish"


def test_one_filled_button_is_visible_on_every_page(visit: Visit) -> None:
    visit.open()
    assert filled(visit) == ["Check my computer"]
    visit.press_primary()
    assert filled(visit) == ["Choose a build"]
    visit.press_primary()
    visit.wait(lambda: visit.state.plan is not None)
    assert filled(visit) == ["Install"]
    visit.gate = visit.backend.hold("apply")
    visit.press_primary()
    visit.wait(lambda: "apply" in visit.backend.calls)
    assert filled(visit) == []
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    assert filled(visit) == ["Continue"]
    visit.press_primary()
    assert filled(visit) == ["Open a terminal with PyTorch"]


def test_detection_starts_after_the_first_paint_and_not_before(visit: Visit) -> None:
    gate = visit.backend.hold("detect")
    window = visit.open(start=False)
    assert visit.backend.calls == []
    window._started = False
    window.update()
    visit.wait(lambda: "detect" in visit.backend.calls)
    assert "Looking for your graphics card..." in texts(visit)
    visit.press_primary()
    assert visit.page == "computer"
    assert not window.footer.primary.isEnabled()
    assert window.footer.reason == "Looking at your computer..."
    gate.set()
    visit.wait(window.footer.primary.isEnabled)
    assert window.footer.reason == ""


def test_nothing_is_asked_of_a_server_before_page_three(visit: Visit) -> None:
    visit.open()
    visit.press_primary()
    assert "plan" not in visit.backend.calls
    visit.press_primary()
    visit.wait(lambda: "plan" in visit.backend.calls)


def test_back_and_the_step_list_lead_back_until_install(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    assert window.rail.items[0].summary == "Recommended"
    assert window.rail.items[1].summary == "RTX 4060, 8 GB"
    visit.qtbot.mouseClick(window.footer.back, Qt.MouseButton.LeftButton)
    assert visit.page == "computer"
    visit.qtbot.mouseClick(window.rail.items[0], Qt.MouseButton.LeftButton)
    assert visit.page == "start"
    assert visit.backend.calls.count("detect") == 1
    visit.go_to_build()
    visit.gate = visit.backend.hold("apply")
    visit.press_primary()
    visit.wait(lambda: "apply" in visit.backend.calls)
    assert not window.footer.back.isVisible()
    visit.qtbot.mouseClick(window.rail.items[0], Qt.MouseButton.LeftButton)
    assert visit.page == "install"


# page 2


def test_without_a_card_the_processor_build_is_offered(visit: Visit) -> None:
    visit.backend.machine = recorded.machine(gpus=(), nvidia_driver=None, findings=())
    visit.backend.advice = lambda _choices: recorded.cpu_recommendation()
    window = visit.open()
    assert "No graphics card" in texts(visit)
    visit.press_primary()
    assert "This PC has no graphics card that PyTorch can use" in texts(visit)
    assert window.footer.primary.isEnabled()
    visit.press_primary()
    visit.wait(lambda: visit.state.plan is not None)
    assert "PyTorch 2.15.0, CPU version" in texts(visit)


def test_an_old_driver_leads_to_its_page_and_the_stop_gap_can_be_taken(visit: Visit) -> None:
    visit.backend.advice = lambda _choices: recorded.driver_recommendation()
    window = visit.open()
    visit.press_primary()
    assert "Your graphics card needs a driver first" in texts(visit)
    assert window.footer.primary.kind == "outline"
    visit.qtbot.mouseClick(window.computer.notice.first, Qt.MouseButton.LeftButton)
    assert visit.desktop.urls == ["https://www.nvidia.com/drivers"]
    visit.press_primary()
    visit.wait(lambda: visit.state.plan is not None)
    assert visit.backend.planned[-1].variant == "cpu"
    assert "For now" in [chip.text() for chip in window.build.findChildren(type(window.build._chip))]


def test_without_any_build_there_is_no_way_on(visit: Visit) -> None:
    visit.backend.advice = lambda _choices: recorded.recommendation(verdict="unsupported-os", gpus=()).__class__(
        data_date="2026-11-22", verdict="unsupported-os"
    )
    window = visit.open()
    visit.press_primary()
    assert "PyTorch has no build for this system" in texts(visit)
    assert not window.footer.primary.isEnabled()
    assert window.footer.reason == "There is no build for this computer."


def test_check_again_looks_again_and_keeps_what_is_shown(visit: Visit) -> None:
    window = visit.open()
    visit.press_primary()
    gate = visit.backend.hold("detect")
    visit.qtbot.mouseClick(window.computer.again, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.backend.calls.count("detect") == 2)
    assert "RTX 4060" in texts(visit)
    assert not window.computer.again.isEnabled()
    visit.backend.machine = recorded.machine(gpus=(recorded.iris_xe(),))
    gate.set()
    visit.wait(lambda: not visit.state.looking)
    assert "RTX 4060" not in texts(visit)
    visit.backend.gates.clear()
    visit.qtbot.keyClick(window, Qt.Key.Key_F5)
    visit.wait(lambda: visit.backend.calls.count("detect") == 3)
    visit.wait(lambda: not visit.state.looking)


def test_a_detection_that_breaks_is_told_and_can_be_repeated(visit: Visit) -> None:
    visit.backend.failures["detect"] = RuntimeError("driver library broke")
    window = visit.open()
    visit.press_primary()
    card = window.computer.error_card
    assert card.isVisible()
    assert card.error is not None
    assert "driver library broke" in card.error.detail
    assert not window.footer.primary.isEnabled()
    visit.qtbot.mouseClick(window.computer.again, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.machine is not None)
    assert not card.isVisible()
    assert window.footer.primary.isEnabled()


# page 3


def test_custom_unfolds_the_details_and_choices_make_a_new_plan(visit: Visit) -> None:
    window = visit.open()
    visit.qtbot.mouseClick(window.start.custom, Qt.MouseButton.LeftButton)
    visit.go_to_build()
    details = window.build.details
    assert details.isVisible()
    assert window.rail.items[0].summary == "Custom"
    pill = next(pill for pill in details.torch.pills() if pill.value == "2.14.1")
    visit.qtbot.mouseClick(pill, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.plan is not None and not visit.state.planning)
    assert visit.backend.planned[-1].torch == "2.14.1"
    assert "PyTorch 2.14.1 for CUDA 13.0" in texts(visit)
    assert "Install the build that you chose" in texts(visit)
    pill = next(pill for pill in details.platform.pills() if pill.value == "cpu")
    visit.qtbot.mouseClick(pill, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.build is not None and visit.state.build.variant == "cpu")
    assert [pill.value for pill in details.torch.pills()][:2] == ["2.15.0", "2.14.1"]
    details.folder.setFocus()
    visit.wait(details.folder.hasFocus)
    details.folder.selectAll()
    visit.qtbot.keyClicks(details.folder, "D:\\torch")
    visit.qtbot.keyClick(details.folder, Qt.Key.Key_Tab)
    visit.wait(lambda: visit.state.plan is not None and visit.state.plan.root == "D:\\torch")
    visit.desktop.answer = "E:\\other"
    visit.qtbot.mouseClick(details.browse, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.plan is not None and visit.state.plan.root == "E:\\other")
    source = next(pill for pill in details.source.pills() if pill.value == "sjtu")
    visit.qtbot.mouseClick(source, Qt.MouseButton.LeftButton)
    visit.wait(lambda: not visit.state.planning)
    assert visit.backend.planned[-1] == replace(
        recorded.choices(), torch="2.14.1", variant="cpu", root="E:\\other", source="sjtu"
    )


def test_torchvision_can_be_left_out_where_it_is_known(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    assert "Comes with torchvision 0.30.0." in texts(visit)
    window.build.details_fold.unfold()
    row = window.build.details.companions
    assert [pill.text() for pill in row.pills()] == ["torchvision 0.30.0", "Nothing else"]
    assert row.value() == "companions"
    visit.qtbot.mouseClick(row.pills()[1], Qt.MouseButton.LeftButton)
    visit.wait(lambda: len(visit.backend.planned) == 2 and not visit.state.planning)
    assert visit.backend.planned[-1].companions is False
    assert "Comes with" not in texts(visit)
    assert "torchvision" not in window.build.details.command.command
    visit.qtbot.mouseClick(row.pills()[0], Qt.MouseButton.LeftButton)
    visit.wait(lambda: len(visit.backend.planned) == 3 and not visit.state.planning)
    assert "Comes with torchvision 0.30.0." in texts(visit)


def test_torchvision_that_no_server_has_is_not_offered(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    window.build.details_fold.unfold()
    assert window.build.details.companions.isVisible()
    lacking = replace(recorded.build(), torchvision=None)
    window.flow._set(plan=recorded.plan(lacking, why_other="torchvision is left out: there is none."))
    assert not window.build.details.companions.isVisible()
    assert "torchvision is left out" in texts(visit)


def test_where_no_torchvision_is_known_none_is_offered(visit: Visit) -> None:
    bare = replace(recorded.build(), torchvision=None)
    visit.backend.advice = lambda _choices: recorded.recommendation(bare)
    window = visit.open()
    visit.go_to_build()
    window.build.details_fold.unfold()
    assert not window.build.details.companions.isVisible()
    assert "Also install" not in texts(visit)


def test_install_waits_for_the_plan_and_says_so(visit: Visit) -> None:
    gate = visit.backend.hold("plan")
    window = visit.open()
    visit.press_primary()
    visit.press_primary()
    visit.wait(lambda: visit.state.planning)
    assert not window.footer.primary.isEnabled()
    assert window.footer.reason == "Asking the download servers..."
    gate.set()
    visit.wait(window.footer.primary.isEnabled)


def test_everything_that_will_happen_can_be_read(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    window.build.plan_fold.unfold()
    said = texts(visit)
    for package in recorded.plan().packages:
        assert f"{package.name} {package.version}" in said
    assert "uv venv --no-config" in said
    assert "SJTU: did not answer" in said
    window.build.details_fold.unfold()
    visit.qtbot.mouseClick(window.build.details.command.copy, Qt.MouseButton.LeftButton)
    assert visit.desktop.copied == [
        "pip install torch==2.15.0 torchvision==0.30.0 --index-url https://download.pytorch.org/whl/cu130"
    ]


def test_a_plan_that_cannot_be_made_is_told_and_its_fix_makes_one(visit: Visit) -> None:
    visit.backend.failures["plan"] = SetupError("network-off")
    window = visit.open()
    visit.press_primary()
    visit.press_primary()
    card = window.build.error_card
    visit.wait(card.isVisible)
    assert not window.footer.primary.isEnabled()
    assert filled(visit) == ["Try again"]
    assert window.rail.items[2].state == "problem"
    visit.qtbot.mouseClick(card.buttons()[0], Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.plan is not None)
    assert not card.isVisible()
    assert window.footer.primary.isEnabled()
    assert window.rail.items[2].state == "current"


def test_a_full_disk_leads_to_another_folder(visit: Visit) -> None:
    visit.backend.failures["plan"] = SetupError("disk-full", path="C:", need="9 GB", free="3 GB")
    window = visit.open()
    visit.press_primary()
    visit.press_primary()
    card = window.build.error_card
    visit.wait(card.isVisible)
    visit.desktop.answer = "D:\\torch"
    visit.qtbot.mouseClick(card.buttons()[0], Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.plan is not None and visit.state.plan.root == "D:\\torch")
    assert not card.isVisible()


def test_a_plan_without_changes_says_so_by_its_button(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    window.flow._set(plan=recorded.plan(changes=False))
    assert window.footer.primary.text() == "Continue"


def test_what_would_be_lost_is_named(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    window.flow._set(plan=recorded.plan(not_carried=("pandas 2.3.0", "polars 1.30")))
    assert "pandas 2.3.0, polars 1.30" in texts(visit)
    window.flow._set(plan=recorded.plan(why_other="The newest one is on no server."))
    assert "The newest one is on no server." in texts(visit)


def test_a_path_with_letters_beyond_a_to_z_is_told_on_windows_and_elsewhere_not(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    plan = replace(recorded.plan(), root="C:\\Users\\李\\torch")
    for platform, told in (("win_amd64", True), ("linux_x86_64", False)):
        window.flow._set(plan=replace(plan, build=replace(plan.build, platform=platform)))
        assert ("torch.compile" in texts(visit)) == told


# page 4


def test_the_download_is_told_in_bytes_speed_and_time(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    line = window.install.line
    assert line.words == "Downloading torch, 41 %, 1.62 of 2.61 GB, 11.2 MB/s"
    assert line.note == "Your internet connection sets the speed."
    visit.now += 11
    window.install.happened(download(done=1_700_000_000))
    assert "about 2 minutes left" in line.words
    assert window.install.rows["fetch"].state == "checking"
    assert window.install.rows["prepare"].state == "ok"
    assert window.install.rows["verify"].state == "waiting"
    assert "Download 14 packages" in texts(visit)


@pytest.mark.parametrize(
    ("promised", "said"),
    [
        (True, "You can keep using your PC. It will stay awake until we are done."),
        (False, "You can keep using your PC. Do not let it fall asleep until we are done."),
    ],
)
def test_staying_awake_is_said_only_when_the_system_promised_it(visit: Visit, promised: bool, said: str) -> None:
    visit.backend.promise = promised
    window = visit.open()
    visit.go_to_install()
    assert window.install.accessibleDescription() == said


def test_nothing_is_promised_before_the_system_answered(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    window.flow._set(phase="running", awake=None)
    assert window.install.accessibleDescription() == "You can keep using your PC."


def test_silence_is_told_and_another_server_is_offered(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    visit.now += STALL_S - 1
    window.install._on_second()
    assert "Waiting" not in window.install.line.note
    visit.now += 6
    window.install._on_second()
    assert window.install.line.note == "Waiting for the server... (25 s without data)"
    assert "MB/s" not in window.install.line.words
    assert not window.install.other_server.isVisible()
    visit.now += OFFER_S
    window.install._on_second()
    assert window.install.other_server.isVisible()
    window.install.happened(download(done=1_650_000_000))
    assert window.install.line.note == "Your internet connection sets the speed."
    assert not window.install.other_server.isVisible()
    visit.now += OFFER_S
    window.install._on_second()
    visit.qtbot.mouseClick(window.install.other_server, Qt.MouseButton.LeftButton)
    visit.wait(lambda: len(visit.backend.applied) == 2)
    assert visit.backend.planned[-1].source == "sjtu"
    visit.wait(lambda: visit.page == "install")


def test_unpacking_that_takes_long_is_explained(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    for event in [*steps_of(["create"]), StepStarted(id="install", title="")]:
        window.install.happened(event)
    window.install._overall.status["fetch"] = "done"
    visit.now += 60
    window.install._on_second()
    assert window.install.line.note.startswith("Unpacking 6.9 GB. Your antivirus")
    assert "1 min" in window.install.line.note


def test_between_two_steps_the_line_tells_that_their_files_go_and_not_that_it_begins(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    for event in (
        StepFinished(id="fetch", status="done"),
        StepStarted(id="audit", title=""),
        StepFinished(id="audit", status="done"),
    ):
        window.install.happened(event)
    assert "Tidying up" in window.install.line.words
    assert "Getting ready" not in window.install.line.words


def test_output_goes_to_the_drawer_and_its_state_is_remembered(visit: Visit) -> None:
    visit.backend.extra_events = [Output(id="fetch", text=f"line {number}") for number in range(50)]
    window = visit.open()
    visit.go_to_install()
    visit.wait(lambda: "line 49" in window.install.drawer.text())
    visit.qtbot.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert window.install.drawer.view.isVisible()
    visit.qtbot.mouseClick(window.install.drawer.copy, Qt.MouseButton.LeftButton)
    assert "line 49" in visit.desktop.copied[-1]
    visit.qtbot.mouseClick(window.install.drawer.folder, Qt.MouseButton.LeftButton)
    assert visit.desktop.folders == [str(Path("/logs"))]
    window.flow._set(phase="done", outcome=recorded.outcome())
    window.close()
    assert QSettings(str(visit.ini), QSettings.Format.IniFormat).value("details", type=bool) is True


def test_a_stop_is_no_problem(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    window.flow.installation.stop(remove=False)
    visit.wait(lambda: visit.state.phase == "stopped")
    row = window.install.rows["fetch"]
    assert row.state == "stopped"
    assert row.accessibleName() == "Download 14 packages: stopped"
    assert window.rail.items[3].state == "current"
    assert "Problem" not in texts(visit)
    assert window.install.line.bar.property("tone") != "err"


def test_a_server_that_stops_is_told_and_the_fix_goes_on(visit: Visit) -> None:
    visit.backend.failures["apply"] = SetupError("network-timeout", host="download.pytorch.org")
    window = visit.open()
    visit.go_to_build()
    visit.press_primary()
    card = window.install.error_card
    visit.wait(card.isVisible)
    assert "1.6 GB is saved and will be reused." in texts(visit)
    assert window.install.rows["fetch"].state == "problem"
    assert window.rail.items[3].state == "problem"
    assert filled(visit) == ["Continue from another server"]
    assert window.install.drawer.view.isVisible()
    assert visit.desktop.alerts == [
        ("The installation stopped", "What you had before is untouched. You can go on from here.")
    ]
    assert visit.desktop.progress[-1] == (None, False)
    visit.qtbot.mouseClick(card.buttons()[1], Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.phase == "done")
    assert not card.isVisible()
    assert len(visit.backend.applied) == 2
    assert window.rail.items[3].state == "done"


def test_after_a_stop_the_choices_can_be_changed(visit: Visit) -> None:
    visit.backend.failures["apply"] = SetupError("disk-full", path="C:", need="9 GB", free="3 GB")
    window = visit.open()
    visit.go_to_build()
    visit.press_primary()
    visit.wait(window.install.error_card.isVisible)
    visit.qtbot.mouseClick(window.footer.back, Qt.MouseButton.LeftButton)
    assert visit.page == "build"
    visit.wait(lambda: visit.state.plan is not None)
    assert window.footer.primary.isEnabled()
    visit.press_primary()
    visit.wait(lambda: visit.state.phase == "done")


def test_a_program_that_breaks_ends_in_a_sentence_with_details(visit: Visit) -> None:
    visit.backend.failures["apply"] = ZeroDivisionError("a secret place")
    window = visit.open()
    visit.go_to_build()
    visit.press_primary()
    visit.wait(window.install.error_card.isVisible)
    error = window.install.error
    assert error is not None
    assert error.code == "internal-error"
    assert error.log == "/logs/setupwizard.log"
    visit.qtbot.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    copied = visit.desktop.copied[-1]
    assert "ZeroDivisionError" in copied
    assert "10de:28e0" in copied
    assert "secret" not in copied


# page 5 and 6


def test_the_proof_is_shown_stage_by_stage(visit: Visit) -> None:
    gate = visit.backend.hold("prove")
    window = visit.open()
    visit.go_to_build()
    visit.press_primary()
    visit.wait(lambda: "prove" in visit.backend.calls)
    visit.wait(lambda: visit.page == "verify" and "Matrix and number results" in texts(visit))
    rows = [row for row in window.verify.findChildren(CheckRow) if row.isVisibleTo(window)]
    assert [row.state for row in rows][:3] == ["ok", "ok", "ok"]
    window.verify.happened(Progress(id="verify", done=5, total=14, unit="stages", file="autograd"))
    QApplication.processEvents()
    rows = [row for row in window.verify.findChildren(CheckRow) if row.isVisibleTo(window)]
    assert rows[-1].state == "checking"
    assert window.footer.cancel.text() == "Cancel installation"
    assert not window.footer.primary.isVisible()
    gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    assert len(window.verify.figures.bars()) == 3


def test_a_remark_is_told_and_the_proof_can_run_again(visit: Visit) -> None:
    visit.backend.outcome = lambda plan: recorded.outcome(verification=recorded.verification(slow=True))
    window = visit.open()
    visit.go_to_build()
    visit.press_primary()
    visit.wait(lambda: visit.state.phase == "done")
    assert "PyTorch works, but slower than usual" in texts(visit)
    assert "The laptop runs on battery" in texts(visit)
    gate = visit.backend.hold("verify")
    visit.qtbot.mouseClick(window.verify.thorough, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.checking)
    assert window.footer.cancel.text() == "Stop the check"
    gate.set()
    visit.wait(lambda: not visit.state.checking)
    assert visit.state.verification is not None
    assert visit.state.verification.mode == "full"
    assert "38 times faster than your CPU" in texts(visit)
    visit.qtbot.mouseClick(window.verify.copy, Qt.MouseButton.LeftButton)
    assert "Matrix multiplication (FP16): 44.6 TFLOPS" in visit.desktop.copied[-1]


def test_a_check_that_is_stopped_leaves_the_proof_of_before(visit: Visit) -> None:
    window = visit.open()
    visit.finish_install()
    visit.backend.hold("verify")
    visit.qtbot.mouseClick(window.verify.again, Qt.MouseButton.LeftButton)
    visit.wait(lambda: "verify" in visit.backend.calls)
    visit.qtbot.mouseClick(window.footer.cancel, Qt.MouseButton.LeftButton)
    visit.wait(lambda: not visit.state.checking)
    assert window.isVisible()
    assert window.verify.error is None
    assert "38 times faster than your CPU" in texts(visit)


def test_a_proof_that_is_not_given_stays_on_its_page(visit: Visit) -> None:
    failed = recorded.verification(passed=False, verdict="fail")
    error = SetupError("gpu-not-seen", problem="The CPU build is installed.")
    from setupwizard.model.events import Error

    visit.backend.outcome = lambda plan: recorded.outcome(
        status="failed", exit=20, verification=failed, error=Error.of(error), current=None
    )
    window = visit.open()
    visit.go_to_build()
    visit.press_primary()
    visit.wait(lambda: visit.state.phase == "stopped")
    assert visit.page == "verify"
    assert window.verify.error_card.isVisible()
    assert "PyTorch starts but does not see the graphics card" in texts(visit)
    assert window.rail.items[4].state == "problem"
    assert window.footer.back.isVisible()


def test_the_last_page_opens_and_copies(visit: Visit) -> None:
    window = visit.open()
    visit.finish_install()
    visit.press_primary()
    page = window.finish
    visit.qtbot.mouseClick(page.terminal, Qt.MouseButton.LeftButton)
    visit.wait(lambda: "open_terminal" in visit.backend.calls)
    visit.qtbot.mouseClick(page.folder, Qt.MouseButton.LeftButton)
    assert visit.desktop.folders == [recorded.ROOT]
    visit.desktop.answer = str(visit.ini.with_name("report.html"))
    visit.qtbot.mouseClick(page.report, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.ini.with_name("report.html").is_file())
    for box in page.commands:
        visit.qtbot.mouseClick(box.copy, Qt.MouseButton.LeftButton)
    usage = recorded.usage()
    assert visit.desktop.copied == [usage.activate, usage.check]


def test_the_last_page_helps_with_editors_and_has_programs_to_try(visit: Visit) -> None:
    window = visit.open()
    visit.finish_install()
    visit.press_primary()
    page = window.finish
    page.editors.unfold()
    for box in page.editors.boxes:
        visit.qtbot.mouseClick(box.copy, Qt.MouseButton.LeftButton)
    python = recorded.usage().python
    assert visit.desktop.copied == [python, python, "python -m pip install jupyterlab"]
    page.programs.unfold()
    assert "cuda" in page.programs.box.command
    first = page.programs.box.command
    page.programs.choice.chosen.emit("autograd")
    assert "backward()" in page.programs.box.command != first


def test_the_last_page_saves_a_plan_for_other_machines_and_says_where(visit: Visit) -> None:
    window = visit.open()
    visit.finish_install()
    visit.press_primary()
    file = visit.ini.with_name("lab.toml")
    visit.desktop.answer = str(file)
    visit.qtbot.mouseClick(window.finish.plan, Qt.MouseButton.LeftButton)
    visit.wait(lambda: window.finish.saved.isVisible())
    assert file.is_file()
    assert str(file) in window.finish.saved.accessibleName()


def test_the_last_page_offers_to_free_the_downloads_with_the_figure(visit: Visit) -> None:
    window = visit.open()
    visit.finish_install()
    visit.press_primary()
    row = window.finish.downloads
    visit.wait(row.isVisible)
    assert "2.6 GB" in row.action.text()
    visit.qtbot.mouseClick(row.action, Qt.MouseButton.LeftButton)
    visit.wait(lambda: row.state == "ok")
    assert visit.backend.downloads == 0
    assert "2.6 GB" in row.accessibleName()
    assert not row.action.isVisible()


def test_where_no_download_was_kept_none_is_offered(visit: Visit) -> None:
    visit.backend.downloads = 0
    window = visit.open()
    visit.finish_install()
    visit.press_primary()
    visit.wait(lambda: visit.state.freeable == 0)
    assert not window.finish.downloads.isVisible()


def test_downloads_that_cannot_be_removed_are_told_and_tried_again(visit: Visit) -> None:
    visit.backend.failures["free_downloads"] = SetupError("file-in-use", path="store")
    window = visit.open()
    visit.finish_install()
    visit.press_primary()
    visit.wait(window.finish.downloads.isVisible)
    visit.qtbot.mouseClick(window.finish.downloads.action, Qt.MouseButton.LeftButton)
    visit.wait(window.finish.error_card.isVisible)
    visit.qtbot.mouseClick(window.finish.error_card.buttons()[0], Qt.MouseButton.LeftButton)
    visit.wait(lambda: window.finish.downloads.state == "ok")
    visit.wait(lambda: not window.finish.error_card.isVisible())


def test_the_last_page_calls_the_device_what_the_proof_calls_it(visit: Visit) -> None:
    devices = (Device(index=0, name="AMD EPYC 7763"),)
    proof = recorded.verification(devices=devices, checks=())
    visit.backend.outcome = lambda plan: recorded.outcome(verification=proof)
    window = visit.open()
    visit.finish_install()
    assert "AMD EPYC 7763" in window.verify.accessibleDescription()
    visit.press_primary()
    assert "AMD EPYC 7763" in texts(visit)


def test_a_check_that_breaks_can_be_repeated_and_left(visit: Visit) -> None:
    window = visit.open()
    visit.finish_install()
    visit.backend.failures["verify"] = SetupError("tool-failed", tool="python")
    visit.qtbot.mouseClick(window.verify.again, Qt.MouseButton.LeftButton)
    visit.wait(window.verify.error_card.isVisible)
    assert window.footer.primary.isEnabled()
    visit.qtbot.mouseClick(window.verify.error_card.buttons()[0], Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.backend.calls.count("verify") == 2 and not visit.state.checking)
    assert not window.verify.error_card.isVisible()
    assert "38 times faster than your CPU" in texts(visit)


def test_what_the_last_page_cannot_do_it_says(visit: Visit) -> None:
    visit.backend.failures["open_terminal"] = SetupError("tool-failed", tool="cmd.exe")
    window = visit.open()
    visit.finish_install()
    visit.press_primary()
    visit.qtbot.mouseClick(window.finish.terminal, Qt.MouseButton.LeftButton)
    visit.wait(window.finish.error_card.isVisible)
    assert "cmd.exe stopped before it was done" in texts(visit)
    visit.qtbot.mouseClick(window.finish.error_card.buttons()[0], Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.backend.calls.count("open_terminal") == 2)
    visit.wait(lambda: not window.finish.error_card.isVisible())


@pytest.mark.parametrize("code", sorted({code for row in SENTENCES.values() for code, _text in row.fixes}))
def test_no_fix_is_a_button_that_does_nothing(visit: Visit, code: str) -> None:
    """Each fix of the closed list, pressed on a plan that could not be made, does something that can be seen."""
    page = "https://www.nvidia.com/drivers"
    visit.backend.failures["plan"] = SetupError("driver-old", driver="452.39", at_least="580", url=page)
    visit.backend.advice = lambda _choices: recorded.driver_recommendation()
    window = visit.open()
    visit.press_primary()
    visit.press_primary()
    visit.wait(window.build.error_card.isVisible)
    visit.desktop.answer = "D:\\torch"
    window.build.fix_wanted.emit(code)
    if code in {"open-driver-page", "open-page"}:
        assert visit.desktop.urls == ["https://www.nvidia.com/drivers"]
    elif code == "proxy-settings":
        assert window.settings.dialog is not None
        window.settings.dialog.accept()
        visit.wait(lambda: visit.state.plan is not None)
    elif code in {"repair", "free-room"}:
        pytest.skip("offered only where there is an environment: test_second_visit.py presses it")
    elif code == "better-folder":
        pytest.skip("offered only with a folder that is better: test_error_cards.py presses it")
    else:
        visit.wait(lambda: visit.state.plan is not None)
        assert not window.build.error_card.isVisible()


def test_keys_press_only_what_can_be_seen(visit: Visit) -> None:
    window = visit.open()
    alt = Qt.KeyboardModifier.AltModifier
    visit.qtbot.keyClick(window, Qt.Key.Key_N, alt)
    assert visit.page == "computer"
    visit.qtbot.keyClick(window, Qt.Key.Key_B, alt)
    assert visit.page == "start"
    visit.go_to_install()
    for key in (Qt.Key.Key_B, Qt.Key.Key_N):
        visit.qtbot.keyClick(window, key, alt)
    assert visit.page == "install"
    assert visit.state.phase == "running"
    assert len(visit.backend.applied) == 1


def test_the_title_says_how_far_an_install_is(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_install()
    assert window.windowTitle() == "41 % - PyTorch Setup"
    visit.gate.set()
    visit.wait(lambda: visit.state.phase == "done")
    assert window.windowTitle() == "PyTorch Setup"


# coming back


def test_a_setup_that_stopped_goes_on(visit: Visit) -> None:
    visit.backend.left = recorded.unfinished()
    window = visit.open()
    visit.wait(window.start.banner.isVisible)
    assert "Your last setup stopped: Downloading (62 %)" in texts(visit)
    assert "1.62 of 2.61 GB is already on this PC and will be reused." in texts(visit)
    assert filled(visit) == ["Continue setup"]
    visit.qtbot.mouseClick(window.start.banner.first, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.phase == "done")
    assert visit.backend.applied == [visit.backend.left.plan]
    assert "plan" not in visit.backend.calls
    assert visit.page == "verify"


def test_a_setup_that_stopped_without_a_known_end_tells_what_is_there(visit: Visit) -> None:
    visit.backend.left = replace(recorded.unfinished(), total_bytes=None)
    window = visit.open()
    visit.wait(window.start.banner.isVisible)
    assert "Your last setup stopped: Downloading\n" in texts(visit)
    assert "1.6 GB is already on this PC and will be reused." in texts(visit)


def test_a_setup_that_stopped_goes_on_before_the_computer_was_looked_at(visit: Visit) -> None:
    visit.backend.left = replace(recorded.unfinished(), plan=None, root="D:\\torch")
    visit.backend.hold("detect")
    window = visit.open()
    visit.wait(window.start.banner.isVisible)
    visit.qtbot.mouseClick(window.start.banner.first, Qt.MouseButton.LeftButton)
    assert visit.page == "install"
    visit.backend.gates["detect"].set()
    visit.wait(lambda: visit.state.phase == "done")
    assert visit.backend.planned[-1].root == "D:\\torch"
    assert visit.state.machine is not None


def test_starting_over_deletes_what_was_left(visit: Visit) -> None:
    visit.backend.left = recorded.unfinished()
    window = visit.open()
    visit.wait(window.start.banner.isVisible)
    visit.qtbot.mouseClick(window.start.banner.second, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.backend.discarded == [recorded.ROOT])
    assert not window.start.banner.isVisible()
    assert filled(visit) == ["Check my computer"]


def test_starting_over_that_did_not_work_is_told_and_tried_again(visit: Visit) -> None:
    visit.backend.left = recorded.unfinished()
    visit.backend.failures["discard"] = SetupError("busy", root=recorded.ROOT)
    window = visit.open()
    visit.wait(window.start.banner.isVisible)
    visit.qtbot.mouseClick(window.start.banner.second, Qt.MouseButton.LeftButton)
    visit.wait(window.start.error_card.isVisible)
    assert window.start.banner.isVisible()
    visit.qtbot.mouseClick(window.start.error_card.buttons()[0], Qt.MouseButton.LeftButton)
    visit.wait(lambda: len(visit.backend.discarded) == 2)
    assert not window.start.error_card.isVisible()
    assert not window.start.banner.isVisible()


# looks


def test_language_and_colours_change_at_once_and_are_remembered(visit: Visit, speak: Callable[[str], None]) -> None:
    window = visit.open()
    visit.press_primary()
    looked = visit.backend.calls.count("detect")
    window.rail.language_wanted.emit("zh_CN")
    assert window.rail.language.text() == "English"
    visit.wait(lambda: visit.backend.calls.count("detect") == looked + 1 and not visit.state.looking)
    assert "用户名" in texts(visit)
    assert visit.page == "computer"
    window.rail.theme_wanted.emit("dark")
    assert theme.current().tokens == DARK
    visit.wait(lambda: visit.backend.held.settings.theme == "dark")
    assert visit.backend.held.settings.language == "zh_CN"
    window.set_language("en")
    visit.wait(lambda: not visit.state.looking)
    assert "user name" in texts(visit)


def test_after_an_install_its_sentences_follow_the_language(visit: Visit) -> None:
    visit.backend.outcome = lambda plan: recorded.outcome(verification=recorded.verification(slow=True))
    window = visit.open()
    visit.finish_install()
    assert "The laptop runs on battery" in texts(visit)
    looked = visit.backend.calls.count("detect")
    window.set_language("zh_CN")
    visit.wait(lambda: "正在用电池供电" in texts(visit))
    assert "The laptop runs on battery" not in texts(visit)
    assert visit.state.decision is not None
    assert "你的驱动" in visit.state.decision.reasons[0].text
    assert visit.backend.calls.count("detect") == looked, "what is done is not looked at again"


def test_an_error_follows_the_language(visit: Visit) -> None:
    visit.backend.failures["apply"] = SetupError("disk-full", path="C:", need="9 GB", free="3 GB")
    window = visit.open()
    visit.go_to_build()
    visit.press_primary()
    visit.wait(window.install.error_card.isVisible)
    window.set_language("zh_CN")
    error = window.install.error
    assert error is not None
    assert error.fixes[0].text == i18n.in_language("zh_CN", lambda: i18n._(SENTENCES["disk-full"].fixes[0][1]))
    assert error.fixes[0].text != SENTENCES["disk-full"].fixes[0][1]
    visit.qtbot.mouseClick(window.footer.back, Qt.MouseButton.LeftButton)
    visit.wait(lambda: not visit.state.looking and visit.state.plan is not None and not visit.state.planning)
    assert visit.state.machine is not None
    assert "用户名" in visit.state.machine.findings[0].text
    assert "你的驱动" in texts(visit)


def test_an_error_that_was_raised_here_is_told_again_with_its_facts(visit: Visit) -> None:
    visit.backend.failures["plan"] = SetupError("disk-full", path="C:", need="9 GB", free="3 GB")
    window = visit.open()
    visit.press_primary()
    visit.press_primary()
    visit.wait(window.build.error_card.isVisible)
    english = window.build.error
    visit.backend.hold("detect")
    window.set_language("zh_CN")
    error = window.build.error
    assert error is not None
    assert english is not None
    assert error.title != english.title
    assert "9 GB" in error.title + error.advice


def test_the_dialogs_of_qt_speak_the_language_too(visit: Visit) -> None:
    window = visit.open()
    english = QCoreApplication.translate("QFileDialog", "Files of type:")
    window.set_language("zh_CN")
    assert QCoreApplication.translate("QFileDialog", "Files of type:") == "文件类型："
    window.set_language("en")
    assert QCoreApplication.translate("QFileDialog", "Files of type:") == english
    visit.wait(lambda: not visit.state.looking)


def test_the_size_is_remembered(visit: Visit) -> None:
    window = visit.open()
    assert window.size() == QSize(960, 640)
    assert window.minimumSize() == QSize(880, 600)
    window.resize(1100, 700)
    window.close()
    again = visit.open()
    assert again.size() == QSize(1100, 700)


def test_a_window_that_filled_the_screen_fills_it_again(visit: Visit) -> None:
    window = visit.open()
    window.resize(1100, 700)
    window.close()
    window = visit.open()
    window.showMaximized()
    window.close()
    again = visit.open()
    assert again.isMaximized()
    again.close()
    settings = QSettings(str(visit.ini), QSettings.Format.IniFormat)
    assert settings.value("size") == QSize(1100, 700), "the size for when it does not fill it"
    settings.setValue("maximized", False)
    settings.sync()
    last = visit.open()
    assert not last.isMaximized()
    assert last.size() == QSize(1100, 700)


def test_a_remembered_size_is_never_larger_than_the_screen(visit: Visit) -> None:
    settings = QSettings(str(visit.ini), QSettings.Format.IniFormat)
    settings.setValue("size", QSize(9000, 9000))
    settings.sync()
    window = visit.open()
    screen = QGuiApplication.primaryScreen().availableSize()
    assert window.width() <= screen.width()
    assert window.height() <= screen.height()


@pytest.mark.parametrize("size", [(880, 600), (960, 640), (1400, 900)])
def test_page_step_list_and_buttons_do_not_overlap(visit: Visit, size: tuple[int, int]) -> None:
    window = visit.open()
    window.resize(*size)
    for _page in range(3):
        page = window.page_now()
        place = QRect(page.mapTo(window, QPoint(0, 0)), page.size())
        assert place == QRect(224, 0, size[0] - 224, size[1] - 70)
        assert window.rail.geometry() == QRect(0, 0, 224, size[1])
        assert window.footer.geometry() == QRect(224, size[1] - 70, size[0] - 224, 70)
        if visit.page != "build":
            visit.press_primary()
            visit.wait(lambda: not visit.state.planning)


def test_qwizards_own_parts_stay_out_of_sight(visit: Visit) -> None:
    window = visit.open()
    assert window.wizardStyle() == QWizard.WizardStyle.ModernStyle
    for which in (QWizard.WizardButton.NextButton, QWizard.WizardButton.CancelButton, QWizard.WizardButton.BackButton):
        assert not window.button(which).isVisible()
    assert all(page.title() == page.subTitle() == "" for page in window.pages)
    assert window.build.isCommitPage()
