"""The look of the whole program: one style, one palette, one style sheet, switched live between light and dark."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from setupwizard import i18n
from setupwizard.gui.stylesheet import stylesheet
from setupwizard.gui.tokens import DARK, LIGHT, Tokens, of_palette

log = logging.getLogger(__name__)

Mode = Literal["system", "light", "dark"]

# Fonts of the systems first, then what Linux distributions bring; a CJK font is never bundled (15 MB and more).
_LATIN = ("Segoe UI Variable Text", "Segoe UI", "SF Pro Text", "Inter", "Noto Sans", "Ubuntu", "Cantarell")
_HAN = ("Microsoft YaHei UI", "PingFang SC", "Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Micro Hei")
MONOSPACE = ("Cascadia Mono", "Consolas", "SF Mono", "DejaVu Sans Mono", "Noto Sans Mono CJK SC")
BODY_PX = 14
SMALLEST_WIDTH = 880
"""Of the window, in pixels of the design."""
_LOWEST_HEIGHT = 460
STYLE = ("-style", "fusion")
"""Words for the making of QApplication: the one style that looks the same on every system and follows a palette.

`setStyle` does the same, but hands back an object whose class takes as long to load as a page takes to build.
"""


class Theme(QObject):
    """What the window looks like now; one for the program, made before the first widget.

    Signals:
        changed: the colours or the fonts are others now; palette and style sheet are set already.
    """

    changed = Signal()

    def __init__(self, application: QApplication, *, scale: float = 1.0) -> None:
        """Put the look in place.

        A change of style with a style sheet in place crashes Qt, so later changes are palette and style sheet only.

        Args:
            application: the program, made with `STYLE`.
            scale: how much larger than usual the person wants text (see `text_scale`).
        """
        super().__init__(application)
        self._application = application
        self._mode: Mode = "system"
        self._scale = scale
        self.still = False
        hints = application.styleHints()
        hints.colorSchemeChanged.connect(self._system_changed)
        accessibility = getattr(hints, "accessibility", None)  # since Qt 6.10
        if accessibility is not None:
            accessibility().contrastPreferenceChanged.connect(self._system_changed)
        self.tokens: Tokens = LIGHT
        self.apply()

    @property
    def mode(self) -> Mode:
        """What the person chose; "system" until they choose."""
        return self._mode

    @property
    def dark(self) -> bool:
        """Whether dark colours are in use."""
        if self._mode == "system":
            return self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        return self._mode == "dark"

    @property
    def high_contrast(self) -> bool:
        """Whether the person asked the system for high contrast: then the system's colours are used and no others."""
        accessibility = getattr(self._application.styleHints(), "accessibility", None)
        if accessibility is None:
            return False
        wish: Qt.ContrastPreference = accessibility().contrastPreference()
        return wish == Qt.ContrastPreference.HighContrast

    def set_mode(self, mode: Mode) -> None:
        """Change the colours of everything at once."""
        self._mode = mode
        self.apply()

    def set_still(self, still: bool) -> None:
        """Let nothing move, or let things move again; see gui/motion."""
        self.still = still

    def set_scale(self, scale: float) -> None:
        """Change the size of text and of everything measured by it; widgets made before keep their fixed sizes."""
        self._scale = scale
        self.apply()

    def apply(self) -> None:
        """Put palette, fonts and style sheet in place."""
        if self.high_contrast:
            self._application.setPalette(QPalette())
            self.tokens = of_palette(self._application.palette())
        else:
            self.tokens = DARK if self.dark else LIGHT
            self._application.setPalette(_palette(self.tokens))
        self._application.setFont(self.font())
        sheet = stylesheet(self.tokens, self._scale, MONOSPACE, high_contrast=self.high_contrast)
        self._application.setStyleSheet(sheet)
        self.changed.emit()

    def px(self, size: float) -> int:
        """Return a size of the design in logical pixels, for the text size that the person wants."""
        return max(1, round(size * self._scale))

    def color(self, token: str) -> QColor:
        """Return the present colour of a token by its name."""
        return QColor(getattr(self.tokens, token))

    def font(self, size: int = BODY_PX, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """Return the font of the present language; `size` in pixels of the design."""
        font = QFont()
        han = i18n.language().startswith("zh")
        font.setFamilies([*_HAN, *_LATIN] if han else [*_LATIN, *_HAN])
        font.setPixelSize(self.px(size))
        font.setWeight(weight)
        return font

    def fixed_font(self, size: int = 12) -> QFont:
        """Return the font of commands and logs."""
        font = QFont()
        font.setFamilies(list(MONOSPACE))
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setPixelSize(self.px(size))
        return font

    def _system_changed(self) -> None:
        if self._mode == "system" or self.high_contrast:
            self.apply()


def _palette(tokens: Tokens) -> QPalette:
    """Return the palette for whatever the style sheet does not reach: dialogs, tool tips, selections."""
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    roles = {
        "bg": (role.Window,),
        "card": (role.Base, role.Button, role.ToolTipBase),
        "card2": (role.AlternateBase,),
        "text": (role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.BrightText),
        "text3": (role.PlaceholderText,),
        "accent": (role.Highlight, role.Accent),
        "on_accent": (role.HighlightedText,),
        "accent_text": (role.Link, role.LinkVisited),
        "stroke": (role.Light, role.Midlight, role.Mid, role.Dark, role.Shadow),
    }
    palette = QPalette()
    for token, targets in roles.items():
        for target in targets:
            palette.setColor(target, QColor(getattr(tokens, token)))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, target, QColor(tokens.disabled_fg))
    return palette


_installed: dict[str, Theme] = {}


def install(application: QApplication, *, scale: float | None = None) -> Theme:
    """Give the program its look; to be called once, before the first widget. A second call returns the same."""
    if "theme" not in _installed:
        _installed["theme"] = Theme(application, scale=text_scale() if scale is None else scale)
    return _installed["theme"]


def current() -> Theme:
    """Return the look in use; widgets ask it when they paint."""
    return _installed["theme"]


def text_scale() -> float:
    """Return how much larger than usual the person wants text, from 1 to 2.25.

    Windows keeps it apart from the display's scale, and Qt does not apply it; elsewhere it shows as the logical
    resolution that desktops raise for larger text.
    """
    if sys.platform == "win32":
        return _windows_text_scale()
    screens = QGuiApplication.screens()
    usual = 72 if sys.platform == "darwin" else 96
    return min(2.25, max(1.0, round(screens[0].logicalDotsPerInchY() / usual, 2))) if screens else 1.0


def fitting_scale(wished: float) -> float:
    """Return how large text can be so that a page still has room on the screen: larger text would be cut off.

    The step list needs the height, and a page the width, of the design's smallest window; pages scroll downwards.
    """
    screen = QGuiApplication.primaryScreen().availableSize()
    return max(1.0, min(wished, screen.width() / SMALLEST_WIDTH, screen.height() / _LOWEST_HEIGHT))


def _windows_text_scale() -> float:
    """Read Settings > Accessibility > Text size: 100 to 225 percent, absent until it was moved."""
    percent = 100
    if sys.platform == "win32":
        import winreg

        with (
            suppress(OSError),
            winreg.OpenKey(winreg.HKEY_CURRENT_USER, r"Software\Microsoft\Accessibility") as key,
        ):
            percent = int(winreg.QueryValueEx(key, "TextScaleFactor")[0])
    return min(2.25, max(1.0, percent / 100))


def can_write_chinese() -> bool:
    """Return whether a font with Chinese letters is installed; without one the language is shown as empty boxes."""
    return bool(QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese))


def describe_fonts() -> str:
    """Return which font is really used, for the log."""
    info = QFontInfo(QGuiApplication.font())
    return f"{info.family()} {info.pixelSize()} px, exact match: {info.exactMatch()}"
