"""What runs in a verifying process: bundles in, verdicts out.

Rule: a process that is started for this loads nothing but the pure floors, a third of
what a node loads. It is sent a log's keys and its election's profile once and knows
them by name from then on.
"""

from collections import OrderedDict
from typing import Final

from federation.records.admission import Admission, admit
from federation.records.keychain import KeyChain
from federation.records.profile import Profile
from federation.tlog.tile import WIDTH, decode_bundle

_MAX_KNOWN: Final = 64

# Keys and profiles that this process was sent, the latest used last.
_known: OrderedDict[str, tuple[KeyChain, Profile]] = OrderedDict()


def admit_known(
    name: str, data: bytes, start: int, closed_at: int | None
) -> Admission | None:
    """What the bundle comes to from index `start` on; None for keys not known here.

    Raises:
        FormatError: not a bundle.
    """
    known = _known.get(name)
    if known is None:
        return None
    _known.move_to_end(name)
    leaves = decode_bundle(data)[start % WIDTH :]
    return admit(leaves, start, *known, closed_at)


def admit_taught(
    chain: KeyChain,
    profile: Profile,
    name: str,
    data: bytes,
    start: int,
    closed_at: int | None,
) -> Admission:
    """The same, after remembering the keys and the profile under `name`.

    Raises:
        FormatError: not a bundle.
    """
    _known[name] = chain, profile
    while len(_known) > _MAX_KNOWN:
        _known.popitem(last=False)
    leaves = decode_bundle(data)[start % WIDTH :]
    return admit(leaves, start, chain, profile, closed_at)
