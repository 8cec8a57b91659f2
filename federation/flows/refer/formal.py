"""Whether papers are a report or *informasi awal*: what is formally required decides.

Rule: papers call themselves a report only where nothing lacks. Those that were drawn
here say for themselves what lacks: a line in the PDF, written when the annex was open,
which the node cannot open again. Of others (a scan of them, signed) it is known here
what the signed report says, and whether there is still time; whom they name only a
person has seen, who then says that they are complete. A person may always say less.

    federation-dossier/1 jagasuara.example/5f0c… gakkumdu-3273 reporter,accused

Source: docs/reference/referral.md, "The dossier"
"""

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from msgspec import UNSET

from federation.errors import ConflictError, FormatError, NotFoundError
from federation.flows.incidents.due import DueDates
from federation.flows.refer.dossier import (
    FORMAL,
    REQUIREMENTS,
    DossierInput,
    Requirement,
    find_missing,
)
from federation.records.incident import Incident, IncidentName
from federation.records.kinds import INCIDENT
from federation.store import incidents, leaves
from federation.store.view import View
from federation.text import Sentence

PapersForm: TypeAlias = Literal["report", "initial"]
_TYPE: Final = "federation-dossier/1"
#: As the library writes it into the PDF: plain, as all of it is ASCII.
_LINE: Final = re.compile(
    rb"/Keywords \(federation-dossier/1 ([!-'*-~]+) ([a-z0-9-]+) ([a-z,-]+)\)"
)
_NOTHING: Final = "-"


class PapersLabel(NamedTuple):
    """What papers that were drawn here say of themselves."""

    incident: str
    agency: str
    missing: tuple[Requirement, ...]


def write_label(given: DossierInput) -> str:
    """The line for the papers that are drawn of this."""
    incident = given.incident
    lacking = ",".join(find_missing(given)) or _NOTHING
    return f"{_TYPE} {incident.org}/{incident.id} {given.agency.key} {lacking}"


def read_label(papers: bytes) -> PapersLabel | None:
    """The line of papers; None: they were not drawn here, or by an older version."""
    found = set(_LINE.findall(papers))
    if len(found) != 1:
        return None
    incident, agency, lacking = (one.decode("ascii") for one in found.pop())
    missing = {one for one in lacking.split(",") if one != _NOTHING}
    if not missing <= set(REQUIREMENTS):
        return None
    told = tuple(one for one in REQUIREMENTS if one in missing)
    return PapersLabel(incident, agency, told)


def find_lacking(
    view: View, due: DueDates, incident: IncidentName, label: PapersLabel | None
) -> tuple[Requirement, ...]:
    """What is formally required and lacks in these papers, as far as it is known here.

    Raises:
        NotFoundError: no such incident is known here.
    """
    found = incidents.find_latest(view, incident.org, INCIDENT.name, [incident.id])
    if incident.id not in found:
        raise NotFoundError(Sentence("incidents.unknown", name=str(incident)))
    entry = found[incident.id]
    report = leaves.read_record(view, entry.log_id, entry.index).statement
    assert isinstance(report, Incident), "of its kind"
    missing = set[Requirement](() if label is None else label.missing)
    if label is None and report.description is UNSET:
        missing.add("account")
    deadline = due.deadline(report)
    if deadline is not None and deadline.is_past(due.now):
        missing.add("in-time")
    return tuple(one for one in FORMAL if one in missing)


def check_formal(
    view: View,
    due: DueDates,
    incident: IncidentName,
    agency: str,
    label: PapersLabel | None,
    said: Literal["", "report", "initial"],
) -> PapersForm:
    """What the papers are, where a person says this of them ("": nothing).

    Raises:
        ConflictError: they were drawn of another incident, or for another agency.
        FormatError: they lack what a report must have, and are said to be one.
        NotFoundError: no such incident is known here.
    """
    if label is not None and (label.incident, label.agency) != (str(incident), agency):
        of = {"incident": label.incident, "agency": label.agency}
        raise ConflictError(Sentence("outbox.papers-of-another", **of))
    lacking = find_lacking(view, due, incident, label)
    if lacking and said == "report":
        raise FormatError(tell_lacking(lacking), "--complete")
    if lacking or said == "initial":
        return "initial"
    is_known = label is not None
    return "report" if is_known or said == "report" else "initial"


def tell_lacking(lacking: Iterable[Requirement]) -> Sentence:
    """What lacks, in a sentence."""
    told: Sentence | None = None
    for name in lacking:
        need = Sentence(f"dossier.need-{name}")
        told = need if told is None else Sentence("outbox.and", first=told, last=need)
    assert told is not None, "something lacks"
    return Sentence("outbox.lacking", what=told)
