"""Which election a command is about, and its rules as they are known here."""

import click

from federation.cli.context import Run
from federation.errors import NotFoundError
from federation.profiles import load_profiles
from federation.records.profile import Profile


def find_profile(run: Run, name: str) -> Profile:
    """The rules of an election.

    Raises:
        NotFoundError: They are not known here.
    """
    known = load_profiles(run.home.elections)
    if name not in known:
        raise NotFoundError(run.t("election.unknown", election=name))
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
        raise NotFoundError(run.t("election.none", election=asked, elections=names))
    return asked
