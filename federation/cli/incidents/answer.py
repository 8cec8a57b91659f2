"""`federation incidents answer`: what an agency answered is signed, for partners."""

from typing import Any

import click
from msgspec import to_builtins

from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.incidents.named import read_name
from federation.cli.output import NEGATIVE, OK
from federation.errors import ConflictError, NotFoundError
from federation.records.incident import IncidentName
from federation.records.incidentstatus import OUTCOMES
from federation.store.agencyanswers import find_answer
from federation.store.outbox import list_items
from federation.text import Sentence
from federation.web.requests.incidents import StateIncident
from federation.web.requests.mail import EndMail
from federation.web.requests.wire import check_request

ANSWERS = ("registered", "not_registered", "decided")


@click.command("answer", cls=Command, help="outbox.help-answer")
@click.argument("name")
@click.option("--reference", required=True, help="incidents.option-reference")
@click.option(
    "--outcome",
    "state",
    required=True,
    type=click.Choice(ANSWERS),
    help="outbox.option-outcome",
)
@click.option("--agency", help="incidents.option-agency")
@click.option("--finding", type=click.Choice(OUTCOMES), help="outbox.option-finding")
@click.option("--text", help="outbox.option-text")
@click.option("--mail", "mail_id", help="answers.option-mail")
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def answer(  # noqa: PLR0913  one parameter for each option
    run: Run,
    *,
    name: str,
    reference: str,
    state: str,
    agency: str | None,
    finding: str | None,
    text: str | None,
    mail_id: str | None,
    alone: bool,
) -> int:
    """Say what it answered."""
    incident = read_name(run, name)
    ended = None if mail_id is None else _mail_of(run, mail_id, incident)
    members: dict[str, Any] = {
        "incident": to_builtins(incident),
        "status": state,
        "agency": agency or _only_agency(run, incident),
        "reference": reference,
        "outcome": finding,
        "reason": text,
    }
    verdict = hand_in(run, check_request(StateIncident, members), alone=alone)
    if ended is not None and verdict.outcome != "refused":
        # Behind it: a mail that is done with and not said is one that nobody looks at.
        hand_in(run, ended, signs=False)
    run.finish(Sentence("cli.done-unsaid"))
    sentence = run.t(
        f"incidents.status-{verdict.outcome}",
        incident=incident,
        status=run.t(f"verifier.status_{state}"),
        reason=verdict.reason,
    )
    run.out.show(verdict, lambda: run.out.line(sentence))
    return NEGATIVE if verdict.outcome == "refused" else OK


def _mail_of(run: Run, mail_id: str, incident: IncidentName) -> EndMail:
    """To say that a mail is dealt with: it is here, and not about another report.

    Raises:
        NotFoundError: it is not here.
        ConflictError: it is about another one.
    """
    ended = check_request(EndMail, {"id": mail_id})
    with run.open_database().view() as view:
        found = find_answer(view, mail_id)
    if found is None:
        raise NotFoundError(Sentence("answers.no-mail", id=mail_id))
    if found.incident not in {"", str(incident)}:
        raise ConflictError(Sentence("answers.of-another", incident=found.incident))
    return ended


def _only_agency(run: Run, incident: IncidentName) -> str | None:
    """The agency that we took it to, if there is one only."""
    with run.open_database().view() as view:
        found = {
            one.agency
            for one in list_items(view)
            if (one.incident, one.kind) == (str(incident), "dossier")
            and one.state in {"sent", "acknowledged"}
        }
    return found.pop() if len(found) == 1 else None
