"""`federation incidents import`: reports out of somebody's table.

Rule: as `federation incidents add`, which the rows go to when they are read. Who
reported it and where exactly goes into the report's annex, if there is a key for it,
with the words that a mark took the place of; columns that mean nothing are left out and
named once.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

import click
from msgspec.structs import replace

from federation.cli.arguments import pick_election
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.incidents.add import (
    ANNEX,
    hand_in_reports,
    read_reports,
    redact_reports,
    show_verdicts,
)
from federation.cli.output import NEGATIVE, OK
from federation.config.annexkey import load_annex_public
from federation.errors import ConfigError
from federation.flows.incidents.take import IncidentVerdict
from federation.flows.ownlog.verdict import RowError
from federation.records.incident import CATEGORIES, LAWS
from federation.sources.incidentdraft import read_word
from federation.sources.incidenttable import (
    ReportColumns,
    ReportRow,
    read_report_table,
)
from federation.sources.mapping import split_flags
from federation.sources.recognise import open_file
from federation.sources.row import Bad
from federation.sources.stream import SourceFile
from federation.sources.workbook import Workbook
from federation.text import Sentence


@click.command("import", cls=Command, help="incidents.help-import")
@click.argument("file")
@click.option("--map", "columns", multiple=True, help="incidents.option-map")
@click.option("--annex", "sealed", multiple=True, help="incidents.option-annex")
@click.option("--word", "words", multiple=True, help="incidents.option-word")
@click.option(
    "--category", type=click.Choice(CATEGORIES), help="incidents.option-category-else"
)
@click.option("--law", type=click.Choice(LAWS), help="incidents.option-law-else")
@click.option("--sheet", help="import.option-sheet")
@click.option("--redact", is_flag=True, help="incidents.option-redact")
@click.option("--election", help="import.option-election")
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def import_reports(  # noqa: PLR0913  one parameter for each option
    run: Run,
    *,
    file: str,
    columns: tuple[str, ...],
    sealed: tuple[str, ...],
    words: tuple[str, ...],
    category: str | None,
    law: str | None,
    sheet: str | None,
    redact: bool,
    election: str | None,
    alone: bool,
) -> int:
    """Sign the reports of a file."""
    asked = pick_election(run, election)
    given = {"category": category, "law": law}
    defaults = {name: value for name, value in given.items() if value is not None}
    named = split_flags(columns), split_flags(sealed, "--annex")
    meant, rows = _read(file, sheet, *named, defaults)
    has_key = _has_key(run, needs=bool(sealed))
    left = meant.unread if has_key else [*meant.unread, *meant.annex.member_of]
    if left:
        run.out.note(run.t("incidents.unread", columns=", ".join(left)))
    if meant.annex.member_of and not has_key:
        run.out.note(run.t("incidents.no-key"))
    read = _in_our_words(rows, _split_words(run, words))
    good = [row for row in read if row.bad is None]
    numbered = ((row.row, row.members) for row in good)
    records, replaced = redact_reports(numbered, asked=redact)
    if has_key:
        records = list(map(_with_annex, records, good))
    answers = asyncio.run(hand_in_reports(run, asked, records, alone=alone))
    run.finish(Sentence("cli.done-unsaid"))
    verdicts = [
        replace(answer, row=row.row) for row, answer in zip(good, answers, strict=True)
    ]
    verdicts += [_refuse(run, row.row, row.bad) for row in read if row.bad]
    verdicts.sort(key=lambda verdict: verdict.row)
    show_verdicts(run, verdicts, replaced)
    return NEGATIVE if any(one.outcome == "refused" for one in verdicts) else OK


def _read(
    file: str,
    sheet: str | None,
    named: dict[str, str],
    sealed: dict[str, str],
    defaults: dict[str, str],
) -> tuple[ReportColumns, list[ReportRow]]:
    """The rows of a file of any of the forms that are known, numbered as people do."""
    with open_file(file, sheet) as source:
        if isinstance(source, Workbook) or not _is_json(source):
            meant, rows = read_report_table(source, named, sealed, defaults)
            return meant, list(rows)
    records: list[dict[str, Any]] = read_reports(file)
    # What KoboToolbox's API answers: a page of them.
    [first, *others] = records
    if not others and isinstance(results := first.get("results"), list):
        records = [one for one in results if isinstance(one, dict)]
    names = [name for record in records for name in record]
    meant = ReportColumns(names, named, sealed)
    return meant, [
        meant.read_row(number, record, defaults)
        for number, record in enumerate(records, 1)
    ]


def _has_key(run: Run, *, needs: bool) -> bool:
    """Whether there is a key of annexes.

    Raises:
        ConfigError: there is none, and the operator `needs` one.
    """
    try:
        load_annex_public(run.home)
    except ConfigError:
        if needs:
            raise
        return False
    return True


def _with_annex(record: dict[str, Any], row: ReportRow) -> dict[str, Any]:
    """A report with what is personal of it, also what a mark took the place of."""
    annex = dict(row.personal)
    notes = [annex["notes"]] if "notes" in annex else []
    notes += [
        f"{name}: {row.members[name]}"
        for name in ("summary", "description")
        if record.get(name) != row.members.get(name)
    ]
    if notes:
        annex["notes"] = "\n".join(notes)
    return {**record, ANNEX: annex} if annex else record


def _is_json(source: SourceFile) -> bool:
    return source.peek().lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"{", b"["}


def _split_words(run: Run, flags: Iterable[str]) -> dict[str, str]:
    """Flags `THEIRS=OURS`, as theirs → ours.

    Raises:
        click.UsageError: one is not of that form.
    """
    words: dict[str, str] = {}
    for flag in flags:
        theirs, equals, ours = flag.rpartition("=")
        if not equals:
            raise click.UsageError(run.t("incidents.word-form", given=repr(flag[:80])))
        words[theirs.strip()] = ours.strip()
    return words


def _in_our_words(rows: Iterable[ReportRow], words: dict[str, str]) -> list[ReportRow]:
    """The rows, their categories and laws by the words that the operator gave.

    Of several categories in one cell, parted by commas, what all of them mean.
    """
    for row in rows:
        for name in ("category", "law"):
            value = row.members.get(name)
            if not isinstance(value, str):
                continue
            parts = [value] if value in words else map(str.strip, value.split(","))
            meant = {read_word(words.get(part, part)) for part in parts}
            if len(meant) == 1:
                row.members[name] = meant.pop()
    return list(rows)


def _refuse(run: Run, row: int, bad: Bad) -> IncidentVerdict:
    error = RowError(at=bad.column, code=bad.code, reason=run.t.say(bad.reason))
    return IncidentVerdict(
        row=row, outcome="refused", reason=error.reason, code=bad.code, errors=(error,)
    )
