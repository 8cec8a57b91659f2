"""`federation refer by-hand`, `resolve`, `withdraw`: what somebody knows or decides.

Rule: each stands in the log of actions with who did it, before anything follows.
"""

import click

from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.refer.named import members_of, show_item, which
from federation.text import Sentence
from federation.web.requests.referrals import (
    HandOverReferral,
    ResolveReferral,
    WithdrawReferral,
)
from federation.web.requests.wire import check_request


@click.command("by-hand", cls=Command, help="outbox.help-by-hand")
@click.option("--reference", help="outbox.option-reference")
@which
@command_options
def by_hand(
    run: Run, *, name: str, agency: str, reference: str | None, person: str, alone: bool
) -> None:
    """It was brought to the agency."""
    members = members_of(run, name, agency, person) | {"reference": reference}
    item = hand_in(run, check_request(HandOverReferral, members), alone=alone)
    run.finish(Sentence("cli.done-unsaid"))
    show_item(run, item)


@click.command("resolve", cls=Command, help="outbox.help-resolve")
@click.option("--was-sent", is_flag=True, help="outbox.option-was-sent")
@click.option("--send-again", is_flag=True, help="outbox.option-send-again")
@which
@command_options
def resolve(  # noqa: PLR0913  one parameter for each option
    run: Run,
    *,
    name: str,
    agency: str,
    was_sent: bool,
    send_again: bool,
    person: str,
    alone: bool,
) -> None:
    """What became of one that nobody is sure about."""
    if was_sent is send_again:
        raise click.UsageError(run.t("outbox.one-of-both"))
    members = members_of(run, name, agency, person) | {"was_sent": was_sent}
    item = hand_in(run, check_request(ResolveReferral, members), alone=alone)
    run.finish(Sentence("cli.done-unsaid"))
    show_item(run, item)


@click.command("withdraw", cls=Command, help="outbox.help-withdraw")
@which
@command_options
def withdraw(run: Run, *, name: str, agency: str, person: str, alone: bool) -> None:
    """It does not go after all."""
    members = members_of(run, name, agency, person)
    item = hand_in(run, check_request(WithdrawReferral, members), alone=alone)
    run.finish(Sentence("cli.done-unsaid"))
    show_item(run, item)
