"""The first stages: is there a torch, which device does it use, has it code for it."""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import os
import platform
import re
import sys
import time
import warnings
from pathlib import Path

from .bench import MIB
from .errors import describe
from .note import failure, skip

VISUAL_CPP = (
    "vcruntime140.dll",
    "vcruntime140_1.dll",
    "vcruntime140_threads.dll",
    "msvcp140.dll",
    "msvcp140_atomic_wait.dll",
)


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
