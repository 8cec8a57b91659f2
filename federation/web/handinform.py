"""What the form of a report says: a report that can be signed, or all that is wrong.

Rule: nothing that may be somebody's is signed: the words are shown in their place, and
whoever wrote them takes them out, or lets marks take their place. Who reports and who
is accused, without whom no agency takes it for a report, go to the sealed annex and
nowhere else. What was typed is never lost: it goes back with what
is wrong of it.

A time without a zone is that of the place, as the clock there showed it.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from federation.errors import RecordError
from federation.flows.annex.contents import UNNAMED, AnnexPerson, IncidentAnnex
from federation.records.canonical import check_text
from federation.records.incident import CATEGORIES
from federation.records.personal import find_all, find_personal, redact
from federation.sources.incidentdraft import read_incident
from federation.text import Sentence
from federation.web.open311.form import in_zone_of, place_of
from federation.web.open311.services import LAW_OF

#: Where that stands which is wrong with all of it.
WHOLE: Final = "form"
#: The longest value of each field that somebody types.
MOST: Final = {
    "place": 40,
    "happened_at": 40,
    "known_at": 40,
    "summary": 300,
    "description": 4_000,
    "reporter_name": 200,
    "reporter_address": 500,
    "reporter_contact": 300,
    "accused_name": 200,
    "accused_about": 500,
}
_WORDS: Final = frozenset({"summary", "description"})
_NEEDED: Final = frozenset({"category", "place", "happened_at", "summary"})
_TIMES: Final = ("happened_at", "known_at")


class MarkedPiece(NamedTuple):
    """A piece of a text; whether it may be somebody's."""

    text: str
    is_personal: bool


class ReadReport(NamedTuple):
    """A form that was read.

    Attributes:
        draft: Members of an `incident/1`; only good where there are no faults.
        personal: What goes into the annex; None: nothing.
        faults: What is wrong, by the field.
        marked: The texts in which something may be somebody's, by the field.
    """

    draft: dict[str, Any]
    personal: IncidentAnnex | None
    faults: dict[str, Sentence | str]
    marked: dict[str, list[MarkedPiece]]


def read_report(given: Mapping[str, str]) -> ReadReport:
    """What a form says.

    Args:
        given: Its fields; with `redact`, marks take the place of what is personal.
    """
    said = {name: " ".join(text.split()) for name, text in given.items()}
    said = {name: text for name, text in said.items() if text}
    faults: dict[str, Sentence | str] = {
        name: Sentence("handin.too-long", most=most)
        for name, most in MOST.items()
        if len(said.get(name, "")) > most
    }
    if said.get("category") not in CATEGORIES:
        said.pop("category", None)
    faults |= _hidden(said)
    needed = _NEEDED | ({"accused_name"} if "accused_about" in said else set())
    faults |= {name: Sentence("handin.missing") for name in needed - said.keys()}
    fit = {name: text for name, text in said.items() if name not in faults}
    if given.get("redact"):
        fit |= {name: redact(fit[name], MOST[name]) for name in _WORDS & fit.keys()}
    read = read_incident(_draft(fit))
    if isinstance(read, tuple):
        for problem in read:
            if problem.code != "missing":  # told of the fields: the law is none of them
                faults.setdefault(field_of(problem.at), problem.reason)
        read = {}
    marked = {
        name: list(_mark(fit[name]))
        for name in _WORDS & fit.keys()
        if find_personal(fit[name])
    }
    return ReadReport(read, _seal(said), faults, marked)


def _draft(fit: Mapping[str, str]) -> dict[str, Any]:
    """The fields as the members of a record."""
    names = ("category", "law", *_WORDS)
    draft: dict[str, Any] = {name: fit[name] for name in names if name in fit}
    if "category" in draft:
        draft.setdefault("law", LAW_OF[draft["category"]])
    where = place_of(fit.get("place", ""))
    if "place" in fit:
        member, code = where
        draft[member] = code
    draft |= {name: in_zone_of(fit[name], *where) for name in _TIMES if name in fit}
    return draft


def _hidden(said: Mapping[str, str]) -> dict[str, Sentence | str]:
    """Why words could hide something from their reader."""
    hidden: dict[str, Sentence | str] = {}
    for name in _WORDS & said.keys():
        try:
            check_text(said[name], name)
        except RecordError as error:
            hidden[name] = error.rule
    return hidden


def field_of(member: str) -> str:
    """Which field of the form a member of the record is of; else that of all."""
    member = "place" if member in {"tps", "region"} else member
    return member if member in {*MOST, "category", "law"} else WHOLE


def _mark(text: str) -> Iterator[MarkedPiece]:
    at = 0
    for one in find_all(text):
        yield MarkedPiece(text[at : one.start], is_personal=False)
        yield MarkedPiece(one.word, is_personal=True)
        at = one.end
    yield MarkedPiece(text[at:], is_personal=False)


def _seal(said: Mapping[str, str]) -> IncidentAnnex | None:
    told = {
        name: said[f"reporter_{name}"]
        for name in ("name", "address", "contact")
        if f"reporter_{name}" in said
    }
    # Who may be reached, and is not named, is somebody all the same.
    reporter = AnnexPerson(**{"name": UNNAMED, **told}) if told else None
    accused: tuple[AnnexPerson, ...] = ()
    if name := said.get("accused_name"):
        accused = (AnnexPerson(name=name, about=said.get("accused_about", "")),)
    sealed = IncidentAnnex(reporter=reporter, accused=accused)
    return None if sealed == IncidentAnnex() else sealed
