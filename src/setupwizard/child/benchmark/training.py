"""Stages about what training is made of: gradients, layers, mixed precision, a network that learns."""

from __future__ import annotations

import copy
import importlib
import math
import statistics
import time
import warnings

from .bench import difference, float32_mode
from .errors import describe, lost, unsupported
from .note import skip, warning


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
