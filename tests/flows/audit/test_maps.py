"""A map made again without a database is, byte for byte, what the node has."""

import errno
import hashlib
import random
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET
from msgspec.structs import replace

from federation import sorting
from federation.errors import FormatError
from federation.feeds import resource
from federation.flows.audit.maps import MapAudit
from federation.flows.audit.published import AscendingStations, MapBasis, load_basis
from federation.flows.audit.report import Findings
from federation.flows.query.published import published_basis, published_map
from federation.records.admission import admit
from federation.records.claim import bundle_claims
from federation.records.keystatement import Follows
from federation.records.merge import RULES_VERSION, digest_rows
from federation.records.publishedmap import PublishedMap, format_map, parse_map
from federation.store import claims, logs, mapreading, mapstate
from federation.store.db import Database
from federation.tlog.tile import Bundle
from tests.fakes import ELECTION as YEAR
from tests.fakes import FakeOrg, FakePeer, Tree
from tests.flows import test_merge as merging
from tests.flows.audit.conftest import audit_peer, trust_in
from tests.flows.test_merge import (
    ELECTION,
    FILES,
    FOLLOWED_BELOW,
    NEWER,
    ORIGINS,
    PLACES,
    PROFILE,
    B,
    Reference,
    grow,
    merge_all,
    open_logs,
    read_streams,
    result,
    save_register,
    withdrawal,
)
from tests.ownnode import small_profile


def chain_of(origin):
    """As much of a key chain as making the map again asks for."""
    ends = Follows(origin=ORIGINS[0], reason="a lost disk", size=FOLLOWED_BELOW)
    last = SimpleNamespace(follows=ends if origin == NEWER else UNSET)
    return SimpleNamespace(origin=origin, statements=[last])


def make_again(basis, said, folder, *, run_bytes=2_000, share=7):
    """The audit's answer and findings, fed with all that these logs say."""
    maps, findings = MapAudit(basis, folder, run_bytes), Findings()
    for origin, found in said.items():
        made = [claim for claim in found if claim is not None]
        for start in range(0, len(made), share):
            maps.take(origin, bundle_claims(made[start : start + share]))
        maps.cover(chain_of(origin), 0, len(found))
    return maps.judge("peer", findings), findings


def basis_of(db, profile=PROFILE):
    """What the node publishes, read as an auditor does."""
    with db.view() as view:
        said = parse_map(format_map(published_map(view, ELECTION)))
        assert published_basis(view, said.profile, [profile]) == profile.text
        stations = None
        if said.register:
            stations = AscendingStations(
                published_basis(view, said.register, [profile])
            )
    return MapBasis(said, profile, stations)


def check_equal(db, said, folder, **options):
    basis = basis_of(db)
    report, findings = make_again(basis, said, folder, **options)
    assert findings.kept == []
    assert report.equal
    assert report.recomputed == report.published == basis.published.digest
    with db.view() as view:
        assert report.stations == mapreading.count_rows(view, ELECTION)
    return report


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), hides=st.booleans(), share=st.integers(1, 30))
def test_random_logs_come_to_the_map_that_a_node_has(
    tmp_path_factory, seed, hides, share
):
    folder = tmp_path_factory.mktemp("map")
    world = merging.World(folder, random.Random(seed))
    world.live()
    if hides:
        merge_all(world.db, hidden={B})
    report = check_equal(world.db, world.said, folder, share=share)
    shown = {o: found for o, found in world.said.items() if not (hides and o[0] == "b")}
    plain = Reference(shown, {ORIGINS[0]: FOLLOWED_BELOW}, world.register)
    assert report.recomputed == digest_rows(plain.read_map()[0])
    world.db.close()


def test_the_real_sample_comes_to_the_map_that_a_node_has(db, shared, tmp_path):
    said = {
        f"{org}/{ELECTION}": [
            result(index, org, (int(one), int(two)), tps=tps)
            for index, (tps, one, two) in enumerate(rows)
        ]
        for org, rows in read_streams(shared / "data" / "pilpres2019").items()
    }
    numbers = open_logs(db, *said)
    for number, found in zip(numbers, said.values(), strict=True):
        grow(db, number, found)
    merge_all(db)
    report = check_equal(db, said, tmp_path, run_bytes=100_000)
    assert report.recomputed == digest_rows(Reference(said).read_map()[0])


SAID = {
    ORIGINS[0]: [
        result(0, files=FILES[:1]),
        result(1, tps=PLACES[1], files=FILES),
        result(2, tps=PLACES[2], contest="pdpr", complete=False),
        withdrawal(3, tps=PLACES[1]),
        result(4, round="psu", votes=(1, 2), files=FILES[1:]),
    ],
    ORIGINS[2]: [
        None,
        result(1, B, tps=PLACES[2], files=FILES[:1]),
        result(2, B, tps=PLACES[7], files=FILES[1:]),
        result(3, B, tps=PLACES[0], votes=(9, 9), round="psu"),
    ],
}


def build(db, said=SAID):
    numbers = open_logs(db, *said)
    for number, found in zip(numbers, said.values(), strict=True):
        grow(db, number, found)
    merge_all(db)
    return numbers


@pytest.mark.parametrize("end", range(1, 6))
def test_a_map_behind_the_log_is_made_of_what_it_names(db, tmp_path, end):
    """Exhaustive small: shared files, withdrawals and rounds at every vector."""
    build(db, {origin: found[:end] for origin, found in SAID.items()})
    check_equal(db, SAID, tmp_path)


def test_another_register_is_another_map(db, tmp_path):
    build(db)
    seen = set()
    for codes in (PLACES[:1], PLACES[1:], PLACES):
        with db.transaction() as tx:
            save_register(tx, codes)
        merge_all(db)
        seen.add(check_equal(db, SAID, tmp_path).recomputed)
    assert len(seen) == 3


def test_another_profile_is_another_map(db, tmp_path):
    build(db)
    basis = basis_of(db)
    other = merging.make_profile(contests=("pdpd",))
    report, findings = make_again(basis._replace(profile=other), SAID, tmp_path)
    assert not report.equal
    assert findings.verdict() == ("map", 33)


@pytest.mark.parametrize(
    "lie", [{"digest": "0" * 64}, {"rows": 3}], ids=["digest", "rows"]
)
def test_a_lying_map_is_found_out(db, tmp_path, lie):
    build(db)
    basis = basis_of(db)
    basis = basis._replace(published=replace(basis.published, **lie))
    report, findings = make_again(basis, SAID, tmp_path)
    assert not report.equal
    (found,) = findings.kept
    assert (found.kind, found.level, found.source) == ("map", "error", "peer")
    assert report.recomputed in found.detail


def test_a_claim_that_is_not_in_the_log_is_found_out(db, tmp_path):
    build(db)
    other = dict(SAID)
    other[ORIGINS[2]] = [*SAID[ORIGINS[2]][:3], result(3, B, votes=(9, 8), round="psu")]
    report, findings = make_again(basis_of(db), other, tmp_path)
    assert not report.equal
    assert findings.verdict() == ("map", 33)


def test_a_log_that_is_not_at_hand_leaves_the_map_unjudged(db, tmp_path):
    build(db)
    basis = basis_of(db)
    for start, end in ((0, 3), (1, 4), (0, 0)):
        maps, findings = MapAudit(basis, tmp_path), Findings()
        maps.cover(chain_of(ORIGINS[0]), 0, 5)
        maps.cover(chain_of(ORIGINS[2]), start, end)
        assert maps.judge("peer", findings) is None
        (found,) = findings.kept
        assert (found.kind, found.level) == ("no-map", "note")
        assert ORIGINS[2] in found.detail


def test_logs_that_the_map_does_not_name_are_left_out(db, tmp_path):
    build(db, {ORIGINS[0]: SAID[ORIGINS[0]]})
    maps = MapAudit(basis_of(db), tmp_path)
    assert (maps.wants(ORIGINS[0]), maps.wants(ORIGINS[2])) == (True, False)
    maps.close()
    check_equal(db, SAID, tmp_path)


CODES = "".join(f"{code}\n" for code in sorted(PLACES)).encode()


def test_a_register_has_its_stations_in_any_order_of_asking():
    stations = AscendingStations(CODES)
    asked = [*PLACES, *reversed(PLACES), "1371011001004", "9" * 13, "0" * 13, PLACES[0]]
    assert [stations.has(code.encode()) for code in asked] == [
        code in PLACES for code in asked
    ]
    assert not AscendingStations(b"").has(PLACES[0].encode())


@pytest.mark.parametrize(
    "codes",
    [CODES[:-1], CODES[14:] + CODES[:14], CODES[:14] * 2, CODES.lower(), b"\n", b"x"],
)
def test_what_is_no_register_is_refused(codes):
    with pytest.raises(FormatError, match="not a register"):
        AscendingStations(codes)


def published(**changes):
    said = {
        "digest": "1" * 64,
        "election": ELECTION,
        "profile": PROFILE.digest,
        "register": hashlib.sha256(CODES).hexdigest(),
        "rows": 1,
        "rules": RULES_VERSION,
        "vector": {ORIGINS[0]: 1},
    }
    return PublishedMap(**(said | changes))


async def load(said, *, ours=None, **files):
    body = said if isinstance(said, bytes) else format_map(said)
    held = {PROFILE.digest: PROFILE.text, hashlib.sha256(CODES).hexdigest(): CODES}
    peer = FakePeer("peer")
    peer.files = {
        resource.basis_of(name).path: data for name, data in (held | files).items()
    }
    peer.files[resource.map_of(ELECTION).path] = body
    findings = Findings()
    basis = await load_basis(peer, "peer", ELECTION, ours, findings)
    return basis, findings, peer


async def test_profile_and_register_are_those_that_the_map_names():
    basis, findings, _ = await load(published())
    assert findings.kept == []
    assert basis.published == published()
    assert basis.profile.text == PROFILE.text
    assert basis.stations.has(PLACES[0].encode())
    basis, _, peer = await load(published(register=""), ours=PROFILE)
    assert basis.profile is PROFILE
    assert basis.stations is None
    assert peer.count("basis") == 0


@pytest.mark.parametrize(
    ("said", "files", "kind"),
    [
        (b"{}", {}, "damaged"),
        (format_map(published()) + b"\n", {}, "damaged"),
        (published(election="pemilu-2024"), {}, "damaged"),
        (published(vector={"a.example/pemilu-2024": 1}), {}, "damaged"),
        (published(vector={f"{ORIGINS[0]}/incidents": 1}), {}, "damaged"),
        (published(rules=RULES_VERSION + 1), {}, "no-map"),
        (published(profile="2" * 64), {}, "missing"),
        (published(), {PROFILE.digest: PROFILE.text + b" "}, "damaged"),
        (published(register="3" * 64), {"3" * 64: CODES}, "damaged"),
    ],
)
async def test_what_a_map_rests_on_is_checked_before_it_is_used(said, files, kind):
    basis, findings, _ = await load(said, **files)
    assert [one.kind for one in findings.kept] == [kind]
    assert basis == MapBasis(None, None, None)


async def test_a_profile_of_another_election_is_refused():
    other = small_profile()
    said = published(profile=other.digest, register="")
    _, findings, _ = await load(said, **{other.digest: other.text})
    assert [one.kind for one in findings.kept] == ["damaged"]


def show(tmp_path, **lies):
    """A peer with two logs, whose published map is that of a node that pulled them."""
    trees, profile = [], small_profile()
    db = Database.open(tmp_path / "node")
    for name, votes in (("a.example", 100), ("b.example", 101)):
        owner = FakeOrg(name)
        tree = Tree(owner).grow(owner.results(0, 300, votes))
        trees.append(tree)
        found = admit(tree.leaves, 0, owner.chain, profile)
        assert not found.rejected
        with db.transaction() as tx:
            log = logs.add_log(tx, owner.origin, own=False)
            hashes = [bytes(32)] * tree.size
            logs.append_leaves(tx, log.id, 0, tree.leaves, hashes)
            claims.save_claims(tx, log.id, found.claims)
    while merging.merge_once(db, {YEAR: profile}):
        pass
    with db.view() as view:
        said = published_map(view, YEAR)
        assert mapstate.read_basis(view, YEAR).profile == profile.digest
    db.close()
    peer = FakePeer("peer")
    for tree in trees:
        peer.show(tree)
    peer.files[resource.map_of(YEAR).path] = format_map(replace(said, **lies))
    peer.files[resource.basis_of(profile.digest).path] = profile.text
    return peer, trust_in(*(tree.owner for tree in trees))


def test_an_audit_makes_the_map_of_a_node_again(tmp_path):
    peer, trust = show(tmp_path)
    report = audit_peer(peer, trust, scratch=tmp_path)
    (found,) = report.maps
    assert (report.verdict, found.equal, found.stations) == ("proved", True, 300)


@pytest.mark.parametrize("written", [0, 1, 3])
def test_a_full_disk_leaves_the_map_unjudged_and_the_verdict_as_it_was(
    tmp_path, monkeypatch, written
):
    peer, trust = show(tmp_path)
    left = [written]
    true = sorting.Spool.write

    def write(self, lines):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return true(self, lines)

    monkeypatch.setattr(sorting.Spool, "write", write)
    defaults = (20_000,)
    monkeypatch.setattr(MapAudit.__init__, "__defaults__", defaults)
    report = audit_peer(peer, trust, scratch=tmp_path)
    assert left[0] < 0
    assert (report.verdict, report.maps) == ("proved", ())
    (told,) = [one for one in report.findings if one.kind == "no-map"]
    assert told.detail.startswith(f"{YEAR}: not made again: there is no space left")
    assert [log.records for log in report.logs] == [301, 301]


def test_an_audit_finds_out_a_lying_map(tmp_path):
    peer, trust = show(tmp_path, digest="0" * 64)
    report = audit_peer(peer, trust, scratch=tmp_path)
    assert (report.verdict, report.exit, report.maps[0].equal) == ("map", 33, False)


def test_a_log_with_gaps_is_not_called_a_lying_map(tmp_path):
    peer, trust = show(tmp_path)
    tree = peer.shown[f"b.example/{YEAR}"].tree
    leaves = [*tree.leaves[:280], tree.leaves[3], *tree.leaves[281:]]
    damaged = Tree(tree.owner, leaves)
    peer.spoil = lambda what, origin, data: (
        damaged.tile(Bundle(1, 45))
        if what == "bundle (1, 45)" and origin == tree.owner.origin
        else data
    )
    report = audit_peer(peer, trust, scratch=tmp_path)
    assert report.exit != 33
    assert "map" not in report.counts
    assert report.counts["no-map"] == 1
    assert report.maps == ()


def test_a_peer_without_a_map_is_told_so(tmp_path):
    peer, trust = show(tmp_path)
    del peer.files[resource.map_of(YEAR).path]
    report = audit_peer(peer, trust, scratch=tmp_path)
    assert (report.verdict, report.counts["no-map"]) == ("proved", 1)


def test_the_map_is_asked_for_before_the_checkpoints(tmp_path):
    peer, trust = show(tmp_path)
    audit_peer(peer, trust, scratch=tmp_path)
    asked = [one for one in peer.asked if one.startswith(("maps", "checkpoint"))]
    assert asked[0] == "maps"
    assert len(asked) == 3
