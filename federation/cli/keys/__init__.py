"""`federation keys`: who we are to others, and keys for a further election."""

import hashlib
import sys
from typing import Any, Final

import click
from msgspec import UNSET

from federation.cli.context import Run, command_options
from federation.cli.help import CommandGroup
from federation.cli.keys.chain import chain
from federation.cli.keys.desk import desk
from federation.cli.keys.statement import statement
from federation.cli.keys.tokens import token
from federation.cli.streams import can_say
from federation.config.companionkeys import load_companions
from federation.config.fingerprint import fingerprint
from federation.config.founding import (
    NODE_ROLES,
    load_chain_notes,
    load_identity_key,
)
from federation.config.home import companion_of
from federation.config.keychange import load_chain
from federation.config.keystore import load_contributor_secret, load_signer, pseudonym
from federation.config.member import ELECTION, check_member
from federation.config.recovery import format_code
from federation.errors import FormatError
from federation.records.keychain import LAST, open_chain
from federation.text import Sentence
from federation.tlog.keys import ALG_ML_DSA_44, parse_vkey

#: Above any key of the short kind, and below any of the long one.
_LONG: Final = 1_000


@click.group("keys", cls=CommandGroup, help="keys.help")
def keys() -> None:
    """Our own keys; partners' keys belong to `federation peers`."""


keys.add_command(chain)
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
    for origin in settings.origins:
        rows += _companion_rows(run, origin)
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


def _companion_rows(run: Run, origin: str) -> list[dict[str, Any]]:
    """The companions of one history's key and of the identity's, if it has some."""
    home, named = run.home, origin.partition("/")[2]
    if not (home.companions(origin).exists() and home.chain(origin).exists()):
        return []
    said = load_companions(home, load_chain(home, run.settings.org, origin)).statements
    if not said[-1].log:
        return []
    here = "here" if companion_of(home.identity).exists() else "away"
    rows = [
        ("companion-identity", said[-1].identity, here),
        ("companion-log", said[-1].log, "ready"),
    ]
    return [
        {"role": role, "election": named, "vkey": vkey, "state": state}
        for role, vkey, state in rows
    ]


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


def _short(vkey: str | None) -> str | None:
    """A key as a line has room for it: one of the long kind by its SHA-256."""
    if vkey is None or len(vkey) < _LONG:
        return vkey
    key = parse_vkey(vkey, alg=ALG_ML_DSA_44)
    return f"ML-DSA-44 SHA-256 {hashlib.sha256(key.public).hexdigest()}"


def _cells(run: Run, row: dict[str, Any]) -> tuple[object, ...]:
    t = run.t
    state = f"keys.state-{row['state']}"
    return (
        t(f"keys.role-{row['role']}"),
        row["election"],
        _short(row["vkey"]),
        t(state, election=row["election"], until=row.get("until")),
    )
