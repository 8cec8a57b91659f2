"""What the verbs of `federation refer` are given: an incident, an agency, by whom."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

import click
from msgspec import to_builtins

from federation.cli.client import hand_in
from federation.cli.context import Run
from federation.cli.incidents.named import read_name
from federation.flows.refer.holding import StandingReferral, find_holding
from federation.store.outbox import OutboxItem, OutboxKind
from federation.store.view import View
from federation.web.requests.request import Request
from federation.web.requests.wire import check_request

F = TypeVar("F", bound=Callable[..., object])

agency_option: Final = click.option(
    "--agency", required=True, help="outbox.option-agency"
)
as_option: Final = click.option("--as", "person", default="", help="annex.option-as")
alone_option: Final = click.option("--alone", is_flag=True, help="import.option-alone")


note_option: Final = click.option("--note", is_flag=True, help="outbox.option-note")


def which(function: F) -> F:
    """The command with the name of an incident, `--agency`, `--as` and `--alone`."""
    name = click.argument("name")
    return name(agency_option(as_option(alone_option(function))))


def ask(
    run: Run,
    request: type[Request[OutboxItem]],
    given: Mapping[str, object],
    **more: object,
) -> OutboxItem:
    """What a request about one on its way is answered; `given`: of `which`.

    Raises:
        click.UsageError: it is no name of an incident.
        FederationError: what was answered instead.
    """
    members = {
        "incident": to_builtins(read_name(run, str(given["name"]))),
        "agency": given["agency"],
        "person": given["person"],
        **more,
    }
    return hand_in(run, check_request(request, members), alone=bool(given["alone"]))


def kind_of_papers(*, note: bool) -> OutboxKind:
    """Whether the note is meant, or the report."""
    return "note" if note else "dossier"


def show_item(run: Run, item: OutboxItem) -> None:
    """Say how far it is, and what the agency or its server answered."""

    def human() -> None:
        t = run.t
        state = t(f"outbox.state-{item.state}")
        told = t("outbox.is", incident=item.incident, agency=item.agency, state=state)
        if item.kind == "note":
            told = f"{t('outbox.kind-note')}: {told}"
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


def find_others(run: Run, view: View, item: OutboxItem) -> list[StandingReferral]:
    """Who else is taking it there, or did, by what is held here."""
    which = item.incident, item.agency, run.clock(), item.kind
    return find_holding(view, run.settings.org, *which)


def note_others(run: Run, item: OutboxItem, others: Iterable[StandingReferral]) -> None:
    """Say who else is taking it there, or did."""
    for one in others:
        told = run.t("outbox.other", incident=item.incident, agency=item.agency)
        run.out.note(f"{told} {run.t.say(one.tell())}")
