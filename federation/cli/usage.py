"""What is wrong with a command as it was typed, in the reader's language.

Rule: click words such errors in English only (its catalogue is the process's gettext,
which nothing here fills); each kind is worded anew from what click found. A kind not
named here was raised by a command of ours with a sentence that is translated already.

    $ federation gaps --limit 0
    Perintah tidak dapat dipahami: --limit: harus angka dari 1 sampai 1000000.
"""

import os
import re
import stat
from difflib import get_close_matches
from typing import Any, Final

import click

from federation.cli.help import translate_names
from federation.text import Text
from federation.text.cause import cause_of

_QUOTED: Final = re.compile(r"(['\"])(.*)\1", re.DOTALL)


def explain_misuse(t: Text, error: click.ClickException) -> str:
    """One sentence or two about what cannot be understood, and what could be."""
    if isinstance(error, click.NoSuchOption):
        sentence = t("misuse.option", name=error.option_name)
        return sentence + _maybe(t, error.possibilities)
    if isinstance(error, click.exceptions.NoSuchCommand):
        sentence = t("misuse.command", name=error.command_name)
        return sentence + _maybe(t, _similar(error))
    if isinstance(error, click.MissingParameter):
        missing = t("misuse.missing", name=_name(t, error.param))
        if error.param is not None and isinstance(error.param.type, click.Choice):
            names = ", ".join(map(str, error.param.type.choices))
            missing += " " + t("misuse.one-of", names=names)
        return missing
    if isinstance(error, click.BadParameter) and error.param is not None:
        return f"{_name(t, error.param)}: {_value(t, error.param.type, error.message)}"
    return error.format_message()


def _similar(error: click.exceptions.NoSuchCommand) -> list[str]:
    """Commands of nearly that name; click knows only those that are loaded already."""
    ctx = error.ctx
    if ctx is None or not isinstance(ctx.command, click.Group):
        return []
    return get_close_matches(error.command_name, ctx.command.list_commands(ctx))


def _maybe(t: Text, names: list[str] | None) -> str:
    return " " + t("misuse.maybe", names=", ".join(names)) if names else ""


def _name(t: Text, param: click.Parameter | None) -> str:
    """How a person types it: `--region`, or `TPS` for an argument."""
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    return translate_names(t, param.human_readable_name) if param else ""


def _path(t: Text, kind: click.Path, path: str) -> str:
    """Why this path is not taken: asked again, because click tells it in English."""
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116  an error is the answer
    except OSError as error:
        return t("machine.at", place=path, cause=t.say(cause_of(error)))
    if is_folder and not kind.dir_okay:
        return t("misuse.path-folder", path=path)
    if not is_folder and not kind.file_okay:
        return t("misuse.path-file", path=path)
    return t("misuse.path-closed", path=path)


def _value(t: Text, kind: click.ParamType[Any], message: str) -> str:
    """What a value should have been; click's own words where nothing better is known.

    Args:
        t: the language.
        kind: the type of the option or argument.
        message: click's sentence, which quotes the value.
    """
    if isinstance(kind, click.Choice):
        return t("misuse.choice", names=", ".join(map(str, kind.choices)))
    if isinstance(kind, click.IntRange):
        return t("misuse.range", least=kind.min, most=kind.max)
    quoted = _QUOTED.search(message)
    if isinstance(kind, click.Path) and quoted:
        return _path(t, kind, quoted[2])
    return message
