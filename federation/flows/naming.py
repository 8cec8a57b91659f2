"""Names of places that contradict a code: what a form says beside its number.

Rule: names are spelt in many ways, so a name that is not known proves nothing. But the
name of *another* kelurahan or kecamatan of the same kabupaten beside a code means that
one of the two is wrong: neither is guessed. Names are those of the list of polling
stations; without a list nothing is said.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from federation.store import registers
from federation.store.view import View
from federation.text import Sentence

KABUPATEN, KECAMATAN, KELURAHAN = 4, 6, 10
LevelNames = Mapping[
    int, str
]  # length of the region's code → what a row calls the region

_KIND: Final = re.compile(r"^(?:kelurahan|desa|kel|ds|kecamatan|kec|gampong|nagari)\b")


class Stated(NamedTuple):
    """The code of a polling station, and the names that stand beside it."""

    tps: str
    names: LevelNames


class Gazetteer:
    """The names of one election's regions, kept by kabupaten while they are asked."""

    def __init__(self, election: str) -> None:
        self._election = election
        self._known: dict[str, dict[str, str]] = {}

    def find_contradictions(
        self, view: View, rows: Iterable[Stated]
    ) -> list[Sentence | None]:
        """For each row why its code and its names cannot both be right; or None."""
        return [self._judge(view, row) for row in rows]

    def _judge(self, view: View, row: Stated) -> Sentence | None:
        for level, text in row.names.items():
            name = normalise_name(text)
            known = self._names(view, row.tps[:KABUPATEN])
            own = known.get(row.tps[:level])
            if not name or not own or normalise_name(own) == name:
                continue
            others = [
                code
                for code, other in known.items()
                if len(code) == level and normalise_name(other) == name
            ]
            if others:
                return Sentence(
                    "intake.misnamed", tps=row.tps, own=own, said=text, other=others[0]
                )
        return None

    def _names(self, view: View, kabupaten: str) -> dict[str, str]:
        if kabupaten not in self._known:
            districts = registers.children(view, self._election, kabupaten)
            self._known[kabupaten] = dict(districts)
            for district in districts:
                villages = registers.children(view, self._election, district)
                self._known[kabupaten] |= villages
        return self._known[kabupaten]


def normalise_name(name: str) -> str:
    """Letters and digits of a name, without case and without what kind it is of."""
    text = _KIND.sub("", re.sub(r"[^0-9a-z]+", " ", name.casefold()).strip())
    return text.replace(" ", "")
