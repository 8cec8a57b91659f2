"""May this node sign yet? Not before its partners had a chance to contradict it.

A database restored from a backup, or a copied disk, would sign a second history. So a
node first serves and asks; `flows/reconcile.py` decides from who has answered, and
this remembers what it decided and lets those wait who want to sign.

Source: protocol.md "Never sign two histories".
"""

import asyncio
from collections.abc import Callable, Iterable

from federation.errors import ConflictError
from federation.flows.reconcile import Asked, Decision


class Gate:
    """Open while every log of ours may be signed."""

    def __init__(
        self,
        partners: Iterable[str],
        wait_s: float,
        clock: Callable[[], float],
        *,
        alone: bool,
    ) -> None:
        """`partners`: those with an address; `clock`: seconds, monotonic."""
        self._partners = frozenset(partners)
        self._answered: set[str] = set()
        self._clock, self._until = clock, clock() + wait_s
        self._alone = alone
        self._decisions: dict[str, Decision] = {}
        self._changed = asyncio.Condition()

    def answered(self, org: str) -> None:
        """A partner said what it holds of our logs."""
        self._answered.add(org)

    def asked(self) -> Asked:
        """Whom we asked and who answered, for `reconcile`."""
        return Asked(
            peers=len(self._partners),
            answered=len(self._partners & self._answered),
            waited=self._clock() >= self._until,
            alone=self._alone,
        )

    async def decided(self, origin: str, decision: Decision) -> None:
        """What became of one of our logs."""
        async with self._changed:
            self._decisions[origin] = decision
            self._changed.notify_all()

    def reasons(self) -> list[str]:
        """Why not to sign yet, in words; empty when signing is allowed."""
        if not self._decisions:
            return ["the node is starting"]
        found = self._decisions.items()
        return [f"{o}: {d.reason}" for o, d in found if d.action != "sign"]

    async def passed(self, timeout_s: float) -> None:
        """Return when signing is allowed.

        Raises:
            ConflictError: it is not, after `timeout_s`.
        """
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: not self.reasons())
        except TimeoutError:
            silent = ", ".join(sorted(self._partners - self._answered)) or "none"
            raise ConflictError(
                f"not signing yet: {'; '.join(self.reasons())} (no answer yet from: "
                f"{silent}; `federation serve --alone` does not wait)"
            ) from None
