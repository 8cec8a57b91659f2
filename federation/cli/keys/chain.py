"""`federation keys chain`: the keys of a further log, signed by the identity key."""

import contextlib
import secrets
from pathlib import Path

import click
from msgspec.structs import replace

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.passphrase import OPTION, read_passphrase
from federation.config.founding import Founder, FoundingReport, load_own_identity
from federation.config.home import Home
from federation.config.member import ELECTION, check_member
from federation.config.rewrite import add_election
from federation.config.settings import Settings, load_settings
from federation.errors import ConfigError
from federation.node.guards import open_guard
from federation.text import Sentence


@click.command("chain", cls=Command, help="keys.help-chain")
@click.option("--election", required=True, help="keys.option-election")
@click.option("--incidents", is_flag=True, help="keys.option-incidents")
@click.option(OPTION, "passphrase_file", help="init.option-passphrase-file")
@command_options
def chain(
    run: Run, *, election: str, incidents: bool, passphrase_file: str | None
) -> int | None:
    """Make and sign the keys of a further election, or of its reports."""
    check_member("--election", election, ELECTION)
    settings = run.read_settings(coming=election)
    made = chain_log(run, settings, election, passphrase_file, incidents=incidents)
    origin = settings.origin_of(election)
    if incidents:
        origin = settings.incidents_origin_of(election)
    value = {"election": election, "origin": origin, "made": [str(one) for one in made]}
    done = "keys.chained-incidents" if incidents else "keys.chained"
    key = done if made else "keys.chain-exists"
    named = origin.partition("/")[2]
    run.out.show(value, lambda: run.out.line(run.t(key, election=named)))
    return None


def chain_log(
    run: Run,
    settings: Settings,
    election: str,
    passphrase_file: str | None,
    *,
    incidents: bool,
) -> list[Path | str]:
    """Make and sign what is missing, and list the election; which files were made.

    Args:
        run: Whose identity key signs.
        settings: Read with this election `coming`.
        election: That of the log.
        passphrase_file: Where the passphrase stands; None: it is asked for.
        incidents: Whether also a log for its reports.

    Raises:
        FederationError: the identity key is not here or not ours, or the log could not
            be followed or signed; nothing was made.
    """
    home = Home.of(run.folder, settings)
    origins = [settings.origin_of(election)]
    if incidents:
        origins.append(settings.incidents_origin_of(election))
    missing = [one for one in origins if not home.chain(one).exists()]
    report = FoundingReport()
    if origins[0] in missing:
        _check_time(home, settings, election)
    if missing:
        _check_rivals(settings, home, election)
        passphrase = read_passphrase(run, passphrase_file)
        identity = load_own_identity(home, settings.org, passphrase)
        mark = open_guard(home).found
        founder = Founder(home, settings.org, secrets.token_bytes, report, mark)
        founder.found_keys(missing)
        for one in missing:
            founder.found_chain(one, identity, run.now())
    # Last: a node that starts in between must find the keys of what is listed.
    add_election(home.settings, election)
    if incidents:
        add_election(home.settings, election, "incidents")
    return list(report.made)


def _check_time(home: Home, settings: Settings, election: str) -> None:
    """A log is not founded for everybody where the settings name a time for it."""
    if election in settings.public_from:
        return
    if election in load_settings(home.settings, election).public_from:
        why = Sentence("machine.public-from-past", election=election)
        raise ConfigError(str(home.settings), f"public_from.{election}", why)


def _check_rivals(settings: Settings, home: Home, election: str) -> None:
    """Nothing is signed for a log with which the node would not start."""
    # Imported here: `keys show` must not pay for the store.
    from federation.node.rivals import check_one_log  # noqa: PLC0415  # start-up time
    from federation.store.db import Database  # noqa: PLC0415  # the same
    from federation.store.enginechoice import engine_at  # noqa: PLC0415  # the same

    if engine_at(home.data, home.database).exists():
        joined = replace(settings, elections=[*settings.elections, election])
        with contextlib.closing(
            Database.open(home.data, home.database, readonly=True)
        ) as db:
            check_one_log(db, home, joined)
