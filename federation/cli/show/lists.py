"""`federation gaps` and `disputed`: where nobody has been, where monitors differ."""

from collections.abc import Callable
from typing import TypeVar

import click
from msgspec import UnsetType

from federation.cli.arguments import find_scope, page_options, scope_options
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.show.station import print_contest
from federation.flows.query import answers, lists

F = TypeVar("F", bound=Callable[..., object])


def _paged(function: F) -> F:
    """The command with `--region`, `--limit` and `--after`."""
    region = click.option("--region", default="", help="views.option-region")
    return region(page_options(50, "views.option-after")(function))


@click.command("gaps", cls=Command, help="views.help-gaps")
@_paged
@scope_options
@command_options
def gaps(
    run: Run, region: str, limit: int, after: str, election: str, contest: str
) -> None:
    """Where nobody has been."""
    scope = find_scope(run, election, contest)
    with run.open_database().view() as view:
        answer = lists.gaps(view, scope, region, after, limit)
    run.out.show(answer, lambda: _print_gaps(run, answer))


@click.command("disputed", cls=Command, help="views.help-disputed")
@_paged
@scope_options
@command_options
def disputed(
    run: Run, region: str, limit: int, after: str, election: str, contest: str
) -> None:
    """Where monitors differ."""
    scope = find_scope(run, election, contest)
    with run.open_database().view() as view:
        answer = lists.disputed(view, scope, region, after, limit)

    def human() -> None:
        for station in answer.disputed:
            run.out.line(run.t("views.station", tps=station.tps))
            print_contest(run, station)
        if not answer.disputed:
            run.out.line(run.t("views.no-disputed"))
        _print_more(run, answer.next)

    run.out.show(answer, human)


def _print_gaps(run: Run, answer: answers.GapsAnswer) -> None:
    t = run.t
    if not answer.register:
        run.out.line(t("page.gaps_unlisted"))
        return
    if not answer.gaps:
        run.out.line(t("views.no-gaps"))
        return
    rows = [(gap.tps, gap.village, gap.voters or None) for gap in answer.gaps]
    headers = [t("views.code"), t("views.village"), t("views.voters")]
    run.out.table(headers, rows, right=(2,))
    _print_more(run, answer.next)


def _print_more(run: Run, following: str | UnsetType) -> None:
    if following:
        run.out.note(run.t("views.more", after=following))
