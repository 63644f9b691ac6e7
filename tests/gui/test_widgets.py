"""The parts of the pages, each by itself."""

import itertools

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QRadioButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from setupwizard.errors import SetupError
from setupwizard.gui import focus, theme
from setupwizard.gui.widgets.basic import Button, Card, Chip, ElidedLabel, Label, breakable
from setupwizard.gui.widgets.choices import CheckBox, ChoiceCard
from setupwizard.gui.widgets.figures import FigureBar, FigureList, FigureView
from setupwizard.gui.widgets.layouts import ColumnsLayout, FlowLayout
from setupwizard.gui.widgets.log import MAX_BLOCKS, NEWEST, LogDrawer
from setupwizard.gui.widgets.panels import Banner, CommandBox, Disclosure, ErrorCard
from setupwizard.gui.widgets.pills import PillRow, Value
from setupwizard.gui.widgets.progress import ProgressBar, ProgressLine
from setupwizard.gui.widgets.rail import Rail
from setupwizard.gui.widgets.rows import CheckRow, Fact, FactGrid, RowState, state_word
from setupwizard.gui.widgets.scroller import Scroller
from setupwizard.model.events import Error, Fix


def shown(qtbot: QtBot, widget: QWidget, width: int = 600, height: int = 300) -> QWidget:
    """Show a part in a window of its own."""
    window = QWidget()
    layout = QVBoxLayout(window)
    layout.addWidget(widget)
    layout.addStretch(1)
    window.resize(width, height)
    qtbot.addWidget(window)
    qtbot.__dict__.setdefault("kept", []).append(window)  # qtbot itself holds no reference
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    return window


# text


@pytest.mark.parametrize(
    "text",
    [
        "C:\\Users\\someone\\AppData\\Local\\Programs\\Python\\Python312\\python.exe",
        "https://download.pytorch.org/whl/cu130/torch-2.15.0%2Bcu130-cp312-cp312-win_amd64.whl",
        "x" * 90,
    ],
)
def test_long_runs_can_be_wrapped_and_look_the_same(qtbot: QtBot, text: str) -> None:
    assert breakable(text).replace("\u200b", "") == text
    label = Label("body", text)
    window = shown(qtbot, label, 260)
    assert label.plain == text
    assert label.accessibleName() == text
    assert label.minimumSizeHint().width() < 260
    assert window.width() == 260


def test_short_text_is_left_alone() -> None:
    assert breakable("Nothing to break in here") == "Nothing to break in here"


def test_text_is_never_read_as_html(qtbot: QtBot) -> None:
    label = Label("body", "<b>bold</b> <img src='x'>")
    shown(qtbot, label)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert Chip("ok", "<b>x</b>").textFormat() == Qt.TextFormat.PlainText


def test_an_empty_label_takes_no_room_and_comes_back(qtbot: QtBot) -> None:
    label = Label("body", "")
    shown(qtbot, label)
    assert label.isHidden()
    label.show_text("now")
    assert label.isVisible()


def test_a_label_without_a_parent_is_no_window(qtbot: QtBot) -> None:
    label = Label("body", "text")
    label.show_text("other")
    assert not label.isVisible()
    qtbot.addWidget(label)


def test_a_folder_loses_its_middle_and_keeps_it_for_who_asks(qtbot: QtBot) -> None:
    folder = "C:\\Users\\someone\\a folder with a long name\\and another\\pytorch"
    label = ElidedLabel("strong", folder)
    shown(qtbot, label, 150)
    assert label.text() != folder
    assert label.text().startswith("C:")
    assert label.toolTip() == folder
    assert label.accessibleName() == folder


# layouts


@pytest.mark.parametrize(("width", "columns"), [(800, 4), (450, 2), (150, 1)])
def test_columns_fold(qtbot: QtBot, width: int, columns: int) -> None:
    holder = QWidget()
    layout = ColumnsLayout(holder, spacing=10)
    for _number in range(4):
        part = QLabel("x")
        part.setMinimumWidth(150)
        layout.addWidget(part)
    assert layout.columns(width) == columns
    assert layout.heightForWidth(width) >= layout.heightForWidth(800)
    qtbot.addWidget(holder)
    assert layout.itemAt(9) is None
    assert layout.takeAt(9) is None


def test_a_flow_goes_on_in_the_next_line(qtbot: QtBot) -> None:
    holder = QWidget()
    layout = FlowLayout(holder, spacing=8)
    buttons = [QPushButton(f"Button {number}") for number in range(6)]
    for button in buttons:
        layout.addWidget(button)
    window = shown(qtbot, holder, 260)
    assert len({button.y() for button in buttons}) > 1
    assert all(button.geometry().right() <= holder.width() for button in buttons)
    assert window.width() == 260


# choices


def test_a_choice_card_is_a_radio_button(qtbot: QtBot) -> None:
    holder = QWidget()
    row = QHBoxLayout(holder)
    one, two = ChoiceCard(), ChoiceCard()
    one.show_choice("Recommended", "We choose the version, the folder and the server for you.")
    two.show_choice("Custom", "You choose.")
    one.setChecked(True)
    row.addWidget(one)
    row.addWidget(two)
    window = shown(qtbot, holder, 700)
    assert isinstance(one, QRadioButton)
    role = QAccessible.queryAccessibleInterface(two).role()
    assert role == QAccessible.Role.RadioButton
    assert two.accessibleDescription() == "You choose."
    qtbot.mouseClick(two, Qt.MouseButton.LeftButton, pos=QPoint(two.width() - 5, two.height() - 5))
    assert two.isChecked()
    assert not one.isChecked()
    two.setFocus()
    qtbot.waitUntil(two.hasFocus)
    qtbot.keyClick(two, Qt.Key.Key_Left)
    assert one.isChecked()
    assert one.heightForWidth(200) > one.heightForWidth(600)
    assert window.isVisible()


@pytest.mark.parametrize("on_screen", [True, False])
def test_a_choice_card_is_as_high_as_its_present_words_in_their_present_size(qtbot: QtBot, on_screen: bool) -> None:
    card = ChoiceCard()
    card.show_choice("Custom", "You choose.")
    if on_screen:
        shown(qtbot, card, 400)
    else:
        qtbot.addWidget(card)
    short = card.heightForWidth(300)
    card.show_choice("Custom", "You choose the version, the folder and the server, and whatever else there is.")
    long = card.heightForWidth(300)
    assert long > short
    try:
        theme.current().set_scale(1.5)
        assert card.heightForWidth(300) > long * 1.2
    finally:
        theme.current().set_scale(1.0)
    assert card.heightForWidth(300) == long


def test_pills_choose_one_value_and_unfold_the_rest(qtbot: QtBot) -> None:
    row = PillRow("PyTorch", shown=3)
    row.show_values([Value(str(number), f"2.{number}") for number in range(6)], "1", "More")
    shown(qtbot, row, 700)
    pills = row.pills()
    assert [pill.isVisible() for pill in pills] == [True, True, True, False, False, False]
    assert row.value() == "1"
    assert pills[2].accessibleName() == "PyTorch: 2.2"
    with qtbot.waitSignal(row.chosen) as said:
        qtbot.mouseClick(pills[2], Qt.MouseButton.LeftButton)
    assert said.args == ["2"]
    more = row.findChild(Button)
    assert more is not None
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    assert all(pill.isVisible() for pill in row.pills())
    row.show_values([Value("a", "A")], "a", "More")
    assert row.value() == "a"


def test_a_chosen_value_is_shown_even_if_it_is_far_down(qtbot: QtBot) -> None:
    row = PillRow("PyTorch", shown=2)
    row.show_values([Value(str(number), str(number)) for number in range(6)], "5", "More")
    shown(qtbot, row)
    assert [pill.value for pill in row.pills() if pill.isVisible()] == ["0", "1", "5"]


def test_what_cannot_be_chosen_says_why_and_is_not_taken(qtbot: QtBot) -> None:
    row = PillRow("Compute platform")
    values = [Value("cu130", "CUDA 13.0"), Value("cu134", "CUDA 13.4", "It needs a newer driver.")]
    row.show_values(values, "cu130", "More")
    shown(qtbot, row, 700)
    taken: list[str] = []
    row.chosen.connect(taken.append)
    barred = row.pills()[1]
    assert barred.accessibleName() == "Compute platform: CUDA 13.4, not for this PC"
    assert barred.accessibleDescription() == barred.toolTip() == "It needs a newer driver."
    qtbot.mouseClick(barred, Qt.MouseButton.LeftButton)
    assert (row.value(), row.reason, taken) == ("cu130", "It needs a newer driver.", [])
    row.pills()[0].setFocus()
    qtbot.keyClick(row.pills()[0], Qt.Key.Key_Right)
    assert row.value() == "cu130"
    qtbot.mouseClick(row.pills()[0], Qt.MouseButton.LeftButton)
    assert row.reason == ""


def test_a_box_is_ticked_by_its_words(qtbot: QtBot) -> None:
    box = CheckBox("torchvision")
    shown(qtbot, box)
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(box.width() - 4, box.height() // 2))
    assert box.isChecked()


# rows


@pytest.mark.parametrize("state", ["waiting", "checking", "ok", "warn", "problem", "skipped", "info"])
def test_a_row_says_its_state_as_a_word(qtbot: QtBot, state: RowState) -> None:
    row = CheckRow()
    row.show_state(state, "NVIDIA driver", "591.44", note="3 s")
    shown(qtbot, row)
    assert row.accessibleName() == f"NVIDIA driver: {state_word(state)}, 591.44, 3 s"
    assert not row.grab().toImage().isNull()


def test_a_row_turns_only_while_it_works_and_is_seen(qtbot: QtBot) -> None:
    row = CheckRow()
    row.show_state("checking", "Looking")
    assert row._timer == 0
    window = shown(qtbot, row)
    assert row._timer != 0
    qtbot.waitUntil(lambda: row._angle > 0, timeout=2000)
    window.hide()
    assert row._timer == 0
    window.show()
    row.show_state("ok", "Looking")
    assert row._timer == 0


def test_a_rows_action_is_a_button(qtbot: QtBot) -> None:
    row = CheckRow(name_width=160)
    row.show_state("warn", "Folder", "long", action="Change...")
    shown(qtbot, row)
    with qtbot.waitSignal(row.pressed):
        qtbot.mouseClick(row.action, Qt.MouseButton.LeftButton)
    row.show_state("ok", "Folder")
    assert row.action.isHidden()


def test_facts_are_named_for_who_hears_them(qtbot: QtBot) -> None:
    grid = FactGrid()
    grid.show_facts([Fact("Memory", "8 GB"), Fact("Driver", "591.44", "chip")])
    shown(qtbot, grid)
    names = {child.accessibleName() for child in grid.findChildren(QWidget)}
    assert {"Memory: 8 GB", "Driver: 591.44"} <= names
    cells = len(grid.findChildren(QLabel))
    grid.show_facts([Fact("Memory", "8 GB"), Fact("Driver", "591.44", "chip")])
    assert len(grid.findChildren(QLabel)) == cells


# progress


def test_the_bar_never_goes_back(qtbot: QtBot) -> None:
    bar = ProgressBar()
    shown(qtbot, bar)
    seen = []
    for fraction in (0.1, 0.5, 0.3, 0.9, 0.2, 2.0):
        bar.advance(fraction)
        seen.append(bar.fraction)
    assert all(before <= after for before, after in itertools.pairwise(seen))
    assert bar.fraction == 1.0
    bar.restart()
    assert bar.fraction == 0.0
    bar.set_busy(True)
    qtbot.waitUntil(lambda: bar._pulse > 0, timeout=2000)
    bar.set_busy(False)
    assert bar._timer == 0


def test_the_line_says_all_of_it(qtbot: QtBot) -> None:
    line = ProgressLine()
    line.show_line("Downloading torch", amount="1.62 of 2.61 GB", speed="11.2 MB/s", percent="62 %")
    line.show_note("Waiting", "warn")
    shown(qtbot, line)
    assert line.words == "Downloading torch, 62 %, 1.62 of 2.61 GB, 11.2 MB/s"
    assert line.note == "Waiting"


def test_a_figure_below_its_band_says_so(qtbot: QtBot) -> None:
    view = FigureView(name="Memory", text="201 GB/s", value=201, low=220, high=262, range_text="220-262 GB/s")
    fine = FigureView(name="FP32", text="11.8 TFLOPS", value=11.8, low=10, high=13, range_text="10-13 TFLOPS")
    bare = FigureView(name="Pictures", text="3464", value=3464)
    figures = FigureList()
    figures.show_figures([view, fine, bare])
    shown(qtbot, figures)
    names = [bar.accessibleName() for bar in figures.bars()]
    assert names == [
        "Memory: 201 GB/s, usual 220-262 GB/s, below usual",
        "FP32: 11.8 TFLOPS, usual 10-13 TFLOPS, OK",
        "Pictures: 3464",
    ]
    colours = _colours(figures.bars()[0])
    assert theme.current().tokens.warn_fill.lower() in colours
    assert theme.current().tokens.band.lower() in colours
    assert theme.current().tokens.accent.lower() in _colours(figures.bars()[1])
    assert theme.current().tokens.accent.lower() not in _colours(figures.bars()[2])


def _colours(bar: FigureBar) -> set[str]:
    image = bar.grab().toImage()
    return {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}


# the drawer


def drawer_of(qtbot: QtBot) -> LogDrawer:
    drawer = LogDrawer()
    drawer.stamp = lambda: "12:00:00"
    shown(qtbot, drawer, 600, 260)
    return drawer


def test_the_drawer_is_closed_and_read_only(qtbot: QtBot) -> None:
    drawer = drawer_of(qtbot)
    assert drawer.view.isHidden()
    assert drawer.view.isReadOnly()
    assert not drawer.view.isUndoRedoEnabled()
    with qtbot.waitSignal(drawer.opened):
        qtbot.mouseClick(drawer.toggle, Qt.MouseButton.LeftButton)
    assert drawer.view.isVisible()
    assert drawer.toggle.text() == "Hide details"


def test_only_the_newest_lines_are_shown_and_the_rest_is_counted(qtbot: QtBot) -> None:
    drawer = drawer_of(qtbot)
    drawer.append([f"line {number}" for number in range(NEWEST + 700)], skipped=300)
    lines = drawer.text().splitlines()
    assert len(lines) == NEWEST + 1
    assert "1000 lines left out" in lines[0]
    assert lines[-1].endswith(f"line {NEWEST + 699}")
    for _batch in range(15):
        drawer.append([f"more {number}" for number in range(NEWEST)])
    assert drawer.view.blockCount() <= MAX_BLOCKS


def test_progress_takes_the_place_of_progress(qtbot: QtBot) -> None:
    drawer = drawer_of(qtbot)
    drawer.append(["Downloading torch (2.2 GB)", "torch: 1 % (0.02 of 2.43 GiB)", "torch: 2 % (0.05 of 2.43 GiB)"])
    drawer.append(["torch: 3 % (0.07 of 2.43 GiB)"])
    drawer.append(["10%\r20%\r30%", "done"])
    assert [line[10:] for line in drawer.text().splitlines()] == [
        "Downloading torch (2.2 GB)",
        "torch: 3 % (0.07 of 2.43 GiB)",
        "30%",
        "done",
    ]


def test_progress_of_two_files_stays_two_lines(qtbot: QtBot) -> None:
    drawer = drawer_of(qtbot)
    drawer.append(["numpy 10 of 20 MB", "torch 10 of 20 MB", "torch 20 of 20 MB"])
    assert [line[10:] for line in drawer.text().splitlines()] == ["numpy 10 of 20 MB", "torch 20 of 20 MB"]


def test_a_first_line_of_progress_is_replaced_too(qtbot: QtBot) -> None:
    drawer = drawer_of(qtbot)
    drawer.append(["torch 1 %"])
    drawer.append(["torch 2 %"])
    assert drawer.text() == "12:00:00  torch 2 %"


def test_the_drawer_follows_only_at_its_end(qtbot: QtBot) -> None:
    drawer = drawer_of(qtbot)
    drawer.open()
    drawer.append([f"line {number} of many words" for number in range(300)])
    bar = drawer.view.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    bar.setValue(5)
    drawer.append(["another line"])
    assert bar.value() == 5
    with qtbot.waitSignal(drawer.copy_wanted) as said:
        qtbot.mouseClick(drawer.copy, Qt.MouseButton.LeftButton)
    assert said.args is not None
    assert "another line" in said.args[0]
    drawer.clear()
    assert drawer.text() == ""


# panels


def test_an_error_is_told_with_what_can_be_done(qtbot: QtBot) -> None:
    card = ErrorCard()
    shown(qtbot, card)
    assert card.isHidden()
    error = Error.of(SetupError("network-timeout", host="download.pytorch.org"))
    card.show_error(error, kept="1.6 GB is saved and will be reused.")
    texts = [label.plain for label in card.findChildren(Label)]
    assert texts == [
        "The download server download.pytorch.org stopped answering",
        error.advice,
        "1.6 GB is saved and will be reused.",
        "Error code: network-timeout",
    ]
    buttons = card.buttons()
    assert [button.text() for button in buttons] == ["Continue from another server", "Try again", "Copy details"]
    assert [button.kind for button in buttons] == ["primary", "outline", "link"]
    with qtbot.waitSignal(card.fix_chosen) as said:
        qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    assert said.args == ["other-source"]
    with qtbot.waitSignal(card.details_wanted):
        qtbot.mouseClick(buttons[2], Qt.MouseButton.LeftButton)
    card.clear()
    assert card.isHidden()
    assert card.error is None


def test_a_fault_of_ours_offers_a_support_file(qtbot: QtBot) -> None:
    card = ErrorCard()
    shown(qtbot, card)
    card.show_error(Error.of(SetupError("internal-error", log="/logs/x.log")))
    with qtbot.waitSignal(card.support_wanted):
        qtbot.mouseClick(card.buttons()[-1], Qt.MouseButton.LeftButton)


def test_a_passing_fault_without_a_fix_can_be_tried_again(qtbot: QtBot) -> None:
    card = ErrorCard()
    shown(qtbot, card)
    card.show_error(Error(id="busy", code="busy", title="Busy", advice="Wait.", retryable=True))
    assert card.buttons()[0].text() == "Try again"
    card.show_error(Error(id="busy", code="busy", title="Busy", advice="Wait.", fixes=(Fix(code="a", text="A"),)))
    assert card.buttons()[0].text() == "A"


def test_a_notice_has_at_most_two_answers(qtbot: QtBot) -> None:
    banner = Banner()
    banner.show_notice("info", "Title", "Text", first="Yes", second="No")
    shown(qtbot, banner)
    with qtbot.waitSignal(banner.accepted):
        qtbot.mouseClick(banner.first, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(banner.declined):
        qtbot.mouseClick(banner.second, Qt.MouseButton.LeftButton)
    banner.show_notice("warn", "Title")
    assert banner.first.isHidden()
    assert banner.second.isHidden()


@pytest.mark.parametrize(("tall", "scrolled_by"), [(100, "to its end"), (900, "to its button")])
def test_what_unfolds_at_the_end_of_a_page_comes_into_view(qtbot: QtBot, tall: int, scrolled_by: str) -> None:
    inside = QWidget()
    column = QVBoxLayout(inside)
    above, part, content = QWidget(), Disclosure(), QWidget()
    above.setFixedHeight(250)
    content.setFixedHeight(tall)
    part.show_title("More")
    part.inside.addWidget(content)
    column.addWidget(above)
    column.addWidget(part)
    scroller = Scroller(inside)
    window = shown(qtbot, scroller)
    window.layout().setStretchFactor(scroller, 1)
    bar = scroller.area.verticalScrollBar()
    QTest.mouseClick(part.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bar.value() > 0)
    top, seen = part.y() - bar.value(), scroller.area.viewport().height()
    assert top >= 0
    assert top == 0 if scrolled_by == "to its button" else top + part.height() <= seen


def test_a_part_unfolds(qtbot: QtBot) -> None:
    fold = Disclosure()
    inside = QLabel("inside")
    fold.inside.addWidget(inside)
    fold.show_title("More")
    shown(qtbot, fold)
    assert not inside.isVisible()
    with qtbot.waitSignal(fold.toggled):
        qtbot.mouseClick(fold.button, Qt.MouseButton.LeftButton)
    assert inside.isVisible()
    assert fold.unfolded


def test_a_command_is_copied_as_it_is(qtbot: QtBot) -> None:
    box = CommandBox()
    command = "uv pip install torch==2.15.0+cu130 --index-url https://download.pytorch.org/whl/cu130"
    box.show_command(command, "Command")
    shown(qtbot, box, 320)
    with qtbot.waitSignal(box.copy_wanted) as said:
        qtbot.mouseClick(box.copy, Qt.MouseButton.LeftButton)
    assert said.args == [command]
    assert box.copy.accessibleName() == "Copy: Command"


# the step list


def test_only_finished_steps_can_be_pressed(qtbot: QtBot) -> None:
    holder = QWidget()
    rail = Rail(3, holder)
    holder.resize(224, 400)
    rail.resize(224, 400)
    qtbot.addWidget(holder)
    rail.show_step(0, "Start", "Recommended", "done", here=False, reachable=True)
    rail.show_step(1, "Your computer", "", "current", here=True, reachable=False)
    rail.show_step(2, "Finish", "", "upcoming", here=False, reachable=False)
    holder.show()
    chosen: list[int] = []
    rail.step_chosen.connect(chosen.append)
    for item in rail.items:
        qtbot.mouseClick(item, Qt.MouseButton.LeftButton)
    assert chosen == [0]
    assert rail.items[0].accessibleName() == "Step 1: Start, done, Recommended"
    assert rail.items[1].accessibleName() == "Step 2: Your computer, now"
    assert rail.items[2].focusPolicy() == Qt.FocusPolicy.NoFocus
    with qtbot.waitSignal(rail.language_wanted) as said:
        qtbot.mouseClick(rail.language, Qt.MouseButton.LeftButton)
    assert said.args == ["zh_CN"]
    with qtbot.waitSignal(rail.theme_wanted) as said:
        qtbot.mouseClick(rail.theme, Qt.MouseButton.LeftButton)
    assert said.args == ["dark"]


# the ring


def test_the_ring_follows_keys_and_no_mouse(qtbot: QtBot) -> None:
    holder = QWidget()
    row = QHBoxLayout(holder)
    one, two = Button("outline", "One"), Button("outline", "Two")
    row.addWidget(one)
    row.addWidget(two)
    shown(qtbot, holder)
    qtbot.mouseClick(one, Qt.MouseButton.LeftButton)
    one.setFocus(Qt.FocusReason.MouseFocusReason)
    qtbot.waitUntil(one.hasFocus)
    assert not focus.ring_shown(one)
    QTest.keyClick(one, Qt.Key.Key_Tab)
    assert two.hasFocus()
    assert focus.ring_shown(two)
    assert not focus.ring_shown(one)


def test_no_ring_where_the_focus_falls_by_itself(qtbot: QtBot) -> None:
    holder = QWidget()
    row = QHBoxLayout(holder)
    one, two = Button("outline", "One"), Button("outline", "Two")
    row.addWidget(one)
    row.addWidget(two)
    shown(qtbot, holder)
    one.setFocus(Qt.FocusReason.OtherFocusReason)
    qtbot.waitUntil(one.hasFocus)
    one.setEnabled(False)
    qtbot.waitUntil(two.hasFocus)
    assert not focus.ring_shown(two)


def test_tones_change_the_surface(qtbot: QtBot) -> None:
    card = Card()
    card.setMinimumHeight(60)
    shown(qtbot, card)
    plain = card.grab().toImage().pixelColor(20, 20).name()
    card.set_tone("err")
    assert card.grab().toImage().pixelColor(20, 20).name() == theme.current().tokens.err_soft.lower() != plain
