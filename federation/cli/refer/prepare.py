"""`federation refer prepare` and `approve`: papers are looked at, then they go.

Rule: what is approved are bytes, by their digest: papers that were changed after
somebody looked at them do not go. The papers may be those that `refer dossier` drew, or
a scan of them with signatures.
"""

from pathlib import Path

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.incidents.duedates import due_dates
from federation.cli.incidents.named import read_name
from federation.cli.refer.named import (
    ask,
    kind_of_papers,
    note_option,
    show_item,
    which,
)
from federation.config.agencies import load_agencies
from federation.errors import ConfigError, FormatError, NotFoundError
from federation.flows.incidents.index import is_behind
from federation.flows.refer.formal import find_lacking, read_label, tell_lacking
from federation.flows.refer.holding import find_holding
from federation.store.papers import MAX_PAPERS, PapersFolder
from federation.text import Sentence
from federation.text.cause import cause_of
from federation.web.requests.referrals import ApproveReferral, PrepareReferral

WAYS = ("email", "webhook", "by-hand")


@click.command("prepare", cls=Command, help="outbox.help-prepare")
@click.option("--dossier", "file", required=True, help="outbox.option-dossier")
@click.option("--way", type=click.Choice(WAYS), help="outbox.option-way")
@click.option("--initial", is_flag=True, help="outbox.option-initial")
@click.option("--complete", is_flag=True, help="outbox.option-complete")
@which
@command_options
def prepare(
    run: Run,
    *,
    file: str,
    way: str | None,
    initial: bool,
    complete: bool,
    **given: object,
) -> None:
    """Keep papers to be looked at, and say whom they go to and who was there."""
    if initial and complete:
        raise click.UsageError(run.t("outbox.initial-or-complete"))
    agency, data = str(given["agency"]), _read(file)
    more = {
        "way": way or _first_way(run, agency),
        "dossier": PapersFolder(run.home.outbox).save(data),
        "formal": "initial" if initial else "report" if complete else "",
    }
    item = ask(run, PrepareReferral, given, **more)
    show_item(run, item)
    if run.out.is_json:
        return
    t, out = run.t, run.out
    found = next(one for one in load_agencies(run.home.agencies) if one.key == agency)
    where = found.email if item.way == "email" else found.webhook
    out.line(t("outbox.goes-to", agency=found.name, way=t(f"refer.way-{item.way}")))
    out.line(where if where and item.way != "by-hand" else found.address or "")
    label = read_label(data)
    with run.open_database().view() as view:
        lacking = find_lacking(
            view, due_dates(run), read_name(run, str(given["name"])), label
        )
        if is_behind(view):
            out.note(t("incidents.behind"))
        org, now = run.settings.org, run.clock()
        for one in find_holding(view, org, item.incident, item.agency, now):
            out.note(t.say(one.tell()))
    if lacking:
        out.note(t.say(tell_lacking(lacking)))
    out.line(t(f"outbox.mail-{item.formal}"))
    if label is None and not (initial or complete or lacking):
        out.note(t("outbox.unseen"))
    path = PapersFolder(run.home.outbox).path(item.dossier)
    out.line(t("outbox.look-at", path=path))
    command = (
        f"federation refer approve {item.incident} --agency {item.agency}"
        f" --dossier {item.dossier}"
    )
    out.line(t("outbox.then", command=command))


@click.command("approve", cls=Command, help="outbox.help-approve")
@click.option("--dossier", required=True, help="outbox.option-digest")
@click.option("--anyway", default="", help="outbox.option-anyway")
@note_option
@which
@command_options
def approve(
    run: Run, *, dossier: str, anyway: str, note: bool, **given: object
) -> None:
    """Let exactly these papers go."""
    more = {"dossier": dossier.strip().lower(), "anyway": anyway.strip()}
    item = ask(run, ApproveReferral, given, kind=kind_of_papers(note=note), **more)
    run.finish(Sentence("cli.done-unsaid"))
    show_item(run, item)


def _first_way(run: Run, agency: str) -> str:
    """By which an agency is reached: as it is written first in `WAYS`.

    Raises:
        NotFoundError: there is no such agency.
    """
    path = run.home.agencies
    for one in load_agencies(path):
        if one.key == agency:
            return next(way for way in WAYS if way in one.ways)
    raise NotFoundError(Sentence("outbox.no-agency", key=agency, path=path))


def _read(file: str) -> bytes:
    """The papers, no more of them than may go.

    Raises:
        ConfigError: the file cannot be read.
        FormatError: it is too long.
    """
    try:
        with Path(file).open("rb") as papers:
            data = papers.read(MAX_PAPERS + 1)
    except OSError as error:
        reason = Sentence("machine.not-read", cause=cause_of(error))
        raise ConfigError(file, "", reason) from error
    if len(data) > MAX_PAPERS:
        raise FormatError(Sentence("outbox.no-pdf", most=MAX_PAPERS >> 20), file)
    return data
