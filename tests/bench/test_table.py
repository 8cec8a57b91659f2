"""What `make bench` says of rounds: a median, how far apart they are, a verdict."""

from tests.bench.measure import Measure
from tests.bench.table import Played, format_rounds, judge, spread


def played(*values, **more):
    """Rounds of one figure."""
    return [
        Played([Measure(what="sync", value=value, unit="x", **more)], 0.5, 0.1)
        for value in values
    ]


def cells(text):
    """The cells of the only figure."""
    return [cell.strip() for cell in text.splitlines()[2].strip("|").split("|")]


def test_a_figure_is_judged_by_its_median():
    sync = Measure(what="sync", value=0, unit="x", least=1.4)
    assert judge(sync, [1.39, 1.41, 1.45]) == "yes"
    assert judge(sync, [1.35, 1.39, 1.45]) == "no"


def test_rounds_more_than_a_quarter_apart_are_not_judged():
    turn = Measure(what="turn", value=0, unit="ms", most=2)
    assert spread([1.0, 1.0, 1.25]) == 0.25
    assert judge(turn, [1.0, 1.0, 1.25]) == "yes"
    said = "too noisy to judge: 2 of 3 rounds meet it"
    assert judge(turn, [1.0, 1.9, 2.1]) == said


def test_a_figure_without_a_target_is_called_noisy_only():
    bare = Measure(what="bare", value=0, unit="records/s")
    assert judge(bare, [9_000, 9_100, 9_200]) == ""
    assert judge(bare, [9_000, 9_100, 13_000]) == "too noisy"


def test_the_table_has_median_rounds_bare_and_processor():
    text = format_rounds(
        {"now": played(1.5, 1.4, 1.45, least=1.4, bare=9_000.0, used_us=104.2)}
    )
    assert cells(text) == [
        "sync", "1.45 x", "1.50, 1.40, 1.45", "7%", "9,000, 9,000, 9,000", "104",
        "≥ 1.4", "yes", "",
    ]  # fmt: skip
    assert "load before each round 0.5, 0.5, 0.5" in text


def test_of_two_checkouts_each_cell_has_before_and_now():
    text = format_rounds(
        {"before": played(1.1, 1.0), "now": played(1.5, 1.4, least=1.4, used_us=99.0)}
    )
    assert cells(text)[:4] == ["sync", "1.05 → 1.45 x", "1.10, 1.00 → 1.50, 1.40",
                               "10% → 7%"]  # fmt: skip
    assert cells(text)[5:8] == ["99.0", "≥ 1.4", "no → yes"]


def test_a_figure_that_one_checkout_has_alone_stands_there():
    text = format_rounds({"before": [Played([], 0.1, 0.0)], "now": played(0.2)})
    assert cells(text)[1] == "– → 0.20 x"
