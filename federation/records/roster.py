"""Who stands in one contest at one place, and what they may be called there.

Rule: one person or party has one id, however a form, a spreadsheet or KPU writes it,
and all doors read it alike. What has two meanings, or none, is nobody: the caller says
who stands there. Nothing here guesses from a part of a name.

    01   1   001   1.0   Paslon 1   No. urut 1   the ballot number
    100025   100025.0                            an id of KPU, an alias of the profile
    Anies Baswedan - Muhaimin Iskandar           the name, letters and digits of it
    01. ANIES BASWEDAN – MUHAIMIN ISKANDAR       both, if they are the same one's

Where nobody is listed a ballot number has two digits (a party's has none to spare), and
another id stays as it is: which numbering it belongs to is told when claims are
compared (`records/merge.py`).
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

RegionCode = Annotated[str, Meta(pattern=r"^[0-9A-Z]{2,10}$(?!\n)")]
RegionCodes: TypeAlias = (
    Annotated[tuple[RegionCode, ...], Meta(min_length=1)] | UnsetType
)
Label = Annotated[str, Meta(min_length=1, max_length=300)]

EMPTY_BOX: Final = ("kolom kosong", "kotak kosong")  # one candidate, two names
_LABELS: Final = frozenset(
    {"paslon", "pasangan", "calon", "kandidat", "candidate", "capres", "cagub"}
    | {"cabup", "cawali", "cawalkot", "partai", "parpol", "party"}
    | {"no", "nomor", "nomer", "number", "urut"}
)
_DECIMAL: Final = re.compile(r"([0-9]+)(?:[.,]0{1,2})?")
_TOKEN: Final = re.compile(r"[0-9]+|[^\W0-9_]+")
_NUMBER_FIRST: Final = re.compile(r"([0-9]{1,3})[ .)\]:–—-]+(\D.*)")
_ID: Final = re.compile(r"[0-9a-z-]{1,32}")
_UNSEEN: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_MOST_BALLOT: Final = 99
_MAX_PARTY: Final = 999
_MAX_KNOWN: Final = 4096
_MAX_TEXT: Final = 300
_MOST_NAMES: Final = 8


class Candidate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A candidate or a party: its name, other sources' ids, where it stands."""

    name: Label
    aliases: tuple[Label, ...] = ()
    only: RegionCodes = UNSET


class Roster:
    """Those who stand, by canonical id; `ids` is None where nobody is listed.

    `region` is that whose list it is; "": the list of the whole contest.
    """

    __slots__ = ("_known", "_names", "aliases", "ids", "listed", "parties", "region")

    def __init__(
        self, listed: Mapping[str, Candidate], *, parties: bool, region: str = ""
    ) -> None:
        """`listed` by canonical id; `parties`: they are no candidates."""
        self.listed = dict(listed)
        self.ids = frozenset(listed) or None
        self.parties, self.region = parties, region
        self.aliases = {
            alias: name
            for name, candidate in listed.items()
            for alias in (name, *candidate.aliases)
        }
        self._names = _by_name(listed)
        self._known: dict[str, str | None] = {}

    def find(self, raw: str) -> str | None:
        """The canonical id of what somebody calls `raw`; None: nobody there."""
        try:
            return self._known[raw]
        except KeyError:
            pass
        if len(raw) > _MAX_TEXT:  # no name is so long, and memory is bounded
            return None
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        name = self._known[raw] = self._find(raw)
        return name

    def rename(self, votes: dict[str, int]) -> dict[str, int]:
        """Votes by the ids of this list; unchanged where two ids would be one.

        Doors sign canonical ids, but a list may come after the votes (a Pilkada's),
        and partners have doors of their own.
        """
        if self.ids is None:
            if self.parties or not any(len(raw) == 1 for raw in votes):
                return votes
        elif self.ids.issuperset(votes):
            return votes
        named = {self.find(raw) or raw: count for raw, count in votes.items()}
        return named if len(named) == len(votes) else votes

    def standing(self) -> str:
        """Who stands there, for a message: with names where these are few."""
        if len(self.listed) > _MOST_NAMES:
            return ", ".join(self.listed)
        return "; ".join(
            f"{name} {candidate.name}" for name, candidate in self.listed.items()
        )

    def spell(self, raw: str) -> str:
        """`raw` as an id is spelt, or as it is where it is none."""
        text = " ".join(raw.translate(_UNSEEN).split())
        return spell_id(text, parties=self.parties) or text

    def _find(self, raw: str) -> str | None:
        if raw in self.aliases:
            return self.aliases[raw]
        text = " ".join(raw.translate(_UNSEEN).split())
        spelt = spell_id(text, parties=self.parties)
        if self.ids is None:
            return spelt
        if spelt is not None and spelt in self.aliases:
            return self.aliases[spelt]
        return self._by_text(text)

    def _by_text(self, text: str) -> str | None:
        both = _NUMBER_FIRST.fullmatch(text)
        if both:
            number = spell_id(both[1], parties=self.parties)
            named = self._names.get(_key(both[2]))
            return named if named and named == self.aliases.get(number or "") else None
        return self._names.get(_key(text))


def spell_id(text: str, *, parties: bool) -> str | None:
    """The one spelling of a ballot number or another id; None: it is neither."""
    decimal = _DECIMAL.fullmatch(text)
    digits = decimal[1] if decimal else _labelled(text)
    if digits is None:
        return None if parties or not _ID.fullmatch(text) else text
    number = int(digits) if len(digits) <= len(str(_MAX_PARTY)) else 0
    if parties:
        return str(number) if number else None
    if not digits.strip("0"):
        return None  # no ballot has a number 0
    if number and number <= _MOST_BALLOT:
        return f"{number:02d}"
    return digits if _ID.fullmatch(digits) else None


def _labelled(text: str) -> str | None:
    """The digits of `Paslon 1`, `No. urut 02`: words that say what a number is."""
    *words, last = _TOKEN.findall(text.lower()) or [""]
    is_number = last.isascii() and last.isdigit() and len(last) <= len("999")
    return last if is_number and words and _LABELS.issuperset(words) else None


def _by_name(listed: Mapping[str, Candidate]) -> dict[str, str]:
    names: dict[str, str] = {}
    twice = set()
    for name, candidate in listed.items():
        keys = {_key(candidate.name)}
        boxes = set(map(_key, EMPTY_BOX))
        for key in keys | boxes if keys & boxes else keys:
            if names.setdefault(key, name) != name:
                twice.add(key)
    return {key: name for key, name in names.items() if key and key not in twice}


def _key(name: str) -> str:
    """Letters and digits of a name, without case, accents and punctuation."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(filter(str.isalnum, plain))
