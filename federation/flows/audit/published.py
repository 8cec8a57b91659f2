"""What a source says of its map, and the profile and register that it rests on.

Rule: both are asked for by the digests that the map names, and are exactly the bytes
with those digests: `profile.text`, and the register's codes, sorted, LF after each.
Nothing here is signed: a map that is equal proves what its records come to by this
profile and register, not that these are the right ones.

Source: docs/reference/protocol.md, "HTTP"
"""

import hashlib
import re
from typing import Final, NamedTuple

from federation.errors import FederationError, FormatError, PeerError, ProofError
from federation.feeds.feed import Feed
from federation.feeds.resource import basis_of, map_of
from federation.flows.audit.report import Findings
from federation.flows.audit.source import kind_of, tell
from federation.records.merge import RULES_VERSION
from federation.records.profile import Profile, parse_profile
from federation.records.publishedmap import PublishedMap, parse_map
from federation.text import Sentence

_WIDTH: Final = 14  # of a code and its LF
# Possessive: what was read is not kept for a way back, of which there is none.
_CODES: Final = re.compile(rb"(?:(?:[0-9]{13}|99[0-9A-Z]{2}[0-9]{9})\n)*+")


class AscendingStations:
    """The stations of a register, asked for in ascending order, again and again."""

    def __init__(self, codes: bytes) -> None:
        """`codes` as they are published.

        Raises:
            FormatError: these are not the sorted codes of stations.
        """
        if not _CODES.fullmatch(codes):
            raise FormatError(Sentence("member.register-codes"))
        places = range(0, len(codes), _WIDTH)
        lines = (codes[at : at + _WIDTH] for at in places)
        last = b""
        for line in lines:
            if line <= last:
                raise FormatError(Sentence("member.register-order"))
            last = line
        self._codes, self._at, self._last = codes, 0, b""

    def has(self, code: bytes) -> bool:
        """Whether the station is there; a code below the last one begins again."""
        # A step for each station passed: a country in order is one walk, where a set
        # of its codes would take 100 MB.
        codes, at = self._codes, self._at
        if code < self._last:
            at = 0
        while codes[at : at + 13] < code and at < len(codes):
            at += _WIDTH
        self._at, self._last = at, code
        return codes[at : at + 13] == code


class MapBasis(NamedTuple):
    """What a source's map rests on.

    `published` is None where there is nothing to compare with; `profile` is then the
    one that the auditor has, if any; `stations` None: the election has no register.
    """

    published: PublishedMap | None
    profile: Profile | None
    stations: AscendingStations | None


async def load_basis(
    feed: Feed, source: str, election: str, ours: Profile | None, findings: Findings
) -> MapBasis:
    """What the source's map of this election rests on; never raises for what it says.

    Args:
        feed: Of the source.
        source: Its name in findings.
        election: Of the map.
        ours: The auditor's own profile, used where no map is published.
        findings: Takes what is wrong.
    """
    nothing = MapBasis(None, ours, None)
    try:
        published = parse_map(await feed.fetch(map_of(election)))
        if published.election != election:
            raise FormatError(
                Sentence("network.the-map", election=published.election),
                Sentence("network.the-map", election=election),
            )
        if published.rules != RULES_VERSION:
            detail = Sentence(
                "audited.other-rules", election=election, version=published.rules
            )
            findings.add("no-map", source, detail=detail)
            return nothing
    except FederationError as error:
        is_absent = isinstance(error, PeerError) and error.is_absent
        kind = "no-map" if is_absent else _kind_of(error)
        findings.add(kind, source, detail=_tell(election, error))
        return nothing
    try:
        profile = await _load_profile(feed, published, ours)
        stations = None
        if published.register:
            stations = AscendingStations(await _load(feed, published.register))
    except FederationError as error:
        detail = _tell(Sentence("network.the-map", election=election), error)
        findings.add(_kind_of(error), source, detail=detail)
        return nothing
    return MapBasis(published, profile, stations)


def _kind_of(error: FederationError) -> str:
    """What came is judged here; what did not come, as everywhere."""
    return kind_of(error) if isinstance(error, PeerError) else "damaged"


def _tell(what: str, error: FederationError) -> Sentence:
    return Sentence("network.because", said=what, reason=tell(error))


async def _load_profile(
    feed: Feed, published: PublishedMap, ours: Profile | None
) -> Profile:
    if ours is not None and ours.digest == published.profile:
        return ours
    text = await _load(feed, published.profile)
    profile = parse_profile(text)
    if profile.text != text or profile.election != published.election:
        raise FormatError(Sentence("member.profile-form"), published.profile)
    return profile


async def _load(feed: Feed, digest: str) -> bytes:
    data = await feed.fetch(basis_of(digest))
    if hashlib.sha256(data).hexdigest() != digest:
        raise ProofError(Sentence("asked.other-bytes", digest=digest))
    return data
