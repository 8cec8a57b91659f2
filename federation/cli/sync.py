"""`federation sync`: ask partners now, or look at what they would bring."""

import click

from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command, CommandGroup
from federation.cli.output import MACHINE, OK, PEER
from federation.schedule import OF_DISK
from federation.web.requests.partners import PeerTurnReport, Sync


@click.group("sync", cls=CommandGroup, help="sync.help")
def sync() -> None:
    """The verbs hang here."""


@sync.command("now", cls=Command, help="sync.help-now")
@click.argument("orgs", nargs=-1)
@click.option("--dry-run", is_flag=True, help="sync.help-dry-run")
@command_options
def now(run: Run, orgs: tuple[str, ...], dry_run: bool) -> int:  # noqa: FBT001  # click
    """Ask all partners, or those named; exit code `PEER` when one failed."""
    turns = hand_in(run, Sync(orgs=orgs, dry_run=dry_run))
    run.out.show({"turns": turns}, lambda: _print(run, turns))
    if any(turn.outcome == OF_DISK for turn in turns):
        return MACHINE
    return OK if all(t.outcome in {"ok", "unchanged"} for t in turns) else PEER


def _print(run: Run, turns: list[PeerTurnReport]) -> None:
    t = run.t
    if not turns:
        run.out.line(t("sync.nobody"))
        return
    rows = []
    for turn in turns:
        outcome = t.word(f"sync.outcome-{turn.outcome}", turn.outcome)
        rows.append((turn.org, outcome, turn.new, turn.reason))
    headers = [t(f"sync.{name}") for name in ("org", "outcome", "new", "reason")]
    run.out.table(headers, rows, right=(2,))
