"""An own log begins with its key statement, and is taken up again as it was."""

import hashlib

import pytest

from federation.errors import ConfigError, ConflictError, SignatureError
from federation.flows.ownlog import begin, ingest
from federation.records.keychain import (
    open_chain,
)
from federation.records.keysigning import sign_statement
from federation.records.profile import parse_profile
from federation.store import keystatements, leaves, logs, statements
from federation.tlog.keys import Signer
from tests.ownnode import all_said
from tests.statements import next_statement


def read_log(node):
    with node.db.view() as view:
        log = logs.get_log(view, node.log.origin)
        return leaves.read_leaves(view, log.id, 0, log.size)


def test_opening_signs_nothing(open_node):
    node = open_node()
    assert read_log(node) == []
    assert node.state().own
    assert node.guard.read(node.log.origin) is None


def test_the_first_leaf_is_the_key_statement_once(open_node):
    node = open_node()
    assert begin.introduce(node.db, node.guard, node.log) == 1
    assert begin.introduce(node.db, node.guard, node.log) == 0
    assert read_log(node) == list(node.keys.chain.notes)
    with node.db.view() as view:
        assert keystatements.read_keys(view, node.log.log_id) == list(
            node.keys.chain.notes
        )


def test_a_later_statement_is_copied_into_the_log(node):
    seed = b"\x07" * 32
    identity = Signer.from_seed("jagasuara.example/identity", _identity_seed())
    added = Signer.from_seed("jagasuara.example/records", seed)
    statement = next_statement(
        node.keys.chain, "2024-02-10T00:00:00Z", add=[("records", added.key, 1)]
    )
    notes = [*node.keys.chain.notes, sign_statement(statement, identity)]
    chain = open_chain(notes, identity.key)
    log = begin.open_own(node.db, node.keys._replace(chain=chain), node.log.profile)
    assert begin.introduce(node.db, node.guard, log) == 1
    node.log = log
    assert read_log(node) == notes


def _identity_seed():
    return hashlib.sha256(b"jagasuara.example/identity 1").digest()


def test_keys_that_the_chain_does_not_name_are_refused(open_node):
    node = open_node()
    other = open_node("kawal.example").keys
    for wrong in (
        node.keys._replace(log_signer=other.log_signer),
        node.keys._replace(records_signer=other.records_signer),
    ):
        with pytest.raises(SignatureError):
            begin.open_own(node.db, wrong, node.log.profile)


def test_the_profile_of_another_election_is_refused(open_node):
    node = open_node()
    text = node.log.profile.text.replace(b"pemilu-2024", b"pilpres-2019")
    with pytest.raises(ConfigError):
        begin.open_own(node.db, node.keys, parse_profile(text))


def test_a_lost_database_signs_nothing_while_the_guard_stands(node, open_node):
    fresh = open_node(folder="fresh")
    fresh.guard = node.guard
    with pytest.raises(ConflictError, match="older copy"):
        begin.introduce(fresh.db, fresh.guard, fresh.log)
    assert read_log(fresh) == []


def test_what_the_log_said_is_read_again_where_it_is_not_known(node):
    draft = {
        "contest": "ppwp",
        "tps": "3171011001001",
        "round": "reguler",
        "form": "plano",
        "source": "observer",
        "review": "reviewed",
        "candidates": {"01": 1, "02": 2, "03": 3},
        "ref": "r",
        "revision": 1,
    }
    ingest.append(node.db, node.guard, node.log, [draft], 1_707_900_000)
    with node.db.view() as view:
        before = all_said(view, node.log.log_id)
    with node.db.transaction() as tx:
        statements.clear_said(tx, node.log.log_id)
    log = begin.open_own(node.db, node.keys, node.log.profile)
    with node.db.view() as view:
        assert all_said(view, log.log_id) == before
        assert statements.said_size(view, log.log_id) == 2
    assert len(before) == 1
    (verdict,) = ingest.append(node.db, node.guard, log, [draft], 1_707_900_000)
    assert verdict.outcome == "held"
