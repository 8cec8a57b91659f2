"""May this node sign yet? Not before its partners had a chance to contradict it.

A database restored from a backup, or a copied disk, would sign a second history. So a
node first serves and asks; `flows/ownlog/reconcile.py` decides from who has answered,
and this remembers what it decided and lets those wait who want to sign.

Source: docs/reference/protocol.md, "The guard"
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from federation.errors import ConflictError, UnknownPastError
from federation.flows.ownlog.reconcile import WAITING, Decision, PeersAsked
from federation.text import Sentence

#: How long whoever asks for something to be signed waits for that.
GATE_S: Final = 20.0
STARTING = Decision("wait", Sentence("why.starting"))


class Gate:
    """For each log of ours: may it be signed, and does it begin as it must?"""

    def __init__(
        self,
        origins: Iterable[str],
        partners: Iterable[str],
        wait_s: float,
        clock: Callable[[], float],
        *,
        alone: bool,
        sole: bool = False,
    ) -> None:
        """`partners`: those with an address; `clock`: seconds, monotonic.

        `sole`: there are no others either.
        """
        self._sole = sole
        self._partners = frozenset(partners)
        #: Of each log: who has said what it has seen of it.
        self._answered = {origin: set[str]() for origin in origins}
        self._clock, self._until = clock, clock() + wait_s
        self._alone = alone
        self._decisions = dict.fromkeys(self._answered, STARTING)
        self._begun: set[str] = set()
        self._changed = asyncio.Condition()

    def follow(self, partners: Iterable[str], *, sole: bool = False) -> None:
        """Others have an address now: `peers.toml` was changed.

        Who parted is waited for no longer. Who is new is, but only where we do not
        sign: what was allowed is not taken back by an address that does not answer.
        """
        now, self._sole = frozenset(partners), sole
        signs = all(decision.action == "sign" for decision in self._decisions.values())
        self._partners = self._partners & now if signs else now

    def go_alone(self) -> None:
        """The operator says, now, that nothing newer was ever signed."""
        self._alone = True

    def answered(self, origin: str, org: str) -> None:
        """A partner said what it has seen of one of our logs."""
        self._answered[origin].add(org)

    def asked(self, origin: str) -> PeersAsked:
        """Whom we asked of a log of ours and who answered, for `reconcile`."""
        return PeersAsked(
            peers=len(self._partners),
            answered=len(self._partners & self._answered[origin]),
            waited=self._clock() >= self._until,
            alone=self._alone,
            is_sole=self._sole,
        )

    async def decided(self, origin: str, decision: Decision) -> None:
        """What became of one of our logs."""
        async with self._changed:
            self._decisions[origin] = decision
            self._changed.notify_all()

    async def begun(self, origin: str) -> None:
        """The key statement is in the log: records may follow."""
        async with self._changed:
            self._begun.add(origin)
            self._changed.notify_all()

    def has_begun(self, origin: str) -> bool:
        """Whether the log holds its key statement, as far as was told here."""
        return origin in self._begun

    def reason(self, origin: str) -> Sentence | None:
        """Why not to sign this log yet; None when it may be signed."""
        decision = self._decisions[origin]
        if decision.action != "sign":
            return decision.reason
        return None if origin in self._begun else STARTING.reason

    def reasons(self) -> list[Sentence]:
        """Why not every log may be signed; empty when all may."""
        reasons = [(origin, self.reason(origin)) for origin in self._decisions]
        return [
            Sentence("machine.at", place=origin, cause=reason)
            for origin, reason in reasons
            if reason
        ]

    def waiting(self) -> list[Sentence]:
        """The same, with who has not answered and the way around it."""
        return [self._tell(origin) for origin in self._decisions if self.reason(origin)]

    async def passed(self, origin: str, timeout_s: float) -> None:
        """Return when this log may be signed.

        Raises:
            UnknownPastError: it may not, for nothing is known of its past; at once,
                where no partner can be asked.
            ConflictError: it may not, after `timeout_s`.
        """
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(
                    lambda: not self.reason(origin) or self._is_vain(origin)
                )
        except TimeoutError:
            self._check_past(origin)
            raise ConflictError(self._tell(origin)) from None
        self._check_past(origin)

    def _tell(self, origin: str) -> Sentence:
        """Why not, who has not answered, and the way around it where there is one."""
        decision, reason = self._decisions[origin], self.reason(origin)
        if decision.action == "never":
            return Sentence("serve.never-signed", origin=origin, reason=reason)
        told = Sentence("serve.not-signed", origin=origin, reason=reason)
        if silent := ", ".join(sorted(self._partners - self._answered[origin])):
            told = Sentence("serve.silent", told=told, partners=silent)
            if reason == WAITING:
                told = Sentence("serve.go-alone", told=told)
        return told

    def _is_vain(self, origin: str) -> bool:
        """Whether waiting brings nothing: nobody is asked what the keys signed."""
        return self._decisions[origin].action == "hold" and not self._partners

    def _check_past(self, origin: str) -> None:
        if self._decisions[origin].action == "hold":
            raise UnknownPastError(Sentence("held.unknown-past", origin=origin))
