"""`federation show`: one polling station, what each says side by side, KPU apart.

A place may be named as people type it: a region is shown as `federation coverage` does.
"""

import click

from federation.cli.arguments import find_scope
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.show.place import FoundPlaces, find_place, print_places
from federation.cli.show.region import print_coverage
from federation.flows.query import answers
from federation.flows.query.region import region as ask_region
from federation.flows.query.tps import kpu_beside
from federation.flows.query.tps import tps as ask_station
from federation.flows.query.waiting import WaitingLog, waiting_logs
from federation.records.readers import THIS_MACHINE
from federation.records.register import LEVELS
from federation.records.timezones import tell_moment


@click.command("show", cls=Command, help="views.help-show")
@click.argument("place", nargs=-1, required=True)
@click.option("--election", default="", help="views.option-election")
@command_options
def show(run: Run, place: tuple[str, ...], election: str) -> int:
    """One polling station, or the places that may be meant."""
    scope = find_scope(run, election)
    with run.open_database().view() as view:
        meant = find_place(view, scope.election, " ".join(place))
        if isinstance(meant, FoundPlaces):
            found = meant
            run.out.show(found, lambda: print_places(run, found))
            return NEGATIVE
        if len(meant) in LEVELS:
            parts = ask_region(view, scope, meant)
            run.out.show(parts, lambda: print_coverage(run, parts))
            return OK
        profiles = {scope.election: scope.profile}
        answer = ask_station(view, profiles, scope.election, meant)
        waits = waiting_logs(view, scope.election, THIS_MACHINE, run.clock())
    run.out.show(answer, lambda: _print_station(run, answer, waits))
    return OK


def _print_station(
    run: Run, answer: answers.TpsAnswer, waits: list[WaitingLog]
) -> None:
    t, out = run.t, run.out
    out.line(t("views.station", tps=answer.tps))
    names = [place.name for place in answer.places if place.code and place.name]
    if names:
        out.line(" / ".join(names))
    now = int(run.clock())
    for log in waits:
        moment = tell_moment(log.until, now, answer.tps)
        count = t.number(log.size)
        out.line(t("page.waits", org=log.org, count=count, moment=moment))
    if not answer.contests:
        out.line(t("page.none_open" if waits else "page.none_yet"))
    for contest in answer.contests:
        out.line()
        print_contest(run, contest)
        _print_statements(run, contest)


def print_contest(run: Run, contest: answers.Contest) -> None:
    """Print the versions of one contest, with what they come to above."""
    t = run.t
    words = [t(f"page.contest_{contest.contest}"), t(f"page.status_{contest.status}")]
    if contest.official in {"matches", "differs"}:
        words.append(t(f"page.official_{contest.official}"))
    words += [t(f"page.flag_{flag}") for flag in contest.flags]
    run.out.line(" · ".join(words))
    columns = [(" + ".join(group.orgs), group.votes) for group in contest.groups]
    columns += [
        (t("views.kpu-column", org=statement.org), statement.votes or {})
        for statement in kpu_beside(contest)
    ]
    if not columns:
        return
    numbers = sorted({n for _, votes in columns for n in votes}, key=_by_number)
    rows = [
        (
            f"{number} {contest.candidates.get(number, '')}".strip(),
            *(votes.get(number) for _, votes in columns),
        )
        for number in numbers
    ]
    headers = [t("views.candidate"), *(name for name, _ in columns)]
    run.out.table(headers, rows, right=range(1, len(headers)))


def _by_number(number: str) -> tuple[int, str]:
    return len(number), number


def _print_statements(run: Run, contest: answers.Contest) -> None:
    t = run.t
    headers = ("who", "says", "held", "record")
    rows = [
        (
            f"{statement.org} (KPU)" if statement.official else statement.org,
            _says(run, statement),
            _held(run, statement.held_by),
            f"#{statement.index} {statement.record[:16]}",
        )
        for statement in (*contest.monitors, *contest.kpu)
    ]
    run.out.table([t(f"views.{key}") for key in headers], rows, right=(2,))


def _held(run: Run, count: int) -> str:
    """How many others hold it, and whether that is enough to be called so."""
    quorum = run.settings.witness.quorum
    key = "held-enough" if count >= quorum else "held-few"
    return run.t(f"views.{key}", count=count, quorum=quorum)


def _credit(run: Run, statement: answers.Said) -> str:
    """Whose photograph, or record, it is from: in the words of the station's page."""
    cited = statement.cites
    if not cited or not cited.org:
        return run.t("views.says-derived")
    if cited.photos:
        return run.t("page.credit", photo=cited.org, reader=statement.org)
    return run.t("page.copied_from", org=cited.org)


def _says(run: Run, statement: answers.Said) -> str:
    t = run.t
    words = [t(f"views.says-{statement.kind}")]
    if statement.forked is True:
        words.append(t("page.forked"))
    if statement.round != "reguler":
        words.append(t(f"page.round_{statement.round}"))
    if statement.derived:
        words.append(_credit(run, statement))
    if statement.rules:
        rules = "; ".join(t(f"rules.{rule}") for rule in statement.rules)
        words.append(t("views.says-sums", rules=rules))
    return ", ".join(words)
