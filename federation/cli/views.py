"""Commands that show the map: each asks one question of `flows/query` and prints it.

Rule: with `--json` the output is the JSON that the API answers to the same question,
byte for byte. For people the same figures stand in tables; nothing is computed here.
The database is only read, so they work while the node runs.
"""

from collections.abc import Callable
from typing import TypeVar

import click
from msgspec import UnsetType

from federation.cli import compare
from federation.cli.client import hand_in
from federation.cli.code import read_code
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.overview import print_status
from federation.flows.query import answers, lists, state
from federation.flows.query import region as regions
from federation.flows.query import tps as stations
from federation.flows.query.scope import QueryScope, ask
from federation.node.disk import see_room
from federation.profiles import load_profiles
from federation.records.profile import Profile
from federation.records.readers import THIS_MACHINE
from federation.records.tally import count_added, race_level
from federation.store.db import View
from federation.text import Sentence
from federation.web.requests import ClearAlarm

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


def which(function: F) -> F:
    """The command with `--election` and `--contest`."""
    contest = click.option("--contest", default="", help="views.option-contest")
    election = click.option("--election", default="", help="views.option-election")
    return election(contest(function))


def paged(function: F) -> F:
    """The command with `--region`, `--limit` and `--after`."""
    after = click.option("--after", default="", help="views.option-after")
    limit = click.option(
        "--limit",
        default=50,
        type=click.IntRange(1, 1_000_000),
        help="views.option-limit",
        show_default=True,
    )
    region = click.option("--region", default="", help="views.option-region")
    return region(limit(after(function)))


@click.command("status", cls=Command, help="views.help-status")
@click.option("--clear", "code", help="views.option-clear")
@command_options
def status(run: Run, *, code: str | None) -> None:
    """How this node is; with `--clear`, after its alarms of a code are taken away."""
    if code is not None:
        hand_in(run, ClearAlarm(code=code))
        run.finish(Sentence("cli.done-unsaid"))
    settings, peers = run.settings, [peer.org for peer in run.peers]

    # A full disk may not keep that it is full; and no node need be there to say so.
    room = see_room(run.home, settings.disk.reserve_mb << 20, run.clock())

    def read(view: View) -> answers.StatusAnswer:
        return state.status(view, THIS_MACHINE, settings, peers, further=room)

    found = look(run, read)
    run.out.show(found, lambda: print_status(run, found))


@click.command("show", cls=Command, help="views.help-show")
@click.argument("tps")
@click.option("--election", default="", help="views.option-election")
@command_options
def show(run: Run, tps: str, election: str) -> None:
    """One polling station."""
    profiles = profiles_of(run)
    asked = ask(profiles, run.settings.elections, election)
    code = read_code(tps)
    found = look(run, lambda v: stations.tps(v, profiles, asked.election, code))
    run.out.show(found, lambda: compare.print_station(run, found))


@click.command("coverage", cls=Command, help="views.help-coverage")
@click.argument("region", default="")
@which
@command_options
def coverage(run: Run, region: str, election: str, contest: str) -> None:
    """A region's coverage and its parts."""
    asked = ask_for(run, election, contest)
    found = look(run, lambda view: regions.region(view, asked, region))
    run.out.show(found, lambda: _print_coverage(run, found))


@click.command("tally", cls=Command, help="views.help-tally")
@click.argument("region", default="")
@which
@command_options
def tally(run: Run, region: str, election: str, contest: str) -> None:
    """A region's votes."""
    asked = ask_for(run, election, contest)
    found = look(run, lambda view: regions.region(view, asked, region))
    run.out.show(found, lambda: _print_tally(run, found))


@click.command("gaps", cls=Command, help="views.help-gaps")
@paged
@which
@command_options
def gaps(
    run: Run, region: str, limit: int, after: str, election: str, contest: str
) -> None:
    """Where nobody has been."""
    asked = ask_for(run, election, contest)
    found = look(run, lambda view: lists.gaps(view, asked, region, after, limit))
    run.out.show(found, lambda: _print_gaps(run, found))


@click.command("disputed", cls=Command, help="views.help-disputed")
@paged
@which
@command_options
def disputed(
    run: Run, region: str, limit: int, after: str, election: str, contest: str
) -> None:
    """Where monitors differ."""
    asked = ask_for(run, election, contest)
    found = look(run, lambda view: lists.disputed(view, asked, region, after, limit))

    def human() -> None:
        for one in found.disputed:
            run.out.line(run.t("views.station", tps=one.tps))
            compare.print_contest(run, one)
        if not found.disputed:
            run.out.line(run.t("views.no-disputed"))
        _print_more(run, found.next)

    run.out.show(found, human)


def profiles_of(run: Run) -> dict[str, Profile]:
    """The rules of every election this machine knows.

    Raises:
        ConfigError: an added election's file cannot be used.
    """
    return load_profiles(run.home.elections)


def ask_for(run: Run, election: str, contest: str) -> QueryScope:
    """What these options mean on this node.

    Raises:
        NotFoundError: there is no such election or contest here.
    """
    return ask(profiles_of(run), run.settings.elections, election, contest)


def look(run: Run, read: Callable[[View], T]) -> T:
    """What `read` finds in one snapshot of the database.

    Raises:
        FederationError: whatever `read` raises.
    """
    with run.open_database().view() as view:
        return read(view)


def _print_coverage(run: Run, found: answers.RegionAnswer) -> None:
    t, out, here = run.t, run.out, found.region
    seen = here.coverage
    _print_head(run, found)
    out.line(t("views.statuses", **{k: out.number(v) for k, v in seen.status.items()}))
    out.line(
        t("views.official", **{k: out.number(v) for k, v in seen.official.items()})
    )
    implausible = out.number(seen.flags.get("implausible", 0))
    beside = {"implausible": implausible, "outside": out.number(seen.outside)}
    out.line(t("views.beside", **beside))
    headers = ("who", "has", "adds", "gains")
    rows = [(org, one.tps, one.adds, one.gains) for org, one in seen.orgs.items()]
    if rows:
        out.table([t(f"views.{key}") for key in headers], rows, right=(1, 2, 3))
    if found.children:
        orgs = list(seen.orgs)
        names = ("code", "region", "register", "together")
        parts = [
            (
                one.code,
                one.name,
                one.coverage.register if one.listed else None,
                one.coverage.covered,
                *(one.coverage.orgs[org].tps if org in one.coverage.orgs else 0
                  for org in orgs),
            )
            for one in found.children
        ]  # fmt: skip
        right = range(2, 4 + len(orgs))
        out.table([*(t(f"views.{key}") for key in names), *orgs], parts, right=right)


def _print_head(run: Run, found: answers.RegionAnswer) -> None:
    here, out = found.region, run.out
    around = [place.name or place.code for place in found.parents if place.code]
    names = [*around, here.name or here.code or run.t("page.nation")]
    out.line(" / ".join(filter(None, names)) + f"  ({found.election} {found.contest})")
    covered, register = here.coverage.covered, here.coverage.register
    if here.listed:
        out.line(
            run.t(
                "views.covered-of",
                covered=out.number(covered),
                register=out.number(register),
                share=compare.percent(run.t, covered, register),
            )
        )
    else:
        out.line(run.t("views.covered-unlisted", covered=out.number(covered)))


def _print_tally(run: Run, found: answers.RegionAnswer) -> None:
    t, out, votes = run.t, run.out, found.region.tally
    _print_head(run, found)
    if not votes:
        out.line(t("views.no-race", length=race_level(found.contest)))
        return
    headers = ("candidate", "all-forms", "plausible-forms")
    rows = [
        (
            f"{number} {found.candidates.get(number, '')}".strip(),
            compare.span(out, interval),
            compare.span(out, votes.plausible_votes.get(number, (0, 0))),
        )
        for number, interval in votes.votes.items()
    ]
    if rows:
        out.table([t(f"views.{key}") for key in headers], rows, right=(1, 2))
    counted, register = count_added(votes), out.number(found.region.coverage.register)
    out.line(t("views.tally-note", count=out.number(counted), register=register))
    if votes.not_added:
        out.line(t("numbering.not-added", count=out.number(votes.not_added)))


def _print_gaps(run: Run, found: answers.GapsAnswer) -> None:
    t = run.t
    if not found.register:
        run.out.line(t("page.gaps_unlisted"))
        return
    if not found.gaps:
        run.out.line(t("views.no-gaps"))
        return
    rows = [(gap.tps, gap.village, gap.voters or None) for gap in found.gaps]
    headers = [t("views.code"), t("views.village"), t("views.voters")]
    run.out.table(headers, rows, right=(2,))
    _print_more(run, found.next)


def _print_more(run: Run, following: str | UnsetType) -> None:
    if following:
        run.out.note(run.t("views.more", after=following))
