"""Which of the records that hold name a photo: exactly this file, or one that looks so.

Rule: pure, and behind the audit: it is shown leaves whose signature and place held, and
documents that did, so that what it finds was signed. A name is a SHA-256 and proves
that this very file was meant. A likeness is what the record says, and proves nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from federation.flows.audit.keyring import BAD
from federation.photos.likeness import LIKE, distance
from federation.records.result import TpsResult
from federation.records.sealed import leaf_text, parse_statement, record_id

_NAMES_FILES: Final = b'"evidence":['
#: Of one photo so many are kept, first come; more are counted.
MOST_KEPT: Final = 1_000


class PhotoMention(msgspec.Struct, frozen=True, kw_only=True):
    """A signed record that names a photo, and what it is about.

    `bits`: null where it names exactly this file; else that photo looks like it, and
    of 256 so many bits differ. `index`: null of a record without its place in a log.
    """

    source: str
    origin: str
    org: str
    index: int | None
    record: str
    election: str
    contest: str
    tps: str
    round: str
    sha256: str
    bits: int | None = None


class PhotoVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the records say of a file that somebody has.

    `named` name exactly this file, or the copy that is drawn of it here, byte for byte;
    `like` a photo that looks like it. `why`: what it looks like is not known, because.
    """

    name: str
    sha256: str
    likeness: str
    named: tuple[PhotoMention, ...]
    like: tuple[PhotoMention, ...]
    why: str = ""


class SoughtPhoto(NamedTuple):
    """What is looked for: a file, as it is and as our own copy of it would be.

    `digests`: hex SHA-256 of each; `likeness` "" where it is not known.
    """

    digests: frozenset[str]
    likeness: str

    def bits_to(self, sha256: str, likeness: str) -> int | None:
        """How far a photo is away that a record names: -1 it is this, None too far."""
        if sha256 in self.digests:
            return -1
        if not likeness or not self.likeness:
            return None
        bits = distance(self.likeness, likeness)
        return bits if bits <= LIKE else None


class PhotoSearch:
    """Looks for several photos; `found` has for each what names it."""

    def __init__(self, sought: Sequence[SoughtPhoto]) -> None:
        self.found: list[list[PhotoMention]] = [[] for _ in sought]
        self._sought = sought
        self._seen: set[tuple[int, str, str, str]] = set()

    def take(
        self, source: str, origin: str, leaves: Iterable[tuple[int, bytes]]
    ) -> None:
        """Look at leaves that hold, each with its index in the log.

        Args:
            source: Where they came from, as the auditor named it.
            origin: Of the log.
            leaves: Any; what names no file is passed over.
        """
        for index, leaf in leaves:
            if _NAMES_FILES in leaf:
                text = leaf_text(leaf)
                self.take_record(source, origin, index, text[:-1])

    def take_record(
        self, source: str, origin: str, index: int | None, line: bytes
    ) -> None:
        """Look at one record that holds, its canonical line without LF."""
        try:
            result = parse_statement(line)
        except BAD:
            return  # of a version that is not known here
        if not isinstance(result, TpsResult) or not result.evidence:
            return
        record = record_id(line + b"\n")
        for file in result.evidence:
            for at, photo in enumerate(self._sought):
                bits = photo.bits_to(file.sha256, file.likeness or "")
                key = at, origin, record, file.sha256
                if bits is None or key in self._seen or self._is_full(at):
                    continue
                self._seen.add(key)
                self.found[at].append(
                    PhotoMention(
                        source=source,
                        origin=origin,
                        org=result.org,
                        index=index,
                        record=record,
                        election=result.election,
                        contest=result.contest,
                        tps=result.tps,
                        round=result.round,
                        sha256=file.sha256,
                        bits=None if bits < 0 else bits,
                    )
                )

    def _is_full(self, at: int) -> bool:
        return len(self.found[at]) >= MOST_KEPT
