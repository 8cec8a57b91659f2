import pytest

from federation.errors import FormatError
from federation.flows.merge import merge_once
from federation.profiles import load_shipped
from federation.records.claim import Claim, bundle_claims
from federation.records.merge import decode_row, digest_rows
from federation.store import claims, logs, mapreading, mapstate, rollup
from federation.store.db import Database

E = "pilpres-2019"
A, B = "a.example", "b.example"
CODES = [
    f"1371011{village:03d}{number:03d}" for village in (1, 2) for number in (1, 2, 3)
]
PROFILES = load_shipped()


def said(index, tps, org=A, votes="127,27", **members):
    one, two = votes.split(",")
    chosen = {"official": False, "round": "reguler", "complete": True} | members
    return Claim(
        index=index,
        kind=chosen.pop("kind", "votes"),
        org=org,
        contest="ppwp",
        tps=tps,
        record=f"{index:064x}",
        votes=f'{{"01":{one},"02":{two}}}',
        **chosen,
    )


class Node:
    """A database in which logs grow and are merged at once."""

    def __init__(self, folder):
        self.db = Database.open(folder)
        with self.db.transaction() as tx:
            self.logs = {
                org: logs.add_log(tx, f"{org}/{E}", own=False).id for org in (A, B)
            }

    def say(self, *found):
        with self.db.transaction() as tx:
            for claim in found:
                log_id = self.logs[claim.org]
                logs.append_leaves(tx, log_id, claim.index, [b"x"], [bytes(32)])
                claims.save_claims(tx, log_id, bundle_claims([claim]))
        while merge_once(self.db, PROFILES):
            pass

    def ask(self, question, *args, **named):
        with self.db.view() as view:
            return question(view, E, *args, **named)


@pytest.fixture
def node(tmp_path):
    one = Node(tmp_path)
    yield one
    one.db.close()


@pytest.fixture
def full(node):
    """Six stations: agreed, disputed, single, unread, withdrawn, implausible."""
    node.say(
        said(0, CODES[0]),
        said(0, CODES[0], B),
        said(1, CODES[1]),
        said(1, CODES[1], B, "127,28"),
        said(2, CODES[2]),
        said(3, CODES[3], kind="unread", complete=False),
        said(4, CODES[4]),
        said(5, CODES[4], kind="withdrawal"),
        said(6, CODES[5], rules=("votes_sum",)),
    )
    return node


def codes(rows):
    return [decode_row(row).tps for row in rows]


def test_a_node_that_knows_nothing_says_nothing(node):
    assert node.ask(mapreading.read_tps, CODES[0]) == []
    assert node.ask(mapreading.list_rows, "ppwp") == []
    assert node.ask(mapreading.changes, 0) == ([], 0)
    assert node.ask(mapstate.vector) == {}
    assert node.ask(mapreading.sum_region, "ppwp", "13") == {}
    assert node.ask(mapreading.map_digest) == digest_rows([])


def test_a_station_shows_what_stands_and_what_it_replaced(node):
    first, photo = said(0, CODES[0], votes="1,1"), said(0, CODES[0], B)
    again, gone = said(1, CODES[0]), said(1, CODES[0], B, kind="withdrawal")
    node.say(first, photo, again, gone)
    (found,) = node.ask(mapreading.read_tps, CODES[0])
    assert (found.contest, found.tps) == ("ppwp", CODES[0])
    assert found.claims == [(f"{A}/{E}", again), (f"{B}/{E}", gone)]
    assert found.history == [(f"{A}/{E}", 0), (f"{B}/{E}", 0)]
    assert decode_row(found.row).status == "single"
    assert node.ask(mapreading.read_tps, CODES[1]) == []


def test_rows_are_listed_by_code_in_pages(full):
    whole = full.ask(mapreading.list_rows, "ppwp")
    assert codes(whole) == CODES
    pages, after = [], ""
    while page := full.ask(mapreading.list_rows, "ppwp", after=after, limit=4):
        pages += page
        after = codes(page)[-1]
    assert pages == whole


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("", CODES),
        ("13", CODES),
        ("1371011001", CODES[:3]),
        ("1371011002", CODES[3:]),
        (CODES[1], CODES[1:2]),
        ("14", []),
        ("99", []),
    ],
)
def test_a_list_is_of_one_region(full, region, expected):
    assert codes(full.ask(mapreading.list_rows, "ppwp", region)) == expected
    assert full.ask(mapreading.list_rows, "pdpd", region) == []


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "agreed"}, [0]),
        ({"status": "disputed"}, [1]),
        ({"status": "single"}, [2, 5]),
        ({"status": "unread"}, [3]),
        ({"status": "missing"}, [4]),
        ({"flag": "one_digit"}, [1]),
        ({"flag": "implausible"}, [5]),
        ({"flag": "zero"}, []),
        ({"flag": "implausible", "status": "single"}, [5]),
        ({"flag": "implausible", "status": "disputed"}, []),
        ({"status": "single", "after": CODES[2]}, [5]),
        ({"status": "single", "limit": 1}, [2]),
    ],
)
def test_a_list_is_filtered_by_status_and_flag(full, filters, expected):
    found = codes(full.ask(mapreading.list_rows, "ppwp", **filters))
    assert found == [CODES[place] for place in expected]


@pytest.mark.parametrize("filters", [{"status": "disputed"}, {"flag": "zero"}])
def test_queues_are_found_without_reading_the_whole_map(full, filters, monkeypatch):
    asked = []
    with full.db.view() as view:
        monkeypatch.setattr(view, "_connection", Spy(view._connection, asked))
        mapreading.list_rows(view, E, "ppwp", **filters)
    sql, values = asked[-1]
    with full.db.view() as view:
        plan = view.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    assert any("merged_queue" in row[3] or "merged_flagged" in row[3] for row in plan)


class Spy:
    def __init__(self, connection, asked):
        self.connection, self.asked = connection, asked

    def execute(self, sql, values=()):
        self.asked.append((sql, values))
        return self.connection.execute(sql, values)


def test_changes_follow_the_map_and_then_are_silent(node):
    node.say(said(0, CODES[0]), said(1, CODES[1]))
    found, last = node.ask(mapreading.changes, 0)
    assert [change.tps for change in found] == CODES[:2]
    assert found[-1].seq == last
    assert node.ask(mapreading.changes, last) == ([], last)
    node.say(said(2, CODES[0], votes="5,5"))
    later, newest = node.ask(mapreading.changes, last)
    assert [(change.tps, change.contest) for change in later] == [(CODES[0], "ppwp")]
    assert later[0].row == node.ask(mapreading.read_tps, CODES[0])[0].row
    assert newest > last
    assert [change.tps for change in node.ask(mapreading.changes, 0)[0]] == [
        CODES[1],
        CODES[0],
    ]


def test_changes_come_in_pages(full):
    whole, last = full.ask(mapreading.changes, 0)
    found, since = [], 0
    while page := full.ask(mapreading.changes, since, 2):
        if page[1] == since:
            break
        found += page[0]
        since = page[1]
    assert (found, since) == (whole, last)


def test_rows_of_ones_own_can_be_left_out_but_no_partners_change_is_missed(node):
    node.say(said(0, CODES[0]), said(1, CODES[1]))
    assert node.ask(mapreading.changes, 0, exclude_org=A) == ([], 2)
    node.say(said(0, CODES[2], B), said(1, CODES[1], B, "9,9"))
    node.say(said(2, CODES[1], votes="8,8"))  # now the newest change of that row
    found, since = [], 2
    while page := node.ask(mapreading.changes, since, 1, exclude_org=A):
        if page[1] == since:
            break
        found += page[0]
        since = page[1]
    assert [change.tps for change in found] == [CODES[2], CODES[1]]


@pytest.mark.parametrize("after", ["abc", "1371", "\uff11" * 13, "'"])
def test_a_page_begins_after_a_station_and_nothing_else(full, after):
    with pytest.raises(FormatError):
        full.ask(mapreading.list_rows, "ppwp", after=after)


def test_the_digest_is_over_all_rows_and_the_vector_says_of_which_leaves(full):
    rows = full.ask(mapreading.list_rows, "ppwp")
    assert full.ask(mapreading.map_digest) == digest_rows(rows)
    assert full.ask(mapstate.vector) == {f"{A}/{E}": 7, f"{B}/{E}": 2}


def test_a_region_summed_now_equals_the_kept_one(full):
    for region in ("", "13", "1371", "137101"):
        kept = full.ask(rollup.read_region, "ppwp", region)
        assert full.ask(mapreading.sum_region, "ppwp", region) == kept
    villages = [
        full.ask(mapreading.sum_region, "ppwp", f"137101100{n}") for n in (1, 2)
    ]
    names = villages[0].keys() | villages[1].keys()
    assert {
        name: villages[0].get(name, 0) + villages[1].get(name, 0) for name in names
    } == full.ask(mapreading.sum_region, "ppwp", "137101")


def test_claims_are_read_by_index_and_replaced_where_leaves_are_judged_again(node):
    with node.db.transaction() as tx:
        found = [said(index, CODES[index]) for index in range(6)]
        claims.save_claims(tx, 1, bundle_claims(found))
        claims.save_claims(tx, 1, bundle_claims(found[:2]))  # said twice
        claims.save_claims(tx, 2, bundle_claims(found))
        assert claims.read_claims(tx, 1, 2, 5, 10) == found[2:5]
        assert claims.read_claims(tx, 1, 0, 9, 4) == found[:4]
        claims.replace_claims(tx, 1, 4, 6, ())
        assert claims.read_claims(tx, 1, 0, 9, 10) == found[:4]
        assert claims.read_claims(tx, 2, 0, 9, 10) == found
        claims.replace_claims(tx, 2, 1, 5, bundle_claims(found[2:3]))
        assert [c.index for c in claims.read_claims(tx, 2, 0, 9, 10)] == [0, 2, 5]


def test_the_epoch_is_renewed_for_a_restored_copy(node):
    with node.db.view() as view:
        before = mapstate.epoch(view)
    assert len(bytes.fromhex(before)) == 8
    with node.db.transaction() as tx:
        mapstate.renew_epoch(tx)
    with node.db.view() as view:
        assert mapstate.epoch(view) != before
