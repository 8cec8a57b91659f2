"""Every key chain that the sources brought, and which of them is pinned.

Rule: keys found in one source judge the documents of another; a chain is pinned as well
if it begins, or continues, one that is. A fingerprint is of a key and not of a name, so
it vouches for one organisation only: where two bear it, or where two chains of one log
that do not continue each other are vouched for, none is pinned and nothing is decided
by which of them is longer. Of a chain and those that continue it the longest speaks:
what it revokes is revoked in every source.
"""

from collections import defaultdict
from collections.abc import Sequence
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
    _by_file: dict[str, KeyChain] = field(default_factory=dict)
    _by_print: dict[str, KeyChain] = field(default_factory=dict)
    _found: frozenset[str] = frozenset()
    _is_settled: bool = True
    #: Whether some keys could not be asked for.
    is_open: bool = False

    def add(self, source: str, chain: KeyChain) -> None:
        """Remember a chain, verified in itself; the first who brought it is named."""
        of_log = self.chains.setdefault(chain.origin, [])
        if any(chain.digest == known.digest for _, known in of_log):
            return
        of_log.append((source, chain))
        self._is_settled = False

    def pin(
        self, chain: KeyChain, log_key: VerifierKey | None, first_leaf: bytes | None
    ) -> Pinned:
        """How this chain is pinned.

        Args:
            chain: Verified in itself.
            log_key: That has signed the tree; None where there is no tree.
            first_leaf: Of that tree; None where only a part of it is at hand. Then a
                named log key vouches for what is in that part, but for nobody's keys:
                anyone can write key statements that name it. They are not kept.
        """
        known = self._pinned(chain.origin)
        if known and (continues(known[1], chain) or continues(chain, known[1])):
            return known[0]
        if log_key is None or not self.trust.names_log(log_key):
            return "no"
        if first_leaf is not None:
            if first_leaf != chain.notes[0]:
                return "no"
            self._by_file[chain.origin] = self.newest(chain)
        return "trust-file"

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

    def longest(self, origin: str) -> KeyChain | None:
        """The chain of a log that says most; a pinned one before any other."""
        pinned = self._pinned(origin)
        if pinned is not None:
            return self.newest(pinned[1])
        return _longest([chain for _, chain in self.chains.get(origin, ())])

    def newest(self, chain: KeyChain) -> KeyChain:
        """This chain, or the longest known that continues it."""
        of_log = [one for _, one in self.chains.get(chain.origin, ())]
        longer = [one for one in of_log if continues(one, chain)]
        return max((chain, *longer), key=lambda one: len(one.notes))

    def is_pinned(self, origin: str) -> bool:
        """Whether somebody whom the auditor trusts vouches for keys of this log."""
        return self._pinned(origin) is not None

    def all_pinned(self) -> list[KeyChain]:
        """Every pinned chain."""
        pinned = map(self._pinned, self.chains)
        return [self.newest(one[1]) for one in pinned if one is not None]

    def strangers(self) -> list[KeyChain]:
        """The longest chain of every log that nobody vouches for."""
        longest = (self.longest(o) for o in self.chains if self._pinned(o) is None)
        return [chain for chain in longest if chain is not None]

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

    def _pinned(self, origin: str) -> tuple[Pinned, KeyChain] | None:
        if not self._is_settled:
            self._settle()
        if origin in self._by_print:
            return "fingerprint", self._by_print[origin]
        if origin in self._by_file:
            return "trust-file", self._by_file[origin]
        return None

    def _settle(self) -> None:
        """See for whom the fingerprints vouch, now that these chains are known."""
        every = [one for of_log in self.chains.values() for _, one in of_log]
        bearers = defaultdict[str, set[str]](set)
        for chain in every:
            for print_ in self.trust.vouched(chain):
                bearers[print_].add(chain.org)
        self._found = frozenset(one for one, orgs in bearers.items() if len(orgs) == 1)
        self._by_print = {}
        for origin, of_log in self.chains.items():
            vouched = [
                one for _, one in of_log if self.trust.vouched(one) & self._found
            ]
            longest = _longest(vouched)
            if longest and all(continues(longest, one) for one in vouched):
                self._by_print[origin] = longest
        self._is_settled = True

    def _may_be_meant(self, chain: KeyChain) -> bool:
        """Whether the auditor may have named another key for this very organisation.

        A fingerprint that fits nothing may have been told for this one; where each of
        them has found its chain, who else comes along was not asked about. Nor is it
        this one that was meant where somebody else's keys could not be asked for.
        """
        is_left = bool(self.trust.fingerprints - self._found) and not self.is_open
        is_named = chain.org in self.trust.orgs() or bool(self.trust.vouched(chain))
        pinned = {one.org for one in self.all_pinned()}
        return is_left or is_named or chain.org in pinned


def log_key_of(chain: KeyChain, size: int) -> VerifierKey | None:
    """The key that signs checkpoints of this size, if one is valid there."""
    try:
        return chain.log_key(size)
    except SignatureError:
        return None


def _longest(chains: Sequence[KeyChain]) -> KeyChain | None:
    return max(chains, key=lambda one: len(one.notes), default=None)
