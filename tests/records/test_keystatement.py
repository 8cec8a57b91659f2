"""Key statements: keys that could be taken for one another are refused."""

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from federation.errors import RecordError
from federation.records.keystatement import (
    Follows,
    KeyEntry,
    Revocation,
    check_key_statement,
)
from federation.tlog.keys import ALG_COSIGNATURE, VerifierKey, format_vkey

# The eight points of small order in their canonical encodings, and encodings that
# are not canonical (y at or above the field's prime).
WEAK = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


def entry(role, key, start=0):
    return KeyEntry(from_=start, role=role, vkey=format_vkey(key))


def test_the_statement_of_a_new_log_is_accepted(jaga):
    check_key_statement(jaga.statement)


@pytest.mark.parametrize("public", WEAK)
@pytest.mark.parametrize("role", ["identity", "log", "records", "node", "mirror"])
def test_a_weak_key_is_refused_in_every_role(jaga, public, role):
    name = jaga.origin if role == "log" else f"{jaga.org}/{role}"
    alg = ALG_COSIGNATURE if role == "mirror" else 1
    vkey = format_vkey(VerifierKey(name, alg, bytes.fromhex(public)))
    if role == "identity":
        statement = replace(jaga.statement, identity=vkey)
    else:
        keys = (
            *(key for key in jaga.statement.keys if key.role != role),
            KeyEntry(from_=0, role=role, vkey=vkey),
        )
        statement = replace(jaga.statement, keys=keys)
    with pytest.raises(RecordError, match="weak"):
        check_key_statement(statement)


def test_a_key_has_the_name_and_the_algorithm_of_its_role(jaga):
    signers = {
        "log": jaga.log,
        "records": jaga.records,
        "node": jaga.node,
        "mirror": jaga.mirror,
        "identity": jaga.identity,
    }
    for role in ("log", "records", "node", "mirror"):
        for owner, signer in signers.items():
            keys = (
                *(key for key in jaga.statement.keys if key.role not in (role, owner)),
                entry(role, signer.key),
            )
            statement = replace(jaga.statement, keys=keys)
            if role == owner:
                check_key_statement(statement)
                continue
            with pytest.raises(RecordError):
                check_key_statement(statement)
    cosigning = jaga.signer("records", 9, alg=ALG_COSIGNATURE)
    keys = (*jaga.statement.keys, entry("records", cosigning.key))
    with pytest.raises(RecordError, match="algorithm"):
        check_key_statement(replace(jaga.statement, keys=keys))


def test_one_public_key_stands_in_one_role_only(jaga):
    for role, alg in (("records", 1), ("node", 1), ("mirror", ALG_COSIGNATURE)):
        shared = VerifierKey(f"{jaga.org}/{role}", alg, jaga.identity.key.public)
        keys = (
            *(key for key in jaga.statement.keys if key.role != role),
            entry(role, shared),
        )
        with pytest.raises(RecordError, match="twice"):
            check_key_statement(replace(jaga.statement, keys=keys))
    twice = (*jaga.statement.keys, entry("records", jaga.records.key, 5))
    with pytest.raises(RecordError, match="twice"):
        check_key_statement(replace(jaga.statement, keys=twice))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"version": 2}, "previous"),
        ({"previous": "a" * 64}, "previous"),
        ({"org": "b.example"}, "origin"),
        ({"election": "pilpres-2019"}, "origin"),
        ({"origin": "jagasuara.example/pemilu-2024/2"}, "follows"),
        (
            {"follows": Follows(origin="a.example/x", reason="r", size=1)},
            "follows",
        ),
        ({"identity": "x"}, "identity"),
    ],
)
def test_a_statement_that_contradicts_itself_is_refused(jaga, changes, field):
    with pytest.raises(RecordError) as caught:
        check_key_statement(replace(jaga.statement, **changes))
    assert caught.value.field == field


def test_a_successor_follows_the_generation_before_it(make_organisation):
    third = make_organisation(generation=3).statement
    check_key_statement(third)
    for origin in (
        "jagasuara.example/pemilu-2024",
        "jagasuara.example/pemilu-2024/3",
        "jagasuara.example/pemilu-2024/incidents/2",
        "b.example/pemilu-2024/2",
    ):
        follows = replace(third.follows, origin=origin)
        with pytest.raises(RecordError, match="successor"):
            check_key_statement(replace(third, follows=follows))
    with pytest.raises(RecordError, match="successor"):
        check_key_statement(replace(third, follows=UNSET))


def test_a_log_needs_a_key_for_checkpoints_and_one_for_records(jaga):
    for role in ("log", "records"):
        keys = tuple(key for key in jaga.statement.keys if key.role != role)
        with pytest.raises(RecordError, match="needs a key"):
            check_key_statement(replace(jaga.statement, keys=keys))


def test_two_log_keys_do_not_begin_at_one_size(jaga):
    second = jaga.log.from_seed(jaga.origin, b"\x77" * 32)
    for start, good in ((0, False), (1, True)):
        keys = (*jaga.statement.keys, entry("log", second.key, start))
        statement = replace(jaga.statement, keys=keys)
        if good:
            check_key_statement(statement)
            continue
        with pytest.raises(RecordError, match="one size"):
            check_key_statement(statement)


def test_a_revocation_is_of_a_listed_key_and_stands_once(jaga):
    def revoke(*keys):
        revoked = tuple(
            Revocation(from_=9, reason="stolen", vkey=format_vkey(key)) for key in keys
        )
        return replace(jaga.statement, revoked=revoked)

    check_key_statement(revoke(jaga.records.key, jaga.log.key))
    for keys in (
        [jaga.records.key, jaga.records.key],
        [jaga.signer("records", 9).key],
        [jaga.node.key],
    ):
        with pytest.raises(RecordError, match="listed once"):
            check_key_statement(revoke(*keys))
