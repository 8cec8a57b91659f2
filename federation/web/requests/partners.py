"""What is asked about partners: a turn with them; files that somebody handed over."""

from collections.abc import Mapping
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from federation.records.canonical import ShortText
from federation.records.readers import Person
from federation.web.requests.request import Request


class SizeOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner would bring: its size of a log beside ours."""

    origin: str
    ours: int
    theirs: int


class PeerTurnReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How asking one partner went."""

    org: str
    outcome: str
    new: int = 0
    reason: str = ""
    offers: tuple[SizeOffer, ...] = ()


class Sync(Request[list[PeerTurnReport]], frozen=True, kw_only=True):
    """Which partners to ask now; none named: all."""

    route = "/v1/control/sync"

    orgs: tuple[str, ...] = ()
    dry_run: bool = False


class IgnoreStrangers(Request[list[str]], frozen=True, kw_only=True):
    """Of whom, who asks and is no partner, nothing is told any more; or is `again`.

    `who`: the name of an organisation, a key, or the short name of a key. Answered with
    the short names of the keys.
    """

    route = "/v1/control/ignore-strangers"

    who: ShortText
    again: bool = False
    #: Who of ours says so by a page; None: a command on the machine.
    person: Person | None = None


#: The outcomes of a log in files that are no reason to complain.
WELL: Final = frozenset(
    {
        "election", "extended", "new", "no-partner", "paused", "private", "restored",
        "same", "waiting",
    }
)  # fmt: skip


class BroughtLog(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one log in the files, or would.

    `before` and `after` are what this node holds, `there` what the files have of it.
    `outcome` is one of `flows.pull.LogOutcome`, or: `new` (it would be taken in),
    `missing` (the files begin at `begins`, later than what is held here), `restored`
    (our own log, taken back); or why it is passed over: `no-partner`, `paused`,
    `election` (not one of this node), `private`. `WELL` has those that are no reason
    to complain.
    """

    origin: str
    outcome: str
    before: int = 0
    after: int = 0
    there: int = 0
    begins: int = 0
    own: bool = False
    reason: str = ""


class HandedFiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder or file brought; `more`: ask again for the rest.

    `new`: how many records came in this call, or would come; `photos`: photographs.
    `held_by`: up to which record others now confirm our own logs, by origin and name.
    """

    path: str
    new: int
    logs: tuple[BroughtLog, ...]
    held_by: Mapping[str, Mapping[str, int]] = msgspec.field(default_factory=dict)
    more: bool = False
    photos: int = 0


class TakeFiles(Request[HandedFiles], frozen=True, kw_only=True):
    """A folder or bundle file on this machine; the node reads it by itself."""

    route = "/v1/control/take"

    path: str
    dry_run: bool = False
    within_s: Annotated[float, Meta(gt=0, le=300)] = 5.0
