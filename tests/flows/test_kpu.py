"""KPU's figures over time, as they are noted behind the map and told of a region."""

import json

import pytest
from msgspec import UNSET, structs

from federation.errors import FormatError, StoredError
from federation.flows.doctor.official import check_official
from federation.flows.doctor.report import DoctorReport
from federation.flows.merge import follow_official, merge_once
from federation.flows.query.kpu import ask_kpu
from federation.flows.query.scope import ask
from federation.records.profile import parse_profile
from federation.records.result import Part
from federation.records.withdrawal import Withdrawal
from federation.store import logs
from federation.store.db import Database
from tests.ownnode import ELECTION, small_profile
from tests.photographed import A, B, add_leaves, result

HERE, THERE = "1371011001001", "1371011001002"
OURS, OTHER = {"01": 90, "02": 40, "03": 5}, {"01": 9, "02": 40, "03": 5}
THIRD = {"01": 91, "02": 40, "03": 5}
DAY = 86_400
NOW = 1_708_300_800  # 2024-02-19T00:00:00Z
_PROFILE = json.loads(small_profile().text)
_PROFILE["contests"]["pdpr"] = {"parties": {"1": {"name": "A"}, "2": {"name": "B"}}}
PROFILES = {ELECTION: parse_profile(json.dumps(_PROFILE).encode())}


def said(org, votes, day, tps=HERE, source="kpu"):
    at = f"2024-02-{day:02}T00:00:00Z"
    seen = {"observed_at": at} if source == "kpu" else {}
    told = {"recorded_at": "2024-02-28T00:00:00Z", "source": source}
    told |= {"review": "unreviewed", "candidates": votes}
    return structs.replace(result(org, tps, None), **seen, **told)


def gone(org, day, official=1):
    return Withdrawal(
        contest="ppwp",
        election=ELECTION,
        official=official,
        org=org,
        reason="kosong",
        recorded_at=f"2024-02-{day:02}T00:00:00Z",
        round="reguler",
        tps=HERE,
    )


@pytest.fixture
def db(tmp_path):
    opened = Database.open(tmp_path)
    yield opened
    opened.close()


class World:
    """Logs that grow; after each step all is merged and followed."""

    def __init__(self, db):
        self.db, self.logs = db, {}

    def say(self, org, *statements):
        with self.db.transaction() as tx:
            if org not in self.logs:
                self.logs[org] = logs.add_log(tx, f"{org}/{ELECTION}", own=False)
            self.logs[org] = logs.log_by_id(tx, self.logs[org].id)
        add_leaves(self.db, self.logs[org], list(statements), PROFILES[ELECTION])

    def follow(self, limit=10_000):
        while merge_once(self.db, PROFILES, limit):
            pass
        while follow_official(self.db, 1):
            pass
        assert self.found() == []

    def found(self):
        """What the doctor says of it."""
        report = DoctorReport(is_deep=True)
        with self.db.view() as view:
            check_official(view, report)
        return [finding.code for finding in report.findings]

    def ask(  # noqa: PLR0917  the filters of one list
        self, region="", kind="", org="", after="", limit=100, order="", contest="ppwp"
    ):
        with self.db.view() as view:
            asked = ask(PROFILES, [ELECTION], ELECTION, contest)
            which = region, kind, org, after, limit, order
            return ask_kpu(view, asked, NOW, *which)


@pytest.fixture
def world(db):
    return World(db)


def told(answer):
    return [
        (one.tps[-1], one.kind, one.was, one.compared, one.standing, one.days)
        for one in answer.changes
    ]


def test_a_sum_of_what_differs_has_each_station_once_and_none_that_is_in_doubt(world):
    doubted, twice = "1371011001003", "1371011001004"
    world.say(A, *(said(A, OURS, 15, at, "observer") for at in (HERE, doubted, twice)))
    world.say(A, said(A, OURS, 15, THERE, "observer"))
    world.say(B, said(B, OTHER, 15), said(B, THIRD, 15, THERE))
    world.say(B, said(B, OTHER, 15, doubted), said(B, THIRD, 15, twice))
    world.say("c.example", said("c.example", OTHER, 15))  # the same copy again
    world.say("c.example", said("c.example", OTHER, 15, twice))  # another copy
    four = {"01": 77, "02": 40, "03": 5}
    world.say("d.example", said("d.example", four, 15, doubted, "observer"))
    world.follow()
    told = world.ask(kind="wrong").differing
    assert (told.stations, told.left_out) == (2, 2)
    assert told.votes == {"01": 90 - 9 + 90 - 91, "02": 0, "03": 0}
    assert world.ask(kind="wrong", region="7202").differing is UNSET
    assert world.ask(kind="wrong", contest="pdpr").differing is UNSET


def test_a_claim_that_is_not_where_it_should_be_is_told_as_damage_of_ours(world, db):
    world.say(B, said(B, OTHER, 15))
    world.follow()
    with db.transaction() as tx:
        tx.execute("DELETE FROM claim_bundle WHERE log_id=?", (world.logs[B].id,))
    with pytest.raises(StoredError, match="from index 0 on"):
        world.ask()


def test_each_change_is_told_with_what_it_was_and_how_it_compares_now(world):
    world.say(A, said(A, OURS, 15, source="observer"))
    world.say(
        B,
        said(B, OTHER, 15),
        said(B, OURS, 16),
        said(B, OURS, 17),
        said(B, THIRD, 18),
        gone(B, 19),
        said(B, THIRD, 15, tps=THERE),
    )
    world.follow()
    answer = world.ask()
    assert [one.kind for one in answer.changes] == [
        *("withdrawn", "away", "corrected", "appeared", "appeared")
    ]
    away = answer.changes[1]
    assert (away.before, away.now, away.org) == (OURS, THIRD, B)
    assert (away.published, away.signed) == (
        "2024-02-18T00:00:00Z",
        "2024-02-28T00:00:00Z",
    )
    assert [group.votes for group in away.groups] == [OURS]
    assert answer.counts.kinds["appeared"] == 2
    assert answer.counts.appeared["unseen"] == 1
    assert (answer.counts.wrong, answer.due) == (0, 0)
    assert [(one.org, one.changes) for one in answer.snapshots] == [(B, 5)]


def test_what_stands_and_differs_is_wrong_since_it_first_did(world):
    world.say(B, said(B, OTHER, 15), said(B, THIRD, 17))
    world.follow()
    assert world.ask(kind="wrong").changes == []
    # Another's records change what was copied before: nobody imports KPU's again.
    world.say(A, said(A, OURS, 18, source="observer"))
    world.follow()
    [wrong] = world.ask(kind="wrong").changes
    assert (wrong.kind, wrong.differs_since, wrong.days) == (
        "changed",
        "2024-02-15T00:00:00Z",
        4,
    )
    assert world.ask().counts.wrong == 1


def test_two_snapshots_that_differ_stand_beside_one_another(world):
    world.say(A, said(A, OTHER, 15))
    world.say(B, said(B, OTHER, 16))
    world.follow()
    assert world.ask(kind="apart").changes == []
    world.say(B, said(B, OURS, 17))
    world.follow()
    apart = world.ask(kind="apart").changes
    assert [(one.org, one.now, one.published[:10]) for one in apart] == [
        (B, OURS, "2024-02-17"),
        (A, OTHER, "2024-02-15"),
    ]
    assert world.ask(org=A).counts.apart == 1


@pytest.mark.parametrize("order", ["", "place", "since"])
def test_pages_hold_every_change_once_in_their_order_and_only_those_of_the_region(
    world, order
):
    codes = [f"13710{n}1001001" for n in range(1, 8)]
    days = dict(zip(codes, (16, 15, 17, 15, 18, 17, 16), strict=True))
    world.say(A, *(said(A, OURS, 15, tps=tps, source="observer") for tps in codes))
    world.say(B, *(said(B, OTHER, day, tps=tps) for tps, day in days.items()))
    world.follow()
    found, after = [], ""
    while True:
        answer = world.ask(kind="wrong", after=after, limit=2, order=order)
        found += [one.tps for one in answer.changes]
        if not answer.next:
            break
        after = answer.next
    keys = {"": lambda tps: -days[tps], "place": str, "since": lambda tps: days[tps]}
    assert found == sorted(codes, key=keys[order])
    assert [one.tps for one in world.ask(region=codes[3][:6]).changes] == [codes[3]]
    assert [part.region.code for part in answer.parts] == ["13"]


def test_only_what_still_differs_is_listed_by_how_long_it_has(world):
    with pytest.raises(FormatError, match="still differ"):
        world.ask(order="since")


def test_votes_of_parties_are_followed_as_those_of_candidates(world):
    def of_parties(org, votes, day, source="kpu"):
        parties = {number: Part(jumlah=count) for number, count in votes.items()}
        one = said(org, OURS, day, source=source)
        return structs.replace(one, contest="pdpr", candidates=UNSET, parties=parties)

    world.say(A, of_parties(A, {"1": 70, "2": 30}, 15, source="observer"))
    world.say(B, of_parties(B, {"1": 7, "2": 30}, 15))
    world.say(B, of_parties(B, {"1": 70, "2": 30}, 17))
    world.say(B, said(B, OTHER, 15))
    world.follow()
    [corrected, appeared] = world.ask(contest="pdpr").changes
    assert (corrected.kind, corrected.was, corrected.compared) == (
        *("corrected", "differs", "matches"),
    )
    assert (appeared.now, corrected.now) == ({"1": 7, "2": 30}, {"1": 70, "2": 30})
    assert world.ask().counts.kinds["corrected"] == 0


def test_however_it_came_the_same_is_noted_as_of_all_at_once(world, tmp_path):
    steps = [
        (B, [said(B, OTHER, 15), said(B, OURS, 16)]),
        (A, [said(A, OURS, 15, source="observer"), said(A, OTHER, 16)]),
        (B, [gone(B, 17), said(B, OTHER, 18)]),
        (A, [gone(A, 18, official=0), gone(A, 19)]),
    ]
    for org, statements in steps:
        world.say(org, *statements)
        world.follow(1)
    (tmp_path / "again").mkdir()
    again = Database.open(tmp_path / "again")
    at_once = World(again)
    for org, statements in steps:
        at_once.say(org, *statements)
    at_once.follow()
    assert told(world.ask()) == told(at_once.ask())
    assert len(told(world.ask())) == 6
    again.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE official_change SET is_standing = 1 - is_standing",
        "UPDATE official_change SET is_apart = 1",
        "UPDATE official_change SET key = key + 1",
        "DELETE FROM official_change",
        "INSERT INTO official_due (key) SELECT max(key) + 1 FROM merged",
    ],
)
def test_what_is_noted_wrongly_is_found_but_not_what_is_due(world, change):
    world.say(B, said(B, OTHER, 15), said(B, OURS, 16))
    world.follow()
    with world.db.transaction() as tx:
        tx.execute(change)
    assert set(world.found()) == {"official-changes"}
    with world.db.transaction() as tx:
        tx.execute("DELETE FROM official_change")
        tx.execute("DELETE FROM official_due")
        tx.execute("INSERT INTO official_due (key) SELECT key FROM merged")
    assert world.found() == []
    world.follow()
    assert len(world.ask().changes) == 2
