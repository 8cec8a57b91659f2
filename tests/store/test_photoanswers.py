"""What was answered of a photograph: the last word, of its form only."""

from federation.store import photoanswers, twice
from federation.store.db import Database
from federation.store.photoanswers import AnsweredPhoto, FormPlace

PLACE = FormPlace("e", "ppwp", "1371011001001")
PHOTO = "a" * 64


def test_the_last_answer_stands_and_is_written_twice(tmp_path):
    db = Database.open(tmp_path)
    first = AnsweredPhoto("unreadable", "ana", 1)
    last = AnsweredPhoto("elsewhere", "budi", 2, "1371011001002")
    with db.transaction() as tx:
        photoanswers.save_answer(tx, PLACE, PHOTO, first)
        photoanswers.save_answer(tx, PLACE._replace(contest="pdpr"), PHOTO, first)
        photoanswers.save_answer(tx, PLACE, PHOTO, last)
    with db.view() as view:
        assert photoanswers.answers_at(view, PLACE) == {PHOTO: last}
        assert photoanswers.answers_at(view, PLACE._replace(tps="x")) == {}
        assert "photo_answer" in twice.list_tables(view)
        assert list(twice.find_differing(view)) == []
    db.close()
