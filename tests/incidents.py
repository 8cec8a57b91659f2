"""A log for partners in a home that was founded: signed by its own identity."""

import hashlib

from federation.config.home import Home
from federation.config.keystore import load_identity, load_signer
from federation.config.settings import load_settings
from federation.flows.ownlog.begin import OwnKeys, introduce, open_own
from federation.flows.ownlog.sequence import commit, settle
from federation.node.resources import open_resources
from federation.records.canonical import encode
from federation.records.keychain import first_statement, open_chain, sign_statement
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from federation.tlog.note import sign_note
from tests.fakes import RECORDED_AT
from tests.homes import ELECTION, PASSPHRASE


def begin_incidents(home: Home, count: int = 3) -> str:
    """The origin of a log of this organisation that is for partners, with leaves."""
    org = home.folder.name
    origin = f"{org}/{ELECTION}/incidents"
    identity = load_identity(home.identity, org, PASSPHRASE.strip())
    log = Signer.from_seed(origin, hashlib.sha256(origin.encode()).digest())
    records = load_signer(home.role_key("records"), f"{org}/records")
    named = [("log", log.key), ("records", records.key)]
    for role, alg in (("node", 1), ("mirror", ALG_COSIGNATURE)):
        key = load_signer(home.role_key(role), f"{org}/{role}", alg).key
        named.append((role, key))
    first = first_statement(origin, identity.key, named, RECORDED_AT)
    chain = open_chain([sign_statement(first, identity)], identity.key)
    with open_resources(home, load_settings(home.settings)) as resources:
        db, guard = resources.db, resources.guard
        keys = OwnKeys(chain, log, records)
        own = open_own(db, keys, resources.profiles[ELECTION])
        introduce(db, guard, own)
        leaves = [_incident(records, org, number) for number in range(count)]
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
