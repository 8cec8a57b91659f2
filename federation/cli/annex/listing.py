"""`federation annex list`: which annexes lie here; nothing of what they say."""

from typing import Literal

import click
import msgspec

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.times import tell_stamp
from federation.config.annexkey import load_annex_public
from federation.config.sealingkey import key_id
from federation.flows.annex.keep import is_due
from federation.store.annex import AnnexFolder, FoundAnnex

State = Literal["sealed", "due", "damaged", "other-key"]


class ListedAnnex(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One annex, as far as it can be known without opening it."""

    election: str
    incident: str
    state: State
    keep_until: str = ""
    sealed_at: str = ""
    key: str = ""


@click.command("list", cls=Command, help="annex.help-list")
@click.option("--election", help="import.option-election")
@command_options
def list_all(run: Run, *, election: str | None) -> None:
    """All of them, by election and incident."""
    home = run.home
    key = key_id(load_annex_public(home)) if home.annex_public.exists() else ""
    listed = [
        _listed(run, found, key)
        for found in AnnexFolder(home.annex).walk()
        if election in {None, found.election}
    ]

    def human() -> None:
        if not listed:
            run.out.line(run.t("annex.list-none"))
            return
        headers = ("election", "incident", "sealed-at", "keep-until", "state")
        rows = [
            (
                one.election,
                one.incident,
                tell_stamp(one.sealed_at) if one.sealed_at else "",
                one.keep_until,
                run.t(f"annex.state-{one.state}"),
            )
            for one in listed
        ]
        run.out.table([run.t(f"annex.list-{name}") for name in headers], rows)

    run.out.show({"annexes": listed}, human)


def _listed(run: Run, found: FoundAnnex, key: str) -> ListedAnnex:
    due = is_due(found, run.settings.annex.days, run.clock())
    head = found.head
    if head is None:
        return ListedAnnex(
            election=found.election, incident=found.incident, state="damaged"
        )
    state: State = "due" if due else "sealed"
    if head.key != key:
        state = "other-key"
    return ListedAnnex(
        election=found.election,
        incident=found.incident,
        state=state,
        keep_until=head.keep_until,
        sealed_at=head.sealed_at,
        key=head.key,
    )
