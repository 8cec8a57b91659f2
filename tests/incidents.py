"""A log for partners in a home that was founded: by `federation keys chain`."""

import contextlib

from federation.cli import run
from federation.cli.output import Output
from federation.config.home import Home
from federation.config.settings import load_settings
from federation.flows.ownlog.begin import introduce
from federation.flows.ownlog.sequence import commit, settle
from federation.node.resources import open_resources
from federation.records.canonical import encode
from federation.text import Text
from federation.tlog.keys import Signer
from federation.tlog.note import sign_note
from tests.fakes import RECORDED_AT
from tests.homes import ELECTION, PASSPHRASE


def found_incidents(home: Home) -> str:
    """The origin of the log for partners that this home has from now on."""
    path = home.folder / "passphrase"
    path.touch(0o600)
    path.write_text(PASSPHRASE)
    words = ["keys", "chain", "--election", ELECTION, "--incidents"]
    words += ["--home", str(home.folder), "--passphrase-file", str(path), "--json"]
    with contextlib.redirect_stdout(None):
        assert run(words, Output(Text("en"))) == 0
    return f"{home.folder.name}/{ELECTION}/incidents"


def begin_incidents(home: Home, count: int = 3) -> str:
    """The origin of a log of this organisation that is for partners, with leaves."""
    origin = found_incidents(home)
    with open_resources(home, load_settings(home.settings)) as resources:
        db, guard, own = resources.db, resources.guard, resources.own[origin]
        introduce(db, guard, own)
        signer, org = own.records_signer, own.chain.org
        leaves = [_incident(signer, org, number) for number in range(count)]
        commit(db, guard, own, settle(db, guard, origin), leaves, lambda _: None)
    return origin


def _incident(records: Signer, org: str, number: int) -> bytes:
    """A leaf of a type that this version keeps without knowing it."""
    members = {
        "election": ELECTION,
        "number": number,
        "org": org,
        "recorded_at": RECORDED_AT,
        "type": "unheard/1",
    }
    return sign_note(encode(members) + b"\n", records)
