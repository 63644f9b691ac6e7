"""Proves that the PyTorch of an environment works, and measures how fast.

It is run by that environment's own Python, needs nothing but the standard library and torch, and says what it finds
as JSON Lines on standard output. Nothing else can get there: what libraries print goes to standard error.

    python -I -B -X utf8 -u CHILD_FOLDER [--device auto|cpu|cuda:N|xpu:N|mps] [--mode quick|full] [--only ID,ID]
                                      [--max-memory-mib N] [--sustain SECONDS]

Lines (`event`): plan {protocol, mode, device, stages, python}, start {stage}, point {stage, name, value, unit},
stage {stage, status, seconds, reason, error, figures, facts}, done {verdict, failed, seconds, peak_memory_mib}.
Each line has `t`, the seconds since the program began. A status is pass, warn, fail, skip or not-run (a stage that it
needs was not passed). Correctness decides; speed never fails. `reason` is a stable word; the sentences for people are
made by who reads the lines. Exit status: 0 when no stage failed, 1 when one did, 2 for wrong arguments.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import os
import platform
import re
import sys
import time
import traceback

from .bench import MIB, Bench
from .companions import stage_compile, stage_dataloader, stage_torchvision
from .errors import describe, lost, out_of_memory
from .finding import stage_arch, stage_device, stage_import
from .memory import stage_copy_device, stage_copy_host, stage_memory
from .note import Note, Stop
from .products import stage_matmul, stage_sustained
from .results import stage_correctness, stage_first_kernel
from .stream import Stream, private_output
from .training import stage_amp, stage_attention, stage_autograd, stage_conv, stage_train

PROTOCOL = 1


# id -> (function, the stages that it needs, part of the quick run, only about speed or comfort)
# What can hang for reasons of its own stands at the end, so that it never hides what matters.
STAGES = {
    "import": (stage_import, (), True, False),
    "device": (stage_device, ("import",), True, False),
    "arch": (stage_arch, ("device",), True, False),
    "first-kernel": (stage_first_kernel, ("arch",), True, False),
    "correctness": (stage_correctness, ("first-kernel",), True, False),
    "autograd": (stage_autograd, ("correctness",), True, False),
    "conv": (stage_conv, ("correctness",), True, False),
    "attention": (stage_attention, ("correctness",), True, False),
    "amp": (stage_amp, ("autograd",), True, False),
    "memory": (stage_memory, ("first-kernel",), True, False),
    "copy-host": (stage_copy_host, ("first-kernel",), True, True),
    "copy-device": (stage_copy_device, ("first-kernel",), True, True),
    "matmul": (stage_matmul, ("correctness",), True, True),
    "train": (stage_train, ("autograd", "conv"), True, False),
    "dataloader": (stage_dataloader, ("import",), True, False),
    "torchvision": (stage_torchvision, ("first-kernel",), True, False),
    "sustained": (stage_sustained, ("correctness",), False, True),
    "compile": (stage_compile, ("correctness",), False, True),
}


def chosen(mode, only):
    """Return the ids to run, in order: what was asked for and everything that it needs."""
    wanted = set(only) if only else {name for name, row in STAGES.items() if row[2] or mode == "full"}
    while True:
        more = {need for name in wanted for need in STAGES[name][1]} - wanted
        if not more:
            return [name for name in STAGES if name in wanted]
        wanted |= more


def run_stage(bench, name):
    """Run one stage and say how it ended."""
    function, _needs, _quick, comfort = STAGES[name]
    note = Note(name, bench.stream)
    bench.stream.say("start", stage=name)
    began = time.perf_counter()
    try:
        function(bench, note)
    except Stop as end:
        note.status, note.reason = end.status, end.reason
        note.facts.update(end.facts)
    except Exception as error:
        traceback.print_exc()
        note.error = describe(error)
        if lost(error):
            bench.lost = name
        harmless = comfort and bench.lost is None
        note.status = "warn" if harmless else "fail"
        note.reason = "out-of-memory" if out_of_memory(error) else "error"
    note.close()
    bench.tidy()
    finish(bench, name, note, time.perf_counter() - began)
    return note.status


def finish(bench, name, note, seconds):
    bench.stream.say(
        "stage",
        stage=name,
        status=note.status,
        seconds=round(seconds, 3),
        reason=note.reason,
        error=note.error,
        figures=note.figures,
        facts=note.facts,
    )


def run_all(bench, names):
    """Run the stages in order; one whose need was not met, or whose device is lost, is told as not run."""
    ends = {}
    for name in names:
        blocked = [need for need in STAGES[name][1] if ends[need] not in ("pass", "warn", "skip")]
        if bench.lost is not None and name != "dataloader":
            blocked = [bench.lost]
        if blocked:
            ends[name] = "not-run"
            note = Note(name, bench.stream)
            note.status, note.reason, note.facts = "not-run", "blocked", {"by": blocked}
            finish(bench, name, note, 0.0)
        else:
            ends[name] = run_stage(bench, name)
    return ends


def peak_memory_mib():
    """Return the largest resident size of this process so far; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (MIB if sys.platform == "darwin" else 1024))


def device_word(text):
    if not re.fullmatch(r"auto|cpu|mps|(cuda|xpu)(:\d{1,3})?", text):
        raise argparse.ArgumentTypeError("auto, cpu, cuda:N, xpu:N or mps")
    return text


def stage_words(text):
    words = [word for word in text.split(",") if word]
    strange = [word for word in words if word not in STAGES]
    if strange or not words:
        raise argparse.ArgumentTypeError("choose from " + ", ".join(STAGES))
    return words


def arguments(words=None):
    parser = argparse.ArgumentParser(description="Prove that the PyTorch of this environment works.")
    parser.add_argument("--device", type=device_word, default="auto")
    parser.add_argument("--mode", choices=("quick", "full"), default="quick")
    parser.add_argument("--only", type=stage_words, help="these stages and what they need")
    parser.add_argument("--max-memory-mib", type=int, default=0, help="use at most this much memory for one buffer set")
    parser.add_argument("--sustain", type=float, default=20.0, help="seconds of steady load in the full mode")
    return parser.parse_args(words)


def main():
    options = arguments()
    stream = Stream(private_output())
    with contextlib.suppress(Exception):
        faulthandler.enable()
    # Threads that wait by spinning take the processor from those that work when other programs run as well: on two
    # loaded cores the training stage took 13 seconds instead of 2. It has to be said before torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    names = chosen(options.mode, options.only)
    stream.say(
        "plan",
        protocol=PROTOCOL,
        mode=options.mode,
        device=options.device,
        stages=names,
        python=platform.python_version(),
    )
    ends = run_all(Bench(options, stream), names)
    failed = [name for name, status in ends.items() if status == "fail"]
    verdict = "fail" if failed else "warn" if "warn" in ends.values() else "pass"
    stream.say(
        "done", verdict=verdict, failed=failed, seconds=round(stream.seconds(), 2), peak_memory_mib=peak_memory_mib()
    )
    return 1 if failed else 0
