"""How this node presents itself: its about note, renewed when its words change.

Rule: all of it stands in the settings and in peers.toml, but the number of its issue:
of two notes the higher one counts, wherever it has been. So a damaged note is no reason
not to start: it is signed again, above every issue that this database still names.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import UNSET, UnsetType

from federation.config.peers import Peer, load_peers
from federation.errors import FederationError, FormatError, RecordError
from federation.node.resources import Resources
from federation.records.about import (
    About,
    OfferedLog,
    open_about,
    open_about_unpinned,
    sign_about,
)
from federation.records.keystatement import OriginParts
from federation.records.readers import NOBODY, Partner, may_know, may_read
from federation.store import keystatements

#: Above it is no number that a note may have.
_MOST: Final = (1 << 53) - 2

_log = logging.getLogger(__name__)


def renew_about(resources: Resources, peers: Mapping[str, Peer] | None = None) -> bytes:
    """Our about note; signed anew, with the next issue, if the settings changed.

    Args:
        resources: Of this node.
        peers: The partners, who may be handed what; None: as peers.toml says.

    Raises:
        ConfigError: the settings hold a text that no note may hold, or peers.toml
            cannot be used.
    """
    org = resources.settings.org
    if peers is None:
        peers = {peer.org: peer for peer in load_peers(resources.home.peers)}
    with resources.db.view() as view:
        held = keystatements.read_about(view, org)
        issues = keystatements.about_issues(view, org)
    before = None
    if held is not None or issues:
        try:
            before = open_about(held or b"", [resources.keys.node.key])
        except FederationError as error:
            _log.warning("our about note is damaged and is signed again: %s", error)
    if before is not None and held is not None and set(issues) == {before.issue}:
        if before == _describe(resources, peers, before.issue):
            return held  # nothing is written: on a full disk that could not be
        issue = before.issue + 1
    else:
        claimed = before.issue if before else _claimed_issue(held)
        issue = _last_issue([*issues, claimed]) + 1
    note = sign_about(_describe(resources, peers, issue), resources.keys.node)
    with resources.db.transaction() as tx:
        keystatements.replace_about(tx, org, issue, note)
    return note


def _claimed_issue(note: bytes | None) -> int:
    """The number that a note names whose signature does not hold; 0: none."""
    try:
        return open_about_unpinned(note or b"").issue
    except (FormatError, RecordError):
        return 0


def _last_issue(named: list[int]) -> int:
    """The number of the last note that was shown, of all that are still named for it.

    It stands in three places: what two of them say was shown; of three that differ the
    highest may have been, and a number that is passed over costs nothing.
    """
    [(issue, times)] = Counter(named).most_common(1)
    return issue if times > 1 else max((n for n in named if 0 <= n <= _MOST), default=0)


def _describe(resources: Resources, peers: Mapping[str, Peer], issue: int) -> About:
    settings = resources.settings
    audience = [
        peer
        for peer in peers.values()
        if peer.may_have_photos or _reads_incidents(settings.org, peer)
    ]
    own = sorted(resources.own.values(), key=lambda log: log.origin)
    return About(
        attribution=settings.attribution,
        audience=tuple(sorted(peer.org for peer in audience)),
        contact=settings.contact,
        identity=str(own[0].chain.identity) if own else "",
        issue=issue,
        licence=settings.licence,
        # Strangers read it: it names what they may know of.
        logs=tuple(
            OfferedLog(origin=log.origin, visibility="public")
            for log in own
            if may_know(NOBODY, log.chain)
        ),
        name=settings.name,
        org=settings.org,
        versions=(1,),
        # Of what is not there nobody is left out: an earlier version, which reads no
        # note with a member that is new to it, reads that of a node without reports.
        incidents=_some(audience, lambda peer: _reads_incidents(settings.org, peer))
        if not all(may_know(NOBODY, log.chain) for log in own)
        else UNSET,
        photos=_some(audience, lambda peer: peer.may_have_photos),
        relays=_some(audience, lambda peer: peer.may_relay),
    )


def _reads_incidents(ours: str, peer: Peer) -> bool:
    asker = Partner(org=peer.org, asked=ours, logs=frozenset(peer.logs))
    return may_read(asker, OriginParts(ours, "", "incidents", 1))


def _some(
    audience: list[Peer], may: Callable[[Peer], bool]
) -> tuple[str, ...] | UnsetType:
    """Those of the audience who may; nothing is said where it is all of them."""
    if all(map(may, audience)):
        return UNSET
    return tuple(sorted(peer.org for peer in audience if may(peer)))
