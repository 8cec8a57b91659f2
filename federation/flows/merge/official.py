"""What changed in KPU's figures, noted behind the rows of the map.

Rule: for every row of the map of which a batch has seen a statement of KPU's figures,
in transactions of their own, so that no map waits for it. A row's changes are a
function of the statements that it follows from, those that they replaced, and the
monitors' groups; only the times stand in the leaves alone, and are read once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

from federation.errors import FormatError, NotFoundError
from federation.records.claim import Claim
from federation.records.merge import Group, decode_row
from federation.records.officialchange import (
    OfficialChange,
    OfficialStatement,
    follow_statements,
)
from federation.records.sealed import LeafTimes, leaf_times
from federation.records.slots import LatestClaim
from federation.store import claims, leaves, logs, maprows, officialchanges
from federation.store.db import Database
from federation.store.maprows import StoredRow
from federation.store.officialchanges import OfficialRow
from federation.store.view import Transaction, View
from federation.tlog.tile import WIDTH

BATCH: Final = 5_000
#: So many replaced statements are held at once, but for those of one row more.
_TOGETHER: Final = 5_000
LeafPlace: TypeAlias = tuple[int, int]  # log, index
_UNKNOWN: Final = LeafTimes(0, 0)


class _OrgSnapshot(NamedTuple):
    """What one organisation copied from KPU of one station, in one round."""

    key: int
    org: str
    round: str
    changes: list[OfficialChange]


def follow_official(db: Database, limit: int = BATCH) -> int:
    """Look at the next rows of the map that are due; call it again until it gives 0.

    Args:
        db: Its writer thread is the caller's.
        limit: At most so many rows.

    Returns:
        How many rows were looked at.
    """
    with db.view() as view:
        # Asked on a view first: being up to date must not cost a write.
        if not officialchanges.list_due(view, 1):
            return 0
    with db.transaction() as tx:
        keys = officialchanges.list_due(tx, limit)
        _note(tx, keys)
    return len(keys)


def _note(tx: Transaction, keys: Sequence[int]) -> None:
    known = {
        (row.log_id, row.index): LeafTimes(row.recorded, row.at)
        for row in officialchanges.read_rows(tx, keys)
        if row.recorded
    }
    officialchanges.replace_rows(tx, keys, make_official(tx, keys, known))


def make_official(
    view: View, keys: Sequence[int], known: Mapping[LeafPlace, LeafTimes]
) -> list[OfficialRow]:
    """What follows from these rows of the map.

    Args:
        view: The snapshot.
        keys: Of the map.
        known: Times that were read before; all others are read from the leaves.
    """
    held = maprows.load(view, keys)
    snapshots = list(_SnapshotReader(view).read(held[key] for key in sorted(held)))
    times = _read_times(view, known, snapshots)
    apart = _find_apart(snapshots)
    return [
        _row(snapshot, change, times, is_apart=snapshot[:3] in apart)
        for snapshot in snapshots
        for change in snapshot.changes
    ]


class _RowHistory(NamedTuple):
    """A row, the statements of KPU's figures that stand there, and what was replaced.

    Of what was replaced only the places: the statements of many rows are read together.
    """

    row: StoredRow
    standing: list[LatestClaim]
    replaced: list[LeafPlace]


class _SnapshotReader:
    """Who said what of KPU's figures, one after another."""

    def __init__(self, view: View) -> None:
        self._view = view
        #: The logs of an organisation's election: one that ended, and its successor.
        self._beside: dict[int, list[int]] = {}
        of = defaultdict[tuple[str, str], list[int]](list)
        for log in logs.list_logs(view):
            of[log.org, log.election].append(log.id)
            self._beside[log.id] = of[log.org, log.election]

    def read(self, rows: Iterable[StoredRow]) -> Iterator[_OrgSnapshot]:
        """Each organisation's, of each row and round, with what it changed.

        Rows of one snapshot of KPU's lie in few bundles: those of many rows are read
        together, as to read one claim is to unpack all of its bundle.
        """
        together, count = list[_RowHistory](), 0
        for row in rows:
            standing = [slot for slot in row.slots if slot.claim.official]
            if not standing:
                continue
            together.append(_RowHistory(row, standing, self._list(row.key, standing)))
            count += len(together[-1].replaced)
            if count >= _TOGETHER:
                yield from self._follow_rows(together)
                together, count = [], 0
        yield from self._follow_rows(together)

    def _list(self, key: int, standing: Iterable[LatestClaim]) -> list[LeafPlace]:
        """Where what was replaced stands, of the logs of those who say something."""
        return [
            (log_id, index)
            for log_id in {
                log for slot in standing for log in self._beside[slot.log_id]
            }
            for index in maprows.list_superseded(self._view, key, log_id)
        ]

    def _follow_rows(self, together: Sequence[_RowHistory]) -> Iterator[_OrgSnapshot]:
        places = [place for history in together for place in history.replaced]
        said = {
            place: LatestClaim(place[0], claim)
            for place, claim in claims.read_at(self._view, places)
            if claim.official
        }
        for history in together:
            merged = decode_row(history.row.row)
            earlier = _in_order(said[one] for one in history.replaced if one in said)
            for slot in history.standing:
                claim = slot.claim
                groups = merged.groups if merged.round == claim.round else []
                changes = _follow([*earlier[claim.org, claim.round], slot], groups)
                if changes:
                    key = history.row.key
                    yield _OrgSnapshot(key, claim.org, claim.round, changes)


def _in_order(
    replaced: Iterable[LatestClaim],
) -> Mapping[tuple[str, str], list[LatestClaim]]:
    """By organisation and round, in the order in which it was said."""
    found = defaultdict[tuple[str, str], list[LatestClaim]](list)
    for said in replaced:
        found[said.claim.org, said.claim.round].append(said)
    for line in found.values():
        line.sort(key=lambda said: (said.claim.rank, said.claim.index))
    return found


def _follow(
    said: Iterable[LatestClaim], groups: Sequence[Group]
) -> list[OfficialChange]:
    return follow_statements(
        (_statement(slot.log_id, slot.claim) for slot in said), groups
    )


def _statement(log_id: int, claim: Claim) -> OfficialStatement:
    return OfficialStatement((log_id, claim.index), claim.votes, claim.complete)


def _read_times(
    view: View,
    known: Mapping[LeafPlace, LeafTimes],
    snapshots: Iterable[_OrgSnapshot],
) -> dict[LeafPlace, LeafTimes]:
    """When each of these statements was said: as noted before, else from its leaf."""
    times = dict(known)
    bundles = defaultdict[LeafPlace, list[LeafPlace]](list)
    for snapshot in snapshots:
        for change in snapshot.changes:
            log_id, index = place = change.statement.place
            if place not in times:
                bundles[log_id, index // WIDTH].append(place)
    # A bundle at a time: to read one leaf of it is to unpack all.
    for (log_id, _), places in sorted(bundles.items()):
        indexes = [index for _, index in places]
        first, last = min(indexes), max(indexes)
        try:
            lines = leaves.read_leaves(view, log_id, first, last + 1)
        except (FormatError, NotFoundError):
            continue  # what is damaged here is told elsewhere
        for place in places:
            times[place] = leaf_times(lines[place[1] - first])
    return times


def _find_apart(snapshots: Iterable[_OrgSnapshot]) -> set[tuple[int, str, str]]:
    """Those of which another organisation's says something else now."""
    beside = defaultdict[tuple[int, str], dict[str, str]](dict)
    for key, org, name, changes in snapshots:
        beside[key, name][org] = changes[-1].statement.votes
    return {
        (key, org, name)
        for (key, name), votes in beside.items()
        if len(set(votes.values())) > 1
        for org in votes
    }


def _row(
    snapshot: _OrgSnapshot,
    change: OfficialChange,
    times: Mapping[LeafPlace, LeafTimes],
    *,
    is_apart: bool,
) -> OfficialRow:
    log_id, index = change.statement.place
    recorded, _ = times.get(change.statement.place, _UNKNOWN)
    before_log, before_index = change.before.place if change.before else (None, None)
    since = change.differs_since
    return OfficialRow(
        key=snapshot.key,
        log_id=log_id,
        index=index,
        org=snapshot.org,
        round=snapshot.round,
        kind=change.kind,
        was=change.was,
        compared=change.compared,
        at=_moment(times, change.statement.place),
        recorded=recorded,
        before_log=before_log,
        before_index=before_index,
        since=None if since is None else _moment(times, since),
        is_standing=change.is_standing,
        is_apart=is_apart and change.is_standing,
    )


def _moment(times: Mapping[LeafPlace, LeafTimes], place: LeafPlace) -> int:
    """When KPU published it, as far as its record says, else when it was signed."""
    recorded, observed = times.get(place, _UNKNOWN)
    return observed or recorded
