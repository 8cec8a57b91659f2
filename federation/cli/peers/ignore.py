"""`federation peers ignore`: tell no more of who asks and is no partner; or again."""

import click

from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import OK
from federation.web.requests.partners import IgnoreStrangers
from federation.web.requests.wire import check_request


@click.command("ignore", cls=Command, help="partners.help-ignore")
@click.argument("who")
@click.option("--again", is_flag=True, help="partners.option-again")
@command_options
def ignore_asking(run: Run, *, who: str, again: bool) -> int:
    """By its name, which may have several keys, or by one key."""
    keys = hand_in(run, check_request(IgnoreStrangers, {"who": who, "again": again}))
    key = "now-told" if again else "now-ignored"
    said = run.t(f"partners.{key}", who=who, keys=", ".join(keys))
    value = {"who": who, "ignored": not again, "keys": keys}
    run.out.show(value, lambda: run.out.line(said))
    return OK
