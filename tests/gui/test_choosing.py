"""Everything that can be chosen before Install: cards, builds, servers; and what is said about what cannot."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from gui import recorded
from gui.conftest import Visit
from setupwizard.gui.backend import Choices
from setupwizard.gui.widgets.basic import Label
from setupwizard.gui.widgets.pills import Pill, PillRow
from setupwizard.model.recommendation import Cell, Recommendation
from setupwizard.model.settings import Preferences, Settings

LEFT = Qt.MouseButton.LeftButton


def texts(visit: Visit) -> str:
    """Return all that the present page says."""
    QApplication.processEvents()
    page = visit.window.page_now()
    return "\n".join(label.plain for label in page.findChildren(Label) if label.isVisibleTo(page))


def pill(row: PillRow, value: str) -> Pill:
    return next(one for one in row.pills() if one.value == value)


def to_details(visit: Visit) -> None:
    visit.window.build.details_fold.unfold()
    QApplication.processEvents()


# the grid


def test_every_build_is_shown_and_what_does_not_run_says_why(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    to_details(visit)
    details = window.build.details
    assert [one.value for one in details.platform.pills()] == ["cu130", "cu132", "cu126", "cu134", "cpu"]
    barred = [one.value for one in details.platform.pills() if one.reason]
    assert barred == ["cu134"]
    qtbot, plans = visit.qtbot, len(visit.backend.planned)
    qtbot.mouseClick(pill(details.platform, "cu134"), LEFT)
    assert "CUDA 13.4 needs NVIDIA driver 616 or newer" in texts(visit)
    assert len(visit.backend.planned) == plans
    assert details.platform.value() == "cu130"
    assert pill(details.torch, "1.13.1").reason.endswith("no package for Python 3.12.")
    assert not pill(details.torch, "2.13.0").reason


def test_a_release_without_the_present_platform_gets_one_that_runs(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    to_details(visit)
    visit.qtbot.mouseClick(pill(window.build.details.platform, "cu132"), LEFT)
    visit.wait(lambda: visit.state.plan is not None and visit.state.plan.build.variant == "cu132")
    visit.qtbot.mouseClick(pill(window.build.details.torch, "2.14.1"), LEFT)
    visit.wait(lambda: visit.state.plan is not None and visit.state.plan.build.torch == "2.14.1")
    assert visit.backend.planned[-1].variant == "cu130"


def test_a_preview_is_offered_only_where_the_data_have_one(visit: Visit) -> None:
    nightly = "2.16.0.dev20261120"
    window = visit.open()
    visit.go_to_build()
    assert not any("Preview" in one.text() for one in window.build.details.torch.pills())
    preview = Cell(torch=nightly, variant="cu130", build=recorded.build(nightly), gpus=(0,))
    window.flow._set(cells=(preview, *recorded.cells()))
    assert window.build.details.torch.pills()[0].text() == f"Preview ({nightly})"


def test_a_build_that_only_a_server_knows_is_among_the_values(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    window.flow._set(plan=recorded.plan(recorded.build("2.15.1", "cu130")))
    assert window.build.details.torch.value() == "2.15.1"
    assert window.build.details.platform.value() == "cu130"


def test_the_builds_that_were_not_chosen_unfold_with_their_reasons(visit: Visit) -> None:
    visit.backend.advice = lambda _choices: recorded.later_recommendation()
    window = visit.open()
    visit.go_to_build()
    assert window.build.others_fold.button.text() == "Why not another build?"
    window.build.others_fold.unfold()
    said = texts(visit)
    assert "PyTorch 2.15.0 for CUDA 13.0" in said
    assert "CUDA 13.0 needs NVIDIA driver 580 or newer." in said


def test_where_nothing_was_rejected_nothing_unfolds(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    assert not window.build.others_fold.isVisible()


# drivers and cards


def test_a_better_build_after_a_driver_update_is_told_with_its_link(visit: Visit) -> None:
    visit.backend.advice = lambda _choices: recorded.later_recommendation()
    window = visit.open()
    visit.go_to_build()
    said = texts(visit)
    assert "With another driver: PyTorch 2.15.0 for CUDA 13.0" in said
    assert "Install NVIDIA driver 580 or newer." in said
    assert window.build.notice.first.kind == "outline"
    visit.qtbot.mouseClick(window.build.notice.first, LEFT)
    assert visit.desktop.urls == ["https://www.nvidia.com/drivers"]


def test_the_cards_to_serve_are_chosen_where_no_build_serves_them_all(visit: Visit) -> None:
    def advise(choices: Choices) -> Recommendation:
        return recorded.split_recommendation(choices.gpus)

    visit.backend.machine = recorded.split_machine()
    visit.backend.advice = advise
    window = visit.open()
    visit.press_primary()
    ways = window.computer.card_choice.ways()
    assert "Which cards should PyTorch use?" in texts(visit)
    assert [way.text() for way in ways] == ["NVIDIA GeForce RTX 5070", "NVIDIA GeForce GTX 1080"]
    assert ways[0].isChecked()
    assert "PyTorch will use NVIDIA GeForce RTX 5070." in texts(visit)
    visit.qtbot.mouseClick(ways[1], LEFT)
    visit.wait(lambda: visit.state.decision is not None and visit.state.decision.gpus == (1,))
    assert "plan" not in visit.backend.calls, "no server is asked before page 3"
    assert ways[1].isChecked()
    assert len(window.computer.card_choice.ways()) == 2
    visit.press_primary()
    visit.wait(lambda: visit.state.plan is not None)
    assert visit.backend.planned[-1].gpus == (1,)
    assert "PyTorch 2.14.1 for CUDA 12.6" in texts(visit)
    assert "We recommend this build" in texts(visit)


def test_one_group_of_cards_is_no_choice(visit: Visit) -> None:
    window = visit.open()
    visit.press_primary()
    assert not window.computer.card_choice.isVisible()


# servers and folders


def test_a_folder_of_packages_can_be_the_source(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    to_details(visit)
    source = window.build.details.source
    visit.qtbot.mouseClick(pill(source, "?"), LEFT)  # the person changes their mind
    assert source.value() == ""
    assert len(visit.backend.planned) == 1
    visit.desktop.answer = "/media/usb/wheels"
    visit.qtbot.mouseClick(pill(source, "?"), LEFT)
    visit.wait(lambda: len(visit.backend.planned) == 2 and not visit.state.planning)
    assert visit.backend.planned[-1].source == "/media/usb/wheels"
    assert pill(source, "/media/usb/wheels").text() == "wheels"
    assert source.value() == "/media/usb/wheels"


def test_conda_alone_can_take_pytorch_from_conda_forge(visit: Visit) -> None:
    window = visit.open()
    visit.go_to_build()
    to_details(visit)
    details = window.build.details
    assert [one.value for one in details.installer.pills()] == ["uv", "pip", "conda"]
    assert "conda-forge" not in [one.value for one in details.source.pills()]
    visit.qtbot.mouseClick(pill(details.installer, "conda"), LEFT)
    visit.wait(lambda: visit.backend.planned[-1].installer == "conda" and not visit.state.planning)
    visit.qtbot.mouseClick(pill(details.source, "conda-forge"), LEFT)
    visit.wait(lambda: visit.backend.planned[-1].source == "conda-forge" and not visit.state.planning)
    visit.qtbot.mouseClick(pill(details.installer, "uv"), LEFT)
    visit.wait(lambda: visit.backend.planned[-1].installer == "uv" and not visit.state.planning)
    assert visit.backend.planned[-1].source is None


def test_a_server_that_the_administrator_fixed_cannot_be_left(visit: Visit) -> None:
    visit.backend.held = Preferences(
        settings=Settings(source="sjtu"), locked=frozenset({"source"}), reason="IT department", place="/etc/policy.toml"
    )
    window = visit.open()
    window.flow._set(choices=replace(recorded.choices(), source="sjtu"))
    visit.go_to_build()
    to_details(visit)
    source = window.build.details.source
    visit.qtbot.mouseClick(pill(source, "nju"), LEFT)
    assert "Set by the administrator of this computer: IT department" in texts(visit)
    assert source.value() == "sjtu"
    assert len(visit.backend.planned) == 1


def test_all_that_comes_along_is_named(visit: Visit) -> None:
    whole = replace(recorded.build("2.10.0", "cu126"), torchvision="0.25.0", torchaudio="2.10.0")
    visit.backend.advice = lambda _choices: recorded.recommendation(whole)
    window = visit.open()
    visit.go_to_build()
    to_details(visit)
    assert "Comes with torchvision 0.25.0, torchaudio 2.10.0." in texts(visit)
    assert window.build.details.companions.pills()[0].text() == "torchvision 0.25.0, torchaudio 2.10.0"


# the CUDA Toolkit


def test_the_toolkit_is_told_as_not_needed(visit: Visit) -> None:
    window = visit.open()
    visit.press_primary()
    fold = window.computer.toolkit
    assert fold.button.text() == "No CUDA Toolkit is here, and PyTorch does not need one"
    fold.unfold()
    said = texts(visit)
    assert "You don't need it to use PyTorch" in said
    assert "Take CUDA Toolkit 13.0" in said
    visit.qtbot.mouseClick(fold.link, LEFT)
    assert visit.desktop.urls == ["https://developer.nvidia.com/cuda-toolkit-archive"]


@pytest.mark.parametrize(
    ("variant", "told"),
    [
        ("cu130", ("Its nvcc matches CUDA 13.0.", "Its nvcc does not match CUDA 13.0")),
        ("cu126", ("Its nvcc does not match CUDA 12.6", "Its nvcc works with CUDA 12.6")),
    ],
)
def test_the_compiler_of_a_toolkit_is_compared_with_the_build(
    visit: Visit, variant: str, told: tuple[str, ...]
) -> None:
    visit.backend.machine = recorded.machine(toolkits=recorded.toolkits())
    visit.backend.advice = lambda _choices: recorded.recommendation(recorded.build(variant=variant))
    window = visit.open()
    visit.press_primary()
    assert window.computer.toolkit.button.text() == "CUDA Toolkit 13.0.2 is here; PyTorch does not need it"
    window.computer.toolkit.unfold()
    said = texts(visit)
    for sentence in told:
        assert sentence in said


def test_without_a_card_of_its_maker_nothing_is_said_about_the_toolkit(visit: Visit) -> None:
    visit.backend.machine = recorded.machine(gpus=(), nvidia_driver=None, findings=())
    visit.backend.advice = lambda _choices: recorded.cpu_recommendation()
    window = visit.open()
    visit.press_primary()
    assert not window.computer.toolkit.isVisible()


def test_a_build_for_the_processor_has_no_toolkit(visit: Visit) -> None:
    visit.backend.machine = recorded.machine(toolkits=recorded.toolkits())
    visit.backend.advice = lambda _choices: replace(recorded.cpu_recommendation(), verdict="cpu")
    window = visit.open()
    visit.press_primary()
    window.computer.toolkit.unfold()
    assert "no toolkit belongs to it" in texts(visit)
