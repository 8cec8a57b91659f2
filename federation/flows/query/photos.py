"""The photographs behind what is said, as far as the caller may view them.

Rule: the gate is asked for each photo, and for the record that names it. What is not
for the caller is not there: no number, no place. Whether the bytes are here already is
said, for they come behind the records.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from federation.records.readers import Caller, may_read, may_view
from federation.store import blobs, evidence, removals
from federation.store.view import View

#: Behind every page that a record says.
_NO_PAGE: Final = 1_000


class ShownPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that a record names.

    Attributes:
        digest: Hex SHA-256.
        page: Of the form, where the record says it; else 0.
        is_held: Whether its bytes are here.
        is_theirs: Whether a partner names it, who can be asked for it.
    """

    digest: str
    page: int
    is_held: bool
    is_theirs: bool


def photos_of(
    view: View, election: str, tps: str, caller: Caller, *, is_public: bool
) -> Mapping[str, Sequence[ShownPhoto]]:
    """The photos of a station that the caller may view, by the id of the record.

    Args:
        view: A snapshot.
        election: Its id.
        tps: The station.
        caller: Who asks.
        is_public: Whether the operator shows our own to everybody.
    """
    rows = [
        row
        for row in evidence.evidence_of_tps(view, election, tps)
        if may_read(caller, row.log)
    ]
    digests = {row.entry.digest for row in rows}
    shown = _viewed_among(view, digests, caller, is_public=is_public)
    held = blobs.held_among(view, shown)
    taken = {row.entry.digest for row in rows if not row.entry.is_derived}
    found: dict[str, list[ShownPhoto]] = defaultdict(list)
    for row in rows:
        digest, page = row.entry.digest, row.entry.page or 0
        # Whoever read a partner's photo names it again: it is shown once, as theirs.
        if digest in shown and not (row.entry.is_derived and digest in taken):
            photo = ShownPhoto(
                digest=digest,
                page=page,
                is_held=digest in held,
                is_theirs=not row.log.is_own,
            )
            found[row.entry.record].append(photo)
    for photos in found.values():
        photos.sort(key=lambda photo: photo.page or _NO_PAGE)
    return found


def photos_named(
    view: View, named: Mapping[str, str], caller: Caller, org: str, *, is_public: bool
) -> Mapping[str, Sequence[ShownPhoto]]:
    """Of these photos those that the caller may view, by the organisation.

    Args:
        view: A snapshot.
        named: Digest → the organisation whose record, which the caller may read, names
            it.
        caller: Who asks.
        org: Our own organisation.
        is_public: Whether the operator shows our own to everybody.
    """
    shown = _viewed_among(view, named.keys(), caller, is_public=is_public)
    held = blobs.held_among(view, shown)
    found: dict[str, list[ShownPhoto]] = defaultdict(list)
    for digest, whose in named.items():
        if digest in shown:
            photo = ShownPhoto(
                digest=digest, page=0, is_held=digest in held, is_theirs=whose != org
            )
            found[whose].append(photo)
    return found


def _viewed_among(
    view: View, digests: AbstractSet[str], caller: Caller, *, is_public: bool
) -> set[str]:
    """Those that the caller may view, and nobody has had removed."""
    return {
        digest
        for digest in digests - removals.removed_among(view, digests)
        if may_view(
            caller, evidence.read_photo(view, digest, caller, is_public=is_public)
        )
    }
