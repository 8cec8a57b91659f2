"""`federation refer answers`: what came back from agencies, by a program or by mail.

Rule: the list tells nothing of what a mail says. One that is shown is opened with the
coordinator's key first, then the use is written down, then it is shown, as an annex is
(`cli/annex/reading.py`). Nothing is signed: what it means is for somebody to say, by
`federation incidents answer --mail`.
"""

from pathlib import Path
from typing import Any, Literal

import click
from msgspec import to_builtins

from federation.cli.annex.given import as_option, checked_why, key_options
from federation.cli.annex.reading import load_private
from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.times import tell_time
from federation.config.disk import PRIVATE_FILE, create_file
from federation.errors import ConflictError
from federation.flows.annex.sealing import open_bytes
from federation.flows.refer.inmail import MailText, read_text
from federation.store.agencyanswers import AgencyAnswer, list_answers
from federation.store.mailbox import Mailbox, bound_to_mail
from federation.text import Sentence
from federation.web.requests.mail import EndMail, PurgeMail, UseMail
from federation.web.requests.wire import check_request


@click.command("answers", cls=Command, help="answers.help")
@click.option("--all", "is_all", is_flag=True, help="answers.option-all")
@click.option("--show", "shown", help="answers.option-show")
@click.option("--out", help="answers.option-out")
@click.option("--done", help="answers.option-done")
@click.option("--purge", "purged", help="answers.option-purge")
@as_option
@click.option("--why", default="", help="annex.option-why")
@key_options
@command_options
def answers(  # noqa: PLR0913  one parameter for each option
    run: Run,
    *,
    is_all: bool,
    shown: str | None,
    out: str | None,
    done: str | None,
    purged: str | None,
    person: str,
    why: str,
    **given: str | None,
) -> None:
    """List them; or show, end or delete one."""
    if sum(one is not None for one in (shown, done, purged)) > 1:
        raise click.UsageError(run.t("answers.one-of"))
    if out is not None and shown is None:
        raise click.UsageError(run.t("answers.out-of-what"))
    members = {"person": person}
    if shown is not None:
        _show(run, members | {"id": shown, "why": checked_why(why)}, out, given)
    elif done is not None:
        ended = check_request(EndMail, members | {"id": done})
        _tell(run, hand_in(run, ended, signs=False), "answers.ended")
    elif purged is not None:
        members |= {"id": purged, "why": checked_why(why)}
        gone = hand_in(run, check_request(PurgeMail, members), signs=False)
        _tell(run, gone, "answers.purged")
    else:
        _list(run, is_all=is_all)


def _list(run: Run, *, is_all: bool) -> None:
    t = run.t
    with run.open_database().view() as view:
        found = [one for one in list_answers(view) if is_all or not one.done_at]

    def human() -> None:
        if not found:
            run.out.line(t("answers.none"))
            return
        names = ("came", "id", "incident", "agency", "kind", "sender", "done")
        run.out.table([t(f"answers.{name}") for name in names], map(row_of, found))
        if any(one.sender for one in found):
            run.out.note(t("answers.no-proof"))

    def row_of(one: AgencyAnswer) -> tuple[object, ...]:
        return (
            tell_time(one.received_at),
            one.id,
            one.incident or t("answers.unknown"),
            one.agency or t("answers.unknown"),
            t(f"answers.kind-{one.way}-{one.kind}"),
            t(f"answers.sender-{one.sender}") if one.sender else "",
            tell_time(one.done_at) if one.done_at else "",
        )

    run.out.show({"answers": found}, human)


def _show(
    run: Run, members: dict[str, str], out: str | None, given: dict[str, str | None]
) -> None:
    """Show one, or write it to a new file as it came."""
    path = None if out is None else Path(out)
    if path is not None and path.exists():
        raise ConflictError(Sentence("machine.not-overwritten", path=path))
    use: Literal["show", "export"] = "show" if path is None else "export"
    request = check_request(UseMail, members | {"use": use})
    mail = Mailbox(run.home.mailbox).load(request.id)
    private = load_private(run, mail.head.key, given)
    data = open_bytes(mail.sealed, bound_to_mail(mail.head), private)
    hand_in(run, request, signs=False)
    if path is not None:
        create_file(path, data, PRIVATE_FILE)
        value: dict[str, Any] = {"id": request.id, "out": str(path)}
        written = run.t("answers.written", path=path)
        run.out.show(value, lambda: run.out.line(written))
        return
    text = read_text(data)
    value = {
        "head": mail.head,
        "headers": dict(text.headers),
        "text": text.text,
        "attachments": text.attachments,
    }
    run.out.show(value, lambda: _print(run, text))


def _print(run: Run, text: MailText) -> None:
    for name, value in text.headers:
        run.out.line(f"{name}: {value}")
    run.out.line("")
    run.out.line(text.text)
    for name in text.attachments:
        run.out.line(run.t("answers.attached", name=name))
    run.out.note(run.t("answers.noted"))


def _tell(run: Run, answer: AgencyAnswer, key: str) -> None:
    told = run.t(key, id=answer.id)
    run.out.show(to_builtins(answer), lambda: run.out.line(told))
