"""What a node says of its merged map, so that anybody can make it again and compare.

Rule: nothing here is signed and nothing is believed: the map is a function of leaves
that are signed, of a profile and a register that are named by their digests, and of
the version of the merge rules. Whoever makes it again and finds another digest has
caught the node, or its own copy, in an error.

One line of canonical JSON; `register` is "" where the election has none, `rows` the
number of rows (station and contest) behind the digest, `vector` how many leaves of
each log they are made from:

    {"digest":"<64 hex>","election":"pemilu-2024","profile":"<64 hex>",
    "register":"","rows":823236,"rules":1,"vector":{"a.example/pemilu-2024":411618}}

Source: docs/reference/protocol.md, "HTTP" and "The merged map"
"""

from typing import Annotated, Final

from msgspec import Meta, Struct

from federation.errors import RecordError
from federation.records.canonical import Digest, Natural, Origin, decode_as, encode
from federation.records.keystatement import parse_origin
from federation.records.profile import Election
from federation.records.readers import NOBODY, may_know
from federation.text import Sentence

#: As many as a status vector may list: whoever makes the map again counts with each.
MAX_LOGS: Final = 10_000

_DIGEST_OR_NONE: Final = r"^(?:[0-9a-f]{64})?$(?!\n)"


class PublishedMap(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A map by its digest, and by all that it is made from."""

    digest: Digest
    election: Election
    profile: Digest
    register: Annotated[str, Meta(pattern=_DIGEST_OR_NONE)]
    rows: Natural
    rules: Annotated[int, Meta(ge=1, le=999_999)]
    vector: Annotated[dict[Origin, Natural], Meta(max_length=MAX_LOGS)]

    def has_same_basis(self, other: "PublishedMap") -> bool:
        """Whether records are made into the other map by the same rules."""
        return (
            self.election == other.election
            and self.profile == other.profile
            and self.register == other.register
            and self.rules == other.rules
        )

    def is_same_state(self, other: "PublishedMap") -> bool:
        """Whether both are made of the same records, by the same rules."""
        return self.has_same_basis(other) and self.vector == other.vector


def format_map(published: PublishedMap) -> bytes:
    """The canonical line, without LF."""
    return encode(published)


def parse_map(data: bytes) -> PublishedMap:
    """What these bytes say of a map; none of it is verified.

    Raises:
        FormatError: not one canonical line.
        RecordError: a member is missing, unknown or outside its bounds; a log of
            another election, or one that is not public, is named.
    """
    published = decode_as(data, PublishedMap)
    for origin in published.vector:
        parts = parse_origin(origin)
        if parts.election != published.election or not may_know(NOBODY, parts):
            raise RecordError(Sentence("held.no-part", origin=origin), "vector")
    return published
