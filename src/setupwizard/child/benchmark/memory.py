"""Stages that fill the memory and copy it; what arrives is compared."""

from __future__ import annotations

import statistics

from .bench import MIB
from .errors import describe, lost, out_of_memory
from .note import skip


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
