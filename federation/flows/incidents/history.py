"""All that was said of an incident, of whichever of its reports, in the order of time.

Rule: each line is a signed record, and says who says it; when is what its organisation
writes there. Of a report that was said to be of others the words about all of them are
told. What is kept back is only what the caller may not read, and, of an incident of
which somebody says without end, all but so many lines.

Where it was taken, `told_to`: for each agency what each organisation says last of
having brought it there, and of what the agency answered.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

from msgspec import Struct, to_builtins

from federation.records.incident import Incident, IncidentName
from federation.records.incidentmerge import ARRIVED, MergedIncident
from federation.records.incidentstatus import (
    OF_AGENCY,
    PAIR_STATES,
    IncidentStatus,
)
from federation.records.kinds import REFERRAL
from federation.records.referral import Referral
from federation.store import incidents, leaves
from federation.store.incidents import IncidentEntry
from federation.store.view import View

#: So many lines of one incident are told, those that were said last.
MOST_LINES: Final = 300
#: So many records are read for them.
_MOST_READ: Final = 3_000
_ANSWERS: Final = OF_AGENCY - {"referred", "closed"}
_COMMON: Final = frozenset({"type", "org", "election", "recorded_at", "id", "incident"})


class HistoryLine(Struct, frozen=True, kw_only=True):
    """One statement.

    Attributes:
        at: When, as its organisation writes.
        org: Who says it.
        type: Of the record, `incident-status/1`.
        incident: The report of which it is said, `org/id`.
        record: In which record.
        is_latest: Nothing newer of that organisation about the same.
        said: What it says, but what stands above.
    """

    at: str
    org: str
    type: str
    incident: str
    record: str
    is_latest: bool
    said: dict[str, Any]


class IncidentHistory(Struct, frozen=True, kw_only=True):
    """The oldest first; `is_cut`: there is more than is told."""

    lines: tuple[HistoryLine, ...]
    is_cut: bool = False


class AgencyTold(Struct, frozen=True, kw_only=True):
    """Of an agency ("": none is named) what is said last, in the order of time.

    `is_double`: more than one says that it has it. `taken`: `referral/1`; `answers`:
    `incident-status/1`.
    """

    agency: str
    is_double: bool
    taken: tuple[HistoryLine, ...]
    answers: tuple[HistoryLine, ...]


def read_history(
    view: View, readable: Collection[int], merged: MergedIncident
) -> IncidentHistory:
    """What was said of an incident.

    Args:
        view: A snapshot.
        readable: The logs that the caller may read.
        merged: The incident.
    """
    entries: dict[IncidentEntry, None] = {}
    is_cut = False
    for report in merged.reports:
        if is_cut := len(entries) >= _MOST_READ:
            break
        name = str(IncidentName(id=report.id, org=report.org))
        found = incidents.about_incident(view, name)
        # A word about a pair stands by both of its reports.
        entries |= dict.fromkeys(one for one in found if one.log_id in readable)
    latest: dict[tuple[str, str, str], tuple[int, int]] = {}
    for one in entries:
        key, at = (one.org, one.kind, one.subject), (one.generation, one.index)
        latest[key] = max(latest.get(key, at), at)
    lines = []
    for one in entries:
        at = one.generation, one.index
        is_latest = latest[one.org, one.kind, one.subject] == at
        lines.append((at, _line(view, one, is_latest=is_latest)))
    lines.sort(key=lambda line: (line[1].at, line[1].org, line[0]))
    told = [line for _, line in lines]
    return IncidentHistory(
        lines=tuple(told[-MOST_LINES:]), is_cut=is_cut or len(told) > MOST_LINES
    )


def told_to(lines: Iterable[HistoryLine]) -> tuple[AgencyTold, ...]:
    """Where it was taken, and what came of it there; by agency.

    What an agency answered stands when its report is closed, and until its organisation
    says of the report what comes before any answer: so it takes it back.
    """
    taken: dict[str, list[HistoryLine]] = defaultdict(list)
    answers: dict[tuple[str, str, str], HistoryLine] = {}
    for line in lines:
        agency, status = line.said.get("agency", ""), line.said.get("status")
        if line.type == REFERRAL.name and line.is_latest:
            taken[agency].append(line)
        elif status in _ANSWERS:
            key = line.org, line.incident, agency
            answers.pop(key, None)  # it moves to the end
            answers[key] = line
        elif status is not None and status not in (*OF_AGENCY, *PAIR_STATES):
            gone = [key for key in answers if key[:2] == (line.org, line.incident)]
            for key in gone:
                del answers[key]
    told = {key[2] for key in answers} | taken.keys()
    return tuple(
        AgencyTold(
            agency=agency,
            is_double=_count_there(taken[agency]) > 1,
            taken=tuple(taken[agency]),
            answers=tuple(line for key, line in answers.items() if key[2] == agency),
        )
        for agency in sorted(told)
    )


def _count_there(taken: Sequence[HistoryLine]) -> int:
    # A note says that it is there twice, and is none of the two.
    reports = (line.said for line in taken if "also_by" not in line.said)
    return sum(said["stage"] in ARRIVED for said in reports)


def _line(view: View, entry: IncidentEntry, *, is_latest: bool) -> HistoryLine:
    sealed = leaves.read_record(view, entry.log_id, entry.index)
    statement = sealed.statement
    assert isinstance(statement, Incident | IncidentStatus | Referral), "has a subject"
    members = to_builtins(statement)
    return HistoryLine(
        at=statement.recorded_at,
        org=entry.org,
        type=entry.kind,
        incident=entry.incident,
        record=sealed.record,
        is_latest=is_latest,
        said={name: value for name, value in members.items() if name not in _COMMON},
    )
