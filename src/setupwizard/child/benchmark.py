"""Proves that the PyTorch of an environment works, and measures how fast.

It is run by that environment's own Python, needs nothing but the standard library and torch, and says what it finds
as JSON Lines on standard output. Nothing else can get there: what libraries print goes to standard error.

    python -I -X utf8 -u benchmark.py [--device auto|cpu|cuda:N|xpu:N|mps] [--mode quick|full] [--only ID,ID]
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
import copy
import ctypes
import faulthandler
import importlib
import importlib.util
import itertools
import json
import math
import os
import platform
import re
import statistics
import sys
import time
import traceback
import warnings
from pathlib import Path

PROTOCOL = 1
MIB = 1 << 20
TEXT_LIMIT = 4000

# A call is kept near this many seconds: long enough to measure, far from the two seconds after which Windows resets
# a card that draws the desktop.
GPU_CALL_SECONDS = 0.02
CPU_CALL_SECONDS = 0.05
BATCH_SECONDS = 0.1

# Largest difference from the exact result, as a share of the largest exact value. fp32, fp16 and bf16 round each sum
# at 2^-24, 2^-11 and 2^-8; tf32 keeps 10 bits of each factor.
LIMITS = {"fp64": 1e-12, "fp32": 1e-5, "tf32": 3e-3, "fp16": 4e-3, "bf16": 2e-2}

VISUAL_CPP = (
    "vcruntime140.dll",
    "vcruntime140_1.dll",
    "vcruntime140_threads.dll",
    "msvcp140.dll",
    "msvcp140_atomic_wait.dll",
)

_UNSUPPORTED = re.compile(
    r"not implemented|not supported|not currently supported|n't support|not compiled with|requires compiling"
    r"|STATUS_NOT_SUPPORTED|Cannot convert a MPS Tensor to float64|no kernel found to launch|No available kernel",
    re.IGNORECASE,
)
_DEVICE_LOST = re.compile(r"(CUDA|HIP|XPU|Level.?Zero|MPS) error|CUDA driver error|device-side assert|UR_RESULT_ERROR")
_OUT_OF_MEMORY = re.compile(r"out of memory|alloc_failed|not enough memory|can't allocate memory", re.IGNORECASE)


class Stop(Exception):  # noqa: N818 - the end of a stage, not a fault of the program
    """Ends a stage with a status and a reason."""

    def __init__(self, status, reason, **facts):
        super().__init__(reason)
        self.status, self.reason, self.facts = status, reason, facts


def skip(reason, **facts):
    return Stop("skip", reason, **facts)


def warning(reason, **facts):
    return Stop("warn", reason, **facts)


def failure(reason, **facts):
    return Stop("fail", reason, **facts)


# ------------------------------------------------------------------------------------------------------- the stream


class Stream:
    """Writes the lines, one JSON object each."""

    def __init__(self, file):
        self._file = file
        self._began = time.perf_counter()

    def say(self, event, **members):
        members = {"event": event, "t": round(self.seconds(), 3), **members}
        self._file.write(json.dumps(plain(members), allow_nan=False, default=str) + "\n")
        self._file.flush()

    def seconds(self):
        return time.perf_counter() - self._began


def plain(value):
    """Return a value that JSON can hold: NaN and the infinities become null, long texts are cut."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value[:TEXT_LIMIT] if isinstance(value, str) else value


def private_output():
    """Keep standard output for the lines alone: whatever a library prints from now on goes to standard error."""
    private = os.dup(1)
    try:
        os.dup2(2, 1)
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
    return os.fdopen(private, "w", encoding="utf-8", newline="\n")


class Note:
    """What a stage found so far."""

    def __init__(self, stage, stream):
        self.stage, self._stream = stage, stream
        self.status, self.reason, self.error = "pass", None, None
        self.figures, self.facts, self.wrong = [], {}, []

    def figure(self, name, value, unit, *, high=None):
        if math.isfinite(value):
            self.figures.append({"name": name, "value": float(f"{value:.6g}"), "unit": unit, "high": high})

    def point(self, name, value, unit):
        self._stream.say("point", stage=self.stage, name=name, value=float(f"{value:.6g}"), unit=unit)

    def warn(self, reason, **facts):
        self.facts.update(facts)
        if self.status == "pass":
            self.status, self.reason = "warn", reason

    def compare(self, what, difference, limit, *, figure=False):
        """Remember a comparison with the right result; one that is off makes the stage fail in the end."""
        if figure:
            self.figure("error." + what, difference, "relative", high=limit)
        if not difference <= limit:
            self.wrong.append(what)

    def require(self, what, right):
        if not right:
            self.wrong.append(what)

    def close(self):
        if self.wrong:
            self.status, self.reason = "fail", "wrong-values"
            self.facts["wrong"] = self.wrong
            self.figure("wrong-values", len(self.wrong), "count", high=0)


# ------------------------------------------------------------------------------------------------------- the bench


class Bench:
    """The device under test and what the stages share."""

    def __init__(self, options, stream):
        self.options, self.stream = options, stream
        self.full = options.mode == "full"
        self.torch = self.device = self.props = None
        self.kind = "cpu"  # cuda (NVIDIA), rocm (AMD), xpu (Intel), mps (Apple), cpu
        self.lost = None  # the stage that lost the device: nothing can be run on it any more

    @property
    def on_cpu(self):
        return self.kind == "cpu"

    @property
    def api(self):
        """The module of torch that drives the device: torch.cuda serves AMD too."""
        return {"cuda": "cuda", "rocm": "cuda", "xpu": "xpu", "mps": "mps"}.get(self.kind)

    @property
    def capability(self):
        return (self.props.major, self.props.minor) if self.kind == "cuda" else (0, 0)

    @property
    def no_tensor_cores(self):
        """Whether it is a GTX 16 or MX 450: 7.5 like their RTX sisters, with weak half precision."""
        return self.capability == (7, 5) and re.search(r"GTX 16|\bMX ?\d", self.props.name) is not None

    def sync(self):
        if self.api:
            getattr(self.torch, self.api).synchronize()

    def tidy(self):
        if self.api and self.lost is None:
            with contextlib.suppress(Exception):
                getattr(self.torch, self.api).empty_cache()

    def free_bytes(self):
        """Return the memory that the device has free, and what --max-memory-mib leaves of it."""
        torch, free = self.torch, None
        with contextlib.suppress(Exception):
            if self.kind in ("cuda", "rocm"):
                free = torch.cuda.mem_get_info()[0]
            elif self.kind == "xpu":
                free = torch.xpu.mem_get_info()[0]
            elif self.kind == "mps":
                free = torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
            else:
                free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        if free is None:
            free = getattr(self.props, "total_memory", 0) // 2 or 1 << 30
        limit = self.options.max_memory_mib
        return min(free, limit * MIB) if limit else free

    def limited(self, wanted, share=0.25):
        """Return a number of bytes that leaves room for the others: never more than this share of what is free."""
        return max(MIB, min(wanted, int(self.free_bytes() * share)))

    def samples(self, call, seconds, at_least=3):
        """Return the seconds of one call, measured over batches short enough to keep a desktop smooth."""
        call()
        self.sync()
        one = self._batch(call, 1)
        size = max(1, min(200, int(BATCH_SECONDS / max(one, 1e-7))))
        warm = time.perf_counter() + min(0.3, seconds / 2)
        while self.api and time.perf_counter() < warm:  # a card needs a moment to raise its clock
            self._batch(call, size)
        found, end = [], time.perf_counter() + seconds
        while time.perf_counter() < end or len(found) < at_least:
            found.append(self._batch(call, size))
        return found

    def _batch(self, call, size):
        began = time.perf_counter()
        for _ in range(size):
            call()
        self.sync()
        return (time.perf_counter() - began) / size


def unsupported(error):
    """Whether a torch or a device simply does not have an operation; a lost device never counts as that."""
    text = str(error)
    if isinstance(error, NotImplementedError):
        return True
    return isinstance(error, (RuntimeError, TypeError)) and not lost(error) and bool(_UNSUPPORTED.search(text))


def out_of_memory(error):
    return type(error).__name__ == "OutOfMemoryError" or (
        isinstance(error, (RuntimeError, MemoryError)) and bool(_OUT_OF_MEMORY.search(str(error)))
    )


def lost(error):
    """Whether an error leaves the device unusable for the rest of this process."""
    if out_of_memory(error):
        return False
    return type(error).__name__ == "AcceleratorError" or bool(_DEVICE_LOST.search(str(error)))


def difference(torch, got, want):
    """Return the largest difference as a share of the largest right value; infinite when one is no number."""
    got, want = got.detach().cpu().to(torch.float64), want.detach().cpu().to(torch.float64)
    if got.shape != want.shape or not bool(torch.isfinite(got).all()):
        return math.inf
    return float((got - want).abs().max() / want.abs().max().clamp_min(1e-30))


@contextlib.contextmanager
def float32_mode(torch, tf32):
    """Allow or forbid TF32 while it lasts.

    torch 2.9 brought a new switch and refuses to read the old one once the new one was used: one of them is touched.
    """
    if hasattr(torch.backends, "fp32_precision"):
        switches = [(torch.backends.cuda.matmul, "fp32_precision"), (torch.backends.cudnn.conv, "fp32_precision")]
        value = "tf32" if tf32 else "ieee"
    else:
        switches = [(torch.backends.cuda.matmul, "allow_tf32"), (torch.backends.cudnn, "allow_tf32")]
        value = tf32
    before = [(owner, name, getattr(owner, name)) for owner, name in switches]
    try:
        for owner, name, _old in before:
            setattr(owner, name, value)
        yield
    finally:
        for owner, name, old in before:
            setattr(owner, name, old)


# ------------------------------------------------------------------------------------------- import, device, arch


def stage_import(bench, note):
    began = time.perf_counter()
    try:
        import torch  # noqa: TID251 - this is the program that is made for it
    except Exception as error:
        missing = missing_runtime() if os.name == "nt" else []
        number = getattr(error, "winerror", None)
        note.facts.update(python=platform.python_version(), missing=missing, winerror=number)
        raise
    if not hasattr(torch, "__version__") or not hasattr(torch, "Tensor"):
        raise failure("incomplete", path=str(getattr(torch, "__path__", "")))
    bench.torch = torch
    seconds = time.perf_counter() - began
    note.figure("import", seconds, "s")
    note.facts.update(
        version=str(torch.__version__),
        **built_for_what(torch),
        path=str(Path(torch.__file__).parent),
        python=platform.python_version(),
        threads=torch.get_num_threads(),
    )


def built_for_what(torch):
    return {name: getattr(torch.version, name, None) for name in ("cuda", "hip", "xpu")}


def missing_runtime():
    """Return the files of the Visual C++ runtime that are neither in Windows nor where torch looks itself."""
    absent = []
    beside = [Path(sys.exec_prefix, "Library", "bin"), *(Path(place, "torch", "lib") for place in sys.path if place)]
    for name in VISUAL_CPP:
        try:
            ctypes.CDLL(name)
        except OSError:
            if not any((folder / name).is_file() for folder in beside):
                absent.append(name)
    return absent


def stage_device(bench, note):
    torch, wish = bench.torch, bench.options.device
    note.facts.update(built_for_what(torch))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        family = choose_family(torch, wish)
        try:
            if family != "cpu":
                take_accelerator(bench, note, family, int(wish.partition(":")[2] or 0))
        finally:
            said = [str(item.message) for item in heard]
            if said:
                note.facts["said"] = said
    if family == "cpu":
        bench.device = torch.device("cpu")
        capability = getattr(getattr(torch.backends, "cpu", None), "get_cpu_capability", lambda: None)
        note.facts.update(name=processor_name(), instructions=capability())
    note.facts["kind"] = bench.kind


def choose_family(torch, wish):
    """Return cuda, xpu, mps or cpu: the one that was wished for, else the first that is there."""
    if wish != "auto":
        return wish.partition(":")[0]
    return next((family for family in ("cuda", "xpu", "mps") if available(torch, family)), "cpu")


def available(torch, family):
    module = getattr(torch.backends, "mps", None) if family == "mps" else getattr(torch, family, None)
    return module is not None and bool(module.is_available())


def take_accelerator(bench, note, family, index):
    torch = bench.torch
    note.facts["family"] = family
    if not available(torch, family):
        raise failure("gpu-not-seen", why=why_not(torch, family))
    module = getattr(torch, family)
    count = int(module.device_count()) if hasattr(module, "device_count") else 1
    if index >= count:
        raise failure("gpu-not-seen", why=f"device {index} of {count}")
    bench.kind = "rocm" if family == "cuda" and getattr(torch.version, "hip", None) else family
    bench.device = torch.device(family if family == "mps" else f"{family}:{index}")
    note.facts["count"] = count
    if family == "mps":
        note.facts.update(name=processor_name(), integrated=True, total_mib=None)
        return
    module.set_device(index)
    bench.props = props = module.get_device_properties(index)
    note.facts.update(
        name=props.name,
        total_mib=props.total_memory // MIB,
        free_mib=bench.free_bytes() // MIB,
        integrated=bool(getattr(props, "is_integrated", False) or getattr(props, "is_integrated_gpu", False)),
        uuid=str(getattr(props, "uuid", "")) or None,
        processors=getattr(props, "multi_processor_count", None),
        clock_khz=getattr(props, "clock_rate", None),
        memory_clock_khz=getattr(props, "memory_clock_rate", None),
        bus_bits=getattr(props, "memory_bus_width", None),
        cache_bytes=getattr(props, "L2_cache_size", None),
        gfx=getattr(props, "gcnArchName", None) if bench.kind == "rocm" else None,
        capability="{}.{}".format(*bench.capability) if bench.kind == "cuda" else None,
    )


def why_not(torch, family):
    """Return what torch says when it is made to use a device that it does not see."""
    module = getattr(torch, family, None)
    try:
        if module is None or not hasattr(module, "init"):
            return f"torch has no {family}"
        module.init()
    except Exception as error:
        return describe(error)
    return f"torch.{family}.is_available() is False"


def processor_name():
    with contextlib.suppress(OSError, ValueError, ImportError):
        if sys.platform == "win32":
            import winreg

            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
                return str(winreg.QueryValueEx(key, "ProcessorNameString")[0]).strip()
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in itertools.islice(file, 60):
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def stage_arch(bench, note):
    if bench.kind not in ("cuda", "rocm"):
        raise skip("no-need")
    built = [str(word) for word in bench.torch.cuda.get_arch_list()]
    note.facts["built_for"] = built
    if not built:
        raise skip("unknown")
    if bench.kind == "rocm":
        if str(bench.props.gcnArchName).partition(":")[0] not in built:
            note.warn("gfx-not-listed")
        return
    code = code_for(built, bench.capability)
    if code == "intermediate":
        note.warn("only-intermediate-code")
    elif code is None:
        try:
            bench.torch.ones(1, device=bench.device).add(1).cpu()
        except Exception as error:
            note.error = describe(error)
            raise failure("no-code") from error
        note.warn("not-listed")


def code_for(built, capability):
    """Return "machine" or "intermediate" code for a compute capability, or None.

    Machine code of a capability runs on the same major with an equal or higher minor; with an `a` behind it only on
    exactly that one. Intermediate code (compute_) is translated by the driver for every later card.
    """
    wanted = capability[0] * 10 + capability[1]
    found = None
    for word in built:
        match = re.fullmatch(r"(sm|compute)_(\d+)([af]?)", word)
        if match is None:
            continue
        kind, number, suffix = match.group(1), int(match.group(2)), match.group(3)
        if kind == "sm" and (number == wanted or (suffix != "a" and number // 10 == capability[0] and number < wanted)):
            return "machine"
        if kind == "compute" and (number == wanted or (not suffix and number < wanted)):
            found = "intermediate"
    return found


# ------------------------------------------------------------------------------------------------------ correctness


def stage_first_kernel(bench, note):
    began = time.perf_counter()
    total = float((bench.torch.ones(1024, device=bench.device) + 1).sum())
    bench.sync()
    seconds = time.perf_counter() - began
    note.figure("first-call", seconds, "s")
    note.require("sum", total == 2048.0)
    if seconds > 20:
        note.warn("slow-first-call")


def stage_correctness(bench, note):
    torch = bench.torch
    generator = torch.Generator().manual_seed(0)
    tested = []
    for name in ("fp64", "fp32", "tf32", "fp16", "bf16"):
        if name == "tf32" and bench.capability < (8, 0):
            continue
        if product_is_right(bench, note, name, generator):
            tested.append(name)
    note.facts["types"] = tested
    exact_integers(bench, note, generator)
    elementwise(bench, note, generator)
    spectrum(bench, note)
    equations(bench, note, generator)


def product_is_right(bench, note, name, generator):
    """Compare a product with the exact one of the rounded factors: what is left is the error of the summing."""
    torch = bench.torch
    kind = {
        "fp64": torch.float64,
        "fp32": torch.float32,
        "tf32": torch.float32,
        "fp16": torch.float16,
        "bf16": torch.bfloat16,
    }[name]
    size = 256 if bench.on_cpu and name in ("fp16", "bf16") else 512
    left, right = (torch.randn(size, size, generator=generator).to(kind) for _ in range(2))
    try:
        with float32_mode(torch, name == "tf32"):
            got = (left.to(bench.device) @ right.to(bench.device)).cpu()
    except Exception as error:
        if name != "fp32" and unsupported(error):
            return False
        raise
    if name == "fp16" and bench.no_tensor_cores and not bool(torch.isfinite(got).all()):
        note.warn("half-not-finite", kinds=["fp16"])
        return True
    note.compare(name, difference(torch, got, left.double() @ right.double()), LIMITS[name], figure=True)
    return True


def exact_integers(bench, note, generator):
    """Compare with whole numbers that plain Python multiplied: no rounding, so no tolerance."""
    torch, size = bench.torch, 24
    left, right = (torch.randint(-8, 9, (size, size), generator=generator) for _ in range(2))
    columns = list(zip(*right.tolist()))  # noqa: B905 - zip has no `strict` in Python 3.9
    want = [[sum(a * b for a, b in zip(row, column)) for column in columns] for row in left.tolist()]  # noqa: B905
    got = left.float().to(bench.device) @ right.float().to(bench.device)
    note.require("integers", got.cpu().tolist() == want)


def elementwise(bench, note, generator):
    """Compare with what plain Python calculates."""
    torch = bench.torch
    values = torch.randn(4096, generator=generator)
    numbers = values.double().tolist()
    there = values.to(bench.device)
    exponentials = [math.exp(number) for number in numbers]
    total = math.fsum(exponentials)

    def tensor(items):
        return torch.tensor(items, dtype=torch.float64)

    note.compare("exp", difference(torch, torch.exp(there), tensor(exponentials)), 1e-4)
    note.compare("softmax", difference(torch, torch.softmax(there, 0), tensor([e / total for e in exponentials])), 1e-4)
    note.compare("cumsum", difference(torch, torch.cumsum(there, 0), tensor(list(itertools.accumulate(numbers)))), 1e-4)
    note.require("sort", torch.sort(there)[0].cpu().double().tolist() == sorted(numbers))


def spectrum(bench, note):
    """A wave of 25 turns has one line in its spectrum, at 25."""
    torch, size, turns = bench.torch, 1024, 25
    wave = torch.tensor([math.cos(2 * math.pi * turns * step / size) for step in range(size)])
    try:
        got = torch.fft.rfft(wave.to(bench.device)).abs()
    except Exception as error:
        if unsupported(error):
            note.facts["without"] = [*note.facts.get("without", []), "fft"]
            return
        raise
    want = torch.zeros(size // 2 + 1)
    want[turns] = size / 2
    note.compare("fft", difference(torch, got, want), 1e-4)


def equations(bench, note, generator):
    """Solve a well-behaved system and put the answer back in."""
    torch, size = bench.torch, 256
    matrix = torch.randn(size, size, generator=generator) + 40 * torch.eye(size)
    right = torch.randn(size, 4, generator=generator)
    try:
        with float32_mode(torch, tf32=False):
            answer = torch.linalg.solve(matrix.to(bench.device), right.to(bench.device)).cpu()
    except Exception as error:
        if unsupported(error):
            note.facts["without"] = [*note.facts.get("without", []), "solve"]
            return
        raise
    note.compare("solve", difference(torch, matrix.double() @ answer.double(), right), 1e-4)


# ----------------------------------------------------------------------------------------- what training is made of


def stage_autograd(bench, note):
    torch = bench.torch
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(512, generator=generator)
    point = start.clone().to(bench.device).requires_grad_()
    (point.sin() * point).sum().backward()
    note.compare("gradient", difference(torch, point.grad, start.double().cos() * start + start.double().sin()), 1e-4)
    one_step_of_adamw(bench, note)
    with float32_mode(torch, tf32=False):
        for got, want in zip(*(three_steps(bench, place) for place in (bench.device, "cpu"))):  # noqa: B905
            note.compare("optimizer", difference(torch, got, want), 1e-3)


def one_step_of_adamw(bench, note):
    """The first step of AdamW is known: the decay, then the learning rate against the sign of the gradient."""
    torch, rate, decay = bench.torch, 0.01, 0.1
    weight = torch.tensor([2.0, -3.0], device=bench.device, requires_grad=True)
    optimizer = torch.optim.AdamW([weight], lr=rate, weight_decay=decay)
    (weight * weight).sum().backward()
    optimizer.step()
    want = torch.tensor([start * (1 - rate * decay) - math.copysign(rate, start) for start in (2.0, -3.0)])
    note.compare("adamw", difference(torch, weight, want), 1e-5)


def three_steps(bench, place):
    """Train a little; the large eps keeps the sign of a gradient that is nearly zero from deciding a whole step."""
    torch = bench.torch
    torch.manual_seed(0)
    nn = torch.nn
    network = nn.Sequential(nn.Linear(64, 128), nn.GELU(), nn.LayerNorm(128), nn.Linear(128, 10))
    inputs, targets = torch.randn(256, 64).to(place), torch.randint(0, 10, (256,)).to(place)
    network = copy.deepcopy(network).to(place)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, eps=1e-3)
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.cross_entropy(network(inputs), targets).backward()
        optimizer.step()
    return [weight.detach().cpu() for weight in network.parameters()]


def stage_conv(bench, note):
    torch = bench.torch
    functional = torch.nn.functional
    if bench.api == "cuda":
        note.facts["cudnn"] = torch.backends.cudnn.version()
    torch.manual_seed(0)
    image, kernel = torch.randn(4, 16, 32, 32), torch.randn(32, 16, 3, 3) / 12
    patches = functional.unfold(image.double(), 3, padding=1)
    want = (kernel.double().reshape(32, -1) @ patches).reshape(4, 32, 32, 32)
    strange = []
    with float32_mode(torch, tf32=False):
        got = functional.conv2d(image.to(bench.device), kernel.to(bench.device), padding=1)
        note.compare("conv2d", difference(torch, got, want), 1e-4)
        for name, kind in (("fp16", torch.float16), ("bf16", torch.bfloat16)):
            if name == "bf16" and bench.kind == "cuda" and bench.capability < (8, 0):
                continue
            try:
                half = functional.conv2d(image.to(bench.device, kind), kernel.to(bench.device, kind), padding=1).cpu()
            except Exception as error:
                if unsupported(error):
                    continue
                raise
            if not bool(torch.isfinite(half).all()):
                strange.append(name)
            else:
                note.compare("conv2d " + name, difference(torch, half, want), 5e-2)
    if strange:
        note.warn("half-not-finite", kinds=strange)


def stage_attention(bench, note):
    torch = bench.torch
    kind = torch.float32 if bench.on_cpu else torch.float16
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 4, 128, 64).to(kind) for _ in range(3))
    scores = query.double() @ key.double().transpose(-2, -1) / math.sqrt(64)
    scores = scores.masked_fill(torch.ones(128, 128).triu(1).bool(), -math.inf)
    want = torch.softmax(scores, -1) @ value.double()
    there = [item.to(bench.device) for item in (query, key, value)]

    def attend():
        return torch.nn.functional.scaled_dot_product_attention(*there, is_causal=True)

    note.compare("attention", difference(torch, attend(), want), 1e-2)
    try:
        choice = importlib.import_module("torch.nn.attention")
    except ImportError:  # before torch 2.3 there is no way to name the kernel
        return
    kernels, strange = [], []
    for name in ("MATH", "EFFICIENT_ATTENTION", "FLASH_ATTENTION", "CUDNN_ATTENTION"):
        backend = getattr(choice.SDPBackend, name, None)
        if backend is None:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with choice.sdpa_kernel(backend):
                    off = difference(torch, attend(), want)
        except RuntimeError as error:
            if lost(error):
                raise
            continue
        kernels.append(name.lower().replace("_attention", ""))
        if name == "MATH":
            note.compare("math kernel", off, 1e-2)
        elif not off <= 1e-2:
            strange.append(kernels[-1])
    note.facts["kernels"] = kernels
    if strange:
        note.warn("attention-kernel-off", strange=strange)


def stage_amp(bench, note):
    torch, nn = bench.torch, bench.torch.nn
    torch.manual_seed(0)
    kind = torch.bfloat16 if bench.on_cpu else torch.float16
    network = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 1)).to(bench.device)
    optimizer = torch.optim.SGD(network.parameters(), lr=1e-2)
    inputs = torch.randn(512, 64)
    inputs, targets = inputs.to(bench.device), (inputs[:, :1] * 2).to(bench.device)
    losses = []
    try:
        scaler = gradient_scaler(bench)
        for _ in range(20):
            optimizer.zero_grad()
            with torch.autocast(bench.device.type, dtype=kind):
                loss = nn.functional.mse_loss(network(inputs).float(), targets)
            if scaler is None:
                loss.backward()
                optimizer.step()
            else:
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
            losses.append(float(loss.detach()))
    except Exception as error:
        if unsupported(error):
            raise skip("not-here", error=describe(error)) from error
        raise
    if bench.no_tensor_cores and not all(map(math.isfinite, losses)):
        raise warning("half-not-finite", kinds=["fp16"])
    note.figure("loss.first", losses[0], "loss")
    note.figure("loss.last", losses[-1], "loss")
    note.require("loss falls", all(map(math.isfinite, losses)) and losses[-1] < losses[0])


def gradient_scaler(bench):
    """Return what keeps small half-precision gradients from vanishing; bfloat16, as on the processor, needs none."""
    torch = bench.torch
    if bench.on_cpu:
        return None
    if hasattr(torch.amp, "GradScaler"):  # torch 2.3
        return torch.amp.GradScaler(bench.device.type)
    return torch.cuda.amp.GradScaler() if bench.api == "cuda" else None


def stage_train(bench, note):
    """A small convolutional network learns to tell ten kinds of noisy stripes apart: fixed work, fixed seeds."""
    torch, nn = bench.torch, bench.torch.nn
    generator = torch.Generator().manual_seed(1)
    kinds = torch.randint(0, 10, (2048,), generator=generator)
    images = torch.randn(2048, 1, 20, 20, generator=generator)
    for kind in range(10):
        images[kinds == kind, 0, :, 2 * kind : 2 * kind + 2] += 0.35
    torch.manual_seed(1)
    network = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(), nn.Linear(3200, 10),
    ).to(bench.device)  # fmt: skip
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    images, kinds = images.to(bench.device), kinds.to(bench.device)
    steps, batch, losses = 96, 128, []
    bench.sync()
    began = time.perf_counter()
    for step in range(steps):
        part = slice(step * batch % 2048, step * batch % 2048 + batch)
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(network(images[part]), kinds[part])
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
        if step % 12 == 0:
            note.point("loss", float(losses[-1]), "loss")
    bench.sync()
    seconds = time.perf_counter() - began
    losses = [float(loss) for loss in losses]
    network.eval()
    with torch.no_grad():
        right = float((network(images[:1024]).argmax(1) == kinds[:1024]).float().mean())
    first, last = losses[0], statistics.mean(losses[-8:])
    note.figure("images", steps * batch / seconds, "images/s")
    note.figure("accuracy", right * 100, "%")
    note.figure("loss.first", first, "loss")
    note.figure("loss.last", last, "loss")
    note.require("first loss", abs(first - math.log(10)) < 0.7)
    note.require("last loss", last < first / 2)
    note.require("accuracy", right > 0.9)


def stage_dataloader(bench, note):
    torch = bench.torch
    data = importlib.import_module("torch.utils.data")
    items = data.TensorDataset(torch.arange(1000), torch.arange(1000) * 2)

    def read(**options):
        seen = []
        for numbers, doubles in data.DataLoader(items, batch_size=64, shuffle=True, **options):
            note.require("pairs", bool((numbers * 2 == doubles).all()))
            seen += numbers.tolist()
        note.require("every item once", sorted(seen) == list(range(1000)))

    read()
    if not bench.full:
        return
    began = time.perf_counter()
    try:
        read(num_workers=2, multiprocessing_context="spawn", timeout=90)
    except Exception as error:
        traceback.print_exc()
        note.error = describe(error)
        note.warn("workers")
        return
    note.figure("workers", time.perf_counter() - began, "s")


def stage_torchvision(bench, note):
    if importlib.util.find_spec("torchvision") is None:
        raise skip("not-installed")
    torch = bench.torch
    torchvision = importlib.import_module("torchvision")
    note.facts["version"] = str(torchvision.__version__)
    boxes = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [20, 20, 30, 30]])
    scores = torch.tensor([0.9, 0.8, 0.7])
    place = bench.device if bench.api == "cuda" else "cpu"
    note.require("nms", torchvision.ops.nms(boxes.to(place), scores.to(place), 0.5).cpu().tolist() == [0, 2])
    image = torch.full((3, 16, 16), 0.25, device=place)
    small = importlib.import_module("torchvision.transforms.functional").resize(image, [8, 8], antialias=True)
    note.require("resize", tuple(small.shape) == (3, 8, 8))
    note.compare("resize", difference(torch, small, torch.full((3, 8, 8), 0.25)), 1e-4)


def stage_compile(bench, note):
    torch = bench.torch
    if bench.kind not in ("cuda", "rocm", "xpu"):
        raise skip("gpu-only")
    if importlib.util.find_spec("triton") is None:
        raise skip("no-triton")
    began = time.perf_counter()
    try:
        made = torch.compile(lambda x: torch.sin(x) ** 2 + torch.cos(x) ** 2)
        got = made(torch.randn(4096, device=bench.device))
        bench.sync()
    except Exception as error:
        if lost(error):
            raise
        traceback.print_exc()
        note.error = describe(error)
        note.warn("compile")
        return
    note.figure("compile", time.perf_counter() - began, "s")
    note.compare("compiled", difference(torch, got, torch.ones(4096)), 1e-4)


# -------------------------------------------------------------------------------------------- memory, copies, speed


def stage_memory(bench, note):
    """Write a pattern that names each place, then read all of it back."""
    torch, free = bench.torch, bench.free_bytes()
    if bench.on_cpu:
        wanted = min((512 if bench.full else 192) * MIB, free // 2)
    else:
        shared = bench.kind == "mps" or bool(getattr(bench.props, "is_integrated", False))
        wanted = int(free * ((0.4 if shared else 0.8) if bench.full else 0.3))
    block = max(MIB, min(256 * MIB, wanted // 8))
    places, blocks = None, []

    def pattern(number):
        return places * 3 + 7919 * (number + 1)

    try:
        places = torch.arange(block // 4, dtype=torch.int32, device=bench.device)
        while (len(blocks) + 1) * block <= wanted:
            blocks.append(pattern(len(blocks)))
        for number, held in enumerate(blocks):
            note.require(f"block {number}", bool(torch.equal(held, pattern(number))))
    except Exception as error:
        if not out_of_memory(error):
            raise
        note.error = describe(error)
        note.warn("out-of-memory")
    finally:
        tested = len(blocks) * block
        blocks.clear()
        places = None
    note.figure("tested", tested / MIB, "MiB")
    if not bench.on_cpu:
        note.figure("free", free / MIB, "MiB")


def stage_copy_host(bench, note):
    torch = bench.torch
    if bench.on_cpu or bench.kind == "mps":
        raise skip("shared-memory")
    size = bench.limited((256 if bench.full else 64) * MIB)
    note.facts["bytes"] = size
    there = torch.empty(size, dtype=torch.uint8, device=bench.device)
    for name in ("pageable", "pinned"):
        here = torch.randint(0, 256, (size,), dtype=torch.uint8)
        if name == "pinned":
            try:
                here = here.pin_memory()
            except RuntimeError as error:
                if lost(error):
                    raise
                note.facts["no_pinned"] = describe(error)
                continue
        back = torch.empty_like(here, pin_memory=name == "pinned")
        quick = name == "pinned"

        def send(here=here, quick=quick):
            there.copy_(here, non_blocking=quick)

        def fetch(back=back, quick=quick):
            back.copy_(there, non_blocking=quick)

        note.figure("to-device." + name, size / statistics.median(bench.samples(send, 0.3)) / 1e9, "GB/s")
        note.figure("from-device." + name, size / statistics.median(bench.samples(fetch, 0.3)) / 1e9, "GB/s")
        note.require("data " + name, bool(torch.equal(here, back)))


def stage_copy_device(bench, note):
    torch = bench.torch
    if bench.on_cpu:
        size = bench.limited(128 * MIB, share=0.1)
    else:
        cache = getattr(bench.props, "L2_cache_size", 0) or 32 * MIB
        size = bench.limited(min(1 << 30, max(256 * MIB, 8 * cache)))
    source = torch.randn(size // 4, device=bench.device)  # not zeros: what is copied decides the power that is drawn
    target = torch.empty_like(source)
    seconds = statistics.median(bench.samples(lambda: target.copy_(source), 0.4))
    note.facts["bytes"] = size
    note.figure("bandwidth", 2 * size / seconds / 1e9, "GB/s")
    note.require("data", bool(torch.equal(source, target)))


def number_types(bench):
    """Return the number types worth measuring: name, torch type, TF32."""
    torch = bench.torch
    types = [("fp32", torch.float32, False)]
    if bench.on_cpu:
        return [*types, ("bf16", torch.bfloat16, False)]
    if bench.capability >= (8, 0):
        types.append(("tf32", torch.float32, True))
    types.append(("fp16", torch.float16, False))
    if bench.kind != "cuda" or bench.capability >= (8, 0):  # before that bfloat16 is emulated
        types.append(("bf16", torch.bfloat16, False))
    return types


def fitting_size(bench, kind):
    """Double the matrix until one product takes long enough to measure, and never long enough to stall a desktop."""
    torch = bench.torch
    wanted = CPU_CALL_SECONDS if bench.on_cpu else GPU_CALL_SECONDS
    largest = 2048 if bench.on_cpu else 16384 if bench.full else 8192
    room = bench.free_bytes() // 4
    size = 512
    while True:
        matrix = torch.randn(size, size, device=bench.device).to(kind)
        product = torch.mm(matrix, matrix)
        bench.sync()
        began = time.perf_counter()
        torch.mm(matrix, matrix, out=product)
        bench.sync()
        one = time.perf_counter() - began
        if one * 8 > wanted * 2 or size * 2 > largest or 3 * (size * 2) ** 2 * matrix.element_size() > room:
            return size
        size *= 2


def product_call(bench, size, kind):
    torch = bench.torch
    left, right = (torch.randn(size, size, device=bench.device).to(kind) for _ in range(2))
    product = torch.empty(size, size, device=bench.device, dtype=kind)
    return lambda: torch.mm(left, right, out=product)


def stage_matmul(bench, note):
    seconds = 1.5 if bench.full else 0.5
    sizes = {}
    for name, kind, tf32 in number_types(bench):
        try:
            with float32_mode(bench.torch, tf32):
                size = fitting_size(bench, kind)
                times = bench.samples(product_call(bench, size, kind), seconds)
        except Exception as error:
            if unsupported(error):
                continue
            raise
        sizes[name] = size
        note.figure(name, 2 * size**3 / statistics.median(times) / 1e12, "TFLOPS")
        bench.tidy()
    note.facts["sizes"] = sizes
    if not bench.on_cpu:
        against_processor(bench, note)


def against_processor(bench, note):
    """Let the processor do the same product: how much faster the card is, and whether both agree."""
    torch = bench.torch

    def factors(size):
        generator = torch.Generator().manual_seed(size)
        return [torch.randn(size, size, generator=generator) for _ in range(2)]

    def by_processor(size):
        left, right = factors(size)
        began = time.perf_counter()
        product = left @ right
        return time.perf_counter() - began, product

    by_processor(1024)
    trial = by_processor(1024)[0]
    size = 4096 if trial * 64 <= 2 else 2048 if trial * 8 <= 2 else 1024
    if 3 * 4 * size * size > bench.free_bytes() // 2:
        size = 1024
    slow, want = by_processor(size)
    with float32_mode(torch, tf32=False):
        left, right = (item.to(bench.device) for item in factors(size))
        note.compare("same as processor", difference(torch, left @ right, want), 1e-4)
        fast = statistics.median(bench.samples(lambda: torch.mm(left, right), 0.2))
    note.facts["speedup_size"] = size
    note.figure("speedup", slow / fast, "x")


def stage_sustained(bench, note):
    """Keep the device busy; whoever reads the lines looks at clock and temperature meanwhile."""
    torch = bench.torch
    kind = torch.float32 if bench.on_cpu else torch.float16
    size = fitting_size(bench, kind)
    call = product_call(bench, size, kind)
    call()
    bench.sync()
    windows, end = [], time.perf_counter() + bench.options.sustain
    while time.perf_counter() < end:
        began, calls = time.perf_counter(), 0
        while time.perf_counter() - began < 0.5:
            for _ in range(4):
                call()
            bench.sync()
            calls += 4
        windows.append(2 * size**3 * calls / (time.perf_counter() - began) / 1e12)
        note.point("load", windows[-1], "TFLOPS")
    if not windows:
        raise skip("no-time")
    steady = windows[2:] or windows  # the first second raises the clock
    note.figure("load", statistics.median(steady), "TFLOPS")
    note.figure("stability", min(steady) / max(steady) * 100, "%")
    if min(steady) / max(steady) < 0.8:
        note.warn("unsteady")


# --------------------------------------------------------------------------------------------------------- the run

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


def describe(error):
    return f"{type(error).__name__}: {str(error).strip()}"


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


if __name__ == "__main__":
    sys.exit(main())
