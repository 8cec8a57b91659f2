"""What stands on a report's page to be judged: the same from either of two reports."""

from datetime import UTC, datetime

import pytest

from federation.flows.incidents.desk import list_desk_pairs, read_desk
from federation.flows.incidents.due import DueDates
from federation.records.readers import THIS_MACHINE
from federation.records.result import Evidence
from federation.store.db import Database
from federation.store.incidents import IncidentFilter
from tests.fakes import ELECTION
from tests.flows.test_incidents_merged import Partners
from tests.records.test_incidentmerge import (
    A,
    B,
    C,
    a1,
    a2,
    apart,
    b1,
    name,
    report,
    same,
)
from tests.records.test_incidentmerge import said as any_status

WORDS = "Amplop dibagikan di depan balai warga sebelum pemungutan suara"


@pytest.fixture
def partners(tmp_path):
    database = Database.open(tmp_path)
    yield Partners(database)
    database.close()


def alike(org, number=1, **members):
    """A report that looks like the others of this kind."""
    return report(org, number, tps="1371011001001", **members)


def desk_of(partners, of, org=A):
    due = DueDates({}, datetime(2024, 3, 1, tzinfo=UTC))
    with partners.db.view() as view:
        return read_desk(view, THIS_MACHINE, of, org, due, photos_public=False)


def listed(partners, org=A):
    with partners.db.view() as view:
        return list_desk_pairs(view, THIS_MACHINE, IncidentFilter(ELECTION), 100, org)


def test_a_pair_is_proposed_on_the_pages_of_both_its_reports(partners):
    partners.say(alike(A), alike(A, 2), alike(B), alike(C))
    pairs = listed(partners).pairs
    assert len(pairs) == 6
    for pair in pairs:
        for one, other in ((pair.one, pair.other), (pair.other, pair.one)):
            org, _, number = one.partition("/")
            found = desk_of(partners, name(org, int(number, 16))).proposed
            assert len(found) == 3
            there = [it for it in found if it.other == other]
            assert [it.score for it in there] == [pair.score]
            assert there[0].reasons == pair.reasons


def test_our_word_comes_with_the_record_that_has_it(partners):
    partners.say(alike(A), alike(B), alike(C))
    partners.say(same(A, a1, b1))
    desk = desk_of(partners, a1)
    [pair] = desk.pairs
    assert (pair.ours, pair.standing, pair.is_ours) == ("duplicate", "joined", True)
    assert len(pair.seen) == 64
    partners.say(apart(A, b1, a1))
    [after] = desk_of(partners, b1).pairs
    assert (after.one, after.other) == (str(b1), str(a1))
    assert (after.ours, after.standing) == ("not_duplicate", "apart")
    assert after.seen != pair.seen


def test_of_others_reports_our_word_is_shown_as_ours_and_as_a_proposal(partners):
    partners.say(alike(B), alike(C))
    partners.say(same(A, b1, name(C)))
    [pair] = listed(partners).pairs
    assert (pair.ours, pair.is_ours, pair.standing) == ("duplicate", False, "")
    desk = desk_of(partners, b1)
    assert [it.seen for it in desk.proposed] == [pair.seen]
    assert desk.pairs == ()


def test_a_pair_whose_other_report_is_not_known_here_is_shown_by_its_name(partners):
    partners.say(alike(A), same(B, b1, a1))
    [pair] = desk_of(partners, a1).pairs
    assert [one.incident for one in pair.reports] == [str(a1)]
    assert pair.other == str(b1)


def test_what_we_said_before_is_said_again_with_all_that_it_said(partners):
    partners.say(alike(A))
    assert desk_of(partners, a1).before == {"status": "received"}
    partners.say(any_status(A, "verified", a1))
    assert desk_of(partners, a1).before == {"status": "received"}
    number = {"agency": "dkpp", "reference": "12"}
    partners.say(any_status(A, "registered", a1, **number), same(A, a1, a2))
    partners.say(any_status(B, "rejected", a1), any_status(A, "closed", a1))
    assert desk_of(partners, a1).before == {"status": "registered", **number}


def test_a_photograph_of_two_organisations_is_shown_once_as_ours(partners):
    file = Evidence(media_type="image/jpeg", sha256="ab" * 32, size=9)
    partners.say(alike(A, evidence=(file,)), alike(B, evidence=(file,)))
    partners.say(same(A, a1, b1), same(B, a1, b1))
    desk = desk_of(partners, b1)
    # Nobody has noted yet which record names it: the gate lets nobody see it.
    assert desk.photos == {}
    assert len(desk.found.merged.reports) == 2
