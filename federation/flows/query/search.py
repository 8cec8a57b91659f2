"""A place as people type it: its name, a part of it, mistyped; or a code, or its start.

    masani    poso kota tps 2    kel. rawang, padang    7202    13.71.01.1009    rawnag
    7202022016 tps 2    sidoarjo jatim    tps2 sawahan

Rule: what was typed is never refused. Names are those of the register; each word must
be in a region's name or around it, where short forms are written out
(`shortforms.py`). Where none has them all, names that look alike are proposed, and
called so; of a code that is nowhere, the smallest region that it begins with. At most
`MOST` regions, however many fit.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import chain, islice
from typing import Final, NamedTuple

from federation.flows.query.answers import Place
from federation.flows.query.scope import parents_of
from federation.flows.query.shortforms import write_out
from federation.records.tps import TpsId
from federation.store import registers
from federation.store.namesearch import FoundName, NameIndex, fold
from federation.store.view import View

MOST: Final = 20
#: What is typed is cut here: no name of a place is longer.
MAX_TYPED: Final = 80
_MAX_WORDS: Final = 8
#: So many are ranked; the index has put them in order already.
_LOOKED_AT: Final = 300
#: How much of two names must be alike for one to be a mistyped form of the other.
_ALIKE: Final = 0.6
#: Of so few that fit, or fewer, names that look alike stand below them.
_FEW: Final = 3
_LEVELS: Final = (2, 4, 6, 10)
_DISTRICT, _VILLAGE, _STATION = 6, 10, 13
#: Words that say which kind of region is meant.
_KINDS: Final = frozenset(
    (
        *("desa", "kel", "kelurahan", "kec", "kecamatan", "kab", "kabupaten"),
        *("prov", "provinsi", "no", "nomor", "ds"),
    )
)
_CODE: Final = re.compile(r"\A(?:[0-9]{1,13}|99[0-9A-Z]{2}[0-9]{0,9})\Z")
_NUMBERED: Final = re.compile(r"\btps ?(?:no |nomor )?0*(\d{1,3})\b")
#: The code of a village, and the number of a station in it.
_CODE_AND_NUMBER: Final = re.compile(
    r"\A\s*([0-9][0-9. -]{8,15}[0-9])(?:\s*[/,]\s*|\s+)(?:tps)?\s*(?:no\.?)?\s*0*"
    r"([0-9]{1,3})\s*\Z",
    re.IGNORECASE,
)
_TRAILING: Final = re.compile(r" 0*(\d{1,3})\Z")


class PlaceFound(NamedTuple):
    """A region, those around it, how many stations it has.

    `tps`: those in it that were asked for, with the names of their villages where these
    are not the region itself.
    """

    place: Place
    around: list[Place]
    stations: int
    tps: dict[str, str]


class SearchAnswer(NamedTuple):
    """What was found.

    Attributes:
        code: What was typed is exactly this code of a station or a region; else "".
        found: The regions, the likeliest first.
        is_alike: None has all the words: these look alike.
        has_more: More would fit: more words help.
        number: Of a station, as it was typed beside a name; else "".
        named: Which of the regions found are called just what was typed.
    """

    code: str = ""
    found: Sequence[PlaceFound] = ()
    is_alike: bool = False
    has_more: bool = False
    number: str = ""
    named: Sequence[str] = ()


def search(view: View, index: NameIndex, election: str, typed: str) -> SearchAnswer:
    """What may be meant by what somebody has typed.

    Args:
        view: The snapshot.
        index: Of the names in the election's register.
        election: Whose regions.
        typed: Whatever it is.
    """
    code = _typed_code(typed[:MAX_TYPED])
    if code:
        return _by_code(view, election, code)
    said = fold(typed[:MAX_TYPED])
    number = ""
    if numbered := _NUMBERED.search(said):
        number = numbered[1]
        said = said.replace(numbered[0], " ")
    # `Kampung 2` may be a name: it is a number only where no name has it.
    elif (trailing := _TRAILING.search(said)) and not index.with_all(_words(said), 1):
        number, said = trailing[1], said[: trailing.start()]
    words = _words(said)
    ranked, is_alike = _rank_all(index, words)
    found = _told(view, election, [one.code for one in ranked[:MOST]], number)
    if number and any(one.tps for one in found):
        found = [one for one in found if one.tps]
    return SearchAnswer(
        found=found,
        is_alike=is_alike and bool(found),
        has_more=len(ranked) > MOST,
        number=number,
        named=[one.code for one in ranked[:MOST] if one.name == " ".join(words)],
    )


def _typed_code(typed: str) -> str:
    """The code, or the start of one, that somebody has typed; "": it is none."""
    if both := _CODE_AND_NUMBER.match(typed):
        village = "".join(c for c in both[1] if c.isdigit())
        if len(village) == _VILLAGE:
            return f"{village}{int(both[2]):03d}"
    code = "".join(c for c in typed.upper() if c.isascii() and c.isalnum())
    return code if _CODE.match(code) else ""


def _rank_all(index: NameIndex, words: Sequence[str]) -> tuple[list[FoundName], bool]:
    """What may be meant, the likeliest first; whether none has all the words."""
    written_out = write_out(words)
    ranked = _named(index, written_out)
    if written_out != words:
        ranked += [one for one in _named(index, words) if one not in ranked]
    if not ranked:
        return _alike(index, written_out), True
    if len(ranked) <= _FEW and _is_other(ranked[0], written_out):
        # `makasar` is the beginning of one name, and may be another mistyped.
        alike = (one for one in _alike(index, written_out) if one not in ranked)
        ranked += islice(alike, _FEW)
    return ranked, False


def _named(index: NameIndex, words: Sequence[str]) -> list[FoundName]:
    """Those that have all of these words, the likeliest first."""
    fitting = index.with_all(words, _LOOKED_AT)
    # `poso kota` means the district, not each of the villages in it.
    named = [one for one in fitting if any(word in one.name for word in words)]
    return sorted(named or fitting, key=lambda one: _rank(one, words))


def _words(said: str) -> list[str]:
    words = said.split()[:_MAX_WORDS]
    return [word for word in words if word not in _KINDS and word != "tps"] or words


def _rank(one: FoundName, words: Sequence[str]) -> tuple[bool, bool, int, int, str]:
    """Whose name is just that, then begins so; then larger regions before smaller."""
    asked, inside = " ".join(words), one.name.split()
    missing = sum(word not in inside for word in words)
    return (
        _is_other(one, words),
        not one.name.startswith(asked),
        missing,
        len(one.code),
        one.code,
    )


def _is_other(one: FoundName, words: Sequence[str]) -> bool:
    """Whether its name is another than just these words."""
    return one.name.removeprefix("kota ") != " ".join(words).removeprefix("kota ")


def _alike(index: NameIndex, words: Sequence[str]) -> list[FoundName]:
    """Names that look like what was typed, the likest first."""
    known = [word for word in words if index.with_all([word], 1)]
    asked = " ".join(word for word in words if word not in known)
    if known and asked:
        # `rawnag padang selatan`: of two words right the third is sought near them.
        near = _likest(index.with_all(known, _LOOKED_AT), asked, known)
        if near:
            return near
    return _likest(index.with_some(words, _LOOKED_AT), " ".join(words))


def _likest(
    names: Sequence[FoundName], asked: str, known: Sequence[str] = ()
) -> list[FoundName]:
    """Those like what is asked, as far as their names are not words known already."""
    likeness = {one: _likeness(asked, one.name, known) for one in names}
    alike = [one for one, ratio in likeness.items() if ratio >= _ALIKE]
    return sorted(alike, key=lambda one: (-likeness[one], len(one.code), one.code))


def _likeness(asked: str, name: str, known: Sequence[str]) -> float:
    left = [word for word in name.split() if word not in known]
    return SequenceMatcher(None, asked, " ".join(left) or name).ratio()


def _by_code(view: View, election: str, code: str) -> SearchAnswer:
    if len(code) == _STATION:
        return SearchAnswer(code=code)
    if len(code) in _LEVELS and registers.count(view, election, code):
        return SearchAnswer(code=code)
    if len(code) > _VILLAGE:
        village = code[:_VILLAGE]
        numbers = (f"{village}{number:03d}" for number in range(1, 1_000))
        held = registers.among(
            view, election, (tps for tps in numbers if tps.startswith(code))
        )
        found = [
            one._replace(tps=dict.fromkeys(sorted(held)[:MOST], ""))
            for one in _told(view, election, [village] if held else [])
        ]
        if not held:
            return _nearest(view, election, code)
        return SearchAnswer(found=found, has_more=len(held) > MOST)
    above = max((level for level in (0, *_LEVELS) if level < len(code)), default=0)
    below = [
        child
        for child in registers.children(view, election, code[:above])
        if child.startswith(code)
    ]
    if not below:
        return _nearest(view, election, code)
    return SearchAnswer(
        found=_told(view, election, below[:MOST]), has_more=len(below) > MOST
    )


def _nearest(view: View, election: str, code: str) -> SearchAnswer:
    """The smallest region with stations that a code begins with, which is nowhere."""
    for level in reversed(_LEVELS):
        if level < len(code) and registers.count(view, election, code[:level]):
            found = _told(view, election, [code[:level]])
            return SearchAnswer(found=found, is_alike=True)
    return SearchAnswer()


def _told(
    view: View, election: str, codes: Sequence[str], number: str = ""
) -> list[PlaceFound]:
    """These regions, with the stations of this number in them."""
    around = {code: [one for one in parents_of(code) if one] for code in codes}
    counts = registers.count_each(view, election, codes)
    stations = _numbered(view, election, codes, number) if number else {}
    villages = {tps[:_VILLAGE] for tps in chain(*stations.values())}
    wanted = {*codes, *villages, *chain(*around.values())}
    named = registers.names(view, election, wanted)
    return [
        PlaceFound(
            place=Place(code=code, name=named.get(code, "")),
            around=[
                Place(code=one, name=named.get(one, ""))
                for one in reversed(around[code])
            ],
            stations=counts.get(code, 0),
            tps={
                tps: "" if code == tps[:_VILLAGE] else named.get(tps[:_VILLAGE], "")
                for tps in stations.get(code, [])
            },
        )
        for code in codes
    ]


def _numbered(
    view: View, election: str, codes: Sequence[str], number: str
) -> dict[str, list[str]]:
    """The stations of this number in villages, or in the villages of districts."""
    asked: dict[str, list[TpsId]] = {}
    for code in codes:
        villages = [code] if len(code) == _VILLAGE else []
        if len(code) == _DISTRICT:
            villages = [*registers.children(view, election, code)]
        asked[code] = [TpsId(f"{village}{int(number):03d}") for village in villages]
    held = registers.among(view, election, chain(*asked.values()))
    return {code: sorted(held.intersection(some)) for code, some in asked.items()}
