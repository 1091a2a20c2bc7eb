"""What the machine can do."""

from __future__ import annotations

import os
import time
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

CPU = torch.device("cpu")
WORTH_HALVING = 1.2
"""Times that products in half precision must be faster: they lose digits, and everything around them is converted."""
TIMINGS = 5
PRODUCTS_KEPT = 256
"""Compiled products that oneDNN keeps: one for each shape of a batch, up to a megabyte each. Its own 1024 took a third of
the memory of a full training on long sentences in half precision, and made it no faster."""


def settle(threads: int) -> None:
    """What a process that computes on the CPU sets, before it computes anything.

    For measurements one thread: with more, products of small matrices wait for each other on a busy machine.
    """
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", str(PRODUCTS_KEPT))
    torch.set_num_threads(threads)


def best_device() -> torch.device:
    """CUDA, Apple's GPU, or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return CPU


def half_type(device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies faster in it, else float32."""
    faster = (device.type == "cuda" and torch.cuda.is_bf16_supported()) or (
        device.type == "cpu" and _cpu_gains_by_half()
    )
    return torch.bfloat16 if faster else torch.float32


@cache
def _cpu_gains_by_half() -> bool:
    """Measured once a process, in some 20 ms: that there are instructions for it does not say that they are faster.

    With the same ones, a Zen 4 core multiplies 2.3 times as fast as in float32, and an Intel core whose tile unit is
    hidden from a virtual machine half as fast.
    """
    rows, weight = torch.ones(256, 384), torch.ones(384, 384)  # no chance: a training has set its seed
    full = (rows, weight)
    half = (rows.bfloat16(), weight.bfloat16())
    _seconds_of_product(*full), _seconds_of_product(*half)
    times = [(_seconds_of_product(*full), _seconds_of_product(*half)) for _ in range(TIMINGS)]
    return min(in_full for in_full, _ in times) >= WORTH_HALVING * min(in_half for _, in_half in times)


def _seconds_of_product(rows: Tensor, weight: Tensor) -> float:
    """Processor time of `rows` (R, K) with `weight` (N, K)."""
    began = time.process_time()
    functional.linear(rows, weight)
    return time.process_time() - began


def half_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Autocast to `half_type`."""
    return torch.autocast(device.type, torch.bfloat16, enabled=half_type(device) == torch.bfloat16)
