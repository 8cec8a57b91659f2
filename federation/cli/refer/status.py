"""`federation refer status`: what is on its way, what is there, who else was.

Rule: the database is only read.
"""

from typing import Any

import click
from msgspec import to_builtins

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.refer.named import find_others, note_others
from federation.cli.times import tell_second
from federation.flows.incidents.index import is_behind
from federation.flows.refer.holding import StandingReferral
from federation.store.outbox import OutboxItem, list_items


@click.command("status", cls=Command, help="outbox.help-status")
@click.option("--unfinished", is_flag=True, help="outbox.option-unfinished")
@command_options
def status(run: Run, *, unfinished: bool) -> None:
    """All of ours, and who else has been at the same agency."""
    found: list[tuple[OutboxItem, list[StandingReferral]]] = []
    with run.open_database().view() as view:
        behind = is_behind(view)
        for item in list_items(view):
            if unfinished and item.state in {"sent", "acknowledged"} and not item.due:
                continue
            found.append((item, find_others(run, view, item)))
    if behind:
        run.out.note(run.t("incidents.behind"))
    value = {"referrals": [_describe(item, others) for item, others in found]}
    run.out.show(value, lambda: _print(run, found))


def _describe(item: OutboxItem, others: list[StandingReferral]) -> dict[str, Any]:
    value: dict[str, Any] = to_builtins(item, enc_hook=str)
    value["others"] = [one._asdict() | {"names": sorted(one.names)} for one in others]
    return value


def _print(run: Run, found: list[tuple[OutboxItem, list[StandingReferral]]]) -> None:
    t = run.t
    if not found:
        run.out.line(t("outbox.nothing"))
        return
    names = ("incident", "agency", "kind", "way", "state", "since", "tries")
    shown = (*names, "number", "answer")
    rows = [
        (
            item.incident,
            item.agency,
            t(f"outbox.kind-{item.kind}"),
            t(f"refer.way-{item.way}"),
            t(f"outbox.state-{item.state}"),
            tell_second(item.tried_at or item.approved_at or item.prepared_at),
            item.tries,
            item.reference,
            item.answer,
        )
        for item, _ in found
    ]
    run.out.table([t(f"outbox.column-{name}") for name in shown], rows)
    for item, others in found:
        note_others(run, item, others)
