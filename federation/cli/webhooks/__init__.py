"""`federation webhooks`: try the programs that are told what changed."""

import asyncio
import time

import click
import msgspec

from federation.cli.context import Run, command_options
from federation.cli.help import Command, CommandGroup
from federation.cli.output import NEGATIVE, OK
from federation.config.webhooks import Webhook
from federation.errors import ConfigError
from federation.feeds.sessions import Sessions
from federation.node.posting import UndeliveredError
from federation.node.webhooks import WebhookSender
from federation.text import Sentence


class WebhookTrial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whether a program took a test message; `reason`: why not."""

    name: str
    taken: bool
    reason: str = ""


@click.group("webhooks", cls=CommandGroup, help="webhooks.help")
def webhooks() -> None:
    """The verbs hang here."""


@webhooks.command("test", cls=Command, help="webhooks.help-test")
@command_options
def test(run: Run) -> int:
    """Send a test message to each program; exit code `NEGATIVE` where one failed."""
    if not run.settings.webhooks:
        where = str(run.home.settings)
        raise ConfigError(where, "webhooks", Sentence("webhooks.nobody"))
    trials = asyncio.run(_try(run))
    run.out.show({"trials": trials}, lambda: _print(run, trials))
    return OK if all(trial.taken for trial in trials) else NEGATIVE


async def _try(run: Run) -> list[WebhookTrial]:
    async with Sessions() as sessions:
        sender = WebhookSender(run.home, sessions.session, run.clock)
        tries = [_try_one(run, sender, hook) for hook in run.settings.webhooks]
        return list(await asyncio.gather(*tries))


async def _try_one(run: Run, sender: WebhookSender, hook: Webhook) -> WebhookTrial:
    # By nanoseconds: two trials in one second are two messages.
    data = {"org": run.settings.org, "trial": time.time_ns()}
    try:
        await sender.send(hook, "webhook.test", data)
    except UndeliveredError as error:
        reason = run.t.say(error.told)
        return WebhookTrial(name=hook.name, taken=False, reason=reason)
    return WebhookTrial(name=hook.name, taken=True)


def _print(run: Run, trials: list[WebhookTrial]) -> None:
    for trial in trials:
        key = "taken" if trial.taken else "not-taken"
        run.out.line(run.t(f"webhooks.{key}", name=trial.name, reason=trial.reason))
