"""The newest keys of a chain, without looking at a thousand statements."""

import pytest

from federation.errors import SignatureError
from federation.records import keychain
from federation.records.keychain import newest_keys, open_chain
from tests.fakes import FakeOrg, signer

OWNER = FakeOrg("jagasuara.example")


@pytest.fixture
def notes():
    return [*OWNER.statements, OWNER.restate()]


@pytest.mark.parametrize("role", ["mirror", "node", "log", "records"])
def test_they_are_those_of_the_whole_chain(notes, role):
    found = newest_keys(notes, OWNER.identity.key, role)
    statement = open_chain(notes, OWNER.identity.key).statements[-1]
    assert [str(key) for key in found] == [
        entry.vkey for entry in statement.keys if entry.role == role
    ]


def test_only_the_newest_statement_is_looked_at(notes, monkeypatch):
    monkeypatch.setattr(keychain, "open_chain", None)
    assert newest_keys(notes, OWNER.identity.key, "mirror") == (OWNER.mirror.key,)


def test_another_identity_key_has_none_of_them(notes):
    with pytest.raises(SignatureError):
        newest_keys(notes, signer("kawal.example/identity").key, "mirror")
