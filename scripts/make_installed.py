"""Write what lies beside the program where it is installed: man pages and completion.

Run it after a change of a command or an option: `make docs`. A test compares what it
makes with what is there. The wheel takes all of `docs/installed` into its prefix.

    share/man/man1/federation.1             every command, in English
    share/man/id/man1/federation.1          and Indonesian
    share/bash-completion/completions/      for bash,
    share/zsh/site-functions/               zsh
    share/fish/vendor_completions.d/        and fish
"""

import re
import tomllib
from pathlib import Path
from typing import Final, NamedTuple

import click
from click.shell_completion import ShellComplete, get_completion_class

from federation.cli import federation
from federation.cli.help import translate
from federation.text import Language, Text
from scripts.make_docs import SHARED, walk

PROJECT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = PROJECT / "docs" / "installed"
_COMPLETIONS: Final = {
    "bash": "share/bash-completion/completions/federation",
    "zsh": "share/zsh/site-functions/_federation",
    "fish": "share/fish/vendor_completions.d/federation.fish",
}
_MANUALS: Final[dict[Language, str]] = {
    "en": "share/man/man1/federation.1",
    "id": "share/man/id/man1/federation.1",
}


class Headings(NamedTuple):
    """The headings of a manual page, and what has no help text to come from."""

    name: str
    synopsis: str
    usage: str
    description: str
    options: str
    commands: str
    files: str
    environment: str
    exit: str
    home: str
    settings: str
    peers: str
    home_of: str
    language_of: str
    exits: tuple[tuple[str, str], ...]


_HEADINGS: Final[dict[Language, Headings]] = {
    "en": Headings(
        name="NAME",
        synopsis="SYNOPSIS",
        usage="[--lang en|id] command [options]",
        description="DESCRIPTION",
        options="OPTIONS OF EVERY COMMAND",
        commands="COMMANDS",
        files="FILES",
        environment="ENVIRONMENT",
        exit="EXIT STATUS",
        home="the home of a node; the folder of --home or FEDERATION_HOME",
        settings="its settings",
        peers="its partners",
        home_of="the home where --home is not given; else the current folder",
        language_of="en or id, where --lang is not given",
        exits=(
            ("0", "done; nothing to complain about"),
            ("1", "done, but the answer is no"),
            ("2", "the command, an argument or a file given to it is wrong"),
            ("3", "a settings or key file cannot be used as it is"),
            ("4", "a signature, a proof or a history does not hold"),
            ("5", "a partner could not be reached, or answers wrongly"),
            ("6", "something exists already, or another process works there"),
            ("7", "not found"),
            ("74", "this machine does not do what is needed"),
        ),
    ),
    "id": Headings(
        name="NAMA",
        synopsis="RINGKASAN",
        usage="[--lang en|id] perintah [opsi]",
        description="DESKRIPSI",
        options="OPSI SETIAP PERINTAH",
        commands="PERINTAH",
        files="BERKAS",
        environment="LINGKUNGAN",
        exit="KODE KELUAR",
        home="rumah sebuah node; folder dari --home atau FEDERATION_HOME",
        settings="pengaturannya",
        peers="mitranya",
        home_of="rumahnya bila --home tidak diberikan; bila tidak, folder ini",
        language_of="en atau id, bila --lang tidak diberikan",
        exits=(
            ("0", "selesai; tidak ada yang perlu dikeluhkan"),
            ("1", "selesai, tetapi jawabannya tidak"),
            ("2", "perintah, argumen, atau berkas yang diberikan salah"),
            ("3", "berkas pengaturan atau kunci tidak dapat dipakai"),
            ("4", "tanda tangan, bukti, atau riwayat tidak sah"),
            ("5", "mitra tidak terjangkau, atau jawabannya salah"),
            ("6", "sudah ada, atau proses lain sedang bekerja di sana"),
            ("7", "tidak ditemukan"),
            ("74", "komputer ini tidak melakukan yang diperlukan"),
        ),
    ),
}


def files() -> dict[str, str]:
    """The text of each file, by its path below `docs/installed`."""
    manuals = {path: _manual(language) for language, path in _MANUALS.items()}
    return manuals | {path: _completion(shell) for shell, path in _COMPLETIONS.items()}


def _completion(shell: str) -> str:
    kind = get_completion_class(shell)
    assert kind is not None
    made = kind(federation, {}, "federation", "_FEDERATION_COMPLETE")
    # Not its own `source`: bash's asks the bash of this machine for its version.
    return ShellComplete.source(made).strip() + "\n"


def _manual(language: Language) -> str:
    t, head = Text(language), _HEADINGS[language]
    about = t("cli.about").strip()
    with (PROJECT / "pyproject.toml").open("rb") as file:
        version = tomllib.load(file)["project"]["version"]
    lines = [
        '.\\" Written by scripts/make_installed.py out of the program itself.',
        f'.TH FEDERATION 1 "" "tps-federation {version}"',
        # Long names of commands and addresses: lines are not stretched for them.
        ".ad l",
        ".nh",
        f".SH {head.name}",
        f"federation \\- {_roff(about.partition('. ')[0].rstrip('.'))}",
        f".SH {head.synopsis}",
        f".B federation\n{_roff(head.usage)}",
        f".SH {head.description}",
        _roff(about),
        f'.SH "{head.options}"',
        *_options(_leaf(), t, keep=True),
        f".SH {head.commands}",
    ]
    for ctx in walk():
        if ctx.parent is not None:
            lines += _command(ctx, t)
    lines += [
        f".SH {head.files}",
        *_item("/var/lib/federation", head.home),
        *_item("federation.toml", head.settings),
        *_item("peers.toml", head.peers),
        f".SH {head.environment}",
        *_item("FEDERATION_HOME", head.home_of),
        *_item("FEDERATION_LANG", head.language_of),
        f'.SH "{head.exit}"',
        *(line for code, words in head.exits for line in _item(code, words)),
    ]
    return "\n".join(lines) + "\n"


def _command(ctx: click.Context, t: Text) -> list[str]:
    command = ctx.command
    words = [
        param.make_metavar(ctx)
        for param in command.params
        if isinstance(param, click.Argument)
    ]
    name = " ".join([ctx.command_path, *words])
    said = [f'.SS "{_roff(name)}"', _roff(translate(t, command.help or ""))]
    return said if isinstance(command, click.Group) else said + _options(ctx, t)


def _leaf() -> click.Context:
    return next(ctx for ctx in walk() if not isinstance(ctx.command, click.Group))


def _options(ctx: click.Context, t: Text, *, keep: bool = False) -> list[str]:
    """The shared options (`keep`), or all the others."""
    lines: list[str] = []
    for param in ctx.command.get_params(ctx):
        if not isinstance(param, click.Option):
            continue
        name = max(param.opts, key=len).removeprefix("--")
        record = param.get_help_record(ctx)
        if record is not None and (name in SHARED) == keep:
            lines += _item(record[0], translate(t, record[1]))
    return lines


def _item(name: str, words: str) -> list[str]:
    return [".TP", f"\\fB{_roff(name)}\\fR", _roff(words)]


def _roff(text: str) -> str:
    """A text in which nothing is a request or an escape of roff; `code` is bold."""
    plain = " ".join(text.split()).replace("\\", "\\(rs").replace("-", "\\-")
    plain = plain.replace('"', "\\(dq")
    bold = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", plain)
    return f"\\&{bold}" if bold[:1] in {".", "'"} else bold


if __name__ == "__main__":
    for name, text in files().items():
        place = FOLDER / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
