"""`federation incidents merged`, `digest`, `duplicates`: what is, or may be, one thing.

Rule: with `--json` the output of `merged` and `duplicates` is what
`/v1/incidents/merged` and `/v1/incidents/duplicates` answer, byte for byte. The
database is only read.
"""

from typing import Unpack

import click

from federation.cli.arguments import find_scope
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.incidents.asked import (
    MOST,
    AskedIncidents,
    list_options,
    note_behind,
    read_filter,
)
from federation.cli.incidents.duedates import due_dates
from federation.flows.incidents.answers import readable_logs
from federation.flows.incidents.digest import IncidentsDigest, digest_incidents
from federation.flows.incidents.merged import FoundIncident
from federation.flows.incidents.mergedlist import list_merged
from federation.flows.incidents.proposals import ProposedPair, list_proposals
from federation.records.incidentlikeness import PROPOSED
from federation.records.incidentmerge import MERGED_STATES
from federation.records.readers import THIS_MACHINE
from federation.records.timezones import tell_local
from federation.store.incidents import noted_up_to


@click.command("merged", cls=Command, help="incidents.help-merged")
@list_options
@click.option(
    "--status", type=click.Choice(MERGED_STATES), help="reports.option-status"
)
@click.option("--agency", default="", help="reports.option-agency")
@command_options
def merged(
    run: Run,
    *,
    limit: int,
    status: str | None,
    agency: str,
    **asked: Unpack[AskedIncidents],
) -> None:
    """Those of one thing as one."""
    which = read_filter(run, **asked)._replace(agency=agency)
    with run.open_database().view() as view:
        note_behind(run, view)
        due = due_dates(run)
        answer = list_merged(view, THIS_MACHINE, which, limit, status or "", due)
    run.out.show(answer, lambda: _print_merged(run, answer.incidents, answer.next))


def _print_merged(
    run: Run, incidents: tuple[FoundIncident, ...], following: str
) -> None:
    t = run.t
    if not incidents and not following:
        run.out.line(t("incidents.none"))
        return
    headers = (
        "incident",
        "reports",
        "category",
        "place",
        "summary",
        "states",
        "digest",
    )
    rows = [
        (
            f"{one.merged.incident}",
            str(len(one.merged.reports)),
            ", ".join(t(f"verifier.category_{it}") for it in one.merged.categories),
            ", ".join(one.merged.places),
            one.reports[0].summary,
            _told_status(run, one),
            one.digest[:16],
        )
        for one in incidents
    ]
    run.out.table([t(f"incidents.column-{name}") for name in headers], rows)
    if following:
        run.out.note(t("views.more", after=following))


def _told_status(run: Run, found: FoundIncident) -> str:
    """The furthest that those who reported it say, and whether they contradict."""
    t, row = run.t, found.merged
    told = " / ".join(t(f"verifier.status_{status}") for status in row.status)
    if row.contradicted:
        told += f" ({t('incidents.contradicted')})"
    return told or t("incidents.no-status")


@click.command("digest", cls=Command, help="incidents.help-digest")
@click.option("--election", default="", help="views.option-election")
@command_options
def digest(run: Run, *, election: str) -> None:
    """One over all of them, to be compared with a partner's."""
    asked = find_scope(run, election).election
    with run.open_database().view() as view:
        note_behind(run, view)
        readable = readable_logs(view, THIS_MACHINE, asked)
        count = sum(noted_up_to(view, log_id) for log_id in readable)
        with run.out.progress(count, run.t("incidents.merging")) as advance:
            found = digest_incidents(view, THIS_MACHINE, asked, advance)
    run.out.show(found, lambda: _print_digest(run, found))


def _print_digest(run: Run, found: IncidentsDigest) -> None:
    t, out = run.t, run.out
    out.line(found.digest)
    counts = {"reports": found.reports, "incidents": found.incidents}
    out.line(t("incidents.digest-of", rules=found.rules, **counts))
    for origin, size in found.vector.items():
        out.line(f"  {origin}: {size}")


@click.command("duplicates", cls=Command, help="incidents.help-duplicates")
@click.option("--region", default="", help="incidents.option-under")
@click.option(
    "--least",
    default=PROPOSED,
    type=click.IntRange(1, 100),
    help="incidents.option-least",
    show_default=True,
)
@click.option(
    "--limit",
    default=200,
    type=click.IntRange(1, MOST),
    help="incidents.option-looked-at",
    show_default=True,
)
@click.option("--after", default="", help="queue.option-after")
@click.option("--election", default="", help="views.option-election")
@command_options
def duplicates(
    run: Run, *, least: int, limit: int, **asked: Unpack[AskedIncidents]
) -> None:
    """Those that may be of one thing."""
    which = read_filter(run, **asked)
    with run.open_database().view() as view:
        note_behind(run, view)
        answer = list_proposals(view, THIS_MACHINE, which, limit, least)
    run.out.show(answer, lambda: _print_proposals(run, answer.pairs, answer.next))


def _print_proposals(run: Run, pairs: tuple[ProposedPair, ...], following: str) -> None:
    t, out = run.t, run.out
    if not pairs:
        out.line(t("incidents.no-duplicates"))
    for pair in pairs:
        why = ", ".join(
            f"{t(f'incidents.likeness-{one.reason}')} ({one.points:+})"
            for one in pair.reasons
        )
        out.line(t("incidents.proposed", score=pair.score, why=why))
        for one in (pair.one, pair.other):
            when = tell_local(one.happened_at, one.place)
            told = (one.incident, when, one.place, one.summary)
            out.line("  " + " · ".join(told))
        for said in pair.said:
            out.line(f"  {said.org}: {t(f'verifier.status_{said.status}')}")
    if pairs:
        out.note(t("incidents.decide"))
    if following:
        out.note(t("views.more", after=following))
