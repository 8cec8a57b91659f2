"""`federation incidents answer`: what an agency answered is signed, for partners.

Without a NAME it is about the report that the mail answers, or that has this number.
"""

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
from federation.store.agencyanswers import AgencyAnswer, find_answer
from federation.store.outbox import list_items
from federation.text import Sentence
from federation.web.requests.incidents import StateIncident
from federation.web.requests.mail import EndMail
from federation.web.requests.wire import check_request

ANSWERS = ("registered", "not_registered", "decided")


@click.command("answer", cls=Command, help="outbox.help-answer")
@click.argument("name", required=False)
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
    name: str | None,
    reference: str,
    state: str,
    agency: str | None,
    finding: str | None,
    text: str | None,
    mail_id: str | None,
    alone: bool,
) -> int:
    """Say what it answered."""
    mail = None if mail_id is None else _read_mail(run, mail_id)
    if name is None:
        incident, agency = _find_meant(run, mail, reference, agency)
    else:
        incident = read_name(run, name)
    _check_mail(mail, incident)
    members: dict[str, Any] = {
        "incident": to_builtins(incident),
        "status": state,
        "agency": agency or _only_agency(run, incident),
        "reference": reference,
        "outcome": finding,
        "reason": text,
    }
    verdict = hand_in(run, check_request(StateIncident, members), alone=alone)
    if mail is not None and verdict.outcome != "refused":
        # Behind it: a mail that is done with and not said is one that nobody looks at.
        hand_in(run, check_request(EndMail, {"id": mail.id}), signs=False)
    run.finish(Sentence("cli.done-unsaid"))
    sentence = run.t(
        f"incidents.status-{verdict.outcome}",
        incident=incident,
        status=run.t(f"verifier.status_{state}"),
        reason=verdict.reason,
    )
    run.out.show(verdict, lambda: run.out.line(sentence))
    return NEGATIVE if verdict.outcome == "refused" else OK


def _read_mail(run: Run, mail_id: str) -> AgencyAnswer:
    """A mail of an agency.

    Raises:
        NotFoundError: it is not here.
    """
    with run.open_database().view() as view:
        found = find_answer(view, mail_id)
    if found is None:
        raise NotFoundError(Sentence("answers.no-mail", id=mail_id))
    return found


def _check_mail(mail: AgencyAnswer | None, incident: IncidentName) -> None:
    """Return if no mail is dealt with, or one that may be about this report.

    Raises:
        ConflictError: it is about another one.
    """
    if mail is not None and mail.incident not in {"", str(incident)}:
        raise ConflictError(Sentence("answers.of-another", incident=mail.incident))


def _find_meant(
    run: Run, mail: AgencyAnswer | None, number: str, agency: str | None
) -> tuple[IncidentName, str | None]:
    """The report that a mail answers, or that has this number at an agency, and which.

    Raises:
        NotFoundError: none has it.
        ConflictError: several have it.
    """
    if mail is not None and mail.incident:
        return read_name(run, mail.incident), agency or mail.agency or None
    with run.open_database().view() as view:
        found = [
            (one.incident, one.agency)
            for one in list_items(view)
            if (one.reference, one.kind) == (number, "dossier")
            and agency in (None, one.agency)
        ]
    if not found:
        raise NotFoundError(Sentence("answers.no-number", number=number))
    if len(found) > 1:
        named = ", ".join(f"{incident} ({at})" for incident, at in found)
        raise ConflictError(Sentence("answers.same-number", named=named))
    [(incident, at)] = found
    return read_name(run, incident), at


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
