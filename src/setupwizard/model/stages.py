"""What the stages of the proof are called, what each one shows, and how their figures read: words for people."""

from __future__ import annotations

import math

from msgspec import Struct

from setupwizard.codes import CheckId, CheckStatus, VerificationVerdict
from setupwizard.i18n import N_, _
from setupwizard.model.verification import Check, Figure, Verification


class _Stage(Struct, frozen=True):
    title: str
    about: str
    modules: str = ""


_STAGES: dict[CheckId, _Stage] = {
    "files": _Stage(N_("Installed files"), N_("Every file is exactly the one that the packages brought.")),
    "packages": _Stage(N_("Planned build"), N_("The PyTorch that is there is the one that was planned.")),
    "import": _Stage(N_("Starting PyTorch"), N_("Python finds PyTorch and loads all of its libraries."), "torch"),
    "device": _Stage(N_("Finding the device"), N_("PyTorch sees the device and may use it."), "torch.cuda"),
    "arch": _Stage(N_("Code for this card"), N_("The build holds machine code that this card understands.")),
    "first-kernel": _Stage(N_("First calculation"), N_("The device adds numbers and gives the right sum.")),
    "correctness": _Stage(
        N_("Matrix and number results"),
        N_("Matrix products, sorting, sums, waves and equations come out right in each number type."),
        "torch, torch.linalg, torch.fft",
    ),
    "autograd": _Stage(
        N_("Automatic differentiation"),
        N_("PyTorch finds gradients by itself, and the AdamW optimizer follows them. All training rests on it."),
        "torch.autograd, torch.optim",
    ),
    "conv": _Stage(N_("Image layers (convolution)"), N_("The layers that look at pictures work."), "torch.nn"),
    "attention": _Stage(
        N_("Language layers (attention)"), N_("The layers that language models are made of work."), "torch.nn.attention"
    ),
    "amp": _Stage(
        N_("Mixed precision"), N_("Training with smaller, faster numbers works and still learns."), "torch.amp"
    ),
    "compile": _Stage(N_("Compiled models"), N_("PyTorch can turn a model into faster code."), "torch.compile"),
    "memory": _Stage(N_("Memory test"), N_("A pattern is written to the memory and read back unchanged.")),
    "copy-host": _Stage(
        N_("Copies to and from the card"), N_("How fast data reaches the card, and whether all of it arrives.")
    ),
    "copy-device": _Stage(N_("Memory speed"), N_("How fast the device moves data inside its own memory.")),
    "matmul": _Stage(N_("Matrix multiplication"), N_("How fast the device does the work that most models consist of.")),
    "train": _Stage(
        N_("Training a small network"), N_("A small network learns to tell ten kinds of pictures apart."), "torch.nn"
    ),
    "dataloader": _Stage(
        N_("Loading data in batches"), N_("Data arrives shuffled, in batches, each item once."), "torch.utils.data"
    ),
    "torchvision": _Stage(
        N_("Picture tools (torchvision)"), N_("The companion package for pictures works."), "torchvision"
    ),
    "sustained": _Stage(N_("Steady load"), N_("The device keeps its speed while it works without a pause.")),
}

_STATUS: dict[CheckStatus, str] = {
    "pass": N_("OK"),
    "warn": N_("Remark"),
    "fail": N_("Problem"),
    "skip": N_("Not needed"),
    "not-run": N_("Not run"),
}

# What is said of a stage that was passed, where "works" would be the wrong word.
_PASSED: dict[CheckId, str] = {
    "files": N_("complete"),
    "packages": N_("as planned"),
    "memory": N_("passed"),
    "copy-device": N_("measured"),
    "matmul": N_("measured"),
    "sustained": N_("steady"),
    "arch": N_("there"),
}

_FIGURES: dict[str, str] = {
    "import": N_("Time to start"),
    "first-call": N_("Time of the first call"),
    "tested": N_("Memory tested"),
    "free": N_("Memory free"),
    "to-device.pageable": N_("To the card"),
    "from-device.pageable": N_("From the card"),
    "to-device.pinned": N_("To the card (pinned memory)"),
    "from-device.pinned": N_("From the card (pinned memory)"),
    "bandwidth": N_("Memory, reading and writing"),
    "fp32": N_("Matrix multiplication (FP32)"),
    "tf32": N_("Matrix multiplication (TF32)"),
    "fp16": N_("Matrix multiplication (FP16)"),
    "bf16": N_("Matrix multiplication (BF16)"),
    "speedup": N_("Compared with the processor"),
    "images": N_("Pictures learned"),
    "accuracy": N_("Pictures told apart"),
    "loss": N_("Training error"),
    "loss.first": N_("Training error at the start"),
    "loss.last": N_("Training error at the end"),
    "workers": N_("With two worker programs"),
    "compile": N_("Time to compile"),
    "load": N_("Speed under load"),
    "stability": N_("Slowest against fastest moment"),
    "wrong-values": N_("Comparisons that were wrong"),
    "error.fp64": N_("Largest error, FP64"),
    "error.fp32": N_("Largest error, FP32"),
    "error.tf32": N_("Largest error, TF32"),
    "error.fp16": N_("Largest error, FP16"),
    "error.bf16": N_("Largest error, BF16"),
}

_UNITS: dict[str, str] = {
    "x": N_("times as fast"),
    "images/s": N_("pictures/s"),
    "s": N_("s"),
    "ms": N_("ms"),
    "relative": "",
    "count": "",
    "loss": "",
}


def stage_title(check_id: CheckId) -> str:
    """Return what a beginner reads for a stage, in the present language."""
    return _(_STAGES[check_id].title)


def stage_about(check_id: CheckId) -> str:
    """Return one sentence about what a stage shows, in the present language."""
    return _(_STAGES[check_id].about)


def stage_modules(check_id: CheckId) -> str:
    """Return the parts of PyTorch that a stage uses, "torch.autograd, torch.optim"; empty when that says nothing."""
    return _STAGES[check_id].modules


def status_word(status: CheckStatus) -> str:
    """Return how a stage ended as a word, so that no state is told by colour alone."""
    return _(_STATUS[status])


def stage_sentence(check: Check) -> str:
    """Return how a stage ended as a beginner reads it: "Automatic differentiation: works"."""
    passed = _PASSED.get(check.id, N_("works"))
    ends: dict[CheckStatus, str] = {"pass": _(passed), "skip": _("not needed here"), "not-run": _("not run")}
    said = ends.get(check.status) or check_sentence(check) or status_word(check.status)
    return _("{name}: {value}").format(name=stage_title(check.id), value=said)


def figure_title(name: str) -> str:
    """Return what a figure is called; a figure that nobody named keeps its stable name."""
    return _(_FIGURES[name]) if name in _FIGURES else name


def number_text(value: float) -> str:
    """Return a measured number with three digits that count: "44.6", "1008", "0.19", "3.5e-07"."""
    if value == 0 or not math.isfinite(value):
        return "0"
    if abs(value) < 0.001:
        return f"{value:.1e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def figure_text(figure: Figure) -> str:
    """Return a figure with its unit, in a smaller one where that is easier to read: "44.6 TFLOPS", "21 ms"."""
    value, unit = figure.value, figure.unit
    if unit == "s" and value < 1:
        value, unit = round(value * 1000, 1), "ms"
    elif unit == "TFLOPS" and value < 0.5:
        value, unit = value * 1000, "GFLOPS"
    word = _UNITS.get(unit, unit)
    return f"{number_text(value)} {_(word) if word else ''}".strip()


def band_text(figure: Figure) -> str | None:
    """Return the span that is usual for this device, "40-55 TFLOPS"; None where nobody knows one."""
    if figure.low is None or figure.high is None:
        return None
    return f"{number_text(figure.low)}–{number_text(figure.high)} {figure.unit}"


def find_figure(verification: Verification, check_id: CheckId, name: str) -> Figure | None:
    """Return a figure of the first device that has it."""
    figures = (figure for check in verification.checks if check.id == check_id for figure in check.figures)
    return next((figure for figure in figures if figure.name == name), None)


def headline(verification: Verification | None) -> tuple[str, str]:
    """Return the one line that says how the proof ended, and one more that says what it means."""
    if verification is None:
        return _("PyTorch was not checked"), _("Run the check to see whether it works on this computer.")
    told = any(device.memory_mib or device.compute_capability or device.uuid for device in verification.devices)
    on_gpu = told or find_figure(verification, "matmul", "speedup") is not None
    verdicts: dict[VerificationVerdict, tuple[str, str]] = {
        "pass": _passed(verification, on_gpu=on_gpu),
        "warn": _remarked(verification),
        "fail": (_("PyTorch does not work here yet"), _first(verification, "fail")),
        "not-verified": (_("PyTorch was not checked on a graphics card"), _first(verification, "not-run")),
    }
    return verdicts[verification.verdict]


def _passed(verification: Verification, *, on_gpu: bool) -> tuple[str, str]:
    if verification.level == "files":
        return _("The files are complete"), _("Every file is the one that was installed. Nothing was calculated.")
    if verification.level == "import":
        return _("PyTorch starts"), _("It was loaded, and nothing was calculated yet.")
    if not on_gpu:
        return _("PyTorch works on your processor"), _("All results are right.")
    speedup = find_figure(verification, "matmul", "speedup")
    if speedup is None or speedup.value < 1.05:
        return _("PyTorch works on your GPU"), _("All results are right.")
    size = round(verification.numbers().get("matmul.speedup.size", 0))
    sentence = _(
        "{times} times faster than your CPU. Matrix multiplication, {size} x {size}. The results match the CPU."
    )
    return _("PyTorch works on your GPU"), sentence.format(times=times_text(speedup.value), size=size)


def _remarked(verification: Verification) -> tuple[str, str]:
    remarks = [check for check in verification.checks if check.status == "warn"]
    slow = all(check.id in {"copy-host", "copy-device", "matmul", "sustained"} for check in remarks)
    title = _("PyTorch works, but slower than usual") if slow else _("PyTorch works, with a remark")
    return title, _first(verification, "warn")


def _first(verification: Verification, status: CheckStatus) -> str:
    check = next((check for check in verification.checks if check.status == status), None)
    return check_sentence(check) if check is not None else ""


def check_sentence(check: Check) -> str:
    """Return what happened in a stage and what to do next, in one go."""
    if check.text and check.advice:
        return _("{text} {advice}").format(text=check.text, advice=check.advice)
    return check.text or check.advice


def times_text(value: float) -> str:
    """Return how many times faster something is, without more digits than the measurement has: "3.4", "38", "120"."""
    if value < 10:
        return f"{value:.1f}"
    return str(round(value) if value < 100 else round(value / 10) * 10)
