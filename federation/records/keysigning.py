"""A statement of keys is signed by the identity key, if it continues what was signed.

Rule: whoever signs holds no chain, often on a machine without a network: it is looked
at alone, beside the note that it says it follows.

Source: docs/reference/protocol.md, "Keys"
"""

from msgspec import UNSET

from federation.errors import RecordError, SignatureError
from federation.records.canonical import decode_as, encode
from federation.records.keychain import (
    MAX_STATEMENT_BYTES,
    check_next,
    open_statement,
)
from federation.records.keystatement import KeyStatement, check_key_statement
from federation.text import Sentence
from federation.tlog.keys import Signer, VerifierKey, verify
from federation.tlog.note import parse_note, sign_note


def sign_statement(statement: KeyStatement, *identity_signers: Signer) -> bytes:
    """The note of a statement, also the leaf that carries it.

    Args:
        statement: what is said.
        identity_signers: the identity key; where it changes, the old one first.

    Raises:
        FormatError: a text holds a code point that is not allowed.
        RecordError: a rule of the statement is broken.
        SignatureError: not signed as `open_chain` will ask.
    """
    note = sign_note(encode(statement) + b"\n", *identity_signers)
    before = identity_signers[0].key if len(identity_signers) > 1 else None
    open_statement(note, before)
    return note


def check_continues(
    before: bytes, statement: KeyStatement, identity: VerifierKey
) -> None:
    """Refuse a statement that does not continue this note of the identity key's.

    Whoever is to sign holds no chain: what is shown as the change, against `before`,
    is it only if the same key has signed that, too.

    Raises:
        FormatError: `before` is not the note of a statement.
        RecordError: a statement breaks a rule, or does not continue the other.
        SignatureError: this key has not signed `before`, or is not named in it.
    """
    note = parse_note(before, MAX_STATEMENT_BYTES)
    old = decode_as(note.text[:-1], KeyStatement)
    check_key_statement(old)
    if old.identity != str(identity) or not any(
        (one.name, one.key_id) == (identity.name, identity.key_id)
        and verify(identity.public, note.text, one.payload)
        for one in note.signatures
    ):
        raise SignatureError(Sentence("protocol.bad-signature", name=identity.name))
    check_next(old, statement, before)


def check_begins(statement: KeyStatement) -> None:
    """Refuse a statement that does not begin a log which continues another.

    Raises:
        RecordError: it is a later one, breaks a rule, or continues no log.
    """
    check_key_statement(statement)
    if statement.version != 1 or statement.follows is UNSET:
        raise RecordError(Sentence("chain.first-version"), "version")
