"""What is found of personal data in free text, and what is refused wrongly.

Half of the templates was written with the patterns, the other half when they were
done; the texts are drawn of them by a fixed seed: the figures are the same anywhere.
"""

from collections import Counter

from federation.records.personal import MARKS, find_all
from tests.bench.report import Figure, at_least, at_most, shown
from tests.records.personal_corpus import EACH, KNOWN, Half, clean, place_of, planted
from tests.records.personal_held_out import HELD_OUT

#: What is digits has a form; of names nobody can promise as much.
DIGITS = ("telephone", "nik", "bank", "plate", "position")
HALVES = {"written with the patterns": KNOWN, "written afterwards": HELD_OUT}


def measure() -> list[Figure]:
    """The figures of both halves."""
    return [figure for name, half in HALVES.items() for figure in _measure(name, half)]


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
