"""`federation coverage` and `tally`: a region and its parts."""

import click

from federation.cli.arguments import find_scope, scope_options
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.flows.query import answers
from federation.flows.query.region import region as ask_region
from federation.records.tally import count_added, race_level


@click.command("coverage", cls=Command, help="views.help-coverage")
@click.argument("region", default="")
@scope_options
@command_options
def coverage(run: Run, region: str, election: str, contest: str) -> None:
    """A region's coverage and its parts."""
    answer = _ask(run, region, election, contest)
    run.out.show(answer, lambda: print_coverage(run, answer))


@click.command("tally", cls=Command, help="views.help-tally")
@click.argument("region", default="")
@scope_options
@command_options
def tally(run: Run, region: str, election: str, contest: str) -> None:
    """A region's votes."""
    answer = _ask(run, region, election, contest)
    run.out.show(answer, lambda: _print_tally(run, answer))


def _ask(run: Run, region: str, election: str, contest: str) -> answers.RegionAnswer:
    scope = find_scope(run, election, contest)
    with run.open_database().view() as view:
        return ask_region(view, scope, region)


def print_coverage(run: Run, answer: answers.RegionAnswer) -> None:
    """Print how much of a region is covered, by whom; its parts, or its stations."""
    t, out, here = run.t, run.out, answer.region
    seen = here.coverage
    _print_head(run, answer)
    out.line(t("views.statuses", **{k: out.number(v) for k, v in seen.status.items()}))
    out.line(
        t("views.official", **{k: out.number(v) for k, v in seen.official.items()})
    )
    implausible = out.number(seen.flags.get("implausible", 0))
    beside = {"implausible": implausible, "outside": out.number(seen.outside)}
    out.line(t("views.beside", **beside))
    headers = ("who", "has", "adds", "gains")
    rows = [(org, own.tps, own.adds, own.gains) for org, own in seen.orgs.items()]
    if rows:
        out.table([t(f"views.{key}") for key in headers], rows, right=(1, 2, 3))
    if answer.children:
        orgs = list(seen.orgs)
        names = ("code", "region", "register", "together")
        parts = [
            (
                child.code,
                child.name,
                child.coverage.register if child.listed else None,
                child.coverage.covered,
                *(child.coverage.orgs[org].tps if org in child.coverage.orgs else 0
                  for org in orgs),
            )
            for child in answer.children
        ]  # fmt: skip
        right = range(2, 4 + len(orgs))
        out.table([*(t(f"views.{key}") for key in names), *orgs], parts, right=right)
    if answer.stations:
        stations = [
            (
                one.tps,
                t(f"page.status_{one.status}"),
                ", ".join(org for group in one.groups for org in group.orgs),
            )
            for one in answer.stations
        ]
        out.table([t(f"views.{key}") for key in ("code", "state", "who")], stations)


def _print_head(run: Run, answer: answers.RegionAnswer) -> None:
    here, out = answer.region, run.out
    around = [place.name or place.code for place in answer.parents if place.code]
    names = [*around, here.name or here.code or run.t("page.nation")]
    out.line(
        " / ".join(filter(None, names)) + f"  ({answer.election} {answer.contest})"
    )
    covered, register = here.coverage.covered, here.coverage.register
    if here.listed:
        out.line(
            run.t(
                "views.covered-of",
                covered=out.number(covered),
                register=out.number(register),
                share=run.t.percent(covered, register),
            )
        )
    else:
        out.line(run.t("views.covered-unlisted", covered=out.number(covered)))


def _print_tally(run: Run, answer: answers.RegionAnswer) -> None:
    t, out, votes = run.t, run.out, answer.region.tally
    _print_head(run, answer)
    if not votes:
        out.line(t("views.no-race", length=race_level(answer.contest)))
        return
    headers = ("candidate", "all-forms", "plausible-forms")
    rows = [
        (
            f"{number} {answer.candidates.get(number, '')}".strip(),
            t.span(interval),
            t.span(votes.plausible_votes.get(number, (0, 0))),
        )
        for number, interval in votes.votes.items()
    ]
    if rows:
        out.table([t(f"views.{key}") for key in headers], rows, right=(1, 2))
    counted, register = count_added(votes), out.number(answer.region.coverage.register)
    out.line(t("views.tally-note", count=out.number(counted), register=register))
    if votes.not_added:
        out.line(t("numbering.not-added", count=out.number(votes.not_added)))
