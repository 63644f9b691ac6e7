"""Stages that compare what the device calculates with what is right."""

from __future__ import annotations

import itertools
import math
import time

from .bench import difference, float32_mode
from .errors import unsupported

# Largest difference from the exact result, as a share of the largest exact value. fp32, fp16 and bf16 round each sum
# at 2^-24, 2^-11 and 2^-8; tf32 keeps 10 bits of each factor.
LIMITS = {"fp64": 1e-12, "fp32": 1e-5, "tf32": 3e-3, "fp16": 4e-3, "bf16": 2e-2}


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
