"""Which record speaks of which incident: noted behind the logs, from them alone."""

from datetime import UTC, datetime

import pytest

from federation.flows.doctor.incidents import check_incidents
from federation.flows.doctor.report import DoctorReport
from federation.flows.incidents.answers import find_incident, list_incidents
from federation.flows.incidents.due import DueDates
from federation.flows.incidents.index import (
    index_all_incidents,
    index_incidents,
    is_behind,
)
from federation.profiles import load_shipped
from federation.records.admission import Rejected
from federation.records.incident import IncidentName
from federation.records.keychain import (
    first_statement,
)
from federation.records.keysigning import sign_statement
from federation.records.keystatement import Follows
from federation.records.readers import THIS_MACHINE, Partner
from federation.records.sealed import seal
from federation.store import incidents, keystatements, logs, mending, quarantine
from federation.store.db import Database
from federation.store.incidents import MAX_OF_LOG, IncidentFilter
from federation.tlog.merkle import hash_leaf
from tests.fakes import ELECTION, RECORDED_AT, FakeOrg, signer
from tests.records.test_incident import ONE, ORG, OTHER, TWO, make_incident, make_status

ASKED = IncidentFilter(ELECTION)
TWIN = IncidentName(id=TWO, org=ORG)


class Held:
    """A log of each organisation, as it is held here."""

    def __init__(self, db):
        self.db = db
        self.orgs = {org: FakeOrg(org) for org in (ORG, OTHER)}

    def add(self, org, *statements, visibility="/incidents", generation=""):
        origin = f"{org}/{ELECTION}{visibility}{generation}"
        leaves = [seal(one, self.orgs[org].records) for one in statements]
        with self.db.transaction() as tx:
            log = logs.add_log(tx, origin, own=False)
            hashes = list(map(hash_leaf, leaves))
            logs.append_leaves(tx, log.id, log.next_index, leaves, hashes)
        return log.id

    def listed(self, asked=ASKED, caller=THIS_MACHINE, limit=100):
        with self.db.view() as view:
            found = list_incidents(view, caller, asked, limit).incidents
        return {one.id: one.said["summary"] for one in found}

    def standing(self, name=TWIN):
        with self.db.view() as view:
            found = find_incident(view, THIS_MACHINE, name)
        return [(one.org, one.said["status"]) for one in found.standing]

    def found(self):
        report = DoctorReport(is_deep=True)
        with self.db.view() as view:
            check_incidents(view, report)
        return [one.code for one in report.findings]


@pytest.fixture
def held(tmp_path):
    database = Database.open(tmp_path)
    yield Held(database)
    database.close()


def test_the_latest_of_an_organisation_counts_also_over_the_end_of_a_log(held):
    both = make_incident(summary="first"), make_incident(summary="second")
    held.add(ORG, *both, make_incident(id=TWO))
    index_all_incidents(held.db)
    assert held.listed() == {ONE: "second", TWO: make_incident().summary}
    held.add(ORG, make_incident(summary="after the restore"), generation="/2")
    index_all_incidents(held.db)
    assert held.listed()[ONE] == "after the restore"
    assert held.found() == []


@pytest.mark.parametrize("is_noted_before", [True, False])
def test_of_a_log_that_is_continued_only_what_lies_below_the_named_size_is_said(
    held, is_noted_before
):
    texts = ("first", "second", "another history")
    held.add(ORG, *(make_incident(summary=one) for one in texts))
    if is_noted_before:
        index_all_incidents(held.db)
        assert held.listed()[ONE] == texts[2]
    owner, origin = held.orgs[ORG], f"{ORG}/{ELECTION}/incidents"
    follows = Follows(origin=origin, reason="restored", size=2)
    named = [("log", signer(f"{origin}/2").key), ("records", owner.records.key)]
    words = f"{origin}/2", owner.identity.key, named, RECORDED_AT, follows
    statement = sign_statement(first_statement(*words), owner.identity)
    new = held.add(ORG, make_incident(id=TWO, summary="goes on"), generation="/2")
    with held.db.transaction() as tx:
        keystatements.save_keys(tx, new, [statement])
    index_all_incidents(held.db)
    assert held.listed() == {ONE: texts[1], TWO: "goes on"}
    assert not is_behind_of(held)
    assert held.found() == []


def is_behind_of(held):
    with held.db.view() as view:
        return is_behind(view)


def test_what_each_organisation_says_stands_beside_the_others(held):
    name = IncidentName(id=ONE, org=ORG)
    held.add(ORG, make_incident(), make_incident(id=TWO), make_status("verified"))
    theirs = [
        make_status("rejected", OTHER),
        make_status("duplicate", OTHER, duplicate_of=TWIN),
        make_status("not_duplicate", OTHER, TWIN, duplicate_of=name),
    ]
    held.add(OTHER, *theirs)
    index_all_incidents(held.db)
    assert sorted(held.standing(name)) == [
        (OTHER, "not_duplicate"), (OTHER, "rejected"), (ORG, "verified"),
    ]  # fmt: skip
    assert held.standing(TWIN) == [(OTHER, "not_duplicate")]


def test_nobody_sees_more_than_the_logs_that_he_may_read(held):
    held.add(ORG, make_incident())
    held.add(OTHER, make_status("rejected", OTHER))
    index_all_incidents(held.db)
    reads = Partner(org="c.example", asked="d.example", audiences=frozenset({ORG}))
    assert held.listed(caller=reads) == {ONE: make_incident().summary}
    with held.db.view() as view:
        found = find_incident(view, reads, IncidentName(id=ONE, org=ORG))
    assert found.standing == ()


def test_a_refused_leaf_says_nothing_and_a_judged_one_again_does(held):
    log_id = held.add(ORG, make_incident(), make_incident(id=TWO))
    with held.db.transaction() as tx:
        quarantine.save_rejected(tx, log_id, [Rejected(1, "why", "record")])
    index_all_incidents(held.db)
    assert held.listed().keys() == {ONE}
    with held.db.transaction() as tx:
        quarantine.drop_verdicts(tx, log_id, 0, 2)
    with held.db.view() as view:
        assert is_behind(view)
    index_all_incidents(held.db)
    assert held.listed().keys() == {ONE, TWO}


def test_leaves_that_are_gone_are_noted_no_longer(held):
    log_id = held.add(ORG, make_incident(), make_incident(summary="second"))
    index_all_incidents(held.db)
    with held.db.transaction() as tx:
        logs.drop_above(tx, log_id, 1)
    assert held.listed() == {ONE: make_incident().summary}
    assert index_incidents(held.db) == 0


def test_being_up_to_date_costs_no_write_and_a_public_log_is_passed_over(held):
    held.add(ORG, make_incident())
    index_all_incidents(held.db)
    with held.db.transaction() as tx:
        public = logs.add_log(tx, f"{ORG}/{ELECTION}", own=False)
        logs.append_leaves(tx, public.id, 0, [b"x"], [bytes(32)])
    assert index_incidents(held.db) == 0


def test_whoever_signs_without_end_hides_nobody(held):
    held.add(ORG, make_incident(id=TWO), make_status("verified", incident=TWIN))
    many = [make_status("rejected", OTHER, TWIN) for _ in range(MAX_OF_LOG * 2)]
    held.add(OTHER, *many)
    index_all_incidents(held.db)
    assert sorted(held.standing()) == [(OTHER, "rejected"), (ORG, "verified")]
    with held.db.view() as view:
        about = incidents.about_incident(view, str(TWIN))
    assert len(about) == MAX_OF_LOG + 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE incident_said SET subject = 'x'",
        "UPDATE incident_said SET reported_at = '2030-01-01T00:00:00Z'",
        "UPDATE incident_said SET is_latest = 0",
        "DELETE FROM incident_said",
    ],
)
def test_what_is_noted_wrongly_is_found_and_made_again(held, change):
    held.add(ORG, make_incident())
    index_all_incidents(held.db)
    with held.db.transaction() as tx:
        tx.execute(change)
    assert held.found() == ["incident-names"]
    with held.db.transaction() as tx:
        mending.clear_following(tx)
    index_all_incidents(held.db)
    assert held.found() == []
    assert held.listed() == {ONE: make_incident().summary}


def test_a_report_of_a_partner_that_cannot_be_stands_and_is_flagged(held):
    wrong = {"region": "00", "happened_at": "2034-01-01T00:00:00Z"}
    held.add(ORG, make_incident(**wrong), make_incident(id=TWO, region="31"))
    index_all_incidents(held.db)
    profiles = load_shipped()
    due = DueDates(profiles, datetime(2024, 3, 1, tzinfo=UTC))
    with held.db.view() as view:
        listed = list_incidents(view, THIS_MACHINE, ASKED, 9, due).incidents
        shown = find_incident(view, THIS_MACHINE, IncidentName(id=ONE, org=ORG), due)
        unknown = find_incident(view, THIS_MACHINE, IncidentName(id=ONE, org=ORG))
    flags = {one.id: one.flags for one in listed}
    assert flags == {ONE: ("region", "time_future"), TWO: ()}
    assert shown.flags == flags[shown.id]
    assert unknown.flags == flags[unknown.id]
