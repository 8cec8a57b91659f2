"""`federation annex add`: seal what is personal of an incident, and keep it.

Rule: sealed in this process with the public key; the node is handed what it cannot
read. From a file, from standard input, or asked on the terminal: never from arguments.
"""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Final

import click
import msgspec

from federation.cli.annex.given import as_option, read_incident
from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.config.annexkey import load_annex_public
from federation.config.keystore import read_handed
from federation.config.sealingkey import key_id
from federation.errors import ConfigError, FormatError
from federation.flows.annex.contents import (
    AnnexPerson,
    ExactPosition,
    IncidentAnnex,
    parse_contents,
)
from federation.flows.annex.sealing import last_day, seal
from federation.flows.annex.uses import check_why
from federation.records.canonical import convert, format_time
from federation.records.kinds import INCIDENT
from federation.store.annex import AnnexHead, format_annex
from federation.store.incidents import is_reported
from federation.text import Sentence
from federation.text.cause import cause_of
from federation.web.requests.annexes import SaveAnnex, SavedAnnex

FILE: Final = "--file"
#: As of `annex.days`: what nobody needs any more is not to be kept.
MAX_DAYS: Final = 3_650
_MAX_BYTES: Final = 1 << 19


@click.command("add", cls=Command, help="annex.help-add")
@click.argument("incident")
@click.option("--election", help="import.option-election")
@click.option(FILE, "path", help="annex.option-file")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="annex.option-until")
@click.option("--replace", is_flag=True, help="annex.option-replace")
@as_option
@click.option("--why", default="", help="annex.option-why-add")
@command_options
def add(run: Run, *, incident: str, path: str | None, **given: object) -> None:
    """Seal and keep one annex."""
    election, name = read_incident(run, incident, given["election"])  # type: ignore[arg-type]  # click gives str | None
    why, until = str(given["why"]).strip(), given["until"]
    check_why(why)
    head = AnnexHead(
        election=election,
        incident=name,
        keep_until=_last_day(run, until if isinstance(until, datetime) else None),
        key=key_id(public := load_annex_public(run.home)),
        org=run.settings.org,
        sealed_at=format_time(run.clock()),
    )
    contents = _read(path) if path else _ask(run)
    request = SaveAnnex(
        annex=format_annex(seal(contents, head, public)).decode(),
        person=str(given["person"]),
        why=why,
        replace=bool(given["replace"]),
    )
    saved = hand_in(run, request, signs=False)
    run.finish(Sentence("cli.done-unsaid"))
    value = {"election": election, "incident": name, "keep_until": saved.keep_until}
    value["replaced"] = saved.replaced  # type: ignore[assignment]  # a value of JSON
    run.out.show(value, lambda: _print(run, name, saved))
    with run.open_database().view() as view:
        if not is_reported(view, INCIDENT.name, name):
            run.out.note(run.t("annex.no-report", incident=name))


def _last_day(run: Run, until: datetime | None) -> str:
    """The day until which it is kept.

    Raises:
        FormatError: it is over, or further away than anybody needs it.
    """
    now = run.clock()
    if until is None:
        return last_day(now, run.settings.annex.days)
    if until.date() < date.fromisoformat(last_day(now, 0)):
        raise FormatError(
            Sentence("annex.day-over", day=f"{until:%Y-%m-%d}"), "--until"
        )
    if until.date() > date.fromisoformat(last_day(now, MAX_DAYS)):
        why = Sentence("annex.day-far", days=MAX_DAYS)
        raise FormatError(why, "--until")
    return until.date().isoformat()


def _print(run: Run, incident: str, saved: SavedAnnex) -> None:
    key = "annex.replaced" if saved.replaced else "annex.added"
    run.out.line(run.t(key, incident=incident, day=saved.keep_until))


def _read(path: str) -> IncidentAnnex:
    """What a file says that only its owner can read, or standard input (`-`).

    Raises:
        FormatError: it is no annex, or too large.
        ConfigError: it cannot be read, or others can read it too.
    """
    if path == "-":
        data, at = sys.stdin.buffer.read(_MAX_BYTES + 1), "-"
    else:
        at = path
        try:
            data = read_handed(Path(path), _MAX_BYTES + 1)
        except OSError as error:
            reason = Sentence("machine.not-read", cause=cause_of(error))
            raise ConfigError(path, "", reason) from error
    if len(data) > _MAX_BYTES:
        raise FormatError(Sentence("annex.too-large", most=_MAX_BYTES), at)
    return parse_contents(data, at)


def _ask(run: Run) -> IncidentAnnex:
    """What somebody types on the terminal; an empty answer leaves a thing out.

    Raises:
        click.UsageError: there is no terminal.
        RecordError: an answer is outside its bounds.
        FormatError: nothing was said.
    """
    reporter = _ask_person(run, "reporter")
    accused = _ask_people(run, "accused")
    witnesses = _ask_people(run, "witness")
    contents = IncidentAnnex(
        reporter=reporter,
        accused=accused,
        witnesses=witnesses,
        position=_ask_position(run),
        notes=_ask_line(run, "annex.ask-notes"),
    )
    if contents == IncidentAnnex():
        raise FormatError(Sentence("annex.empty"))
    # Its own bounds, as of what comes in a file.
    return convert(msgspec.to_builtins(contents), IncidentAnnex)


def _ask_people(run: Run, who: str) -> tuple[AnnexPerson, ...]:
    people: list[AnnexPerson] = []
    while person := _ask_person(run, who):
        people.append(person)
    return tuple(people)


def _ask_person(run: Run, who: str) -> AnnexPerson | None:
    name = _ask_line(run, f"annex.ask-{who}")
    if not name:
        return None
    return AnnexPerson(
        name=name,
        address=_ask_line(run, "annex.ask-address"),
        contact=_ask_line(run, "annex.ask-contact"),
        about=_ask_line(run, "annex.ask-about"),
    )


def _ask_position(run: Run) -> ExactPosition | None:
    """Two numbers with a comma between, or nothing.

    Raises:
        FormatError: it is something else.
    """
    text = _ask_line(run, "annex.ask-position")
    if not text:
        return None
    lat, _, lon = text.partition(",")
    try:
        return ExactPosition(lat=float(lat), lon=float(lon))
    except ValueError:
        raise FormatError(Sentence("annex.no-position")) from None


def _ask_line(run: Run, key: str) -> str:
    return run.ask(run.t(key), FILE, default="")
