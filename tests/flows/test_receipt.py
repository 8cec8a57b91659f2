"""Receipts of what is held: the earliest confirmation, by the record's id alone."""

import hashlib

import pytest

from federation.errors import FormatError, NotFoundError
from federation.flows.cosign import cosign_held, read_first_held
from federation.flows.merge import merge_once
from federation.flows.ownlog import begin, ingest
from federation.flows.receipt import (
    Confirmation,
    file_name,
    find_record,
    find_station,
    issue,
    make_receipt,
)
from federation.records.keychain import open_chain
from federation.records.receipt import open_receipt, parse_receipt
from federation.records.sealed import Sealed
from federation.store import claims, cosignatures, keystatements, logs, recordindex
from federation.store import leaves as stored
from federation.tlog.cosignature import cosign, open_cosignatures
from federation.tlog.keys import ALG_COSIGNATURE
from federation.tlog.merkle import hash_leaf
from federation.tlog.note import format_signature, parse_note
from tests.fakes import signer
from tests.mirrored import hold
from tests.ownnode import row

NOW = 1_707_900_000
A, B, C = (signer(f"{name}.example/mirror", ALG_COSIGNATURE) for name in "abc")


def draft(number, votes=100):
    tps = f"1371011{number // 900 + 1:03d}{number % 900 + 1:03d}"
    return row(tps, votes, 20, 30, form="salinan")


def publish(node, start, end, votes=100):
    drafts = [draft(number, votes) for number in range(start, end)]
    found = ingest.append(node.db, node.guard, node.log, drafts, NOW)
    assert {one.outcome for one in found} == {"logged"}
    return [one.record for one in found]


def confirm(node, size, *signers, time=NOW):
    with node.db.transaction() as tx:
        log = logs.get_log(tx, node.log.origin)
        note = next(logs.list_checkpoints(tx, log.id, size - 1))[2]
        for one in signers:
            line = format_signature(cosign(parse_note(note).text, one, time))
            cosignatures.save_cosignature(tx, log.id, size, line, one.key, time)


def issued(db, origin, index, claimed_in=None):
    with (claimed_in or db).view() as view:
        log = logs.get_log(view, origin)
        [claim] = claims.read_claims(view, log.id, index, index + 1, 1)
    with db.view() as view:
        return issue(view, origin, claim)


def merge(node):
    while merge_once(node.db, {node.log.chain.election: node.log.profile}):
        pass


def receipt(node, index, **asked):
    with node.db.view() as view:
        data = make_receipt(view, node.log.origin, index, **asked)
    found = parse_receipt(data)
    return found, open_receipt(found, open_chain(found.keys, node.log.chain.identity))


def test_every_record_has_a_receipt_that_stands_alone(node):
    records = publish(node, 0, 300)
    for index in (0, 1, 2, 255, 256, 299, 300):
        found, (checkpoint, sealed) = receipt(node, index)
        assert (found.index, checkpoint.size) == (index, 301)
        assert isinstance(sealed, Sealed)
        if index:
            assert sealed.record == records[index - 1]


def test_the_path_leads_to_the_earliest_checkpoint_that_two_confirmed(node):
    for start in range(0, 50, 10):
        publish(node, start, start + 10)  # sizes 11, 21, 31, 41, 51
    assert receipt(node, 3)[1][0].size == 51, "nobody confirmed: the newest"
    confirm(node, 21, A, time=NOW + 1)
    assert receipt(node, 3)[1][0].size == 21
    confirm(node, 31, A, B, time=NOW + 2)
    confirm(node, 41, A, B, C, time=NOW + 3)
    assert receipt(node, 3)[1][0].size == 31
    assert receipt(node, 31)[1][0].size == 41
    assert receipt(node, 45)[1][0].size == 51
    of_three = receipt(node, 3, quorum=3)[1][0].size
    assert (receipt(node, 3, quorum=1)[1][0].size, of_three) == (21, 41)


def test_it_says_since_when_and_heartbeats_do_not_move_that(node):
    publish(node, 0, 10)
    confirm(node, 11, B, time=NOW + 60)
    confirm(node, 11, A, time=NOW + 90)
    before = receipt(node, 5)[0]
    for beat in range(1, 4):
        confirm(node, 11, A, B, time=NOW + 300 * beat)
    after = receipt(node, 5)[0]
    assert after == before
    said = open_cosignatures(after.proof.checkpoint, [A.key, B.key])
    assert [one.time for one in said] == [NOW + 90, NOW + 60]
    assert issued(node.db, node.log.origin, 5).held == [
        Confirmation("b.example", NOW + 60),
        Confirmation("a.example", NOW + 90),
    ]


def test_the_log_itself_is_no_witness_of_its_own(node):
    publish(node, 0, 5)
    publish(node, 5, 10)
    own = signer(f"{node.log.chain.org}/mirror", ALG_COSIGNATURE)
    confirm(node, 6, own, A)
    confirm(node, 11, A, B)
    assert receipt(node, 2)[1][0].size == 11


def test_a_partners_record_has_one_too_with_our_own_word(open_node):
    ours, theirs = open_node("jagasuara.example"), open_node("kawal.example")
    begin.introduce(theirs.db, theirs.guard, theirs.log)
    publish(theirs, 0, 20)
    copy_log(theirs, ours)
    mirror = signer("jagasuara.example/mirror", ALG_COSIGNATURE)
    with ours.db.transaction() as tx:
        cosign_held(tx, mirror, [], NOW, 300)
    with ours.db.view() as view:
        found = parse_receipt(make_receipt(view, theirs.log.origin, 7))
    assert found.leaf.startswith(b'{"candidates"')
    one = issued(ours.db, theirs.log.origin, 7, theirs.db)
    assert one.held == [Confirmation("jagasuara.example", NOW)]
    assert parse_receipt(one.data) == found
    assert open_cosignatures(found.proof.checkpoint, [mirror.key])


def copy_log(source, target):
    """What a pull leaves behind: every leaf, the keys and the newest checkpoint."""
    with source.db.view() as view:
        log = logs.get_log(view, source.log.origin)
        leaves = [
            leaf
            for bundle in stored.bundles(view, log.id, 0, log.size)
            for leaf in bundle
        ]
        notes = keystatements.read_keys(view, log.id)
        root = logs.root_of_size(view, log.id, log.size)
    with target.db.transaction() as tx:
        mirrored = logs.add_log(tx, log.origin, own=False)
        keystatements.save_keys(tx, mirrored.id, notes)
        hashes = [hash_leaf(leaf) for leaf in leaves]
        logs.append_leaves(tx, mirrored.id, 0, leaves, hashes)
        hold(tx, mirrored, log.checkpoint, root)


def test_what_is_not_signed_or_not_here_has_none(node):
    publish(node, 0, 3)
    with node.db.view() as view:
        for index in (-1, 4, 2**40):
            with pytest.raises(NotFoundError):
                make_receipt(view, node.log.origin, index)
        with pytest.raises(NotFoundError):
            make_receipt(view, "stranger.example/pemilu-2024", 0)


def test_an_id_finds_its_record_before_and_after_it_is_merged(node):
    first = publish(node, 0, 40)
    check_found(node, first)
    merge(node)
    with node.db.view() as view:
        log = logs.get_log(view, node.log.origin)
        assert recordindex.noted_up_to(view, log.id) == 41
    check_found(node, first)
    second = publish(node, 40, 60)
    check_found(node, first + second)


def check_found(node, records):
    with node.db.view() as view:
        for index, record in enumerate(records, 1):
            origin, claim = find_record(view, record)
            assert (origin, claim.index, claim.record) == (
                node.log.origin,
                index,
                record,
            )


def test_what_was_replaced_is_still_found(node):
    old = publish(node, 0, 5, votes=100)
    merge(node)
    new = publish(node, 0, 5, votes=90)
    merge(node)
    check_found(node, old + new)


def test_a_database_from_before_is_caught_up_by_the_merge(node):
    records = publish(node, 0, 30)
    merge(node)
    with node.db.transaction() as tx:
        tx.execute("DELETE FROM record_place")
        tx.execute("DELETE FROM record_noted")
    check_found(node, records)
    records += publish(node, 30, 31)
    merge(node)
    with node.db.view() as view:
        log = logs.get_log(view, node.log.origin)
        assert recordindex.noted_up_to(view, log.id) == 32
    check_found(node, records)


def test_a_place_that_is_not_true_any_more_is_no_answer(node):
    [record] = publish(node, 0, 1)
    merge(node)
    with node.db.transaction() as tx:
        log = logs.get_log(tx, node.log.origin)
        claims.replace_claims(tx, log.id, 1, 2, ())
        recordindex.note(tx, log.id, [], 2)
        assert recordindex.find(tx, log.id, record) == [1]
        with pytest.raises(NotFoundError):
            find_record(tx, record)


@pytest.mark.parametrize(
    "given", ["", "abc", "A" * 64, "0" * 63, "0" * 65, "0" * 63 + "\n", "٣" * 64]
)
def test_what_is_no_record_id_is_said_to_be_none(node, given):
    with node.db.view() as view, pytest.raises(FormatError, match="64 hex"):
        find_record(view, given)


def test_a_record_that_nobody_has_is_not_found(node):
    publish(node, 0, 3)
    merge(node)
    with node.db.view() as view, pytest.raises(NotFoundError):
        find_record(view, hashlib.sha256(b"nobody").hexdigest())


def test_of_a_station_what_stands_has_receipts_and_what_was_replaced_has_not(node):
    publish(node, 0, 3, votes=100)
    publish(node, 0, 1, votes=90)
    merge(node)
    station, org = draft(0)["tps"], node.log.chain.org
    with node.db.view() as view:
        for more in ((), ("ppwp",), ("", org), ("ppwp", org)):
            [(origin, claim)] = find_station(view, "pemilu-2024", station, *more)
            assert (origin, claim.index) == (node.log.origin, 4)
        for more in (("pdpr",), ("", "other.example")):
            with pytest.raises(NotFoundError):
                find_station(view, "pemilu-2024", station, *more)
        with pytest.raises(FormatError):
            find_station(view, "pemilu-2024", "12")


def test_a_file_is_named_after_what_people_know(node):
    [record] = publish(node, 0, 1)
    with node.db.view() as view:
        _, claim = find_record(view, record)
    assert file_name(claim) == "receipt-1371011001001-ppwp-jagasuara.example-1.txt"


def test_a_size_that_is_not_kept_shows_no_checkpoint(node):
    publish(node, 0, 3)
    with node.db.view() as view, pytest.raises(NotFoundError):
        read_first_held(view, logs.get_log(view, node.log.origin).id, 3)
