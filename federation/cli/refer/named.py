"""What the verbs of `federation refer` are given: an incident, an agency, by whom."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click
from msgspec import to_builtins

from federation.cli.context import Run
from federation.cli.incidents.named import read_name
from federation.store.outbox import OutboxItem

F = TypeVar("F", bound=Callable[..., object])

agency_option: Final = click.option(
    "--agency", required=True, help="outbox.option-agency"
)
as_option: Final = click.option("--as", "person", default="", help="annex.option-as")
alone_option: Final = click.option("--alone", is_flag=True, help="import.option-alone")


def which(function: F) -> F:
    """The command with the name of an incident, `--agency`, `--as` and `--alone`."""
    name = click.argument("name")
    return name(agency_option(as_option(alone_option(function))))


def members_of(run: Run, name: str, agency: str, person: str) -> dict[str, Any]:
    """The members of every request about one on its way.

    Raises:
        click.UsageError: it is no name of an incident.
    """
    incident = to_builtins(read_name(run, name))
    return {"incident": incident, "agency": agency, "person": person}


def show_item(run: Run, item: OutboxItem) -> None:
    """Say how far it is, and what the agency or its server answered."""

    def human() -> None:
        t = run.t
        state = t(f"outbox.state-{item.state}")
        told = t("outbox.is", incident=item.incident, agency=item.agency, state=state)
        run.out.line(told)
        if item.reference:
            run.out.line(t("outbox.number", number=item.reference))
        if item.answer:
            run.out.line(t("outbox.answered", answer=item.answer))
        if item.due:
            run.out.note(t("outbox.not-said-yet"))
        if item.state == "intended" and not item.due and item.way != "by-hand":
            run.out.note(t("outbox.goes-soon"))

    run.out.show(item, human)
