"""Write the pages of docs/reference/ that the code knows best.

Run it after a change of a command, an option or an alarm: `make docs`. A test compares
what it makes with what is there.

    cli.md, cli.id.md    every command, argument and option, in English and Indonesian
    alarms.md            every alarm: what it means, what to do, in both
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from federation.cli import federation
from federation.cli.help import translate, translate_names
from federation.records.severity import severity_of
from federation.text import Language, Text, load_topic

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"
WRITTEN: Final = "<!-- Written by scripts/make_docs.py out of the program itself. -->\n"

#: Said once above, not with each command.
SHARED: Final = ("json", "home", "lang", "help")

HEAD: Final[dict[Language, str]] = {
    "en": """# Commands

[Bahasa Indonesia](cli.id.md) · [exit codes](exit-codes.md)
· [settings](configuration.md)

{about}

Every command also has these:

{shared}
With `--json` standard output holds JSON and nothing else; hints and errors go to
standard error. A command that changes data hands its work to the node when it runs.
Arguments in square brackets may be left out.
""",
    "id": """# Perintah

[English](cli.md) · [kode keluar](exit-codes.md) · [pengaturan](configuration.md)

{about}

Setiap perintah juga mempunyai:

{shared}
Dengan `--json` keluaran standar hanya berisi JSON; petunjuk dan kesalahan ditulis ke
keluaran galat standar. Perintah yang mengubah data menyerahkan pekerjaannya kepada node
bila node sedang berjalan. Argumen dalam kurung siku boleh dihilangkan.
""",
}


def pages() -> dict[str, str]:
    """The text of each file, by its name."""
    return {
        "cli.md": format_commands("en"),
        "cli.id.md": format_commands("id"),
        "alarms.md": format_alarms(),
    }


def format_commands(language: Language) -> str:
    """The page of all commands."""
    t = Text(language)
    shared = _options(_leaf(), t, keep=True)
    head = HEAD[language].format(about=t("cli.about"), shared=shared)
    found = [_section(ctx, t) for ctx in walk() if ctx.parent is not None]
    return WRITTEN + head + "".join(found)


def walk() -> Iterator[click.Context]:
    """Every command, as it is called; groups before their own."""
    waiting = [click.Context(federation, info_name="federation")]
    while waiting:
        ctx = waiting.pop(0)
        yield ctx
        if isinstance(ctx.command, click.Group):
            named = (
                (name, ctx.command.get_command(ctx, name))
                for name in ctx.command.list_commands(ctx)
            )
            waiting[:0] = [
                click.Context(command, parent=ctx, info_name=name)
                for name, command in named
                if command is not None
            ]


def _leaf() -> click.Context:
    return next(ctx for ctx in walk() if not isinstance(ctx.command, click.Group))


def _section(ctx: click.Context, t: Text) -> str:
    command = ctx.command
    words = [
        translate_names(t, param.make_metavar(ctx))
        for param in command.params
        if isinstance(param, click.Argument)
    ]
    usage = f"`{' '.join([ctx.command_path, *words])}`\n\n" if words else ""
    said = translate(t, command.help or "")
    level = "#" * min(2 + ctx.command_path.count(" ") - 1, 4)
    if isinstance(command, click.Group):
        return f"\n{level} {ctx.command_path}\n\n{said}\n"
    options = _options(ctx, t)
    listed = f"\n{options}" if options else ""
    return f"\n{level} {ctx.command_path}\n\n{usage}{said}\n{listed}"


def _options(ctx: click.Context, t: Text, *, keep: bool = False) -> str:
    """A line per option: the shared ones (`keep`), or all the others."""
    lines = []
    for param in ctx.command.get_params(ctx):
        if not isinstance(param, click.Option):
            continue
        name = max(param.opts, key=len).removeprefix("--")
        record = param.get_help_record(ctx)
        if record is not None and (name in SHARED) == keep:
            names = translate_names(t, record[0])
            lines.append(f"- `{names}`: {translate(t, record[1])}\n")
    return "".join(lines)


def format_alarms() -> str:
    """The page of all alarms."""
    words = load_topic("alarms")
    codes = sorted(name for name in words if not name.startswith("do-"))
    sections = [
        f"\n## `{code}`\n\n*{severity_of(code)}*\n\n"
        f"{words[code]['en']}\n**Do:** {words[f'do-{code}']['en']}\n\n"
        f"{words[code]['id']}\n**Lakukan:** {words[f'do-{code}']['id']}\n"
        for code in codes
    ]
    return f"""{WRITTEN}# Alarms / Peringatan

`federation status` lists what stands, as does `GET /v1/status`; [metrics](metrics.md)
count it, and [messages](alarm-messages.md) bring it to people. An alarm is a fact with
a date, never a verdict about somebody; its code is stable. `changed-after-held`,
`crashed`, `disk-failed`, `fork`, `own-fork`, `rejected`, `several-refs`,
`stored-damaged` and `suspected-echo` stay, with the time they last happened, until
`federation status --clear CODE`; the others go away when their cause does. Its
severity says who is to look when: `urgent`, somebody is to be woken; `warning`, today;
`notice`, it is to be known.

`federation status` menampilkan yang masih berlaku; [pesan](alarm-messages.md)
membawanya kepada orang. Peringatan adalah fakta bertanggal, bukan putusan tentang
seseorang; kodenya tetap. `changed-after-held`, `crashed`, `disk-failed`, `fork`,
`own-fork`, `rejected`, `several-refs`, `stored-damaged`, dan `suspected-echo` tetap
ada dengan waktu kejadian terakhir sampai `federation status --clear KODE`; yang lain
hilang bila penyebabnya hilang. Tingkatnya menyebut kapan harus dilihat: `urgent`,
bangunkan seseorang; `warning`, hari ini; `notice`, untuk diketahui.
""" + "".join(sections)


def main() -> None:
    """Write every page."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
