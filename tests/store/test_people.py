"""A link lets one person in until it ends, and what they do is written down."""

import itertools
from pathlib import Path

import pytest

from federation.errors import NotFoundError, StoredError
from federation.records.readers import ROLES, Person
from federation.store import people, sessions, twice
from federation.store.actions import note_action
from federation.store.enginechoice import FILE_NAME
from tests.actions import all_actions
from tests.engines import of_sqlite

LINK, OTHER, SECRET = "l" * 43, "m" * 43, "s" * 43
NOW, END = 1_000, 2_000


def refusal(what, *args):
    with pytest.raises(NotFoundError) as error:
        what(*args)
    return error.value.args[0].key.removeprefix("people.")


@pytest.fixture
def tx(db):
    with db.transaction() as opened:
        assert people.save_person(opened, "Pembaca", "editor", LINK, NOW, END) is None
        yield opened


@pytest.mark.parametrize("role", ROLES)
def test_a_link_opens_a_session_of_its_role(tx, role):
    people.save_person(tx, "Anggota", role, OTHER, NOW, END)
    opened = people.open_session(tx, OTHER, SECRET, NOW + 5)
    assert opened == (Person("Anggota", role), END, NOW + 5)
    assert people.find_session(tx, SECRET, END - 1) == opened
    [anggota, pembaca] = people.list_people(tx, NOW)
    assert (anggota.role, anggota.seen_at, anggota.sessions) == (role, NOW + 5, 1)
    assert (pembaca.role, pembaca.seen_at, pembaca.sessions) == ("editor", None, 0)


@pytest.mark.parametrize(("now", "is_open"), [(NOW, 1), (END - 1, 1), (END, 0)])
def test_nothing_outlives_its_link(tx, now, is_open):
    people.open_session(tx, LINK, SECRET, NOW)
    if is_open:
        assert people.find_link(tx, LINK, now).name == "Pembaca"
        assert people.find_session(tx, SECRET, now).person.name == "Pembaca"
    else:
        assert refusal(people.find_link, tx, LINK, now) == "link-ended"
        assert refusal(people.find_session, tx, SECRET, now) == "link-ended"
        assert refusal(people.open_session, tx, LINK, OTHER, now) == "link-ended"
    assert people.list_people(tx, now)[0].sessions == is_open


@pytest.mark.parametrize(
    "secret", ["", LINK + "x", LINK[:-1], LINK.upper(), "\ud800", "'--", SECRET]
)
def test_another_secret_opens_nothing(tx, secret):
    assert refusal(people.find_link, tx, secret, NOW) == "link-unknown"
    people.open_session(tx, LINK, SECRET, NOW)
    if secret != SECRET:
        assert refusal(people.find_session, tx, secret, NOW) == "session-unknown"
    assert refusal(people.find_link, tx, SECRET, NOW) == "link-unknown"
    assert refusal(people.find_session, tx, LINK, NOW) == "session-unknown"


def test_revoked_it_ends_what_is_open_at_once_and_stays_so(tx):
    for secret in (SECRET, OTHER):
        people.open_session(tx, LINK, secret, NOW)
    assert people.revoke_person(tx, "Pembaca", NOW + 1) == 2
    assert people.revoke_person(tx, "Pembaca", NOW + 2) == 0
    assert refusal(people.find_link, tx, LINK, NOW + 1) == "link-revoked"
    assert refusal(people.find_session, tx, OTHER, NOW + 1) == "session-revoked"
    [pembaca] = people.list_people(tx, NOW + 3)
    assert (pembaca.revoked_at, pembaca.sessions) == (NOW + 1, 0)
    assert refusal(people.revoke_person, tx, "pembaca", NOW) == "none"


def test_a_new_link_takes_the_place_of_the_one_before(tx):
    people.open_session(tx, LINK, SECRET, NOW)
    before = people.save_person(tx, "Pembaca", "viewer", OTHER, NOW + 1, END + 9)
    assert (before.role, before.until, before.sessions) == ("editor", END, 1)
    assert refusal(people.find_link, tx, LINK, NOW) == "link-unknown"
    assert refusal(people.find_session, tx, SECRET, NOW) == "session-replaced"
    assert people.find_link(tx, OTHER, END).role == "viewer"
    people.revoke_person(tx, "Pembaca", NOW + 2)
    people.save_person(tx, "Pembaca", "viewer", LINK, NOW + 3, END)
    assert people.find_link(tx, LINK, NOW + 3).revoked_at is None


def test_who_signs_out_is_out_once(tx):
    people.open_session(tx, LINK, SECRET, NOW)
    assert people.close_session(tx, SECRET, NOW + 1)
    assert not people.close_session(tx, SECRET, NOW + 2)
    assert refusal(people.find_session, tx, SECRET, NOW + 2) == "session-out"
    people.open_session(tx, LINK, OTHER, NOW + 3)
    assert people.find_session(tx, OTHER, NOW + 3)


def test_another_session_of_one_browser_takes_the_place_of_its_first(tx):
    people.save_person(tx, "Anggota", "viewer", OTHER, NOW, END)
    people.open_session(tx, LINK, SECRET, NOW)
    people.open_session(tx, OTHER, "t" * 43, NOW + 1, instead_of=SECRET)
    assert refusal(people.find_session, tx, SECRET, NOW + 1) == "session-out"
    assert [one.sessions for one in people.list_people(tx, NOW)] == [1, 0]


def test_the_sessions_of_one_link_are_few(tx):
    secrets = [f"{number:043}" for number in range(sessions._KEPT_SESSIONS + 5)]
    for number, secret in enumerate(secrets):
        people.open_session(tx, LINK, secret, NOW + number)
    assert people.list_people(tx, NOW)[0].sessions == sessions.MAX_SESSIONS
    assert people.find_session(tx, secrets[-sessions.MAX_SESSIONS], NOW)
    crowded = secrets[-sessions.MAX_SESSIONS - 1]
    assert refusal(people.find_session, tx, crowded, NOW) == "session-crowded"
    assert refusal(people.find_session, tx, secrets[0], NOW) == "session-unknown"


def test_when_somebody_was_last_seen_is_kept(tx):
    people.open_session(tx, LINK, SECRET, NOW)
    people.see_session(tx, SECRET, NOW + 700)
    assert people.find_session(tx, SECRET, NOW + 800).seen_at == NOW + 700
    assert people.list_people(tx, NOW)[0].seen_at == NOW + 700
    people.see_session(tx, OTHER, NOW + 900)
    assert people.list_people(tx, NOW)[0].seen_at == NOW + 700


def test_whoever_is_gone_for_long_is_forgotten_when_another_is_added(tx):
    later = END + people.KEPT_S
    people.save_person(tx, "Anggota", "viewer", OTHER, later, later + 1)
    assert [one.name for one in people.list_people(tx, later)] == [
        "Anggota",
        "Pembaca",
    ]
    people.save_person(tx, "Anggota", "viewer", OTHER, later + 1, later + 2)
    assert [one.name for one in people.list_people(tx, later)] == ["Anggota"]


def test_each_step_is_an_action_with_name_and_role(tx):
    people.open_session(tx, LINK, SECRET, NOW)
    note_action(tx, "Pembaca", "editor", "read", "1371011001001", NOW)
    people.close_session(tx, SECRET, NOW)
    people.close_session(tx, SECRET, NOW)
    people.revoke_person(tx, "Pembaca", NOW)
    people.revoke_person(tx, "Pembaca", NOW)
    assert all_actions(tx) == [
        ("", "machine", "add", "Pembaca editor"),
        ("Pembaca", "editor", "sign-in", ""),
        ("Pembaca", "editor", "read", "1371011001001"),
        ("Pembaca", "editor", "sign-out", ""),
        ("", "machine", "revoke", "Pembaca"),
    ]


@of_sqlite
def test_no_secret_is_anywhere_on_the_disk(db, tmp_path):
    with db.transaction() as tx:
        people.save_person(tx, "Pembaca", "editor", LINK, NOW, END)
        people.open_session(tx, LINK, SECRET, NOW)
    kept = b"".join(path.read_bytes() for path in Path(tmp_path / "data").iterdir())
    assert (tmp_path / "data" / FILE_NAME).exists()
    assert b"Pembaca" in kept
    assert LINK.encode() not in kept
    assert SECRET.encode() not in kept


DAMAGE = {
    "role": "'admin'",
    "until": "-1",
    "added_at": str(1 << 62),
    "revoked_at": "-5",
    "seen_at": str(-(1 << 60)),
}


@pytest.mark.parametrize("column", DAMAGE)
def test_a_damaged_row_lets_nobody_in(tx, column):
    people.open_session(tx, LINK, SECRET, NOW)
    tx.execute(f"UPDATE person SET {column} = {DAMAGE[column]}")
    for look, secret in ((people.find_link, LINK), (people.find_session, SECRET)):
        if (look, column) == (people.find_session, "seen_at"):
            continue  # that of the session is asked
        with pytest.raises(StoredError):
            look(tx, secret, NOW)


@pytest.mark.parametrize("table", ["person", "session", "action"])
def test_each_table_is_written_twice_and_damage_is_forgotten(db, table):
    with db.transaction() as tx:
        people.save_person(tx, "Pembaca", "editor", LINK, NOW, END)
        people.open_session(tx, LINK, SECRET, NOW)
        assert list(twice.find_differing(tx)) == []
        changed = {"person": "until", "session": "opened_at", "action": "at"}[table]
        tx.execute(f"UPDATE {table}_twice SET {changed} = {changed} + 1")
        assert {row.table for row in twice.find_differing(tx)} == {table}
        twice.drop_differing(tx, table)
        assert list(twice.find_differing(tx)) == []
        if table != "action":
            with pytest.raises(NotFoundError):
                people.find_session(tx, SECRET, NOW)


ENDED = ("out", "revoked", "replaced", "crowded", "of another version")


@pytest.mark.parametrize("ended", ENDED)
def test_why_a_session_ended_has_words(tx, ended):
    people.open_session(tx, LINK, SECRET, NOW)
    tx.execute("UPDATE session SET ended = ?", (ended,))
    known = ended if ended in ENDED[:4] else "unknown"
    assert refusal(people.find_session, tx, SECRET, NOW) == f"session-{known}"


def test_however_the_clock_goes_a_link_lets_in_only_before_its_end(tx):
    people.open_session(tx, LINK, SECRET, NOW)
    for now in itertools.chain(range(0, 4 * END, 37), (1 << 40, 0, NOW)):
        if now < END:
            assert people.find_session(tx, SECRET, now)
        else:
            assert refusal(people.find_session, tx, SECRET, now) == "link-ended"
