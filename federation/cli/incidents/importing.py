"""`federation incidents import`: reports out of somebody's table.

Rule: as `federation incidents add`, which the rows go to when they are read; columns
that mean nothing to a report are left out and named once.
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
    hand_in_reports,
    read_reports,
    redact_reports,
    show_verdicts,
)
from federation.cli.output import NEGATIVE, OK
from federation.flows.incidents.take import IncidentVerdict
from federation.flows.ownlog.verdict import RowError
from federation.records.incident import CATEGORIES, LAWS
from federation.sources.incidenttable import (
    ReportColumns,
    ReportRow,
    read_report_table,
)
from federation.sources.mapping import split_flags
from federation.sources.row import Bad
from federation.sources.stream import SourceFile
from federation.text import Sentence


@click.command("import", cls=Command, help="incidents.help-import")
@click.argument("file")
@click.option("--map", "columns", multiple=True, help="incidents.option-map")
@click.option("--word", "words", multiple=True, help="incidents.option-word")
@click.option(
    "--category", type=click.Choice(CATEGORIES), help="incidents.option-category-else"
)
@click.option("--law", type=click.Choice(LAWS), help="incidents.option-law-else")
@click.option("--redact", is_flag=True, help="incidents.option-redact")
@click.option("--election", help="import.option-election")
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def import_reports(  # noqa: PLR0913  one parameter for each option
    run: Run,
    *,
    file: str,
    columns: tuple[str, ...],
    words: tuple[str, ...],
    category: str | None,
    law: str | None,
    redact: bool,
    election: str | None,
    alone: bool,
) -> int:
    """Sign the reports of a file."""
    asked = pick_election(run, election)
    given = {"category": category, "law": law}
    defaults = {name: value for name, value in given.items() if value is not None}
    meant, rows = _read(file, split_flags(columns), defaults)
    if meant.unread:
        run.out.note(run.t("incidents.unread", columns=", ".join(meant.unread)))
    read = _in_our_words(rows, _split_words(run, words))
    good = [row for row in read if row.bad is None]
    numbered = ((row.row, row.members) for row in good)
    records, replaced = redact_reports(numbered, asked=redact)
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
    file: str, named: dict[str, str], defaults: dict[str, str]
) -> tuple[ReportColumns, list[ReportRow]]:
    """The rows of a file of any of the forms that are known, numbered as people do."""
    with SourceFile(file) as source:
        is_json = source.peek().lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"{", b"["}
        if not is_json:
            meant, rows = read_report_table(source, named, defaults)
            return meant, list(rows)
    records: list[dict[str, Any]] = read_reports(file)
    meant = ReportColumns((name for record in records for name in record), named)
    return meant, [
        ReportRow(number, meant.read(record, defaults))
        for number, record in enumerate(records, 1)
    ]


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
    """The rows, their categories and laws by the words that the operator gave."""
    for row in rows:
        for name in ("category", "law"):
            if row.members.get(name) in words:
                row.members[name] = words[row.members[name]]
    return list(rows)


def _refuse(run: Run, row: int, bad: Bad) -> IncidentVerdict:
    error = RowError(at=bad.column, code=bad.code, reason=run.t.say(bad.reason))
    return IncidentVerdict(
        row=row, outcome="refused", reason=error.reason, code=bad.code, errors=(error,)
    )
