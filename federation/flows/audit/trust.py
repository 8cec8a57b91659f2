"""Whom the auditor trusts: a trust file, fingerprints, or nobody.

Rule: an audit proves what keys have signed; whose keys these are is known from
elsewhere or not at all. A key chain is pinned if one of its identities has a given
fingerprint, or if the trust file names its log key and its first statement is the
first leaf of a tree that this key signed. Where nothing was given, every chain is
`unpinned`. Where something was, a chain that it does not pin is `wrong-key` if it may
be one of those that the auditor meant, else that of a `stranger`.

Source: C2SP tlog-policy (draft)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from federation.config.fingerprint import fingerprint
from federation.records.keychain import KeyChain
from federation.tlog.keys import VerifierKey, parse_vkey
from federation.tlog.policy import NO_QUORUM, Policy

Pinned = Literal["fingerprint", "trust-file", "no"]
Quorum = Literal["met", "not-met", "none"]


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
        named = {fingerprint(parse_vkey(one.identity)) for one in chain.statements}
        return frozenset(
            print_
            for print_ in self.fingerprints & named
            if self.owners.get(print_, chain.org) == chain.org
        )

    def names_log(self, log_key: VerifierKey) -> bool:
        """Whether the trust file lists this key of a log."""
        policy = self.policy
        return policy is not None and log_key in {one.key for one in policy.logs}

    def orgs(self) -> set[str]:
        """The organisations that the auditor named, with a log or a fingerprint."""
        logs = () if self.policy is None else self.policy.logs
        return {log.key.name.partition("/")[0] for log in logs} | {
            *self.owners.values()
        }

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
