"""Coming back: the first page knows the environments, and whatever is done with one is asked, done and told."""

from __future__ import annotations

import threading

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from gui import recorded
from gui.conftest import Visit
from setupwizard.errors import SetupError
from setupwizard.gui.backend import Diagnosis
from setupwizard.gui.dialogs import ConfirmDialog
from setupwizard.gui.widgets.basic import Button, Label
from setupwizard.gui.widgets.environments import EnvironmentCard
from setupwizard.model.doctor import Cause, Cure, Doctor
from setupwizard.model.environments import Environment

OTHER = "C:\\venvs\\old"


def environment(**changes: object) -> Environment:
    values: dict[str, object] = {
        "root": recorded.ROOT,
        "torch": "2.14.1",
        "variant": "cu130",
        "python": "3.12",
        "standing": "checked",
        "text": "It works. Checked on 2026-10-20.",
        "checked": "2026-10-20T10:00:00Z",
    }
    return Environment(**{**values, **changes})  # type: ignore[arg-type]


def texts(visit: Visit) -> str:
    page = visit.window.page_now()
    return "\n".join(label.plain for label in page.findChildren(Label) if label.isVisible())


def cards(visit: Visit) -> list[EnvironmentCard]:
    return visit.window.start.cards.used()


def press(visit: Visit, act: str, index: int = 0) -> None:
    button = cards(visit)[index].button(act)  # type: ignore[arg-type]  # a word of the list
    assert button is not None, act
    visit.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def question(visit: Visit) -> ConfirmDialog:
    visit.wait(lambda: isinstance(QApplication.activeModalWidget(), ConfirmDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ConfirmDialog)
    return dialog


def words(dialog: ConfirmDialog) -> str:
    return "\n".join(label.plain for label in dialog.findChildren(Label))


def answer(visit: Visit, *, yes: bool) -> None:
    dialog = question(visit)
    visit.qtbot.mouseClick(dialog.yes if yes else dialog.no, Qt.MouseButton.LeftButton)
    visit.wait(lambda: QApplication.activeModalWidget() is None)


def open_with(visit: Visit, *there: Environment) -> None:
    visit.backend.there = there
    visit.open()
    visit.wait(lambda: visit.state.environments and len(cards(visit)) == sum(one.own for one in there))


def test_the_first_page_shows_what_is_there_and_how_it_stands(visit: Visit) -> None:
    visit.backend.sizes_of = {recorded.ROOT: (7_200_000_000, 2_440_000_000)}
    open_with(visit, environment(standing="update", text="A newer one is known.", update="2.15.0+cu130"))
    visit.wait(lambda: "7.2 GB" in texts(visit))
    said = texts(visit)
    assert "Your PyTorch environments" in said
    assert "PyTorch 2.14.1, CUDA 13.0, Python 3.12" in said
    assert "A newer one is known." in said
    (card,) = cards(visit)
    filled = [one.text() for one in visit.window.findChildren(Button) if one.isVisible() and one.kind == "primary"]
    assert filled == ["Update"]
    assert card.button("tidy").text() == "Free 2.4 GB..."  # type: ignore[union-attr]  # offered, as there is something
    assert card.button("go-back") is None, "there is nothing to go back to"
    assert visit.window.footer.primary.text() == "Install another"


@pytest.mark.parametrize(
    ("standing", "likeliest"),
    [
        ("checked", "Use it"),
        ("warned", "Use it"),
        ("unchecked", "Check again"),
        ("update", "Update"),
        ("driver", "Check again"),
        ("broken", "Repair"),
    ],
)
def test_the_likeliest_thing_is_the_filled_button(visit: Visit, standing: str, likeliest: str) -> None:
    open_with(visit, environment(standing=standing), environment(root="D:\\second", standing=standing))
    buttons = [one for one in visit.window.start.findChildren(Button) if one.isVisible()]
    assert [one.text() for one in buttons if one.kind == "primary"] == [likeliest]
    assert [one.text() for one in buttons if one.kind == "outline"] == [likeliest]


def test_what_other_programs_made_is_folded_away_and_left_in_their_hands(visit: Visit) -> None:
    visit.backend.there = (environment(root=OTHER, own=False, standing="unchecked"),)
    window = visit.open()
    visit.wait(lambda: visit.state.environments)
    assert "Get PyTorch running on your graphics card" in texts(visit), "nothing of ours is here: a first visit"
    assert window.footer.primary.text() == "Check my computer"
    assert window.start.others_fold.button.text() == "1 other PyTorch on this PC"
    window.start.others_fold.unfold()
    (card,) = window.start.other_cards.used()
    assert card.button("check") is not None
    assert card.button("repair") is not None
    for act in ("remove", "tidy", "update", "use", "go-back"):
        assert card.button(act) is None  # type: ignore[arg-type]  # words of the list


def test_check_again_proves_it_live_and_leads_to_its_use(visit: Visit) -> None:
    open_with(visit, environment())
    press(visit, "check")
    visit.wait(lambda: visit.page == "verify" and not visit.state.checking and visit.state.verification is not None)
    assert visit.backend.calls.count("verify") == 1
    assert "38 times faster than your CPU" in texts(visit)
    assert visit.window.footer.back.isVisible()
    visit.press_primary()
    assert visit.page == "finish"
    assert recorded.ROOT in texts(visit)
    visit.qtbot.mouseClick(visit.window.footer.back, Qt.MouseButton.LeftButton)
    assert visit.page == "start"
    assert not visit.state.committed
    assert len(cards(visit)) == 1


def test_use_it_leads_to_the_last_page_without_a_proof(visit: Visit) -> None:
    open_with(visit, environment())
    press(visit, "use")
    visit.wait(lambda: visit.page == "finish")
    assert "verify" not in visit.backend.calls
    visit.qtbot.mouseClick(visit.window.finish.terminal, Qt.MouseButton.LeftButton)
    visit.wait(lambda: "open_terminal" in visit.backend.calls)


def test_a_check_that_is_not_passed_offers_to_repair_and_to_go_back(visit: Visit) -> None:
    visit.backend.meaning = SetupError("drift", root=recorded.ROOT, problem="Files of PyTorch are missing.")
    visit.backend.proof = recorded.verification(passed=False, verdict="fail")
    open_with(visit, environment(back_to="2.13.0+cu126"))
    press(visit, "check")
    card = visit.window.verify.error_card
    visit.wait(card.isVisible)
    assert [one.text() for one in card.buttons()] == ["Repair it", "Go back to 2.13.0+cu126", "Copy details"]
    visit.backend.meaning, visit.backend.proof = None, recorded.verification()
    visit.qtbot.mouseClick(card.buttons()[1], Qt.MouseButton.LeftButton)
    assert "2.13.0+cu126" in words(question(visit))
    answer(visit, yes=True)
    visit.wait(lambda: visit.backend.acted == [("roll_back", recorded.ROOT)])
    visit.wait(lambda: visit.backend.calls.count("verify") == 2 and not visit.state.checking)
    assert not card.isVisible(), "it was checked again"


def test_update_goes_to_the_choice_of_a_build_for_that_folder(visit: Visit) -> None:
    open_with(visit, environment(root="D:\\ml", standing="update"))
    press(visit, "update")
    visit.wait(lambda: visit.page == "build" and visit.state.plan is not None)
    assert visit.backend.planned[-1].root == "D:\\ml"
    assert visit.backend.applied == [], "nothing starts before Install is pressed"


def test_another_one_goes_into_a_folder_of_its_own(visit: Visit) -> None:
    open_with(visit, environment())
    visit.press_primary()
    visit.wait(lambda: visit.page == "computer")
    assert visit.state.choices.root == f"{recorded.ROOT}-2"


def test_going_back_asks_and_tells(visit: Visit) -> None:
    open_with(visit, environment(back_to="2.13.0+cu126"))
    press(visit, "go-back")
    assert "Nothing is deleted" in words(question(visit))
    answer(visit, yes=False)
    assert visit.backend.acted == []
    press(visit, "go-back")
    answer(visit, yes=True)
    visit.wait(lambda: visit.backend.acted == [("roll_back", recorded.ROOT)])
    visit.wait(lambda: "The one before is in use again." in _row(visit))


def _row(visit: Visit) -> str:
    return "\n".join(card._doing.accessibleName() for card in cards(visit) if card._doing.isVisible())


def test_removing_names_what_goes_and_is_not_the_default(visit: Visit) -> None:
    visit.backend.sizes_of = {recorded.ROOT: (7_200_000_000, 0)}
    open_with(visit, environment(), environment(root="D:\\ml"))
    visit.wait(lambda: "7.2 GB" in texts(visit))
    press(visit, "remove")
    dialog = question(visit)
    said = words(dialog)
    assert recorded.ROOT in said
    assert "PyTorch 2.14.1, CUDA 13.0" in said
    assert "7.2 GB will be free again." in said
    assert dialog.no.isDefault()
    visit.qtbot.keyClick(dialog, Qt.Key.Key_Return)
    visit.wait(lambda: QApplication.activeModalWidget() is None)
    assert visit.backend.acted == [], "Return leaves it as it is"
    press(visit, "remove")
    answer(visit, yes=True)
    visit.wait(lambda: len(cards(visit)) == 1)
    assert visit.backend.acted == [("remove", recorded.ROOT)]
    assert "D:\\ml" in visit.state.environments[0].root


def test_tidying_says_what_goes_before_it_goes(visit: Visit) -> None:
    visit.backend.sizes_of = {recorded.ROOT: (7_200_000_000, 2_440_000_000)}
    open_with(visit, environment())
    visit.wait(lambda: cards(visit)[0].button("tidy") is not None)
    press(visit, "tidy")
    said = words(question(visit))
    assert "gens\\0001" in said
    assert "Free 2.4 GB?" in said
    answer(visit, yes=True)
    visit.wait(lambda: "2.4 GB are free again." in _row(visit))


def test_what_cannot_be_done_is_said_and_can_be_tried_again(visit: Visit) -> None:
    visit.backend.refusals["remove"] = SetupError("file-in-use", path="C:\\pytorch\\torch_cpu.dll")
    open_with(visit, environment())
    press(visit, "remove")
    answer(visit, yes=True)
    card = visit.window.start.error_card
    visit.wait(card.isVisible)
    assert "Another program is using a file in C:\\pytorch\\torch_cpu.dll" in texts(visit)
    visit.qtbot.mouseClick(card.buttons()[0], Qt.MouseButton.LeftButton)
    visit.wait(lambda: not visit.state.environments)
    assert not card.isVisible()


DAMAGED = Doctor(
    healthy=False,
    env=recorded.ROOT,
    causes=(
        Cause(
            code="files-damaged",
            level="problem",
            text="3 files are not what their packages brought.",
            fix=Cure(
                code="new-generation",
                text="Install torch 2.15.0 anew beside it.",
                changes=("torch 2.14.1+cu130 -> 2.15.0+cu130",),
                download_bytes=2_400_000_000,
            ),
        ),
    ),
)


def test_a_repair_says_the_cause_and_the_changes_first(visit: Visit) -> None:
    cured = threading.Event()

    def cure(_emit: object, _cancel: object) -> Doctor:
        cured.set()
        return replace(DAMAGED, healthy=True, causes=(), fixed=("files-damaged",))

    visit.backend.diagnosis = Diagnosis(document=DAMAGED, cure=cure)
    open_with(visit, environment(standing="broken"))
    press(visit, "repair")
    said = words(question(visit))
    assert "3 files are not what their packages brought." in said
    assert "torch 2.14.1+cu130 -> 2.15.0+cu130" in said
    assert "To download: 2.4 GB" in said
    answer(visit, yes=False)
    assert not cured.is_set()
    press(visit, "repair")
    answer(visit, yes=True)
    visit.wait(lambda: "Repaired: 1 problem is gone." in _row(visit))


def test_a_repair_without_a_cure_says_what_the_person_can_do(visit: Visit) -> None:
    cause = replace(DAMAGED.causes[0], text="Install the driver first.", fix=None)
    visit.backend.diagnosis = Diagnosis(document=replace(DAMAGED, causes=(cause,)))
    open_with(visit, environment(standing="broken"))
    press(visit, "repair")
    visit.wait(lambda: "Install the driver first." in _row(visit))


def test_a_search_for_the_cause_can_be_stopped(visit: Visit) -> None:
    visit.backend.hold("examine")
    open_with(visit, environment(standing="broken"))
    press(visit, "repair")
    visit.wait(lambda: "examine" in visit.backend.calls)
    (card,) = cards(visit)
    assert not card.button("remove").isEnabled()  # type: ignore[union-attr]  # offered, one thing at a time
    visit.qtbot.mouseClick(card._doing.action, Qt.MouseButton.LeftButton)
    visit.wait(lambda: visit.state.tending is None)
    assert card.button("remove").isEnabled()  # type: ignore[union-attr]
    assert not visit.window.start.error_card.isVisible()
