"""What the machine can do."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import torch

CPU = torch.device("cpu")


def best_device() -> torch.device:
    """CUDA, Apple's GPU, or the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return CPU


def half_type(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it natively (1.6 times faster here), else float32."""
    if device.type == "cuda":
        native = torch.cuda.is_bf16_supported()
    else:
        native = device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
    return torch.bfloat16 if native else torch.float32


def half_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Autocast to `half_type`."""
    return torch.autocast(device.type, torch.bfloat16, enabled=half_type(device) == torch.bfloat16)


def one_thread() -> None:
    """For measurements: with more, products of small matrices wait for each other on a busy machine."""
    torch.set_num_threads(1)
