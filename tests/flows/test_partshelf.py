"""What is kept of each kabupaten: below a bound, and only what did not change."""

import pickle
import tracemalloc

import pytest

from federation.flows.query.forensics.part import study_part
from federation.flows.query.partshelf import PartShelf
from federation.flows.query.scope import ask
from tests import sample_map as sample
from tests.flows.test_forensics import honest, reading_of

#: Seven kabupaten of two provinces.
CODES = [*(f"137{n}011001001" for n in range(1, 6)), "7201011001001", "7202011001001"]
KABUPATEN = [code[:4] for code in CODES]
SIZE = 1_000


@pytest.fixture
def db(tmp_path):
    found = sample.Database.open(tmp_path)
    sample.save_register(found, {}, CODES)
    claim = sample._claim(1, sample.ANA, CODES[0], sample.three(1, 2, 3))
    sample.add_claims(found, sample.ANA, [claim])
    sample.merge(found)
    yield found
    found.close()


def asked_of(contest="ppwp"):
    return ask({sample.ELECTION: sample.profile()}, [sample.ELECTION], contest=contest)


class Counted:
    """Counts and notes what it was asked for; a part is as large as is said."""

    def __init__(self):
        self.codes = []

    def __call__(self, code):
        self.codes.append(code)
        return code.encode().ljust(SIZE)


def finish(shelf, view, code, count, by=()):
    """Count a region as whoever waits does; what comes to an answer."""
    asked = asked_of()
    for _ in range(len(CODES) + 1):
        progress = shelf.advance(view, asked, code, by, count)
        if progress.done == progress.of:
            return [
                part.decode().strip()
                for part in shelf.read(view, asked, code, by, count)
            ]
    pytest.fail("never counted")


def test_a_region_that_fits_is_counted_once(db):
    shelf, count = PartShelf(), Counted()
    with db.view() as view:
        for _ in range(3):
            assert finish(shelf, view, "", count) == KABUPATEN
        assert shelf.reached(view, asked_of(), "", ()) == (7, 7)
    assert count.codes == KABUPATEN


@pytest.mark.parametrize("room", range(0, 9 * SIZE, SIZE // 2))
def test_a_region_larger_than_the_shelf_is_answered_and_the_shelf_stays_below_its_bound(
    db, room
):
    shelf, count = PartShelf(room), Counted()
    with db.view() as view:
        for code in ("13", "", "72", "1371", ""):
            expected = [one for one in KABUPATEN if one.startswith(code)]
            assert finish(shelf, view, code, count) == expected
            assert shelf.bytes_kept <= room
        # What fits stays. Of the rest one is counted to see that it does not fit.
        before = len(count.codes)
        assert finish(shelf, view, "", count) == KABUPATEN
        missing = 7 - min(7, room // (SIZE + 33))
        assert len(count.codes) - before == (missing + 1 if missing else 0)


def test_many_ways_to_look_at_a_contest_share_the_room_and_the_oldest_goes(db):
    shelf, count = PartShelf(5 * (SIZE + 33)), Counted()
    with db.view() as view:
        for candidate in range(20):
            assert len(finish(shelf, view, "72", count, (str(candidate),))) == 2
            assert shelf.bytes_kept <= 5 * (SIZE + 33)
        assert len(count.codes) == 40
        finish(shelf, view, "72", count, ("19",))
        finish(shelf, view, "72", count, ("18",))
        assert len(count.codes) == 40
        finish(shelf, view, "72", count, ("0",))
        assert len(count.codes) == 42
        # 19 was asked for longer ago than 18.
        assert shelf.reached(view, asked_of(), "72", ("18",)).done == 2
        assert shelf.reached(view, asked_of(), "72", ("19",)).done < 2


def test_only_the_kabupaten_that_changed_is_counted_again(db):
    shelf, count = PartShelf(), Counted()
    with db.view() as view:
        finish(shelf, view, "", count)
    claim = sample._claim(2, sample.ANA, CODES[2], sample.three(1, 2, 3))
    sample.add_claims(db, sample.ANA, [claim])
    sample.merge(db)
    del count.codes[:]
    with db.view() as view:
        assert finish(shelf, view, "", count) == KABUPATEN
    assert count.codes == [KABUPATEN[2]]
    # With another list of stations nothing is as it was.
    sample.save_register(db, {}, [*CODES, "1371011001002"])
    del count.codes[:]
    with db.view() as view:
        finish(shelf, view, "", count)
    assert count.codes == KABUPATEN


def test_what_a_part_is_said_to_take_is_about_what_it_takes(db):
    part = study_part(reading_of(honest(1, candidates=3)), 0)
    packed = pickle.dumps(part)
    tracemalloc.start()
    copy = pickle.loads(packed)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    shelf = PartShelf()
    with db.view() as view:
        [kept] = shelf.read(view, asked_of(), "1371", (), lambda _: copy)
    assert kept == part
    assert 0.8 * taken < shelf.bytes_kept < 1.25 * taken
    # Packed, the rounds of a kabupaten of any size take as much as these few stations'.
    bare = PartShelf()
    with db.view() as view:
        list(bare.read(view, asked_of(), "1371", (), lambda _: part._replace(found={})))
    assert bare.bytes_kept < 40_000
