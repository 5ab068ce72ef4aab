"""In what numbers a device learns quickest: bfloat16 where its kernels gain by it, else float32.

A processor may know bfloat16 and still be slower in it (one with AVX-512 BF16 but without AMX took 1.6 times as long), so it is timed once.
"""

import functools
import time

import torch
from torch import nn

ROUNDS = 3


def seconds(net, x, dtype):
    best = float("inf")
    for _ in range(ROUNDS + 1):  # the first of them makes the kernels
        start = time.perf_counter()
        with torch.autocast("cpu", dtype, enabled=dtype == torch.bfloat16):
            net(x).float().square().mean().backward()
        best = min(best, time.perf_counter() - start)
    return best


@functools.cache
def quickest(device):
    """torch.bfloat16 or torch.float32. `device`: its type. Ask before processes are forked: each would ask anew."""
    if device != "cpu":
        return torch.bfloat16
    with torch.enable_grad(), torch.random.fork_rng(devices=[]):  # a stage's own draws stay what they were
        net, x = nn.Conv2d(192, 192, 3, padding=1).to(memory_format=torch.channels_last), torch.randn(32, 192, 8, 8).contiguous(memory_format=torch.channels_last)
        times = {dtype: seconds(net, x, dtype) for dtype in (torch.float32, torch.bfloat16)}
    return min(times, key=times.get)


def autocast(device="cpu", enabled=True):
    """The context that nets learn and are asked in."""
    return torch.autocast(device, torch.bfloat16, enabled=enabled and quickest(device) == torch.bfloat16)
