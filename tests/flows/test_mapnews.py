"""What a program is told of the map: all of it, in order, in bounded parts."""

import pytest

from federation.flows.query.mapnews import read_news
from federation.flows.query.scope import ask
from federation.records.merge import decode_row
from federation.store import mapstate
from federation.store.webhooks import Told, read_told, save_told
from tests import sample_map as sample

ASKED = ask({sample.ELECTION: sample.profile()}, [sample.ELECTION])


@pytest.fixture
def view(sample_db):
    with sample_db.view() as found:
        yield found


def follow(view, told, limit):
    """Every message from here on, and how far its reader has come then."""
    messages = []
    while True:
        news, told = read_news(view, sample.ANA, ASKED, told, limit)
        if news is None:
            return messages, told
        assert news.counts.changes == len(news.changes) <= limit
        messages.append(news)


def claims_of(messages):
    for news in messages:
        for change in news.changes:
            yield from decode_row(bytes(change.row)).claims


def records_of(messages):
    return {record for news in messages for record in news.records}


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_messages_of_any_size_tell_every_row_once_and_each_record(view, limit):
    messages, told = follow(view, Told(), limit)
    rows = [change for news in messages for change in news.changes]
    assert [row.change for row in rows] == sorted({row.change for row in rows})
    assert len({(row.contest, row.tps) for row in rows}) == len(rows) == 10
    assert records_of(messages) == {claim.record for claim in claims_of(messages)}
    assert [news.more for news in messages] == [True] * (len(messages) - 1) + [False]
    assert told == Told(
        cursor=messages[-1].cursor, vector=mapstate.vector(view, sample.ELECTION)
    )


def test_who_has_all_of_it_is_told_nothing(view):
    _, told = follow(view, Told(), 100)
    assert follow(view, told, 100) == ([], told)


def test_regions_and_counts_are_those_of_the_rows(view):
    [news], _ = follow(view, Told(), 100)
    stations = {change.tps for change in news.changes}
    assert news.counts.stations == len(stations)
    assert news.counts.records == len(news.records)
    assert news.regions == sorted({station[:4] for station in stations})


@pytest.mark.parametrize("limit", [2, 100])
def test_a_record_that_was_told_before_is_not_new_once_more(view, limit):
    _, all_of_it = follow(view, Told(), 100)
    epoch, vector = all_of_it.cursor.partition(".")[0], all_of_it.vector
    origin = max(vector, key=lambda log: vector[log])
    before = vector | {origin: vector[origin] - 1}
    messages, told = follow(view, Told(cursor=f"{epoch}.0", vector=before), limit)
    behind = {c.record for c in claims_of(messages) if c.index >= before[c.origin]}
    assert records_of(messages) == behind
    assert behind < {claim.record for claim in claims_of(messages)}
    assert told == all_of_it


def test_another_life_of_the_map_begins_anew_and_all_its_records_are_new(view):
    [whole], told = follow(view, Told(), 100)
    foreign = Told(cursor="ffffffffffffffff.3", vector=told.vector)
    messages, _ = follow(view, foreign, 4)
    assert [news.reset for news in messages] == [True] + [False] * (len(messages) - 1)
    assert records_of(messages) == set(whole.records)


def test_how_far_a_program_came_is_kept_by_name_and_election(sample_db):
    far = Told(cursor="0123456789abcdef.7", vector={"b.example/x": 2, "a.example/x": 1})
    with sample_db.transaction() as tx:
        save_told(tx, "firebase", "e", Told(cursor="x.1"))
        save_told(tx, "firebase", "e", far)
    with sample_db.view() as view:
        assert read_told(view, "firebase", "e") == far
        assert read_told(view, "firebase", "other") == Told()
        assert read_told(view, "other", "e") == Told()
