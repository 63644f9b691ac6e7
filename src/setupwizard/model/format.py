"""Amounts as people read them, in the present language: the window and the command line say the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import reduce

from setupwizard.i18n import _, ngettext

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def format_bytes(count: float) -> str:
    """Return an amount of data in decimal units, as download pages and disk labels do: "512 B", "9.1 MB", "2.6 GB"."""
    power, value = _scaled(count)
    return f"{value:.{_digits(power, value)}f} {_UNITS[power]}"


def format_part(done: float, total: float) -> str:
    """Return how much of an amount there is, both in the unit of the whole: "1.62 of 2.61 GB"."""
    power, value = _scaled(total)
    digits = 2 if power >= 3 else _digits(power, value)
    return _("{done} of {total} {unit}").format(
        done=f"{min(done, total) / 1000**power:.{digits}f}", total=f"{value:.{digits}f}", unit=_UNITS[power]
    )


def format_rate(bytes_per_second: float) -> str:
    """Return a speed: "11.2 MB/s"."""
    return f"{format_bytes(bytes_per_second)}/s"


def format_memory(mib: float) -> str:
    """Return an amount of memory as its box says it: 24564 MiB are "24 GB", though they are GiB."""
    if mib < 1000:
        return f"{mib:.0f} MB"
    gib = mib / 1024
    # What firmware and an integrated card keep for themselves is missing: up to 3 % of the box's figure.
    whole = round(gib)
    return f"{whole} GB" if abs(gib - whole) <= 0.03 * whole else f"{gib:.1f} GB"


def format_duration(seconds: float) -> str:
    """Return how long something took: "0.4 s", "3 s", "6 min 12 s", "1 h 5 min"."""
    if seconds < 2.95:
        return _("{seconds} s").format(seconds=f"{max(0.0, seconds):.1f}")
    whole = round(seconds)
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        if rest == 0:
            return _("{minutes} min").format(minutes=minutes)
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=rest)
    hours, minutes = divmod(round(seconds / 60), 60)
    if minutes == 0:
        return _("{hours} h").format(hours=hours)
    return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)


def format_estimate(seconds: float) -> str:
    """Return how long something will take, no more exactly than anybody knows it: "20 s", "6 min", "1 h 20 min"."""
    if seconds < 50:
        return _("{seconds} s").format(seconds=max(10, 10 * round(seconds / 10)))
    minutes = max(1, round(seconds / 60))
    if minutes <= 20:
        return _("{minutes} min").format(minutes=minutes)
    return format_duration(5 * 60 * max(1, round(minutes / 5)))


def format_time_left(seconds: float) -> str:
    """Return how long it still takes, rounded so that it does not flicker: "about 2 minutes left"."""
    if seconds < 10:
        return _("a few seconds left")
    if seconds < 55:
        return _("about {seconds} seconds left").format(seconds=max(10, 10 * round(seconds / 10)))
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return ngettext("about {minutes} minute left", "about {minutes} minutes left", minutes).format(minutes=minutes)
    return _("about {time} left").format(time=format_estimate(seconds))


def format_change(share: float) -> str:
    """Return a change as a whole percentage with its sign: 0.12 is "+12 %", -0.2 is "−20 %"."""
    return f"{'+' if share >= 0 else '−'}{abs(share) * 100:.0f} %"


def listed(parts: Iterable[str | None]) -> str:
    """Return short words one after the other, with the present language's comma; empty ones are left out."""
    # Translators: the sign between two facts in a row, with its space.
    return _(", ").join(part for part in parts if part)


def enumerated(names: Iterable[str], at_most: int = 6) -> str:
    """Return names as a list inside a sentence: the first ones, and a mark when there are more."""
    every = list(names)
    shown = [*every[:at_most], "..."] if len(every) > at_most else every
    return reduce(lambda one, more: _("{list}, {item}").format(list=one, item=more), shown) if shown else ""


def sentences(first: str, second: str) -> str:
    """Return two sentences one after the other, with a space where the language has one."""
    return _("{first} {second}").format(first=first, second=second) if first and second else first or second


def _scaled(count: float) -> tuple[int, float]:
    value, power = float(max(0.0, count)), 0
    while power < len(_UNITS) - 1 and value >= (999.5 if power < 2 else 999.95):
        value /= 1000
        power += 1
    return power, value


def _digits(power: int, value: float) -> int:
    """Return how many decimals say something: none for bytes and kilobytes, one below a hundred."""
    return 0 if power < 2 or value >= 99.95 else 1


def format_date(time: str) -> str:
    """Return the day of a time, RFC 3339, where this computer is: "2026-11-22"; a text that is no time as it stands."""
    try:
        return datetime.fromisoformat(time).astimezone().date().isoformat()
    except ValueError:
        return time
