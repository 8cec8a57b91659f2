"""`federation margin`: whether the order can still change, and what to see first."""

import sys

import click

from federation.cli.arguments import find_scope, scope_options
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.show.place import find_region
from federation.flows.query.cells import format_csv
from federation.flows.query.margin import (
    MarginAnswer,
    MarginChoice,
    MarginLine,
    answer_margin,
    first_table,
    say_assumed,
    say_disputed,
    say_outside,
    say_stations,
    say_turning,
)
from federation.flows.query.margincount import count_knowledge
from federation.flows.query.scope import read_names
from federation.flows.query.state import sources
from federation.flows.query.table import Credit
from federation.records.margin import BASES, Basis
from federation.store import mapreading


@click.command("margin", cls=Command, help="margin.help")
@click.argument("place", nargs=-1)
@click.option(
    "--basis", type=click.Choice(BASES), default=BASES[0],
    help="margin.option-basis", show_default=True,
)  # fmt: skip
@click.option("--against", default="", help="margin.option-against")
@click.option(
    "--limit", type=click.IntRange(0, 1_000_000), default=10,
    help="views.option-limit", show_default=True,
)  # fmt: skip
@click.option("--csv", "is_csv", is_flag=True, help="margin.option-csv")
@scope_options
@command_options
def margin(  # noqa: PLR0913  one argument per option
    run: Run,
    place: tuple[str, ...],
    *,
    basis: Basis,
    against: str,
    limit: int,
    is_csv: bool,
    election: str,
    contest: str,
) -> int:
    """Whether the order of a region can change."""
    asked = find_scope(run, election, contest)
    choice = MarginChoice(basis=basis, against=against, limit=limit)
    with run.open_database().view() as view:
        region = find_region(run, view, asked.election, place)
        if region is None:
            return NEGATIVE
        answer = answer_margin(
            view,
            asked,
            region,
            lambda by: count_knowledge(view, asked, region, by, limit),
            mapreading.map_digest(view, asked.election),
            choice,
        )
        if is_csv:
            codes = [station.tps for station in answer.first]
            names = read_names(view, asked.election, codes)
            credit = Credit(answer.cursor, sources(view, asked.election, run.settings))
            table = first_table(answer, names, credit)
            sys.stdout.buffer.write(format_csv([table.columns, *table.rows]))
            return OK
    most = asked.profile.most_assumed
    run.out.show(answer, lambda: _print(run, answer, most))
    return OK


def _print(run: Run, answer: MarginAnswer, most: int) -> None:
    t, out = run.t, run.out
    place = answer.region.name or answer.region.code or t("page.nation")
    out.line(f"{place}  ({answer.election} {answer.contest})")
    if not answer.listed:
        out.line(t("margin.unlisted"))
        return
    for told in answer.bases:
        rows = [_row(run, line) for line in told.margins]
        if rows:
            names = ("pair", "known", "least", "most", "needed")
            headers = [t(f"margin.{name}") for name in names]
            title = t(f"margin.basis_{told.basis}")
            out.table(headers, rows, title=title, right=range(1, len(names)))
            closest = told.margins[0]
            out.line(closest.sentence[t.language])
            if turning := say_turning(t, closest):
                out.line(turning)
            for said in (say_outside(t, told), say_disputed(t, told)):
                if said:
                    out.line(said)
        else:
            out.line(t(f"margin.basis_{told.basis}"))
            out.line(t("margin.nobody"))
        out.line(say_stations(t, told))
        if assumed := say_assumed(t, told, most):
            out.line(assumed)
    _print_first(run, answer)
    out.line(t("margin.source", digest=answer.digest))


def _row(run: Run, line: MarginLine) -> list[str]:
    needed = line.needed if isinstance(line.needed, int) else None
    return [
        f"{line.first} – {line.other}",
        *(run.out.number(n) for n in (line.known, line.least, line.most)),
        "–" if needed is None else run.out.number(needed),
    ]


def _print_first(run: Run, answer: MarginAnswer) -> None:
    if not answer.first:
        return
    told = next(told for told in answer.bases if told.basis == answer.basis)
    pair = {"first": told.margins[0].first, "other": answer.against}
    t = run.t
    run.out.table(
        [
            t("views.code"),
            t("views.state"),
            t("margin.ahead", **pair),
            t("margin.gain"),
        ],
        [
            [
                station.tps,
                t("page.status_disputed" if station.groups else "margin.unseen"),
                f"{station.ahead[0]} … {station.ahead[1]}",
                station.gain,
            ]
            for station in answer.first
        ],
        title=t("margin.first", **pair),
        right=(2, 3),
    )
