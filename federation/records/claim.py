"""What a statement about a polling station says, in the few members merging needs.

Rule: everything that the merged map can depend on is in the claim, and nothing else,
so that merging never opens a leaf. `complete`, `rules`, which votes are compared and
by which ids follow from the election's profile: a changed profile means new claims.

A claim is encoded as a msgpack array, its members in the order below:

    [index, kind, org, official, contest, tps, round, record, votes, complete,
     rules, files, figures, derived, rank, review]

`votes` and `figures` stay the canonical JSON text that they are compared by:
`{"01":127,"02":27}`; for a party contest each party's `jumlah`.

The claims of the leaves of one entry bundle are one value, a msgpack array of them in
the order of their leaves: what verifies a bundle makes it, and the store keeps it as it
is. What only asks where a claim stands (`decode_places`) passes over the rest.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Final, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET

from federation.decoding import REFUSALS
from federation.errors import FormatError
from federation.records.profile import ContestPlace, Profile
from federation.records.result import TpsResult, failed_at, votes_of
from federation.records.withdrawal import Withdrawal
from federation.text import Sentence, quote
from federation.tlog.tile import WIDTH

ClaimKind = Literal["votes", "unread", "withdrawal"]
_Value = TypeVar("_Value")


class StatementSlot(NamedTuple):
    """Where one organisation says one thing."""

    tps: str
    contest: str
    round: str
    official: bool


class Claim(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One statement of an organisation about one polling station and contest.

    `unread`: no votes were read (a photo, or figures only). `complete`: the votes are
    for exactly those who stand there. `rules`: the sums that it fails. `files`:
    SHA-256 of its evidence. `derived`: it cites another record. `rank`: of its log
    (`OriginParts.rank`).
    """

    index: int
    kind: ClaimKind
    org: str
    official: bool
    contest: str
    tps: str
    round: str
    record: str
    votes: str = ""
    complete: bool = False
    rules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    figures: str = ""
    derived: bool = False
    rank: int = 1
    review: str = ""


class ClaimPlace(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of a claim what says which record it is, and where it stands: its beginning."""

    index: int
    kind: ClaimKind
    org: str
    official: bool
    contest: str
    tps: str
    round: str
    record: str


class _Indexed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The beginning of that."""

    index: int


class EncodedClaims(NamedTuple):
    """The claims of leaves of one entry bundle, encoded.

    Attributes:
        bundle: The number of the bundle: leaves from `bundle` * 256 on.
        body: One value, as `encode_claims` makes it; never of no claims.
    """

    bundle: int
    body: bytes


#: How a text of 64 bytes begins, of which a SHA-256 in hex is one (MessagePack, str 8).
_DIGEST_TEXT: Final = b"\xd9\x40"

_encoder = msgspec.msgpack.Encoder()
_decode_claim = msgspec.msgpack.Decoder(Claim).decode
_decode_claims = msgspec.msgpack.Decoder(list[Claim]).decode
_decode_places = msgspec.msgpack.Decoder(list[ClaimPlace]).decode
_decode_indexes = msgspec.msgpack.Decoder(list[_Indexed]).decode
_split = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_encode_json = msgspec.json.Encoder(order="sorted").encode
#: Votes or figures, as a claim keeps them.
read_counts = msgspec.json.Decoder(dict[str, int]).decode


def decode_claim(data: bytes) -> Claim:
    """The claim that was encoded as `data`.

    Raises:
        FormatError: not an encoded claim.
    """
    return _decoded(_decode_claim, data)


def encode_claims(claims: Sequence[Claim]) -> bytes:
    """The claims of one bundle as one value."""
    return _encoder.encode(claims)


def bundle_claims(claims: Iterable[Claim]) -> list[EncodedClaims]:
    """Claims, in the order of their leaves, as one value for each bundle of these."""
    return [
        EncodedClaims(bundle, encode_claims(list(together)))
        for bundle, together in groupby(claims, lambda claim: claim.index // WIDTH)
    ]


def decode_claims(data: bytes) -> list[Claim]:
    """The claims of a bundle.

    Raises:
        FormatError: not what `encode_claims` makes.
    """
    return _decoded(_decode_claims, data)


def decode_places(data: bytes) -> list[ClaimPlace]:
    """Where the claims of a bundle stand; half as long as to decode them.

    Raises:
        FormatError: not what `encode_claims` makes.
    """
    return _decoded(_decode_places, data)


def list_indexes(data: bytes) -> list[int]:
    """Of which leaves the claims of a bundle are; a seventh of decoding them.

    Raises:
        FormatError: not what `encode_claims` makes.
    """
    return [one.index for one in _decoded(_decode_indexes, data)]


def split_claims(data: bytes) -> dict[int, bytes]:
    """Each claim of a bundle, as it stands there, by the index of its leaf.

    Raises:
        FormatError: not what `encode_claims` makes.
    """
    indexes = list_indexes(data)
    return dict(zip(indexes, map(bytes, _split(data)), strict=True))


def put_together(claims: dict[int, bytes]) -> bytes:
    """The value of a bundle whose claims these are; `split_claims` the other way."""
    return _encoder.encode([msgspec.Raw(claims[index]) for index in sorted(claims)])


def _decoded(decode: Callable[[bytes], _Value], data: bytes) -> _Value:
    try:
        return decode(data)
    except REFUSALS as error:
        raise FormatError(Sentence("held.no-claim", error=quote(error))) from error


def count_digests(data: bytes) -> int:
    """At most so many digests stand in encoded claims, each claim's own id is one."""
    return data.count(_DIGEST_TEXT)


def is_newer(claim: Claim, than: Claim) -> bool:
    """Whether `claim` replaces `than`, both of one slot: by place, never by clock."""
    return (claim.rank, claim.index) > (than.rank, than.index)


def slot_of_result(result: TpsResult) -> StatementSlot:
    """Where a result stands: what was copied from KPU stands beside our own."""
    official = result.source == "kpu"
    return StatementSlot(result.tps, result.contest, result.round, official)


def slot_of_withdrawal(gone: Withdrawal) -> StatementSlot:
    """Which slot a withdrawal empties."""
    return StatementSlot(gone.tps, gone.contest, gone.round, bool(gone.official))


def claim_of_withdrawal(
    gone: Withdrawal, index: int, record: str, _: Profile, rank: int
) -> Claim:
    """That nothing is claimed any more."""
    return Claim(
        index=index,
        kind="withdrawal",
        org=gone.org,
        official=bool(gone.official),
        contest=gone.contest,
        tps=gone.tps,
        round=gone.round,
        record=record,
        rank=rank,
    )


def claim_of_result(
    result: TpsResult, index: int, record: str, profile: Profile, rank: int
) -> Claim:
    """What a result claims, its votes by the ids of the profile."""
    place = profile.place(result.contest, result.tps)
    read = votes_of(result)
    votes = place.roster.rename(read)
    figures = result.figures
    # By place, in the order of the class: naming sixteen members takes twice as long.
    return Claim(
        index,
        "votes" if votes else "unread",
        result.org,
        result.source == "kpu",
        result.contest,
        result.tps,
        result.round,
        record,
        _encode_json(votes).decode() if votes else "",
        bool(votes) and _is_complete(votes, place),
        failed_at(place, result, read, profile),
        _files(result),
        "" if figures is UNSET else _encode_json(figures).decode(),
        result.derived_from is not UNSET,
        rank,
        result.review,
    )


def _files(result: TpsResult) -> tuple[str, ...]:
    if result.evidence is UNSET:
        return ()
    if len(result.evidence) == 1:
        return (result.evidence[0].sha256,)
    return tuple(sorted({file.sha256 for file in result.evidence}))


def _is_complete(votes: dict[str, int], place: ContestPlace) -> bool:
    """Whether these are the votes of exactly those who stand there.

    A contest that is not held at this place has nobody standing.
    """
    return place.stands and (place.ids is None or votes.keys() == place.ids)
