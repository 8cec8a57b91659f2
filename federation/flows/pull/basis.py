"""Does a partner's map rest on what ours rests on? If not, say so instead of wondering.

Equal logs give equal maps only with the same profile, register and merge rules. What
a partner says of its own is not signed and nothing is decided by it: an operator is
told, and calls the partner.

Source: docs/reference/protocol.md, "The merged map"
"""

from collections.abc import Mapping

import msgspec

from federation.decoding import parse_json
from federation.feeds.feed import Feed
from federation.feeds.resource import ELECTIONS
from federation.records.merge import RULES_VERSION
from federation.records.profile import Profile
from federation.store import alarms, registers
from federation.store.db import Database
from federation.store.view import Transaction
from federation.text import Sentence, join

ALARM = "other-basis"


class ElectionBasis(msgspec.Struct, frozen=True):
    """What a partner says of one election; members of other versions are ignored."""

    election: str
    profile: str
    register_digest: str
    rules: int


class PeerBasis(msgspec.Struct, frozen=True):
    """What a partner says of its maps, and of which logs it can prove a fork."""

    elections: list[ElectionBasis]
    frozen: list[str] = msgspec.field(default_factory=list)


async def ask_basis(feed: Feed, org: str) -> PeerBasis:
    """What this partner's maps rest on, by its own unsigned word.

    Raises:
        PeerError: the partner did not answer; one of plain files cannot.
        FormatError: it answered something else.
    """
    body = await feed.fetch(ELECTIONS)
    return parse_json(body, PeerBasis, what=Sentence("member.an-election-list"), at=org)


async def compare_basis(
    db: Database, theirs: PeerBasis, org: str, profiles: Mapping[str, Profile], now: int
) -> list[Sentence]:
    """How the maps of this partner differ in what they rest on; each is an alarm."""
    common = [basis for basis in theirs.elections if basis.election in profiles]
    return await db.write(_judge, org, common, profiles, now)


def _judge(
    tx: Transaction,
    org: str,
    theirs: list[ElectionBasis],
    profiles: Mapping[str, Profile],
    now: int,
) -> list[Sentence]:
    differences = []
    for basis in theirs:
        register = registers.register_digest(tx, basis.election)
        pairs = {
            "profile": (profiles[basis.election].digest, basis.profile),
            "register": (register, basis.register_digest),
            "rules": (str(RULES_VERSION), str(basis.rules)),
        }
        differ = [
            Sentence(
                "why.differs",
                name=name,
                ours=ours[:12] or Sentence("why.none"),
                theirs=other[:12] or Sentence("why.none"),
            )
            for name, (ours, other) in pairs.items()
            if ours != other
        ]
        subject = f"{org} {basis.election}"
        if differ:
            told = join(differ)
            differences.append(Sentence("machine.at", place=basis.election, cause=told))
            alarms.raise_alarm(tx, ALARM, subject, told, now)
        else:
            alarms.clear_alarm(tx, ALARM, subject)
    return differences
