"""`federation upgrade-check`: what the first start of this version would change."""

import asyncio
from collections.abc import Sequence
from importlib import metadata
from random import SystemRandom

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.steps import print_steps
from federation.flows.steps import CheckStep
from federation.node.house.examining import examine_upgrade
from federation.node.house.house import look_around


@click.command("upgrade-check", cls=Command, help="upgrade.help")
@command_options
def upgrade_check(run: Run) -> int:
    """Look, print what would change and what to do; 1 where it would not start."""
    house = look_around(run.folder, run.clock, SystemRandom())
    steps = asyncio.run(examine_upgrade(house))
    version = metadata.version("tps-federation")
    is_ready = all(step.state in {"ok", "warning"} for step in steps)
    value = {"version": version, "ready": is_ready, "steps": steps}
    run.out.show(value, lambda: _print(run, version, steps, is_ready=is_ready))
    return OK if is_ready else NEGATIVE


def _print(
    run: Run, version: str, steps: Sequence[CheckStep], *, is_ready: bool
) -> None:
    t = run.t
    print_steps(run, t("upgrade.title", version=version, home=run.folder), steps)
    if not is_ready:
        names = [t(f"steps.name-{one.code}") for one in steps if one.state == "failed"]
        run.out.line(t("upgrade.not-ready", names=", ".join(names)))
        return
    facts = {step.code: step.facts for step in steps}
    is_running = bool(facts["stopped"].get("running"))
    run.out.line(t("upgrade.ready-running" if is_running else "upgrade.ready"))
