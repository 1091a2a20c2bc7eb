"""Which precision is computed in: what the processor is faster in, not what it has instructions for."""

from __future__ import annotations

import os

import pytest
import torch

from activelearning.engine import devices
from activelearning.engine.devices import CPU, half_precision, half_type


@pytest.fixture(autouse=True)
def measured_anew():
    devices._cpu_gains_by_half.cache_clear()
    yield
    devices._cpu_gains_by_half.cache_clear()


@pytest.mark.parametrize(("times_as_fast", "kind"), [(2.3, torch.bfloat16), (1.1, torch.float32), (0.5, torch.float32)])
def test_half_precision_has_to_be_clearly_faster(monkeypatch, times_as_fast, kind):
    monkeypatch.setattr(
        devices, "_seconds_of_product", lambda rows, weight: 1 / times_as_fast if rows.dtype == torch.bfloat16 else 1.0
    )
    assert half_type(CPU) == kind
    with half_precision(CPU):
        assert torch.mm(torch.ones(2, 2), torch.ones(2, 2)).dtype == kind


def test_it_is_measured_once(monkeypatch):
    asked = []
    monkeypatch.setattr(devices, "_seconds_of_product", lambda rows, weight: asked.append(rows.dtype) or 1.0)
    half_type(CPU)
    before = len(asked)
    half_type(CPU)
    assert len(asked) == before > 0


def test_measuring_changes_no_training_that_has_set_its_seed():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    half_type(CPU)
    assert torch.equal(torch.get_rng_state(), before)


def test_few_compiled_products_are_kept_unless_the_operator_says_otherwise(monkeypatch):
    threads = torch.get_num_threads()
    monkeypatch.setenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "7")
    devices.settle(threads)
    assert os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"] == "7"
    monkeypatch.delenv("ONEDNN_PRIMITIVE_CACHE_CAPACITY")
    devices.settle(threads)
    assert int(os.environ["ONEDNN_PRIMITIVE_CACHE_CAPACITY"]) == devices.PRODUCTS_KEPT
