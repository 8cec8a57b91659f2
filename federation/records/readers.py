"""The one gate: who may read what.

Rule: nothing else decides it. Whatever hands something out (a route, a relay, a bundle,
a static site, a receipt, a metric, the status, an alarm, an error) asks here for
whoever gets it, and answers what is refused as what is not there. Files go from hand to
hand, so they are made for `NOBODY`; so is the map, which everybody reads.

    who asks       logs         photos     partners   what is amiss             details
    Nobody         public (4)   no (2)     no (1)     but with other logs: no   no
    Partner        public (3)   (3)        no (1)     but with other logs: no   no
    Person         all          all        yes        all                       (5)
    Insider        public (4)   no (2)     yes        all, other logs unnamed   no
    Sender         public (4)   no (2)     no         but with other logs: no   no
    ThisMachine    all          all        yes        all                       yes

A `Sender` follows the reports that it handed in itself, and of reports nothing else.
A log that is public from a time on is so by the clock of the node that is asked: who
asks, asks `at` a time. Whoever gives none is shown no such log, ever: a forgotten clock
hides, and never shows.

(1) yes, where `listen.show_partners` says so. (2) yes, of ours, where `photos.public`
says so. (3) and what it signed itself; of ours, what peers.toml lets it have; of
others, what their signed audience names it for, if we may hand that on. (4) before the
time that its name says, nobody but the people and the machine; of partners whom
peers.toml lets have ours, and whose log it is: nobody hands it on.

(5) no; but why a visit to a partner failed, to who settles alarms: who calls them.

Whoever comes to know more askers adds a class to `Caller`: the type checker then names
each decision that says nothing of it. What somebody may *do* stands here, too, for
those whom a role is given (`may_do`).

Source: docs/reference/protocol.md, "HTTP" and docs/reference/api.md
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import (
    Final,
    Literal,
    NamedTuple,
    Protocol,
    TypeAlias,
    assert_never,
    get_args,
)

from federation.records.canonical import (
    INCIDENT_PATTERN,
    ORG_PATTERN,
    ORIGIN_PATTERN,
)
from federation.records.keystatement import INCIDENTS, parse_origin

PUBLIC: Final = "public"
#: Of our logs: public ones, before they are for everybody.
EARLY: Final = "early"
PHOTOS: Final = "photos"
#: Of what is not for everybody, what is counted for everybody.
_COUNTED: Final = frozenset({"incidents"})

#: What a node tells of itself: who its partners are and which of them fails; with which
#: addresses and folders something has to do; which photographs were removed here; who
#: asks as partners do and is none; who of ours has settled which alarm; why a visit to
#: a partner failed; when it was backed up, and what may be lost with its database.
Inside: TypeAlias = Literal[
    "partners", "details", "removals", "asking", "settled", "reasons", "upkeep"
]


def _inside(pattern: str) -> str:
    return pattern.removeprefix("^").removesuffix(r"$(?!\n)")


# At every place of a text: behind an address or another name, the first that fits would
# eat the beginning of a hidden one.
_NAME: Final = re.compile("(?=(" + _inside(ORIGIN_PATTERN) + "))")
# A report that is named is there: it tells as much as the log in which it stands.
_REPORT: Final = re.compile(
    "(?=(" + _inside(ORG_PATTERN) + ")/" + _inside(INCIDENT_PATTERN) + ")"
)


@dataclass(frozen=True)
class Nobody:
    """A stranger.

    Attributes:
        sees_partners: The operator shows those to everybody.
        at: When it asks, or is handed something, in Unix seconds.
    """

    sees_partners: bool = False
    at: float = 0


@dataclass(frozen=True, kw_only=True)
class Partner:
    """An organisation that signed what it asks.

    Attributes:
        org: Who asks.
        asked: Our own organisation.
        logs: The visibilities of our own logs that it may read, beside the public;
            and `EARLY`.
        sees_photos: Whether it may have our photos.
        audiences: The organisations whose signed audience names it, and which let us
            hand on what is not for everybody.
        withheld: What of these it may not have, by organisation: a visibility of logs,
            or `PHOTOS`.
        sees_partners: The operator shows those to everybody.
        at: When it asks, in Unix seconds.
    """

    org: str
    asked: str
    logs: frozenset[str] = frozenset()
    sees_photos: bool = False
    audiences: frozenset[str] = frozenset()
    withheld: frozenset[tuple[str, str]] = frozenset()
    sees_partners: bool = False
    at: float = 0


#: What a person of ours is let do here: see and report, read forms and classify, or
#: also refer to the agencies and remove. Each has what those before it have.
PersonRole: TypeAlias = Literal["viewer", "editor", "coordinator"]
Act: TypeAlias = Literal[
    "see", "report", "read-forms", "classify", "refer", "remove", "settle"
]

_LEAST_ROLE: Final[Mapping[Act, PersonRole]] = {
    "see": "viewer",
    "report": "viewer",
    "read-forms": "editor",
    "classify": "editor",
    "refer": "coordinator",
    "remove": "coordinator",
    "settle": "coordinator",
}
ROLES: Final[tuple[PersonRole, ...]] = get_args(PersonRole)


@dataclass(frozen=True)
class Person:
    """Somebody of our organisation, known by the link that opened the session."""

    name: str
    role: PersonRole


@dataclass(frozen=True)
class Insider:
    """Whom the operator lets look after the node: on its machine, or with a token.

    `at`: when, in Unix seconds.
    """

    at: float = 0


@dataclass(frozen=True)
class ThisMachine:
    """The operator: a command in the home, or one that has the node's own token."""


@dataclass(frozen=True)
class Sender:
    """A system that hands in reports by a token of ours: it follows its own.

    `name`: of its token. `at`: when, in Unix seconds.
    """

    name: str
    at: float = 0


Caller: TypeAlias = Nobody | Partner | Person | Insider | Sender | ThisMachine

NOBODY: Final = Nobody()
THIS_MACHINE: Final = ThisMachine()


class OfLog(Protocol):
    """A log as far as the gate must know it: its row, its key chain, its name."""

    @property
    def org(self) -> str:
        """The organisation that signs it."""

    @property
    def visibility(self) -> str:
        """The part of its name that says for whom it is: `public`, or another."""

    @property
    def public_from(self) -> int:
        """Unix seconds, before which it is for partners though it is public."""


class _Reports(NamedTuple):
    """The log in which an organisation's reports of violations stand."""

    org: str
    visibility: str = INCIDENTS
    public_from: int = 0


class OfPhoto(Protocol):
    """A photo as far as the gate must know it: who has named it in a record.

    A name proves no possession: whoever reads a record can name its photos, too. So
    where a photo is not our own, everybody who claims it must agree; else a partner
    could name another's photo and let friends of its own have it. Who cites another's
    record (`derived_from`), as the reader of a photo does, claims nothing.
    """

    @property
    def is_named(self) -> bool:
        """Whether any record names it."""

    @property
    def orgs(self) -> Collection[str]:
        """The organisations that claim it: whose own records name it."""

    @property
    def is_hidden(self) -> bool:
        """Whether one of them (of our own: we) names it in no log for the caller."""

    @property
    def is_own(self) -> bool:
        """Whether it was taken in here, and a record of ours names it."""

    @property
    def is_public(self) -> bool:
        """Whether our operator shows our own photos to everybody."""


class OfReport(Protocol):
    """A report of a violation as far as the gate must know it."""

    def is_from(self, sender: str) -> bool:
        """Whether the system of this name has handed it in."""


def may_read(caller: Caller, log: OfLog) -> bool:
    """Whether this log is there for the caller: its records, its size, its name."""
    match caller:
        case ThisMachine() | Person():
            return True
        case Nobody() | Insider() | Sender():
            return is_open(log, caller.at)
        case Partner():
            return is_open(log, caller.at) or _is_for(caller, log)
        case _:
            assert_never(caller)


def is_open(log: OfLog, at: float) -> bool:
    """Whether the log is for everybody at this time, in Unix seconds."""
    return log.visibility == PUBLIC and log.public_from <= at


def may_know(caller: Caller, log: OfLog) -> bool:
    """Whether the caller is told that there is this log, and by which keys it signs.

    Of one that is public from a time on everybody is, before it, and of its size and
    records nobody: who would be a partner must find the keys.
    """
    return log.visibility == PUBLIC or may_read(caller, log)


def may_count(log: OfLog) -> bool:
    """Whether everybody may know about how many there are in this log, and of what.

    Only in figures in which no small number can be found (`records/incidentcounts.py`):
    they name no log, no organisation and no record.
    """
    return log.visibility in _COUNTED


def _is_for(partner: Partner, log: OfLog) -> bool:
    """Whether what is not for everybody is for this partner."""
    kind = EARLY if log.visibility == PUBLIC else log.visibility
    if log.org == partner.asked:
        return kind in partner.logs
    if kind == EARLY:
        # Only whoever signs it hands it out early: nobody else's word is asked then.
        return log.org == partner.org
    return log.org == partner.org or _is_named(partner, log.org, log.visibility)


def may_view(caller: Caller, photo: OfPhoto) -> bool:
    """Whether the caller may have the bytes of this photo; what nobody names: no."""
    match caller:
        case ThisMachine() | Person():
            return photo.is_named
        case Nobody() | Insider() | Sender():
            return photo.is_own and photo.is_public and not photo.is_hidden
        case Partner() if photo.is_hidden:
            return False
        case Partner() if photo.is_own:
            return photo.is_public or caller.sees_photos
        case Partner():
            return bool(photo.orgs) and all(_is_let(caller, org) for org in photo.orgs)
        case _:
            assert_never(caller)


def _is_let(partner: Partner, org: str) -> bool:
    """Whether this organisation lets the partner have the photos that it claims."""
    if org == partner.asked:
        return partner.sees_photos
    return org == partner.org or _is_named(partner, org, PHOTOS)


def _is_named(partner: Partner, org: str, what: str) -> bool:
    """Whether this organisation has signed that the partner may be handed that."""
    return org in partner.audiences and (org, what) not in partner.withheld


def may_follow(caller: Caller, report: OfReport) -> bool:
    """Whether the caller is told what became of this report of ours.

    Partners and people of ours read the log instead (`may_read`).
    """
    match caller:
        case ThisMachine():
            return True
        case Sender():
            return report.is_from(caller.name)
        case Nobody() | Partner() | Person() | Insider():
            return False
        case _:
            assert_never(caller)


def may_do(caller: Caller, act: Act) -> bool:
    """Whether the caller may do this by a page: only who has a role, or the machine."""
    match caller:
        case ThisMachine():
            return True
        case Person():
            return ROLES.index(caller.role) >= ROLES.index(_LEAST_ROLE[act])
        case Nobody() | Partner() | Insider() | Sender():
            return False
        case _:
            assert_never(caller)


def may_see(caller: Caller, inside: Inside) -> bool:
    """Whether the caller is told this of the node itself."""
    match caller:
        case ThisMachine():
            return True
        case Person():
            is_told = inside != "reasons" or may_do(caller, "settle")
            return is_told and inside != "details"
        case Insider():
            # No program names our people.
            return inside not in {"details", "settled", "reasons"}
        case Partner() if inside == "removals":
            return True  # whoever honours one is told who else does
        case Nobody() | Partner():
            return inside == "partners" and caller.sees_partners
        case Sender():
            return False
        case _:
            assert_never(caller)


def may_hear(caller: Caller, *texts: str) -> bool:
    """Whether the caller is told that something is amiss of which these texts tell.

    Somebody who looks after the node is, without the name: see `may_quote`.
    """
    match caller:
        case ThisMachine() | Insider() | Person():
            return True
        case Nobody() | Partner() | Sender():
            return all(may_quote(caller, text) for text in texts)
        case _:
            assert_never(caller)


def may_quote(caller: Caller, text: str) -> bool:
    """Whether a text names no log, and no report, that is not there for the caller."""
    names = (match[1] for match in _NAME.finditer(text))
    orgs = {match[1] for match in _REPORT.finditer(text)}
    return all(may_read(caller, parse_origin(name)) for name in names) and all(
        may_read(caller, _Reports(org)) for org in orgs
    )
