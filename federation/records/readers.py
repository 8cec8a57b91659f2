"""The one gate: who may read what.

Rule: nothing else decides it. Whatever hands something out (a route, a relay, a bundle,
a static site, a receipt, a metric, the status, an alarm, an error) asks here for
whoever gets it, and answers what is refused as what is not there. Files go from hand to
hand, so they are made for `NOBODY`; so is the map, which everybody reads.

    who asks       logs       partners   what is amiss             details
    Nobody         public     no (1)     but with other logs: no   no
    Insider        public     yes        all, other logs unnamed   no
    ThisMachine    all        yes        all                       yes

(1) yes, where `listen.show_partners` says so. Whoever comes to know more askers adds a
class to `Caller`: the type checker then names each decision that says nothing of it.

Source: docs/reference/protocol.md, "HTTP" and docs/reference/api.md
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias, assert_never

from federation.records.canonical import ORIGIN_PATTERN
from federation.records.keystatement import parse_origin

PUBLIC: Final = "public"

#: What a node tells of itself: who its partners are and which of them fails; with which
#: addresses and folders something has to do.
Inside: TypeAlias = Literal["partners", "details"]

# At every place of a text: behind an address or another name, the first that fits would
# eat the beginning of a hidden one.
_NAME: Final = re.compile(
    "(?=(" + ORIGIN_PATTERN.removeprefix("^").removesuffix(r"$(?!\n)") + "))"
)


@dataclass(frozen=True)
class Nobody:
    """A stranger; `sees_partners`: the operator shows those to everybody."""

    sees_partners: bool = False


@dataclass(frozen=True)
class Insider:
    """Whom the operator lets look after the node: on its machine, or with a token."""


@dataclass(frozen=True)
class ThisMachine:
    """The operator: a command in the home, or one that has the node's own token."""


Caller: TypeAlias = Nobody | Insider | ThisMachine

NOBODY: Final = Nobody()
THIS_MACHINE: Final = ThisMachine()


class OfLog(Protocol):
    """A log as far as the gate must know it: its row, its key chain, its name."""

    @property
    def visibility(self) -> str:
        """The part of its name that says for whom it is: `public`, or another."""


def may_read(caller: Caller, log: OfLog) -> bool:
    """Whether this log is there for the caller: its records, its size, its name."""
    match caller:
        case ThisMachine():
            return True
        case Nobody() | Insider():
            return log.visibility == PUBLIC
        case _:
            assert_never(caller)


def may_see(caller: Caller, inside: Inside) -> bool:
    """Whether the caller is told this of the node itself."""
    match caller:
        case ThisMachine():
            return True
        case Insider():
            return inside != "details"
        case Nobody():
            return inside == "partners" and caller.sees_partners
        case _:
            assert_never(caller)


def may_hear(caller: Caller, *texts: str) -> bool:
    """Whether the caller is told that something is amiss of which these texts tell.

    Somebody who looks after the node is, without the name: see `may_quote`.
    """
    match caller:
        case ThisMachine() | Insider():
            return True
        case Nobody():
            return all(may_quote(caller, text) for text in texts)
        case _:
            assert_never(caller)


def may_quote(caller: Caller, text: str) -> bool:
    """Whether a text names no log that is not there for the caller."""
    names = (match[1] for match in _NAME.finditer(text))
    return all(may_read(caller, parse_origin(name)) for name in names)
