"""Whom the auditor trusts: a trust file, fingerprints, or nobody.

Rule: an audit proves what keys have signed; whose keys these are is known from
elsewhere or not at all. A key chain is pinned if one of its identities has a given
fingerprint, or if the trust file names its log key and its first statement is the
first leaf of a tree that this key signed. Where nothing was given, every chain is
`unpinned`. Where something was, a chain that it does not pin is `wrong-key` if it may
be one of those that the auditor meant, else that of a `stranger`.

Source: C2SP tlog-policy (draft)
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from federation.config.fingerprint import fingerprint
from federation.records.keychain import KeyChain
from federation.tlog.keys import VerifierKey, parse_vkey
from federation.tlog.policy import NO_QUORUM, Policy

Pinned = Literal["fingerprint", "trust-file", "no"]
Quorum = Literal["met", "not-met", "none"]


@dataclass(frozen=True, kw_only=True)
class Trust:
    """What the auditor brought; fingerprints in their one written form."""

    policy: Policy | None = None
    fingerprints: frozenset[str] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to compare keys with."""
        logs = () if self.policy is None else self.policy.logs
        return not logs and not self.fingerprints

    def vouched(self, chain: KeyChain) -> frozenset[str]:
        """The given fingerprints that identities of this chain have."""
        named = {fingerprint(parse_vkey(one.identity)) for one in chain.statements}
        return self.fingerprints & named

    def names_log(self, log_key: VerifierKey) -> bool:
        """Whether the trust file lists this key of a log."""
        policy = self.policy
        return policy is not None and log_key in {one.key for one in policy.logs}

    def names_org(self, org: str) -> bool:
        """Whether the trust file lists a log of this organisation."""
        logs = () if self.policy is None else self.policy.logs
        return any(one.key.name.partition("/")[0] == org for one in logs)

    def pin(
        self, chain: KeyChain, log_key: VerifierKey, first_leaf: bytes | None
    ) -> Pinned:
        """How this chain is pinned.

        Args:
            chain: Verified in itself.
            log_key: That has signed the tree.
            first_leaf: Of that tree; None where only a part of it is at hand: what is
                in that part, the named key has signed for all the same.
        """
        if self.vouched(chain):
            return "fingerprint"
        is_first = first_leaf is None or first_leaf == chain.notes[0]
        return "trust-file" if is_first and self.names_log(log_key) else "no"

    def witnesses(self) -> dict[VerifierKey, str]:
        """The names of the trust file's witnesses by key."""
        policy = self.policy
        return {} if policy is None else {one.key: one.name for one in policy.witnesses}

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
        least = {one.name: 1 for one in policy.witnesses}
        for group in policy.groups:
            common = max(0, 2 * group.threshold - len(group.members))
            of_members = sorted(least[member] for member in group.members)
            least[group.name] = sum(of_members[:common])
        return least[policy.quorum]
