"""`federation incidents status`: what we say of a report is signed, for partners."""

from typing import Any

import click
from msgspec import to_builtins

from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.incidents.named import read_name
from federation.cli.output import NEGATIVE, OK
from federation.records.incidentstatus import OUTCOMES, PAIR_STATES, STATES
from federation.text import Sentence
from federation.web.requests.incidents import StateIncident
from federation.web.requests.wire import check_request


@click.command("status", cls=Command, help="incidents.help-status")
@click.argument("name")
@click.argument("state", type=click.Choice(STATES))
@click.option("--duplicate-of", help="incidents.option-duplicate-of")
@click.option("--agency", help="incidents.option-agency")
@click.option("--reference", help="incidents.option-reference")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="incidents.option-outcome")
@click.option("--reason", help="incidents.option-reason")
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def status(
    run: Run,
    *,
    name: str,
    state: str,
    duplicate_of: str | None,
    alone: bool,
    **given: str | None,
) -> int:
    """Say it."""
    if (state in PAIR_STATES) is (duplicate_of is None):
        raise click.UsageError(run.t("incidents.pair-option"))
    incident = read_name(run, name)
    members: dict[str, Any] = {"status": state, **given}
    members["incident"] = to_builtins(incident)
    if duplicate_of is not None:
        members["duplicate_of"] = to_builtins(read_name(run, duplicate_of))
    verdict = hand_in(run, check_request(StateIncident, members), alone=alone)
    run.finish(Sentence("cli.done-unsaid"))
    sentence = run.t(
        f"incidents.status-{verdict.outcome}",
        incident=incident,
        status=run.t(f"verifier.status_{state}"),
        reason=run.t.word(f"incidents.why-{verdict.code}", verdict.reason),
    )
    run.out.show(verdict, lambda: run.out.line(sentence))
    return NEGATIVE if verdict.outcome == "refused" else OK
