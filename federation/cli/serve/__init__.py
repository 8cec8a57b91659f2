"""`federation serve`: run this organisation's node until it is asked to stop.

With `--read-only`, a reader beside it (`reading.py`).
"""

import asyncio
import contextlib
import logging
import os
import secrets
import sys
import time
from random import SystemRandom
from typing import Final

import click

from federation.cli.context import Run, command_options
from federation.cli.ending import on_request
from federation.cli.help import Command
from federation.cli.serve.lines import LineFormatter
from federation.cli.serve.reading import read_only as read_only_node
from federation.cli.serve.seldom import Seldom
from federation.cli.serve.supervisor import Supervisor
from federation.cli.times import tell_second
from federation.errors import ConflictError, FederationError, FencedError, HeldError
from federation.node.events import LOG
from federation.node.heap import keep_small, keep_started
from federation.node.resources import Clocks, Resources, open_resources
from federation.node.service import serve as serve_node
from federation.store.alarms import list_alarms
from federation.store.lock import Writer, see_writer
from federation.text import Sentence
from federation.text.cause import tell_refusal

#: How long a thread that computes keeps the others waiting. Of Python's own five
#: milliseconds each answer takes three or four turns: beside a thread that merges the
#: event loop answered some seventy requests a second.
_TURN_S: Final = 0.0005
#: How often one that stands by looks whether anybody writes, and one that serves
#: whether it still does.
_LOOK_S: Final = 0.2


@click.command("serve", cls=Command, help="serve.help")
@click.option("--alone", is_flag=True, help="serve.help-alone")
@click.option("--standby", is_flag=True, help="serve.help-standby")
@click.option("--log", type=click.Choice(["text", "json"]), help="serve.help-log")
@click.option("--read-only", is_flag=True, help="serve.help-read-only")
@click.option("--database", help="serve.help-database")
@click.option("--port", type=click.IntRange(0, 65_535), help="serve.help-port")
@click.option(
    "--max-lag", type=click.FloatRange(1, 86_400), default=10.0,
    help="serve.help-max-lag",
)  # fmt: skip
@command_options
def serve(  # noqa: PLR0913  each is an option
    run: Run,
    *,
    alone: bool,
    standby: bool,
    log: str | None,
    read_only: bool,
    database: str | None,
    port: int | None,
    max_lag: float,
) -> None:
    """Answer, ask partners, merge; until Ctrl-C."""
    if not read_only and port is not None:
        raise click.UsageError(run.t("serve.port-of-readers"))
    if not read_only and database is not None:
        raise click.UsageError(run.t("serve.database-of-readers"))
    if read_only and (alone or standby):
        raise click.UsageError(run.t("serve.readers-sign-nothing"))
    _log_to_stderr(run, log or run.stated_settings().log.format)
    keep_small()
    sys.setswitchinterval(_TURN_S)
    if read_only:
        read_only_node(run, database, port, max_lag)
        return
    supervisor = Supervisor.from_environ(run.environ, os.getpid())
    supervisor.tell(STATUS=run.t("serve.opening"))
    while True:
        with contextlib.ExitStack() as stack:
            opened = _take_over(run, supervisor, stack) if standby else None
            resources = opened or stack.enter_context(
                open_resources(run.home, run.settings)
            )
            try:
                asyncio.run(_serve(run, resources, supervisor, alone=alone))
                fenced = resources.db.fenced
            except FencedError as error:  # while it began, or ended
                fenced = error
        if fenced is None:
            break
        # Nothing that was begun before it was fenced goes on: it waits as a new one.
        run.out.note(run.t.say(fenced.told))
        standby = True
    run.out.line(run.t("serve.stopped"))


def _take_over(
    run: Run, supervisor: Supervisor, stack: contextlib.ExitStack
) -> Resources:
    """Wait until nobody writes, then hold all of it; what the other wrote is there.

    The kernel lets go of a lock when its process ends, however that ends; the lease of
    one on another machine runs out (`store/postgreswriter.py`).
    """
    told: Writer | Sentence | None = None
    before: Writer | None = None
    while True:
        opened = _try_to_take_over(run, stack)
        if isinstance(opened, Resources):
            if before is not None:
                words = {"pid": before.pid, "host": before.host}
                run.out.note(run.t("serve.took-over", **words))
            return opened
        if isinstance(opened, Writer):
            before = opened
        if opened != told:
            told = opened
            said = _tell_standing_by(run, opened)
            run.out.note(said)
            supervisor.tell(STATUS=said)
        time.sleep(_LOOK_S)


def _try_to_take_over(
    run: Run, stack: contextlib.ExitStack
) -> Resources | Writer | Sentence:
    """All of it; or who writes, or why nobody can."""
    writer = see_writer(run.home.lock)
    if writer is not None:
        return writer
    try:
        return stack.enter_context(open_resources(run.home, run.settings))
    except HeldError as error:
        return Writer(error.pid, error.host, error.since)
    except ConflictError as error:
        return error.told  # of several that stand by one is first
    except OSError as error:
        # The server is away, changes its part or is not ready yet: who stands by waits.
        return tell_refusal(error)


def _tell_standing_by(run: Run, writer: Writer | Sentence) -> str:
    if isinstance(writer, Sentence):
        return run.t("serve.standing-by-for", cause=run.t.say(writer))
    words = {"pid": writer.pid, "host": writer.host}
    since = tell_second(writer.since)
    return run.t("serve.standing-by", **words, since=since)


def _log_to_stderr(run: Run, form: str) -> None:
    # Each line is written when it is said, with or without a terminal: a handler of
    # the library flushes. Of our own handler only: whoever logs elsewhere decides for
    # himself how much.
    to_stderr = logging.StreamHandler()
    to_stderr.addFilter(Seldom(time.monotonic))
    to_stderr.setFormatter(LineFormatter(run.t, is_json=form == "json"))
    logging.basicConfig(level=logging.WARNING, handlers=[to_stderr])
    LOG.setLevel(logging.INFO)


async def _serve(
    run: Run, resources: Resources, supervisor: Supervisor, *, alone: bool
) -> None:
    stop = asyncio.Event()
    on_request(stop.set)
    clocks = Clocks(wall=run.clock, steady=time.monotonic)
    token = secrets.token_urlsafe(32)
    async with serve_node(resources, clocks, SystemRandom(), token, alone=alone) as url:
        run.out.show(
            {"url": url, "org": resources.settings.org},
            lambda: run.out.line(
                run.t("serve.up", name=resources.settings.name, url=url)
            ),
        )
        # A file or a pipe is told as soon as a terminal.
        run.out.stdout.flush()
        keep_started()

        async def look() -> str:
            # The thread that writes has done something. A disk that fails is told by
            # alarms; a new start would not mend it.
            await resources.db.run(lambda: None)
            count = "?"
            with contextlib.suppress(FederationError, OSError):
                count = str(len(await resources.db.read(list_alarms)))
            return run.t("serve.status", url=url, alarms=count)

        async with supervisor.watching(look):
            while not (stop.is_set() or resources.db.fenced):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _LOOK_S)
