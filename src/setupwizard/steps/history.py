"""Earlier proofs of the same environment, so that a later one can say what has changed."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from setupwizard.i18n import _
from setupwizard.model.format import format_change
from setupwizard.model.stages import figure_title
from setupwizard.model.verification import Verification
from setupwizard.probes.roots import true_name
from setupwizard.store.files import write_atomic
from setupwizard.store.layout import Root
from setupwizard.tools import userdirs

log = logging.getLogger(__name__)

KEPT = 20
"""Proofs of one environment that are kept."""
_NOTEWORTHY = 0.1
_MOST_BYTES = 8 << 20
_NAME = "proofs.json"

_decoder = msgspec.json.Decoder(tuple[Verification, ...])


def place_of(folder: Path) -> Path:
    """Return the file of an environment's earlier proofs: in its own root, else in the user's folder for such things.

    Nothing is ever written into an environment that is not ours.
    """
    root = Root(folder)
    if root.is_ours():
        return root.reports / _NAME
    return userdirs.state() / "proofs" / f"{key_of(folder)}.json"


def key_of(folder: Path) -> str:
    """Return a word for an environment of somebody else's, to name a folder or file of ours by; always the same."""
    return hashlib.sha256(os.fsencode(true_name(folder))).hexdigest()[:20]


def earlier(folder: Path) -> tuple[Verification, ...]:
    """Return the proofs that are on record, oldest first; what cannot be read is no proof."""
    place = place_of(folder)
    try:
        if place.stat().st_size > _MOST_BYTES:
            return ()
        return _decoder.decode(place.read_bytes())
    except (OSError, msgspec.MsgspecError):
        return ()


def remember(folder: Path, proof: Verification) -> None:
    """Keep a proof; the rows of looks at the card, which its report draws, only of the newest. Never raises."""
    place = place_of(folder)
    kept = (*(replace(one, measurements=one.numbers()) for one in earlier(folder)), proof)[-KEPT:]
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(place, msgspec.json.encode(kept) + b"\n")
    except Exception as error:  # noqa: BLE001 - what is only for the next time must not spoil this one
        log.warning("the proof is not kept: %s", error)


def changes(before: Verification, now: Verification) -> Iterator[str]:
    """Yield a sentence for each thing that is not as it was: driver, PyTorch, a speed by a tenth or more."""
    for name, old, new in (
        (_("Driver"), drivers(before), drivers(now)),
        ("PyTorch", before.torch.version if before.torch else "", now.torch.version if now.torch else ""),
    ):
        if old != new and old and new:
            yield _("{name}: was {old}, is {new}.").format(name=name, old=old, new=new)
    was, measured = before.numbers(), now.numbers()
    for check in now.checks:
        for figure in check.figures:
            prefix = f"gpu{check.device}." if check.device else ""
            key = next((name for name in measured if name.startswith(f"{prefix}{check.id}.{figure.name}.")), None)
            if key is None or not key.endswith((".tflops", ".gb_s", ".images_s")) or was.get(key, 0) <= 0:
                continue
            change = measured[key] / was[key] - 1
            if abs(change) >= _NOTEWORTHY:
                yield _("{name}: {change} compared with last time.").format(
                    name=figure_title(figure.name), change=format_change(change)
                )


def drivers(proof: Verification) -> str:
    """Return the drivers of the devices that a proof tested; empty where none has one of its own."""
    return ", ".join(sorted({device.driver for device in proof.devices if device.driver}))
