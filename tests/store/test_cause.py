"""A cause is kept by its key: each reader is told in their language, for years."""

import pytest

from federation.store import alarms
from federation.store.cause import pack_cause, unpack_cause
from federation.store.db import Database
from federation.text import Sentence, Text, quote

INNER = Sentence("held.fork", origin="a.example/pemilu-2024")
CAUSE = Sentence("why.seen-at", org="b.example", cause=INNER)


@pytest.fixture
def db(tmp_path):
    opened = Database.open(tmp_path)
    yield opened
    opened.close()


def test_a_cause_within_a_cause_comes_back_as_it_was():
    kept = unpack_cause(pack_cause(CAUSE))
    assert isinstance(kept, Sentence)
    assert kept == CAUSE
    assert Text("id").say(kept) == Text("id").say(CAUSE)
    assert "menandatangani dua riwayat" in Text("id").say(kept)


def test_nothing_is_kept_as_nothing():
    assert pack_cause("") == unpack_cause("") == ""


def test_what_an_older_version_kept_is_told_as_its_words():
    kept = unpack_cause("seen at b.example: a.example signed two histories")
    assert kept == "seen at b.example: a.example signed two histories"
    assert Text("id").say(kept).startswith("tercatat sebelumnya: “")


@pytest.mark.parametrize(
    "kept",
    [
        '{"key":"gone.away","text":"what it was","values":{}}',
        '{"key":"held.fork","text":"what it was","values":{}}',
        '{"key":"held.fork","text":"what it was","values":{"origin":{"x":1}}}',
    ],
    ids=["no such key", "a value that lacks", "a value that is none"],
)
def test_a_key_that_is_not_known_any_more_is_told_in_english(kept):
    told = unpack_cause(kept)
    assert told == "what it was"
    assert "“what it was”" in Text("id").say(told)


@pytest.mark.parametrize("kept", ["{", "[]", "3", '{"key":3}', "\x00"])
def test_what_a_disk_has_spoilt_is_quoted(kept):
    assert unpack_cause(kept) == kept


def test_an_alarm_of_last_night_is_told_in_the_language_of_this_morning(db):
    with db.transaction() as tx:
        alarms.raise_alarm(tx, "fork", "a.example/pemilu-2024", CAUSE, 7)
    with db.view() as view:
        [alarm] = alarms.list_alarms(view)
        details = alarms.find_details(view, "fork")
    assert alarm.detail == CAUSE
    assert details == {"a.example/pemilu-2024": CAUSE}
    assert Text("id").say(alarm.detail) == Text("id").say(CAUSE)


def test_others_words_are_bounded_to_what_they_are():
    kept = unpack_cause(pack_cause(quote("550 no such user")))
    assert Text("id").say(kept) == "jawaban aslinya: “550 no such user”"
