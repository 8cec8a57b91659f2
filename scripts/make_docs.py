"""Write the pages of docs/reference/ that the code knows best.

Run it after a change of a command, an option or an alarm: `make docs`. A test compares
what it makes with what is there.

    cli.md, cli.id.md    every command, argument and option, in English and Indonesian
    alarms.md, …         every alarm, and in alarms/ a page for each, in both
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from federation.cli import federation
from federation.cli.help import translate, translate_names
from federation.records.alarmhelp import CODES, help_for
from federation.records.severity import ORDER
from federation.text import Language, Text

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "reference"
WRITTEN: Final = "<!-- Written by scripts/make_docs.py out of the program itself. -->\n"

#: How the name of a page ends.
SUFFIXES: Final[dict[Language, str]] = {"en": ".md", "id": ".id.md"}

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

[English](cli.md) · [kode keluar](exit-codes.id.md) · [pengaturan](configuration.id.md)

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
        **{f"alarms{suffix}": format_alarms(one) for one, suffix in SUFFIXES.items()},
        **{
            f"alarms/{code}{suffix}": format_alarm(one, code)
            for one, suffix in SUFFIXES.items()
            for code in CODES
        },
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


ALARMS: Final[dict[Language, str]] = {
    "en": """# Alarms

[Bahasa Indonesia](alarms.id.md)

`federation status` lists what stands, as does `GET /v1/status`; [metrics](metrics.md)
count it, and [messages](alarm-messages.md) bring it to people. An alarm is a fact with
a date, never a verdict about somebody; its code is stable. Its severity says who is to
look when: **urgent**, somebody is to be woken; **warning**, today; **notice**, it is to
be known. Each page says when its alarm goes away: by itself, or with
`federation status --clear CODE`.

The same pages are at every node, `/bantuan/peringatan`, and on its machine:
`federation alarms explain CODE`.

| alarm | | what has happened |
|---|---|---|
""",
    "id": """# Peringatan

[English](alarms.md)

`federation status` menampilkan yang masih berlaku, begitu juga `GET /v1/status`;
[metrik](metrics.id.md) menghitungnya, dan [pesan](alarm-messages.id.md) membawanya
kepada orang. Peringatan adalah fakta bertanggal, bukan putusan tentang seseorang;
kodenya tetap. Tingkatnya menyebut kapan harus dilihat: **urgent**, bangunkan seseorang;
**warning**, hari ini; **notice**, untuk diketahui. Tiap halaman menyebut kapan
peringatannya hilang: dengan sendirinya, atau dengan `federation status --clear KODE`.

Halaman yang sama ada di setiap node, `/bantuan/peringatan`, dan di mesinnya:
`federation alarms explain KODE`.

| peringatan | | yang terjadi |
|---|---|---|
""",
}


def format_alarms(language: Language) -> str:
    """The list of all alarms, those first that wake somebody."""
    found = [one for code in CODES if (one := help_for(Text(language), code))]
    found.sort(key=lambda one: -ORDER.index(one.severity))
    suffix = SUFFIXES[language]
    rows = [
        f"| [`{one.code}`](alarms/{one.code}{suffix})"
        f" | {one.severity} | {one.meaning} |\n"
        for one in found
    ]
    return WRITTEN + ALARMS[language] + "".join(rows)


def format_alarm(language: Language, code: str) -> str:
    """The page of one alarm."""
    t = Text(language)
    told = help_for(t, code)
    assert told is not None
    other: Language = "id" if language == "en" else "en"
    name = {"en": "English", "id": "Bahasa Indonesia"}[other]
    whole = f"[{t('alarmhelp.all')}](../alarms{SUFFIXES[language]})"
    steps = "".join(f"{n}. {step}\n" for n, step in enumerate(told.steps, 1))
    return f"""{WRITTEN}# {t("alarmhelp.title-one", code=f"`{code}`")}

[{name}]({code}{SUFFIXES[other]}) · {whole}

**{t(f"notices.severity-{told.severity}")}** · {told.meaning}

{told.why}

## {t("alarmhelp.in-short")}

{told.remedy}

## {t("alarmhelp.steps")}

{steps}
## {t("alarmhelp.settled")}

{told.settled}

## {t("alarmhelp.call")}

{told.call}
"""


def main() -> None:
    """Write every page."""
    for name, text in pages().items():
        (FOLDER / name).parent.mkdir(exist_ok=True)
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
