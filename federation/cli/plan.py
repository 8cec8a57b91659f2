"""`federation plan`: where to look; `sample`: drawn in public, for an audit.

Rule: the plan is a pure function of the batches, the seed and what monitors say of the
stations that were drawn (`flows/query/sampleplan.py`). The database is only read.
"""

from pathlib import Path

import click

from federation.cli.arguments import find_scope, scope_options
from federation.cli.context import Run, command_options
from federation.cli.help import CommandGroup
from federation.cli.output import NEGATIVE, OK
from federation.cli.show.place import find_region
from federation.config.disk import blaming
from federation.files import write_whole
from federation.flows.query.sampleplan import (
    PlanChoice,
    SamplePlan,
    batch_lines,
    map_batches,
    plan_sample,
    read_winner,
)
from federation.sources.batches import read_batches

_FILE = click.Path(dir_okay=False, path_type=Path)
_GIVEN = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("plan", cls=CommandGroup, help="plan.help")
def plan() -> None:
    """Where to look."""


@plan.command("sample", help="plan.help-sample")
@click.argument("place", nargs=-1)
@click.option(
    "--risk", type=click.FloatRange(0, 50, min_open=True), default=5,
    help="plan.option-risk", show_default=True,
)  # fmt: skip
@click.option("--seed", default="", help="plan.option-seed")
@click.option("--write", type=_FILE, help="plan.option-write")
@click.option("--batches", "committed", type=_GIVEN, help="plan.option-batches")
@click.option("--any-form", is_flag=True, help="plan.option-any-form")
@scope_options
@command_options
def sample(  # noqa: PLR0913  one argument per option
    run: Run,
    *,
    place: tuple[str, ...],
    risk: float,
    seed: str,
    write: Path | None,
    committed: Path | None,
    any_form: bool,
    election: str,
    contest: str,
) -> int:
    """Which stations to draw, and how sure they have made it."""
    asked = find_scope(run, election, contest)
    choice = PlanChoice(risk / 100, seed.strip(), any_form)
    with run.open_database().view() as view:
        region = find_region(run, view, asked.election, place)
        if region is None:
            return NEGATIVE
        batches = (
            read_batches(committed) if committed else map_batches(view, asked, region)
        )
        if write:
            reported = read_winner(asked, region, batches)
            with blaming(write), write_whole(write) as out:
                out.writelines(batch_lines(reported, batches()))
            run.out.note(run.t("plan.written", path=write))
        answer = plan_sample(view, asked, region, batches, choice)
    run.out.show(answer, lambda: _print(run, answer))
    return OK if answer.confirmed or not answer.seed else NEGATIVE


def _print(run: Run, answer: SamplePlan) -> None:
    t, out = run.t, run.out
    place = answer.region.name or answer.region.code or t("page.nation")
    out.line(f"{place}  ({answer.election} {answer.contest})")
    counts = {
        "lead": out.number(min(answer.leads.values())),
        "stations": out.number(answer.stations),
        "unreported": out.number(answer.unreported),
    }
    out.line(t("plan.reported", winner=answer.winner, **counts))
    out.line(t("plan.committed", digest=answer.batches_digest))
    promised = {"risk": f"{100 * answer.limit:g}"}
    if not answer.seed:
        expected = out.number(answer.expected)
        out.line(t("plan.expected", expected=expected, **promised))
        return
    headers = [t(f"plan.{key}") for key in ("number", "ticket")]
    headers += [t("views.code"), t("plan.taint"), t("plan.risk")]
    rows = [
        [
            draw.number,
            draw.ticket,
            draw.tps,
            _percent(draw.taint) or t("plan.to-read"),
            _percent(draw.risk),
        ]
        for draw in answer.draws
    ]
    if rows:
        out.table(headers, rows, right=(0, 1, 3, 4))
    told = {"counted": out.number(answer.counted), "reached": _percent(answer.risk)}
    if answer.confirmed:
        out.line(t("plan.confirmed", **told, **promised))
    elif isinstance(answer.more, int):
        out.line(t("plan.under-way", **told, more=out.number(answer.more)))
    else:
        out.line(t("plan.everything"))


def _percent(part: object) -> str:
    return f"{100 * part:.2f}" if isinstance(part, float) else ""
