"""Who confirms what we sign: `[witness]` in federation.toml.

    [witness]
    quorum = 2

Rule: a quorum names how many, never whom. Which organisations count is a matter of
peers.toml, where each was compared by telephone.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

#: With three organisations: both others. Below two, nothing is held by several.
DEFAULT_QUORUM: Final = 2


class WitnessSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """How many others must hold a record before we call it held by others.

    `stale_h`: after so many hours without a confirmation somebody is told.
    """

    quorum: Annotated[int, Meta(ge=1, le=256)] = DEFAULT_QUORUM
    stale_h: Annotated[int, Meta(ge=1, le=720)] = 6
