"""What every command is given: language, output, home folder, settings, the clock.

Rule: a command reads none of these by itself. `command_options` adds `--json`,
`--home` and `--lang` to a command and hands it a `Run` as the first argument:

    @click.command("status", cls=Command, help="views.help-status")
    @command_options
    def status(run: Run) -> int | None: ...

The clock and the environment are read in `cli/`, most of it here, and nowhere below.
"""

import functools
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from federation.cli.help import text_of
from federation.cli.output import Output
from federation.config.embargo import drop_past
from federation.config.home import Home
from federation.config.peers import Peer, load_peers
from federation.config.places import tell_missing
from federation.config.settings import Settings, load_settings
from federation.errors import ConfigError
from federation.text import LANGUAGES, Sentence, Text, join, pick_language

if TYPE_CHECKING:
    from federation.store.db import Database

#: How people answer a question, whichever language it is asked in.
_SAID_YES: Final = frozenset({"y", "ya", "yes"})
_SAID_NO: Final = frozenset({"", "t", "tidak", "n", "no"})


class Run:
    """One run of a command."""

    def __init__(
        self,
        out: Output,
        folder: Path,
        *,
        environ: Mapping[str, str],
        clock: Callable[[], float],
    ) -> None:
        self.out = out
        self.t = out.t
        self.folder = folder
        self.environ = environ
        self.clock = clock

    def now(self) -> datetime:
        """The time now, in UTC."""
        return datetime.fromtimestamp(self.clock(), UTC)

    @cached_property
    def settings(self) -> Settings:
        """The settings of this home, read once.

        Raises:
            ConfigError: there are none, or they cannot be used.
        """
        return self.read_settings()

    def read_settings(self, coming: str = "") -> Settings:
        """The settings of this home; `coming`: an election that is about to be added.

        Raises:
            ConfigError: there are none, or they cannot be used.
        """
        settings = self.stated_settings(coming)
        home = Home.of(self.folder, settings)
        return drop_past(settings, home.is_founded, self.clock())

    def stated_settings(self, coming: str = "") -> Settings:
        """The settings as they stand in the file; `coming` as in `read_settings`.

        Raises:
            ConfigError: there are none, or they cannot be used.
        """
        path = Home(self.folder).settings
        if not path.exists():
            raise ConfigError(str(path), "", join(tell_missing(self.folder)))
        return load_settings(path, coming)

    @cached_property
    def home(self) -> Home:
        """Where things lie, as the settings say.

        Raises:
            ConfigError: there are no settings, or they cannot be used.
        """
        return Home.of(self.folder, self.settings)

    @cached_property
    def peers(self) -> tuple[Peer, ...]:
        """The partners, read once.

        Raises:
            ConfigError: the list cannot be used.
        """
        return load_peers(self.home.peers)

    def open_database(self) -> "Database":
        """The database, opened to read; closed when the command ends.

        Raises:
            ConfigError: there are no settings, or they cannot be used.
        """
        # Imported here: most commands' start must not pay for the store.
        from federation.store.db import Database  # noqa: PLC0415  # start-up time

        database = Database.open(self.home.data, self.home.database, readonly=True)
        click.get_current_context().call_on_close(database.close)
        return database

    def finish(self, unsaid: Sentence) -> None:
        """The work is done for good; `unsaid` is told if that cannot be printed."""
        if out := click.get_current_context().find_object(Output):
            out.unsaid = unsaid

    def ask(
        self,
        question: str,
        option: str,
        *,
        default: str | None = None,
        hide: bool = False,
        repeat: bool = False,
        check: Callable[[str], Sentence | None] | None = None,
    ) -> str:
        """What a person answers on the terminal.

        Args:
            question: asked as it stands.
            option: the flag that would have answered it, named where nobody is there.
            default: taken when the answer is empty.
            hide: do not show what is typed.
            repeat: ask twice and compare.
            check: what is wrong with an answer, and how to mend it: then it is said,
                and asked again.

        Raises:
            click.UsageError: standard input is not a terminal.
        """
        self._need_terminal(question, option)
        while True:
            answer = _prompt(question, default, hide=hide)
            wrong = None if check is None else check(answer)
            if wrong is not None:
                self.out.note(self.t("cli.asked-again", why=wrong))
            elif repeat and _prompt(self.t("cli.again"), None, hide=hide) != answer:
                self.out.note(self.t("cli.not-the-same"))
            else:
                return answer

    def confirm(self, question: str, option: str = "--yes") -> bool:
        """Whether a person says yes on the terminal, in either language; else no.

        Raises:
            click.UsageError: standard input is not a terminal.
        """
        self._need_terminal(question, option)
        while True:
            answer = _prompt(f"{question} {self.t('cli.yes-no')}", "", hide=False)
            if answer.lower() in _SAID_YES:
                return True
            if answer.lower() in _SAID_NO:
                return False
            self.out.note(self.t("cli.say-yes-or-no"))

    def _need_terminal(self, question: str, option: str) -> None:
        if not sys.stdin.isatty():
            sentence = self.t("cli.not-a-terminal", question=question, option=option)
            raise click.UsageError(sentence)


def _prompt(question: str, default: str | None, *, hide: bool) -> str:
    answer = click.prompt(
        question,
        default=default,
        hide_input=hide,
        show_default=bool(default),
        err=True,
    )
    return str(answer).strip()


def spoken_text() -> Text:
    """The language of the call that runs now."""
    return text_of(click.get_current_context())


def find_home(flag: str | None, environ: Mapping[str, str]) -> Path:
    """The home folder: the flag, else `FEDERATION_HOME`, else the current folder."""
    return Path(flag or environ.get("FEDERATION_HOME") or ".").absolute()


#: Options of a command that give its answer in another form than `--json`.
_FORMS: Final = {"is_csv": "--csv", "is_geojson": "--geojson"}


def command_options(function: Callable[..., int | None]) -> Callable[..., int | None]:
    """The command with `--json`, `--home`, `--lang`, called with a `Run` first."""

    @click.option("--lang", type=click.Choice(LANGUAGES), help="cli.option-lang")
    @click.option("--home", type=click.Path(file_okay=False), help="cli.option-home")
    @click.option("--json", "is_json", is_flag=True, help="cli.option-json")
    @functools.wraps(function)
    def command(
        *, is_json: bool, home: str | None, lang: str | None, **given: object
    ) -> int | None:
        t = Text(pick_language(lang, {})) if lang else spoken_text()
        asked = {"--json": is_json} | {_FORMS[key]: given.get(key) for key in _FORMS}
        forms = [option for option, is_asked in asked.items() if is_asked]
        if len(forms) > 1:
            raise click.UsageError(
                t("export.not-together", one=forms[0], other=forms[1])
            )
        run = Run(
            Output(t, is_json=is_json),
            find_home(home, os.environ),
            environ=os.environ,
            clock=time.time,  # noqa: TID251  # the edge: here the clock is read
        )
        return function(run, **given)

    return command
