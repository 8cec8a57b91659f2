"""Help texts that are translated when they are printed.

Rule: wherever click wants a help text, a command gives the key of a sentence
(`help="peers.help-add"`). Click reads help at import time, before the language is
known; these two classes look the sentence up at print time instead.
"""

import os
import re
import sys
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from federation.cli.output import Output
from federation.cli.streams import make_plain
from federation.text import LANGUAGES, Text, pick_language

_NAME: Final = re.compile(r"(?<![\w-])[A-Z]{3,}(?: RANGE)?(?![\w-])")
_KEY: Final = re.compile(r"\A[a-z_]+\.[a-z0-9-]+")


def text_of(ctx: click.Context) -> Text:
    """The language of this call: `main` found it; elsewhere the environment says."""
    out = ctx.find_object(Output)
    return out.t if out else Text(pick_language(None, os.environ))


def translate(t: Text, help_text: str) -> str:
    """The text with the key that it begins with replaced by its sentence.

    What click adds behind stays, its words translated; a text that is no key stays
    whole.
    """
    match = _KEY.match(help_text)
    if not match or not t.has(match[0]):
        return help_text
    added = help_text[match.end() :].replace("[required]", t("cli.required"))
    added = added.replace("[default: ", t("cli.default"))
    return t(match[0]) + added


def translate_names(t: Text, usage: str) -> str:
    """What is to be filled in, in capitals, in the reader's language: `BERKAS`.

    A name that has no sentence stays: `TPS`, `URL`.
    """
    return _NAME.sub(
        lambda name: t.word(f"cli.name-{name[0].lower().replace(' ', '-')}", name[0]),
        usage,
    )


class Command(click.Command):
    """A command whose help is a key of `federation/text`."""

    def get_help(self, ctx: click.Context) -> str:
        """The whole of it, in letters that standard output has."""
        # Click would print UTF-8 on a terminal that knows ASCII only.
        return make_plain(super().get_help(ctx), sys.stdout)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the usage line under a translated heading."""
        t = text_of(ctx)
        pieces = translate_names(t, " ".join(self.collect_usage_pieces(ctx)))
        formatter.write_usage(ctx.command_path, pieces, t("cli.usage"))

    def format_help_text(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write what the command does."""
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(translate(text_of(ctx), self.help or ""))

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write one line per option; a group's commands follow."""
        t = text_of(ctx)
        records = [
            (translate_names(t, record[0]), translate(t, record[1]))
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
            and (record := param.get_help_record(ctx)) is not None
        ]
        with formatter.section(t("cli.options")):
            formatter.write_dl(records)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """The options that begin so, each with its line of help."""
        t = text_of(ctx)
        items = super().shell_complete(ctx, incomplete)
        for item in items:
            if item.help:
                item.help = translate(t, item.help)
        return items

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Click's own `--help`, its text made a key as well."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "cli.option-help"
        return option


class CommandGroup(Command, click.Group):
    """A group of such commands."""

    command_class = Command

    def __init__(self, *args: Any, **attrs: Any) -> None:  # noqa: ANN401  # whatever click.Group takes
        """As `click.Group`, and `--lang` is understood before the command's name.

        Its value is not used here: `main` has looked the language up already,
        because help is printed while options are still being read.
        """
        super().__init__(*args, **attrs)
        self.params.append(
            click.Option(
                ["--lang"],
                type=click.Choice(LANGUAGES),
                help="cli.option-lang",
                expose_value=False,
            )
        )

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the options, then one line per command."""
        super().format_options(ctx, formatter)
        t = text_of(ctx)
        rows = [
            (name, translate(t, self.help_key(ctx, name)))
            for name in self.list_commands(ctx)
        ]
        with formatter.section(t("cli.commands")):
            formatter.write_dl(rows)

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """The commands and options that begin so; no command is loaded for it."""
        t = text_of(ctx)
        named = [
            CompletionItem(name, help=translate(t, self.help_key(ctx, name)))
            for name in self.list_commands(ctx)
            if name.startswith(incomplete)
        ]
        options = Command.shell_complete(self, ctx, incomplete) if incomplete else []
        names = {item.value for item in named}
        return named + [item for item in options if item.value not in names]

    def help_key(self, ctx: click.Context, name: str) -> str:
        """The text key of a command's one line."""
        command = self.get_command(ctx, name)
        return (command.help or "") if command else ""
