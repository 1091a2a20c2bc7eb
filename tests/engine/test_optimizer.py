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
    optimizer = AdamW([(0.05, ours)], factor=factor, weight_decay=0.1, largest_gradient=1.0)
    library = torch.optim.AdamW(theirs, lr=0.05, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(library, factor)
    for step in range(20):
        for parameters in (ours, theirs):
            sum(((parameter - 3) ** 2).sum() for parameter in parameters).backward()
        optimizer.step(step)
        torch.nn.utils.clip_grad_norm_(theirs, 1.0)
        library.step()
        schedule.step()
        library.zero_grad()
    for mine, other, before in zip(ours, theirs, start, strict=True):
        assert torch.allclose(mine, other, atol=1e-6)
        assert not torch.allclose(mine, before, atol=0.1)


def test_a_group_moves_by_its_own_rate_and_what_has_no_gradient_stays():
    slow, fast, idle = (torch.nn.Parameter(torch.zeros(2)) for _ in range(3))
    optimizer = AdamW([(0.1, [slow, idle]), (0.3, [fast])], factor=lambda step: 1, weight_decay=0, largest_gradient=9)
    (slow.sum() + fast.sum()).backward()
    optimizer.step(0)
    assert torch.allclose(slow, torch.full((2,), -0.1))
    assert torch.allclose(fast, torch.full((2,), -0.3))
    assert not idle.any()


def test_a_state_that_is_restored_goes_on_the_same_way():
    def steps(parameter, optimizer, numbers):
        for number in numbers:
            ((parameter - torch.tensor([0.05, 0.2, 3.0])) ** 2).sum().backward()
            optimizer.step(number)

    def new(value):
        parameter = torch.nn.Parameter(value.clone())
        groups = [(0.05, [parameter])]
        return parameter, AdamW(groups, factor=linear_schedule(9, 0.2), weight_decay=0.1, largest_gradient=1.0)

    whole, optimizer = new(torch.zeros(3))
    steps(whole, optimizer, range(4))
    resumed, other = new(whole.detach())
    other.restore(optimizer.state())
    fresh, without = new(whole.detach())
    steps(whole, optimizer, range(4, 9))
    steps(resumed, other, range(4, 9))
    steps(fresh, without, range(4, 9))
    assert torch.equal(whole, resumed)
    assert not torch.equal(whole, fresh)


def test_the_schedule_rises_then_falls_to_nothing():
    factor = linear_schedule(10, 0.2)
    assert [factor(step) for step in range(3)] == [0.5, 1.0, 1.0]
    assert factor(9) == 1 / 8
    assert factor(10) == 0


def test_it_does_not_bring_the_compiler_along():
    script = (
        "import sys, torch; from activelearning.engine.optimizer import AdamW;"
        "p = torch.nn.Parameter(torch.ones(2)); p.sum().backward();"
        "AdamW([(1, [p])], factor=lambda s: 1, weight_decay=0, largest_gradient=1).step(0);"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
