"""`federation people`: who of our organisation is let in, by a link.

A link is shown once, when it is made; the node keeps its digest only. Whoever has it is
let in with its role, so it goes to one person, on a way that others do not read.
"""

import secrets
import sys
from datetime import UTC, datetime
from typing import Final

import click

from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import CommandGroup
from federation.cli.streams import can_say, named
from federation.cli.times import tell_time
from federation.config.recovery import format_code
from federation.errors import ConfigError
from federation.flows.query.cells import format_csv
from federation.records.canonical import check_text, format_time
from federation.records.readers import ROLES
from federation.store.actions import NotedAction, read_actions
from federation.store.people import KnownPerson, list_people
from federation.text import Sentence
from federation.web.requests.people import (
    LINK_MEMBER,
    SIGN_IN_PATH,
    Added,
    AddPerson,
    ForgetActions,
    RevokePerson,
)
from federation.web.requests.wire import check_request

SECRET_BYTES: Final = 32
DAYS: Final = 30
_DAY_S: Final = 86_400
_PAGE: Final = 1_000
_NEWEST: Final = 1 << 62


@click.group("people", cls=CommandGroup, help="people.help")
def people() -> None:
    """The verbs hang here."""


@people.command("add", help="people.help-add")
@click.argument("name")
@click.option(
    "--role", type=click.Choice(ROLES), required=True, help="people.option-role"
)
@click.option(
    "--days",
    type=click.IntRange(1, 366),
    default=DAYS,
    show_default=True,
    help="people.option-days",
)
@command_options
def add(run: Run, *, name: str, role: str, days: int) -> None:
    """Make a link for one person and show it this once."""
    check_text(name, "NAME")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    # First: what cannot be shown as a link is not made.
    link = f"{_address(run)}{SIGN_IN_PATH}?{LINK_MEMBER}={secret}"
    until = int(run.clock()) + days * _DAY_S
    members = {"name": name, "role": role, "link": secret, "until": until}
    added = hand_in(run, check_request(AddPerson, members), signs=False)
    run.finish(Sentence("people.unseen", name=name))
    value = {"name": name, "role": role, "until": until, "link": link}
    value["replaced"] = added.before is not None
    run.out.show(value, lambda: _print_link(run, added, link))


def _address(run: Run) -> str:
    """Where the link leads: what others reach, or this machine alone.

    Raises:
        ConfigError: nobody has said where that is, and no node runs.
    """
    listen = run.settings.listen
    if listen.public_url:
        return listen.public_url.rstrip("/")
    # Imported here: a command that asks no node need not pay for a client.
    from federation.cli.remote import running_at  # noqa: PLC0415  # start-up time

    run.out.note(run.t("people.local"))
    if running := running_at(run.home.control):
        return running
    if listen.port == 0:
        why = Sentence("people.no-address")
        raise ConfigError(str(run.home.settings), "listen.public_url", why)
    is_any = listen.host in {"0.0.0.0", "::"}  # noqa: S104  compared, not bound
    host = "127.0.0.1" if is_any else listen.host
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}:{listen.port}"


def _print_link(run: Run, added: Added, link: str) -> None:
    t, out, before = run.t, run.out, added.before
    if before is not None:
        ended = t(f"people.role-{before.role}")
        out.line(
            t("people.replaced", name=added.name, role=ended, count=before.sessions)
        )
    until = tell_time(added.until)
    role = t(f"people.role-{added.role}")
    out.line(t("people.made", name=added.name, role=role, until=until))
    out.line()
    out.line(link)
    out.line()
    # Half blocks made of other signs are no square code.
    if can_say(code := format_code(link), out.stdout):
        out.line(code)
    out.line(t("people.handing"))


@people.command("list", help="people.help-list")
@command_options
def list_all(run: Run) -> None:
    """Everybody who has or had a link."""
    now = int(run.clock())
    with run.open_database().view() as view:
        known = list_people(view, now)
    headers = ("name", "role", "state", "until", "seen", "sessions")
    rows = [_row(run, one, now) for one in known]

    def human() -> None:
        if not rows:
            run.out.line(run.t("people.nobody"))
            return
        run.out.table([run.t(f"people.{key}") for key in headers], rows, right=(5,))

    run.out.show({"people": known}, human)


def _row(run: Run, one: KnownPerson, now: int) -> tuple[object, ...]:
    state = "open"
    if one.revoked_at is not None:
        state = "revoked"
    elif one.until <= now:
        state = "ended"
    return (
        one.name,
        run.t(f"people.role-{one.role}"),
        run.t(f"people.state-{state}"),
        tell_time(one.until),
        run.t("people.never") if one.seen_at is None else tell_time(one.seen_at),
        one.sessions,
    )


@people.command("revoke", help="people.help-revoke")
@click.argument("name")
@command_options
def revoke(run: Run, *, name: str) -> None:
    """End the link, and what it has opened, at once."""
    revoked = hand_in(run, RevokePerson(name=name), signs=False)
    run.finish(Sentence("cli.done-unsaid"))
    sentence = run.t("people.revoked", name=name, count=revoked.ended)
    run.out.show(revoked, lambda: run.out.line(sentence))


@people.command("log", help="people.help-log")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="people.option-limit",
)
@click.option("--before", type=click.IntRange(1), help="people.option-before")
@click.option("--csv", "is_csv", is_flag=True, help="people.option-csv")
@click.option(
    "--forget-before",
    "oldest",
    type=click.DateTime(["%Y-%m-%d"]),
    help="people.option-forget",
)
@command_options
def log(
    run: Run, *, limit: int, before: int | None, is_csv: bool, oldest: datetime | None
) -> None:
    """What people did here, the newest first."""
    if oldest is not None:
        day = int(oldest.replace(tzinfo=UTC).timestamp())
        count = hand_in(run, ForgetActions(before=day), signs=False)
        run.finish(Sentence("cli.done-unsaid"))
        run.out.show(
            {"forgotten": count},
            lambda: run.out.line(run.t("people.forgotten", count=count)),
        )
    elif is_csv and not run.out.is_json:
        _write_csv(run)
    else:
        _print_actions(run, before or _NEWEST, limit)


def _print_actions(run: Run, before: int, limit: int) -> None:
    with run.open_database().view() as view:
        found = read_actions(view, before, limit + 1)
    actions, has_more = found[:limit], len(found) > limit
    value = {"actions": actions, **({"next": actions[-1].number} if has_more else {})}

    def human() -> None:
        headers = [
            run.t(f"people.{key}") for key in ("at", "name", "role", "what", "of")
        ]
        run.out.table(headers, [_told(run, one) for one in actions])
        if has_more:
            run.out.note(run.t("people.more", before=actions[-1].number))

    run.out.show(value, human)


def _told(run: Run, one: NotedAction) -> tuple[object, ...]:
    role = run.t.word(f"people.role-{one.role}", one.role)
    what = run.t.word(f"people.did-{one.what}", one.what)
    return tell_time(one.at), one.person, role, what, one.subject


def _write_csv(run: Run) -> None:
    """All of it, page by page: one snapshot."""
    stream = sys.stdout.buffer
    with run.open_database().view() as view, named(sys.stdout):
        stream.write(
            format_csv([["number", "at", "person", "role", "what", "subject"]])
        )
        before = _NEWEST
        while page := read_actions(view, before, _PAGE):
            rows = [
                (
                    one.number,
                    format_time(one.at),
                    one.person,
                    one.role,
                    one.what,
                    one.subject,
                )
                for one in page
            ]
            stream.write(format_csv(rows))
            before = page[-1].number
        stream.flush()
