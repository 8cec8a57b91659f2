"""`federation peers test`: call partners, step by step, and say what is wrong."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from random import SystemRandom
from typing import Any

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import OK, PEER
from federation.cli.peers.pin import find_peer
from federation.cli.steps import print_steps
from federation.config.founding import load_identity_key
from federation.config.keystore import load_signer
from federation.config.peers import Peer
from federation.errors import NotFoundError
from federation.feeds.signature import RequestSigner
from federation.flows.steps import CheckStep
from federation.flows.visit import visit
from federation.store.logs import list_logs


@click.command("test", cls=Command, help="peers.help-test")
@click.argument("org", required=False)
@command_options
def test_peers(run: Run, *, org: str | None) -> int | None:
    """Call partners; exit code `PEER` when a step failed with one of them."""
    chosen = [find_peer(run, org)] if org else [p for p in run.peers if p.url]
    visits = asyncio.run(_visit_all(run, chosen))
    pairs = list(zip(chosen, visits, strict=True))
    run.out.show(
        {"peers": [_visit_row(peer, steps) for peer, steps in pairs]},
        lambda: _print(run, pairs),
    )
    return PEER if any(_first_failed(steps) for steps in visits) else OK


async def _visit_all(run: Run, chosen: Sequence[Peer]) -> list[list[CheckStep]]:
    """All visits at once: a dead partner must not make the others wait."""
    ours = run.settings.org
    key = load_signer(run.home.role_key("node"), f"{ours}/node")
    signer = RequestSigner(key, run.clock, SystemRandom())
    identities = {peer.org: peer.identity for peer in run.peers}
    identities[ours] = load_identity_key(run.home, ours)
    held = _sizes_held(run)
    return await asyncio.gather(
        *(
            visit(
                peer,
                run.clock,
                signer,
                settings=run.settings,
                identities=identities,
                held=held,
            )
            for peer in chosen
        )
    )


def _sizes_held(run: Run) -> Mapping[str, int]:
    """The sizes of the logs that we hold; a node that never ran holds none."""
    with contextlib.suppress(NotFoundError), run.open_database().view() as view:
        return {log.origin: log.size for log in list_logs(view)}
    return {}


def _visit_row(peer: Peer, steps: Sequence[CheckStep]) -> dict[str, Any]:
    """A visit for programs; `problem` is the code of what is wrong, or None."""
    wrong = _first_failed(steps)
    return {
        "org": peer.org,
        "url": peer.url,
        "problem": wrong.problem if wrong else None,
        "steps": steps,
    }


def _first_failed(steps: Sequence[CheckStep]) -> CheckStep | None:
    return next((step for step in steps if step.state == "failed"), None)


def _print(run: Run, pairs: Sequence[tuple[Peer, list[CheckStep]]]) -> None:
    """Each visit as a table, then a line for each partner: what to look at first."""
    for peer, steps in pairs:
        name = f"{peer.name} ({peer.org})" if peer.name else peer.org
        print_steps(run, name, steps)
    for peer, steps in pairs:
        run.out.line(_summary(run, peer.org, steps))


def _summary(run: Run, org: str, steps: Sequence[CheckStep]) -> str:
    t, wrong = run.t, _first_failed(steps)
    if wrong is not None:
        name = t(f"steps.name-{wrong.code}")
        number = steps.index(wrong) + 1
        return t("steps.summary-failed", org=org, number=number, name=name)
    warnings = sum(step.state == "warning" for step in steps)
    if warnings:
        return t("steps.summary-warned", org=org, warnings=warnings)
    return t("steps.summary-well", org=org)
