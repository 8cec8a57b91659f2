"""A database that comes back from a backup does not number its changes twice."""

import pytest

from federation.store import mapstate
from federation.store.epoch import (
    load_followed,
    read_followed,
    renew_if_older,
    save_followed,
)
from federation.store.mapstate import MapInputs

E, F = "pemilu-2024", "pilpres-2019"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "guard" / "changes.json"


def come_to(db, election, seq):
    with db.transaction() as tx:
        number = mapstate.add_election(tx, election, MapInputs("p", "", 1))
        mapstate.raise_seq(tx, number, seq)


def start(db, path):
    """Whether followers have to start again; the epoch says the same."""
    with db.view() as view:
        before = mapstate.epoch(view)
    renewed = renew_if_older(db, path)
    with db.view() as view:
        assert (mapstate.epoch(view) != before) == renewed
    return renewed


def test_what_was_told_comes_back_from_the_file(db, path):
    come_to(db, E, 7)
    save_followed(db, path)
    with db.view() as view:
        assert load_followed(path) == read_followed(view)
    assert load_followed(path).changes == {E: 7}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_new_node_and_an_ordinary_start_keep_the_epoch(db, path):
    assert not start(db, path)
    come_to(db, E, 7)
    save_followed(db, path)
    assert not start(db, path)
    come_to(db, E, 9)  # merged, and the power went before the file was written
    assert not start(db, path)


@pytest.mark.parametrize("seqs", [(6, 5), (7, 4), (0, 5)])
def test_one_election_behind_what_was_told_begins_a_new_epoch(db, path, seqs):
    for election, seq in ((E, 7), (F, 5)):
        come_to(db, election, seq)
    save_followed(db, path)
    for election, seq in zip((E, F), seqs, strict=True):
        come_to(db, election, seq)
    assert start(db, path)
    save_followed(db, path)
    assert not start(db, path)


def test_a_database_of_before_all_that_was_told_begins_a_new_epoch(db, path):
    with db.view() as view:
        epoch = mapstate.epoch(view)
    path.parent.mkdir()
    path.write_text(f'{{"epoch":"{epoch}","changes":{{"{E}":1}}}}')
    assert start(db, path)


def test_another_epoch_than_was_told_is_renewed(db, path):
    come_to(db, E, 7)
    save_followed(db, path)
    with db.transaction() as tx:
        mapstate.renew_epoch(tx)
    assert start(db, path)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b'{"epoch":1,"changes":{}}', b"\xff", b"[]", None]
)
def test_where_nobody_knows_what_was_told_followers_start_again(db, path, damage):
    come_to(db, E, 7)
    save_followed(db, path)
    if damage is None:
        path.unlink()
    else:
        path.write_bytes(damage)
    assert load_followed(path) is None
    assert start(db, path)
