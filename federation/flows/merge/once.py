"""One batch of each election that is behind: the transaction that moves the cursor."""

from collections.abc import Collection, Mapping
from typing import Final

from msgspec.structs import replace

from federation.flows.merge.batch import ClaimBatch
from federation.flows.merge.follow import next_claims
from federation.flows.merge.parts import PartMerger
from federation.flows.merge.places import ClaimPage, note_places
from federation.flows.merge.plan import Plan, current_basis, make_plan
from federation.records.profile import Profile
from federation.store import maprows, mapstate, officialchanges, rollup
from federation.store.db import Database
from federation.store.mapstate import MapInputs
from federation.store.view import Transaction

BATCH = 10_000
#: Of a batch beside which others have something to store: about as long as
#: `store/following.py` holds the writer.
BATCH_BESIDE: Final = 2_000
_HERE: Final = PartMerger()


def merge_once(  # noqa: PLR0913, PLR0917  what is merged, by which rules, when, and where
    db: Database,
    profiles: Mapping[str, Profile],
    limit: int = BATCH,
    hidden: Collection[str] = frozenset(),
    now: int | None = None,
    at: float | None = None,
    merger: PartMerger = _HERE,
) -> int:
    """Merge one batch of each election that is behind; call it again until it gives 0.

    Args:
        db: Its writer thread is the caller's.
        profiles: By election; what has none is not merged.
        limit: About how many claims one batch takes.
        hidden: Organisations whose statements stay out of the map.
        now: Unix seconds, for alarms; None: an audit, which raises none.
        at: Unix seconds, when logs must be for everybody to be in it; None: `now`, or
            without such as are public from a time on.
        merger: Does what may be done in other processes.

    Returns:
        How many leaves the cursors moved over; 0 when nothing was behind.
    """
    moved, at = 0, at or now or 0
    for election, profile in sorted(profiles.items()):
        # Asked on a view first: being up to date must not cost a write.
        with db.view() as view:
            plan = make_plan(view, election, profile, hidden, at)
        if not plan.is_idle():
            with db.transaction() as tx:
                plan = make_plan(tx, election, profile, hidden, at)
                if plan.restart:
                    _clear(tx, election, current_basis(tx, election, profile))
                    plan = make_plan(tx, election, profile, hidden, at)
                batch, pages, steps = _merge_batch(tx, election, profile, plan, limit)
                batch.finish(now, merger)
                note_places(tx, election, limit, pages)
                moved += steps
    return moved


def _clear(tx: Transaction, election: str, basis: MapInputs) -> None:
    number = mapstate.add_election(tx, election, basis)
    maprows.clear(tx, number)
    officialchanges.clear(tx, number)
    rollup.clear(tx, election)
    mapstate.restart(tx, election, basis)


def _merge_batch(
    tx: Transaction, election: str, profile: Profile, plan: Plan, limit: int
) -> tuple[ClaimBatch, list[ClaimPage], int]:
    """The batch, not yet written, what was read, over how many leaves cursors move."""
    basis = current_basis(tx, election, profile)
    batch = ClaimBatch(
        tx, election, mapstate.add_election(tx, election, basis), profile
    )
    behind = sum(step.end > step.position.index for step in plan.steps)
    moved, pages = 0, list[ClaimPage]()
    for step in plan.steps:
        index = step.position.index
        if step.end > index:
            # A share for each log: those in the same order travel together, and a
            # station that three logs name is written once.
            share = max(1, limit // behind)
            claims, index = next_claims(tx, step, share, profile)
            batch.take(step.log.id, claims, step.position.counted)
            page = ClaimPage(step.log.id, step.position.index, index, claims)
            pages.append(page)
        to = replace(step.position, index=index)
        mapstate.move(tx, batch.number, step.log.id, to)
        moved += index - step.position.index
    return batch, pages, moved
