"""The device under test and what the stages share."""

from __future__ import annotations

import contextlib
import math
import os
import re
import time

MIB = 1 << 20
BATCH_SECONDS = 0.1


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
