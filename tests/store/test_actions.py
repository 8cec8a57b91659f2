"""What people did is written down, once each, and what one did covers nothing up."""

from federation.records.readers import Person
from federation.store import actions
from tests.actions import all_actions
from tests.engines import of_sqlite
from tests.steps import steps_of

NOW = 1_000
READER = Person("Pembaca", "editor")
OTHER = Person("Anggota", "viewer")


def test_the_log_of_actions_is_bounded_and_read_in_pages(tx, monkeypatch):
    monkeypatch.setattr(actions, "MAX_ACTIONS", 5)
    for number in range(12):
        actions.note_action(tx, "Pembaca", "editor", "read", f"{number}" * 400, number)
    kept = actions.read_actions(tx, 1 << 62, 100)
    assert [one.at for one in kept] == [11, 10, 9, 8, 7]
    assert {len(one.subject) for one in kept} == {actions.MAX_SUBJECT_CHARS}
    pages, before = [], 1 << 62
    while page := actions.read_actions(tx, before, 2):
        pages, before = [*pages, *page], page[-1].number
    assert pages == kept


def test_what_is_older_than_a_day_can_be_forgotten_and_that_is_an_action(tx):
    for number in range(4):
        actions.note_action(tx, "Pembaca", "editor", "read", "x", NOW + number)
    assert actions.forget_actions(tx, NOW + 3, NOW + 9) == 3
    assert all_actions(tx) == [
        ("Pembaca", "editor", "read", "x"),
        ("", "machine", "forget", "1970-01-01"),
    ]
    assert actions.forget_actions(tx, NOW + 3, NOW + 9) == 0


def test_that_somebody_was_shown_a_photo_is_one_line_an_hour(tx):
    for person, photo, later in (
        (READER, "a", 0),
        (READER, "a", 1),
        (OTHER, "a", 1),
        (READER, "b", 2),
        (READER, "a", 3_599),
        (READER, "a", 3_600),
    ):
        actions.note_look(tx, person, photo, NOW + later)
    assert all_actions(tx) == [
        ("Pembaca", "editor", "look", "a"),
        ("Anggota", "viewer", "look", "a"),
        ("Pembaca", "editor", "look", "b"),
        ("Pembaca", "editor", "look", "a"),
    ]


def test_whoever_looks_at_much_covers_up_nothing_else(tx, monkeypatch):
    monkeypatch.setattr(actions, "MAX_LOOKS", 5)
    actions.note_action(tx, READER.name, READER.role, "remove", "a", NOW)
    for number in range(20):
        actions.note_look(tx, READER, str(number), NOW)
    looks = [("Pembaca", "editor", "look", str(number)) for number in range(15, 20)]
    assert all_actions(tx) == [("Pembaca", "editor", "remove", "a"), *looks]


@of_sqlite
def test_whether_one_has_looked_is_found_without_reading_the_log(db):
    counted = []
    for numbers in (range(20), range(20, 300)):
        with db.transaction() as tx:
            for number in numbers:
                actions.note_look(tx, READER, str(number), NOW)
        counted.append(
            steps_of(db, lambda view: actions.has_looked(view, READER, "1", NOW))
        )
    assert counted[0] == counted[1]
