"""Stages about what stands around the device: data, pictures, compiled models."""

from __future__ import annotations

import importlib
import importlib.util
import time
import traceback

from .bench import difference
from .errors import describe, lost
from .note import skip


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
