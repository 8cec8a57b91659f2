"""Trust files: the draft's grammar, and when a quorum is met."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError, ProofError, SignatureError
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from federation.tlog.merkle import hash_leaf
from federation.tlog.note import parse_note
from federation.tlog.policy import (
    MAX_POLICY_BYTES,
    Policy,
    PolicyLog,
    Witness,
    WitnessGroup,
    format_policy,
    parse_policy,
)
from tests.policies import check_policy

LOG = Signer.from_seed("test.example/pemilu-2024", b"\x01" * 32)
SIGNERS = {
    name: Signer.from_seed(
        f"{name.lower()}.example", name.encode() * 16, ALG_COSIGNATURE
    )
    for name in ("X1", "X2", "X3", "Y1", "Y2", "Y3")
}
EXAMPLE = "\n".join(
    [
        f"log {LOG.key}",
        "",
        *(f"witness {name} {SIGNERS[name].key}" for name in ("X1", "X2", "X3")),
        "group X-witnesses 2 X1 X2 X3",
        "",
        "  # the others",
        *(f"witness\t{name} \t {SIGNERS[name].key}\t" for name in ("Y1", "Y2")),
        f" witness Y3 {SIGNERS['Y3'].key} https://y3.example/",
        "group Y-witnesses any Y1 Y2 Y3",
        "group X-and-Y all X-witnesses Y-witnesses",
        "quorum X-and-Y",
        "",
    ]
)


def test_the_example_of_the_draft_reads_as_it_says():
    policy = parse_policy(EXAMPLE.encode())
    assert policy.logs == (PolicyLog(LOG.key),)
    assert [one.name for one in policy.witnesses] == list(SIGNERS)
    assert policy.witnesses[5] == Witness(
        "Y3", SIGNERS["Y3"].key, "https://y3.example/"
    )
    assert policy.groups == (
        WitnessGroup("X-witnesses", 2, ("X1", "X2", "X3")),
        WitnessGroup("Y-witnesses", 1, ("Y1", "Y2", "Y3")),
        WitnessGroup("X-and-Y", 2, ("X-witnesses", "Y-witnesses")),
    )
    assert policy.quorum == "X-and-Y"
    assert parse_policy(format_policy(policy)) == policy


def test_the_quorum_of_the_example_is_met_by_exactly_the_right_sets():
    policy = parse_policy(EXAMPLE.encode())
    for count in range(7):
        for names in itertools.combinations(SIGNERS, count):
            of_x = sum(name.startswith("X") for name in names)
            is_enough = of_x >= 2 and count - of_x >= 1
            assert policy.is_met(names) == is_enough
            assert policy.is_met([*names, "stranger", "X-and-Y"]) == is_enough


def test_without_a_quorum_nobody_needs_to_cosign_and_one_witness_can_be_one():
    assert parse_policy(b"quorum none\n").is_met(())
    policy = parse_policy(f"witness a {SIGNERS['X1'].key}\nquorum a\n".encode())
    assert policy.is_met(["a"])
    assert not policy.is_met(())


W = f"witness a {SIGNERS['X1'].key}\n"
V = f"witness b {SIGNERS['X2'].key}\n"
INVALID = {
    "empty": "",
    "no quorum": f"log {LOG.key}\n",
    "two quorums": "quorum none\nquorum none\n",
    "quorum before its witness": f"quorum a\n{W}",
    "quorum of nobody": "quorum a\n",
    "quorum of two": W + V + "quorum a b\n",
    "no final LF": "quorum none",
    "unknown line": "threshold 3\nquorum none\n",
    "capital": "Quorum none\n",
    "log without key": "log\nquorum none\n",
    "log with two URLs": f"log {LOG.key} a b\nquorum none\n",
    "bad vkey": f"log {LOG.key}x\nquorum none\n",
    "log twice": f"log {LOG.key}\nlog {LOG.key}\nquorum none\n",
    "log with a witness's key": f"log {SIGNERS['X1'].key}\nquorum none\n",
    "log of the same public key": (
        f"log {LOG.key}\nlog {Signer.from_seed('b.example', bytes([1]) * 32).key}\n"
        "quorum none\n"
    ),
    "witness without key": "witness a\nquorum none\n",
    "witness with a log's key": f"witness a {LOG.key}\nquorum none\n",
    "witness twice": W + W.replace(" a ", " c ") + "quorum none\n",
    "witness name twice": W + V.replace(" b ", " a ") + "quorum none\n",
    "witness called none": W.replace(" a ", " none ") + "quorum none\n",
    "group called none": W + "group none any a\nquorum none\n",
    "group called as a witness": W + V + "group a any b\nquorum none\n",
    "group without members": W + "group g any\nquorum none\n",
    "group of itself": W + "group g any g\nquorum none\n",
    "group before its witness": f"group g any a\n{W}quorum none\n",
    "group of none": W + "group g any none\nquorum none\n",
    "member twice": W + "group g any a a\nquorum none\n",
    "member of two groups": W + V + "group g any a\ngroup h any a b\nquorum none\n",
    "threshold 0": W + "group g 0 a\nquorum none\n",
    "threshold above": W + "group g 2 a\nquorum none\n",
    "threshold with zero": W + "group g 01 a\nquorum none\n",
    "threshold with plus": W + "group g +1 a\nquorum none\n",
    "threshold full-width": W + "group g \uff11 a\nquorum none\n",
    "threshold some": W + "group g some a\nquorum none\n",
    "no-break space": W.replace(" a ", "\u00a0a ") + "quorum none\n",
    "CR": "quorum none\r\n",
    "NUL": "# \x00\nquorum none\n",
    "DEL": "# \x7f\nquorum none\n",
    "form feed": "\x0cquorum none\n",
    "too large": "#" * MAX_POLICY_BYTES + "\nquorum none\n",
}


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID)
def test_anything_else_is_refused(text):
    with pytest.raises(FormatError):
        parse_policy(text.encode())


def test_names_are_octets():
    kelvin = f"witness \u212a {SIGNERS['X1'].key}\nwitness K {SIGNERS['X2'].key}\n"
    policy = parse_policy(kelvin.encode() + b"group g all \xe2\x84\xaa K\nquorum g\n")
    assert not policy.is_met(["K"])
    latin = f"witness K {SIGNERS['X1'].key}\n".encode().replace(b" K ", b" \xff ")
    policy = parse_policy(latin + b"quorum \xff\n")
    assert format_policy(policy) == latin + b"quorum \xff\n"
    assert policy.is_met([policy.quorum])


def test_the_limit_of_lines_is_far_above_what_the_draft_recommends():
    lines = [
        f"witness w{n} {Signer.from_seed('w.example', n.to_bytes(32, 'big'), 4).key}\n"
        for n in range(257)
    ]
    assert len(
        parse_policy("".join([*lines[:256], "quorum none\n"]).encode()).witnesses
    )
    with pytest.raises(FormatError, match="more than 256"):
        parse_policy("".join([*lines, "quorum none\n"]).encode())


@pytest.fixture(scope="module")
def signed():
    return sign_checkpoint(Checkpoint(LOG.name, 3, hash_leaf(b"a")), LOG)


def _cosigned(signed, *names):
    text = parse_note(signed).text
    return add_signatures(signed, [cosign(text, SIGNERS[name], 5) for name in names])


def test_a_checkpoint_counts_when_its_log_and_enough_witnesses_signed(signed):
    policy = parse_policy(EXAMPLE.encode())
    checkpoint, found = check_policy(policy, _cosigned(signed, "X1", "X3", "Y2"))
    assert checkpoint.size == 3
    assert [one.key for one in found] == [SIGNERS[n].key for n in ("X1", "X3", "Y2")]
    for names in ((), ("X1", "X2", "X3"), ("X1", "Y1", "Y2", "Y3")):
        with pytest.raises(ProofError):
            check_policy(policy, _cosigned(signed, *names))


def test_a_forged_cosignature_does_not_count(signed):
    policy = parse_policy(EXAMPLE.encode())
    text = parse_note(signed).text
    lines = [cosign(text, SIGNERS[name], 5) for name in ("X1", "X2", "Y1")]
    lines[2] = lines[2]._replace(payload=lines[1].payload)
    with pytest.raises(ProofError):
        check_policy(policy, add_signatures(signed, lines))


def test_a_log_that_the_policy_does_not_list_does_not_count(signed):
    with pytest.raises(SignatureError, match="no checkpoint signed by a key of"):
        check_policy(parse_policy(b"quorum none\n"), signed)
    thief = Signer.from_seed(LOG.name, b"\x66" * 32)
    policy = parse_policy(f"log {thief.key}\nquorum none\n".encode())
    with pytest.raises(SignatureError):
        check_policy(policy, signed)
    # Two keys of one log, as after a rotation: either may have signed.
    for keys in ((thief, LOG), (LOG, thief)):
        lines = "".join(f"log {one.key}\n" for one in keys)
        policy = parse_policy(f"{lines}quorum none\n".encode())
        assert check_policy(policy, signed)[0].size == 3


@given(st.data())
def test_what_is_formatted_parses_to_the_same(data):
    names = data.draw(st.lists(st.sampled_from(list(SIGNERS)), unique=True))
    free, groups = list(names), []
    while free and data.draw(st.booleans()):
        members = data.draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
        threshold = data.draw(st.integers(1, len(members)))
        groups.append(WitnessGroup(f"g{len(groups)}", threshold, tuple(members)))
        free = [name for name in free if name not in members] + [groups[-1].name]
    policy = Policy(
        (PolicyLog(LOG.key, "https://log.example/"),),
        tuple(Witness(name, SIGNERS[name].key) for name in names),
        tuple(groups),
        data.draw(st.sampled_from(["none", *names])),
    )
    assert parse_policy(format_policy(policy)) == policy
