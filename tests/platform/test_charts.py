"""Chart geometry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daner_site.core.charts import Ahead, line_chart, round_step


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


def test_a_forecast_beyond_the_points_widens_the_axis_and_stands_at_its_height():
    points = [(100, 0.6, "a"), (200, 0.7, "b")]
    chart = line_chart(points, ahead=Ahead(1000, 0.7, 0.6, 0.8, "c"))
    assert chart.dots[1].x < line_chart(points).dots[1].x
    assert chart.ahead.y == chart.dots[1].y
    assert chart.ahead.low == chart.dots[0].y
    assert chart.left < chart.dots[1].x < chart.ahead.x <= chart.right


def test_a_band_goes_along_its_upper_edge_and_back_along_the_lower():
    chart = line_chart([(10, 0.5, "a"), (20, 0.6, "b")], band=[(10, 0.4, 0.6), (20, 0.5, 0.7)])
    corners = [tuple(map(float, pair.split(","))) for pair in chart.band[1:-2].split(" L")]
    assert [x for x, _ in corners] == [chart.dots[0].x, chart.dots[1].x, chart.dots[1].x, chart.dots[0].x]
    assert corners[0][1] < chart.dots[0].y < corners[3][1]
    assert line_chart([], band=[(10, 0.4, 0.6)]).band == ""


def test_a_second_line_shares_the_axes():
    chart = line_chart([(10, 0.5, "a")], second=[(40, 0.5, "b")])
    assert chart.second[0].y == chart.dots[0].y
    assert chart.second[0].x > chart.dots[0].x
