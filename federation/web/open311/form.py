"""What a form says: a report that can be signed, what is personal, what is not taken.

Rule: of a form only this becomes a record: category, law, times, the code of a place,
and words in which nothing is found that may be somebody's. Who reports and who is
accused, an address, an exact position: into the annex, or the form is refused. All
that is wrong is told at once, each with the field.

    address_id            a polling station's code, or a region's; the one that counts
    lat, long             for the annex only: no region follows from them
    description           to 300 characters the summary, longer: with its beginning
    attribute[law]=…      see `services.py`; a time without its zone is the place's

Source: GeoReport v2, "POST Service Request"
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from federation.errors import RecordError
from federation.flows.annex.contents import AnnexPerson, ExactPosition, IncidentAnnex
from federation.records.canonical import check_text
from federation.records.incident import CATEGORIES, LAWS
from federation.records.personal import redact
from federation.records.problem import Problem
from federation.records.timezones import zone_of
from federation.sources.incidentdraft import read_incident
from federation.sources.place import parse_place
from federation.sources.row import BadCell
from federation.text import Sentence, Text
from federation.web.open311.refusals import Open311Refusal
from federation.web.open311.services import ATTRIBUTES, LAW_OF, service_name

_MOST_SUMMARY: Final = 300
_MOST_WORDS: Final = 4_000
_REGION_LENGTHS: Final = (2, 4, 6, 10)
#: The longest value of each field that is sealed, and of the description.
_MOST: Final = {
    "first_name": 100,
    "last_name": 99,
    "phone": 90,
    "email": 200,
    "account_id": 900,
    "device_id": 900,
    "address_string": 1_000,
    "media_url": 2_000,
    "accused": 200,
    "reporter_address": 500,
    "description": _MOST_WORDS,
}
_FIELDS: Final = frozenset(_MOST) | {
    *("jurisdiction_id", "api_key", "service_code", "address_id", "lat", "long")
}
_TIMES: Final = ("happened_at", "known_at")
_ZONE: Final = re.compile(
    r"(?i)\b(?:wib|wita|wit|gmt|utc)\b|z$|\+[0-9]|[0-9]-[0-9]{2}:[0-9]{2}$"
)
_CALLED: Final = {"summary": "description", "tps": "address_id", "region": "address_id"}


class HandedForm(NamedTuple):
    """A form that was read.

    Attributes:
        draft: Members of an `incident/1`, but evidence.
        personal: What goes into the annex; None: nothing.
        untaken: The fields that nobody reads here.
        is_redacted: The words are not as they came.
    """

    draft: dict[str, Any]
    personal: IncidentAnnex | None
    untaken: tuple[str, ...]
    is_redacted: bool


def read_form(given: Mapping[str, str], now: str, *, redacts: bool) -> HandedForm:
    """What a form says.

    Args:
        given: Its fields; `attribute[law]` and the like as they are called.
        now: When it came, as a record has it.
        redacts: What may be somebody's is replaced, not refused.

    Raises:
        Open311Refusal: all that is wrong with it.
    """
    fields = {name: value.strip() for name, value in given.items() if value.strip()}
    attributes = {
        name.removesuffix("[]").removeprefix("attribute[").removesuffix("]"): fields[
            name
        ]
        for name in fields
        if name.startswith("attribute[")
    }
    code = fields.get("service_code", "")
    if code and code not in CATEGORIES:
        why = Sentence("open311.no-service", code=code[:60])
        raise Open311Refusal(HTTPStatus.NOT_FOUND, [why])
    faults = [*_missing(fields), *_wrong_attributes(attributes)]
    faults += _too_long({**fields, **attributes})
    place, wrong_place = _read_place(fields, attributes)
    position, wrong_position = _read_position(fields)
    faults += [*wrong_place, *wrong_position]
    words = fields.get("description", "")
    line = " ".join(words.split())
    faults += _hidden(line)
    # As one line, as it is signed: a number may go on in the next one.
    clean = redact(line, _MOST_WORDS) if redacts else line
    draft: dict[str, Any] = {}
    if code and place:
        draft = {
            **_times(attributes, place, now),
            **place,
            **_say(code, clean, redacts=redacts),
        }
        draft |= {"category": code, "law": attributes.get("law") or _law_of(code)}
        read = read_incident(draft)
        if isinstance(read, tuple):
            faults += _told(read)
        else:
            draft = read
    if faults:
        raise Open311Refusal(HTTPStatus.BAD_REQUEST, faults)
    original = words if clean != line else ""
    personal = _seal({**fields, **attributes}, position, original)
    untaken = tuple(
        sorted(
            name[:60]
            for name in fields
            if name not in _FIELDS and not name.startswith("attribute[")
        )
    )
    return HandedForm(draft, personal, untaken, clean != line)


def _missing(fields: Mapping[str, str]) -> list[Sentence]:
    if "service_code" in fields:
        return []
    return [Sentence("open311.needs-service")]


def _wrong_attributes(attributes: Mapping[str, str]) -> list[Sentence]:
    known = ", ".join(ATTRIBUTES)
    wrong = [
        Sentence("open311.no-attribute", code=code[:60], known=known)
        for code in attributes
        if code not in ATTRIBUTES
    ]
    if attributes.get("law", LAWS[0]) not in LAWS:
        wrong.append(Sentence("open311.no-law", known=", ".join(LAWS)))
    return wrong


def _hidden(line: str) -> list[Sentence]:
    """Why words could hide something from their reader."""
    try:
        check_text(line, "description")
    except RecordError as error:
        why = Sentence("open311.fault", field=error.field, why=error.rule)
        return [why]
    return []


def _too_long(fields: Mapping[str, str]) -> list[Sentence]:
    return [
        Sentence("open311.too-long", field=field_name(name), most=most)
        for name, most in _MOST.items()
        if len(fields.get(name, "")) > most
    ]


def _read_place(
    fields: Mapping[str, str], attributes: Mapping[str, str]
) -> tuple[dict[str, str], list[Sentence]]:
    """The code of the place as a record has it, or why there is none."""
    said = {
        name: value
        for name, value in (
            ("address_id", fields.get("address_id", "")),
            ("attribute[tps]", attributes.get("tps", "")),
            ("attribute[region]", attributes.get("region", "")),
        )
        if value
    }
    if not said:
        return {}, [Sentence("open311.needs-place")]
    places = {place_of(value) for value in said.values()}
    if len(places) > 1:
        return {}, [Sentence("open311.two-places", fields=", ".join(said))]
    [(member, value)] = places
    return {member: value}, []


def place_of(text: str) -> tuple[str, str]:
    """Of which member a code is, and the code."""
    bare = text.replace(".", "").replace(" ", "").upper()
    is_region = bare.isascii() and bare.isalnum() and len(bare) in _REGION_LENGTHS
    return ("region", bare) if is_region else ("tps", text)


def in_zone_of(text: str, member: str, code: str) -> str:
    """A time; one without a zone is that of the place, as the clock there showed it.

    Args:
        text: As somebody wrote it.
        member: `tps` or `region`, as `place_of` says.
        code: Of the place, as it was written.
    """
    if _ZONE.search(text):
        return text
    if member == "tps":
        try:
            code = parse_place(code) or ""
        except BadCell:
            code = ""
    return f"{text} {zone_of(code)}"


def _read_position(
    fields: Mapping[str, str],
) -> tuple[ExactPosition | None, list[Sentence]]:
    lat, long = fields.get("lat"), fields.get("long")
    if lat is None and long is None:
        return None, []
    try:
        position = ExactPosition(lat=float(lat or ""), lon=float(long or ""))
    except ValueError:
        return None, [Sentence("open311.position")]
    is_on_earth = abs(position.lat) <= 90 and abs(position.lon) <= 180
    return (position, []) if is_on_earth else (None, [Sentence("open311.position")])


def _times(
    attributes: Mapping[str, str], place: Mapping[str, str], now: str
) -> dict[str, str]:
    [where] = place.items()
    times = {
        name: in_zone_of(attributes[name], *where)
        for name in _TIMES
        if name in attributes
    }
    return {"happened_at": now, **times}


def _law_of(code: str) -> str:
    return next(law for category, law in LAW_OF.items() if category == code)


def _say(code: str, line: str, *, redacts: bool) -> dict[str, str]:
    """The words as a record has them; without any, what the service is called."""
    if not line:
        return {"summary": service_name(Text("id"), code)}
    if len(line) <= _MOST_SUMMARY:
        return {"summary": line}
    begun = line[: _MOST_SUMMARY - 1]
    whole = begun[: begun.rfind(" ")] if " " in begun else begun
    begun = f"{whole}\N{HORIZONTAL ELLIPSIS}"
    # Cut off, a word may look like what it did not look like before.
    begun = redact(begun, _MOST_SUMMARY) if redacts else begun
    return {"summary": begun, "description": line}


def _told(problems: tuple[Problem, ...]) -> list[Sentence]:
    """What is wrong with the report, by the fields of the form."""
    faults: dict[str, Sentence] = {}
    is_told = any(problem.at == "description" for problem in problems)
    for problem in problems:
        # The summary is the beginning of the description, which is told of itself.
        if problem.at == "summary" and is_told:
            continue
        fault = Sentence(
            "open311.fault", field=field_name(problem.at), why=problem.reason
        )
        faults[str(fault)] = fault
    return list(faults.values())


def field_name(member: str) -> str:
    """What a member of the record is called in the form."""
    called = _CALLED.get(member, member)
    return f"attribute[{called}]" if called in ATTRIBUTES else called


def _seal(
    said: Mapping[str, str], position: ExactPosition | None, original: str
) -> IncidentAnnex | None:
    """What goes into the annex; `original`: words that a mark took the place of."""
    name = " ".join(said[one] for one in ("first_name", "last_name") if one in said)
    contact = ", ".join(said[one] for one in ("phone", "email") if one in said)
    about = _lines(said, "account_id", "device_id")
    address = said.get("reporter_address", "")
    reporter = None
    if name or contact or about or address:
        reporter = AnnexPerson(
            name=name or "-", contact=contact, about=about, address=address
        )
    accused = (AnnexPerson(name=said["accused"]),) if "accused" in said else ()
    notes = _lines(said, "address_string", "media_url")
    if original:
        notes = f"{notes}\ndescription: {original}".strip()
    annex = IncidentAnnex(
        reporter=reporter, accused=accused, position=position, notes=notes
    )
    return None if annex == IncidentAnnex() else annex


def _lines(said: Mapping[str, str], *names: str) -> str:
    return "\n".join(f"{name}: {said[name]}" for name in names if name in said)
