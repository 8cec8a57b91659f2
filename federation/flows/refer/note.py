"""The note that tells an agency that two reports are one, where it got both.

Rule: it names organisations, incidents, papers and the agency's numbers, and nobody
else: nothing of the papers is in it. Each of those who went there draws it by itself
and has it looked at; the one with the smaller rank sends it (`holding.find_first`), and
the others' goes away when that one says that it is there.

Source: docs/adr/0032-referred-once.md
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from federation.config.agencies import Agency
from federation.flows.refer.holding import (
    StandingReferral,
    find_holding,
    find_twins,
)
from federation.records.canonical import format_time
from federation.records.incident import Incident
from federation.records.kinds import INCIDENT
from federation.records.referral import THERE, ReferralWay
from federation.records.sealed import leaf_statement
from federation.records.timezones import tell_local
from federation.store import incidents, leaves
from federation.store.outbox import ENDED, OutboxItem, find_item, list_items
from federation.store.view import View
from federation.text import Sentence, Text

_WAYS: tuple[ReferralWay, ...] = ("email", "webhook", "by-hand")


class Twice(NamedTuple):
    """What the agency got from us, who else took it there, and the note about it.

    `place`: code of where it happened, whose time the note tells; "" if not known.
    """

    item: OutboxItem
    twins: tuple[StandingReferral, ...]
    note: OutboxItem | None
    place: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Who else took it there."""
        return frozenset(one.org for one in self.twins)

    @property
    def is_covered(self) -> bool:
        """Whether our note, whatever became of it, names all of them."""
        return self.note is not None and self.names <= self.note.names

    @property
    def is_settled(self) -> bool:
        """Whether the agency was told, or somebody decided that it need not be."""
        ended = {*THERE, "withdrawn"}
        return self.is_covered and self.note is not None and self.note.state in ended


def find_twice(view: View, org: str, now: float) -> list[Twice]:
    """What an agency got from us and from others, too."""
    found = []
    for item in list_items(view):
        is_there = item.kind == "dossier" and item.state in THERE
        if is_there and (twins := find_twins(view, org, item, now)):
            note = find_item(view, item.incident, item.agency, "note")
            place = _place_of(view, item.incident)
            found.append(Twice(item, tuple(twins), note, place))
    return found


def _place_of(view: View, name: str) -> str:
    org, _, given = name.partition("/")
    entry = incidents.find_latest(view, org, INCIDENT.name, [given]).get(given)
    if entry is None:
        return ""
    incident = leaf_statement(leaves.read_leaf(view, entry.log_id, entry.index))
    assert isinstance(incident, Incident), "of its kind"
    return incident.place


def is_to_draw(twice: Twice) -> bool:
    """Whether a note is to be drawn by itself: where none names all of them yet."""
    note = twice.note
    if note is None or note.state == "prepared":
        return True
    return note.state in {*THERE, *ENDED} and not twice.is_covered and not note.due


def find_told(
    view: View, org: str, twice: Twice, now: float
) -> StandingReferral | None:
    """Who else has told the agency of all of them."""
    item = twice.item
    needed = twice.names | {org}
    for one in find_holding(view, org, item.incident, item.agency, now, "note"):
        if one.is_there and needed <= one.names | {one.org}:
            return one
    return None


def draw_note(
    twice: Twice, agency: Agency, name: str, org: str, now: int
) -> tuple[OutboxItem, bytes]:
    """The note and its row, to be looked at.

    Args:
        twice: What it is about.
        agency: To whom.
        name: What we are called.
        org: Our organisation.
        now: Unix seconds.
    """
    item, t = twice.item, Text(agency.language)
    ours = StandingReferral(
        org=org,
        incident=item.incident,
        agency=item.agency,
        stage="sent",
        at=format_time(item.tried_at),
        reference=item.reference,
        dossier=item.dossier,
    )
    told = (ours, *twice.twins)
    lines = sorted(_line(t, one, twice.place) for one in told)
    text = t("outbox.note", agency=agency.name, name=name, lines="\n".join(lines))
    data = f"{text}\n".encode()
    ways = [item.way, *_WAYS]
    note = OutboxItem(
        incident=item.incident,
        agency=item.agency,
        kind="note",
        election=item.election,
        way=next(way for way in ways if way in agency.ways or way == "by-hand"),
        state="prepared",
        dossier=hashlib.sha256(data).hexdigest(),
        prepared_at=now,
        also_by=" ".join(sorted(twice.names)),
    )
    return note, data


def tell_twins(twins: Iterable[StandingReferral]) -> list[Sentence]:
    """Who else took it there, in sentences."""
    return [one.tell() for one in twins]


def tell_note(twice: Twice, first: StandingReferral | None) -> Sentence:
    """What is to be done about it, and by whom; `first`: who sends it before us."""
    if first is not None:
        return Sentence("outbox.note-theirs", org=first.org)
    if twice.note is None:
        return Sentence("outbox.note-none-yet")
    state = Sentence(f"outbox.state-{twice.note.state}")
    return Sentence("outbox.note-ours", state=state)


def _line(t: Text, one: StandingReferral, place: str) -> str:
    unknown = t("outbox.unknown")
    return t(
        "outbox.note-line",
        org=one.org,
        incident=one.incident,
        at=tell_local(one.at, place),
        dossier=one.dossier[:16] or unknown,
        number=one.reference or unknown,
    )
