"""What is found of personal data in free text, and what is refused wrongly.

Half of the templates was written with the patterns, the other half when they were
done; the texts are drawn of them by a fixed seed: the figures are the same anywhere.
A third set are texts as they stand in chats, by somebody who had not seen either.
What looking through a text costs is not: it is measured beside what it would cost if
each pattern was asked, in the same run.

Names of villages show what is taken for somebody's: all of the country, where the real
data is there (`FEDERATION_SHARED`).
"""

import gzip
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from federation.records.personal import MARKS, find_all
from tests.bench.report import Figure, at_least, at_most, shown
from tests.records.personal_corpus import EACH, KNOWN, Half, clean, place_of, planted
from tests.records.personal_held_out import HELD_OUT
from tests.records.personal_in_chats import CLEAN, PLANTED, read_chats

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
    """The figures of all texts, of the names of villages, and of the cost."""
    return [*measure(), *villages(), *cost()]


def measure() -> list[Figure]:
    """The figures of both halves, and of the texts of chats."""
    halves = [
        figure for name, half in HALVES.items() for figure in _measure(name, half)
    ]
    return [*halves, *_measure_chats()]


def villages() -> list[Figure]:
    """How many names of regions are refused in a sentence; none without real data."""
    shared = Path(os.environ.get("FEDERATION_SHARED", "../shared"))
    path = shared / "data" / "register2024" / "kp24-tps-register.json.gz"
    if not path.is_file():
        return []
    with gzip.open(path) as file:
        names = {name.title() for name in _texts_of(json.load(file)) if len(name) > 2}
    figures = []
    for frame in ("Kejadian di {} tadi pagi", "Desa {} ada bazar", "Kades {} datang"):
        wrong = sum(bool(find_all(frame.format(name))) for name in names)
        note = f"{wrong} of {len(names)}: `{frame}`"
        share = wrong * 100 / len(names)
        figures.append(at_most("regions refused wrongly", share, "%", 1, note))
    return figures


def _texts_of(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from _texts_of(one)
        case list():
            for one in value:
                yield from _texts_of(one)


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


def caught_in_chats() -> tuple[Counter[str], Counter[str]]:
    """How many texts of chats there are of each kind, and in how many all is found."""
    there, found = Counter[str](), Counter[str]()
    for kind, lines in PLANTED.items():
        for text, places in read_chats(lines):
            spans = [(one.start, one.end) for one in find_all(text)]
            there[kind] += 1
            found[kind] += all(
                any(start < end and begin < stop for start, stop in spans)
                for begin, end in places
            )
    return there, found


def refused_in_chats() -> list[str]:
    """The texts of chats that are nobody's, and refused."""
    return [text for text, _ in read_chats(CLEAN) if find_all(text)]


def _measure_chats() -> list[Figure]:
    there, found = caught_in_chats()
    wrong = len(refused_in_chats()) * 100 / len(read_chats(CLEAN))
    total = f"{found.total()} of {there.total()}"
    parts = [
        shown(f"chats: {kind}", found[kind], f"of {there[kind]}") for kind in there
    ]
    return [
        *parts,
        shown("chats: caught, all", found.total() * 100 / there.total(), "%", total),
        shown("chats: refused wrongly", wrong, "%", f"of {len(read_chats(CLEAN))}"),
    ]


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
