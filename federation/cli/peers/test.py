"""`federation peers test`: call partners, say what they hold and what is wrong."""

import asyncio
from typing import Any

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import OK, PEER, tell
from federation.cli.peers.pin import find_peer
from federation.cli.peers.probe import MAX_SKEW_S, PeerVisit, visit
from federation.config.peers import Peer
from federation.errors import FederationError


@click.command("test", cls=Command, help="peers.help-test")
@click.argument("org", required=False)
@command_options
def test_peers(run: Run, *, org: str | None) -> int | None:
    """Call partners; exit code `PEER` when one has something wrong."""
    t, out = run.t, run.out
    chosen = [find_peer(run, org)] if org else [p for p in run.peers if p.url]
    seen = asyncio.run(_visit_all(run, chosen))
    rows = [_visit_row(peer, what) for peer, what in zip(chosen, seen, strict=True)]
    names = ("org", "latency", "skew", "holds", "problem")
    headers = [t(f"peers.{name}") for name in names]
    cells = [
        (peer.org, *_visit_cells(run, what))
        for peer, what in zip(chosen, seen, strict=True)
    ]
    out.show({"peers": rows}, lambda: out.table(headers, cells))
    return PEER if any(row["problem"] for row in rows) else OK


async def _visit_all(run: Run, chosen: list[Peer]) -> list[PeerVisit | FederationError]:
    """All visits at once: a dead partner must not make the others wait."""

    async def call(peer: Peer) -> PeerVisit | FederationError:
        try:
            return await visit(peer, run.clock)
        except FederationError as error:
            return error

    return await asyncio.gather(*(call(peer) for peer in chosen))


def _visit_row(peer: Peer, what: PeerVisit | FederationError) -> dict[str, Any]:
    """A visit for programs; `problem` is the code of what is wrong, or None."""
    row: dict[str, Any] = {"org": peer.org, "url": peer.url}
    if isinstance(what, FederationError):
        return {**row, "problem": what.code, "detail": str(what)}
    skewed = what.skew_s is not None and abs(what.skew_s) > MAX_SKEW_S
    return {
        **row,
        "latency_s": round(what.latency_s, 3),
        "skew_s": what.skew_s,
        "logs": what.logs,
        "problem": "clock" if skewed else None,
    }


def _visit_cells(run: Run, what: PeerVisit | FederationError) -> tuple[object, ...]:
    """Latency, clock, what is held, and what is wrong, for people."""
    t = run.t
    if isinstance(what, FederationError):
        return None, None, None, t(f"errors.{what.code}", detail=tell(t, what))
    latency = t("peers.seconds", seconds=f"{what.latency_s:.2f}")
    others = len(set(what.logs) - set(what.own))
    holds = t("peers.holds-count", own=len(what.logs) - others, others=others)
    if what.skew_s is None:
        return latency, t("peers.skew-unknown"), holds, t("peers.no-problem")
    skew = what.skew_s
    if abs(skew) <= MAX_SKEW_S:
        return latency, t("peers.skew-fine"), holds, t("peers.no-problem")
    key = "peers.skew-ahead" if skew > 0 else "peers.skew-behind"
    problem = t(key, seconds=abs(skew))
    return latency, problem, holds, problem
