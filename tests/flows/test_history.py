"""The history of a station: all that was said, when, and what each changed."""

import pytest
from msgspec import structs

from federation.flows.merge import merge_once
from federation.flows.query import history
from federation.flows.query.history import ChangedFigure, history_of
from federation.flows.query.tps import tps
from federation.records.withdrawal import Withdrawal
from federation.store import logs
from federation.store.db import Database
from tests import sample_map as sample
from tests.ownnode import ELECTION, small_profile
from tests.photographed import A, B, add_leaves, result

HERE = "1371011001001"


def said(org, votes, minute, **members):
    at = f"2024-02-14T13:{minute:02}:00Z"
    told = {"candidates": votes, "recorded_at": at, **members}
    return structs.replace(result(org, HERE, None), **told)


def gone(org, minute):
    return Withdrawal(
        contest="ppwp",
        election=ELECTION,
        official=0,
        org=org,
        reason="salah foto",
        recorded_at=f"2024-02-14T13:{minute:02}:00Z",
        round="reguler",
        tps=HERE,
    )


@pytest.fixture
def db(tmp_path):
    opened = Database.open(tmp_path)
    yield opened
    opened.close()


def read(db, org_statements):
    for org, statements in org_statements.items():
        with db.transaction() as tx:
            log = logs.add_log(tx, f"{org}/{ELECTION}", own=False)
        add_leaves(db, log, statements)
    while merge_once(db, {ELECTION: small_profile()}):
        pass
    with db.view() as view:
        [contest] = tps(view, {ELECTION: small_profile()}, ELECTION, HERE).contests
        return contest, history_of(view, contest)


def test_each_statement_is_told_with_its_time_there_and_what_it_changed(db):
    first = said(A, {"01": 90, "02": 40}, 5, figures={"suara_sah": 130})
    second = said(A, {"01": 91, "02": 40}, 9, figures={"suara_sah": 131})
    other = said(B, {"01": 90, "02": 40}, 6)
    _, told = read(db, {A: [first, second], B: [other]})
    by_org = {one.said.org: one for one in told.standing}
    assert by_org[A].at == "2024-02-14 20:09 WIB"
    assert by_org[A].changed == (
        ChangedFigure("01", is_vote=True, before=90, now=91),
        ChangedFigure("suara_sah", is_vote=False, before=130, now=131),
    )
    assert (by_org[B].replaced, by_org[B].changed) == (None, ())
    [old] = told.replaced
    assert (old.at, old.said.votes) == ("2024-02-14 20:05 WIB", {"01": 90, "02": 40})
    assert old.said == by_org[A].replaced
    assert not old.said.counted
    assert told.left_out == 0


def test_what_was_taken_back_is_told_with_its_reason_and_what_stood_before(db):
    _, told = read(db, {A: [said(A, {"01": 90}, 5), gone(A, 7)]})
    [now], [before] = told.standing, told.replaced
    assert (now.said.kind, now.reason) == ("withdrawal", "salah foto")
    assert before.said.votes == {"01": 90}


def test_of_very_many_the_newest_are_told_and_the_rest_is_counted(db, monkeypatch):
    monkeypatch.setattr(history, "MOST_REPLACED", 3)
    contest, told = read(db, {A: [said(A, {"01": n}, n) for n in range(1, 9)]})
    assert [one.said.votes["01"] for one in told.replaced] == [7, 6, 5]
    assert len(told.replaced) + told.left_out == len(contest.earlier) == 7


def test_a_statement_whose_leaf_cannot_be_read_is_told_without_its_time(sample_db):
    # Its leaves are none.
    profiles = {sample.ELECTION: sample.profile()}
    with sample_db.view() as view:
        found = tps(view, profiles, sample.ELECTION, sample.WITHDRAWN)
        [told] = [history_of(view, one) for one in found.contests]
    assert [one.at for one in (*told.standing, *told.replaced)] == ["", ""]
    assert told.replaced[0].said.votes == {"01": 1, "02": 2, "03": 3}
