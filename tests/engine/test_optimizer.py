"""Our AdamW against the library's, step by step."""

from __future__ import annotations

import subprocess
import sys

import torch

from activelearning.engine.optimizer import AdamW, linear_schedule


def test_it_makes_the_library_s_steps():
    torch.manual_seed(0)
    start = [torch.randn(4, 3), torch.randn(5)]
    ours, theirs = ([torch.nn.Parameter(value.clone()) for value in start] for _ in range(2))
    factor = linear_schedule(20, 0.1)
    optimizer = AdamW(ours, rate=0.05, factor=factor, weight_decay=0.1, largest_gradient=1.0)
    library = torch.optim.AdamW(theirs, lr=0.05, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(library, factor)
    for _ in range(20):
        for parameters in (ours, theirs):
            sum(((parameter - 3) ** 2).sum() for parameter in parameters).backward()
        optimizer.step()
        torch.nn.utils.clip_grad_norm_(theirs, 1.0)
        library.step()
        schedule.step()
        library.zero_grad()
    for mine, other, before in zip(ours, theirs, start, strict=True):
        assert torch.allclose(mine, other, atol=1e-6)
        assert not torch.allclose(mine, before, atol=0.1)


def test_the_schedule_rises_then_falls_to_nothing():
    factor = linear_schedule(10, 0.2)
    assert [factor(step) for step in range(3)] == [0.5, 1.0, 1.0]
    assert factor(9) == 1 / 8
    assert factor(10) == 0


def test_it_does_not_bring_the_compiler_along():
    script = (
        "import sys, torch; from activelearning.engine.optimizer import AdamW;"
        "p = torch.nn.Parameter(torch.ones(2)); p.sum().backward();"
        "AdamW([p], rate=1, factor=lambda s: 1, weight_decay=0, largest_gradient=1).step();"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
