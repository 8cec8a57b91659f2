"""The map equals, byte for byte, what a slow and obvious reference says."""

import csv
import itertools
import json
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.flows.merge import merge_once
from federation.flows.merge.once import BATCH
from federation.records import coverage, tally
from federation.records.admission import to_claim
from federation.records.claim import Claim, bundle_claims
from federation.records.keychain import (
    first_statement,
)
from federation.records.keysigning import sign_statement
from federation.records.keystatement import Follows
from federation.records.merge import (
    counted_files,
    decode_row,
    digest_rows,
    encode_row,
    merge_tps,
)
from federation.records.profile import parse_profile
from federation.records.register import Register
from federation.records.result import ROUNDS, TpsResult
from federation.records.sealed import (
    Sealed,
    leaf_text,
    parse_statement,
    record_id,
    seal,
)
from federation.records.tps import regions_of
from federation.records.withdrawal import Withdrawal
from federation.store import (
    claims,
    keystatements,
    logs,
    mapreading,
    maprows,
    mapstate,
    registers,
    rollup,
    scratch,
)
from federation.store.db import Database
from federation.tlog.keys import Signer
from federation.tlog.merkle import hash_leaf
from tests.remaking import remake

ELECTION = "pilpres-2019"
A, B, C = (f"{name}.example" for name in "abc")
NEWER = f"{A}/{ELECTION}/2"
FOLLOWED_BELOW = 5
# Three in one kelurahan, then one in each: another kelurahan … province, and overseas.
PLACES = (
    "1371011001001",
    "1371011001002",
    "1371011001003",
    "1371011002001",
    "1371021001001",
    "1372011001001",
    "3171010001001",
    "99AB010001001",
)
FILES = ("1" * 64, "2" * 64)


def make_profile(candidates=("01", "02"), contests=("ppwp", "pdpd")):
    listed = {"candidates": {name: {"name": name} for name in candidates}}
    return parse_profile(
        json.dumps(
            {
                "election": ELECTION,
                "version": 1,
                "name": {"en": "e", "id": "e"},
                "contests": dict.fromkeys(contests, listed),
                "max_voters": 300,
                "spare_per_mille": 20,
                "rounds": list(ROUNDS),
                "time_zone": "Asia/Jakarta",
                "voting_day": "2019-04-17",
            }
        ).encode()
    )


PROFILE = make_profile()


def result(index, org=A, votes=(1, 1), **members):
    """A claim with these votes; None for a photo that nobody has read."""
    text = "" if votes is None else f'{{"01":{votes[0]},"02":{votes[1]}}}'
    said = {
        "index": index,
        "kind": "votes" if text else "unread",
        "org": org,
        "official": False,
        "contest": "ppwp",
        "tps": PLACES[0],
        "round": "reguler",
        "record": f"{index:064x}",
        "votes": text,
        "complete": bool(text),
    }
    return Claim(**(said | members))


def withdrawal(index, org=A, **members):
    return result(index, org, None, kind="withdrawal", **members)


def open_logs(db, *origins):
    with db.transaction() as tx:
        return [logs.add_log(tx, origin, own=False).id for origin in origins]


def grow(db, log_id, found):
    """Append one leaf for each claim, as admission would: its bytes do not matter."""
    with db.transaction() as tx:
        start = logs.log_by_id(tx, log_id).next_index
        logs.append_leaves(
            tx, log_id, start, [b"x"] * len(found), [bytes(32)] * len(found)
        )
        said = [c for c in found if c is not None]
        claims.save_claims(tx, log_id, bundle_claims(said))


def merge_all(db, profile=PROFILE, limit=BATCH, hidden=()):
    while merge_once(db, {ELECTION: profile}, limit, hidden):
        pass


def read_map(db):
    """Everything that the map says: rows, and counters of every kept region."""
    with db.view() as view:
        rows = [held.row for held in scratch.list_map(view, ELECTION)]
        assert mapreading.map_digest(view, ELECTION) == digest_rows(rows)
        kept = {
            (contest, region): counters
            for contest, region, counters in rollup.list_regions(view, ELECTION)
            if counters
        }
        return rows, kept, mapstate.vector(view, ELECTION)


class Reference:
    """The same map by brute force, out of every claim at once.

    `said`: the claims of each log by origin; `counted`: below which index they count.
    """

    def __init__(self, said, counted=None, register=None):
        self.said, self.counted, self.register = said, counted or {}, register
        self.latest = self._find_latest()
        self.shared = self._find_shared()

    def _find_latest(self):
        latest = {}
        for origin, found in self.said.items():
            end = self.counted.get(origin, len(found))
            for claim in found[:end]:
                if claim is not None:
                    slot = claim.org, claim.official, claim.round
                    here = latest.setdefault((claim.contest, claim.tps), {})
                    age = claim.rank, claim.index
                    if slot not in here or age > here[slot][0]:
                        here[slot] = age, (origin, claim)
        return {
            place: [placed for _, placed in here.values()]
            for place, here in latest.items()
        }

    def _find_shared(self):
        stations = {}
        for (_, tps), placed in self.latest.items():
            for file in counted_files([claim for _, claim in placed]):
                stations.setdefault(file, set()).add(tps)
        return frozenset(file for file, codes in stations.items() if len(codes) > 1)

    def rows(self):
        return [
            merge_tps(
                contest,
                tps,
                placed,
                in_register=self.register is None or tps in self.register,
                shared_files=self.shared,
            )
            for (contest, tps), placed in sorted(self.latest.items())
        ]

    def counters(self):
        total = {}
        for row in self.rows():
            said = [claim for _, claim in self.latest[row.contest, row.tps]]
            added = coverage.contribution(row) | tally.contribution(row, said)
            for region in regions_of(row.tps)[:-1]:
                here = total.setdefault((row.contest, region), Counter())
                for name, count in added.items():
                    whole = len(region) >= tally.race_level(row.contest)
                    if whole or not tally.is_votes(name):
                        here[name] += count
        cleaned = {
            place: {name: count for name, count in here.items() if count}
            for place, here in total.items()
        }
        return {place: here for place, here in cleaned.items() if here}

    def read_map(self):
        vector = {origin: len(found) for origin, found in self.said.items()}
        return [encode_row(row) for row in self.rows()], self.counters(), vector


def save_register(tx, codes):
    register = Register(ELECTION)
    for code in codes:
        register.add(code)
    registers.save_register(tx, register, "a test")


# One log each, and a successor of the first.
ORIGINS = (f"{A}/{ELECTION}", NEWER, f"{B}/{ELECTION}", f"{C}/{ELECTION}")


def follow(tx, log_id):
    """Save the keys of NEWER, which say where its predecessor ends."""
    identity = Signer.from_seed(f"{A}/identity", b"i" * 32)
    named = [
        ("log", Signer.from_seed(NEWER, b"l" * 32).key),
        ("records", Signer.from_seed(f"{A}/records", b"r" * 32).key),
    ]
    follows = Follows(origin=ORIGINS[0], reason="a lost disk", size=FOLLOWED_BELOW)
    statement = first_statement(
        NEWER, identity.key, named, "2019-04-17T00:00:00Z", follows
    )
    keystatements.save_keys(tx, log_id, [sign_statement(statement, identity)])


def random_claims(rng, origin, length):
    """What one log says: results, photos, withdrawals; some leaves say nothing."""
    org, generation = origin.partition("/")[0], 2 if origin == NEWER else 1
    found = []
    for index in range(length):
        members = {
            "tps": rng.choice(PLACES),
            "contest": rng.choice(["ppwp", "ppwp", "ppwp", "pdpd"]),
            "round": rng.choice(["reguler", "reguler", "reguler", "psu"]),
            "official": rng.random() < 0.2,
            "rank": generation,
        }
        kind = rng.random()
        if kind < 0.1:
            found.append(None)
        elif kind < 0.25:
            found.append(withdrawal(index, org, **members))
        else:
            votes = rng.choice([(127, 27), (127, 28), (0, 0), None])
            files = tuple(sorted(rng.sample(FILES, rng.choice([0, 0, 1, 2]))))
            found.append(
                result(
                    index,
                    org,
                    votes,
                    files=files,
                    derived=rng.random() < 0.2,
                    rules=("votes_sum",) if votes and rng.random() < 0.2 else (),
                    figures=rng.choice(["", '{"suara_sah":154}', '{"suara_sah":1}']),
                    **members,
                )
            )
    return found


class World:
    """A node to which anything may happen between two batches."""

    def __init__(self, folder, rng):
        self.folder, self.rng = folder, rng
        self.db = Database.open(folder)
        self.said = {
            origin: random_claims(rng, origin, rng.randrange(25)) for origin in ORIGINS
        }
        self.register = rng.choice([None, rng.sample(PLACES, 6)])
        self.grown = dict.fromkeys(ORIGINS, 0)
        order = rng.sample(ORIGINS, len(ORIGINS))
        self.numbers = dict(zip(order, open_logs(self.db, *order), strict=True))
        self.events = [
            *[self.grow] * 12,
            *[self.merge] * 12,
            *rng.choices([self.restart, self.spoil_basis, self.spoil_basis], k=3),
            self.learn_successor,
            self.learn_register,
        ]
        rng.shuffle(self.events)

    def grow(self, *, whole=False):
        origin = self.rng.choice(ORIGINS)
        for name in ORIGINS if whole else [origin]:
            rest = self.said[name][self.grown[name] :]
            found = rest if whole else rest[: self.rng.randrange(len(rest) + 1)]
            if found:
                grow(self.db, self.numbers[name], found)
                self.grown[name] += len(found)

    def merge(self):
        merge_once(self.db, {ELECTION: PROFILE}, self.rng.randrange(1, 20))

    def restart(self):
        self.db.close()
        self.db = Database.open(self.folder)

    def spoil_basis(self):
        with self.db.transaction() as tx:  # as an older version would have left it
            tx.execute("UPDATE merge_election SET rules = 0")

    def learn_successor(self):
        with self.db.transaction() as tx:
            follow(tx, self.numbers[NEWER])

    def learn_register(self):
        if self.register is not None:
            with self.db.transaction() as tx:
                save_register(tx, self.register)

    def live(self):
        for event in self.events:
            event()
        self.grow(whole=True)
        merge_all(self.db, limit=self.rng.randrange(1, 50))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_map_is_a_function_of_the_leaves_whatever_happened(tmp_path_factory, seed):
    world = World(tmp_path_factory.mktemp("map"), random.Random(seed))
    world.live()
    counted = {ORIGINS[0]: FOLLOWED_BELOW}
    expected = Reference(world.said, counted, world.register).read_map()
    assert read_map(world.db) == expected
    assert merge_once(world.db, {ELECTION: PROFILE}) == 0
    world.db.close()


@pytest.mark.slow
def test_the_order_in_which_logs_come_changes_no_byte(tmp_path):
    """Exhaustive small: every interleaving of three logs of two leaves each."""
    said = {
        ORIGINS[0]: [result(0, files=FILES[:1]), withdrawal(1)],
        ORIGINS[2]: [result(0, B, tps=PLACES[1], files=FILES[:1]), result(1, B)],
        ORIGINS[3]: [result(0, C, (9, 9)), result(1, C, round="psu")],
    }
    expected = Reference(said).read_map()
    turns = sorted(
        set(itertools.permutations([origin for origin in said for _ in "12"]))
    )
    assert len(turns) == 90
    for number, order in enumerate(turns):
        db = Database.open(tmp_path / str(number))
        numbers = dict(zip(said, open_logs(db, *said), strict=True))
        rest = {origin: list(found) for origin, found in said.items()}
        for origin in order:
            grow(db, numbers[origin], [rest[origin].pop(0)])
            merge_once(db, {ELECTION: PROFILE})
        assert read_map(db) == expected
        db.close()


@pytest.mark.of_file
def test_being_up_to_date_writes_nothing(db):
    (log,) = open_logs(db, ORIGINS[0])
    grow(db, log, [result(0)])
    merge_all(db)
    with db.view() as view:
        before = view.execute("PRAGMA data_version").fetchone()
    assert merge_once(db, {ELECTION: PROFILE}) == 0
    with db.view() as view:
        assert view.execute("PRAGMA data_version").fetchone() == before


def test_a_batch_that_fails_leaves_map_and_cursor_as_they_were(db, monkeypatch):
    (log,) = open_logs(db, ORIGINS[0])
    grow(db, log, [result(0)])
    merge_all(db)
    before = read_map(db)
    grow(db, log, [result(1, votes=(5, 5)), result(2, tps=PLACES[1])])
    for place in ("save", "save_superseded"):
        with monkeypatch.context() as patch:
            patch.setattr(maprows, place, fail)
            with pytest.raises(OSError, match="disk"):
                merge_once(db, {ELECTION: PROFILE})
        assert read_map(db) == before
    with monkeypatch.context() as patch:
        patch.setattr(rollup, "add", fail)
        with pytest.raises(OSError, match="disk"):
            merge_once(db, {ELECTION: PROFILE})
    assert read_map(db) == before
    merge_all(db)
    said = [result(0), result(1, votes=(5, 5)), result(2, tps=PLACES[1])]
    assert read_map(db) == Reference({ORIGINS[0]: said}).read_map()


def fail(*_):
    raise OSError("the disk failed")


def test_an_election_without_a_profile_is_not_merged(db):
    (log,) = open_logs(db, ORIGINS[0])
    grow(db, log, [result(0)])
    assert merge_once(db, {}) == 0
    assert merge_once(db, {"pemilu-2024": PROFILE}) == 0


def test_own_leaves_count_only_below_the_signed_size(db):
    with db.transaction() as tx:
        log = logs.add_log(tx, ORIGINS[0], own=True).id
    grow(db, log, [result(0), result(1, tps=PLACES[1])])
    assert merge_once(db, {ELECTION: PROFILE}) == 0
    with db.transaction() as tx:
        logs.publish(tx, log, 0, b"note", 1, bytes(32))
    merge_all(db)
    assert read_map(db)[2] == {ORIGINS[0]: 1}
    assert len(read_map(db)[0]) == 1


def test_a_partners_incidents_are_no_results(db):
    (log,) = open_logs(db, f"{A}/{ELECTION}/incidents")
    grow(db, log, [None])
    merge_all(db)
    with db.view() as view:
        assert mapstate.vector(view, ELECTION) == {}


def test_a_hidden_organisation_leaves_the_map_and_comes_back(db):
    first, second = open_logs(db, ORIGINS[0], ORIGINS[2])
    said = {ORIGINS[0]: [result(0)], ORIGINS[2]: [result(0, B), result(1, B, (3, 3))]}
    grow(db, first, said[ORIGINS[0]])
    grow(db, second, said[ORIGINS[2]])
    merge_all(db)
    whole = read_map(db)
    with db.view() as view:
        epoch = mapstate.epoch(view)
    merge_all(db, hidden={B})
    assert read_map(db) == Reference({ORIGINS[0]: said[ORIGINS[0]]}).read_map()
    with db.view() as view:
        assert mapstate.epoch(view) != epoch  # rows are gone: followers start again
    merge_all(db)
    assert read_map(db) == whole == Reference(said).read_map()


def test_another_register_makes_the_map_anew(db):
    (log,) = open_logs(db, ORIGINS[0])
    said = {ORIGINS[0]: [result(0), result(1, tps=PLACES[1])]}
    grow(db, log, said[ORIGINS[0]])
    merge_all(db)
    for codes in (PLACES[:1], PLACES[1:], PLACES):
        with db.transaction() as tx:
            save_register(tx, codes)
        merge_all(db)
        assert read_map(db) == Reference(said, register=codes).read_map()


def test_a_contest_that_is_not_held_there_is_outside(db):
    (log,) = open_logs(db, ORIGINS[0])
    grow(db, log, [result(0, contest="pdpr", complete=False)])
    merge_all(db)
    assert decode_row(read_map(db)[0][0]).flags == ["incomplete", "outside_register"]


def test_a_successor_that_ends_its_predecessor_earlier_takes_claims_back(db):
    old, new = open_logs(db, ORIGINS[0], NEWER)
    said = {
        ORIGINS[0]: [result(i, tps=PLACES[i % 7]) for i in range(FOLLOWED_BELOW + 2)],
        NEWER: [None],
    }
    grow(db, old, said[ORIGINS[0]])
    merge_all(db)
    with db.transaction() as tx:
        follow(tx, new)
    grow(db, new, said[NEWER])
    merge_all(db)
    counted = {ORIGINS[0]: FOLLOWED_BELOW}
    assert read_map(db) == Reference(said, counted).read_map()
    assert len(read_map(db)[0]) == FOLLOWED_BELOW


def test_one_file_at_many_stations_flags_them_all_and_lets_go_of_the_last(db):
    """More stations than are ever asked for at once, in batches of any size."""
    (log,) = open_logs(db, ORIGINS[0])
    codes = [f"1371011{village:03d}001" for village in range(40)]
    said = [result(i, tps=code, files=FILES) for i, code in enumerate(codes)]
    for found in (said[:1], said[1:2], said[2:30], said[30:]):
        grow(db, log, found)
        merge_all(db, limit=7)
        here = said[: found[-1].index + 1]
        assert read_map(db) == Reference({ORIGINS[0]: here}).read_map()
    gone = [withdrawal(40 + i, tps=code) for i, code in enumerate(codes)]
    for found in (gone[:20], gone[20:38], gone[38:39], gone[39:]):
        grow(db, log, found)
        merge_all(db, limit=7)
        here = said + gone[: found[-1].index - 39]
        assert read_map(db) == Reference({ORIGINS[0]: here}).read_map()


def test_a_station_keeps_its_flag_while_another_of_its_files_is_shared(db):
    (log,) = open_logs(db, ORIGINS[0])
    said = [
        result(0, tps=PLACES[0], files=FILES),
        result(1, tps=PLACES[1], files=FILES[:1]),
        result(2, tps=PLACES[2], files=FILES[1:]),
        withdrawal(3, tps=PLACES[1]),
        withdrawal(4, tps=PLACES[2]),
    ]
    shared = []
    for claim in said:
        grow(db, log, [claim])
        merge_all(db)
        rows = [decode_row(row) for row in read_map(db)[0]]
        shared.append([row.tps for row in rows if row.flags == ["shared_file"]])
    assert shared == [[], [*PLACES[:2]], [*PLACES[:3]], [PLACES[0], PLACES[2]], []]


def test_one_file_for_two_contests_of_a_station_is_not_shared(db):
    (log,) = open_logs(db, ORIGINS[0])
    contests = {"files": FILES[:1], "tps": PLACES[0]}
    grow(db, log, [result(0, **contests), result(1, contest="pdpd", **contests)])
    merge_all(db)
    assert [decode_row(row).flags for row in read_map(db)[0]] == [[], []]


def test_a_thousand_repetitions_of_one_station_cost_one_row(db):
    (log,) = open_logs(db, ORIGINS[0])
    said = [result(index, votes=(index % 300, 1)) for index in range(1000)]
    grow(db, log, said)
    merge_all(db, limit=100)
    with db.view() as view:
        (found,) = mapreading.read_tps(view, ELECTION, PLACES[0])
        (held,) = scratch.list_map(view, ELECTION)
    assert [claim.index for _, claim in found.claims] == [999]
    assert found.history == [(ORIGINS[0], index) for index in range(899, 999)]
    assert len(held.slots) == 1


class RealLog:
    """Signed leaves in a log of the database, and the claims of their admission."""

    def __init__(self, db, profile):
        self.db, self.profile = db, profile
        self.signer = Signer.from_seed(f"{A}/records", b"r" * 32)
        (self.log_id,) = open_logs(db, ORIGINS[0])

    def append(self, *statements):
        """Leaves of these; the first of them was not admitted."""
        said = [seal(statement, self.signer) for statement in statements]
        with self.db.transaction() as tx:
            start = logs.log_by_id(tx, self.log_id).next_index
            logs.append_leaves(
                tx, self.log_id, start, said, [hash_leaf(x) for x in said]
            )
            found = []
            for index, leaf in enumerate(said, start):
                text = leaf_text(leaf)
                statement = parse_statement(text[:-1])
                sealed = Sealed(index, record_id(text), statement, text)
                found.append(to_claim(sealed, self.profile))
            del found[0]
            claims.save_claims(tx, self.log_id, bundle_claims(found))

    def statements(self):
        common = {
            "contest": "ppwp",
            "election": ELECTION,
            "org": A,
            "recorded_at": "2019-04-17T13:00:00Z",
            "round": "reguler",
        }
        form = {"form": "plano", "source": "observer", "review": "reviewed"}
        return [
            *(
                TpsResult(**common, **form, tps=code, candidates={"01": 5, "02": 9})
                for code in PLACES[5::-1]
            ),
            Withdrawal(**common, official=0, reason="a mistake", tps=PLACES[0]),
        ]


def test_another_profile_makes_the_claims_again_from_the_leaves(db):
    log = RealLog(db, PROFILE)
    log.append(*log.statements())
    merge_all(db)
    before = read_map(db)
    three = make_profile(("01", "02", "03"))
    while moved := merge_once(db, {ELECTION: three}, limit=2):
        assert moved <= 2
    statuses = [decode_row(row).status for row in read_map(db)[0]]
    assert statuses == ["missing"] + ["unread"] * 4
    merge_all(db)
    assert read_map(db) == before


def test_a_rebuild_mends_claims_and_rows_that_were_damaged(db):
    log = RealLog(db, PROFILE)
    log.append(*log.statements())
    merge_all(db)
    before = read_map(db)
    with db.transaction() as tx:
        wrong = result(1, votes=(9, 9))
        claims.save_claims(tx, log.log_id, bundle_claims([wrong]))
        tx.execute("UPDATE merged SET row = ?", (b"\0",))
        tx.execute("UPDATE rollup SET counters = ?", (b"\x80",))
    remake(db, ELECTION, PROFILE)
    merge_all(db)
    assert read_map(db) == before


def read_streams(folder):
    """The three streams of the sample as three monitors: (tps, votes) by org."""
    with (folder / "sample-a-plano.csv").open() as file:
        plano = [
            (
                row["kode_kelurahan"] + row["no_tps"].zfill(3),
                row["paslon_01"],
                row["paslon_02"],
            )
            for row in csv.DictReader(file)
        ]
    with (folder / "sample-b-salinan.csv").open() as file:
        salinan = [
            (row["Kode TPS"], row["Pas 1"], row["Pas 2"])
            for row in csv.DictReader(file, delimiter=";")
        ]
    lines = (folder / "sample-c-situng.ndjson").read_text().splitlines()
    documents = [json.loads(line) for line in lines]
    situng = [
        (doc["kode"], doc["chart"]["21"], doc["chart"]["22"]) for doc in documents
    ]
    return {A: plano, B: salinan, C: situng}


def test_the_real_sample_agrees_and_differs_as_was_counted_by_hand(db, shared):
    streams = read_streams(shared / "data" / "pilpres2019")
    said = {
        f"{org}/{ELECTION}": [
            result(index, org, (int(one), int(two)), tps=tps)
            for index, (tps, one, two) in enumerate(rows)
        ]
        for org, rows in streams.items()
    }
    numbers = open_logs(db, *said)
    for number, found in zip(numbers, said.values(), strict=True):
        grow(db, number, found)
    merge_all(db, limit=2000)
    assert read_map(db) == Reference(said).read_map()
    rows = [decode_row(row) for row in read_map(db)[0]]
    shapes = Counter(
        tuple(sorted(len(group.orgs) for group in row.groups))
        for row in rows
        if len(row.claims) == 3
    )
    assert shapes == {(3,): 897, (1, 2): 41, (1, 1, 1): 1}
    with db.view() as view:
        counters = rollup.read_region(view, ELECTION, "ppwp", "")
    least = Counter()
    most = Counter()
    for row in rows:
        for name in ("01", "02"):
            claimed = [group.votes[name] for group in row.groups]
            least[name] += min(claimed)
            most[name] += max(claimed)
    found = tally.region_tally(counters).votes
    assert found == {name: (least[name], most[name]) for name in ("01", "02")}
    assert least["01"] < most["01"]
