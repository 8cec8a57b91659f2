"""What is found of personal data in free text, and what is refused wrongly.

Half of the templates was written with the patterns, the other half when they were
done; the texts are drawn of them by a fixed seed: the figures are the same anywhere.
What looking through a text costs is not: it is measured beside what it would cost if
each pattern was asked, in the same run.
"""

import time
from collections import Counter

from federation.records.personal import MARKS, find_all
from tests.bench.report import Figure, at_least, at_most, shown
from tests.records.personal_corpus import EACH, KNOWN, Half, clean, place_of, planted
from tests.records.personal_held_out import HELD_OUT

#: What is digits has a form; of names nobody can promise as much.
DIGITS = ("telephone", "nik", "bank", "plate", "position")
HALVES = {"written with the patterns": KNOWN, "written afterwards": HELD_OUT}

#: As members of a record are that is nobody's.
SHORT_TEXTS = (
    "foto/12345",
    "kp-2024-123456",
    "7202011001004",
    "IMG_20240214_153012.jpg",
    "jelas, lengkap",
    "foto buram, angka 3 atau 8 tidak jelas",
    "Saksi Paslon 02 tidak hadir, halaman 2 tidak terbaca",
)
_ROUNDS, _TIMES = 15, 200


def run() -> list[Figure]:
    """The figures of both halves, and of the cost."""
    return [*measure(), *cost()]


def measure() -> list[Figure]:
    """The figures of both halves."""
    return [figure for name, half in HALVES.items() for figure in _measure(name, half)]


def cost() -> list[Figure]:
    """What a short text costs of which nothing is found, with tells and without."""
    figures = []
    for text in SHORT_TEXTS:
        with_tells, without = _cheapest(text)
        note = f"{with_tells:.1f} of {without:.1f} \u00b5s: `{text}`"
        share = with_tells * 100 / without
        figures.append(
            at_most("cost by tells, of asking every pattern", share, "%", 30, note)
        )
    return figures


def _cheapest(text: str) -> tuple[float, float]:
    """Microseconds of the processor with tells and without: the best of turns."""
    best = {True: float("inf"), False: float("inf")}
    for _ in range(_ROUNDS):
        for by_tells in (True, False):
            began = time.process_time_ns()
            for _ in range(_TIMES):
                find_all(text, by_tells=by_tells)
            took = (time.process_time_ns() - began) / (_TIMES * 1000)
            best[by_tells] = min(best[by_tells], took)
    return best[True], best[False]


def caught(half: Half) -> tuple[Counter[str], Counter[str]]:
    """How many texts there are of each kind, and in how many the secret is found."""
    there, found = Counter[str](), Counter[str]()
    for text in planted(half):
        assert text.kind
        start, end = place_of(text)
        there[text.kind] += 1
        found[text.kind] += any(
            one.start < end and start < one.end for one in find_all(text.text)
        )
    return there, found


def _measure(name: str, half: Half) -> list[Figure]:
    there, found = caught(half)
    wrong = sum(bool(find_all(text.text)) for text in clean(half))
    digits = sum(found[kind] for kind in DIGITS) * 100 / sum(there[k] for k in DIGITS)
    parts = [
        shown(f"{name}: {kind}", found[kind], f"of {there[kind]}") for kind in MARKS
    ]
    total = found.total() * 100 / there.total()
    return [
        *parts,
        at_least(f"{name}: caught, of digits", digits, "%", 97, ", ".join(DIGITS)),
        shown(f"{name}: caught, all", total, "%", f"{found.total()} of {EACH}"),
        at_most(f"{name}: refused wrongly", wrong * 100 / EACH, "%", 2, f"of {EACH}"),
    ]
