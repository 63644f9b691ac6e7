"""Stages that measure matrix products, once and under a steady load."""

from __future__ import annotations

import statistics
import time

from .bench import difference, float32_mode
from .errors import unsupported
from .note import skip

# A call is kept near this many seconds: long enough to measure, far from the two seconds after which Windows resets
# a card that draws the desktop.
GPU_CALL_SECONDS = 0.02
CPU_CALL_SECONDS = 0.05


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


def product_speed(bench, size, kind, seconds):
    """Return the TFLOPS of a product of two square matrices: its median over some seconds."""
    times = bench.samples(product_call(bench, size, kind), seconds)
    return 2 * size**3 / statistics.median(times) / 1e12


def stage_matmul(bench, note):
    seconds = 1.5 if bench.full else 0.5
    sizes = {}
    for name, kind, tf32 in number_types(bench):
        try:
            with float32_mode(bench.torch, tf32):
                size = fitting_size(bench, kind)
                speed = product_speed(bench, size, kind, seconds)
        except Exception as error:
            if unsupported(error):
                continue
            raise
        sizes[name] = size
        note.figure(name, speed, "TFLOPS")
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
