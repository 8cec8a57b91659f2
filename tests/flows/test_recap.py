"""Recapitulations from what is handed in to what is found: level by level."""

import pytest

from federation.flows.doctor.recaps import check_recaps
from federation.flows.doctor.report import DoctorReport
from federation.flows.merge import merge_once
from federation.flows.ownlog import ingest
from federation.flows.photos.index import index_all
from federation.flows.query.scope import QueryScope
from federation.flows.recap.index import index_all_recaps
from federation.flows.recap.list import RecapFilter, list_recaps
from federation.records.register import Register
from federation.store import evidence, recaps, registers
from tests.ownnode import ELECTION, NOW, row, small_profile

STATIONS = {"3171011001001": (10, 20), "3171011001002": (1, 2), "3171021001001": (5, 5)}
SUMS = {"317101": (11, 22), "317102": (5, 5), "3171": (16, 27), "31": (16, 27)}
SCOPE = QueryScope(ELECTION, "ppwp", small_profile())


def summed(region, *votes, **members):
    usual = {"contest": "ppwp", "source": "observer", "region": region}
    candidates = {f"{n:02}": count for n, count in enumerate((*votes, 0), 1)}
    return usual | {"candidates": candidates} | members


class Told:
    """A node that is handed rows, and what it finds of them."""

    def __init__(self, node):
        self.node = node
        listed = Register(ELECTION)
        for code in STATIONS:
            listed.add(code)
        with node.db.transaction() as tx:
            registers.save_register(tx, listed, "test")

    def hand_in(self, *rows):
        node = self.node
        verdicts = ingest.append(
            node.db, node.guard, node.log, rows, NOW, unlisted=False
        )
        index_all_recaps(node.db)
        while merge_once(node.db, {ELECTION: SCOPE.profile}, now=NOW):
            pass
        return [one.code or one.outcome for one in verdicts]

    def documents(self, region="", **which):
        with self.node.db.view() as view:
            return list_recaps(view, SCOPE, RecapFilter(region, **which)).documents

    def found(self, region="", **which):
        return {
            one.region.code: (one.verdict, one.first)
            for one in self.documents(region, **which)
        }


@pytest.fixture
def told(node):
    told = Told(node)
    told.hand_in(*(row(code, *votes, 0) for code, votes in STATIONS.items()))
    return told


def test_sums_that_follow_at_every_level_are_told_so(told):
    nation = summed("0", 16, 27)
    rows = [nation, *(summed(code, *votes) for code, votes in SUMS.items())]
    assert told.hand_in(*rows) == ["logged"] * 5
    assert told.hand_in(*rows) == ["held"] * 5
    assert told.found() == dict.fromkeys(("", *SUMS), ("follows", False))


@pytest.mark.parametrize("level", ["317101", "3171", "31", "0"])
def test_what_was_changed_once_and_carried_up_is_told_where_it_was_changed(told, level):
    sums = {**SUMS, "0": (16, 27)}
    place = "" if level == "0" else level
    rows = []
    for code, (one, two) in sums.items():
        is_above = place.startswith("" if code == "0" else code)
        rows.append(summed(code, one, two + (40 if is_above else 0)))
    told.hand_in(*rows)
    assert told.found(first=True) == {place: ("broken", True)}
    [document] = told.documents(verdict="broken")
    [wrong] = [one for one in document.sums if one.verdict == "broken"]
    assert (wrong.candidate, wrong.difference) == ("02", 40)


def test_a_station_that_is_missing_leaves_open_what_it_has_room_for(node):
    told = Told(node)
    told.hand_in(row("3171011001001", 10, 20, 0))
    told.hand_in(summed("317101", 11, 22))
    [document] = told.documents("317101")
    assert (document.verdict, document.missing) == ("undecided", 1)
    assert document.missing_names == ["3171011001002"]
    told.hand_in(summed("317101", 11, 22 + 306))
    assert told.found("317101") == {"317101": ("broken", True)}
    told.hand_in(summed("317101", 9, 20))  # no station that is missing takes votes away
    assert told.found("317101") == {"317101": ("broken", True)}
    partly = {"counted": 0, "total": 1}
    told.hand_in(summed("317101", 9, 20, stations=partly))
    assert told.found("317101") == {"317101": ("undecided", False)}


def test_a_region_without_a_document_is_missing_and_named(told):
    told.hand_in(summed("3171", 16, 27), summed("317101", 11, 22))
    [document] = told.documents("3171", exact=True)
    assert (document.verdict, document.missing_names) == ("undecided", ["317102"])


def test_documents_of_kpu_are_compared_with_kpus_and_with_the_stations_of_monitors(
    told,
):
    told.hand_in(
        summed("317101", 11, 22, source="kpu"),
        summed("3171", 16, 27, source="kpu"),
        summed("317102", 5, 5),
    )
    assert told.found(verdict="follows") == {
        "317101": ("follows", False),
        "317102": ("follows", False),
    }
    [above] = told.documents("3171", exact=True)
    assert (above.official, above.missing_names) == (True, ["317102"])


def test_the_latest_of_an_organisation_stands_and_its_rows_are_made_again(told):
    told.hand_in(summed("317101", 11, 23))
    told.hand_in(summed("317101", 11, 22))
    before = told.documents()
    assert [one.verdict for one in before] == ["follows"]
    log = told.node.log.log_id
    with told.node.db.transaction() as tx:
        recaps.forget_from(tx, log, 0)
        assert not recaps.list_standing(tx, ELECTION, "ppwp")
    index_all_recaps(told.node.db)
    assert told.documents() == before


def test_which_record_stands_is_examined(told):
    told.hand_in(summed("317101", 11, 23))
    told.hand_in(summed("317101", 11, 22))
    found = []
    for change in ("is_latest", "1 - is_latest"):
        report = DoctorReport(is_deep=True)
        with told.node.db.transaction() as tx:
            tx.execute(f"UPDATE recap SET is_latest = {change}")
        with told.node.db.view() as view:
            check_recaps(view, report)
        found.append([(one.code, one.subject) for one in report.findings])
    assert found == [[], [("recap-names", "317101")]]


def test_the_photographs_of_a_document_are_found_by_their_digest(told):
    photo = {"media_type": "image/jpeg", "sha256": "ab" * 32, "size": 5}
    told.hand_in(summed("317101", 11, 22, evidence=[photo]))
    index_all(told.node.db)
    with told.node.db.view() as view:
        [named] = evidence.find_evidence(view, photo["sha256"])
    assert (named.entry.tps, named.entry.contest) == ("317101", "ppwp")
    [document] = told.documents()
    assert (document.files, document.record) == (["ab" * 32], named.entry.record)


def test_two_rows_of_a_batch_that_deny_each_other_are_both_refused(told):
    one, other = summed("317101", 11, 22), summed("317101", 11, 23)
    assert told.hand_in(one, other) == ["contradiction"] * 2
    assert told.hand_in(one, one) == ["logged", "held"]
    assert told.hand_in({**other, "source": "kpu"}, one) == ["logged", "held"]


def test_a_doctor_finds_what_is_noted_wrongly(told, tmp_path):
    told.hand_in(summed("317101", 11, 22))
    assert not told.node.examine(tmp_path / "before").findings
    with told.node.db.transaction() as tx:
        tx.execute("UPDATE recap SET region = '317102'")
    codes = [one.code for one in told.node.examine(tmp_path / "after").findings]
    assert codes == ["recap-names"]


def test_a_region_that_the_election_has_not_is_refused_as_a_station_is(told):
    assert told.hand_in(summed("7299", 1, 2)) == ["region"]


def test_the_pages_of_a_list_are_all_of_it(told):
    told.hand_in(*(summed(code, *votes) for code, votes in SUMS.items()))
    seen, after = [], ""
    with told.node.db.view() as view:
        while True:
            page = list_recaps(view, SCOPE, RecapFilter(), after, 3)
            seen += [one.region.code for one in page.documents]
            if not page.next:
                break
            after = page.next
    assert seen == sorted(SUMS)


def test_of_one_organisation_no_more_documents_count_than_a_country_has(
    told, monkeypatch
):
    told.hand_in(*(summed(code, *votes) for code, votes in SUMS.items()))
    monkeypatch.setattr(recaps, "MAX_STANDING", 2)
    assert [one.region.code for one in told.documents()] == ["31", "3171"]
    monkeypatch.setattr(recaps, "MAX_STANDING", 4)
    kpu = [summed(code, *votes, source="kpu") for code, votes in SUMS.items()]
    told.hand_in(*kpu)
    assert len(told.documents()) == 8, "as many of each source"
