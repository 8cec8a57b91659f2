"""The merged map as it is published: by its digest, and by what it is made from.

Rule: one snapshot; profile and register are those that the map was made with, not
those that it will be made with next. What they are is handed over by their digests, as
exactly the bytes that were digested, so that anybody can make the map again.
"""

import hashlib
from collections.abc import Iterable

from federation.errors import NotFoundError
from federation.records.profile import Profile
from federation.records.publishedmap import PublishedMap
from federation.store import mapreading, mapstate, registers
from federation.store.view import View
from federation.text import Sentence


def published_map(view: View, election: str) -> PublishedMap:
    """The map of an election; reads all its rows, about 2 µs each.

    Raises:
        NotFoundError: nothing of this election was merged yet.
    """
    basis = mapstate.read_basis(view, election)
    if basis is None:
        raise NotFoundError(Sentence("asked.no-map", election=f"{election[:40]!r}"))
    return PublishedMap(
        digest=mapreading.map_digest(view, election),
        election=election,
        profile=basis.profile,
        register=basis.register,
        rows=mapreading.count_rows(view, election),
        rules=basis.rules,
        vector=mapstate.vector(view, election),
    )


def published_basis(view: View, digest: str, profiles: Iterable[Profile]) -> bytes:
    """The profile or register with this SHA-256.

    Args:
        view: The snapshot.
        digest: Lower-case hex.
        profiles: Those of this node.

    Raises:
        NotFoundError: neither a profile nor a register here has it.
    """
    for profile in profiles:
        if profile.digest == digest:
            return profile.text
        if registers.register_digest(view, profile.election) == digest:
            codes = registers.list_codes(view, profile.election)
            text = b"".join(code.encode() + b"\n" for code in codes)
            assert hashlib.sha256(text).hexdigest() == digest, "as it was saved"
            return text
    raise NotFoundError(Sentence("asked.no-digest"))
