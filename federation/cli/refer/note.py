"""`federation refer note`: the words that tell an agency that two reports are one.

Rule: it is written for somebody to look at, and goes nowhere by itself: not a second
dossier, and nothing of the first.
"""

from pathlib import Path
from typing import Any

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.incidents.named import read_name
from federation.config.agencies import load_agencies
from federation.config.disk import PRIVATE_FILE, create_file
from federation.errors import ConflictError, NotFoundError
from federation.flows.refer.holding import find_holding
from federation.records.canonical import format_time
from federation.store.outbox import find_item
from federation.text import Sentence, Text


@click.command("note", cls=Command, help="outbox.help-note")
@click.argument("name")
@click.option("--agency", required=True, help="outbox.option-agency")
@click.option("--out", required=True, help="outbox.option-out")
@command_options
def note(run: Run, *, name: str, agency: str, out: str) -> None:
    """Write it to a new file."""
    path, incident = Path(out), str(read_name(run, name))
    if path.exists():
        raise ConflictError(Sentence("machine.not-overwritten", path=path))
    org = run.settings.org
    with run.open_database().view() as view:
        ours = find_item(view, incident, agency)
        found = find_holding(view, org, incident, agency, run.clock())
    others = [one for one in found if one.is_there]
    if ours is None or not others:
        why = Sentence("outbox.note-none", incident=incident, agency=agency)
        raise NotFoundError(why)
    known = load_agencies(run.home.agencies)
    receiver = next((one for one in known if one.key == agency), None)
    t = run.t if receiver is None else Text(receiver.language)
    text = t(
        "outbox.note",
        agency=agency if receiver is None else receiver.name,
        name=run.settings.name,
        ours=_line(
            t,
            org=org,
            incident=incident,
            at=format_time(ours.tried_at),
            dossier=ours.dossier,
            number=ours.reference,
        ),
        others="\n".join(
            _line(
                t,
                org=one.org,
                incident=one.incident,
                at=one.at,
                dossier=one.dossier,
                number=one.reference,
            )
            for one in others
        ),
    )
    create_file(path, f"{text}\n".encode(), PRIVATE_FILE)
    value: dict[str, Any] = {"out": str(path), "others": [one.org for one in others]}
    run.out.show(value, lambda: run.out.line(run.t("outbox.note-written", path=path)))


def _line(t: Text, *, dossier: str, number: str, **values: str) -> str:
    unknown = t("outbox.unknown")
    values |= {"dossier": dossier[:16] or unknown, "number": number or unknown}
    return t("outbox.note-line", **values)
