"""`federation kpu`: what changed in KPU's figures, and what still differs."""

from pathlib import Path
from typing import get_args

import click

from federation.cli.arguments import find_scope, page_options, scope_options
from federation.cli.context import Run, command_options
from federation.cli.export.rows import write_rows_to
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.show.place import find_region
from federation.flows.query.answers import Votes
from federation.flows.query.kpu import ask_kpu
from federation.flows.query.kpuanswers import (
    KpuAnswer,
    KpuChange,
    ListedChanges,
    say_differing,
)
from federation.flows.query.kputable import KpuExport
from federation.records.officialchange import COMPARISONS, KINDS
from federation.records.timezones import tell_local
from federation.store.officialchanges import ChangeOrder

_LISTED = tuple(
    word for part in get_args(ListedChanges) for word in (get_args(part) or (part,))
)


@click.command("kpu", cls=Command, help="kpu.help")
@click.argument("place", nargs=-1)
@click.option(
    "--kind", type=click.Choice([word for word in _LISTED if word]), default=None,
    help="kpu.option-kind",
)  # fmt: skip
@click.option("--org", default="", help="kpu.option-org")
@click.option(
    "--sort", type=click.Choice([word for word in get_args(ChangeOrder) if word]),
    default=None, help="kpu.option-sort",
)  # fmt: skip
@click.option(
    "--csv", "path", type=click.Path(dir_okay=False, path_type=Path),
    help="kpu.option-csv",
)  # fmt: skip
@page_options(50, "kpu.option-after", 1_000)
@scope_options
@command_options
def kpu(  # noqa: PLR0913, PLR0917  one argument per option
    run: Run,
    place: tuple[str, ...],
    kind: ListedChanges | None,
    org: str,
    sort: ChangeOrder | None,
    path: Path | None,
    limit: int,
    after: str,
    election: str,
    contest: str,
) -> int:
    """What changed in KPU's figures of a region."""
    scope, now = find_scope(run, election, contest), int(run.clock())
    with run.open_database().view() as view:
        region = find_region(run, view, scope.election, place)
        if region is None:
            return NEGATIVE
        if path is not None:
            rows = KpuExport(view, run.settings, scope, now, region, kind or "", org)
            count = write_rows_to(path, run, view, rows, "csv")
            text = run.t("export.done", count=count, path=path, cursor=rows.cursor)
            told = {"rows": count, "path": str(path), "cursor": rows.cursor}
            run.out.show(told, lambda: run.out.note(text))
            return OK
        which = region, kind or "", org
        answer = ask_kpu(view, scope, now, *which, after, limit, sort or "")
    run.out.show(answer, lambda: _print(run, answer))
    return OK


def _print(run: Run, answer: KpuAnswer) -> None:
    t, counts = run.t, answer.counts
    if not answer.snapshots:
        run.out.line(t("kpu.nothing"))
        return
    _print_snapshots(run, answer)
    rows: list[tuple[str, int]] = [(t("kpu.kind_wrong"), counts.wrong)]
    rows += [(t(f"kpu.kind_{kind}"), counts.kinds[kind]) for kind in KINDS]
    rows += [
        (t("kpu.appeared-so", compared=t(f"kpu.compared_{how}")), counts.appeared[how])
        for how in COMPARISONS
        if counts.appeared[how]
    ]
    rows.append((t("kpu.kind_apart"), counts.apart))
    run.out.table([t("kpu.what"), t("kpu.count")], rows, right=(1,))
    if answer.due:
        run.out.note(t("kpu.due", count=t.number(answer.due)))
    if answer.differing:
        run.out.line(say_differing(t, answer.differing))
    if answer.changes:
        _print_changes(run, answer)
    else:
        run.out.line(t("kpu.none"))
    if answer.next:
        run.out.note(t("views.more", after=answer.next))


def _print_snapshots(run: Run, answer: KpuAnswer) -> None:
    t, place = run.t, answer.region.code
    headers = [t("kpu.org"), t("kpu.changes"), t("kpu.first"), t("kpu.last")]
    rows = [
        (
            one.org,
            one.changes,
            tell_local(one.first, place),
            tell_local(one.last, place),
        )
        for one in answer.snapshots
    ]
    run.out.table(headers, rows, right=(1,))


def _print_changes(run: Run, answer: KpuAnswer) -> None:
    t = run.t
    keys = ("what", "before", "now", "monitors", "published", "org")
    rows = [
        (
            change.tps,
            answer.names.get(change.tps[:10], ""),
            _what(run, change),
            _votes(change.before or {}),
            _votes(change.now or {}),
            " / ".join(_votes(group.votes) for group in change.groups),
            tell_local(change.published, change.tps),
            change.org,
        )
        for change in answer.changes
    ]
    headers = [t("kpu.station"), t("views.village"), *(t(f"kpu.{key}") for key in keys)]
    run.out.table(headers, rows)


def _what(run: Run, change: KpuChange) -> str:
    """What it changed, how it compares, since when it differs."""
    t = run.t
    words = [t(f"kpu.kind_{change.kind}")]
    if change.kind != "withdrawn":
        words.append(t(f"kpu.compared_{change.compared}"))
    if change.differs_since:
        since = tell_local(change.differs_since, change.tps)
        words.append(t("kpu.days", since=since, count=t.number(change.days or 0)))
    if change.apart:
        words.append(t("kpu.kind_apart"))
    return ", ".join(words)


def _votes(votes: Votes) -> str:
    return " ".join(f"{number}={count}" for number, count in sorted(votes.items()))
