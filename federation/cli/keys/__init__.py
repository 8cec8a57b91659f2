"""`federation keys`: who we are to others, and keys for a further election."""

import contextlib
import secrets
import sys
from typing import Any

import click
from msgspec import UNSET
from msgspec.structs import replace

from federation.cli.context import Run, command_options
from federation.cli.help import CommandGroup
from federation.cli.keys.desk import desk
from federation.cli.keys.statement import statement
from federation.cli.keys.tokens import token
from federation.cli.passphrase import OPTION, read_passphrase
from federation.cli.streams import can_say
from federation.config.fingerprint import fingerprint
from federation.config.founding import (
    NODE_ROLES,
    Founder,
    FoundingReport,
    load_chain_notes,
    load_identity_key,
    load_own_identity,
)
from federation.config.home import Home
from federation.config.keystore import load_contributor_secret, load_signer, pseudonym
from federation.config.member import ELECTION, check_member
from federation.config.recovery import format_code
from federation.config.rewrite import add_election
from federation.config.settings import Settings, load_settings
from federation.errors import ConfigError, FormatError
from federation.records.keychain import LAST, open_chain
from federation.store.guard import Guard
from federation.text import Sentence


@click.group("keys", cls=CommandGroup, help="keys.help")
def keys() -> None:
    """Our own keys; partners' keys belong to `federation peers`."""


keys.add_command(token)
keys.add_command(statement)
keys.add_command(desk)


@keys.command("show", help="keys.help-show")
@command_options
def show(run: Run) -> int | None:
    """Fingerprint, square code, and every key with its state."""
    settings, home, t, out = run.settings, run.home, run.t, run.out
    identity = load_identity_key(home, settings.org)
    print_ = fingerprint(identity)
    rows = [
        {
            "role": "identity",
            "election": None,
            "vkey": str(identity),
            "state": "here" if home.identity.exists() else "away",
        },
        *(_role_row(run, role, alg) for role, alg in NODE_ROLES),
        *(_log_row(run, origin) for origin in settings.origins),
    ]
    rows += _named_elsewhere(run, {row["vkey"] for row in rows})

    def human() -> None:
        out.line(t("keys.fingerprint", name=settings.name, org=settings.org))
        out.line(f"  {print_}")
        out.line()
        # Half blocks made of other signs are no square code.
        if can_say(code := format_code(print_), out.stdout):
            out.line(code)
        headers = ("keys.role", "keys.election", "keys.public-key", "keys.state")
        out.table([t(key) for key in headers], [_cells(run, row) for row in rows])

    value = {
        "org": settings.org,
        "fingerprint": print_,
        "vkey": str(identity),
        "keys": rows,
    }
    out.show(value, human)
    return None


@keys.command("chain", help="keys.help-chain")
@click.option("--election", required=True, help="keys.option-election")
@click.option("--incidents", is_flag=True, help="keys.option-incidents")
@click.option(OPTION, "passphrase_file", help="init.option-passphrase-file")
@command_options
def chain(
    run: Run, *, election: str, incidents: bool, passphrase_file: str | None
) -> int | None:
    """Make and sign the keys of a further election, or of its reports."""
    check_member("--election", election, ELECTION)
    settings, out = run.read_settings(coming=election), run.out
    home = Home.of(run.folder, settings)
    origins = [settings.origin_of(election)]
    if incidents:
        origins.append(settings.incidents_origin_of(election))
    origin = origins[-1]
    missing = [one for one in origins if not home.chain(one).exists()]
    report = FoundingReport()
    if origins[0] in missing:
        _check_time(home, settings, election)
    if missing:
        _check_rivals(settings, home, election)
        passphrase = read_passphrase(run, passphrase_file)
        identity = load_own_identity(home, settings.org, passphrase)
        mark = Guard(home.guard).found
        founder = Founder(home, settings.org, secrets.token_bytes, report, mark)
        founder.found_keys(missing)
        for one in missing:
            founder.found_chain(one, identity, run.now())
    # Last: a node that starts in between must find the keys of what is listed.
    add_election(home.settings, election)
    if incidents:
        add_election(home.settings, election, "incidents")
    value = {
        "election": election,
        "origin": origin,
        "made": [str(path) for path in report.made],
    }
    made = "keys.chained-incidents" if incidents else "keys.chained"
    key = made if missing else "keys.chain-exists"
    named = origin.partition("/")[2]
    out.show(value, lambda: out.line(run.t(key, election=named)))
    return None


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
    from federation.store.db import FILE_NAME, Database  # noqa: PLC0415  # the same

    if (home.data / FILE_NAME).exists():
        joined = replace(settings, elections=[*settings.elections, election])
        with contextlib.closing(Database.open(home.data, readonly=True)) as db:
            check_one_log(db, home, joined)


@keys.command("pseudonym", help="keys.help-pseudonym")
@click.option("--election", required=True, help="keys.option-election")
@command_options
def make_pseudonyms(run: Run, *, election: str) -> int | None:
    """One pseudonym per line of standard input, in the same order."""
    check_member("--election", election, ELECTION)
    secret = load_contributor_secret(run.home.contributor_secret)
    # From standard input only: every process can read another one's arguments.
    try:
        people = sys.stdin.buffer.read().decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = f"0x{error.object[error.start]:02x}"
        reason = Sentence("machine.not-utf-8", line=line, byte=byte)
        raise FormatError(reason, Sentence("machine.standard-input")) from error
    names = [pseudonym(secret, run.settings.org, election, name) for name in people]

    def human() -> None:
        for name in names:
            run.out.line(name)

    run.out.show({"election": election, "pseudonyms": names}, human)
    return None


def _role_row(run: Run, role: str, alg: int) -> dict[str, Any]:
    name = f"{run.settings.org}/{role}"
    signer = load_signer(run.home.role_key(role), name, alg)
    return {"role": role, "election": None, "vkey": str(signer.key), "state": "ready"}


def _log_row(run: Run, origin: str) -> dict[str, Any]:
    """The key of one history; `unsigned` while the identity has not named it."""
    home, org = run.home, run.settings.org
    named = origin.partition("/")[2]
    row = {"role": "log", "election": named, "vkey": None, "state": "unsigned"}
    if home.chain(origin).exists():
        opened = open_chain(
            load_chain_notes(home, origin), load_identity_key(home, org)
        )
        row |= {"vkey": str(opened.log_key(LAST)), "state": "ready"}
    return row


def _named_elsewhere(run: Run, here: set[object]) -> list[dict[str, Any]]:
    """Keys that our statements name and that this node does not sign with."""
    home, org, found = run.home, run.settings.org, dict[str, dict[str, Any]]()
    for origin in run.settings.origins:
        if not home.chain(origin).exists():
            continue
        statement = open_chain(
            load_chain_notes(home, origin), load_identity_key(home, org)
        ).statements[-1]
        ends = {} if statement.revoked is UNSET else {
            gone.vkey: gone.from_ for gone in statement.revoked
        }  # fmt: skip
        for entry in statement.keys:
            if entry.vkey not in here and entry.vkey not in found:
                state = "elsewhere" if entry.vkey not in ends else "revoked"
                found[entry.vkey] = {
                    "role": entry.role,
                    "election": origin.partition("/")[2],
                    "vkey": entry.vkey,
                    "state": state,
                    "from": entry.from_,
                    "until": ends.get(entry.vkey),
                }
    return list(found.values())


def _cells(run: Run, row: dict[str, Any]) -> tuple[object, ...]:
    t = run.t
    state = f"keys.state-{row['state']}"
    return (
        t(f"keys.role-{row['role']}"),
        row["election"],
        row["vkey"],
        t(state, election=row["election"], until=row.get("until")),
    )
