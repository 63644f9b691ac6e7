"""Lets a processor build of torch claim a card, so that every branch for cards runs without one.

It is the `sitecustomize` of an environment: when torch has been imported, calls that name the card are sent to the
processor, the questions about the card are answered from scenario.json, and the faults that it names happen.

scenario.json: family cuda, rocm, xpu or mps; what is not in order: available, capability, built_for, name, free_mib,
said (a warning while it looks), no_kernel, out_of_memory, wrong_in (a number type), half_is_nan, loses_data,
lost_in / hangs_in / crashes_in / missing (the name of a function).
"""

import importlib.abc
import importlib.util
import json
import os
import signal
import sys
import time
import types
import warnings
from pathlib import Path

SCENARIO = json.loads((Path(__file__).parent / "scenario.json").read_text(encoding="utf-8"))
FAMILY = SCENARIO.get("family", "cuda")
WORD = {"rocm": "cuda"}.get(FAMILY, FAMILY)
NAMES = {"cuda": "NVIDIA GeForce RTX 4060 Laptop GPU", "rocm": "AMD Radeon RX 7900 XTX", "xpu": "Intel Arc B580"}
TAGS = {"cuda": "+cu130", "rocm": "+rocm7.1", "xpu": "+xpu", "mps": ""}


class Finder(importlib.abc.MetaPathFinder):
    """Finds the real torch and dresses it up after it was loaded."""

    def find_spec(self, name, path=None, target=None):
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("torch")
        load = spec.loader.exec_module

        def load_and_dress(module):
            load(module)
            dress(module)

        spec.loader.exec_module = load_and_dress
        return spec


sys.meta_path.insert(0, Finder())


def dress(torch):
    torch.version.cuda = "13.0" if FAMILY == "cuda" else None
    torch.version.hip = "7.1.52802" if FAMILY == "rocm" else None
    torch.version.xpu = "20250302" if FAMILY == "xpu" else None
    torch.__version__ = torch.__version__.partition("+")[0] + TAGS[FAMILY]
    answer_for_the_card(torch)
    real_autocast, real_scaler = torch.autocast, torch.amp.GradScaler
    torch.autocast = lambda kind, dtype=None: real_autocast("cpu", dtype=torch.bfloat16)
    torch.amp.GradScaler = lambda kind, **options: real_scaler("cpu", **options)
    pretender(torch)().__enter__()


def look():
    if "said" in SCENARIO:
        warnings.warn(SCENARIO["said"], UserWarning, stacklevel=2)
    return SCENARIO.get("available", True)


def answer_for_the_card(torch):
    free, total = SCENARIO.get("free_mib", 256) << 20, 8188 << 20
    if FAMILY == "mps":
        torch.backends.mps.is_available = look
        torch.mps.device_count = lambda: 1
        torch.mps.recommended_max_memory = lambda: free
        torch.mps.driver_allocated_memory = lambda: 0
        torch.mps.synchronize = torch.mps.empty_cache = lambda: None
        return
    module = torch.xpu if FAMILY == "xpu" else torch.cuda
    module.is_available = look
    module.device_count = lambda: 1
    module.set_device = lambda device: None
    module.get_device_properties = lambda device=None: properties(total)
    module.mem_get_info = lambda device=None: (free, total)
    module.synchronize = lambda device=None: None
    module.empty_cache = lambda: None
    module.get_arch_list = lambda: SCENARIO.get("built_for", ["sm_75", "sm_80", "sm_86", "sm_90", "sm_120", "gfx1100"])
    torch.backends.cudnn.version = lambda: 91002


def properties(total):
    """Return what torch tells of a card: each family has a class of its own with members of its own."""
    common = {"name": SCENARIO.get("name", NAMES.get(FAMILY)), "total_memory": total, "uuid": "GPU-0"}
    if FAMILY == "xpu":
        return types.SimpleNamespace(**common, max_compute_units=160, driver_version="1.6.33578")
    major, minor = SCENARIO.get("capability", (8, 9) if FAMILY == "cuda" else (11, 0))
    return types.SimpleNamespace(
        **common, major=major, minor=minor, multi_processor_count=24, is_integrated=0, clock_rate=2370000,
        memory_clock_rate=8001000, memory_bus_width=128, L2_cache_size=1 << 20,
        gcnArchName="gfx1100:sramecc-:xnack-" if FAMILY == "rocm" else "",
    )  # fmt: skip


def go_wrong(torch, name, args, kwargs):
    """Do what the scenario wants at a call."""
    if SCENARIO.get("no_kernel") and name == "ones":
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")
    if SCENARIO.get("out_of_memory") and name == "arange" and kwargs.get("dtype") is torch.int32:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    if SCENARIO.get("lost_in") == name:
        raise RuntimeError("CUDA error: unspecified launch failure")
    if SCENARIO.get("missing") == name:
        raise NotImplementedError(f"The operator '{name}' is not currently implemented for this device.")
    if SCENARIO.get("hangs_in") == name:
        time.sleep(600)
    if SCENARIO.get("crashes_in") == name:
        os.kill(os.getpid(), signal.SIGSEGV)
    doubles = args and getattr(args[0], "dtype", None) is torch.float64
    if FAMILY == "mps" and name == "to" and doubles and any(is_card(torch, item) for item in args[1:]):
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64.")


def spoil(torch, name, args, result):
    kind = args and getattr(args[0], "dtype", None)
    if name in ("matmul", "__matmul__") and number_type(torch, kind) == SCENARIO.get("wrong_in") and on_card(torch):
        result[3, 5] += 40
    if kind is torch.float16 and SCENARIO.get("half_is_nan") and name == "conv2d":
        result[0] = float("nan")
    if name == "copy_" and SCENARIO.get("loses_data"):
        result[7] = 0
        result[8] = 1
    return result


def number_type(torch, kind):
    if kind is torch.float32 and torch.backends.cuda.matmul.fp32_precision == "tf32":
        return "tf32"
    return {torch.float64: "fp64", torch.float32: "fp32", torch.float16: "fp16", torch.bfloat16: "bf16"}.get(kind)


def on_card(torch):
    """Whether the product is the card's: the right ones, to compare with, are calculated outside of a TF32 switch."""
    return torch.backends.cuda.matmul.fp32_precision in ("tf32", "ieee")


def is_card(torch, item):
    return (isinstance(item, torch.device) and item.type == WORD) or (isinstance(item, str) and item.startswith(WORD))


def pretender(torch):
    from torch.overrides import TorchFunctionMode

    def elsewhere(item):
        return torch.device("cpu") if is_card(torch, item) else item

    class Pretend(TorchFunctionMode):
        def __torch_function__(self, function, kinds, args=(), kwargs=None):
            kwargs, name = dict(kwargs or {}), getattr(function, "__name__", "")
            if function is torch.device:  # the name of the card stays the card's: only work is sent elsewhere
                return function(*args, **kwargs)
            go_wrong(torch, name, args, kwargs)
            if name == "pin_memory":
                return args[0]
            kwargs.pop("pin_memory", None)
            result = function(*map(elsewhere, args), **{key: elsewhere(item) for key, item in kwargs.items()})
            return spoil(torch, name, args, result)

    return Pretend
