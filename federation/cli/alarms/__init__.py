"""`federation alarms`: what one means; try where they go."""

import asyncio
import time
from random import SystemRandom

import click
import msgspec

from federation.cli.context import Run, command_options
from federation.cli.help import Command, CommandGroup
from federation.cli.output import NEGATIVE, OK
from federation.config.recipients import Recipient
from federation.errors import ConfigError
from federation.feeds.sessions import Sessions
from federation.node.noticesending import NoticeSender
from federation.node.noticetext import write_test
from federation.node.posting import UndeliveredError
from federation.node.resources import load_own_keys
from federation.records.alarmhelp import CODES, AlarmHelp, help_for
from federation.text import Sentence


class AlarmTrial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a test message to one recipient went; `reason`: why it did not arrive."""

    to: str
    sent: bool
    reason: str = ""


@click.group("alarms", cls=CommandGroup, help="notices.help")
def alarms() -> None:
    """The verbs hang here."""


@alarms.command("test", cls=Command, help="notices.help-test")
@command_options
def test(run: Run) -> int:
    """Send a test message to each recipient; exit code `NEGATIVE` where one failed."""
    settings = run.settings
    if not settings.alarms.to:
        where = str(run.home.settings)
        raise ConfigError(where, "alarms.to", Sentence("notices.nobody"))
    trials = asyncio.run(_try(run))
    run.out.show({"trials": trials}, lambda: _print(run, trials))
    return OK if all(trial.sent for trial in trials) else NEGATIVE


@alarms.command("explain", cls=Command, help="alarmhelp.help-explain")
@click.argument("code", required=False)
@command_options
def explain(run: Run, *, code: str | None) -> int:
    """The page about an alarm, or the list of all; needs no node."""
    if code is None:
        known = [one for name in CODES if (one := help_for(run.t, name))]
        run.out.show(
            {"alarms": [one._asdict() for one in known]}, lambda: _list(run, known)
        )
        return OK
    told = help_for(run.t, code)
    if told is None:
        raise click.UsageError(run.t("alarmhelp.unknown", code=code))
    run.out.show(told._asdict(), lambda: _explain(run, told))
    return OK


def _list(run: Run, known: list[AlarmHelp]) -> None:
    for one in known:
        run.out.line(f"{one.code} ({run.t(f'notices.severity-{one.severity}')})")
        run.out.line(f"  {one.meaning}")


def _explain(run: Run, told: AlarmHelp) -> None:
    t, out = run.t, run.out
    out.line(f"{told.code} ({t(f'notices.severity-{told.severity}')})")
    out.line(f"\n{told.meaning}\n{told.why}\n\n{t('alarmhelp.steps')}:")
    for number, step in enumerate(told.steps, 1):
        out.line(f"  {number}. {step}")
    out.line(f"\n{t('alarmhelp.settled')}: {told.settled}")
    out.line(f"{t('alarmhelp.call')}: {told.call}")


async def _try(run: Run) -> list[AlarmTrial]:
    settings = run.settings
    keys, _ = load_own_keys(run.home, settings.org, settings.origins)
    async with Sessions() as sessions:
        sender = NoticeSender(
            settings, run.home, keys.node, sessions.session, run.clock, SystemRandom()
        )
        tries = [_try_one(run, sender, one) for one in settings.alarms.to]
        return list(await asyncio.gather(*tries))


async def _try_one(run: Run, sender: NoticeSender, one: Recipient) -> AlarmTrial:
    # By nanoseconds: two trials in one second are two messages.
    now = time.time_ns() / 1e9
    message = write_test(run.settings, one.name, one.language, now)
    try:
        await sender.send(one, message)
    except UndeliveredError as error:
        reason = run.t.say(error.told)
        return AlarmTrial(to=one.name, sent=False, reason=reason)
    return AlarmTrial(to=one.name, sent=True)


def _print(run: Run, trials: list[AlarmTrial]) -> None:
    for trial in trials:
        key = "sent" if trial.sent else "not-sent"
        run.out.line(run.t(f"notices.{key}", to=trial.to, reason=trial.reason))
