"""A report of a violation that somebody hands in: read, with all that is wrong told.

Rule: what a report may say is what its record may (`records/incident.py`); a member
that it does not know is refused by name, above all the reporter's, so that nobody's
name gets into a log because a form had a field for it. Free text in which one of the
patterns of `personal.py` is found is refused with the word, before anything is signed.

    {"category":"politik_uang","law":"pidana","happened_at":"14 Februari 2024 05.00",
     "tps":"31.71.01.1001 TPS 1","summary":"…","ref":"QL-17","revision":2}

`reported_at` may be left out (now), and `id`: then it follows from `ref`, or from what
the report says. Line breaks become blanks: a log holds none.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from federation.errors import RecordError
from federation.records.canonical import convert
from federation.records.incident import Incident
from federation.records.kinds import INCIDENT
from federation.records.problem import Problem
from federation.records.result import Evidence
from federation.sources.moment import parse_time
from federation.sources.personal import why_personal
from federation.sources.place import parse_place
from federation.sources.row import BadCell, clip
from federation.text import Sentence

_TIMES: Final = ("happened_at", "known_at", "reported_at")
#: What the node says itself.
_SIGNED: Final = frozenset({"type", "org", "election", "recorded_at"})
_MAX_NAME: Final = 64
INCIDENT_MEMBERS: Final = frozenset(Incident.__struct_fields__) - _SIGNED


def read_incident(line: object) -> dict[str, Any] | tuple[Problem, ...]:
    """The members of an `incident/1` that the sender gives, or all that is wrong.

    Args:
        line: What came, of JSON or of a table whose columns have these names.
    """
    if not isinstance(line, dict):
        return (Problem("", "shape", Sentence("row.no-object")),)
    given = {name: value for name, value in line.items() if value not in (None, "")}
    problems = [_unknown(name) for name in sorted(given.keys() - INCIDENT_MEMBERS)]
    members: dict[str, Any] = {}
    for name in sorted(given.keys() & INCIDENT_MEMBERS):
        try:
            members[name] = _read(name, given[name])
        except BadCell as bad:
            problems.append(Problem(name, bad.code, bad.reason))
        except RecordError as error:
            problems.append(Problem(name, error.code, error.rule))
    for name in INCIDENT.free_text:
        text = members.get(name)
        if isinstance(text, str) and (why := why_personal(name, text)):
            problems.append(Problem(name, "personal", why))
    if not problems:
        problems += _missing(members)
    return tuple(problems) if problems else members


def _unknown(name: str) -> Problem:
    key = "row.signed-member" if name in _SIGNED else "incidents.unknown-member"
    return Problem(name[:_MAX_NAME], "member", Sentence(key, name=clip(name)))


def _missing(members: Mapping[str, Any]) -> list[Problem]:
    needed = ("category", "law", "summary", "happened_at")
    problems = [
        Problem(name, "missing", Sentence("incidents.missing", name=name))
        for name in needed
        if name not in members
    ]
    if ("tps" in members) is ("region" in members):
        problems.append(Problem("region", "missing", Sentence("incidents.one-place")))
    return problems


def _read(name: str, value: object) -> object:
    """One member as a record has it.

    Raises:
        BadCell: it cannot be read.
        RecordError: it is outside its bounds.
    """
    if name == "evidence":
        return msgspec.to_builtins(convert(value, tuple[Evidence, ...]))
    if name == "revision":
        is_digits = isinstance(value, str) and value.isascii() and value.isdigit()
        return int(str(value)) if is_digits else value
    if not isinstance(value, str):
        raise BadCell("shape", Sentence("incidents.no-text"), name)
    text = " ".join(value.split())
    read = _READ.get(name)
    return text if read is None else read(text)


def _read_region(text: str) -> str:
    return text.replace(".", "").replace(" ", "").upper()


def read_word(text: str) -> str:
    """A category or a law as people write it, by the word of the record."""
    return text.lower().replace(" ", "_").replace("-", "_")


_READ: Final[Mapping[str, Callable[[str], str | None]]] = {
    **dict.fromkeys(_TIMES, parse_time),
    **dict.fromkeys(("category", "law"), read_word),
    "tps": parse_place,
    "region": _read_region,
}
