"""Chart geometry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daner_site.core.charts import line_chart, round_step


@pytest.mark.parametrize(
    ("least", "step"), [(0, 1), (1, 1), (1.2, 2), (4, 5), (7, 10), (20, 20), (84, 100), (240, 500)]
)
def test_steps_are_round(least, step):
    assert round_step(least) == step


@given(st.lists(st.tuples(st.integers(0, 10**6), st.floats(0, 1)), max_size=20))
def test_every_point_and_tick_lies_inside_the_box(points):
    chart = line_chart([(x, y, "") for x, y in points])
    assert all(chart.left <= dot.x <= chart.right and chart.top <= dot.y <= chart.bottom for dot in chart.dots)
    assert all(chart.left <= tick.at <= chart.right for tick in chart.x_ticks)
    assert 2 <= len(chart.x_ticks) <= 7
    assert len(chart.y_ticks) == 6


def test_a_better_value_stands_higher_and_a_later_one_further_right():
    worse, better = line_chart([(10, 0.2, "a"), (20, 0.8, "b")]).dots
    assert better.y < worse.y
    assert better.x > worse.x


def test_a_single_point_has_no_surface_under_it():
    assert line_chart([(10, 0.2, "a")]).area == ""
    assert line_chart([(10, 0.2, "a"), (20, 0.3, "b")]).area.startswith("M")
