"""The colours of the window by their meaning, light and dark, and what makes a pair of them readable."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from PySide6.QtGui import QColor, QPalette


class Tokens(Struct, frozen=True, kw_only=True):
    """One set of colours, each named by its use and never by its hue. Values are "#rrggbb".

    Attributes:
        bg, rail, card, card2: surfaces: page, step list, card, inset.
        stroke, stroke2: decorative hairline; border of a control.
        text, text2, text3: main text, sentences, captions.
        accent, accent_hover, accent_pressed, on_accent: the filled button and what stands on it.
        accent_text, accent_soft: links; a chosen segment.
        warn_fill: a bar that warns; `warn` is for text.
        track, band: the empty part of a bar; the range that a figure is expected in.
    """

    bg: str
    rail: str
    card: str
    card2: str
    stroke: str
    stroke2: str
    text: str
    text2: str
    text3: str
    accent: str
    accent_hover: str
    accent_pressed: str
    on_accent: str
    accent_text: str
    accent_soft: str
    ok: str
    ok_soft: str
    warn: str
    warn_soft: str
    warn_fill: str
    err: str
    err_soft: str
    focus: str
    track: str
    band: str
    log_bg: str
    log_fg: str
    disabled_bg: str
    disabled_fg: str


LIGHT: Final = Tokens(
    bg="#F6F7F9",
    rail="#ECEFF4",
    card="#FFFFFF",
    card2="#F4F6FA",
    stroke="#DDE2EA",
    stroke2="#7C8798",
    text="#161A22",
    text2="#4A5363",
    text3="#5E6879",
    accent="#2F55D4",
    accent_hover="#2648B8",
    accent_pressed="#1F3C9C",
    on_accent="#FFFFFF",
    accent_text="#2446B8",
    accent_soft="#E8EDFC",
    ok="#0B6B36",
    ok_soft="#E3F3E8",
    warn="#7A4B00",
    warn_soft="#FDF1DA",
    warn_fill="#B26A00",
    err="#A8201A",
    err_soft="#FBE6E4",
    focus="#161A22",
    track="#D5DBE6",
    band="#C3CFF6",
    log_bg="#11151D",
    log_fg="#D5DBE6",
    disabled_bg="#E3E7EE",
    disabled_fg="#5C6677",
)

DARK: Final = Tokens(
    bg="#16191F",
    rail="#101318",
    card="#1F242D",
    card2="#272D38",
    stroke="#323A47",
    stroke2="#8B96A8",
    text="#F1F4F9",
    text2="#B9C2D0",
    text3="#A1ABBB",
    accent="#8FA8FF",
    accent_hover="#A6BAFF",
    accent_pressed="#7591F5",
    on_accent="#0B1020",
    accent_text="#A9BCFF",
    accent_soft="#222C4D",
    ok="#74DBA0",
    ok_soft="#15301F",
    warn="#F3C578",
    warn_soft="#352911",
    warn_fill="#E0A33C",
    err="#FFA199",
    err_soft="#3D1D1B",
    focus="#FFFFFF",
    track="#3A4352",
    band="#39477A",
    log_bg="#0B0E13",
    log_fg="#CBD3E0",
    disabled_bg="#2B323E",
    disabled_fg="#96A1B2",
)

TEXT_CONTRAST: Final = 4.5
SHAPE_CONTRAST: Final = 3.0
# What stands on what, with the contrast that WCAG 2.2 asks for (1.4.3 for text, 1.4.11 for shapes).
PAIRS: Final[tuple[tuple[str, str, float], ...]] = (
    *(
        (text, ground, TEXT_CONTRAST)
        for text in ("text", "text2", "text3")
        for ground in ("bg", "rail", "card", "card2")
    ),
    *(("on_accent", ground, TEXT_CONTRAST) for ground in ("accent", "accent_hover", "accent_pressed")),
    *(("accent_text", ground, TEXT_CONTRAST) for ground in ("bg", "card", "card2", "rail", "accent_soft", "err_soft")),
    *((text, ground, TEXT_CONTRAST) for text in ("text", "text2") for ground in ("ok_soft", "warn_soft", "err_soft")),
    *((text, "accent_soft", TEXT_CONTRAST) for text in ("text", "text2")),
    *((tone, ground, TEXT_CONTRAST) for tone in ("ok", "warn", "err") for ground in ("bg", "card", f"{tone}_soft")),
    ("text3", "err_soft", TEXT_CONTRAST),
    ("log_fg", "log_bg", TEXT_CONTRAST),
    ("disabled_fg", "disabled_bg", TEXT_CONTRAST),
    ("stroke2", "bg", SHAPE_CONTRAST),
    ("stroke2", "card", SHAPE_CONTRAST),
    ("accent", "bg", SHAPE_CONTRAST),
    ("accent", "card", SHAPE_CONTRAST),
    ("accent", "track", SHAPE_CONTRAST),
    ("err", "track", SHAPE_CONTRAST),
    ("warn_fill", "card", SHAPE_CONTRAST),
    ("focus", "bg", SHAPE_CONTRAST),
    ("focus", "card", SHAPE_CONTRAST),
    ("focus", "rail", SHAPE_CONTRAST),
)


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two "#rrggbb" colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def of_palette(palette: QPalette) -> Tokens:
    """Return tokens that hold nothing but the system's own colours: for people who chose high contrast there."""
    role = QPalette.ColorRole

    def colour(which: QPalette.ColorRole, group: QPalette.ColorGroup = QPalette.ColorGroup.Active) -> str:
        return QColor(palette.color(group, which)).name()

    ground, text = colour(role.Window), colour(role.WindowText)
    accent, on_accent = colour(role.Highlight), colour(role.HighlightedText)
    faint = colour(role.WindowText, QPalette.ColorGroup.Disabled)
    surfaces = dict.fromkeys(
        ("bg", "rail", "card", "card2", "ok_soft", "warn_soft", "err_soft", "accent_soft", "disabled_bg", "track"),
        ground,
    )
    lines = dict.fromkeys(
        ("text", "text2", "text3", "stroke", "stroke2", "focus", "ok", "warn", "err", "warn_fill", "accent_text"), text
    )
    accents = dict.fromkeys(("accent", "accent_hover", "accent_pressed", "band"), accent)
    return Tokens(**surfaces, **lines, **accents, on_accent=on_accent, disabled_fg=faint, log_bg=ground, log_fg=text)
