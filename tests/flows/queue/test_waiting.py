"""What waits to be read: golden on the sample map, in order, without what is done."""

import hashlib

import pytest
from msgspec import UNSET

from federation.errors import FormatError
from federation.flows.query.scope import ask
from federation.flows.queue import export, waiting
from federation.flows.queue.answers import ORDERS
from federation.flows.queue.export import QueueExport
from federation.flows.queue.table import waiting_table
from federation.flows.queue.waiting import QueueAsked, count_waiting, list_queue
from federation.records.readingqueue import QUEUES
from federation.store import leases, photoanswers
from federation.store.photoanswers import AnsweredPhoto, FormPlace
from federation.store.removals import RemovedPhoto, note_removed
from tests import sample_map as sample
from tests.sample_map import ANA, BUDI, CITRA, DISPUTED, PHOTO, SINGLE

SCOPE = ask({sample.ELECTION: sample.profile()}, [sample.ELECTION])
NOW = 1_707_900_000
OTHER = "1371011002003"


def file_of(name):
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture
def db(tmp_path):
    """The sample, and photographs of CITRA: of each queue one."""
    database = sample.build(tmp_path)
    sample.add_claims(
        database,
        CITRA,
        [
            sample._claim(1, CITRA, DISPUTED, None, files=(file_of("disputed"),)),
            sample._claim(2, CITRA, PHOTO, None, files=(file_of("more"),)),
            sample._claim(3, CITRA, SINGLE, None, files=(file_of("unread"),)),
            sample._claim(
                4, CITRA, OTHER, sample.three(1, 1, 1), files=(file_of("single"),)
            ),
        ],
    )
    sample.merge(database)
    yield database
    database.close()


def listed(db, queue, org=ANA, after="", limit=100, **more):
    with db.view() as view:
        return list_queue(
            view, QueueAsked(SCOPE, queue, org, NOW, **more), after, limit
        )


def stations(db, queue, **more):
    return [(form.tps, form.reason) for form in listed(db, queue, **more).forms]


def answer(db, tps, name, *given):
    place = FormPlace(sample.ELECTION, "ppwp", tps)
    with db.transaction() as tx:
        photoanswers.save_answer(tx, place, file_of(name), AnsweredPhoto(*given))


def test_each_queue_has_what_waits_with_whose_photographs(db):
    assert stations(db, "differs") == [(DISPUTED, "disputed")]
    assert stations(db, "unread") == [(PHOTO, "unread"), (SINGLE, "photo")]
    assert stations(db, "single") == [(OTHER, "single")]
    [form] = listed(db, "differs").forms
    [photo] = form.photos
    assert (photo.sha256, photo.orgs, photo.held) == (
        file_of("disputed"),
        [CITRA],
        False,
    )
    assert photo.record == hashlib.sha256(f"{CITRA} 1".encode()).hexdigest()
    assert (form.round, form.village, form.being_read) == (
        "reguler",
        "Mata <b>Air</b>",
        False,
    )
    [first, _] = listed(db, "unread").forms
    assert {photo.orgs[0] for photo in first.photos} == {BUDI, CITRA}


def test_a_page_ends_where_the_next_begins(db):
    first = listed(db, "unread", limit=1)
    assert [form.tps for form in first.forms] == [PHOTO]
    assert first.next == f"unread:{PHOTO}"
    second = listed(db, "unread", after=first.next)
    assert [form.tps for form in second.forms] == [SINGLE]
    assert not second.next
    assert stations(db, "unread", after=f"photo:{SINGLE}") == []


@pytest.mark.parametrize("after", ["x", "x:y", "single:1371011001001", "unread:x", ":"])
def test_what_is_no_place_in_the_list_is_refused(db, after):
    with pytest.raises(FormatError):
        listed(db, "unread", after=after)


def test_only_the_region_that_was_asked_for(db):
    assert stations(db, "unread", region="137102") == [(SINGLE, "photo")]
    assert stations(db, "unread", region="72") == []
    with pytest.raises(FormatError):
        listed(db, "unread", region="1")


@pytest.mark.parametrize("word", ["unreadable", "elsewhere"])
def test_what_cannot_be_read_waits_no_longer(db, word):
    answer(db, DISPUTED, "disputed", word, "rina", NOW)
    assert stations(db, "differs") == []


def test_a_form_waits_as_long_as_one_photograph_of_it_does(db):
    answer(db, PHOTO, "more", "unreadable", "rina", NOW)
    [form, _] = listed(db, "unread").forms
    assert form.tps == PHOTO
    assert {photo.answer for photo in form.photos if photo.answer} == {"unreadable"}


def test_what_was_read_waits_no_longer_while_our_word_stands(db):
    answer(db, DISPUTED, "disputed", "read", "rina", NOW)
    assert stations(db, "differs", org=ANA) == []
    assert stations(db, "differs", org="nobody.example") == [(DISPUTED, "disputed")]


def test_what_one_has_read_is_offered_to_others_only(db):
    answer(db, OTHER, "single", "read", "rina", NOW)
    assert stations(db, "single", person="rina") == []
    assert stations(db, "single", person="sari") == [(OTHER, "single")]
    assert stations(db, "single") == [(OTHER, "single")]


def test_who_looks_sees_what_is_being_read(db):
    place = FormPlace(sample.ELECTION, "ppwp", DISPUTED)
    with db.transaction() as tx:
        assert leases.take_lease(tx, place, "rina", NOW)
    [form] = listed(db, "differs").forms
    assert form.being_read


def test_rows_for_a_spreadsheet(db):
    answered = listed(db, "differs")
    table = waiting_table(answered.forms, {"13": "Sumatera Barat"}, answered.cursor)
    [row] = table.rows
    named = dict(zip(table.columns, row, strict=True))
    assert named["reason"] == "disputed"
    assert named["orgs"] == CITRA
    assert named["province"] == "Sumatera Barat"
    assert (named["photos"], named["held"]) == (1, 0)


def test_a_map_from_before_the_queue_is_made_again(db):
    with db.transaction() as tx:
        tx.execute("UPDATE merged SET reading = 0")
        tx.execute("UPDATE merge_election SET rules = 0")
    assert stations(db, "differs") == []
    sample.merge(db)
    assert stations(db, "differs") == [(DISPUTED, "disputed")]


def test_what_was_removed_waits_for_nobody(db):
    """Else it would be the first form that everybody gets, and can only pass over."""
    for name in ("disputed", "unread", "single"):
        gone = RemovedPhoto(
            digest=file_of(name), ground="request", reason="", org=CITRA, removed_at=NOW
        )
        with db.transaction() as tx:
            note_removed(tx, gone)
    assert stations(db, "differs") == []
    assert stations(db, "unread") == [(PHOTO, "unread")]
    assert stations(db, "single") == []


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("queue", QUEUES)
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_page_by_page_it_is_the_whole_list_in_either_order(db, queue, order, limit):
    whole = [form.tps for form in listed(db, queue, order=order).forms]
    after, found = "", []
    while True:
        page = listed(db, queue, order=order, after=after, limit=limit)
        found += [form.tps for form in page.forms]
        if page.next is UNSET:
            break
        after = page.next
    assert found == whole
    assert sorted(whole) == sorted(tps for tps, _ in stations(db, queue))
    if order == "place":
        assert whole == sorted(whole)


@pytest.mark.parametrize("queue", QUEUES)
def test_how_many_wait_is_how_long_the_list_is_in_each_part_of_a_region(db, queue):
    with db.view() as view:
        asked = QueueAsked(SCOPE, queue, ANA, NOW)
        counted = count_waiting(view, asked)
        assert counted.total == len(stations(db, queue)) == sum(counted.parts.values())
        for code, count in counted.parts.items():
            assert count == len(stations(db, queue, region=code))
        for reason in QUEUES[queue]:
            alone = count_waiting(view, asked._replace(reason=reason))
            of_it = [one for one in stations(db, queue) if one[1] == reason]
            assert alone.total == len(of_it)


def test_beyond_what_is_counted_no_figure_is_told(db, monkeypatch):
    monkeypatch.setattr(waiting, "MAX_COUNTED", 1)
    with db.view() as view:
        assert count_waiting(view, QueueAsked(SCOPE, "unread", ANA, NOW)) is None
        assert count_waiting(view, QueueAsked(SCOPE, "single", ANA, NOW)).total == 1


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("reason", ["", "unread", "photo"])
def test_a_file_has_what_the_list_has_in_its_order(db, monkeypatch, order, reason):
    monkeypatch.setattr(export, "_PAGE", 1)
    asked = QueueAsked(SCOPE, "unread", ANA, NOW, reason=reason, order=order)
    stream, rows = QueueExport(asked), []
    with db.view() as view:
        while not stream.done:
            table = stream.read(view)
            rows += [row[table.columns.index("tps")] for row in table.rows]
    listing = listed(db, "unread", reason=reason, order=order)
    assert rows == [form.tps for form in listing.forms]
