"""`federation photos remove | removals`: what is shown no longer, and who honours it.

Rule: the bytes go at once, whether or not anything can be signed now; the command says
which of the two was done. What is removed already is no failure. A store that keeps
what is deleted has removed nothing: that is said, and the exit code is `NEGATIVE`.
"""

import click

from federation.cli.arguments import page_options, read_digest
from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.statement import check_reason
from federation.cli.times import tell_second, tell_stamp
from federation.flows.photos.honour import Honouring
from federation.flows.photos.removallist import (
    AskedRemoval,
    RemovalEntry,
    RemovalsAnswer,
    list_removals,
)
from federation.records.removal import GROUNDS
from federation.text import Sentence
from federation.web.requests.photos import RemovedHere, RemovePhoto
from federation.web.requests.wire import check_request


@click.command("remove", cls=Command, help="removal.help")
@click.argument("digest")
@click.option("--reason", required=True, help="removal.option-reason")
@click.option(
    "--ground", type=click.Choice(GROUNDS), default="request",
    help="removal.option-ground", show_default=True,
)  # fmt: skip
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def remove(run: Run, *, digest: str, reason: str, ground: str, alone: bool) -> int:
    """Remove one photograph."""
    check_reason(run, reason)
    members = {"digest": read_digest(run, digest), "ground": ground, "reason": reason}
    done = hand_in(run, check_request(RemovePhoto, members), alone=alone)
    run.finish(Sentence("removal.unsaid-kept" if done.is_kept else "removal.unsaid"))
    run.out.show(done, lambda: _print_done(run, done))
    return NEGATIVE if done.is_kept else OK


def _print_done(run: Run, done: RemovedHere) -> None:
    t = run.t
    if done.is_kept:
        run.out.line(t("removal.hidden", digest=done.digest))
        run.out.line(t.say(done.why))
        return
    key = "removal.removed" if done.is_new else "removal.was-removed"
    run.out.line(t(key, digest=done.digest, day=tell_second(done.removed_at)))
    if done.statement:
        run.out.line(t("removal.said", record=done.statement))
    elif done.is_due:
        run.out.line(t("removal.due", why=done.why))


@click.command("removals", cls=Command, help="removal.help-removals")
@page_options(100, "photos.option-after")
@command_options
def list_removed(run: Run, *, after: str, limit: int) -> None:
    """Which were removed, and who honours it."""
    honoured = {peer.org for peer in run.peers if peer.honour_removals}
    whose = Honouring(run.settings.org, honoured)
    with run.open_database().view() as view:
        answer = list_removals(view, whose, after, limit)
    run.out.show(answer, lambda: _print_all(run, answer))


def _print_all(run: Run, answer: RemovalsAnswer) -> None:
    t = run.t
    if not answer.removals:
        run.out.line(t("removal.list-none"))
        return
    names = ("photo", "asked", "ground", "day", "here", "honoured")
    headers = [t(f"removal.list-{name}") for name in names]
    rows = [
        (
            entry.digest,
            asked.org,
            t.word(f"verifier.ground_{asked.ground}", asked.ground),
            tell_stamp(asked.recorded_at),
            _here(run, entry, asked),
            ", ".join(one.org for one in asked.honoured),
        )
        for entry in answer.removals
        for asked in entry.asked
    ]
    run.out.table(headers, rows)
    if answer.next:
        run.out.note(t("views.more", after=answer.next))


def _here(run: Run, entry: RemovalEntry, asked: AskedRemoval) -> str:
    """What became of it here, in words."""
    orgs = ", ".join(entry.kept_by)
    return run.t(f"removal.here-{entry.here}", org=asked.org, orgs=orgs)
