"""`federation show`: one polling station, what each says side by side, KPU apart."""

import click

from federation.cli.arguments import find_scope, read_code
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.flows.query import answers
from federation.flows.query.tps import kpu_beside
from federation.flows.query.tps import tps as ask_station


@click.command("show", cls=Command, help="views.help-show")
@click.argument("tps")
@click.option("--election", default="", help="views.option-election")
@command_options
def show(run: Run, tps: str, election: str) -> None:
    """One polling station."""
    scope, code = find_scope(run, election), read_code(tps)
    with run.open_database().view() as view:
        profiles = {scope.election: scope.profile}
        found = ask_station(view, profiles, scope.election, code)
    run.out.show(found, lambda: _print_station(run, found))


def _print_station(run: Run, found: answers.TpsAnswer) -> None:
    """Print everything said about a station."""
    t, out = run.t, run.out
    out.line(t("views.station", tps=found.tps))
    names = [place.name for place in found.places if place.code and place.name]
    if names:
        out.line(" / ".join(names))
    if not found.contests:
        out.line(t("page.none_yet"))
    for one in found.contests:
        out.line()
        print_contest(run, one)
        _print_statements(run, one)


def print_contest(run: Run, one: answers.Contest) -> None:
    """Print the versions of one contest, with what they come to above."""
    t = run.t
    words = [t(f"page.contest_{one.contest}"), t(f"page.status_{one.status}")]
    if one.official in {"matches", "differs"}:
        words.append(t(f"page.official_{one.official}"))
    words += [t(f"page.flag_{flag}") for flag in one.flags]
    run.out.line(" · ".join(words))
    columns = [(" + ".join(group.orgs), group.votes) for group in one.groups]
    columns += [
        (t("views.kpu-column", org=said.org), said.votes or {})
        for said in kpu_beside(one)
    ]
    if not columns:
        return
    numbers = sorted({n for _, votes in columns for n in votes}, key=_by_number)
    rows = [
        (
            f"{number} {one.candidates.get(number, '')}".strip(),
            *(votes.get(number) for _, votes in columns),
        )
        for number in numbers
    ]
    headers = [t("views.candidate"), *(name for name, _ in columns)]
    run.out.table(headers, rows, right=range(1, len(headers)))


def _by_number(number: str) -> tuple[int, str]:
    return len(number), number


def _print_statements(run: Run, one: answers.Contest) -> None:
    t = run.t
    headers = ("who", "says", "held", "record")
    rows = [
        (
            f"{said.org} (KPU)" if said.official else said.org,
            _says(run, said),
            said.held_by,
            f"#{said.index} {said.record[:16]}",
        )
        for said in (*one.monitors, *one.kpu)
    ]
    run.out.table([t(f"views.{key}") for key in headers], rows, right=(2,))


def _says(run: Run, said: answers.Said) -> str:
    t = run.t
    words = [t(f"views.says-{said.kind}")]
    if said.round != "reguler":
        words.append(t(f"page.round_{said.round}"))
    if said.derived:
        words.append(t("views.says-derived"))
    if said.rules:
        rules = "; ".join(t(f"rules.{rule}") for rule in said.rules)
        words.append(t("views.says-sums", rules=rules))
    return ", ".join(words)
