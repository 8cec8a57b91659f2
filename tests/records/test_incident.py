"""Reports of violations: what a log for partners may hold of them."""

import pytest
from msgspec import UNSET, structs

from federation.errors import RecordError
from federation.records.canonical import decode_as, encode
from federation.records.incident import Incident, IncidentName
from federation.records.incidentstatus import (
    OUTCOMES,
    PAIR_STATES,
    STATES,
    IncidentStatus,
    PairStatus,
    WorkflowStatus,
)
from federation.records.keychain import (
    first_statement,
    open_chain,
)
from federation.records.keysigning import sign_statement
from federation.records.kinds import INCIDENT, INCIDENT_STATUS, REFERRAL, kind_of
from federation.records.referral import Referral
from federation.records.sealed import open_leaf, seal
from tests.fakes import ELECTION, RECORDED_AT, FakeOrg, signer

ORG, OTHER = "jagasuara.example", "jagapemilu.example"
ONE, TWO = "0a" * 16, "0b" * 16
NAME = IncidentName(id=ONE, org=ORG)
KINDS = (INCIDENT, INCIDENT_STATUS, REFERRAL)


def make_incident(**members) -> Incident:
    given = {
        "category": "politik_uang",
        "happened_at": "2024-02-13T22:00:00Z",
        "id": ONE,
        "law": "pidana",
        "reported_at": "2024-02-14T03:00:00Z",
        "summary": "Amplop dibagikan di depan balai warga",
        **members,
    }
    if "tps" not in given:
        given.setdefault("region", "317101")
    return Incident(election=ELECTION, org=ORG, recorded_at=RECORDED_AT, **given)


def make_status(status="verified", org=ORG, incident=NAME, **members) -> IncidentStatus:
    return IncidentStatus(
        election=ELECTION,
        org=org,
        recorded_at=RECORDED_AT,
        incident=incident,
        status=status,
        **members,
    )


def make_referral(stage="intended", **members) -> Referral:
    if stage == "intended":
        members.setdefault("expires_at", "2024-02-15T03:00:00Z")
    given = {"agency": "bawaslu-dki", "incident": NAME, "way": "email", **members}
    return Referral(
        election=ELECTION, org=ORG, recorded_at=RECORDED_AT, stage=stage, **given
    )


MADE = (make_incident(), make_status(), make_referral())


def chain_of(org: FakeOrg, origin: str):
    keys = [("log", signer(origin).key), ("records", org.records.key)]
    first = first_statement(origin, org.identity.key, keys, RECORDED_AT)
    return open_chain([sign_statement(first, org.identity)], org.identity.key)


@pytest.mark.parametrize("statement", MADE, ids=lambda one: type(one).__name__)
def test_it_stands_in_logs_for_partners_and_in_no_public_one(statement):
    org = FakeOrg(ORG)
    leaf = seal(statement, org.records)
    partners = chain_of(org, f"{org.origin}/incidents")
    assert open_leaf(leaf, partners, 3).statement == statement
    with pytest.raises(RecordError, match="belongs in the incidents log"):
        open_leaf(leaf, org.chain, 3)


@pytest.mark.parametrize("statement", MADE, ids=lambda one: type(one).__name__)
def test_it_has_one_canonical_text(statement):
    assert decode_as(encode(statement), type(statement)) == statement


def test_nobody_hands_one_in_and_none_claims_anything_of_a_station():
    for kind in KINDS:
        assert (kind.logs, kind.is_handed_in) == ({"incidents"}, False)
        assert (kind.slot, kind.claim) == (None, None)
    assert [kind_of(one) for one in MADE] == list(KINDS)


def test_an_incident_happened_at_one_place():
    assert make_incident().place == "317101"
    station = make_incident(tps="3171010001001")
    assert station.place == "3171010001001"
    for wrong in (
        structs.replace(station, region="31"),
        structs.replace(station, tps=UNSET),
    ):
        with pytest.raises(RecordError, match="either region or tps"):
            INCIDENT.rules(wrong)


def test_what_people_write_and_could_name_somebody_in_is_looked_through():
    assert set(INCIDENT.free_text) == {"summary", "description", "ref"}
    assert set(INCIDENT_STATUS.free_text) == {"reason", "reference"}
    assert set(REFERRAL.free_text) == {"reference"}


def test_of_a_pair_the_latest_counts_whichever_is_named_first():
    subject = INCIDENT_STATUS.subject
    twin = IncidentName(id=TWO, org=OTHER)
    pair = make_status("duplicate", duplicate_of=twin)
    turned = make_status("not_duplicate", incident=twin, duplicate_of=NAME)
    assert subject(pair) == subject(turned)
    assert subject(make_status()) == f"{ORG}/{ONE}" != subject(pair)


def test_of_an_incident_at_an_agency_the_latest_counts():
    subject = REFERRAL.subject
    assert subject(make_referral()) == subject(make_referral("sent"))
    assert subject(make_referral()) != subject(make_referral(agency="dkpp"))
    # What is said of a note takes nothing back that is said of the report.
    assert subject(make_referral()) != subject(make_referral(also_by=("a.example",)))


def test_every_state_is_of_the_work_or_of_a_pair():
    work = set(WorkflowStatus.__args__)
    assert set(STATES) == work | set(PairStatus.__args__)
    assert work.isdisjoint(PAIR_STATES)
    assert len(set(OUTCOMES)) == len(OUTCOMES)
