"""Earlier proofs of the same environment as a table, and what has changed since the last one."""

from __future__ import annotations

from msgspec import Struct

from setupwizard.i18n import _
from setupwizard.model.stages import figure_text, stage_title
from setupwizard.model.verification import Figure, Verification
from setupwizard.steps import history
from setupwizard.steps.report import wording
from setupwizard.steps.report.document import Report

_SPEEDS = (("matmul", "fp32", "TFLOPS"), ("matmul", "fp16", "TFLOPS"), ("copy-device", "bandwidth", "GB/s"))


class Past(Struct, frozen=True, kw_only=True):
    """The table: its heads, a row for each proof with the newest first, and a sentence for each change."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    changes: tuple[str, ...]


def past_of(report: Report) -> Past | None:
    """Return what is known of earlier proofs; None without any."""
    if report.verification is None or not report.earlier:
        return None
    proofs = (*report.earlier, report.verification)
    speeds = [(id_, name, unit) for id_, name, unit in _SPEEDS if any(_value(one, id_, name, unit) for one in proofs)]
    return Past(
        heads=(
            *(_("Checked"), _("Result"), _("Driver"), "PyTorch"),
            *(stage_title("copy-device") if id_ == "copy-device" else name.upper() for id_, name, _unit in speeds),
        ),
        rows=tuple(
            (
                wording.time_text(proof.started),
                wording.verdict_word(proof.verdict),
                history.drivers(proof),
                proof.torch.version if proof.torch is not None else "",
                *(_text(proof, id_, name, unit) for id_, name, unit in speeds),
            )
            for proof in reversed(proofs)
        ),
        changes=tuple(history.changes(report.earlier[-1], report.verification)),
    )


def _value(proof: Verification, id_: str, name: str, unit: str) -> float | None:
    return proof.numbers().get(f"{id_}.{name}.{unit.lower().replace('/', '_')}")


def _text(proof: Verification, id_: str, name: str, unit: str) -> str:
    value = _value(proof, id_, name, unit)
    return figure_text(Figure(name=name, value=value, unit=unit)) if value is not None else ""
