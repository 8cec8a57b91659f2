"""The log of reports does not end while our log has more to say of one."""

import typing

import pytest

from federation.errors import ConflictError
from federation.flows.refer.underway import check_none_on_the_way
from federation.store.db import Database
from federation.store.outbox import OutboxItem, OutboxState, save_item
from federation.text import Text

ELECTION = "pemilu-2024"
NAME = "jagasuara.example/" + "0" * 32
GOING = {"intended", "sending", "unsure"}


@pytest.fixture
def db(tmp_path):
    database = Database.open(tmp_path)
    yield database
    database.close()


def put(db, **members):
    item = OutboxItem(
        **{"incident": NAME, "agency": "bawaslu", "way": "email", "election": ELECTION}
        | members
    )
    with db.transaction() as tx:
        save_item(tx, item)


def check(db, election=ELECTION):
    with db.view() as view:
        check_none_on_the_way(view, election)


@pytest.mark.parametrize("state", sorted(typing.get_args(OutboxState)))
def test_each_state_that_is_announced_and_open_keeps_it_open(db, state):
    check(db)
    put(db, state=state)
    check(db, "pilkada-2024")
    if state not in GOING:
        check(db)
        return
    with pytest.raises(ConflictError) as caught:
        check(db)
    for told in (str(caught.value), Text("id").say(caught.value.args[0])):
        assert NAME in told
        assert "federation refer status" in told


def test_what_is_still_to_be_said_of_one_that_arrived_keeps_it_open(db):
    put(db, state="sent", due="sent")
    with pytest.raises(ConflictError):
        check(db)


def test_of_many_some_are_named_and_all_are_counted(db):
    for number in range(5):
        put(db, state="sending", incident=f"jagasuara.example/{number:032}")
    with pytest.raises(ConflictError, match=r"^5 ") as caught:
        check(db)
    assert str(caught.value).count("jagasuara.example/") == 3
