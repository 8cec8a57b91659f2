"""Folders of plain files that were tampered with, read by the program of others."""

import pytest

from federation.flows.audit.report import EXITS
from federation.records.keychain import encode_keys
from federation.tlog.checkpoint import sign_checkpoint
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.keys import Signer, format_vkey
from federation.tlog.note import parse_note
from federation.tlog.tile import encode_bundle
from tests.fakes import FakeOrg, flip_bit


def entries(tree, change, index=1):
    """The bundle's bytes, its records changed."""
    leaves = change(tree.leaves[index * 256 : (index + 1) * 256])
    # In two halves: one too many is more than a bundle of ours may have.
    return encode_bundle(leaves[:100]) + encode_bundle(leaves[100:])


async def test_go_accepts_a_folder_of_plain_files(published):
    answer = await published.check()
    assert (answer.exit, answer.verdict, answer.size) == (0, "proved", 601)
    published.path("tile/entries/002.p/89").rename(published.path("tile/entries/002"))
    assert (await published.check()).exit == 0


def swapped(leaves):
    return [*leaves[:7], leaves[9], leaves[8], leaves[7], *leaves[10:]]


CHANGES = {
    "altered": lambda leaves: [*leaves[:7], leaves[7][:-9] + b"A", *leaves[8:]],
    "dropped": lambda leaves: [*leaves[:7], *leaves[8:]],
    "duplicated": lambda leaves: [*leaves[:7], *leaves[6:]],
    "swapped": swapped,
}


@pytest.mark.parametrize("kind", CHANGES)
async def test_go_says_what_became_of_a_record_and_where(published, tree, kind):
    published.save("tile/entries/001", entries(tree, CHANGES[kind]))
    answer = await published.check()
    assert (answer.exit, answer.verdict) == (EXITS[kind], kind), answer.text
    assert (kind, 256 + 7) in answer.findings


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("checkpoint", {"checkpoint"}),
        ("tile/0/001", {"tile"}),
        ("tile/0/002.p/89", {"tile"}),
        ("tile/1/000.p/2", {"tile"}),
        # A length that is flipped moves the borders of all that follow it.
        ("tile/entries/001", {"altered", "cut-off"}),
        ("keys", {"keys", "cut-off", "damaged", "wrong-key"}),
    ],
)
async def test_go_finds_one_bit_turned_round_in_any_file(published, name, kinds):
    true = published.path(name).read_bytes()
    bits = range(3, 8 * len(true), 8 * len(true) // 11)
    for bit in bits:
        published.save(name, flip_bit(true, bit))
        answer = await published.check()
        assert answer.verdict in kinds, (bit, answer.text)
        assert answer.exit == EXITS[answer.verdict]


@pytest.mark.parametrize("name", ["tile/0/001", "tile/entries/001", "keys"])
async def test_go_says_cut_off_of_a_file_that_ends_too_early(published, name):
    published.change(name, lambda data: data[: len(data) // 2 - 1])
    answer = await published.check()
    assert (answer.exit, answer.verdict) == (37, "cut-off"), answer.text


@pytest.mark.parametrize(
    "name", ["checkpoint", "keys", "tile/0/001", "tile/entries/000"]
)
async def test_go_says_missing_of_a_file_that_is_not_there(published, name):
    published.path(name).unlink()
    answer = await published.check()
    assert (answer.exit, answer.verdict) == (38, "missing"), answer.text


async def test_go_refuses_a_log_by_another_key_than_the_one_given(published):
    stranger = Signer.from_seed(published.owner.origin, bytes(32))
    answer = await published.check(vkey=format_vkey(stranger.key))
    assert (answer.exit, answer.verdict) == (21, "wrong-key"), answer.text


async def test_go_refuses_a_checkpoint_that_somebody_else_signed(published, tree):
    stranger = Signer.from_seed(published.owner.origin, bytes(32))
    published.save("checkpoint", sign_checkpoint(tree.checkpoint(), stranger))
    answer = await published.check()
    assert (answer.exit, answer.verdict) == (23, "checkpoint"), answer.text


async def test_go_refuses_a_confirmation_that_its_partner_did_not_sign(published, tree):
    partner, silent = FakeOrg("kawalpemilu.example"), FakeOrg("jagapemilu.example")
    mirrors = [format_vkey(one.mirror.key) for one in (partner, silent)]
    text = parse_note(tree.note()).text
    line = cosign(text, partner.mirror, 1_707_915_900)
    true = add_signatures(tree.note(), [line])
    published.save("checkpoint", true)
    answer = await published.check(mirrors=mirrors)
    assert (answer.exit, answer.verdict) == (0, "proved"), answer.text
    assert "by kawalpemilu.example/mirror, 2024-02-14T13:05:00Z" in answer.text
    assert "jagapemilu.example/mirror does not say so" in answer.text
    # The time is signed as well: an old confirmation does not become a fresh one.
    later = line.payload[:7] + b"\xff" + line.payload[8:]
    line = line._replace(payload=later)
    published.save("checkpoint", add_signatures(tree.note(), [line]))
    answer = await published.check(mirrors=mirrors)
    assert (answer.exit, answer.verdict) == (34, "cosignature"), answer.text
    assert (await published.check()).exit == 0


@pytest.mark.parametrize("size", [300, 512, 601])
async def test_go_proves_two_histories_by_two_checkpoints(
    published, tree, tmp_path, size
):
    owner = published.owner
    other = tree.fork(250, owner.results(300, 300 + size - 250))
    older = tmp_path / "older"
    older.write_bytes(other.note())
    assert other.size == size
    answer = await published.check(older=[older])
    assert (answer.exit, answer.verdict) == (20, "forked"), answer.text
    older.write_bytes(tree.note(size))
    assert (await published.check(older=[older])).exit == 0


async def test_go_does_not_take_a_later_checkpoint_for_another_history(
    published, tree, tmp_path
):
    later = tmp_path / "later"
    tree.grow(published.owner.results(600, 610))
    later.write_bytes(tree.note())
    answer = await published.check(older=[later])
    assert (answer.exit, answer.size) == (0, 601)
    assert "not comparable" in answer.text


async def test_go_judges_each_record_that_the_log_signed_for(published, tree):
    """The log vouches for them, their own signatures do not: as on a node of ours."""
    owner = published.owner
    stranger = FakeOrg("kawalpemilu.example")
    forged = owner.result(700).replace(b'"01":100', b'"01":900')
    elsewhere = FakeOrg(owner.org, "pilpres-2019").result(701)
    tree.grow([forged, stranger.result(702), elsewhere, owner.result(703)])
    published.write(tree)
    answer = await published.check()
    assert (answer.exit, answer.verdict) == (30, "foreign"), answer.text
    assert answer.findings == [
        ("bad-record", 601),
        ("foreign", 602),
        ("foreign", 603),
    ]
    for index, code in ((601, 32), (602, 30), (604, 0), (605, 38)):
        assert (await published.check(index=index)).exit == code


async def test_go_holds_a_revoked_key_to_the_index_it_was_revoked_from(published, tree):
    owner = published.owner
    newer = Signer.from_seed(f"{owner.org}/records", bytes(range(32)))
    owner.statements.append(
        owner.restate(
            add=[("records", newer.key, 602)],
            revoke=[(owner.records.key, 602, "lost")],
        )
    )
    tree.grow([owner.statements[-1], owner.result(700)])
    published.save("keys", encode_keys(owner.statements))
    published.write(tree)
    answer = await published.check()
    assert answer.findings == [("set-apart", 602)]
    assert (answer.exit, answer.verdict) == (0, "proved")
    # Alone it is asked about as what counts, and it does not count.
    assert (await published.check(index=602)).exit == 31
