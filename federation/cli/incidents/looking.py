"""`federation incidents list` and `show`: what is known here, ours and partners'.

Rule: with `--json` the output is what `/v1/incidents` answers, byte for byte, on
the same day. The database is only read.
"""

from typing import Any, Unpack

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.incidents.asked import (
    AskedIncidents,
    list_options,
    note_behind,
    read_filter,
)
from federation.cli.incidents.duedates import due_dates
from federation.cli.incidents.named import read_name
from federation.flows.incidents.answers import (
    IncidentSaid,
    ShownIncident,
    find_incident,
    list_incidents,
)
from federation.flows.incidents.merged import FoundIncident
from federation.records.deadline import DeadlineNow
from federation.records.incidentmerge import MergedIncident
from federation.records.readers import THIS_MACHINE
from federation.records.timezones import tell_local

_MOST_PAIRS = 20
_NAMED = ("duplicate_of", "agency", "reference", "outcome", "reason", "way")


@click.command("list", cls=Command, help="incidents.help-list")
@list_options
@command_options
def list_all(run: Run, *, limit: int, **asked: Unpack[AskedIncidents]) -> None:
    """Those that are known here."""
    which = read_filter(run, **asked)
    with run.open_database().view() as view:
        note_behind(run, view)
        answer = list_incidents(view, THIS_MACHINE, which, limit, due_dates(run))
    run.out.show(answer, lambda: _print(run, answer.incidents, answer.next))


@click.command("show", cls=Command, help="incidents.help-show")
@click.argument("name")
@command_options
def show(run: Run, *, name: str) -> None:
    """One of them, with its history."""
    asked = read_name(run, name)
    with run.open_database().view() as view:
        note_behind(run, view)
        found = find_incident(view, THIS_MACHINE, asked, due_dates(run))
    run.out.show(found, lambda: _print_one(run, found))


def _print(run: Run, incidents: tuple[ShownIncident, ...], following: str) -> None:
    t = run.t
    if not incidents:
        run.out.line(t("incidents.none"))
        return
    headers = ("reported", "incident", "category", "place", "summary", "states", "due")
    rows = [
        (
            tell_local(one.said["reported_at"], _place(one)),
            one.incident,
            t(f"verifier.category_{one.said['category']}"),
            _place(one),
            one.said["summary"],
            "; ".join(f"{said.org}: {_state(run, said)}" for said in one.standing),
            tell_due(run, one.due),
        )
        for one in incidents
    ]
    run.out.table([t(f"incidents.column-{name}") for name in headers], rows)
    if following:
        run.out.note(t("views.more", after=following))


def _place(one: ShownIncident) -> str:
    """The code of the station, or of the region, that it is about."""
    return str(one.said.get("tps") or one.said["region"])


def tell_due(run: Run, due: DeadlineNow | None) -> str:
    """How long there is, in one line; of what rests on nobody's word, that too."""
    if due is None:
        return ""
    told = run.t.say(due.tell_days())
    return f"{told} ({run.t('incidents.assumed')})" if due.is_assumed else told


def _state(run: Run, said: IncidentSaid) -> str:
    member = "stage" if "stage" in said.said else "status"
    return run.t(f"verifier.{member}_{said.said[member]}")


def _print_one(run: Run, found: ShownIncident) -> None:
    t, out = run.t, run.out
    out.line(found.incident)
    place = _place(found)
    for name, value in found.said.items():
        # Times of a record are named so, in every type.
        is_time = name.endswith("_at")
        told = tell_local(value, place) if is_time else _plain(value)
        shown = t.word(f"verifier.{name}_{value}", told)
        out.line(f"  {t.word(f'verifier.fact_{name}', name)}: {shown}")
    if found.due is not None:
        until = "; ".join(t.say(one) for one in found.due.tell())
        out.line(f"  {t('incidents.column-due')}: {until}")
    if found.flags:
        told = ", ".join(t(f"incidents.flag-{flag}") for flag in found.flags)
        out.line(f"  {t('incidents.column-flags')}: {told}")
    out.line(t("incidents.history"))
    for one in found.history or ():
        words = [f"{tell_local(one.recorded_at, place)} {one.org}"]
        if "summary" in one.said:
            words.append(str(one.said["summary"]))
        else:
            words.append(_state(run, one))
        named = [(name, one.said[name]) for name in _NAMED if name in one.said]
        words += [t.word(f"verifier.{name}_{it}", _plain(it)) for name, it in named]
        out.line("  " + " · ".join(words))
    if found.merged is not None:
        _print_merged(run, found.merged)


def _print_merged(run: Run, found: FoundIncident) -> None:
    """The incident that it is part of, with what is said of the pairs."""
    t, out, row = run.t, run.out, found.merged
    out.line(t("incidents.part-of", incident=row.incident, digest=found.digest))
    for report in row.reports:
        out.line(f"  {report.org}/{report.id}")
    _print_standing(run, row)
    for pair in row.pairs[:_MOST_PAIRS]:
        said = "; ".join(
            f"{it.org}: {t(f'verifier.status_{it.status}')}" for it in pair.said
        )
        standing = t(f"incidents.pair-{pair.standing}")
        out.line(f"  {pair.one} = {pair.other}: {standing} ({said})")
    if rest := len(row.pairs[_MOST_PAIRS:]):
        out.line("  " + t("incidents.more-pairs", count=rest))
    for agency in row.referrals:
        if agency.double:
            orgs = ", ".join(sorted({it.org for it in agency.said}))
            out.line("  " + t("incidents.double", agency=agency.agency, orgs=orgs))
    if row.contradicted:
        out.line("  " + t("incidents.contradicted"))
    if found.is_cut:
        out.line("  " + t("incidents.cut"))


def _print_standing(run: Run, row: MergedIncident) -> None:
    """What is said of its reports: of the others it is in no history of this one."""
    told = [
        (one.org, run.t(f"verifier.status_{one.status}"), one.agency, one.reference)
        for one in row.statuses
    ]
    for at in row.referrals:
        told += [
            (one.org, run.t(f"verifier.stage_{one.stage}"), at.agency, one.reference)
            for one in at.said
        ]
    for line in told if len(row.reports) > 1 else ():
        run.out.line("  " + " · ".join(str(part) for part in line if part))


def _plain(value: Any) -> str:  # noqa: ANN401  a member of a record
    if isinstance(value, list | tuple):  # evidence
        return ", ".join(one["sha256"] for one in value)
    if isinstance(value, dict):
        return f"{value['org']}/{value['id']}"
    return str(value)
