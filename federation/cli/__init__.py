"""The command line: which commands there are, and how one ends.

Rule: a command parses, calls one function and prints. It is loaded only when it is
called, so that `federation --help` starts in an instant. The table below is all that
joins a name to its code; the line of help of each is `cli.command-<name>`.

Every sentence is a key of `federation/text` ("peers.help-add"): help texts are
translated when they are printed, in the language of that call.
"""

import errno
import importlib
import os
import sys
from types import TracebackType
from typing import Any, Final

import click

from federation.cli.ending import Ending
from federation.cli.help import CommandGroup
from federation.cli.output import BUG, INTERRUPTED, MACHINE, USAGE, Output
from federation.cli.streams import (
    ReaderGoneError,
    drop_output,
    flush_streams,
    is_reader_gone,
    named,
    noticing_reader,
    open_streams,
)
from federation.errors import FederationError
from federation.text import Sentence, Text, pick_language

COMMANDS: Final = {
    "init": "federation.cli.init:init",
    "keys": "federation.cli.keys:keys",
    "peers": "federation.cli.peers:peers",
    "people": "federation.cli.people:people",
    "tps-list": "federation.cli.tps_list:tps_list",
    "election": "federation.cli.election:election",
    "import": "federation.cli.import_:import_results",
    "watch": "federation.cli.watch:watch",
    "withdraw": "federation.cli.withdraw:withdraw",
    "photos": "federation.cli.photos:photos",
    "incidents": "federation.cli.incidents:incidents",
    "annex": "federation.cli.annex:annex",
    "refer": "federation.cli.refer:refer",
    "serve": "federation.cli.serve:serve",
    "sync": "federation.cli.sync:sync",
    "alarms": "federation.cli.alarms:alarms",
    "webhooks": "federation.cli.webhooks:webhooks",
    "witness": "federation.cli.witness:witness",
    "status": "federation.cli.show.status:status",
    "show": "federation.cli.show.station:show",
    "coverage": "federation.cli.show.region:coverage",
    "gaps": "federation.cli.show.lists:gaps",
    "disputed": "federation.cli.show.lists:disputed",
    "kpu": "federation.cli.show.kpu:kpu",
    "queue": "federation.cli.queue:queue",
    "tally": "federation.cli.show.region:tally",
    "recap": "federation.cli.show.recap:recap",
    "margin": "federation.cli.show.margin:margin",
    "plan": "federation.cli.plan:plan",
    "pictures": "federation.cli.show.pictures:pictures",
    "forensics": "federation.cli.show.forensics:forensics",
    "receipt": "federation.cli.receipt:receipt",
    "export": "federation.cli.export:export",
    "verify": "federation.cli.verify:verify",
    "doctor": "federation.cli.doctor:doctor",
    "backup": "federation.cli.backup:backup",
    "move": "federation.cli.move:move",
    "upgrade-check": "federation.cli.upgrade:upgrade_check",
    "demo": "federation.cli.demo:demo",
}


class LazyGroup(CommandGroup):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table: the order in which one needs them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its module loaded now; None if there is none."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401  # whatever click.Group takes
        """As of any group; `--help` is printed here, and nothing else is written."""
        with noticing_reader(), named(sys.stdout):
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # what a command gives back
        """As of any group."""
        with noticing_reader():
            return super().invoke(ctx)

    def help_key(self, ctx: click.Context, name: str) -> str:
        """The text key of a command's one line: asking it must not load the module."""
        del ctx
        return f"cli.command-{name}"


@click.group("federation", cls=LazyGroup, help="cli.about")
@click.version_option(
    package_name="tps-federation",
    message="%(prog)s %(version)s",
    help="cli.option-version",
)
def federation() -> None:
    """All commands hang here; what they share is in `cli/context.py`."""


class BugReport:
    """Ends the process with `BUG` when an error of our own comes through.

    A context manager and not an `except`: nothing is handled here, the traceback is
    printed as Python would, and only the exit code is added.
    """

    def __init__(self, out: Output) -> None:
        self.out = out

    def __enter__(self) -> None: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the ordinary ends pass; anything else is a bug.

        Raises:
            SystemExit: with code `BUG`.
        """
        if kind and issubclass(kind, Exception):
            sys.excepthook(kind, error or kind(), trace)
            self.out.fault(BUG, "bug", self.out.t("errors.bug"))
            raise SystemExit(BUG)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code (docs/reference/exit-codes.md).

    Raises:
        SystemExit: always.
    """
    given = sys.argv[1:] if arguments is None else arguments
    language = pick_language(_option(given, "--lang"), os.environ)
    open_streams()
    out = Output(Text(language), is_json="--json" in given)
    with Ending() as ending, BugReport(out):
        code = ending.exit_code(_flushed(run(given, out), out))
    raise SystemExit(code)


def run(arguments: list[str], out: Output) -> int:
    """Run one command; what it ends with, every expected error printed and counted."""
    try:
        result = federation.main(
            arguments, "federation", standalone_mode=False, obj=out
        )
    except FederationError as error:
        return out.error(error)
    except (click.exceptions.Abort, KeyboardInterrupt):
        return out.fault(INTERRUPTED, "interrupted", out.t("errors.interrupted"))
    except click.ClickException as error:
        return _misuse(error, out)
    except ReaderGoneError:
        drop_output()
        return 0
    except (OSError, MemoryError) as error:
        return _machine(error, out)
    return result if isinstance(result, int) else 0


def _misuse(error: click.ClickException, out: Output) -> int:
    """A command that was typed wrongly, or without all that it needs."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        out.note(error.format_message())
        return USAGE
    from federation.cli.usage import explain_misuse  # noqa: PLC0415  # start-up time

    detail = out.t("errors.usage", detail=explain_misuse(out.t, error))
    return out.fault(USAGE, "usage", detail)


def _flushed(code: int, out: Output) -> int:
    """The code, unless what was printed cannot be written out after all."""
    error = flush_streams()
    if error is None:
        return code
    if is_reader_gone(error):
        drop_output()
        return code
    return _machine(OSError(error.errno, error.strerror, sys.stdout.name), out) or code


def _machine(error: OSError | MemoryError, out: Output) -> int:
    """What this machine refuses: a full disk, a folder that may not be written."""
    if isinstance(error, MemoryError):
        error = OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    from federation.text.cause import cause_of, place_of  # noqa: PLC0415  # start-up time

    place = place_of(error)
    is_output = place != "" and place == getattr(sys.stdout, "name", "")
    if is_output:
        # It would be tried once more at exit, and Python would complain then.
        drop_output()
    cause: str = cause_of(error)
    if is_output:
        place = Sentence("machine.standard-output")
    if place:
        cause = Sentence("machine.at", place=place, cause=cause)
    if is_output and out.unsaid:
        cause = Sentence("machine.at", place=place, cause=out.unsaid)
    detail = out.t.say(cause)
    return out.fault(MACHINE, "machine", out.t("errors.machine", detail=detail))


def _option(arguments: list[str], name: str) -> str | None:
    """The value given for an option, looked up before anything is parsed."""
    for at, here in enumerate(arguments):
        if here == name:
            return "".join(arguments[at + 1 : at + 2])
        if here.startswith(name + "="):
            return here.partition("=")[2]
    return None
