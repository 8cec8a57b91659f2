"""`federation election close`: the end of a log of ours, and who confirms to hold it.

Rule: the last entry is signed and durable before anything is waited for. Waiting only
tells when as many partners as the quorum asks for (`[witness]`) hold the log to its
end; whoever stops waiting loses nothing.
"""

import time
from typing import Final

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.statement import check_reason, run_statement
from federation.errors import NotFoundError
from federation.records.keychain import format_origin
from federation.records.keystatement import INCIDENTS
from federation.text import Sentence
from federation.web.requests.records import Close

WAIT_S: Final = 60
_LONGEST_WAIT_S: Final = 86_400
_LOOK_S: Final = 0.5


@click.command("close", cls=Command, help="election.help-close")
@click.argument("name", metavar="ELECTION")
@click.option("--incidents", is_flag=True, help="election.option-incidents")
@click.option("--reason", required=True, help="election.option-reason")
@click.option(
    "--wait",
    type=click.IntRange(0, _LONGEST_WAIT_S),
    default=WAIT_S,
    show_default=True,
    help="election.option-wait",
)
@click.option("--yes", is_flag=True, help="cli.option-yes")
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def close(  # noqa: PLR0913  one parameter for each option
    run: Run,
    *,
    name: str,
    incidents: bool,
    reason: str,
    wait: int,
    yes: bool,
    alone: bool,
) -> int | None:
    """End our own history of an election, or that of its reports, for ever."""
    out, t = run.out, run.t
    if name not in run.settings.elections:
        raise NotFoundError(Sentence("election.not-ours", election=name))
    check_reason(run, reason)
    of = "-incidents" if incidents else ""
    if not yes and not run.confirm(t(f"election.sure{of}", election=name)):
        return NEGATIVE
    request = Close(election=name, reason=reason, incidents=incidents)
    verdict = run_statement(run, request, alone=alone)
    if verdict.outcome != "logged" or verdict.index is None:
        said = t(f"election.not-closed{of}", election=name, reason=verdict.reason)
        out.show(verdict, lambda: out.line(said))
        return NEGATIVE
    out.note(t(f"election.closed{of}", election=name))
    origin = run.settings.origin_of(name)
    if incidents:
        origin = format_origin(run.settings.org, name, INCIDENTS)
    quorum = run.settings.witness.quorum
    holders = _await_holders(run, origin, verdict.index, quorum, wait)
    value = {
        "election": name,
        "origin": origin,
        "index": verdict.index,
        "outcome": verdict.outcome,
        "record": verdict.record,
        "holders": holders,
        "quorum": quorum,
        "held": len(holders) >= quorum,
    }
    key = "closed-held" if len(holders) >= quorum else "closed-waits"
    orgs = ", ".join(holders) or "-"
    told = t(f"election.{key}", count=len(holders), quorum=quorum, orgs=orgs)
    out.show(value, lambda: out.line(told))
    if not incidents and name in run.settings.incidents:
        # They go on for weeks: an agency answers when it has decided.
        out.note(t("election.reports-open", election=name))
    return OK


def _await_holders(
    run: Run, origin: str, index: int, quorum: int, wait_s: int
) -> list[str]:
    """Who confirms to hold the last entry: as many as asked for, or after `wait_s`."""
    # Imported here: help, and a list of elections, must not pay for the store.
    from federation.store import cosignatures  # noqa: PLC0415  # start-up time

    database = run.open_database()
    # Where no node runs, nobody can fetch it while this command waits.
    until = time.monotonic() + (wait_s if run.home.control.exists() else 0)
    seen = 0
    label = run.t("election.awaited")
    with run.out.progress(quorum, label) as advance:
        while True:
            with database.view() as view:
                confirmed = cosignatures.load_holders(view, [origin])
                holders = cosignatures.list_holders(confirmed, origin, index)
            advance(len(holders) - seen)
            seen = len(holders)
            if seen >= quorum or time.monotonic() >= until:
                return holders
            time.sleep(_LOOK_S)
