"""Every key chain that the sources brought, and which of them somebody vouches for.

Rule: an audit proves what keys have signed; whose keys these are is known from
elsewhere, out of a trust file or fingerprints, or not at all. A chain must hold by its
own signatures, whatever identity it names. It is pinned if one of its identities has a
given fingerprint, or if the trust file names its log key and its first statement is the
first leaf of a tree that this key signed; and as well if it begins, or continues, one
that is. Keys found in one source judge the documents of another.

A fingerprint is of a key and not of a name, so it vouches for one organisation only:
where two bear it, or where two chains of one log that do not continue each other are
vouched for, none is pinned and nothing is decided by which of them is longer. Of a
chain and those that continue it the longest speaks: what it revokes is revoked in every
source.

    unpinned     nothing was given to compare keys with
    wrong-key    a chain that is not pinned and may be one that the auditor meant
    stranger     any other that is not pinned

Two statements of one version, both signed, are two histories. Two chains of one log
that begin with different identities prove nothing against anybody, but at most one of
them is right.

Source: C2SP tlog-policy (draft)
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final, Literal

from federation.config.fingerprint import fingerprint
from federation.errors import (
    FederationError,
    ForkError,
    FormatError,
    RecordError,
    SignatureError,
    VerificationError,
)
from federation.records.canonical import decode_as
from federation.records.evidence import format_fork, open_key_fork
from federation.records.keychain import BoundCompanions, KeyChain, open_chain
from federation.records.keystatement import KeyStatement
from federation.text import Sentence
from federation.tlog.keys import VerifierKey, parse_vkey
from federation.tlog.note import parse_note
from federation.tlog.policy import NO_QUORUM, Policy

Pinned = Literal["fingerprint", "trust-file", "no"]
Quorum = Literal["met", "not-met", "none"]

#: What bytes can do that do not hold.
BAD: Final[tuple[type[FederationError], ...]] = (
    FormatError,
    RecordError,
    VerificationError,
)


@dataclass(frozen=True, kw_only=True)
class Trust:
    """What the auditor brought; fingerprints in their one written form.

    `owners` says by fingerprint whose it is, where the auditor said so: then it vouches
    for nobody else. The name of a key is not part of its fingerprint.
    """

    policy: Policy | None = None
    fingerprints: frozenset[str] = frozenset()
    owners: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to compare keys with."""
        logs = () if self.policy is None else self.policy.logs
        return not logs and not self.fingerprints

    def vouched(self, chain: KeyChain) -> frozenset[str]:
        """The given fingerprints that vouch for this chain, if nobody else has them."""
        named = {
            fingerprint(parse_vkey(statement.identity))
            for statement in chain.statements
        }
        return frozenset(
            print_
            for print_ in self.fingerprints & named
            if self.owners.get(print_, chain.org) == chain.org
        )

    def names_log(self, log_key: VerifierKey) -> bool:
        """Whether the trust file lists this key of a log."""
        policy = self.policy
        return policy is not None and log_key in {log.key for log in policy.logs}

    def orgs(self) -> set[str]:
        """The organisations that the auditor named, with a log or a fingerprint."""
        logs = () if self.policy is None else self.policy.logs
        return {log.key.name.partition("/")[0] for log in logs} | {
            *self.owners.values()
        }

    def witnesses(self) -> dict[VerifierKey, str]:
        """The names of the trust file's witnesses by key."""
        policy = self.policy
        return (
            {}
            if policy is None
            else {witness.key: witness.name for witness in policy.witnesses}
        )

    def quorum(self, names: Collection[str]) -> Quorum:
        """Whether cosignatures by the witnesses of these names are enough."""
        if self.policy is None or self.policy.quorum == NO_QUORUM:
            return "none"
        return "met" if self.policy.is_met(names) else "not-met"

    def shared(self) -> int:
        """How many witnesses any two quorums have in common, at the least.

        So many must lie before two histories can both find a quorum; 0: none need to.
        In a flat group of n with threshold q it is 2q - n.
        """
        policy = self.policy
        if policy is None or policy.quorum == NO_QUORUM:
            return 0
        least = {witness.name: 1 for witness in policy.witnesses}
        for group in policy.groups:
            common = max(0, 2 * group.threshold - len(group.members))
            of_members = sorted(least[member] for member in group.members)
            least[group.name] = sum(of_members[:common])
        return least[policy.quorum]


def open_any(notes: Sequence[bytes]) -> KeyChain:
    """The chain of these notes, by whatever identity it names itself.

    Raises:
        FormatError: not notes of canonical statements, none, or too many.
        RecordError: a statement breaks a rule or does not continue the one before.
        SignatureError: a signature is missing, bad or too many.
    """
    if not notes:
        raise FormatError(Sentence("chain.no-statements"))
    return _open(tuple(notes))


# The thousand receipts of an excerpt bring the same statements a thousand times.
@lru_cache(maxsize=64)
def _open(notes: tuple[bytes, ...]) -> KeyChain:
    newest = decode_as(parse_note(notes[-1]).text[:-1], KeyStatement)
    return open_chain(notes, parse_vkey(newest.identity))


def find_key_fork(chain: KeyChain, other: KeyChain) -> ForkError | None:
    """The two histories of key statements that these chains prove, if they do."""
    pairs = zip(chain.notes, other.notes, strict=False)
    first = next((pair for pair in pairs if pair[0] != pair[1]), None)
    if first is None:
        return None
    try:
        return open_key_fork(format_fork(ForkError(chain.origin, *first)), chain)
    except BAD:
        # One text signed twice, or by an identity that the other never named.
        return None


def continues(newer: KeyChain, older: KeyChain) -> bool:
    """Whether one chain begins with the whole of the other."""
    return newer.notes[: len(older.notes)] == older.notes


@dataclass
class Keyring:
    """The chains by log, in the order in which they were met."""

    trust: Trust
    chains: dict[str, list[tuple[str, KeyChain]]] = field(default_factory=dict)
    _by_file: dict[str, KeyChain] = field(default_factory=dict)
    _by_print: dict[str, KeyChain] = field(default_factory=dict)
    _found: frozenset[str] = frozenset()
    _is_settled: bool = True
    #: What pinned logs announced of their companion keys, by origin.
    companions: dict[str, BoundCompanions] = field(default_factory=dict)
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
    ) -> tuple[str, Sentence]:
        """What it is called that nobody vouches for a chain, and why.

        Args:
            chain: That `pin` did not pin.
            log_key: As `pin` has it. Without its tree, a trust file that names a log
                says nothing of anybody's keys.
        """
        print_ = fingerprint(chain.identity)
        detail = Sentence(
            "audited.fingerprint", name=chain.identity.name, fingerprint=print_
        )
        only_logs = log_key is None and not self.trust.fingerprints
        if self.trust.is_empty or only_logs:
            return "unpinned", detail
        return "wrong-key" if self._may_be_meant(chain) else "stranger", detail

    def longest(self, origin: str) -> KeyChain | None:
        """The chain of a log that says most; a pinned one before any other."""
        pinned = self._pinned(origin)
        if pinned is not None:
            return self.newest(pinned[1])
        return _longest([chain for _, chain in self.chains.get(origin, ())])

    def newest(self, chain: KeyChain) -> KeyChain:
        """This chain, or the longest known that continues it."""
        of_log = [other for _, other in self.chains.get(chain.origin, ())]
        longer = [other for other in of_log if continues(other, chain)]
        return max((chain, *longer), key=lambda other: len(other.notes))

    def bind(self, chain: KeyChain) -> KeyChain:
        """The chain with what its log is known to have announced of companions."""
        return replace(chain, companions=self.companions.get(chain.origin, ()))

    def is_pinned(self, origin: str) -> bool:
        """Whether somebody whom the auditor trusts vouches for keys of this log."""
        return self._pinned(origin) is not None

    def all_pinned(self) -> list[KeyChain]:
        """Every pinned chain."""
        pinned = map(self._pinned, self.chains)
        return [self.newest(pin[1]) for pin in pinned if pin is not None]

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
        every = [chain for of_log in self.chains.values() for _, chain in of_log]
        bearers = defaultdict[str, set[str]](set)
        for chain in every:
            for print_ in self.trust.vouched(chain):
                bearers[print_].add(chain.org)
        self._found = frozenset(
            print_ for print_, orgs in bearers.items() if len(orgs) == 1
        )
        self._by_print = {}
        for origin, of_log in self.chains.items():
            vouched = [
                chain for _, chain in of_log if self.trust.vouched(chain) & self._found
            ]
            longest = _longest(vouched)
            if longest and all(continues(longest, chain) for chain in vouched):
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
        pinned = {known.org for known in self.all_pinned()}
        return is_left or is_named or chain.org in pinned


def log_key_of(chain: KeyChain, size: int) -> VerifierKey | None:
    """The key that signs checkpoints of this size, if one is valid there."""
    try:
        return chain.log_key(size)
    except SignatureError:
        return None


def _longest(chains: Sequence[KeyChain]) -> KeyChain | None:
    return max(chains, key=lambda chain: len(chain.notes), default=None)
