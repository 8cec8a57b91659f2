"""Every key chain that the sources brought, and which of them is pinned.

Rule: keys found in one source judge the documents of another; a chain is pinned as well
if it begins, or continues, one that is. The longest chain speaks: what it revokes is
revoked in every source.
"""

from dataclasses import dataclass, field

from federation.config.fingerprint import fingerprint
from federation.errors import SignatureError
from federation.flows.audit.keys import continues
from federation.flows.audit.trust import Pinned, Trust
from federation.records.keychain import KeyChain
from federation.tlog.keys import VerifierKey


@dataclass
class Pool:
    """The chains by log, in the order in which they were met."""

    trust: Trust
    chains: dict[str, list[tuple[str, KeyChain]]] = field(default_factory=dict)
    pinned: dict[str, tuple[Pinned, KeyChain]] = field(default_factory=dict)
    _found: set[str] = field(default_factory=set)

    def add(self, source: str, chain: KeyChain) -> None:
        """Remember a chain, verified in itself; the first who brought it is named."""
        of_log = self.chains.setdefault(chain.origin, [])
        if any(chain.digest == known.digest for _, known in of_log):
            return
        of_log.append((source, chain))
        if found := self.trust.vouched(chain):
            self._found |= found
            self._keep("fingerprint", chain)

    def pin(
        self, chain: KeyChain, log_key: VerifierKey | None, first_leaf: bytes | None
    ) -> Pinned:
        """How this chain is pinned; see `Trust.pin`.

        Args:
            chain: Verified in itself.
            log_key: That has signed the tree; None where there is no tree.
            first_leaf: As `Trust.pin` has it.
        """
        known = self.pinned.get(chain.origin)
        if known and (continues(known[1], chain) or continues(chain, known[1])):
            self._keep(known[0], chain)
            return known[0]
        if log_key is None:
            return "no"
        how = self.trust.pin(chain, log_key, first_leaf)
        if how != "no":
            self._keep(how, chain)
        return how

    def tell_unpinned(
        self, chain: KeyChain, log_key: VerifierKey | None
    ) -> tuple[str, str]:
        """What it is called that nobody vouches for a chain, and why.

        Args:
            chain: That `pin` did not pin.
            log_key: As `pin` has it. Without its tree, a trust file that names a log
                says nothing of anybody's keys.
        """
        print_ = fingerprint(chain.identity)
        said = f"{chain.identity.name} has the fingerprint {print_}"
        only_logs = log_key is None and not self.trust.fingerprints
        if self.trust.is_empty or only_logs:
            return "unpinned", said
        return "wrong-key" if self._may_be_meant(chain) else "stranger", said

    def strangers(self) -> list[KeyChain]:
        """The longest chain of every log that nobody vouches for."""
        longest = (self.longest(o) for o in self.chains if o not in self.pinned)
        return [chain for chain in longest if chain is not None]

    def _may_be_meant(self, chain: KeyChain) -> bool:
        """Whether the auditor may have named another key for this very organisation.

        A fingerprint that fits nothing may have been told for this one; where each of
        them has found its chain, who else comes along was not asked about.
        """
        pinned = {one.org for _, one in self.pinned.values()}
        is_left = bool(self.trust.fingerprints - self._found)
        return is_left or chain.org in pinned or self.trust.names_org(chain.org)

    def longest(self, origin: str) -> KeyChain | None:
        """The chain of a log that says most; a pinned one before any other."""
        if origin in self.pinned:
            return self.newest(self.pinned[origin][1])
        of_log = [chain for _, chain in self.chains.get(origin, ())]
        return max(of_log, key=lambda one: len(one.notes), default=None)

    def newest(self, chain: KeyChain) -> KeyChain:
        """This chain, or the longest known that continues it."""
        of_log = [one for _, one in self.chains.get(chain.origin, ())]
        longer = [one for one in of_log if continues(one, chain)]
        return max((chain, *longer), key=lambda one: len(one.notes))

    def all_pinned(self) -> list[KeyChain]:
        """Every pinned chain."""
        return [chain for _, chain in self.pinned.values()]

    def node_keys(self, org: str) -> list[VerifierKey]:
        """The keys of an organisation's node, as the chains of its logs name them."""
        longest = (self.longest(origin) for origin in self.chains)
        of_org = [chain for chain in longest if chain is not None and chain.org == org]
        return [key for chain in of_org for key in chain.node_keys()]

    def of_org(self, org: str, election: str) -> list[KeyChain]:
        """The chains of an organisation's logs of this election."""
        longest = (self.longest(origin) for origin in self.chains)
        return [
            chain
            for chain in longest
            if chain is not None and (chain.org, chain.election) == (org, election)
        ]

    def _keep(self, how: Pinned, chain: KeyChain) -> None:
        held = self.pinned.get(chain.origin)
        if held is None or len(held[1].notes) < len(chain.notes):
            self.pinned[chain.origin] = how, chain


def log_key_of(chain: KeyChain, size: int) -> VerifierKey | None:
    """The key that signs checkpoints of this size, if one is valid there."""
    try:
        return chain.log_key(size)
    except SignatureError:
        return None
