"""`federation pictures`: what stands behind the pictures of a region."""

import click

from federation.cli.arguments import find_scope, scope_options
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.flows.query.pictures.answers import (
    PICTURES,
    WHOSE,
    Picture,
    PicturesAnswer,
    UntimedStations,
    add_dots,
    answer_pictures,
    read_candidate,
)
from federation.flows.query.pictures.shelf import PictureShelf
from federation.flows.query.pictures.tables import picture_table
from federation.flows.query.region import count_expected, require_region
from federation.flows.query.scope import places
from federation.flows.query.table import Credit
from federation.records.timezones import tell_local

#: More stations than any country has: a command counts all at once.
_ALL = 1 << 40
#: What a table has at its end for whoever cuts it out of its file.
_CREDITS = 3


@click.command("pictures", cls=Command, help="pictures.help")
@click.argument("region", default="")
@click.option("--picture", type=click.Choice(PICTURES), help="pictures.option-picture")
@click.option("--candidate", default="", help="pictures.option-candidate")
@click.option(
    "--whose", type=click.Choice(WHOSE), default=WHOSE[0],
    help="pictures.option-whose", show_default=True,
)  # fmt: skip
@scope_options
@command_options
def pictures(  # noqa: PLR0913, PLR0917  one argument per option
    run: Run,
    region: str,
    picture: Picture | None,
    candidate: str,
    whose: str,
    election: str,
    contest: str,
) -> None:
    """The tables behind the pictures of a region."""
    asked = find_scope(run, election, contest)
    now = int(run.clock())
    with run.open_database().view() as view:
        require_region(view, asked, region)
        candidate = read_candidate(asked, region, candidate)
        counted = PictureShelf().read(view, asked, region, now, _ALL)
        place = places(view, asked.election, [region])[0]
        register = count_expected(view, asked, region)
        told = answer_pictures(asked, place, register, counted, now, candidate, whose)
        answer = add_dots(view, asked, told)
    run.out.show(answer, lambda: _print(run, answer, picture))


def _print(run: Run, answer: PicturesAnswer, picture: Picture | None) -> None:
    for name in PICTURES if picture is None else (picture,):
        table = picture_table(answer, name, Credit(answer.cursor, []))
        shown = slice(2, -_CREDITS)
        columns = table.columns[shown]
        rows = [row[shown] for row in table.rows]
        if columns[0] == "until":
            place = answer.region.code
            rows = [[tell_local(str(row[0]), place), *row[1:]] for row in rows]
        run.out.table(
            columns,
            rows,
            title=run.t(f"pictures.{name}"),
            right=range(len(columns)),
        )
        run.out.line(run.t(f"pictures.{name}_not"))
        untimed = answer.untimed
        if name == "observed" and isinstance(untimed, UntimedStations):
            orgs = [f"{org} {run.t.number(n)}" for org, n in untimed.orgs.items()]
            told = {
                "count": run.t.number(untimed.together),
                "of": run.t.number(answer.coverage[-1].together),
                "orgs": "; ".join(orgs),
            }
            run.out.line(run.t("pictures.untimed", **told))
