"""Whom we know by their node keys, and what each of them may be handed.

Rule: a key is a partner's if the newest key statement of one of its logs names it, and
no newer statement of any of them has dropped or revoked it: a key that was stolen is
taken back by one statement, wherever it arrives first. What a partner may have of ours
stands in peers.toml; what of others, in the about note that they signed, as far as they
let us hand it on. Only what partners say counts: of whoever is one no longer, nothing
is handed on that is not for everybody.

Source: docs/reference/protocol.md, "Who asks"; docs/adr/0019
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from unicodedata import normalize

from msgspec import UNSET

from federation.config.peers import Peer
from federation.config.settings import Settings
from federation.errors import FederationError
from federation.records.about import About, open_about
from federation.records.keychain import KeyChain, open_chain
from federation.records.readers import PHOTOS, Partner
from federation.store import keystatements, logs
from federation.store.db import Database
from federation.store.view import View
from federation.tlog.keys import VerifierKey, parse_vkey

#: The key chains that were opened, by log, and with which pinned key.
Chains: TypeAlias = dict[int, tuple[VerifierKey, KeyChain]]
#: So long what was read is taken for what is; whoever changes it says so (`forget`).
FRESH_S: Final = 2.0


@dataclass(frozen=True)
class PartnerBook:
    """The partners as they are now: by the text of their node keys, and by domain.

    `names`: what they and we are called, of those who have a name of their own.
    """

    orgs: Mapping[str, str] = field(default_factory=dict)
    partners: Mapping[str, Partner] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def find(self, key: VerifierKey) -> Partner | None:
        """The partner whose node key this is."""
        org = self.orgs.get(str(key))
        return None if org is None else self.partners[org]


class Partners:
    """The book, read again when it may have changed: never once per request."""

    def __init__(
        self,
        db: Database,
        settings: Settings,
        peers: Callable[[], Mapping[str, Peer]],
        clock: Callable[[], float],
    ) -> None:
        """`peers` are those of peers.toml now; `clock` gives monotonic seconds."""
        self._db, self._settings, self._peers = db, settings, peers
        self._clock = clock
        self._chains: Chains = {}
        self._book = PartnerBook()
        self._until = float("-inf")
        self._reading = asyncio.Lock()

    async def book(self) -> PartnerBook:
        """Whom we know now."""
        async with self._reading:
            now = self._clock()
            if now >= self._until:
                # Before it is read: what is said while it is read counts afterwards.
                self._until = now + FRESH_S
                self._book = await self._db.read(
                    read_partners, self._peers(), self._settings, self._chains
                )
        return self._book

    def forget(self) -> None:
        """Something of it has changed."""
        self._until = float("-inf")


def read_partners(
    view: View,
    peers: Mapping[str, Peer],
    settings: Settings,
    chains: Chains,
) -> PartnerBook:
    """The book as the database and peers.toml have it.

    Args:
        view: The snapshot.
        peers: The partners by organisation.
        settings: Of this node.
        chains: The key chains that were opened before, by log; kept up to date.
    """
    by_org: dict[str, list[KeyChain]] = {}
    for log in logs.list_logs(view):
        if log.own or log.org not in peers:
            continue
        # What is damaged is told of elsewhere; it proves nothing here.
        with suppress(FederationError):
            chain = _open(view, log.id, peers[log.org].identity, chains)
            by_org.setdefault(log.org, []).append(chain)
    keys = {org: keys_now(held) for org, held in by_org.items()}
    orgs = {str(key): org for org, valid in keys.items() for key in valid}
    abouts = _read_abouts(view, keys)
    return PartnerBook(
        orgs,
        {org: _partner(peer, settings, abouts) for org, peer in peers.items()},
        _names(peers, settings, abouts),
    )


def _names(
    peers: Mapping[str, Peer], settings: Settings, abouts: Mapping[str, About]
) -> dict[str, str]:
    """What each is called: by our operator first, else by itself.

    A partner says itself what it is called, and may say what another is called: whoever
    shares its name with somebody, or has another's domain in it, is told by name and
    domain.
    """
    called = {settings.org: settings.name}
    for org, peer in peers.items():
        about = abouts.get(org)
        called[org] = peer.name or (about.name if about else "")
    folded = Counter(_fold(name) for name in called.values())
    return {
        org: f"{name} ({org})" if _is_doubtful(org, name, called, folded) else name
        for org, name in called.items()
        if name.strip()
    }


def _is_doubtful(
    org: str, name: str, called: Mapping[str, str], folded: Mapping[str, int]
) -> bool:
    """Whether a reader could take the name for somebody else's."""
    plain = _fold(name)
    return folded[plain] > 1 or any(
        other != org and other.casefold() in plain for other in called
    )


def _fold(name: str) -> str:
    """The name as it looks to somebody who reads over it."""
    return "".join(normalize("NFKC", name).casefold().split())


def _open(view: View, log_id: int, identity: VerifierKey, chains: Chains) -> KeyChain:
    """The chain of a log; verified anew where it, or the pinned key, is another."""
    notes = tuple(keystatements.read_keys(view, log_id))
    pinned, chain = chains.get(log_id, (None, None))
    if chain is None or pinned != identity or chain.notes != notes:
        chain = open_chain(notes, identity)
        chains[log_id] = identity, chain
    return chain


def keys_now(chains: Iterable[KeyChain]) -> set[VerifierKey]:
    """The node keys of an organisation, by the newest statement of each of its logs."""
    valid, gone = set[VerifierKey](), set[VerifierKey]()
    for chain in chains:
        newest = set(chain.node_keys()) - _revoked(chain)
        valid |= newest
        gone |= chain.keys_by_role().get("node", set()) - newest
    return valid - gone


def _revoked(chain: KeyChain) -> set[VerifierKey]:
    revoked = chain.statements[-1].revoked
    return set() if revoked is UNSET else {parse_vkey(one.vkey) for one in revoked}


def _read_abouts(
    view: View, keys: Mapping[str, Collection[VerifierKey]]
) -> dict[str, About]:
    """What our partners have signed about themselves, by a key that is theirs now.

    It was verified when it came; but a key that was stolen since may have signed it,
    and whom it names would be handed what is not for everybody after it was revoked.
    """
    abouts = {}
    for org, valid in keys.items():
        with suppress(FederationError):
            note = keystatements.read_about(view, org)
            about = None if note is None else open_about(note, sorted(valid, key=str))
            if about is not None and about.org == org:
                abouts[org] = about
    return abouts


def _partner(peer: Peer, settings: Settings, abouts: Mapping[str, About]) -> Partner:
    ours = settings.org
    naming = {
        org: about
        for org, about in abouts.items()
        if peer.org in about.audience and _may_hand_on(ours, about)
    }
    return Partner(
        org=peer.org,
        asked=ours,
        logs=frozenset(peer.logs),
        sees_photos=peer.may_have_photos,
        audiences=frozenset(naming),
        withheld=frozenset(
            (org, what)
            for org, about in naming.items()
            for what, named in (("incidents", about.incidents), (PHOTOS, about.photos))
            if named is not UNSET and peer.org not in named
        ),
        sees_partners=settings.listen.show_partners,
    )


def _may_hand_on(ours: str, about: About) -> bool:
    """Whether an organisation lets us hand on what is not for everybody."""
    if ours not in about.audience:
        return False  # whoever has not let us have it has not let us hand it on
    return about.relays is UNSET or ours in about.relays
