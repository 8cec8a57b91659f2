"""Charts: where lines and columns stand follows from the figures alone."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.web.charts.bars import BarShare, draw_bars
from federation.web.charts.cells import CellCount, draw_cells
from federation.web.charts.columns import draw_columns
from federation.web.charts.dots import PlacedDot, draw_dots
from federation.web.charts.frame import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    round_steps,
)
from federation.web.charts.lines import LOOKS, Series, draw_lines


@given(st.integers(0, 10**9), st.integers(1, 9))
def test_ticks_are_round_few_and_reach_the_largest_figure(most, count):
    figures = round_steps(most, count)
    step = figures[1]
    assert figures[0] == 0
    assert figures[-1] >= most
    assert 2 <= len(figures) <= count + 1
    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert [b - a for a, b in itertools.pairwise(figures)] == [step] * (
        len(figures) - 1
    )


def test_a_line_begins_at_the_left_and_ends_at_the_right_as_high_as_its_figure():
    chart = draw_lines(
        [Series("all", [0, 50, 100]), Series("one", [0, 0, 100])], ("a", "b", "c"), str
    )
    one, whole = chart.lines
    assert whole.points.split()[0] == f"{float(LEFT)},{float(BOTTOM)}"
    assert whole.points.split()[-1] == f"{float(RIGHT)},{float(TOP)}"
    assert one.points.split()[1] == f"{(LEFT + RIGHT) / 2},{float(BOTTOM)}"
    assert (whole.look, one.look) == (0, 1)
    assert [tick.words for tick in chart.across] == ["a", "b", "c"]


def test_words_below_a_line_never_stand_over_each_other():
    ends = tuple(f"2024-02-{day} 12:00 WITA" for day in (14, 19, 24))
    first, middle, last = draw_lines([Series("all", [0, 5, 9])], ends, str).across
    assert (first.words, middle.words, last.words) == (ends[0], "", ends[2])


def test_more_organisations_than_looks_are_drawn_all_the_same():
    series = [Series(str(n), [0, n]) for n in range(LOOKS + 5)]
    chart = draw_lines(series, ("", "", ""), str)
    assert len(chart.lines) == LOOKS + 5
    assert max(line.look for line in chart.lines) == LOOKS


def test_a_bar_is_as_wide_as_its_share_and_long_names_are_cut():
    chart = draw_bars([BarShare("a", 1, 4, "25 %"), BarShare("b" * 80, 4, 4, "100 %")])
    assert [bar.width for bar in chart.bars] == [WIDTH / 4, WIDTH]
    assert len(chart.bars[1].name) < 40
    assert chart.height == 2 * chart.bars[1].y


@given(st.lists(st.integers(0, 10**6), min_size=10, max_size=10))
def test_columns_stand_in_the_field_and_add_up(counts):
    if not sum(counts):
        return
    total = sum(counts)
    chart = draw_columns(counts, [total / 10] * 10, str)
    assert [column.digit for column in chart.columns] == list(range(10))
    most = int(chart.upward[-1].words)
    for column, count in zip(chart.columns, counts, strict=True):
        assert TOP <= column.y <= BOTTOM
        assert column.x >= LEFT
        assert column.x + column.width <= RIGHT
        assert column.height == pytest.approx(
            (BOTTOM - TOP) * 100 * count / total / most, abs=0.11
        )


def test_cells_fill_the_field_and_the_most_is_the_darkest():
    cells = [
        CellCount(column, row, 1 + column * row, "x", "/")
        for column in range(22)
        for row in range(20)
    ]
    chart = draw_cells(cells, 22, 20, 20, str)
    assert min(cell.x for cell in chart.cells) == LEFT
    assert max(cell.x for cell in chart.cells) + chart.width == pytest.approx(
        RIGHT, abs=0.1
    )
    assert min(cell.y for cell in chart.cells) == TOP
    assert max(cell.shade for cell in chart.cells) == 5
    assert chart.cells[-1].shade == 5
    assert [shade.shade for shade in chart.shades] == [1, 2, 3, 4, 5]


def test_a_dot_stands_in_the_cell_that_counts_it():
    shares = [(part / 2, part / 2) for part in range(200)] + [(104.9, 99.9), (300, 5)]
    dots = draw_dots([PlacedDot(*share, "x", "/") for share in shares], str).dots
    cells = draw_cells(
        (
            CellCount(min(int(turnout) // 5, 21), int(share) // 5, 1, "x", "/")
            for turnout, share in shares
        ),
        22,
        20,
        20,
        str,
    )
    for dot, cell in zip(dots, cells.cells, strict=True):
        assert cell.x - 0.1 <= dot.x <= cell.x + cells.width + 0.1
        assert cell.y - 0.1 <= dot.y <= cell.y + cells.height + 0.1
