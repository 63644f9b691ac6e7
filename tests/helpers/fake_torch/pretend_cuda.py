"""Lets a processor build of torch claim a CUDA card, so that every branch for cards runs without one.

It is the `sitecustomize` of an environment: when torch has been imported, calls that name a CUDA device are sent to the
processor, and the questions about the card are answered from scenario.json.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import json
import sys
import types
from pathlib import Path

SCENARIO = json.loads((Path(__file__).parent / "scenario.json").read_text(encoding="utf-8"))


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
    torch.version.cuda = "13.0"
    torch.__version__ = torch.__version__.partition("+")[0] + "+cu130"
    answer_for_the_card(torch)
    real_autocast, real_scaler = torch.autocast, torch.amp.GradScaler
    torch.autocast = lambda kind, dtype=None: real_autocast("cpu", dtype=torch.bfloat16)
    torch.amp.GradScaler = lambda kind, **options: real_scaler("cpu", **options)
    pretender(torch)().__enter__()


def answer_for_the_card(torch):
    major, minor = SCENARIO.get("capability", (8, 9))
    properties = types.SimpleNamespace(
        name=SCENARIO.get("name", "NVIDIA GeForce RTX 4060 Laptop GPU"), major=major, minor=minor,
        total_memory=8188 << 20, multi_processor_count=24, is_integrated=0, clock_rate=2370000,
        memory_clock_rate=8001000, memory_bus_width=128, L2_cache_size=1 << 20, uuid="GPU-0",
    )  # fmt: skip
    module = torch.cuda
    module.is_available = lambda: SCENARIO.get("available", True)
    module.device_count = lambda: 1
    module.set_device = lambda device: None
    module.get_device_properties = lambda device=None: properties
    module.mem_get_info = lambda device=None: (SCENARIO.get("free_mib", 256) << 20, 8188 << 20)
    module.synchronize = lambda device=None: None
    module.empty_cache = lambda: None
    module.get_arch_list = lambda: SCENARIO.get("built_for", ["sm_75", "sm_80", "sm_86", "sm_90", "sm_120"])
    torch.backends.cudnn.version = lambda: 91002


def raise_what_is_wanted(torch, name, kwargs):
    if SCENARIO.get("no_kernel") and name == "ones":
        raise RuntimeError("CUDA error: no kernel image is available for execution on the device")
    if SCENARIO.get("out_of_memory") and name == "arange" and kwargs.get("dtype") is torch.int32:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    if SCENARIO.get("lost_in") == name:
        raise RuntimeError("CUDA error: unspecified launch failure")


def spoil(torch, name, args, result):
    half = args and getattr(args[0], "dtype", None) is torch.float16
    if half and SCENARIO.get("wrong_half") and name in ("matmul", "__matmul__"):
        result[3, 5] += 40
    if half and SCENARIO.get("half_is_nan") and name == "conv2d":
        result[0] = float("nan")
    return result


def pretender(torch):
    from torch.overrides import TorchFunctionMode

    def elsewhere(item):
        if isinstance(item, torch.device) and item.type == "cuda":
            return torch.device("cpu")
        return "cpu" if isinstance(item, str) and item.startswith("cuda") else item

    class Pretend(TorchFunctionMode):
        def __torch_function__(self, function, kinds, args=(), kwargs=None):
            kwargs, name = dict(kwargs or {}), getattr(function, "__name__", "")
            raise_what_is_wanted(torch, name, kwargs)
            if name == "pin_memory":
                return args[0]
            kwargs.pop("pin_memory", None)
            result = function(*map(elsewhere, args), **{key: elsewhere(item) for key, item in kwargs.items()})
            return spoil(torch, name, args, result)

    return Pretend
