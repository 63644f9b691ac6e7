"""The settings, over whatever page is shown: what is taken holds at once, what an administrator fixed says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace
from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from setupwizard.gui import focus, theme
from setupwizard.gui.state import State
from setupwizard.gui.widgets.basic import Button, Card, Label, show_if
from setupwizard.gui.widgets.choices import CheckBox
from setupwizard.gui.widgets.panels import Banner, Disclosure
from setupwizard.gui.widgets.pills import PillRow, Value
from setupwizard.gui.widgets.rows import CheckRow, CheckRows, RowText
from setupwizard.gui.widgets.scroller import Scroller
from setupwizard.gui.wishes import Keeper
from setupwizard.gui.wording import limit_texts, locked_sentence
from setupwizard.i18n import LANGUAGES, _
from setupwizard.model.events import Error
from setupwizard.model.format import listed
from setupwizard.model.settings import DIRECT, SYSTEM, Contact, Preferences, SettingName, Settings

_SIZE = QSize(720, 560)
_NAME_WIDTH = 150
_TEXT_SIZES = (90, 100, 115, 130, 150)
OWN = "own"
"""The value of the row of proxies that stands for an address."""


class SettingsDialog(QDialog):
    """Everything that holds for every visit.

    Signals:
        language_wanted(str): another language, at once.
        theme_wanted(str): other colours, at once.
        file_wanted(str, object): the person wants to pick a file, with the title to ask by and what gets the answer.
    """

    language_wanted = Signal(str)
    theme_wanted = Signal(str)
    file_wanted = Signal(str, object)

    def __init__(self, keeper: Keeper, state: Callable[[], State], parent: QWidget) -> None:
        """Take what keeps settings, what tells the state with the download servers, and the window."""
        super().__init__(parent)
        self._keeper = keeper
        self._state = state
        self._refused: Error | None = None
        look = theme.current()
        self.setWindowModality(Qt.WindowModality.WindowModal)
        column = QVBoxLayout(self)
        column.setContentsMargins(look.px(24), look.px(20), look.px(14), look.px(16))
        column.setSpacing(look.px(12))
        inside = QWidget()
        self._cards = QVBoxLayout(inside)
        self._cards.setContentsMargins(0, 0, 0, 0)
        self._cards.setSpacing(look.px(12))
        self.notice = Banner()
        self._cards.addWidget(self.notice)
        self._make_looks()
        self._make_downloads()
        self._make_network()
        self._make_contacts()
        self._cards.addStretch(1)
        scroller = Scroller(inside)
        self.scroll_area = scroller.area
        column.addWidget(scroller, 1)
        self.close_button = Button("primary")
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.setContentsMargins(0, 0, look.px(10), 0)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        column.addLayout(foot)
        keeper.kept.connect(self._on_kept)
        keeper.refused.connect(self._on_refused)
        keeper.tried.connect(self._on_tried)
        keeper.told.connect(self._on_told)
        self.resize(QSize(look.px(_SIZE.width()), look.px(_SIZE.height())).boundedTo(parent.size()))
        self._show()
        self.close_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_contacts(self) -> None:
        """Unfold who is asked, and when, and come to it."""
        self.contacts.unfold()
        QTimer.singleShot(0, self._to_contacts)

    def show_network(self) -> None:
        """Come to proxy and certificates."""
        QTimer.singleShot(0, self._to_network)

    def _to_contacts(self) -> None:
        self.scroll_area.verticalScrollBar().setValue(self.contacts.y())
        self.contacts.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _to_network(self) -> None:
        self.scroll_area.verticalScrollBar().setValue(self._network.y())
        self.test.setFocus(Qt.FocusReason.OtherFocusReason)

    # the parts

    def _make_looks(self) -> None:
        self.language, self.theme, self.text_size = PillRow(), PillRow(), PillRow()
        self.language.chosen.connect(self._on_language)
        self.theme.chosen.connect(self._on_theme)
        self.text_size.chosen.connect(self._on_text_size)
        self._later = Label("caption")
        self._looks = _Section(
            (("language", self.language), ("theme", self.theme), ("text_size", self.text_size)), after=self._later
        )
        self._cards.addWidget(self._looks)

    def _make_downloads(self) -> None:
        self.source, self.limit, self.files = PillRow(shown=8), PillRow(shown=6), PillRow()
        self.metered = CheckBox()
        self.news = CheckBox()
        self.source.chosen.connect(self._on_source)
        self.limit.chosen.connect(self._on_limit)
        self.files.chosen.connect(self._on_files)
        self.metered.clicked.connect(self._on_metered)
        self.news.clicked.connect(self._on_news)
        rows: Sequence[tuple[SettingName, QWidget]] = (
            ("source", self.source),
            ("speed_limit", self.limit),
            ("downloads", self.files),
            ("ask_metered", self.metered),
            ("tell_new_version", self.news),
        )
        self._downloads = _Section(rows)
        self._cards.addWidget(self._downloads)

    def _make_network(self) -> None:
        look = theme.current()
        self.proxy, self.address, self.certificates = PillRow(), QLineEdit(), QLineEdit()
        self.proxy.chosen.connect(self._on_proxy)
        self.address.setPlaceholderText("http://proxy.example:3128")
        self.address.editingFinished.connect(self._on_address)
        self.certificates.editingFinished.connect(self._on_certificates)
        self.test, self.browse = Button(), Button()
        self.test.clicked.connect(self._on_test)
        self.browse.clicked.connect(self._on_browse)
        for button in (self.test, self.browse):
            button.setMinimumWidth(look.px(96))
        for line in (self.address, self.certificates):
            focus.watch(line)
        way = QWidget()
        ways = QVBoxLayout(way)
        ways.setContentsMargins(0, 0, 0, 0)
        ways.setSpacing(look.px(6))
        ways.addWidget(self.proxy)
        ways.addWidget(_beside(self.address, self.test))
        self.answer = CheckRow()
        ways.addWidget(self.answer)
        self.answer.hide()
        self._network = _Section((("proxy", way), ("certificates", _beside(self.certificates, self.browse))))
        self._cards.addWidget(self._network)

    def _make_contacts(self) -> None:
        self.contacts = Disclosure()
        self.contacts.toggled.connect(self._on_contacts)
        card = Card(spacing=4)
        rows = QVBoxLayout()
        rows.setSpacing(theme.current().px(2))
        self._contact_rows = CheckRows(rows)
        self._promise = Label("body")
        card.body.addWidget(self._promise)
        card.body.addLayout(rows)
        self.contacts.inside.addWidget(card)
        self._cards.addWidget(self.contacts)

    # what is shown

    def _show(self) -> None:
        """Show what holds, in the present language."""
        held = self._keeper.held
        self.setWindowTitle(_("Settings"))
        self.setAccessibleName(_("Settings"))
        self.close_button.setText(_("Close"))
        self._looks.show_names(_("Looks"), (_("Language"), _("Colours"), _("Text size")), held)
        self._downloads.show_names(
            _("Downloads"),
            (_("Download server"), _("Speed limit"), _("Downloaded files"), _("Metered line"), _("This program")),
            held,
        )
        self._network.show_names(_("Network"), (_("Proxy"), _("Certificates")), held)
        self._show_looks(held.settings)
        self._show_downloads(held.settings)
        self._show_network(held.settings)
        self.contacts.show_title(_("Which hosts are contacted, and when"))
        self._promise.show_text(
            _(
                "Looking at this computer sends nothing. Servers are asked from page 3 on, and only these. "
                "Pages of card makers open in your browser, when you press their button."
            )
        )
        self._show_notice(held)
        self._on_contacts(self.contacts.unfolded)

    def _show_notice(self, held: Preferences) -> None:
        refused = self._refused
        show_if(self.notice, refused is not None or bool(held.problem))
        if refused is not None:
            self.notice.show_notice("err", refused.title, refused.advice)
        elif held.problem:
            self.notice.show_notice("warn", _("Your settings could not be read, and the usual ones hold"), held.problem)

    def _show_looks(self, settings: Settings) -> None:
        languages = [Value("system", _("As the system"))] + [Value(one, name) for one, name in LANGUAGES.items()]
        self.language.show_values(languages, settings.language, "")
        themes = [Value("system", _("As the system")), Value("light", _("Light")), Value("dark", _("Dark"))]
        self.theme.show_values(themes, settings.theme, "")
        sizes = sorted({*_TEXT_SIZES, settings.text_size})
        shown = [Value(str(size), _("{percent} %").format(percent=size)) for size in sizes]
        self.text_size.show_values(shown, str(settings.text_size), _("More"))
        self._later.show_text(_("Another text size shows when the program is opened the next time."))

    def _show_downloads(self, settings: Settings) -> None:
        options = self._state().options
        sources = [Value("", _("Automatic"))]
        sources += [Value(one.value, one.text) for one in (options.sources if options is not None else ())]
        if settings.source not in {one.value for one in sources}:
            sources.append(Value(settings.source, settings.source))
        self.source.show_values(sources, settings.source, _("More"))
        limits = [Value(*one) for one in limit_texts(settings.speed_limit)]
        self.limit.show_values(limits, str(settings.speed_limit), _("More"))
        files = [
            Value("auto", _("Keep where there is room")),
            Value("keep", _("Keep")),
            Value("remove", _("Delete after installing")),
        ]
        self.files.show_values(files, settings.downloads, "")
        self.metered.setText(_("Ask before a large download"))
        self.metered.setChecked(settings.ask_metered)
        self.news.setText(_("Say when there is a newer version"))
        self.news.setChecked(settings.tell_new_version)

    def _show_network(self, settings: Settings) -> None:
        own = settings.proxy not in {SYSTEM, DIRECT}
        ways = [Value(SYSTEM, _("As the system")), Value(DIRECT, _("None")), Value(OWN, _("This one"))]
        self.proxy.show_values(ways, OWN if own else settings.proxy, "")
        if own and not self.address.hasFocus():
            self.address.setText(settings.proxy)
        self.address.setAccessibleName(_("Address of the proxy"))
        self.test.setText(_("Test"))
        self.test.setAccessibleName(_("Test the connection"))
        if not self.certificates.hasFocus():
            self.certificates.setText(settings.certificates)
        self.certificates.setAccessibleName(_("Certificates"))
        self.certificates.setPlaceholderText(_("Those of the system"))
        self.browse.setText(_("Browse..."))

    # what the person does

    def _keep(self, **values: object) -> None:
        self._refused = None
        self._keeper.keep(**values)

    def _on_language(self, language: str) -> None:
        self.language_wanted.emit(language)

    def _on_theme(self, mode: str) -> None:
        self.theme_wanted.emit(mode)

    def _on_text_size(self, percent: str) -> None:
        self._keep(text_size=int(percent))

    def _on_source(self, source: str) -> None:
        self._keep(source=source)

    def _on_limit(self, rate: str) -> None:
        self._keep(speed_limit=int(rate))

    def _on_files(self, downloads: str) -> None:
        self._keep(downloads=downloads)

    def _on_metered(self) -> None:
        self._keep(ask_metered=self.metered.isChecked())

    def _on_news(self) -> None:
        self._keep(tell_new_version=self.news.isChecked())

    def _on_proxy(self, way: str) -> None:
        self.answer.hide()
        if way != OWN:
            self._keep(proxy=way)
        elif self.address.text().strip():
            self._on_address()
        else:
            self.address.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_address(self) -> None:
        address = self.address.text().strip()
        if address and address != self._keeper.held.settings.proxy:
            self.answer.hide()
            self._keep(proxy=address)

    def _on_certificates(self) -> None:
        self._take_certificates(self.certificates.text().strip())

    def _take_certificates(self, file: str) -> None:
        if file != self._keeper.held.settings.certificates:
            self._keep(certificates=file)

    def _on_browse(self) -> None:
        self.file_wanted.emit(_("Choose a file of certificates"), self._take_certificates)

    def _on_test(self) -> None:
        """Ask a server by the way that is shown, even where it is not kept yet."""
        way = self.proxy.value() or SYSTEM
        proxy = self.address.text().strip() if way == OWN else way
        self.answer.show_state("checking", _("Asking a server by this way..."))
        self.answer.show()
        tried = replace(self._keeper.held.settings, proxy=proxy, certificates=self.certificates.text().strip())
        self._keeper.try_connection(tried)

    def _on_contacts(self, unfolded: bool) -> None:
        if unfolded:
            self._keeper.ask_contacts()

    # what comes back

    def _on_kept(self, _held: Preferences) -> None:
        self._show()

    def _on_refused(self, error: Error) -> None:
        self._refused = error
        self._show()
        self.scroll_area.verticalScrollBar().setValue(0)
        focus.announce(self.notice, f"{error.title}. {error.advice}", urgent=True)

    def _on_tried(self, host: str, error: Error | None) -> None:
        if error is None:
            self.answer.show_state("ok", _("{host} answered. This way works.").format(host=host))
        else:
            self.answer.show_state("problem", error.title, error.advice)
        focus.announce(self.answer, self.answer.accessibleName())

    def _on_told(self, contacts: Sequence[Contact]) -> None:
        rows = [RowText(state="info", name=listed((one.name, *one.hosts)), detail=one.when) for one in contacts]
        self._contact_rows.show_rows(rows)


class _Section(Card):
    """Settings that belong together: a title, and a row for each with its name and, where it is fixed, by whom."""

    def __init__(self, rows: Sequence[tuple[SettingName, QWidget]], after: QWidget | None = None) -> None:
        super().__init__(spacing=8)
        look = theme.current()
        self._title = Label("h2")
        self.body.addWidget(self._title)
        grid = QGridLayout()
        grid.setHorizontalSpacing(look.px(16))
        grid.setVerticalSpacing(look.px(6))
        grid.setColumnStretch(1, 1)
        self._rows: list[tuple[SettingName, Label, QWidget, Label]] = []
        for index, (name, widget) in enumerate(rows):
            label, why = Label("body"), Label("caption")
            label.setFixedWidth(look.px(_NAME_WIDTH))
            label.setMinimumHeight(look.px(28))
            grid.addWidget(label, 2 * index, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(widget, 2 * index, 1)
            grid.addWidget(why, 2 * index + 1, 1)
            self._rows.append((name, label, widget, why))
        self.body.addLayout(grid)
        if after is not None:
            self.body.addWidget(after)

    def show_names(self, title: str, names: Sequence[str], held: Preferences) -> None:
        """Show the names, and which of the settings are fixed."""
        self._title.show_text(title)
        for (setting, label, widget, why), name in zip(self._rows, names, strict=True):
            label.show_text(name)
            locked = setting in held.locked
            why.show_text(locked_sentence(held) if locked else "")
            widget.setEnabled(not locked)
            for row in (widget, *widget.findChildren(PillRow)):
                if isinstance(row, PillRow):
                    row.set_name(name)


def _beside(line: QLineEdit, button: Button) -> QWidget:
    row = QWidget()
    inside = QHBoxLayout(row)
    inside.setContentsMargins(0, 0, 0, 0)
    inside.setSpacing(theme.current().px(8))
    inside.addWidget(line, 1)
    inside.addWidget(button)
    return row
