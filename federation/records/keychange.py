"""What an organisation's next key statement says, and what that changes, in words.

Rule: a change is made of the newest statement of the chain and the size of its log, so
that the same change of the same log is the same statement. What lies below the size
stays as it is unless a revocation names an earlier index. A log key that is replaced
signs up to this size, the new one from the next on: a statement is one more leaf, and
its checkpoint is the first that the new key signs.

Source: docs/reference/protocol.md, "Keys"
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from federation.errors import NotFoundError, RecordError
from federation.records.keychain import KeyChain
from federation.records.keystatement import (
    KeyEntry,
    KeyStatement,
    Revocation,
    Role,
    check_key_statement,
)
from federation.text import Sentence
from federation.tlog.keys import VerifierKey, parse_vkey

_FOR_EVER: Final = frozenset({"log", "records"})


class RevokedFrom(NamedTuple):
    """A key of ours that is not to be believed from an index (a size: `log`) on."""

    key: VerifierKey
    start: int


class KeyChange(NamedTuple):
    """What is to be different.

    Attributes:
        new: Keys that take the place of all others of their role.
        added: Keys beside the others; of the role `records`.
        revoked: Keys that nothing takes the place of.
        reason: Why, to be read by everybody.
        start: From which index on replaced records keys are not believed; None: the
            size of the log, so that all they have signed stays good.
    """

    new: Sequence[tuple[Role, VerifierKey]] = ()
    added: Sequence[VerifierKey] = ()
    revoked: Sequence[RevokedFrom] = ()
    reason: str = ""
    start: int | None = None


def next_statement(
    chain: KeyChain, size: int, change: KeyChange, recorded_at: str
) -> KeyStatement:
    """The statement that continues a chain.

    Args:
        chain: Of the log.
        size: Of the log, now: nothing may be added to it before this is published.
        change: Asked for.
        recorded_at: As records say times.

    Raises:
        NotFoundError: a key to be revoked is none of this log, or is revoked already.
        RecordError: the statement would break a rule, an index lies beyond the log.
    """
    before = chain.statements[-1]
    if change.start is not None and change.start > size:
        raise RecordError(Sentence("change.beyond", start=change.start, size=size))
    keys, ends = list(before.keys), dict[str, int]()
    done = _revoked(before)
    for role, key in change.new:
        replaced = [one for one in keys if one.role == role]
        if role in _FOR_EVER:
            end = size + 1 if role == "log" else _or(change.start, size)
            ends |= {e.vkey: max(end, e.from_) for e in replaced if e.vkey not in done}
        else:
            keys = [one for one in keys if one.role != role]
        start = size + 1 if role == "log" else size
        keys.append(KeyEntry(from_=start, role=role, vkey=str(key)))
    keys += [KeyEntry(from_=size, role="records", vkey=str(k)) for k in change.added]
    listed = {one.vkey for one in before.keys if one.role in _FOR_EVER}
    for gone in change.revoked:
        if str(gone.key) not in listed - done:
            raise NotFoundError(
                Sentence("change.no-key", key=gone.key, origin=chain.origin)
            )
        if gone.start > size + 1:
            raise RecordError(Sentence("change.beyond", start=gone.start, size=size))
        ends[str(gone.key)] = gone.start
    old = () if before.revoked is UNSET else before.revoked
    revoked = (*old, *(Revocation(from_=at, reason=change.reason, vkey=vkey)
                       for vkey, at in sorted(ends.items())))  # fmt: skip
    statement = replace(
        before,
        keys=tuple(keys),
        previous=hashlib.sha256(chain.notes[-1]).hexdigest(),
        recorded_at=recorded_at,
        revoked=revoked or UNSET,
        version=before.version + 1,
    )
    check_key_statement(statement)
    return statement


def needs_standstill(before: KeyStatement, after: KeyStatement) -> bool:
    """Whether it holds only for a log that has not grown since it was made."""
    old_logs = {one.vkey for one in before.keys if one.role == "log"}
    logs = {one.vkey for one in after.keys if one.role == "log"}
    return logs != old_logs or _some(after.revoked) != _some(before.revoked)


def tell_changes(
    before: KeyStatement | None, after: KeyStatement
) -> Iterator[Sentence]:
    """What a statement changes of the one before it, one sentence a change.

    Without one before it, it begins a log that continues another.
    """
    origin = after.origin
    if before is None:
        yield from _tell_begun(after)
        return
    if before.identity != after.identity:
        yield Sentence("change.identity", origin=origin, key=after.identity)
    old = {one.vkey for one in before.keys}
    new = {one.vkey for one in after.keys}
    for entry in after.keys:
        if entry.vkey not in old:
            key = "change.added-from" if entry.role in _FOR_EVER else "change.added"
            role = Sentence(f"keys.role-{entry.role}")
            yield Sentence(
                key, origin=origin, role=role, key=entry.vkey, start=entry.from_
            )
    for entry in before.keys:
        if entry.vkey not in new:
            role = Sentence(f"keys.role-{entry.role}")
            yield Sentence("change.dropped", origin=origin, role=role, key=entry.vkey)
    yield from _tell_revoked(before, after)


def _tell_begun(first: KeyStatement) -> Iterator[Sentence]:
    if first.follows is not UNSET:
        yield Sentence(
            "change.begun", origin=first.origin, ended=first.follows.origin,
            size=first.follows.size, reason=first.follows.reason,
        )  # fmt: skip
    yield Sentence("change.identity", origin=first.origin, key=first.identity)
    for entry in first.keys:
        role = Sentence(f"keys.role-{entry.role}")
        yield Sentence("change.added", origin=first.origin, role=role, key=entry.vkey)


def _tell_revoked(before: KeyStatement, after: KeyStatement) -> Iterator[Sentence]:
    origin = after.origin
    known = set(_some(before.revoked))
    for gone in _some(after.revoked):
        if gone not in known:
            yield Sentence(
                "change.revoked", origin=origin, key=gone.vkey, start=gone.from_,
                reason=gone.reason,
            )  # fmt: skip
    for key in sorted(_revoked(before) - _revoked(after)):
        yield Sentence("change.believed", origin=origin, key=key)


def find_key(chain: KeyChain, named: str) -> VerifierKey:
    """The key of a log that somebody names: by all of it, or by its 8 digits.

    Raises:
        NotFoundError: none, or several.
    """
    keys = [parse_vkey(one.vkey) for one in chain.statements[-1].keys]
    found = [k for k in keys if named in (str(k), k.key_id.hex())]
    if len(found) != 1:
        raise NotFoundError(Sentence("change.no-key", key=named, origin=chain.origin))
    return found[0]


def _revoked(statement: KeyStatement) -> set[str]:
    return {one.vkey for one in _some(statement.revoked)}


def _some(revoked: tuple[Revocation, ...] | UnsetType) -> tuple[Revocation, ...]:
    return () if revoked is UNSET else revoked


def _or(start: int | None, size: int) -> int:
    return size if start is None else start
