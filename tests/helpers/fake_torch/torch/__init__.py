"""A torch that is as large as the first stages of the benchmark need, and behaves as scenario.json beside it says."""

import json
import os
import signal
import sys
import time
import types
import warnings
from pathlib import Path

SCENARIO = json.loads((Path(__file__).parent / "scenario.json").read_text(encoding="utf-8"))


def act(moment):
    """Do what the scenario wants at a moment: print, hang, break down, leave, raise."""
    for what, value in SCENARIO.get(moment, {}).items():
        if what == "print":
            print(value)
            sys.stdout.flush()
            os.write(1, f"{value}, past Python\n".encode())
        elif what == "hang":
            time.sleep(value)
        elif what == "signal":
            os.kill(os.getpid(), getattr(signal, value))
        elif what == "exit":
            os._exit(value)
        elif what == "raise":
            name, text = value
            kind = {"OutOfMemoryError": OutOfMemoryError}.get(name) or getattr(__builtins__, name, None)
            raise (kind or __builtins__[name])(text)
        elif what == "warn":
            warnings.warn(value, UserWarning, stacklevel=2)


class OutOfMemoryError(RuntimeError):
    pass


act("import")

__version__ = SCENARIO.get("version", "2.15.0+cu130")
version = types.SimpleNamespace(cuda=SCENARIO.get("cuda"), hip=SCENARIO.get("hip"), xpu=None)
backends = types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: False))
float32, int32 = "float32", "int32"


class Tensor:
    """A flat list of numbers."""

    def __init__(self, values):
        self.values = values

    def __add__(self, other):
        return Tensor([value + other for value in self.values])

    def __radd__(self, other):
        return self + other

    def __mul__(self, other):
        return Tensor([value * other for value in self.values])

    def add(self, other):
        act("calculate")
        return self + other

    def sum(self):
        act("calculate")
        return SCENARIO.get("sum", sum(self.values))

    def cpu(self):
        return self


def ones(size, device=None):
    return Tensor([1.0] * size)


def arange(size, dtype=None, device=None):
    act("allocate")
    return Tensor(list(range(min(size, 1000))))  # a whole block of memory would be millions of Python's numbers


def equal(left, right):
    if SCENARIO.get("memory_is_broken"):
        return False
    return left.values == right.values


def device(name):
    return types.SimpleNamespace(type=name.partition(":")[0], name=name)


def get_num_threads():
    return 2


def _available():
    act("look")
    return SCENARIO.get("available", True)


def _properties(_index):
    major, minor = SCENARIO.get("capability", (8, 9))
    return types.SimpleNamespace(
        name=SCENARIO.get("name", "NVIDIA GeForce RTX 4060"), major=major, minor=minor, total_memory=8188 << 20,
        multi_processor_count=24, is_integrated=0, clock_rate=2460000, memory_clock_rate=8501000, memory_bus_width=128,
        L2_cache_size=24 << 20, uuid="GPU-1", gcnArchName=SCENARIO.get("gfx", ""),
    )  # fmt: skip


cuda = types.SimpleNamespace(
    is_available=_available,
    device_count=lambda: SCENARIO.get("count", 1),
    init=lambda: act("init"),
    set_device=lambda index: None,
    get_device_properties=_properties,
    get_arch_list=lambda: SCENARIO.get("built_for", ["sm_75", "sm_80", "sm_86", "sm_90", "sm_120"]),
    mem_get_info=lambda: (7000 << 20, 8188 << 20),
    synchronize=lambda: None,
    empty_cache=lambda: None,
)
