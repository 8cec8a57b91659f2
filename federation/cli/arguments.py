"""What options and arguments mean that several commands have: an election, a station.

Rule: what was left out is filled in from what this node has; what it does not have is
refused by name, with what there is.
"""

import re
from collections.abc import Callable
from typing import Final, TypeVar

import click

from federation.cli.context import Run
from federation.errors import FormatError, NotFoundError
from federation.flows.query.scope import QueryScope, ask
from federation.profiles import load_profiles
from federation.records.profile import Profile
from federation.records.tps import TpsId
from federation.sources.place import parse_place
from federation.sources.row import BadCell
from federation.text import Sentence

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
F = TypeVar("F", bound=Callable[..., object])


def scope_options(function: F) -> F:
    """The command with `--election` and `--contest`, for `find_scope`."""
    contest = click.option("--contest", default="", help="views.option-contest")
    election = click.option("--election", default="", help="views.option-election")
    return election(contest(function))


def page_options(limit: int, after: str, at_most: int = 1_000_000) -> Callable[[F], F]:
    """The command with `--limit` and `--after`: it shows a list page by page.

    Args:
        limit: How many are shown where nobody says.
        after: The sentence that says behind what a page begins.
        at_most: How many may be asked for.
    """

    def add(function: F) -> F:
        most = click.option(
            "--limit",
            default=limit,
            type=click.IntRange(1, at_most),
            help="views.option-limit",
            show_default=True,
        )
        return most(click.option("--after", default="", help=after)(function))

    return add


def find_scope(run: Run, election: str, contest: str = "") -> QueryScope:
    """What these options mean on this node.

    Raises:
        ConfigError: an added election's file cannot be used.
        NotFoundError: there is no such election or contest here.
    """
    profiles = load_profiles(run.home.elections)
    return ask(profiles, run.settings.elections, election, contest)


def find_profile(run: Run, name: str) -> Profile:
    """The rules of an election.

    Raises:
        NotFoundError: They are not known here.
    """
    known = load_profiles(run.home.elections)
    if name not in known:
        raise NotFoundError(Sentence("election.unknown", election=name))
    return known[name]


def pick_election(run: Run, asked: str | None) -> str:
    """The election that is meant: the one asked for, or the only one of this node.

    Raises:
        NotFoundError: It is not one of this node.
        click.UsageError: None was asked for and there are several.
    """
    elections = run.settings.elections
    names = ", ".join(elections)
    if asked is None and len(elections) == 1:
        return elections[0]
    if asked is None:
        raise click.UsageError(run.t("election.which", elections=names))
    if asked not in elections:
        raise NotFoundError(Sentence("election.none", election=asked, elections=names))
    return asked


def read_code(text: str) -> TpsId:
    """The code of a polling station, in any spelling that a file may have it in.

    Raises:
        FormatError: it is none, or could be two.
    """
    try:
        return parse_place(text, "TPS")
    except BadCell as bad:
        raise FormatError(bad.reason, "TPS") from None


def read_digest(run: Run, text: str) -> str:
    """The SHA-256 of a photograph, in any spelling that people copy.

    Raises:
        click.UsageError: it is none.
    """
    digest = text.strip().lower()
    if not _DIGEST.fullmatch(digest):
        raise click.UsageError(run.t("photos.no-digest", typed=repr(text[:80])))
    return digest
