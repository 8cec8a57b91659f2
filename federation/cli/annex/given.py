"""What the verbs of `federation annex` are given: of which incident, by whom, why."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

import click

from federation.cli.arguments import pick_election
from federation.cli.context import Run
from federation.errors import FormatError
from federation.flows.annex.uses import check_why
from federation.records.canonical import INCIDENT_PATTERN
from federation.sources.row import clip
from federation.text import Sentence

F = TypeVar("F", bound=Callable[..., object])

#: Who does it.
as_option: Final = click.option("--as", "person", default="", help="annex.option-as")


def reason_options(function: F) -> F:
    """The command with `--as` and a `--why` that must be given."""
    why = click.option("--why", required=True, help="annex.option-why")
    return as_option(why(function))


def key_options(function: F) -> F:
    """The command with `--key` and `--passphrase-file`, for `reading.open_annex`."""
    key = click.option("--key", "key_file", help="annex.option-key")
    file = click.option("--passphrase-file", help="annex.option-passphrase-file")
    return key(file(function))


def read_incident(run: Run, incident: str, election: str | None) -> tuple[str, str]:
    """The election and the id of the incident that is meant, one of ours.

    Raises:
        FormatError: it is no id, or another organisation's name of one.
        NotFoundError: the election is none of this node's.
        click.UsageError: none was named, and there are several.
    """
    # As `incidents list` writes it, or the id alone.
    org, slash, name = incident.strip().lower().rpartition("/")
    if not re.match(INCIDENT_PATTERN, name):
        raise FormatError(Sentence("annex.no-id"), "INCIDENT")
    # A partner may have given an id of ours to something else.
    if slash and org != (own := run.settings.org):
        raise FormatError(
            Sentence("annex.not-ours", org=clip(org), own=own), "INCIDENT"
        )
    return pick_election(run, election), name


def checked_why(why: str) -> str:
    """The reason, before anything is done.

    Raises:
        FormatError: it is empty, too long, or tells of a person.
    """
    if not why.strip():
        raise FormatError(Sentence("annex.needs-why"), "--why")
    check_why(why.strip())
    return why.strip()
