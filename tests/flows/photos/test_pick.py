"""Which photographs somebody asks for: what was removed is not counted as held."""

from federation.flows.photos.index import index_all
from federation.flows.photos.missing import pick_photos
from federation.store.removals import RemovedPhoto, note_removed
from tests.ownnode import ELECTION
from tests.photographed import A, add_named, file_of

TPS = "3171010001001"
GONE, THERE = (f"{n:064x}" for n in (1, 2))


def test_what_was_removed_is_neither_held_nor_lacking(db):
    add_named(db, A, [(TPS, [file_of(GONE), file_of(THERE)])])
    index_all(db)
    with db.transaction() as tx:
        removed = RemovedPhoto(
            digest=GONE, ground="request", reason="", org=A, removed_at=1
        )
        note_removed(tx, removed)
    with db.view() as view:
        policies = {A: "on-demand"}
        by_digest = pick_photos(view, policies, [GONE], "", "")
        by_place = pick_photos(view, policies, [], ELECTION, TPS)
    assert (by_digest.asked, by_digest.lacking) == (0, [])
    assert (by_place.asked, by_place.lacking) == (1, [(THERE, A)])
