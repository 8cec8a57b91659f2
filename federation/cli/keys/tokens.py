"""`federation keys token`: who may hand in records or reports over HTTP.

A token is shown once, when it is made; the node keeps its digest only.
"""

import secrets

import click

from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import CommandGroup
from federation.records.timezones import tell_here
from federation.store.tokens import list_tokens
from federation.text import Sentence
from federation.web.requests.upkeep import AddToken, RemoveToken
from federation.web.requests.wire import check_request

SECRET_BYTES = 32


@click.group("token", cls=CommandGroup, help="tokens.help")
def token() -> None:
    """The verbs hang here."""


@token.command("add", help="tokens.help-add")
@click.argument("name")
@click.option("--reports", is_flag=True, help="tokens.option-reports")
@click.option("--mail", is_flag=True, help="tokens.option-mail")
@command_options
def add(run: Run, *, name: str, reports: bool, mail: bool) -> None:
    """Make a token for a platform and show it this once."""
    if reports and mail:
        raise click.UsageError(run.t("tokens.one-scope"))
    scope = "reports" if reports else "mail" if mail else "intake"
    secret = secrets.token_urlsafe(SECRET_BYTES)
    hand_in(
        run, check_request(AddToken, {"name": name, "secret": secret, "scope": scope})
    )
    run.finish(Sentence("tokens.unseen", name=name))
    run.out.show(
        {"name": name, "token": secret, "scope": scope},
        lambda: run.out.line(run.t("tokens.made", name=name, token=secret)),
    )


@token.command("list", help="tokens.help-list")
@command_options
def list_all(run: Run) -> None:
    """Which platforms have one."""
    with run.open_database().view() as view:
        tokens = list_tokens(view)
    rows = [(row.name, " ".join(row.scopes), _day(row.created_at)) for row in tokens]
    headers = [run.t(f"tokens.{name}") for name in ("name", "scope", "made-on")]
    run.out.show({"tokens": tokens}, lambda: run.out.table(headers, rows))


def _day(at: int) -> str:
    return tell_here(at, "%Y-%m-%d")


@token.command("remove", help="tokens.help-remove")
@click.argument("name")
@command_options
def remove(run: Run, *, name: str) -> None:
    """Accept a token no longer."""
    hand_in(run, check_request(RemoveToken, {"name": name}))
    run.finish(Sentence("cli.done-unsaid"))
    run.out.show(
        {"removed": name}, lambda: run.out.line(run.t("tokens.removed", name=name))
    )
