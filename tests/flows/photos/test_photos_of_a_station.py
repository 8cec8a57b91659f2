"""The photographs beside a station: each once, as whose it is, page after page."""

from federation.flows.photos.index import index_all
from federation.flows.query.photos import photos_of
from federation.records.readers import THIS_MACHINE
from tests.ownnode import ELECTION
from tests.photographed import A, B, add_named, file_of

TPS = "3171010001001"
SECOND, FIRST = (file_of(f"{n:064x}", page=n) for n in (2, 1))


def shown(db):
    with db.view() as view:
        found = photos_of(view, ELECTION, TPS, THIS_MACHINE, is_public=False)
    return [[photo.page for photo in photos] for photos in found.values()]


def test_who_read_a_partners_photo_does_not_show_it_again(db):
    add_named(db, A, [(TPS, [SECOND, FIRST])])
    add_named(db, B, [(TPS, [SECOND, FIRST])], cites="f" * 64)
    index_all(db)
    assert shown(db) == [[1, 2]]


def test_what_whoever_took_it_is_not_held_of_is_shown_as_the_readers(db):
    add_named(db, B, [(TPS, [SECOND, file_of(f"{3:064x}")])], cites="f" * 64)
    index_all(db)
    assert shown(db) == [[2, 0]]


def test_a_photo_of_a_report_stands_beside_no_form(db):
    add_named(db, A, [(TPS, [FIRST])])
    add_named(db, B, [(TPS, [SECOND])], "incidents")
    index_all(db)
    assert shown(db) == [[1]]


def test_two_that_took_the_same_photo_both_show_it(db):
    add_named(db, A, [(TPS, [FIRST])])
    add_named(db, B, [(TPS, [FIRST])])
    index_all(db)
    assert shown(db) == [[1], [1]]
