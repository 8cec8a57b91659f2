"""Who may hand in records over HTTP: named tokens, of which only a hash is kept.

Rule: a token is long and random (the caller makes it), so one SHA-256 is enough: there
is nothing to guess. Scopes: `reports` hands in reports of violations and is told what
became of them, `mail` hands on what agencies wrote, `intake` hands in records of every
kind, `control` does what a command of the operator does.
"""

import hashlib
from collections.abc import Iterable
from typing import Literal

import msgspec

from federation.errors import ConflictError, NotFoundError
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
from federation.text import Sentence

Scope = Literal["intake", "reports", "mail", "control"]

MIN_TOKEN_CHARS = 32

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE token (
            name TEXT PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            scopes TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT;
        """,
    ),
    (
        "0002-twice",
        write_twice(
            "token", "name TEXT", "digest BLOB, scopes TEXT, created_at INTEGER"
        ),
    ),
)


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token that is known here; the secret itself is not."""

    name: str
    scopes: tuple[Scope, ...]
    created_at: int


def save_token(
    tx: Transaction, name: str, secret: str, scopes: Iterable[Scope], now: int
) -> None:
    """Accept `secret` from now on.

    Raises:
        ConflictError: the name, or the secret, is in use.
    """
    assert len(secret) >= MIN_TOKEN_CHARS, "a token is made by a machine"
    done = tx.execute(
        "INSERT INTO token (name, digest, scopes, created_at) VALUES (?,?,?,?)"
        " ON CONFLICT DO NOTHING",
        (name, _digest(secret), " ".join(sorted(set(scopes))), int(now)),
    )
    if done.rowcount != 1:
        raise ConflictError(Sentence("tokens.there", name=name))


def find_token(view: View, secret: str) -> Token:
    """The token that this secret is of.

    Raises:
        NotFoundError: of none.
    """
    row = view.execute(
        "SELECT name, scopes, created_at FROM token WHERE digest = ?",
        (_digest(secret),),
    ).fetchone()
    if row is None:
        raise NotFoundError(Sentence("tokens.unknown"))
    return _token(row)


def list_tokens(view: View) -> list[Token]:
    """Every token, by name."""
    rows = view.execute("SELECT name, scopes, created_at FROM token ORDER BY name")
    return [_token(row) for row in rows]


def remove_token(tx: Transaction, name: str) -> None:
    """Accept it no longer.

    Raises:
        NotFoundError: there is none of this name.
    """
    done = tx.execute("DELETE FROM token WHERE name = ?", (name,))
    if done.rowcount != 1:
        raise NotFoundError(Sentence("tokens.none", name=name))


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _token(row: tuple[str, str, int]) -> Token:
    fields = {"name": row[0], "scopes": row[1].split(), "created_at": row[2]}
    return msgspec.convert(fields, Token)
