"""`federation annex purge`: one annex, or all whose time has come, deleted for good."""

from collections.abc import Iterable

import click

from federation.cli.annex.given import as_option, checked_why, read_incident
from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.text import Sentence
from federation.web.requests.annexes import PapersLeft, PurgeAnnex, PurgeDueAnnexes


@click.command("purge", cls=Command, help="annex.help-purge")
@click.argument("incident", required=False)
@click.option("--election", help="import.option-election")
@click.option("--due", is_flag=True, help="annex.option-due")
@as_option
@click.option("--why", default="", help="annex.option-why")
@command_options
def purge(
    run: Run,
    *,
    incident: str | None,
    election: str | None,
    due: bool,
    person: str,
    why: str,
) -> None:
    """Delete what is named."""
    if due == (incident is not None):
        raise click.UsageError(run.t("annex.which"))
    if incident is None:
        _purge_due(run)
        return
    where, name = read_incident(run, incident, election)
    request = PurgeAnnex(
        election=where, incident=name, why=checked_why(why), person=person
    )
    done = hand_in(run, request, signs=False)
    run.finish(Sentence("cli.done-unsaid"))
    value = {"election": where, "incident": name, "purged": True, "left": done.left}

    def human() -> None:
        run.out.line(run.t("annex.purged", incident=name))
        _print_left(run, done.left)

    run.out.show(value, human)


def _print_left(run: Run, left: Iterable[PapersLeft]) -> None:
    for one in left:
        told = run.t("annex.papers-left", incident=one.incident, agency=one.agency)
        run.out.note(told)


def _purge_due(run: Run) -> None:
    done = hand_in(run, PurgeDueAnnexes(), signs=False)
    run.finish(Sentence("cli.done-unsaid"))

    def human() -> None:
        run.out.line(run.t("annex.swept", count=done.purged))
        if done.damaged:
            run.out.line(run.t("annex.some-damaged", count=done.damaged))
        _print_left(run, done.left)

    run.out.show(done, human)
