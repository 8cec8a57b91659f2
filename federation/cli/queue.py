"""`federation queue`: which photographs of forms wait to be read.

Rule: with `--json` the output is what `GET /v1/queue` answers, byte for byte, and with
`--csv` what it answers as CSV. The database is only read.
"""

import sys
from typing import get_args

import click

from federation.cli.arguments import find_scope, page_options, scope_options
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.flows.query.cells import format_csv
from federation.flows.query.scope import read_names
from federation.flows.queue.answers import QueueAnswer, QueueOrder, WaitingForm
from federation.flows.queue.table import waiting_table
from federation.flows.queue.waiting import QueueAsked, list_queue
from federation.records.readingqueue import ReadingQueue, ReadingReason


@click.command("queue", cls=Command, help="queue.help")
@click.argument("which", type=click.Choice(get_args(ReadingQueue)))
@click.option("--region", default="", help="views.option-region")
@click.option(
    "--reason", type=click.Choice(get_args(ReadingReason)), help="queue.option-reason"
)
@click.option(
    "--order",
    type=click.Choice(get_args(QueueOrder)),
    default="gravest",
    help="queue.option-order",
)
@page_options(50, "queue.option-after")
@click.option("--csv", "is_csv", is_flag=True, help="queue.option-csv")
@scope_options
@command_options
def queue(  # noqa: PLR0913  one parameter for each option
    run: Run,
    which: ReadingQueue,
    *,
    region: str,
    reason: ReadingReason | None,
    order: QueueOrder,
    limit: int,
    after: str,
    election: str,
    contest: str,
    is_csv: bool,
) -> None:
    """What waits to be read."""
    scope = find_scope(run, election, contest)
    asked = QueueAsked(
        scope,
        which,
        run.settings.org,
        int(run.clock()),
        region,
        reason=reason or "",
        order=order,
    )
    with run.open_database().view() as view:
        answer = list_queue(view, asked, after, limit)
        codes = [form.tps for form in answer.forms]
        names = read_names(view, scope.election, codes) if is_csv else {}
    if is_csv:
        table = waiting_table(answer.forms, names, answer.cursor)
        sys.stdout.buffer.write(format_csv([table.columns, *table.rows]))
        return
    run.out.show(answer, lambda: _print(run, answer))


def _print(run: Run, answer: QueueAnswer) -> None:
    t = run.t
    if not answer.forms:
        run.out.line(t("queue.none"))
        return
    headers = ("code", "village", "reason", "photos", "held", "from")
    rows = [_row(run, form) for form in answer.forms]
    run.out.table([t(f"queue.column-{name}") for name in headers], rows, right=(3, 4))
    if answer.next:
        run.out.note(t("views.more", after=answer.next))


def _row(run: Run, form: WaitingForm) -> tuple[str | int, ...]:
    reason = run.t(f"queue.reason-{form.reason}")
    if form.being_read:
        reason = f"{reason} · {run.t('queue.being-read')}"
    return (
        form.tps,
        form.village,
        reason,
        len(form.photos),
        sum(photo.held for photo in form.photos),
        ", ".join(sorted({org for photo in form.photos for org in photo.orgs})),
    )
