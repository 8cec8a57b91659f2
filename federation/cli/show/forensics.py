"""`federation forensics`: patterns of many stations beside made-up honest counts."""

import sys

import click

from federation.cli.arguments import find_scope, scope_options
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.show.place import find_region
from federation.flows.query.cells import format_csv
from federation.flows.query.cursor import format_cursor, read_cursor
from federation.flows.query.forensics.answers import (
    PATTERNS,
    Pattern,
    PatternChoice,
    PatternFinding,
    PatternsAnswer,
    PatternShelf,
    answer_patterns,
    find_lack,
    say_left_out,
    say_reason,
)
from federation.flows.query.forensics.part import KEPT, PartPatterns
from federation.flows.query.forensics.rows import pattern_table
from federation.flows.query.pictures.answers import WHOSE, Whose, read_candidate
from federation.flows.query.region import require_region
from federation.flows.query.scope import QueryScope, places, read_names
from federation.flows.query.state import sources
from federation.flows.query.table import Credit
from federation.store.view import View


@click.command("forensics", cls=Command, help="patterns.help")
@click.argument("place", nargs=-1)
@click.option("--pattern", type=click.Choice(PATTERNS), help="patterns.option-pattern")
@click.option("--candidate", default="", help="pictures.option-candidate")
@click.option(
    "--whose", type=click.Choice(WHOSE), default=WHOSE[0],
    help="pictures.option-whose", show_default=True,
)  # fmt: skip
@click.option(
    "--limit", type=click.IntRange(0, KEPT), default=10,
    help="views.option-limit", show_default=True,
)  # fmt: skip
@click.option("--csv", "is_csv", is_flag=True, help="patterns.option-csv")
@scope_options
@command_options
def forensics(  # noqa: PLR0913  one argument per option
    run: Run,
    *,
    place: tuple[str, ...],
    pattern: Pattern | None,
    candidate: str,
    whose: Whose,
    limit: int,
    is_csv: bool,
    election: str,
    contest: str,
) -> int:
    """The patterns of a region."""
    asked = find_scope(run, election, contest)
    with run.open_database().view() as view:
        region = find_region(run, view, asked.election, place)
        if region is None:
            return NEGATIVE
        require_region(view, asked, region)
        whom = read_candidate(asked, region, candidate)
        choice = PatternChoice(
            candidate=whom, whose=whose, pattern=pattern or "", limit=limit
        )
        whole = find_lack(view, asked, region) or _study(
            run, view, asked, region, choice
        )
        [here] = places(view, asked.election, [region])
        cursor = format_cursor(read_cursor(view, asked.election))
        answer = answer_patterns(asked, here, whole, choice, cursor)
        codes = [one.tps for found in answer.patterns for one in found.stations]
        names = read_names(view, asked.election, codes)
        if is_csv:
            credit = Credit(cursor, sources(view, asked.election, run.settings))
            table = pattern_table(answer, names, credit)
            sys.stdout.buffer.write(format_csv([table.columns, *table.rows]))
            return OK
    run.out.show(answer, lambda: _print(run, answer, names))
    return OK


def _study(
    run: Run, view: View, asked: QueryScope, region: str, choice: PatternChoice
) -> PartPatterns:
    """Honest counts of one kabupaten after another."""
    shelf = PatternShelf()
    with run.out.progress(None, run.t("patterns.working")) as advance:
        while (done := shelf.advance(view, asked, region, choice)).done < done.of:
            advance(1)
    return shelf.read(view, asked, region, choice)


def _print(run: Run, answer: PatternsAnswer, names: dict[str, str]) -> None:
    t, out = run.t, run.out
    name = answer.region.name or answer.region.code or t("page.nation")
    votes_of = answer.candidates.get(answer.candidate, "")
    whose = t(f"pictures.whose_{answer.whose}")
    out.line(f"{name}  ({answer.election} {answer.contest})")
    out.line(f"{answer.candidate} {votes_of}  {whose}".strip())
    if isinstance(answer.lacks, dict):
        out.line(answer.lacks[t.language])
        return
    out.line(say_left_out(t, answer))
    for finding in answer.patterns:
        _print_finding(run, finding, names)
    out.line(t("patterns.honest"))
    out.line(t("patterns.seed", seed=answer.seed))


def _print_finding(run: Run, finding: PatternFinding, names: dict[str, str]) -> None:
    t, out = run.t, run.out
    out.line()
    out.line(t(f"patterns.{finding.pattern}"))
    out.line(finding.expects[t.language])
    if isinstance(finding.lacks, dict):
        out.line(finding.lacks[t.language])
    else:
        out.line(finding.sentence[t.language])
    if finding.digits:
        headers = ("digit", "count", "expected", "low", "high")
        out.table(
            [t(f"patterns.{name}") for name in headers],
            [
                [one.digit, one.count, f"{one.expected:.1f}", one.low, one.high]
                for one in finding.digits
            ],
            right=range(len(headers)),
        )
    for one in finding.stations:
        village = names.get(one.tps[:10], "")
        out.line(f"{one.tps} {village}: {say_reason(t, finding.pattern, one)}")
    out.line(finding.cannot_prove[t.language])
