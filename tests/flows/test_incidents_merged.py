"""One incident of many reports, found from any of them; which may be of one thing."""

import itertools
import random
from itertools import pairwise

import pytest

from federation.errors import NotFoundError
from federation.flows.incidents import merged
from federation.flows.incidents.answers import find_incident, parse_after
from federation.flows.incidents.digest import digest_incidents
from federation.flows.incidents.index import index_all_incidents
from federation.flows.incidents.merged import MergedReports
from federation.flows.incidents.mergedlist import list_merged
from federation.flows.incidents.proposals import list_proposals
from federation.records.admission import Rejected
from federation.records.incidentmerge import (
    digest_merged,
    key_of,
    merge_incidents,
    name_of,
)
from federation.records.readers import NOBODY, THIS_MACHINE, Partner
from federation.records.sealed import seal
from federation.store import logs, quarantine
from federation.store.db import Database
from federation.store.incidents import MAX_OF_LOG, IncidentFilter
from federation.tlog.merkle import hash_leaf
from tests.fakes import ELECTION, FakeOrg
from tests.records.test_incidentmerge import (
    NAMES,
    ORGS,
    A,
    B,
    C,
    X,
    a1,
    a2,
    any_statement,
    apart,
    b1,
    name,
    placed,
    report,
    said,
    same,
    x1,
)

ASKED = IncidentFilter(ELECTION)


class Partners:
    """A log of each organisation, as it is held here."""

    def __init__(self, db):
        self.db = db
        self.orgs = {org: FakeOrg(org) for org in ORGS}

    def say(self, *statements):
        with self.db.transaction() as tx:
            for one in statements:
                log = logs.add_log(tx, f"{one.org}/{ELECTION}/incidents", own=False)
                leaf = seal(one, self.orgs[one.org].records)
                logs.append_leaves(
                    tx, log.id, log.next_index, [leaf], [hash_leaf(leaf)]
                )
        index_all_incidents(self.db)

    def merged(self, asked=ASKED, caller=THIS_MACHINE, limit=100, status=""):
        with self.db.view() as view:
            return list_merged(view, caller, asked, limit, status)

    def digest(self):
        with self.db.view() as view:
            return digest_incidents(view, THIS_MACHINE, ELECTION, lambda _: None)

    def found(self, one, caller=THIS_MACHINE):
        with self.db.view() as view:
            return find_incident(view, caller, one).merged

    def proposed(self, asked=ASKED, caller=THIS_MACHINE, limit=100):
        with self.db.view() as view:
            return list_proposals(view, caller, asked, limit)

    def pairs(self):
        return [(it.one.incident, it.other.incident) for it in self.proposed().pairs]


def members(found):
    return [str(name(one.org, int(one.id, 16))) for one in found.merged.reports]


@pytest.fixture
def partners(tmp_path):
    database = Database.open(tmp_path)
    yield Partners(database)
    database.close()


def any_said(seed):
    """Of anything, and every other time of many pairs that both sides agree on."""
    chance = random.Random(seed)
    said = [report(one.org, int(one.id, 16)) for one in NAMES]
    said += [any_statement(chance) for _ in range(40 if seed % 2 else 5)]
    for _ in range(0 if seed % 2 else 7):
        one, other = chance.sample(NAMES, 2)
        said += [same(one.org, one, other), same(other.org, one, other)]
    for _ in range(0 if seed % 2 else 3):
        one, other = chance.sample(NAMES, 2)
        said.append(apart(one.org, one, other))
    return said


@pytest.mark.parametrize("seed", range(10))
def test_found_from_any_report_it_is_what_all_statements_come_to(partners, seed):
    said = any_said(seed)
    partners.say(*said)
    rows = [(row.incident, row.status) for row in merge_incidents(placed(*said))]
    by_report = {
        (it.org, it.id): row
        for row in merge_incidents(placed(*said))
        for it in row.reports
    }
    with partners.db.view() as view:
        ids = frozenset(log.id for log in logs.list_logs(view))
        for key, row in by_report.items():
            found = MergedReports(view, ids).find(name_of(key))
            # All but the ids of the records, which are made up in `placed`.
            assert found.merged.pairs == row.pairs
            assert found.merged.statuses == row.statuses
            assert found.merged.referrals == row.referrals
            assert members(found) == [f"{it.org}/{it.id}" for it in row.reports]
    listed = partners.merged().incidents
    assert (
        sorted(
            ((it.merged.incident, it.merged.status) for it in listed),
            key=lambda it: key_of(it[0]),
        )
        == rows
    )


def test_two_nodes_with_the_same_logs_have_the_same_digests(partners, tmp_path):
    chance = random.Random(7)
    said = [report(one.org, int(one.id, 16)) for one in NAMES]
    said += [any_statement(chance) for _ in range(60)]
    database = Database.open(tmp_path / "other")
    other = Partners(database)
    partners.say(*said)
    for org in reversed(ORGS):  # each log as a whole, the last one first
        other.say(*(one for one in said if one.org == org))
    assert partners.merged() == other.merged()
    assert partners.digest() == other.digest()
    assert partners.digest().reports == len(NAMES)
    rows = [found.merged for found in partners.merged().incidents]
    rows.sort(key=lambda row: key_of(row.incident))
    assert partners.digest().digest == digest_merged(rows)
    other.say(same(A, a1, name(X, 3)))
    assert partners.digest().digest != other.digest().digest
    database.close()


def test_each_incident_stands_on_one_page(partners):
    partners.say(
        *(report(org, number) for org in (A, B) for number in range(1, 6)),
        *(same(A, name(A, it), name(B, 6 - it)) for it in range(1, 4)),
    )
    seen, after = [], ("", "")
    for _ in range(20):
        page = partners.merged(ASKED._replace(after=after), limit=2)
        seen += [it.digest for it in page.incidents]
        if not page.next:
            break
        after = tuple(page.next.split("_"))
    assert len(seen) == len(set(seen)) == 7
    assert seen == [it.digest for it in partners.merged().incidents]


def test_an_incident_is_listed_if_one_of_its_reports_fits(partners):
    here, there = report(A, law="kode_etik"), report(B, region="7202")
    partners.say(here, there, same(A, a1, b1))
    for asked in ({"region": "7202"}, {"law": "kode_etik"}, {"org": A}, {"org": B}):
        [found] = partners.merged(ASKED._replace(**asked)).incidents
        assert members(found) == [str(a1), str(b1)]
    assert partners.merged(ASKED._replace(region="33")).incidents == ()


def test_who_may_not_read_a_log_sees_nothing_of_what_it_says(partners):
    partners.say(report(A), report(B), same(A, a1, b1))
    reads = Partner(org=X, asked="d.example", audiences=frozenset({B}))
    found = partners.found(b1, reads)
    assert members(found) == [str(b1)]
    assert found.merged.pairs == []
    assert [members(it) for it in partners.merged(caller=reads).incidents] == [
        [str(b1)]
    ]
    for ask in (partners.merged, partners.proposed):
        with pytest.raises(NotFoundError):
            ask(caller=NOBODY)


def test_who_signs_without_end_hides_nobody_and_is_cut(partners, monkeypatch):
    partners.say(report(A), report(B), same(A, a1, b1))
    flood = [same(X, a1, name(B, number)) for number in range(2, MAX_OF_LOG + 90)]
    partners.say(*flood)
    found = partners.found(a1)
    assert members(found) == [str(a1), str(b1)]
    assert sum(it.standing == "proposed" for it in found.merged.pairs) == MAX_OF_LOG
    own = [report(X, number) for number in range(1, 30)]
    partners.say(*own, *(same(X, name(X, it), a1) for it in range(1, 30)))
    assert len(partners.found(a1).merged.reports) == 31
    monkeypatch.setattr(merged, "MAX_LOOKED_AT", 10)
    found = partners.found(a1)
    assert (found.is_cut, len(found.merged.reports)) == (True, 10)


def test_who_stands_alone_is_looked_through_for_who_else_does(partners):
    chain = (a1, x1, name(C, 1), b1, a2)
    said = [report(one.org, int(one.id, 16)) for one in chain]
    for one, other in itertools.pairwise(chain):
        said += [same(one.org, one, other), same(other.org, one, other)]
    partners.say(*said, apart(B, b1, a1), apart(X, x1, a2))
    assert [members(partners.found(one)) for one in chain] == [
        [str(one)] for one in chain
    ]


def test_who_repeats_himself_hides_nothing_of_what_he_says_last(partners):
    partners.say(report(A), report(B), same(A, a1, b1))
    partners.say(*(said(A, "verified", a1) for _ in range(MAX_OF_LOG + 1)))
    assert members(partners.found(a1)) == [str(a1), str(b1)]


def test_what_was_refused_is_in_no_digest(partners):
    partners.say(report(A))
    with partners.db.transaction() as tx:
        log = logs.add_log(tx, f"{A}/{ELECTION}/incidents", own=False)
        quarantine.save_rejected(tx, log.id, [Rejected(1, "why", "record")])
    partners.say(report(A, 2))
    assert partners.digest().reports == 1
    assert partners.digest().vector == {f"{A}/{ELECTION}/incidents": 2}


def test_a_report_that_names_only_the_kabupaten_is_looked_at(partners):
    partners.say(report(A, region="3171"), report(B, tps="3171011001001"))
    with partners.db.view() as view:
        [pair] = list_proposals(view, THIS_MACHINE, ASKED, 10, least=40).pairs
    assert "in_kabupaten" in {why.reason for why in pair.reasons}


def test_what_may_be_of_one_thing_is_proposed_until_one_of_both_decides(partners):
    partners.say(report(A, tps="3171011001001"), report(B, tps="3171011001001"))
    [pair] = partners.proposed().pairs
    assert {pair.one.incident, pair.other.incident} == {str(a1), str(b1)}
    assert pair.reasons[0].reason == "same_tps"
    # A third one's word decides nothing, and is shown.
    partners.say(report(X, region="7202"), same(X, a1, b1))
    [pair] = partners.proposed().pairs
    assert [(it.org, it.status) for it in pair.said] == [(X, "duplicate")]
    assert members(partners.found(a1)) == [str(a1)]
    partners.say(apart(B, a1, b1))
    assert partners.pairs() == []


def test_two_that_are_joined_by_way_of_a_third_are_not_proposed(partners):
    partners.say(*(report(org, tps="3171011001001") for org in (A, B, X)))
    assert len(partners.pairs()) == 3
    partners.say(same(A, a1, x1), same(B, b1, x1))
    assert partners.pairs() == []


def test_a_report_of_another_kecamatan_is_not_looked_at_and_a_wider_one_is(partners):
    partners.say(
        report(A, tps="3171011001001"), report(B, tps="3171021001001"),
        report(A, 2, region="317101"),
    )  # fmt: skip
    assert [set(pair) for pair in partners.pairs()] == [{str(a1), str(a2)}]


def test_a_flood_of_one_log_hides_no_proposal_of_another(partners):
    at = {"tps": "3171011001001"}
    partners.say(report(B, **at), report(X, **at))
    partners.say(*(report(A, it, **at) for it in range(MAX_OF_LOG + 20)))
    with partners.db.view() as view:
        asked = ASKED._replace(org=X)
        pairs = list_proposals(view, THIS_MACHINE, asked, 100).pairs
    others = [pair.other.incident for pair in pairs]
    assert str(b1) in others
    assert len(others) == 6


def test_all_of_a_page_is_compared_and_the_next_one_begins_behind_it(partners):
    at = {"tps": "3171011001001"}
    partners.say(*(report(A, number, **at) for number in range(1, 5)))
    whole = {frozenset(pair) for pair in partners.pairs()}
    assert len(whole) == 6
    seen, after = set(), ("", "")
    while True:
        page = partners.proposed(ASKED._replace(after=after), limit=1)
        seen |= {frozenset((it.one.incident, it.other.incident)) for it in page.pairs}
        if not page.next:
            break
        after = tuple(page.next.split("_"))
    assert seen == whole


def test_who_calls_all_that_it_has_one_thing_makes_no_list_slower(
    partners, monkeypatch
):
    chain = [name(X, number) for number in range(1, 121)]
    partners.say(*(report(X, number) for number in range(1, 121)))
    partners.say(*(same(X, one, other) for one, other in pairwise(chain)))
    joined = []
    join = merged.join_reports
    monkeypatch.setattr(merged, "join_reports", lambda it: joined.append(1) or join(it))
    listed = partners.merged(limit=200).incidents
    assert {it.id for one in listed for it in one.merged.reports} == {
        one.id for one in chain
    }
    # Not once for each report and each pair on the way to it.
    assert len(joined) <= 3 * (merged.MAX_STEPS + 2)


def test_who_fills_all_that_is_looked_at_keeps_no_others_report_out(
    partners, monkeypatch
):
    monkeypatch.setattr(merged, "MAX_WORDS", 50)
    many = [name(A, number) for number in range(1, 40)]
    partners.say(*(report(A, number) for number in range(1, 40)))
    partners.say(report(B), report(C), same(B, name(B), name(C)))
    partners.say(*(same(A, one, name(B)) for one in many))
    found = partners.found(name(B))
    assert found.is_cut
    assert name(C) in {name_of((it.org, it.id)) for it in found.merged.reports}


def test_a_page_that_costs_too_much_ends_early_and_the_next_goes_on(
    partners, monkeypatch
):
    partners.say(*(report(A, number) for number in range(1, 8)))
    whole = [one.merged.incident for one in partners.merged().incidents]
    monkeypatch.setattr(merged, "MAX_LISTED", 2)
    told, after = [], ("", "")
    for _ in range(8):
        page = partners.merged(ASKED._replace(after=after))
        told += [one.merged.incident for one in page.incidents]
        after = parse_after(page.next)
        if not page.next:
            break
        assert len(page.incidents) <= 2
    assert told == whole
