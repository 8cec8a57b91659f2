"""Whether an audit by sample keeps the risk that it promises: played many times.

KPU's figures of 2019 are what is reported. The forms say the same until errors are
planted, just enough that the reported winner did not win; then audits are drawn, each
by its own seed, until they confirm or give up. How often they confirm is the risk.

    whole     the heaviest stations are as wrong as they can be, the others right
    anywhere  so are stations anywhere
    half      stations anywhere are half as wrong as they can be
    spread    every station is a little wrong, as its weight has it
"""

import csv
import gzip
import json
import math
import os
import random
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import IO, Final, NamedTuple

from federation.records.batchaudit import (
    MILLION,
    AuditBatch,
    Reported,
    count_draws,
    draw,
    read_reported,
    risks,
)
from tests.bench.report import Figure, at_most, shown

PLANTS: Final = ("whole", "anywhere", "half", "spread")
RISKS: Final = (0.01, 0.05, 0.1, 0.2)
MOST_DRAWS: Final = 400
_SPARE: Final = 50  # ballots beyond the list: one for each so many voters
_UNKNOWN: Final = 300


class Audited(NamedTuple):
    """Stations, who is reported to have won, the weights and how these add up."""

    batches: Sequence[AuditBatch]
    reported: Reported
    weights: Sequence[int]
    until: Sequence[int]


def run() -> list[Figure]:
    """The figures of the country, or of the sample where that is not there."""
    data = Path(os.environ.get("FEDERATION_SHARED", "../shared")) / "data/pilpres2019"
    stem = "nation" if (data / "nation-register.csv.gz").is_file() else "sample"
    audited = load(data, stem)
    stations = f"{len(audited.batches):,} stations"
    total = audited.until[-1]
    figures = [
        shown(f"draws at a risk of {limit:.0%}", count_draws(total, limit) or 0, "",
              f"if no form differs; {stations}, U = {total / MILLION:.2f}")
        for limit in RISKS
    ]  # fmt: skip
    trials = 2_000
    for how in PLANTS:
        reached = play(audited, plant(audited, how), trials)
        for limit in RISKS:
            confirmed = sum(risk <= limit for risk in reached)
            # Three standard deviations of that many throws.
            most = limit + 3 * (limit * (1 - limit) / trials) ** 0.5
            what = f"wrong outcomes confirmed at {limit:.0%}, planted: {how}"
            note = f"{confirmed} of {trials:,}"
            figures.append(
                at_most(what, 100 * confirmed / trials, "%", 100 * most, note)
            )
    return figures


def load(data: Path, stem: str) -> Audited:
    """KPU's figures of 2019 of the stations of `stem` (`sample` or `nation`)."""
    end = ".gz" if stem == "nation" else ""
    told = {}
    with _open(data / f"{stem}-c-situng.ndjson{end}") as lines:
        for line in lines:
            document = json.loads(line)
            chart = document["chart"]
            told[document["kode"]] = {"01": chart["21"], "02": chart["22"]}
    batches = []
    with _open(data / f"{stem}-register.csv{end}") as lines:
        for row in csv.DictReader(lines):
            voters = int(row["dpt_l"] or 0) + int(row["dpt_p"] or 0) or _UNKNOWN
            tps = row["kode_tps"]
            ballots = voters - -voters // _SPARE
            batches.append(AuditBatch(tps, told.get(tps, {}), ballots))
    batches.sort()
    return weigh(batches)


def weigh(batches: Sequence[AuditBatch]) -> Audited:
    """These stations with their weights."""
    reported = read_reported(batches, ["01", "02"])
    assert reported, "somebody won"
    weights = [reported.weight(batch) for batch in batches]
    return Audited(batches, reported, weights, list(accumulate(weights)))


def plant(audited: Audited, how: str) -> dict[int, dict[str, int]]:
    """What the forms of the wrong stations say, by place: just enough is wrong."""
    reported, places = audited.reported, list(range(len(audited.batches)))
    [(loser, lead)] = reported.leads.items()
    if how == "whole":
        places.sort(key=lambda place: -audited.weights[place])
    elif how != "spread":
        random.Random(2019).shuffle(places)
    each = {"half": Fraction(1, 2), "spread": Fraction(MILLION, audited.until[-1])}
    forms: dict[int, dict[str, int]] = {}
    wrong = 0
    for place in places:
        if wrong >= lead:
            break
        batch = audited.batches[place]
        there = batch.votes.get(reported.winner, 0) - batch.votes.get(loser, 0)
        most = there + batch.ballots
        moved = min(math.ceil(each.get(how, 1) * most), lead - wrong)
        wrong += moved
        ahead = there - moved
        forms[place] = {reported.winner: max(ahead, 0), loser: max(-ahead, 0)}
    return forms


def play(
    audited: Audited,
    forms: Mapping[int, Mapping[str, int]],
    trials: int,
    most: int = MOST_DRAWS,
) -> list[float]:
    """The risk that each of so many audits came to at last, after at most `most`.

    Args:
        audited: The stations.
        forms: What the forms of those say that are wrong, by place.
        trials: How many audits, each by a seed of its own.
        most: After so many draws an audit gives up.
    """
    taints = {
        place: audited.reported.taint(audited.batches[place], form)
        for place, form in forms.items()
    }
    return [_play_one(audited, taints, str(trial), most) for trial in range(trials)]


def _play_one(
    audited: Audited, taints: Mapping[int, Fraction], seed: str, most: int
) -> float:
    total = audited.until[-1]
    none = Fraction(0)
    reached = 1.0
    drawn = (
        taints.get(bisect_right(audited.until, draw(seed, number, total).ticket), none)
        for number in range(1, most + 1)
    )
    seen: list[Fraction] = []
    for taint in drawn:
        seen.append(taint)
        if taint == 1:
            break
    for risk in risks(seen, total):
        reached = risk
    return reached


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")
