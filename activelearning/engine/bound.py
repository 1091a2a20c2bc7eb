"""How fast this processor could read texts if it did nothing but the layers' matrix products.

Attention's own products, padding and everything between the products are left out, so no program
that runs the layers is faster.
"""

from __future__ import annotations

import os
import platform
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from activelearning.engine.devices import CPU, half_precision

ROWS = 2048
"""Of the products: a batch of sub-words."""
LEAST_TIMED_S = 0.2


@dataclass(frozen=True, slots=True)
class Bound:
    """What the products of some layers cost for one row of input."""

    seconds: float
    """Processor time"""
    operations: int
    """Multiplications and additions"""


def native_dtype() -> torch.dtype:
    """bfloat16 where the engine computes in it on this processor, else float32."""
    with half_precision(CPU):
        return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else torch.float32


@torch.inference_mode()
def bound(layers: Iterable[nn.Linear], dtype: torch.dtype) -> Bound:
    """Measure the products of `layers` now; each shape once."""
    shapes = Counter((layer.out_features, layer.in_features) for layer in layers)
    seconds = sum(count * _product_seconds(out, into, dtype) for (out, into), count in shapes.items())
    return Bound(seconds / ROWS, sum(2 * count * out * into for (out, into), count in shapes.items()))


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": 1,
        "precision": str(native_dtype()).removeprefix("torch."),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _product_seconds(out: int, into: int, dtype: torch.dtype) -> float:
    """The best of three timings of (ROWS, into) @ (into, out)."""
    rows, weight = torch.randn(ROWS, into, dtype=dtype), torch.randn(out, into, dtype=dtype)

    def seconds(times: int) -> float:
        began = time.process_time()
        for _ in range(times):
            functional.linear(rows, weight)
        return (time.process_time() - began) / times

    seconds(3)
    times = max(1, round(LEAST_TIMED_S / seconds(5)))
    return min(seconds(times) for _ in range(3))
