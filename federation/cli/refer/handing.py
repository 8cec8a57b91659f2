"""`federation refer by-hand`, `resolve`, `withdraw`: what somebody knows or decides.

Rule: each stands in the log of actions with who did it, before anything follows.
"""

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.refer.named import (
    ask,
    find_others,
    kind_of_papers,
    note_option,
    note_others,
    show_item,
    which,
)
from federation.text import Sentence
from federation.web.requests.referrals import (
    HandOverReferral,
    ResolveReferral,
    WithdrawReferral,
)


@click.command("by-hand", cls=Command, help="outbox.help-by-hand")
@click.option("--reference", help="outbox.option-reference")
@note_option
@which
@command_options
def by_hand(run: Run, *, reference: str | None, note: bool, **given: object) -> None:
    """It was brought to the agency."""
    more = {"reference": reference, "kind": kind_of_papers(note=note)}
    item = ask(run, HandOverReferral, given, **more)
    run.finish(Sentence("cli.done-unsaid"))
    show_item(run, item)
    # It is there, whoever was before: the agency is then told that both are one.
    with run.open_database().view() as view:
        note_others(run, item, find_others(run, view, item))


@click.command("resolve", cls=Command, help="outbox.help-resolve")
@click.option("--was-sent", is_flag=True, help="outbox.option-was-sent")
@click.option("--send-again", is_flag=True, help="outbox.option-send-again")
@note_option
@which
@command_options
def resolve(
    run: Run, *, was_sent: bool, send_again: bool, note: bool, **given: object
) -> None:
    """What became of one that nobody is sure about."""
    if was_sent is send_again:
        raise click.UsageError(run.t("outbox.one-of-both"))
    more = {"was_sent": was_sent, "kind": kind_of_papers(note=note)}
    item = ask(run, ResolveReferral, given, **more)
    run.finish(Sentence("cli.done-unsaid"))
    show_item(run, item)


@click.command("withdraw", cls=Command, help="outbox.help-withdraw")
@note_option
@which
@command_options
def withdraw(run: Run, *, note: bool, **given: object) -> None:
    """It does not go after all."""
    item = ask(run, WithdrawReferral, given, kind=kind_of_papers(note=note))
    run.finish(Sentence("cli.done-unsaid"))
    show_item(run, item)
