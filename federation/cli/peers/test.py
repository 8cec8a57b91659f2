"""`federation peers test`: call partners, say what they hold and what is wrong."""

import asyncio
from random import SystemRandom
from typing import Any

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import OK, PEER
from federation.cli.peers.pin import find_peer
from federation.cli.peers.probe import MAX_SKEW_S, PeerVisit, visit
from federation.cli.times import tell_second
from federation.config.keystore import load_signer
from federation.config.peers import Peer
from federation.errors import FederationError
from federation.feeds.signature import RequestSigner
from federation.web.telling import tell


@click.command("test", cls=Command, help="peers.help-test")
@click.argument("org", required=False)
@command_options
def test_peers(run: Run, *, org: str | None) -> int | None:
    """Call partners; exit code `PEER` when one has something wrong."""
    t, out = run.t, run.out
    chosen = [find_peer(run, org)] if org else [p for p in run.peers if p.url]
    seen = asyncio.run(_visit_all(run, chosen))
    rows = [_visit_row(peer, what) for peer, what in zip(chosen, seen, strict=True)]
    names = ("org", "latency", "skew", "holds", "gives", "problem")
    headers = [t(f"peers.{name}") for name in names]
    cells = [
        (peer.org, *_visit_cells(run, what))
        for peer, what in zip(chosen, seen, strict=True)
    ]
    out.show({"peers": rows}, lambda: out.table(headers, cells))
    return PEER if any(row["problem"] for row in rows) else OK


async def _visit_all(run: Run, chosen: list[Peer]) -> list[PeerVisit | FederationError]:
    """All visits at once: a dead partner must not make the others wait."""
    ours = run.settings.org
    key = load_signer(run.home.role_key("node"), f"{ours}/node")
    signer = RequestSigner(key, run.clock, SystemRandom())

    async def call(peer: Peer) -> PeerVisit | FederationError:
        try:
            return await visit(peer, run.clock, signer, ours)
        except FederationError as error:
            return error

    return await asyncio.gather(*(call(peer) for peer in chosen))


def _visit_row(peer: Peer, what: PeerVisit | FederationError) -> dict[str, Any]:
    """A visit for programs; `problem` is the code of what is wrong, or None."""
    row: dict[str, Any] = {"org": peer.org, "url": peer.url}
    if isinstance(what, FederationError):
        return {**row, "problem": what.code, "detail": str(what)}
    return {
        **row,
        "latency_s": round(what.latency_s, 3),
        "skew_s": what.skew_s,
        "logs": what.logs,
        "knows_us": what.disbelief is None,
        "gives": what.gives,
        "problem": _problem(what),
        **({"detail": str(what.disbelief)} if what.disbelief else {}),
    }


def _problem(what: PeerVisit) -> str | None:
    """What is wrong, by its code; that it does not know us yet is its own affair."""
    if what.skew_s is not None and abs(what.skew_s) > MAX_SKEW_S:
        return "clock"
    is_believed = what.disbelief is None or what.disbelief.key == "network.unknown-here"
    return None if is_believed else "unbelieved"


def _visit_cells(run: Run, what: PeerVisit | FederationError) -> tuple[object, ...]:
    """Latency, clock, what is held, and what is wrong, for people."""
    t = run.t
    if isinstance(what, FederationError):
        return None, None, None, None, t(f"errors.{what.code}", detail=tell(t, what))
    latency = t("peers.seconds", seconds=f"{what.latency_s:.2f}")
    others = len(set(what.logs) - set(what.own))
    holds = t("peers.holds-count", own=len(what.logs) - others, others=others)
    cells = latency, _skew_cell(run, what.skew_s), holds, _gives_cell(run, what)
    problem = t("peers.no-problem")
    if _problem(what) == "clock":
        problem = cells[1]
    elif _problem(what):
        problem = t.say(what.disbelief)
    return *cells, problem


def _skew_cell(run: Run, skew: int | None) -> str:
    """How their clock differs from ours; both, where it is too much."""
    t = run.t
    if skew is None:
        return t("peers.skew-unknown")
    if abs(skew) <= MAX_SKEW_S:
        return t("peers.skew-fine")
    key = "peers.skew-ahead" if skew > 0 else "peers.skew-behind"
    ours = int(run.clock())
    clocks = {"ours": tell_second(ours), "theirs": tell_second(ours + skew)}
    return t(key, seconds=abs(skew), **clocks)


def _gives_cell(run: Run, what: PeerVisit) -> str:
    """What they let us have that is not for everybody, if they know us."""
    t = run.t
    if what.disbelief is not None:
        return t("peers.gives-unknown")
    return ", ".join(t(f"peers.gives-{name}") for name in what.gives) or t(
        "peers.gives-nothing"
    )
