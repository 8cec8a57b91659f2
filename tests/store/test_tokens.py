"""Tokens are found by their secret, which is not kept."""

import pytest

from federation.errors import ConflictError, NotFoundError
from federation.store import tokens
from federation.store.enginechoice import FILE_NAME
from tests.engines import of_sqlite

SECRET = "s" * 16 + "ecret-of-the-platform"


def test_a_secret_finds_its_token_and_scopes(db):
    with db.transaction() as tx:
        tokens.save_token(tx, "platform", SECRET, ["intake"], 5)
        found = tokens.find_token(tx, SECRET)
        assert (found.name, found.scopes, found.created_at) == (
            "platform",
            ("intake",),
            5,
        )
        assert tokens.list_tokens(tx) == [found]


@pytest.mark.parametrize("secret", ["", SECRET + "x", SECRET[:-1], "\ud800", "'--"])
def test_another_secret_finds_none(db, secret):
    with db.transaction() as tx:
        tokens.save_token(tx, "platform", SECRET, ["intake"], 5)
        with pytest.raises(NotFoundError):
            tokens.find_token(tx, secret)


def test_a_name_and_a_secret_are_used_once(db):
    with db.transaction() as tx:
        tokens.save_token(tx, "platform", SECRET, ["intake"], 5)
        with pytest.raises(ConflictError):
            tokens.save_token(tx, "platform", SECRET + "2", ["intake"], 6)
        with pytest.raises(ConflictError):
            tokens.save_token(tx, "other", SECRET, ["control"], 6)


def test_removed_it_is_refused(db):
    with db.transaction() as tx:
        tokens.save_token(tx, "platform", SECRET, ["intake", "control"], 5)
        tokens.remove_token(tx, "platform")
        with pytest.raises(NotFoundError):
            tokens.find_token(tx, SECRET)
        with pytest.raises(NotFoundError):
            tokens.remove_token(tx, "platform")


@of_sqlite
def test_the_secret_is_nowhere_on_the_disk(db, tmp_path):
    with db.transaction() as tx:
        tokens.save_token(tx, "platform", SECRET, ["intake"], 5)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert (tmp_path / "data" / FILE_NAME).exists()
    assert b"platform" in kept
    assert SECRET.encode() not in kept
