"""The ends of every margin out of exported rows alone: none of the project's code.

Rule: it reads what `/v1/export` hands to anybody, as dicts by column, and follows
`docs/explanation/margin.md`; it is what a reader of the files would write.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from typing import Any

Rows = Iterable[Mapping[str, Any]]


def recompute(
    results: Rows,
    listed: Rows,
    basis: str,
    names: list[str],
    ballots: Callable[[int], int],
    assumed: int = 300,
) -> dict[tuple[str, str], tuple[int, int]]:
    """The least and the most that the first can be ahead of each other one.

    Args:
        results: The rows of `results`, by station.
        listed: Those of `stations` and of `gaps`.
        basis: As of `/v1/margin`.
        names: The candidates' numbers.
        ballots: How many are delivered to so many voters.
        assumed: Voters of a station for which the list has no number.
    """
    unseen = {
        row["tps"]: ballots(int(row["voters"] or assumed))
        for row in listed
        if "outside_register" not in (row.get("flags") or "").split()
    }
    low, high, ahead = defaultdict(int), defaultdict(int), defaultdict(int)
    pairs = [(one, two) for one in names for two in names if one != two]

    def add(charts: list[dict[str, int]], most: int) -> None:
        for one, two in pairs:
            leads = [chart[one] - chart[two] for chart in charts]
            low[one, two] += min(leads, default=-most)
            high[one, two] += max(leads, default=most)
        for one in names:
            ahead[one] += min((chart[one] for chart in charts), default=0)

    for tps, rows in groupby(results, key=lambda row: row["tps"]):
        said = list(rows)
        if tps in unseen:
            add(*_told(said, basis, names, unseen.pop(tps)))
    for most in unseen.values():
        add([], most)
    first = max(names, key=lambda one: ahead[one])
    return {(one, two): (low[one, two], high[one, two]) for one, two in pairs
            if one == first}  # fmt: skip


def _told(
    said: list[Mapping[str, Any]], basis: str, names: list[str], most: int
) -> tuple[list[dict[str, int]], int]:
    """What may hold of one station, and how many votes it can have where nothing is."""
    held = [
        row for row in said if not (basis.endswith("plausible") and row["failed_sums"])
    ]
    monitors = [
        row for row in held if row["source"] == "monitor" and int(row["counted"])
    ]
    whole = [row for row in monitors if int(row["complete"])]
    if not whole:
        valid = [
            int(row["valid"]) for row in monitors if row["valid"] not in {"", None}
        ]
        most = max(valid, default=most)
        spoken = [row for row in said if row["source"] == "monitor" and row["kind"]]
        if basis.startswith("kpu"):
            whole = [
                row
                for row in held
                if row["source"] == "kpu"
                and int(row["complete"])
                and (int(row["counted"]) or not spoken)
            ]
    charts = [{name: int(row[f"votes_{name}"]) for name in names} for row in whole]
    return charts, most
