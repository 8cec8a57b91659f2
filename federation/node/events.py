"""What a node says while it works: an event is a code and facts about it.

Rule: nothing here knows who listens, in which language or form: that is decided where
the node is started (`cli/serve/lines.py`). A fact is a name, an address, a number or a
reason that is told to the operator elsewhere, too; never a key, a token, a password or
what somebody wrote of a person. Each code has its sentence in `text/events.toml`.
"""

import logging
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from federation.text import Sentence

Fact: TypeAlias = str | int | float
EventCode: TypeAlias = Literal[
    "started",
    "stopped",
    "not-signing",
    "signing",
    "reader-started",
    "reader-anew",
    "reader-late",
    "reader-follows",
    "reader-stopped",
    "turn",
    "turn-failed",
    "alarm-raised",
    "alarm-stands",
    "alarm-settled",
    "peers-broken",
    "peers-changed",
    "peers-mended",
    "opened",
    "restored",
    "upgrading",
    "told",
    "not-told",
    "witness-refused",
    "store-tried",
    "publishing",
    "published",
]

#: Through this logger all of them go, and nothing else.
LOG: Final = logging.getLogger(__name__)
# Where nobody listens, in a command that uses a node for a moment, nothing is said.
LOG.addHandler(logging.NullHandler())


class Event(NamedTuple):
    """Something that happened.

    Attributes:
        code: What; programs rely on it.
        about: Whom or what it is about: events of one code and `about` are of one kind
            where somebody counts them. Never anything that strangers choose.
        facts: As they are told; "" and 0 are left out.
    """

    code: EventCode
    about: str
    facts: Mapping[str, Fact]

    def __str__(self) -> str:
        """For whoever listens without our formatter."""
        told = [f"{name}={value}" for name, value in self.facts.items()]
        return " ".join([Sentence(f"events.{self.code}"), *told])


def say(
    code: EventCode, about: str = "", *, level: int = logging.INFO, **facts: Fact
) -> None:
    """Tell whoever listens.

    Args:
        code: See `Event`.
        about: See `Event`.
        level: Of `logging`: how much it matters.
        facts: See `Event`; one that is "" or 0 says nothing and is left out.
    """
    told = {name: value for name, value in facts.items() if value not in {"", 0}}
    LOG.log(level, Event(code, about, told))
