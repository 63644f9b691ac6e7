"""Starts the window: refuses what cannot work, shows it at once, and lets nothing end without a sentence."""

from __future__ import annotations

import contextlib
import linecache
import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from setupwizard import __version__, i18n, platforms
from setupwizard.errors import SetupError
from setupwizard.gui import garbage
from setupwizard.i18n import _
from setupwizard.tools import preferences, userdirs

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from setupwizard.gui.backend import Backend
    from setupwizard.gui.logs import CrashCatcher
    from setupwizard.gui.window import SetupWindow
    from setupwizard.model.settings import Settings

log = logging.getLogger(__name__)

_POLL_MS = 500
_NAME = "setupwizard-window"
"""By which the copies of this program know each other."""
Factory = Callable[[Path], "Backend"]


def main(argv: Sequence[str], backend: Factory | None = None) -> int:
    """Run the window and return the exit code of the program.

    Args:
        argv: the words of the command line, the program's name first.
        backend: makes the program behind the window, given the log file; the real one when not given.
    """
    # Nothing is garbage before the window is there, and to look for some takes a tenth of the time until then.
    garbage.hold_back()
    wished = i18n.wished_language(argv)
    i18n.set_language(wished or i18n.system_language())
    refusal = unfit(sys.version_info[:2])
    if refusal is not None:
        _say(refusal)
        return 1
    try:
        preferences.use(preferences.load_or_defaults())
    except SetupError as error:
        _say(f"{error.title}. {error.advice}")
        return error.exit_code()
    i18n.set_language(wished or preferences.language())
    session = userdirs.session() if backend is None else None
    if session is not None and platforms.another_window(_NAME, _("PyTorch Setup"), session):
        return 0
    from PySide6.QtWidgets import QApplication

    from setupwizard.gui import logs, theme

    application = QApplication([*argv[:1], *theme.STYLE])
    log_file = logs.start_log(logs.log_folder(), capped=False)
    try:
        return run(application, backend or _program, _config_folder(), log_file, session)
    except Exception:
        # before the window is there, no card can tell it
        log.critical("the window could not be opened", exc_info=True)
        _say(_("The window could not be opened. The log says why: {file}").format(file=log_file))
        return 1


def run(application: QApplication, make: Factory, config: Path, log_file: Path, session: Path | None = None) -> int:
    """Show the window and stay until it is closed; `session` is the folder in which later starts find this one."""
    from PySide6.QtCore import QSettings, QTimer

    from setupwizard.gui import logs
    from setupwizard.gui.window import SetupWindow

    catcher = logs.CrashCatcher(log_file.parent)
    log.info("setupwizard %s, Python %s, window", __version__, sys.version.split()[0])
    held = preferences.present()
    _dress(application, held.settings)
    settings = QSettings(str(config / "window.ini"), QSettings.Format.IniFormat)
    window = SetupWindow(make(log_file), settings, log_file=str(log_file))
    ends: list[Callable[[], None]] = [catcher.close]
    with _signals() as signals:
        timer = QTimer()
        timer.timeout.connect(
            partial(_poll, window, _chores(window, log_file, session, ends), catcher, signals, log_file)
        )
        timer.start(_POLL_MS)
        window.show()
        forget_sources()
        if held.problem:
            QTimer.singleShot(0, window.settings.open)  # it says there what is wrong with the file
        try:
            return _exec(application, window)
        finally:
            timer.stop()
            for end in reversed(ends):
                end()


def _dress(application: QApplication, settings: Settings) -> None:
    """Give the program its name, and the look that the settings and the system wish for."""
    from setupwizard.gui import theme

    application.setApplicationName("setupwizard")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("setupwizard")
    look = theme.install(application, scale=theme.fitting_scale(theme.text_scale() * settings.text_size / 100))
    look.set_mode(settings.theme)


def _chores(
    window: SetupWindow, log_file: Path, session: Path | None, ends: list[Callable[[], None]]
) -> list[Callable[[], object]]:
    """Return what can wait until the window is there, the first last; what has to end with it goes to `ends`."""
    from setupwizard.gui import logs, motion, theme

    def open_to_later_starts() -> None:
        from setupwizard.gui.doorbell import Doorbell

        if session is not None:
            ends.append(Doorbell(window, _NAME, session).close)

    return [
        forget_sources,
        partial(logs.start_log, log_file.parent),
        # reading the font database takes as long as building a page
        lambda: log.info("fonts: %s; Chinese: %s", theme.describe_fonts(), theme.can_write_chinese()),
        open_to_later_starts,
        lambda: ends.append(motion.ask(window).leave_all),
        garbage.keep_what_is_there,
    ]


def _poll(
    window: SetupWindow, chores: list[Callable[[], object]], catcher: CrashCatcher, signals: list[int], log_file: Path
) -> None:
    """Do one chore or look for garbage, show what crashed meanwhile, and close the window when the system wants it."""
    from setupwizard.gui.faults import error_document

    if chores:
        chores.pop()()
    else:
        garbage.collect()
    for error in catcher.take():
        window.show_crash(error_document(error, str(log_file)))
    if signals:
        signals.clear()
        window.interrupt()


def unfit(python: tuple[int, int]) -> str | None:
    """Return why the window cannot run with this Qt on this Python, None when it can.

    Below Python 3.12 PySide6 6.12 and later lose one reference of None, True or False in every call that returns
    nothing, until the interpreter ends the process (measured; the objects are immortal from 3.12 on).
    """
    import PySide6

    version = tuple(int(number) for number in PySide6.__version__.split(".")[:2])
    if python < (3, 12) and version >= (6, 12):
        return _(
            "PySide6 {version} ends the program on Python {python}. Install PySide6-Essentials older than 6.12, "
            "or use Python 3.12 or newer. Until then, use: setupwizard --text"
        ).format(version=PySide6.__version__, python=".".join(str(number) for number in python))
    return None


def forget_sources() -> None:
    """Give back the lines of source files, 4 to 10 MiB; a traceback reads again what it needs.

    PySide searches every module that is loaded beside it for its own name, by a reader that keeps what it read.
    """
    linecache.clearcache()


def _exec(application: QApplication, window: SetupWindow) -> int:
    code = application.exec()
    window.flow.end()
    return code


def _program(log_file: Path) -> Backend:
    from setupwizard.gui.program import Program

    return Program(log_file)


def _config_folder() -> Path:
    return userdirs.settings()


@contextlib.contextmanager
def _signals() -> Iterator[list[int]]:
    """Collect the signals that want the program to end, instead of ending at once."""
    got: list[int] = []
    wanted = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda one, _frame: got.append(one)) for number in wanted}
    try:
        yield got
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str) -> None:
    """Say a sentence where there is no window: on standard error, and in a message box where there is no console."""
    if sys.stderr is not None:
        sys.stderr.write(text + "\n")
    elif sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, text, "PyTorch Setup", 0x30)
