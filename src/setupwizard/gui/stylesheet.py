"""The one style sheet of the program: what Qt can do by rules, so that widgets only paint what rules cannot say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import Template

import msgspec

from setupwizard.gui.tokens import Tokens

_PIXELS = re.compile(r"\b(\d+)px\b")

# Sizes are pixels of the design. `kf` is set by gui/focus while a widget has the focus because of a key.
# Fusion draws a dotted focus box of its own: outline: none.
_SHEET = Template("""
* { outline: none; }
QWizard, QDialog, QMessageBox { background: $bg; }
#pageFrame { border: none; background: $bg; }
QWizardPage { background: $bg; }
QToolTip { background: $card; color: $text; border: 1px solid $stroke2; padding: 4px 8px; font-size: 12px; }

QLabel { background: transparent; color: $text; }
QLabel[role="title"] { font-size: 24px; font-weight: 600; }
QLabel[role="h2"] { font-size: 16px; font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="body"] { color: $text2; }
QLabel[role="caption"] { font-size: 12px; color: $text3; }
QLabel[role="mono"] { font-family: $mono; font-size: 12px; color: $text2; }
QLabel[tone="ok"] { color: $ok; }
QLabel[tone="warn"] { color: $warn; }
QLabel[tone="err"] { color: $err; }

QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle { background: $stroke2; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

Card { background: $card; border: 1px solid $stroke; border-radius: 8px; }
Card[tone="accent"] { border: 2px solid $accent; }
Card[tone="info"] { background: $accent_soft; border: 1px solid $accent_soft; }
Card[tone="ok"] { background: $ok_soft; border: 1px solid $ok_soft; }
Card[tone="warn"] { background: $warn_soft; border: 1px solid $warn_soft; }
Card[tone="err"] { background: $err_soft; border: 1px solid $err_soft; }
Inset { background: $card2; border: none; border-radius: 6px; }
Rule { background: $stroke; border: none; max-height: 1px; min-height: 1px; }

QPushButton { color: $text; background: $card; border: 1px solid $stroke2; border-radius: 6px; padding: 0 16px;
  min-height: 32px; }
QPushButton:hover { background: $card2; }
QPushButton:pressed { background: $track; }
QPushButton[kf="true"] { border: 2px solid $focus; padding: 0 15px; min-height: 30px; }
QPushButton[kind="primary"] { color: $on_accent; background: $accent; border: 1px solid $accent; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[kind="primary"]:pressed { background: $accent_pressed; border-color: $accent_pressed; }
QPushButton[kind="primary"][kf="true"] { border: 2px solid $focus; }
QPushButton[kind="link"] { color: $accent_text; background: transparent; border: 1px solid transparent;
  padding: 0 7px; min-height: 26px; text-align: left; }
QPushButton[kind="link"]:hover { background: $accent_soft; }
QPushButton[kind="link"][kf="true"] { border: 2px solid $focus; padding: 0 6px; min-height: 24px; }
QPushButton[kind="quiet"] { color: $text2; background: transparent; border: 1px solid transparent;
  padding: 0 7px; min-height: 26px; text-align: left; }
QPushButton[kind="quiet"]:hover { background: $stroke; }
QPushButton[kind="quiet"][kf="true"] { border: 2px solid $focus; padding: 0 6px; min-height: 24px; }
QPushButton:disabled, QPushButton[kind="primary"]:disabled { color: $disabled_fg; background: $disabled_bg;
  border-color: $disabled_bg; }
QPushButton[kind="link"]:disabled, QPushButton[kind="quiet"]:disabled { color: $disabled_fg;
  background: transparent; border-color: transparent; }

QLineEdit { color: $text; background: $card; border: 1px solid $stroke2; border-radius: 6px; padding: 0 10px;
  min-height: 32px; selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus { border: 2px solid $accent; padding: 0 9px; min-height: 30px; }
QLineEdit:disabled { color: $disabled_fg; background: $disabled_bg; border-color: $disabled_bg; }

QPlainTextEdit { color: $log_fg; background: $log_bg; border: 1px solid $stroke; border-radius: 6px;
  font-family: $mono; font-size: 12px; padding: 6px; selection-background-color: $accent;
  selection-color: $on_accent; }
QPlainTextEdit:focus { border: 2px solid $stroke2; padding: 5px; }
""")


# With the system's own colours all grounds are one: what a ground told, a border tells.
_CONTRAST = Template("""
Card[tone] { border: 1px solid $text; }
Card[tone="accent"] { border: 3px solid $accent; }
Inset { border: 1px solid $text; }
""")


def stylesheet(tokens: Tokens, scale: float, monospace: Sequence[str], *, high_contrast: bool = False) -> str:
    """Return the style sheet in these colours.

    Args:
        tokens: the colours.
        scale: how much larger than the design; a hairline stays a hairline.
        monospace: families for commands and logs, best first.
        high_contrast: the colours are the system's, and grounds do not differ.
    """
    mono = ", ".join(f'"{family}"' for family in monospace)
    named = msgspec.to_builtins(tokens)
    text = _SHEET.substitute(named, mono=mono) + (_CONTRAST.substitute(named) if high_contrast else "")
    return _PIXELS.sub(lambda size: f"{_scaled(int(size[1]), scale)}px", text)


def _scaled(size: int, scale: float) -> int:
    return size if size < 2 else round(size * scale)
