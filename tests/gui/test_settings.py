"""The settings: reachable from every page, kept at once, tried for real, and locked where an administrator did so."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QApplication, QLabel

from gui.conftest import Visit
from gui.test_choosing import pill
from setupwizard import i18n
from setupwizard.errors import SetupError
from setupwizard.gui import theme
from setupwizard.gui.settings import OWN, SettingsDialog
from setupwizard.gui.widgets.basic import Button, ElidedLabel, Label
from setupwizard.gui.widgets.pills import Pill, PillRow
from setupwizard.gui.widgets.rows import CheckRow
from setupwizard.model.settings import Preferences, Settings

LEFT = Qt.MouseButton.LeftButton


def open_settings(visit: Visit) -> SettingsDialog:
    visit.qtbot.mouseClick(visit.window.rail.settings, LEFT)
    dialog = visit.window.settings.dialog
    assert dialog is not None
    visit.wait(dialog.isVisible)
    return dialog


def choose(visit: Visit, row: PillRow, value: str) -> None:
    kept = visit.backend.calls.count("keep")
    visit.qtbot.mouseClick(pill(row, value), LEFT)
    visit.wait(lambda: visit.backend.calls.count("keep") > kept and not visit.window.settings.keeper.busy)


def texts(dialog: SettingsDialog) -> str:
    QApplication.processEvents()
    return "\n".join(label.plain for label in dialog.findChildren(Label) if label.isVisibleTo(dialog))


def test_the_settings_are_reached_from_every_page(visit: Visit) -> None:
    window = visit.open()
    visit.finish_install()
    visit.press_primary()
    for page in ("start", "computer", "build", "install", "verify", "finish"):
        window.go_to(page)  # type: ignore[arg-type]
        dialog = open_settings(visit)
        visit.qtbot.keyClick(dialog, Qt.Key.Key_Escape)
        visit.wait(lambda: window.settings.dialog is None)
        assert visit.page == page


def test_what_is_taken_is_kept_at_once(visit: Visit) -> None:
    visit.open()
    dialog = open_settings(visit)
    choose(visit, dialog.limit, "2000000")
    choose(visit, dialog.files, "remove")
    choose(visit, dialog.text_size, "130")
    choose(visit, dialog.source, "nju")
    visit.qtbot.mouseClick(dialog.metered, LEFT)
    visit.wait(lambda: not visit.backend.held.settings.ask_metered)
    assert visit.backend.held.settings == Settings(
        speed_limit=2_000_000, downloads="remove", text_size=130, source="nju", ask_metered=False
    )
    assert visit.backend.pace.limit == 2_000_000
    assert visit.state.choices.source == "nju"


def test_language_and_colours_change_at_once_and_are_kept(visit: Visit) -> None:
    window = visit.open()
    dialog = open_settings(visit)
    choose(visit, dialog.language, "zh_CN")
    assert i18n.language() == "zh_CN"
    assert dialog.windowTitle() == "设置"
    assert window.rail.language.text() == "English"
    choose(visit, dialog.theme, "dark")
    assert theme.current().dark
    assert (visit.backend.held.settings.language, visit.backend.held.settings.theme) == ("zh_CN", "dark")
    choose(visit, dialog.language, "system")
    assert visit.backend.held.settings.language == "system"
    assert i18n.language() == i18n.system_language()


def test_the_switches_of_the_step_list_keep_the_same_settings(visit: Visit) -> None:
    window = visit.open()
    visit.qtbot.mouseClick(window.rail.language, LEFT)
    visit.qtbot.mouseClick(window.rail.theme, LEFT)
    visit.wait(lambda: not window.settings.keeper.busy)
    second = list(i18n.LANGUAGES)[1]
    assert (visit.backend.held.settings.language, visit.backend.held.settings.theme) == (second, "dark")


def test_the_proxy_that_is_shown_is_tried_before_it_is_trusted(visit: Visit) -> None:
    visit.open()
    dialog = open_settings(visit)
    visit.qtbot.mouseClick(pill(dialog.proxy, OWN), LEFT)
    visit.wait(dialog.address.hasFocus)
    visit.qtbot.keyClicks(dialog.address, "http://proxy.example:3128")
    visit.backend.failures["try"] = SetupError("proxy-login", proxy="proxy.example", host="download.pytorch.org")
    visit.qtbot.mouseClick(dialog.test, LEFT)
    visit.wait(lambda: dialog.answer.state == "problem")
    assert visit.backend.tried[-1].proxy == "http://proxy.example:3128"
    assert "wants a name and a password" in texts(dialog) or "password" in texts(dialog)
    visit.qtbot.mouseClick(dialog.test, LEFT)
    visit.wait(lambda: dialog.answer.state == "ok")
    assert "download.pytorch.org answered. This way works." in texts(dialog)
    visit.wait(lambda: visit.backend.held.settings.proxy == "http://proxy.example:3128")


def test_another_proxy_on_page_three_asks_the_servers_again(visit: Visit) -> None:
    visit.open()
    visit.go_to_build()
    dialog = open_settings(visit)
    choose(visit, dialog.theme, "light")
    assert len(visit.backend.planned) == 1, "colours are nothing to ask a server about"
    choose(visit, dialog.proxy, "none")
    visit.wait(lambda: len(visit.backend.planned) == 2 and not visit.state.planning)


def test_what_cannot_be_kept_says_why(visit: Visit) -> None:
    visit.open()
    visit.backend.failures["keep"] = SetupError("root-not-writable", path="/home/me/.config")
    dialog = open_settings(visit)
    visit.qtbot.mouseClick(pill(dialog.proxy, "none"), LEFT)
    visit.wait(lambda: "cannot be written to" in texts(dialog))
    assert dialog.proxy.value() == "system"
    choose(visit, dialog.proxy, "none")
    assert "cannot be written to" not in texts(dialog)


def test_certificates_are_picked_as_a_file(visit: Visit) -> None:
    visit.open()
    dialog = open_settings(visit)
    visit.desktop.answer = "/etc/company.pem"
    visit.qtbot.mouseClick(dialog.browse, LEFT)
    visit.wait(lambda: visit.backend.held.settings.certificates == "/etc/company.pem")
    visit.wait(lambda: dialog.certificates.text() == "/etc/company.pem")


def test_what_the_administrator_fixed_is_shown_and_stays(visit: Visit) -> None:
    visit.backend.held = Preferences(
        settings=Settings(proxy="http://proxy.example:3128", language="en"),
        locked=frozenset({"proxy", "language", "downloads"}),
        reason="IT department, room 12",
        place="/etc/setupwizard/policy.toml",
    )
    window = visit.open()
    assert not window.rail.language.isEnabled()
    assert window.rail.theme.isEnabled()
    dialog = open_settings(visit)
    assert texts(dialog).count("Set by the administrator of this computer: IT department, room 12") == 3
    assert not dialog.address.isEnabled()
    assert not dialog.proxy.isEnabled()
    assert not dialog.files.isEnabled()
    assert dialog.source.isEnabled()
    assert dialog.address.text() == "http://proxy.example:3128"
    window.settings.keeper.keep(proxy="none", theme="dark")
    visit.wait(lambda: not window.settings.keeper.busy)
    assert visit.backend.held.settings.proxy == "http://proxy.example:3128"
    assert visit.backend.held.settings.theme == "dark"


def test_settings_that_could_not_be_read_are_told(visit: Visit) -> None:
    visit.backend.held = Preferences(problem="The file settings.toml is not what this command reads.")
    visit.open()
    dialog = open_settings(visit)
    assert "Your settings could not be read, and the usual ones hold" in texts(dialog)
    choose(visit, dialog.theme, "dark")
    assert "could not be read" not in texts(dialog)


def test_who_is_asked_and_when_is_one_click_away(visit: Visit) -> None:
    visit.open()
    dialog = open_settings(visit)
    visit.qtbot.mouseClick(dialog.contacts.button, LEFT)
    visit.wait(lambda: "download-r2.pytorch.org" in texts(dialog))
    assert "Looking at this computer sends nothing." in texts(dialog)
    assert "On page 3, then for the packages of the build." in texts(dialog)


def test_who_is_asked_is_one_click_from_the_first_page(visit: Visit) -> None:
    window = visit.open()
    visit.qtbot.mouseClick(window.start.hosts, LEFT)
    dialog = window.settings.dialog
    assert dialog is not None
    visit.wait(lambda: "mirror.sjtu.edu.cn" in texts(dialog))
    visit.wait(dialog.contacts.button.hasFocus)


def test_of_many_changes_the_last_one_holds(visit: Visit) -> None:
    window = visit.open()
    gate = visit.backend.hold("keep")
    for percent in (90, 115, 150):
        window.settings.keeper.keep(text_size=percent)
    window.settings.keeper.keep(downloads="keep")
    gate.set()
    visit.wait(lambda: not window.settings.keeper.busy)
    assert visit.backend.held.settings == Settings(text_size=150, downloads="keep")
    assert visit.backend.calls.count("keep") == 2


@pytest.mark.parametrize("language", [*i18n.LANGUAGES, "pseudo"])
@pytest.mark.parametrize("size", [QSize(880, 600), QSize(960, 640)], ids=["smallest", "usual"])
def test_nothing_of_the_settings_is_cut_off(
    visit: Visit, speak: Callable[[str], None], language: str, size: QSize
) -> None:
    speak(language)
    everything = frozenset(Settings.__struct_fields__)
    visit.backend.held = Preferences(locked=everything, reason="IT department")  # type: ignore[arg-type]
    window = visit.open()
    window.resize(size)
    dialog = open_settings(visit)
    dialog.contacts.unfold()
    visit.wait(lambda: len([row for row in dialog.findChildren(CheckRow) if row.isVisibleTo(dialog)]) == 3)
    dialog.notice.show_notice("warn", "A title that is as long as one may be", "A sentence below it. " * 4)
    dialog.notice.show()
    QApplication.processEvents()
    assert dialog.size().boundedTo(size) == dialog.size()
    inside = dialog.scroll_area.widget()
    assert inside.minimumSizeHint().width() <= dialog.scroll_area.viewport().width()
    for label in dialog.findChildren(QLabel):
        if label.isVisibleTo(dialog) and label.wordWrap() and not isinstance(label, ElidedLabel):
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    for kind in (Button, Pill):
        for widget in dialog.findChildren(kind):
            if widget.isVisibleTo(dialog):
                assert widget.width() >= widget.sizeHint().width(), widget.text()


# from an error's card


def test_a_certificate_that_is_added_from_a_card_goes_on_with_the_download(visit: Visit) -> None:
    window = visit.open()
    visit.backend.failures["apply"] = SetupError("tls-intercepted", issuer="School Filter", host="pytorch.org")
    visit.go_to_build()
    visit.press_primary()
    visit.wait(lambda: visit.state.phase == "stopped")
    first = window.install.error_card.buttons()[0]
    assert first.text() == "Add the certificate..."
    visit.qtbot.mouseClick(first, LEFT)
    dialog = window.settings.dialog
    assert dialog is not None
    visit.wait(dialog.test.hasFocus)
    visit.desktop.answer = "/etc/school.pem"
    visit.qtbot.mouseClick(dialog.browse, LEFT)
    visit.qtbot.mouseClick(dialog.close_button, LEFT)
    visit.wait(lambda: visit.state.phase == "done")
    assert visit.backend.held.settings.certificates == "/etc/school.pem"
    assert len(visit.backend.applied) == 2


def test_where_the_administrator_fixed_the_way_no_card_offers_another(visit: Visit) -> None:
    visit.backend.held = Preferences(locked=frozenset({"proxy", "certificates"}), place="/etc/policy.toml")
    visit.backend.failures["plan"] = SetupError("proxy-off", host="proxy.example")
    window = visit.open()
    visit.press_primary()
    visit.press_primary()
    visit.wait(lambda: window.build.error_card.isVisible())
    assert "Proxy settings..." not in [button.text() for button in window.build.error_card.buttons()]
