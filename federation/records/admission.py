"""Which leaves of a log are taken in, and what each of them claims.

Rule: a leaf is judged alone, by its log's key chain and its place; one bad leaf is
named with its reason and the rest goes on. The same judgement for what a peer sends,
for what was signed elsewhere and handed in, and for an audit. Runs in worker
processes: plain values in and out. Whether a leaf is valid never depends on the
election's profile; what it claims (complete, implausible) does.

Source: docs/reference/protocol.md, "Records" and "Pulling" step 4
"""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from federation.records.claim import Claim, EncodedClaims, bundle_claims
from federation.records.keychain import KeyChain
from federation.records.kinds import UNKNOWN, kind_of
from federation.records.profile import Profile
from federation.records.sealed import SET_APART, Sealed, open_leaves
from federation.text import Sentence

CLOSED_CODE = "log-closed"


class Rejected(Struct, frozen=True):
    """A leaf that is not taken in: where, why, and the error's stable code."""

    index: int
    reason: Sentence
    code: str

    @property
    def why_set_apart(self) -> str | None:
        """The reason that its owner gave for revoking the key that signed it.

        None: it is not set apart by its owner, it is a fault.
        """
        is_set_apart = self.reason.key == SET_APART
        return str(self.reason.values["reason"]) if is_set_apart else None


class Admission(NamedTuple):
    """What a run of leaves comes to.

    `claims` are one value for each bundle, in their order; `unknown` are the indexes of
    well-formed leaves of a type that this version does not know; `closed_at` is the
    index of the leaf that closed the log, if one has.
    """

    claims: list[EncodedClaims]
    rejected: list[Rejected]
    unknown: list[int]
    closed_at: int | None


def admit(
    leaves: Sequence[bytes],
    start: int,
    chain: KeyChain,
    profile: Profile,
    closed_at: int | None = None,
) -> Admission:
    """What these leaves claim, and which of them are refused; never raises for one.

    Args:
        leaves: As they are in the log.
        start: The index of the first.
        chain: The log's keys.
        profile: The election's.
        closed_at: Where the log was closed by an earlier leaf, if it was.
    """
    claims: list[Claim] = []
    rejected: list[Rejected] = []
    unknown: list[int] = []
    # What comes after the end of a log is not worth a look.
    end = len(leaves) if closed_at is None else max(0, closed_at + 1 - start)
    places = range(start, start + len(leaves))
    opened = open_leaves(leaves[:end], chain, places)
    for index in places:
        if closed_at is not None and index > closed_at:
            reason = Sentence("member.log-closed", index=closed_at)
            rejected.append(Rejected(index, reason, CLOSED_CODE))
            continue
        sealed = opened[index - start]
        if not isinstance(sealed, Sealed):
            rejected.append(Rejected(index, sealed.told, sealed.code))
            continue
        claim = to_claim(sealed, profile, chain.rank)
        if claim is not None:
            claims.append(claim)
            continue
        kind = kind_of(sealed.statement)
        if kind is UNKNOWN:
            unknown.append(index)
        elif kind.ends_log:
            closed_at = index
    return Admission(bundle_claims(claims), rejected, unknown, closed_at)


def to_claim(sealed: Sealed, profile: Profile, rank: int = 1) -> Claim | None:
    """The claim of a verified leaf, or None where it says nothing about a TPS."""
    statement = sealed.statement
    claim = kind_of(statement).claim
    if claim is None:
        return None
    return claim(statement, sealed.index, sealed.record, profile, rank)


def join(first: Admission, then: Admission) -> Admission:
    """What leaves come to that were judged one run after the other."""
    return Admission(
        first.claims + then.claims,
        first.rejected + then.rejected,
        first.unknown + then.unknown,
        then.closed_at,
    )
