"""A type of record that is made up here, from its signature to the pages about it.

Nothing of it stands anywhere else: a struct and its row in the table of kinds, which
are gone again after each test.
"""

import json
import re
import runpy
from typing import Literal

import pytest
from jsonschema import Draft202012Validator
from msgspec import Struct

from federation import verifier
from federation.cli import run
from federation.cli.output import Output
from federation.config.fingerprint import fingerprint
from federation.errors import RecordError, SignatureError
from federation.flows.merge import merge_once
from federation.flows.ownlog import ingest
from federation.flows.query.tps import tps
from federation.profiles import load_shipped
from federation.records.canonical import Digest, Org, ShortText, Time, encode
from federation.records.claim import Claim, StatementSlot
from federation.records.keychain import (
    first_statement,
    open_chain,
)
from federation.records.keysigning import sign_statement
from federation.records.kinds import KINDS, PUBLIC, RecordKind, UnknownStatement
from federation.records.profile import ContestId, Election, Round
from federation.records.sealed import open_leaf, seal
from federation.records.tps import TpsCode
from federation.text import Text
from federation.tlog.note import sign_note
from tests.conftest import PROJECT
from tests.fakes import ELECTION, RECORDED_AT, FakeOrg, FakePeer, Tree, signer
from tests.flows.audit.conftest import audit_peer, trust_in
from tests.flows.audit.test_kinds import receipt_of
from tests.flows.pull.conftest import Puller

NOW = 1_707_900_000
TPS = "3171011001001"
PHOTO = "ab" * 32


class Sighting(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="sighting/1",
):
    """Somebody has a photo of the form of a polling station."""

    contest: ContestId
    election: Election
    note: ShortText
    org: Org
    photo: Digest
    recorded_at: Time
    round: Round
    source: Literal["citizen", "observer"]
    tps: TpsCode


def check_note(sighting: Sighting) -> None:
    """Refuse shouting.

    Raises:
        RecordError: a note in capital letters.
    """
    if sighting.note.isupper():
        raise RecordError("in capital letters", "note")


def slot_of(sighting: Sighting) -> StatementSlot:
    return StatementSlot(sighting.tps, sighting.contest, sighting.round, official=False)


def claim_of(sighting: Sighting, index, record, _profile, rank) -> Claim:
    return Claim(
        index=index,
        kind="unread",
        org=sighting.org,
        official=False,
        contest=sighting.contest,
        tps=sighting.tps,
        round=sighting.round,
        record=record,
        files=(sighting.photo,),
        rank=rank,
    )


KIND = RecordKind(
    struct=Sighting,
    logs=PUBLIC,
    rules=check_note,
    slot=slot_of,
    claim=claim_of,
    free_text=("note",),
    worded=("source",),
    schema={"Sighting": {"properties": {"note": {"pattern": "[a-z]"}}}},
)


@pytest.fixture
def register(monkeypatch):
    """What adds the type; it is gone after the test."""
    return lambda: monkeypatch.setitem(KINDS, Sighting, KIND)


@pytest.fixture
def sighting(register, suara):
    register()
    return suara


def make(org, **members) -> Sighting:
    given = {"note": "on the wall", "tps": TPS, "source": "observer", **members}
    return Sighting(
        contest="ppwp",
        election=ELECTION,
        org=org.org,
        photo=PHOTO,
        recorded_at=RECORDED_AT,
        round="reguler",
        **given,
    )


def leaf_of(org, **members) -> bytes:
    return seal(make(org, **members), org.records)


def merge(db) -> None:
    while merge_once(db, load_shipped()):
        pass


def listed(db):
    """What the station's page lists, by organisation."""
    with db.view() as view:
        [contest] = tps(view, load_shipped(), ELECTION, TPS).contests
    return [(one.org, one.kind, one.index, one.files) for one in contest.monitors]


def test_it_is_signed_and_opened_by_its_own_rules(sighting):
    leaf = leaf_of(sighting)
    assert open_leaf(leaf, sighting.chain, 3).statement == make(sighting)
    with pytest.raises(RecordError, match="in capital letters"):
        leaf_of(sighting, note="LOOK")
    with pytest.raises(SignatureError):
        seal(make(sighting), signer("kawalpemilu.example/records"))


def test_it_stands_in_the_logs_of_its_row_only(sighting):
    origin = f"{sighting.origin}/incidents"
    keys = [("log", signer(origin).key), ("records", sighting.records.key)]
    first = first_statement(origin, sighting.identity.key, keys, RECORDED_AT)
    note = sign_statement(first, sighting.identity)
    chain = open_chain([note], sighting.identity.key)
    with pytest.raises(RecordError, match="belongs in the public log"):
        open_leaf(leaf_of(sighting), chain, 3)


def test_it_is_taken_in_at_our_own_door_once_and_for_stations_that_exist(
    sighting, node
):
    first, other = leaf_of(sighting), leaf_of(sighting, note="on the door")

    def append(*leaves):
        verdicts = ingest.append(node.db, node.guard, node.log, leaves, NOW)
        return [one.code or one.outcome for one in verdicts]

    assert append(first, other) == ["logged", "logged"]
    assert append(first) == ["held"]
    assert append(leaf_of(sighting, note="Budi 081234567890")) == ["personal"]
    assert append(leaf_of(sighting, tps="0000000000001")) == ["region"]
    assert node.state().size == 3
    merge(node.db)
    assert listed(node.db) == [(sighting.org, "unread", 2, (PHOTO,))]


@pytest.fixture
def puller(tmp_path, open_node):
    return Puller(open_node("netgrit.example").db)


async def test_it_is_mirrored_by_a_partner_and_listed_by_it(sighting, puller):
    puller.trust(sighting)
    tree = Tree(sighting).grow([leaf_of(sighting), sighting.result(0)])
    feed = FakePeer(sighting.org).show(tree)
    await puller.pull(feed)
    assert puller.leaves(sighting) == tree.leaves
    assert puller.claimed(sighting) == [1, 2]
    assert puller.rejected(sighting) == []
    merge(puller.db)
    assert listed(puller.db) == [(sighting.org, "unread", 1, (PHOTO,))]


async def test_a_partner_that_learns_it_later_takes_in_what_it_kept(
    suara, register, puller, monkeypatch
):
    puller.trust(suara)
    with monkeypatch.context() as only_here:
        only_here.setitem(KINDS, Sighting, KIND)
        tree = Tree(suara).grow([leaf_of(suara), suara.result(0)])
    assert isinstance(
        open_leaf(tree.leaves[1], suara.chain, 1).statement, UnknownStatement
    )
    feed = FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    assert puller.claimed(suara) == [2]
    register()
    await puller.pull(feed)
    assert puller.claimed(suara) == [1, 2]


def test_an_audit_counts_it_and_names_what_is_wrong_with_one(sighting):
    good = [leaf_of(sighting), sighting.result(0)]
    tree = Tree(sighting).grow(good)
    report = audit_peer(FakePeer("x").show(tree), trust_in(sighting))
    assert (report.verdict, report.logs[0].records) == ("proved", 3)
    assert report.logs[0].unknown == 0
    shouted = encode(make(sighting, note="LOOK")) + b"\n"
    tree.grow([sign_note(shouted, sighting.records)])
    tree.grow([leaf_of(FakeOrg("kawalpemilu.example"))])
    report = audit_peer(FakePeer("x").show(tree), trust_in(sighting))
    found = {(one.kind, one.index) for one in report.findings if one.level == "error"}
    assert found == {("bad-record", 3), ("foreign", 4)}


def test_an_audit_tells_it_in_words(sighting, tmp_path, capsys):
    receipt = tmp_path / "receipt.txt"
    receipt.write_bytes(receipt_of(Tree(sighting).grow([leaf_of(sighting)]), 1))
    pinned = fingerprint(sighting.identity.key)
    words = ["verify", str(receipt), "--fingerprint", pinned]
    assert run(words, Output(Text("en"))) == 0
    out = capsys.readouterr().out
    assert TPS in out
    assert "an observer" in out


def test_its_schema_says_its_shapes_and_its_rule(sighting):
    made = runpy.run_path(str(PROJECT / "scripts" / "make_schemas.py"))
    schema = json.loads(made["make_schemas"]()["sighting-1.json"])
    validator = Draft202012Validator(schema)
    said = json.loads(encode(make(sighting)))
    assert validator.is_valid(said)
    assert not validator.is_valid(said | {"note": "LOOK"})
    assert not validator.is_valid(said | {"photo": "none"})


def test_it_has_its_place_in_the_page_of_records(register):
    made = runpy.run_path(str(PROJECT / "scripts" / "make_records_page.py"))
    assert "sighting/1" not in made["make_page"]()
    register()
    _, _, section = made["make_page"]().partition("## `sighting/1`")
    section, _, _ = section.partition("\n## ")
    assert Sighting.__doc__ in section
    assert "a note in capital letters" in section
    assert "| `photo` | 64 lower-case hexadecimal digits |" in section


def test_the_page_that_verifies_in_a_browser_knows_it(register):
    def data():
        html = verifier.page.__wrapped__().decode()
        [found] = re.findall(r'(?s)<script[^>]* id="data">(.*?)</script>', html)
        return json.loads(found)

    assert "sighting/1" not in data()["records"]
    register()
    assert data()["records"]["sighting/1"] == {
        "schema": "Sighting",
        "logs": ["public"],
        "namesLog": False,
        "isInKeyChain": False,
        "endsLog": False,
    }
    assert "photo" in data()["schemas"]["Sighting"]["required"]
