"""Which forms wait to be read, in which order, and for whom.

Rule: one index holds every station with a photograph that waits (`merged_reading`), by
reason and code; so a page costs what it shows and what is settled before it, whatever
the history. Within a queue the graver reason comes first, then the code: forms of one
village follow each other.

A form is left out where this node's people have settled all its photographs: none can
be read, all are of another station, or they were read and our word stands (that others
still differ, or a number cannot be made out, is no work of ours any more); and where
all that are left were removed: nobody can read what is not shown. What one organisation
alone has read is not offered to whoever read it.

A place in the list is `<reason>:<code>`, in whichever order: by reason, then code, or
by code alone.
"""

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from msgspec import UNSET

from federation.errors import FormatError
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.scope import QueryScope, parse_region, places
from federation.flows.queue.answers import (
    QueueAnswer,
    QueueOrder,
    WaitingForm,
    WaitingPhoto,
)
from federation.records.claim import Claim
from federation.records.merge import decode_row
from federation.records.readingqueue import (
    QUEUES,
    ReadingQueue,
    ReadingReason,
    claims_by_file,
    counted_monitors,
    unread_files,
)
from federation.records.register import LEVELS
from federation.records.tps import parse_tps
from federation.store import blobs, leases, mapreading, photoanswers, registers
from federation.store.mapreading import StationRow
from federation.store.photoanswers import AnsweredPhoto, FormPlace
from federation.store.removals import removed_among
from federation.store.view import View
from federation.text import Sentence

_STEP: Final = 200
#: So many forms are looked at to tell how many wait.
MAX_COUNTED: Final = 2_000


class QueueAsked(NamedTuple):
    """Whose queue: of which region, for whom, when, in which order.

    `org`: our own. `person`: who would read, "" for everybody. `now`: Unix time in
    seconds. `reason`: only those that wait for it, "" for any of the queue.
    """

    scope: QueryScope
    queue: ReadingQueue
    org: str
    now: int
    region: str = ""
    person: str = ""
    reason: ReadingReason | Literal[""] = ""
    order: QueueOrder = "gravest"


class WaitingCount(NamedTuple):
    """How many forms wait, and how many in each part of the region."""

    total: int
    parts: Mapping[str, int]


class OpenForm(NamedTuple):
    """A form that waits: its row, why, the photographs that are not settled."""

    reason: ReadingReason
    row: StationRow
    photos: tuple[str, ...]
    answered: Mapping[str, AnsweredPhoto]

    @property
    def at(self) -> str:
        """Its place in the list."""
        return f"{self.reason}:{self.row.tps}"

    @property
    def monitors(self) -> list[Claim]:
        """The monitors' claims that count."""
        return counted_monitors([claim for _, claim in self.row.claims])


def list_queue(
    view: View, asked: QueueAsked, after: str = "", limit: int = 100
) -> QueueAnswer:
    """A page of what waits.

    Raises:
        FormatError: `region` is not the code of a region, or `after` no place in the
            list.
    """
    scope, code = asked.scope, parse_region(asked.region)
    found = _first(open_forms(view, asked, after), limit + 1)
    forms = found[:limit]
    villages = sorted({form.row.tps[:10] for form in forms})
    names = registers.names(view, scope.election, villages)
    where = [FormPlace(scope.election, scope.contest, one.row.tps) for one in forms]
    taken = leases.holders(view, where, asked.now)
    files = {file for form in forms for one in form.monitors for file in one.files}
    held = blobs.held_among(view, sorted(files))
    return QueueAnswer(
        election=scope.election,
        contest=scope.contest,
        cursor=format_cursor(read_cursor(view, scope.election)),
        queue=asked.queue,
        region=places(view, scope.election, [code])[0],
        forms=[
            _form(
                form,
                names.get(form.row.tps[:10], ""),
                held,
                being_read=place in taken,
            )
            for form, place in zip(forms, where, strict=True)
        ],
        next=forms[-1].at if len(found) > limit else UNSET,
    )


def count_waiting(view: View, asked: QueueAsked) -> WaitingCount | None:
    """How many wait; None: more than `MAX_COUNTED`.

    Raises:
        FormatError: `region` is not the code of a region.
    """
    found = _first(open_forms(view, asked), MAX_COUNTED + 1)
    if len(found) > MAX_COUNTED:
        return None
    code = asked.region
    deeper = next((level for level in LEVELS if level > len(code)), 0)
    parts = Counter(form.row.tps[:deeper] for form in found) if deeper else {}
    return WaitingCount(len(found), parts)


def open_forms(view: View, asked: QueueAsked, after: str = "") -> Iterator[OpenForm]:
    """What waits, in order, read as far as it is asked for.

    Raises:
        FormatError: `region` is not the code of a region, or `after` no place in the
            list.
    """
    parse_region(asked.region)
    reasons, before = QUEUES[asked.queue], _parse_place(asked.queue, after)
    wanted = [one for one in reasons if asked.reason in {"", one}]
    if asked.order == "place":
        code = before[1] if before else ""
        by_reason = [_wait_for(view, asked, one, code) for one in wanted]
        yield from heapq.merge(*by_reason, key=lambda form: form.row.tps)
        return
    for reason in wanted:
        here = reasons.index(reason)
        if before is None or here > before[0]:
            yield from _wait_for(view, asked, reason, "")
        elif here == before[0]:
            yield from _wait_for(view, asked, reason, before[1])


def _parse_place(queue: ReadingQueue, after: str) -> tuple[int, str] | None:
    """A place of the list: which reason of the queue, and the code; None: its head.

    Raises:
        FormatError: it is no place of this list.
    """
    if not after:
        return None
    name, _, code = after.partition(":")
    for number, reason in enumerate(QUEUES[queue]):
        if reason == name:
            return number, parse_tps(code)
    raise FormatError(Sentence("queue.not-a-place"), repr(after[:40]))


def _wait_for(
    view: View, asked: QueueAsked, reason: ReadingReason, code: str
) -> Iterator[OpenForm]:
    """What waits for one reason behind a station, by code."""
    while True:
        rows = mapreading.list_waiting(
            view,
            asked.scope.election,
            asked.scope.contest,
            asked.region,
            reason=reason,
            after=code,
            limit=_STEP,
        )
        answered = _answered(view, asked.scope, rows)
        gone = _removed(view, rows)
        for row in rows:
            form = _open(asked, reason, row, answered.get(row.tps, {}), gone)
            if form.photos:
                yield form
        if len(rows) < _STEP:
            return
        code = rows[-1].tps


def _answered(
    view: View, scope: QueryScope, rows: Sequence[StationRow]
) -> dict[str, dict[str, AnsweredPhoto]]:
    """What was answered of these stations: one question for all of them."""
    if not rows:
        return {}
    first = FormPlace(scope.election, scope.contest, rows[0].tps)
    return photoanswers.answers_between(view, first, rows[-1].tps)


def _removed(view: View, rows: Sequence[StationRow]) -> set[str]:
    """The photographs of these stations that nobody here will see any more."""
    claims = (claim for row in rows for _, claim in row.claims)
    return removed_among(view, sorted({file for one in claims for file in one.files}))


def _open(
    asked: QueueAsked,
    reason: ReadingReason,
    row: StationRow,
    answered: Mapping[str, AnsweredPhoto],
    gone: Collection[str],
) -> OpenForm:
    monitors = counted_monitors([claim for _, claim in row.claims])
    files = claims_by_file(monitors)
    wanted = unread_files(monitors) if reason == "photo" else files.keys()
    # Whoever withdraws what was read wants it read again.
    is_ours = reason != "single" and any(one.org == asked.org for one in monitors)
    left = tuple(
        file
        for file in files
        if file in wanted
        and file not in gone
        and not _is_settled(answered.get(file), is_said=is_ours)
    )
    if reason == "single" and any(
        one.answer == "read" and one.person == asked.person for one in answered.values()
    ):
        left = ()
    return OpenForm(reason, row, left, answered)


def _is_settled(given: AnsweredPhoto | None, *, is_said: bool) -> bool:
    """Whether nobody of ours need look again; `is_said`: our word on it stands."""
    if given is None:
        return False
    return is_said or given.answer != "read"


def _form(
    form: OpenForm, village: str, held: Collection[str], *, being_read: bool
) -> WaitingForm:
    row, monitors = decode_row(form.row.row), form.monitors
    files = claims_by_file(monitors)
    return WaitingForm(
        contest=row.contest,
        tps=row.tps,
        round=row.round or "",
        reason=form.reason,
        village=village,
        flags=row.flags,
        photos=[
            WaitingPhoto(
                sha256=file,
                orgs=list(dict.fromkeys(claim.org for claim in claims)),
                record=claims[0].record,
                held=file in held,
                answer=form.answered[file].answer if file in form.answered else UNSET,
            )
            for file, claims in files.items()
        ],
        being_read=being_read,
    )


def _first(forms: Iterable[OpenForm], count: int) -> list[OpenForm]:
    found: list[OpenForm] = []
    for form in forms:
        found.append(form)
        if len(found) == count:
            break
    return found
