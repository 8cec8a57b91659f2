"""What `federation init` asks, and what is wrong with an answer when it is given.

Rule: the settings file judges each answer, as it will once it is written: what would be
refused at the end is said at its question, with what is meant, and asked again. An
answer by a flag is refused at once; nobody is asked then.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import click

from federation.cli.context import Run
from federation.config.home import Home
from federation.config.settings import parse_settings
from federation.config.settings_text import Answers, format_settings
from federation.errors import ConfigError
from federation.profiles import load_profiles
from federation.text import Sentence

#: Good answers: one that is judged stands among them.
_GOOD: Final = Answers(
    org="a.example",
    name="-",
    contact="-",
    elections=(),
    licence="-",
    attribution="-",
    host="127.0.0.1",
    port=8470,
    public_url=None,
)


def check_folder(home: Home) -> None:
    """Refuse a folder that nothing can be written to, before anybody is asked.

    Raises:
        ConfigError: it cannot be made, or is no folder, or is not ours to write.
    """
    nearest = home.folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise _not_written(nearest, Sentence("machine.not-a-folder"))
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise _not_written(nearest, Sentence("machine.no-permission"))


def _not_written(folder: Path, cause: Sentence) -> ConfigError:
    return ConfigError(str(folder), "", Sentence("machine.not-written", cause=cause))


class Questions:
    """Takes each answer from its flag, else from the terminal, else the default."""

    def __init__(
        self, run: Run, home: Home, flags: dict[str, object], *, yes: bool
    ) -> None:
        """`yes`: nobody may be asked."""
        self.run, self.flags, self.yes = run, flags, yes
        self._known = load_profiles(home.elections)

    def ask(self) -> Answers:
        """All answers; those that were typed are checked.

        Raises:
            click.UsageError: one is missing and nobody can be asked.
        """
        org = self._answer("org")
        name = self._answer("name")
        given = self.flags["elections"] or self._answer("election").split()
        elections: tuple[str, ...] = tuple(given)  # type: ignore[arg-type]  # click gives a tuple of str
        return Answers(
            org=org,
            name=name,
            contact=self._answer("contact"),
            elections=elections,
            licence=self._answer("licence", "CC-BY-4.0"),
            attribution=self._answer("attribution", name),
            host=self._answer("host", "127.0.0.1"),
            port=8470 if self.flags["port"] is None else int(str(self.flags["port"])),
            public_url=self._answer("public_url", "") or None,
            incidents=elections if self.flags["incidents"] else (),
            guard=self._answer("guard", "") or None,
            database=self._answer("database", "") or None,
        )

    def check_known(self, elections: Iterable[str]) -> None:
        """Refuse an election without rules before its keys are made.

        Raises:
            click.UsageError: it would serve nothing; with the ones that there are.
        """
        if (unknown := self._find_unknown(elections)) is not None:
            raise click.UsageError(self.run.t.say(unknown))

    def _answer(self, member: str, default: str | None = None) -> str:
        """One answer; a member without a question takes its default unasked."""
        t, given = self.run.t, self.flags.get(member)
        if given is not None:
            return str(given)
        option = "--" + member.replace("_", "-")
        question = f"init.ask-{member.replace('_', '-')}"
        if default is not None and (self.yes or not t.has(question)):
            return default
        if self.yes:
            raise click.UsageError(t("init.needs", option=option))
        check = partial(self._find_wrong, member)
        return self.run.ask(t(question), option, default=default, check=check)

    def _find_wrong(self, member: str, answer: str) -> Sentence | None:
        """What the settings would refuse of an answer; None: nothing."""
        if member == "election":
            elections = tuple(answer.split())
            unknown = self._find_unknown(elections)
            return unknown or self._judge(elections=elections)
        return self._judge(**{member: answer}) if answer else None

    def _judge(self, **answer: object) -> Sentence | None:
        # A key of its own: what else the settings say is not of this answer.
        [member] = answer
        answers = replace(_GOOD, **answer)  # type: ignore[arg-type]  # text, as typed
        try:
            parse_settings(format_settings(answers), "")
        except ConfigError as error:
            return Sentence(
                "init.wrong", answer=_show(answer[member]), why=error.reason
            )
        return None

    def _find_unknown(self, elections: Iterable[str]) -> Sentence | None:
        """An election without rules, with the ones that there are; None: none."""
        for election in elections:
            if election not in self._known:
                names = ", ".join(self._known)
                return Sentence("init.unknown-election", election=election, known=names)
        return None


def _show(answer: object) -> str:
    return " ".join(answer) if isinstance(answer, tuple) else str(answer)
