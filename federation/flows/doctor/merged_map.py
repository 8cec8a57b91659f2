"""The merged map and its roll-ups, made again beside the old ones and compared."""

import itertools
from collections.abc import Collection
from typing import Final

from federation.flows.doctor.report import DoctorReport
from federation.flows.merge import merge_once
from federation.records.merge import RULES_VERSION
from federation.records.profile import Profile
from federation.store import mapstate, registers, rollup, scratch
from federation.store.db import Database
from federation.store.mapkey import election_range
from federation.store.mapstate import MapInputs
from federation.store.scratch import list_map
from federation.store.view import View
from federation.text import Sentence, as_said

#: Of a log that was not for everybody when the map was made nothing is copied.
_ALWAYS: Final = float("inf")


def check(
    view: View,
    beside: Database,
    election: str,
    profile: Profile | None,
    hidden: Collection[str],
    report: DoctorReport,
) -> None:
    """Every row and counter of an election's map is what its claims make of it.

    Args:
        view: The snapshot that is examined.
        beside: A database for the map that is made again.
        election: Whose map it is.
        profile: The election's, if it is known here.
        hidden: Organisations that are kept out of the map.
        report: Is told what differs.
    """
    basis = mapstate.read_basis(view, election)
    if basis is None or profile is None:
        return
    register = registers.register_digest(view, election)
    if basis != MapInputs(profile.digest, register, RULES_VERSION):
        why = Sentence("examined.map-basis")
        report.note("map-basis", election, why)
        return
    with beside.transaction(durable=False) as tx:
        scratch.copy_sources(view, tx, election)
    while merge_once(beside, {election: profile}, hidden=hidden, at=_ALWAYS):
        pass
    with beside.view() as other:
        _compare_rows(view, other, election, report)
        _compare_tables(view, other, election, report)
        _compare_counters(view, other, election, report)
        _compare_ends(view, other, election, report)


def _compare_rows(view: View, other: View, election: str, report: DoctorReport) -> None:
    pairs = itertools.zip_longest(list_map(view, election), list_map(other, election))
    for kept, made in pairs:
        report.stations += 1
        if kept == made:
            continue
        row = kept or made
        assert row is not None, "one of two is there"
        what = as_said(f"{row.contest} {row.tps}")
        report.error("merged-row", election, what)
        if not kept or not made or kept[:2] != made[:2]:
            return  # from here on every pair would differ


def _compare_tables(
    view: View, other: View, election: str, report: DoctorReport
) -> None:
    number = mapstate.find_election(view, election)
    assert number is not None, "its basis was read"
    for table in ("superseded", "merged_file"):
        if scratch.differ(view, other, table, election_range(number)):
            report.error("merged-row", election, as_said(table))


def _compare_counters(
    view: View, other: View, election: str, report: DoctorReport
) -> None:
    def counters(of: View) -> dict[tuple[str, str], dict[str, int]]:
        # A few thousand regions; a counter that came back to 0 is not there.
        return {
            (contest, region): {name: n for name, n in counts.items() if n}
            for contest, region, counts in rollup.list_regions(of, election)
        }

    kept, made = counters(view), counters(other)
    for place in sorted(kept.keys() | made.keys()):
        if kept.get(place, {}) != made.get(place, {}):
            report.error("roll-up", election, as_said(" ".join(place)))


def _compare_ends(view: View, other: View, election: str, report: DoctorReport) -> None:
    # A log of which no record is there yet, as after the first step of a pull that was
    # cut off, may be known to one and not to the other.
    kept, made = (
        {
            origin: index
            for origin, index in mapstate.vector(of, election).items()
            if index
        }
        for of in (view, other)
    )
    if kept != made:
        report.error(
            "cursor", election, Sentence("examined.not-but", found=kept, made=made)
        )
