"""What continues a log of ours, and began elsewhere: as a partner shows it.

Rule: what our own identity key has not signed says nothing. A home out of an older
backup knows nothing of the log that goes on; to go on in the old one would be to say
what counts nowhere, to begin another one of that name to sign a second history.
"""

from collections.abc import Collection

from federation.errors import FormatError, PeerError, RecordError, SignatureError
from federation.feeds.feed import Feed
from federation.feeds.resource import keys_of
from federation.records.keychain import decode_keys, open_by_first
from federation.records.keystatement import next_generation


async def fetch_successor(
    feed: Feed, origin: str, identities: Collection[str]
) -> list[bytes]:
    """The key statements of the log that continues ours; none: there is none of ours.

    Args:
        feed: The way to a partner.
        origin: Of our log.
        identities: Our identity keys, as verifier keys.

    Raises:
        PeerError: it did not say.
    """
    successor = next_generation(origin)
    try:
        notes = decode_keys(await feed.fetch(keys_of(successor)))
        first = open_by_first(notes).statements[0]
    except PeerError as error:
        if error.is_absent:
            return []
        raise
    except (FormatError, RecordError, SignatureError):
        return []
    is_of_us = first.origin == successor and first.identity in identities
    return notes if is_of_us else []
