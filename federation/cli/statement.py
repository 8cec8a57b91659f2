"""Statements about our own records that nobody can take back: withdrawn, closed."""

import click

from federation.cli.client import hand_in
from federation.cli.context import Run
from federation.flows.ownlog.verdict import Verdict
from federation.sources.personal import why_personal
from federation.text import Sentence
from federation.web.requests.records import Close, Withdraw


def check_reason(run: Run, reason: str) -> None:
    """See that the reason, which everybody reads for ever, is text about nobody.

    Raises:
        click.UsageError: It is no line of text, or seems to hold what is somebody's.
    """
    problem = why_personal("reason", reason)
    if not (reason and reason.isprintable()):
        problem = Sentence("election.bad-reason")
    if problem:
        raise click.UsageError(run.t.say(problem))


def run_statement(run: Run, request: Withdraw | Close, *, alone: bool) -> Verdict:
    """Hand one statement in and give the verdict on it.

    Raises:
        FederationError: The desk could not be opened, or refused the statement.
    """
    verdict = hand_in(run, request, alone=alone)
    if verdict.outcome == "logged":
        run.finish(Sentence("cli.done-unsaid"))
    return verdict
