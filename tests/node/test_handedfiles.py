"""Taking in what was handed over, by a node that runs."""

import contextlib
import json
import shutil
from random import Random

import pytest

from federation.config.peers import Peer, format_peer
from federation.config.settings import load_settings
from federation.errors import ForkError, FormatError, NotFoundError, UnknownPastError
from federation.feeds.bundle import write_bundle
from federation.feeds.resource import log_path
from federation.feeds.status import NO_DIGEST, StatusEntry
from federation.flows.pull.context import Taking
from federation.node import commands, handedfiles
from federation.node.api import NodeDesk
from federation.node.node import Node
from federation.node.resources import open_resources
from federation.records.evidence import format_fork
from federation.store import alarms, cosignatures, leaves, logs, pulls
from federation.tlog.cosignature import cosign, open_cosignatures
from federation.tlog.note import encode_notes, format_signature, parse_note
from federation.web.requests.partners import TakeFiles
from federation.web.requests.records import Batch
from federation.web.requests.wire import read_control
from tests.copies import copy_home
from tests.fakes import FakeOrg, FakePeer, Tree, flip_bit
from tests.handed import bundle_of, folder_of, items_of
from tests.homes import ELECTION, add_peer, clocks, draft, make_home, serving

JAGA = FakeOrg("jagapemilu.example", ELECTION)
KAWAL = FakeOrg("kawalpemilu.example", ELECTION)
TREE = Tree(JAGA).grow(JAGA.results(0, 999))


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    for owner in (JAGA, KAWAL):
        peer = Peer(org=owner.org, identity=owner.identity.key)
        with found.peers.open("a") as peers:
            peers.write("\n" + format_peer(peer))
    return found


@contextlib.asynccontextmanager
async def running(home, *, signs=True, alone=False):
    with open_resources(home, load_settings(home.settings)) as parts:
        node = Node(parts, clocks(), Random(1), alone=alone)
        async with node.open(signs=signs):
            yield node


async def held(node):
    return {log.origin: log for log in await node.resources.db.read(logs.list_logs)}


@pytest.mark.slow
async def test_what_does_not_fit_into_one_call_comes_with_the_next(home, tmp_path):
    path = bundle_of(tmp_path / "b", FakePeer("x").show(TREE).show(Tree(KAWAL)))
    async with running(home) as node:
        first = await handedfiles.take(node, path, 1e-9)
        assert first.more
        parts = [first]
        while parts[-1].more:
            parts.append(await handedfiles.take(node, path, 0.01 * len(parts)))
        assert sum(one.new for one in parts) == 1001
        sizes = {origin: log.size for origin, log in (await held(node)).items()}
    assert (sizes[JAGA.origin], sizes[KAWAL.origin]) == (1000, 1)


async def test_a_log_that_another_turn_takes_in_is_left_to_it(home, tmp_path):
    path = bundle_of(tmp_path / "b", FakePeer("x").show(TREE))
    async with running(home) as node:
        node.pull_context().busy[JAGA.origin] = Taking(None, 0)
        said = await handedfiles.take(node, path, 5.0)
        assert (said.more, said.logs[0].outcome) == (True, "busy")
        node.pull_context().busy.pop(JAGA.origin)
        said = await handedfiles.take(node, path, 5.0)
        assert (said.more, said.logs[0].outcome) == (False, "extended")


async def test_a_fork_that_the_files_prove_is_believed_for_its_proof(home, tmp_path):
    async with running(home) as node:
        await handedfiles.take(
            node, bundle_of(tmp_path / "b", FakePeer("x").show(TREE)), 5
        )
        other = TREE.fork(500, JAGA.results(0, 500, votes=7))
        proof = format_fork(ForkError(JAGA.origin, TREE.note(), other.note()))
        for evidence, is_frozen in ((proof[:-9], False), (proof, True)):
            peer = FakePeer("x").show(TREE, evidence=evidence)
            said = {"elections": [], "frozen": [JAGA.origin]}
            peer.files["v1/elections"] = json.dumps(said).encode()
            path = folder_of(tmp_path / f"site {is_frozen}", peer)
            await handedfiles.take(node, path, 5.0)
            frozen = (await held(node))[JAGA.origin].frozen
            assert (frozen is not None) is is_frozen
        found = await node.resources.db.read(alarms.list_alarms)
        assert [(one.code, one.subject) for one in found] == [("fork", JAGA.origin)]


async def test_what_the_maps_of_the_writer_rest_on_is_nobodys_alarm(home, tmp_path):
    peer = FakePeer("x").show(TREE)
    basis = {"election": ELECTION, "profile": "x", "register_digest": "", "rules": 99}
    peer.files["v1/elections"] = json.dumps({"elections": [basis]}).encode()
    async with running(home) as node:
        await handedfiles.take(node, bundle_of(tmp_path / "b", peer), 5.0)
        assert await node.resources.db.read(alarms.list_alarms) == []
        assert await node.resources.db.read(pulls.load_turns) == {}


async def test_of_very_many_bad_logs_the_rest_is_said_not_to_be_tried(
    home, tmp_path, monkeypatch
):
    monkeypatch.setattr("federation.flows.pull.context.MAX_GENERATIONS", 99)
    peer = FakePeer("x")
    peer.extra += [
        StatusEntry(
            about=NO_DIGEST,
            checkpoint="nonsense\n",
            keys=NO_DIGEST,
            origin=f"{JAGA.org}/{ELECTION}/{number}",
        )
        for number in range(2, 42)
    ]
    path = bundle_of(tmp_path / "b", peer)
    async with running(home) as node:
        said = await handedfiles.take(node, path, 5.0)
    assert [one.outcome for one in said.logs] == ["failed"] * 40
    assert [one.reason == handedfiles.NOT_TRIED for one in said.logs].count(True) == 8


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"path": "relative.zip"}, FormatError),
        ({"path": "/nowhere/b.zip"}, NotFoundError),
        ({"path": "/nowhere/b.zip", "dry_run": True}, NotFoundError),
        ({"path": "/b", "within_s": 0}, FormatError),
        ({"path": "/b", "more": 1}, FormatError),
        ({}, FormatError),
    ],
)
async def test_arguments_that_mean_nothing_are_refused(home, given, fault):
    async with running(home, signs=False) as node:
        with pytest.raises(fault):
            await NodeDesk(node).run(read_control("take", given))


async def test_files_without_logs_are_refused(home, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text").write_text("hello")
    async with running(home, signs=False) as node:
        for name, said in (("empty", "no logs"), ("text", "not a ZIP")):
            with pytest.raises(FormatError, match=said):
                await commands.take(node, TakeFiles(path=str(tmp_path / name)))


async def test_a_node_that_serves_takes_a_file_and_reads_it_by_itself(home, tmp_path):
    path = bundle_of(tmp_path / "b", FakePeer("x").show(TREE))
    async with serving(home) as node:
        given = {"path": str(path), "dry_run": True}
        status, said = await node.post("/v1/control/take", given)
        assert (status, said["new"]) == (200, 1000)
        status, said = await node.post("/v1/control/take", {"path": str(path)})
        assert (status, said["new"]) == (200, 1000)
        assert said["logs"][0]["outcome"] == "extended"
        _, body, _ = await node.get("/v1/status")
        assert json.loads(body)["peers"] == []


def cosigned_by(owner, note, time):
    line = cosign(parse_note(note).text, owner.mirror, time)
    return note + format_signature(line)


async def record(node, *numbers):
    drafts = [
        draft(tps=f"{1371011001 + number // 900}{number % 900:03}")
        for number in numbers
    ]
    said = await NodeDesk(node).run(Batch(election=ELECTION, records=drafts))
    assert {one.outcome for one in said.verdicts} == {"logged"}


async def as_peer(node):
    """The node's own log as somebody else shows it, and its earlier checkpoints."""
    [log] = node.resources.own.values()
    found = (await held(node))[log.origin]
    owner = FakeOrg(node.resources.settings.org, ELECTION)
    owner.statements = list(log.chain.notes)
    tree = Tree(owner, await node.resources.db.read(_leaves, found))
    kept = await node.resources.db.read(lambda view: _checkpoints(view, found))
    return FakePeer("x").show(tree, note=found.checkpoint), kept


async def test_a_node_that_serves_is_given_back_what_it_lost_and_since_when(
    home, tmp_path
):
    async with running(home) as node:
        await record(node, 1, 2)
        await record(node, 3)
        peer, kept = await as_peer(node)
    origin = f"{home.folder.name}/{ELECTION}"
    sizes = [size for size, _ in kept]
    assert sizes == [1, 3, 4]
    early, newest = kept[1][1], kept[2][1]
    forged = flip_bit(cosigned_by(KAWAL, early, 1_600_000_000), 8 * len(early) + 800)
    stranger = cosigned_by(FakeOrg("stranger.example", ELECTION), early, 1_500_000_000)
    good = cosigned_by(KAWAL, early, 1_700_000_000)
    notes = [b"nonsense", forged, stranger, good]
    peer.shown[origin].cosigned = cosigned_by(KAWAL, newest, 1_700_000_500)
    peer.files[log_path(origin, "cosigned")] = encode_notes(notes)
    path = bundle_of(tmp_path / "b", peer.show(Tree(KAWAL)))
    for folder in (home.data, home.guard):
        shutil.rmtree(folder)
    async with running(home) as node:
        said = await handedfiles.take(node, path, 5.0)
        [own] = [one for one in said.logs if one.own]
        assert (own.outcome, own.after) == ("restored", 4)
        assert said.held_by == {origin: {KAWAL.org: 4}}
        found = (await held(node))[origin]
        for size, time in ((3, 1_700_000_000), (4, 1_700_000_500)):
            lines = await node.resources.db.read(
                cosignatures.first_cosignatures, found.id, size
            )
            note = dict(kept)[size] + b"".join(lines)
            times = open_cosignatures(note, [KAWAL.mirror.key])
            assert [one.time for one in times] == [time]
        again = await node.resources.db.read(lambda view: _checkpoints(view, found))
        assert set(kept[1:]) <= set(again) <= set(kept)
        # That nothing newer was signed no file can say: the operator does, once.
        with pytest.raises(UnknownPastError, match="not known here"):
            await record(node, 4)
    async with running(home, alone=True) as node:
        await node.gate.passed(origin, 10.0)
    async with running(home) as node:
        await record(node, 4)
        assert (await held(node))[origin].size == 5
        assert await node.resources.db.read(alarms.list_alarms) == []


@pytest.mark.slow
async def test_a_damaged_copy_of_ours_holds_signing_back_until_a_good_one_comes(
    home, tmp_path
):
    async with running(home) as node:
        for start in range(1, 600, 200):
            await record(node, *range(start, start + 200))
        peer, _ = await as_peer(node)
    origin = f"{home.folder.name}/{ELECTION}"
    good = bundle_of(tmp_path / "good", peer)
    peer.spoil = lambda what, _, data: (
        flip_bit(data, 9000) if what == "tile/entries/001" else data
    )
    bad = bundle_of(tmp_path / "bad", peer)
    for folder in (home.data, home.guard):
        shutil.rmtree(folder)
    async with running(home) as node:
        with pytest.raises(UnknownPastError, match="not known here"):
            await node.gate.passed(origin, 10.0)
        said = await handedfiles.take(node, bad, 5.0)
        assert (said.logs[0].outcome, bool(said.logs[0].reason)) == ("refused", True)
        assert node.gate.reason(origin)
        [waiting] = await node.resources.db.read(alarms.list_alarms)
        assert "601 records" in waiting.detail
        said = await handedfiles.take(node, good, 5.0)
        assert (said.logs[0].outcome, said.logs[0].after) == ("restored", 601)
    async with running(home, alone=True) as node:
        await record(node, 700)
        assert await node.resources.db.read(alarms.list_alarms) == []


async def test_a_hole_in_the_records_is_no_later_beginning(home, tmp_path):
    peer = FakePeer("x").show(TREE)
    for gone in (["entries/000"], ["entries/"]):
        items = [
            (name, data)
            for name, data in items_of(peer)
            if not any(part in name for part in gone)
        ]
        write_bundle(tmp_path / "b", items)
        async with running(home) as node:
            [log] = (await handedfiles.look(node, tmp_path / "b")).logs
        expected = ("missing", 256) if gone == ["entries/000"] else ("failed", 0)
        assert (log.outcome, log.begins) == expected


@pytest.mark.slow
async def test_a_clone_that_signed_on_is_found_out_by_its_file(tmp_path):
    """Two copies of one laptop went on; each stick shows the other history."""
    partner = make_home(tmp_path, "kawalpemilu.example")
    home = make_home(tmp_path / "one")
    clone_folder = tmp_path / "two" / home.folder.name
    copy_home(home.folder, clone_folder)
    clone = home.of(clone_folder, load_settings(clone_folder / "federation.toml"))
    add_peer(partner, home)
    files = []
    for number, one in enumerate((home, clone), 1):
        async with running(one) as node:
            await record(node, number)
            peer, _ = await as_peer(node)
            files.append(bundle_of(tmp_path / f"{number}.zip", peer))
    async with running(home) as node:
        said = await handedfiles.take(node, files[1], 5.0)
        assert said.logs[0].outcome == "frozen"
        codes = {one.code for one in await node.resources.db.read(alarms.list_alarms)}
        assert "own-fork" in codes
    async with running(partner) as node:
        assert (await handedfiles.take(node, files[0], 5.0)).logs[
            0
        ].outcome == "extended"
        assert (await handedfiles.take(node, files[1], 5.0)).logs[0].outcome == "frozen"


def _checkpoints(view, log):
    return [(size, note) for size, _, note in logs.list_checkpoints(view, log.id)]


def _leaves(view, log):

    return leaves.read_leaves(view, log.id, 0, log.next_index)
