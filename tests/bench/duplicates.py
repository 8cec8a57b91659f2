"""How many duplicates are proposed, and how many wrongly: on invented reports.

One half of the scenes was written with the points, the other when they were set; the
reports are drawn by a fixed seed: the figures are the same anywhere.
"""

from collections.abc import Sequence
from itertools import combinations

from federation.photos.likeness import LIKE, distance
from federation.records.incidentlikeness import (
    PROPOSED,
    compare_reports,
    traits_of,
)
from tests.bench.report import Figure, at_least, shown
from tests.records.report_corpus import HELD_OUT, KNOWN, Scene, make_reports

HALVES = {"written with the points": KNOWN, "written afterwards": HELD_OUT}
SCORES = (40, 50, 60, 70, 80)


def measure() -> list[Figure]:
    """The figures of both halves, from each score on."""
    return [figure for name, half in HALVES.items() for figure in _measure(name, half)]


def is_alike(one: str, other: str) -> bool:
    """As `photos/likeness.py` has it."""
    return distance(one, other) <= LIKE


def score_pairs(scenes: Sequence[Scene]) -> tuple[list[int], list[int], int]:
    """The scores of pairs that are of one thing, those of others, and the reports."""
    reports = make_reports(scenes)
    traits = [(traits_of(one.incident), one.event) for one in reports]
    same, other = [], []
    for (one, event), (two, another) in combinations(traits, 2):
        score = compare_reports(one, two, is_alike).score
        (same if event == another else other).append(score)
    return same, other, len(reports)


def _measure(name: str, scenes: Sequence[Scene]) -> list[Figure]:
    same, other, reports = score_pairs(scenes)
    figures = [
        shown(f"{name}: reports", reports, "", f"{len(same)} pairs are of one thing")
    ]
    for least in SCORES:
        right = sum(score >= least for score in same)
        wrong = sum(score >= least for score in other)
        recall, precision = right * 100 / len(same), right * 100 / (right + wrong)
        counts = f"{right} of {len(same)}", f"{wrong} wrongly"
        heads = f"{name}: from {least} on, found", f"{name}: from {least} on, right"
        if least == PROPOSED:
            figures.append(at_least(heads[0], recall, "%", 80, counts[0]))
            figures.append(at_least(heads[1], precision, "%", 70, counts[1]))
        else:
            figures.append(shown(heads[0], recall, "%", counts[0]))
            figures.append(shown(heads[1], precision, "%", counts[1]))
    return figures
