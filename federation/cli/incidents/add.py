"""`federation incidents add`: reports of ours are signed, for partners.

Rule: what is refused is named with its place and its word before anything of it is
signed; the rest goes in. Sent again, nothing is said twice. With `--redact` what looks
personal is replaced before the node gets it, and each word of that is named.
"""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import click
from msgspec.structs import replace

from federation.cli.arguments import pick_election
from federation.cli.client import open_desk
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.decoding import parse_any_json
from federation.errors import ConfigError, FormatError
from federation.flows.incidents.take import IncidentVerdict, say_problem
from federation.flows.ownlog.verdict import refuse
from federation.records.incident import CATEGORIES, LAWS
from federation.records.problem import Problem
from federation.sources.incidentdraft import read_incident
from federation.sources.redaction import Replacement, redact_report
from federation.sources.row import clip
from federation.text import Sentence, as_said
from federation.text.cause import cause_of
from federation.web.requests.incidents import AddIncidents, IncidentVerdicts

#: The member of a report that goes into its annex.
ANNEX: Final = "annex"
_STEP: Final = 200
_TEXTS: Final = ("category", "law", "summary", "description", "happened_at", "known_at")
_MEMBERS: Final = (*_TEXTS, "tps", "region", "ref", "revision")


class RedactedVerdicts(IncidentVerdicts, frozen=True, kw_only=True):
    """The verdicts, and what was taken out of the reports before."""

    redacted: list[Replacement]


@click.command("add", cls=Command, help="incidents.help-add")
@click.argument("file", required=False)
@click.option(
    "--category", type=click.Choice(CATEGORIES), help="incidents.option-category"
)
@click.option("--law", type=click.Choice(LAWS), help="incidents.option-law")
@click.option("--summary", help="incidents.option-summary")
@click.option("--description", help="incidents.option-description")
@click.option("--happened", "happened_at", help="incidents.option-happened")
@click.option("--known", "known_at", help="incidents.option-known")
@click.option("--tps", help="incidents.option-tps")
@click.option("--region", help="incidents.option-region")
@click.option("--ref", help="incidents.option-ref")
@click.option("--revision", type=click.IntRange(0), help="incidents.option-revision")
@click.option("--redact", is_flag=True, help="incidents.option-redact")
@click.option("--election", help="import.option-election")
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def add(
    run: Run, *, file: str | None, redact: bool, alone: bool, **given: object
) -> int:
    """Sign one report, or those of a file."""
    election = pick_election(run, _text(given.pop("election")))
    members = {name: given[name] for name in _MEMBERS if given[name] is not None}
    if (file is None) is not bool(members):
        raise click.UsageError(run.t("incidents.file-or-options"))
    given_in = [members] if file is None else read_reports(file)
    records, replaced = redact_reports(enumerate(given_in), asked=redact)
    verdicts = asyncio.run(hand_in_reports(run, election, records, alone=alone))
    run.finish(Sentence("cli.done-unsaid"))
    show_verdicts(run, verdicts, replaced, first=1)
    return NEGATIVE if any(one.outcome == "refused" for one in verdicts) else OK


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def read_reports(file: str) -> list[Any]:
    """What a file of JSON or NDJSON holds, not looked at yet.

    Raises:
        ConfigError: it cannot be read.
        FormatError: it is neither, or empty.
    """
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        reason = Sentence("machine.not-read", cause=cause_of(error))
        raise ConfigError(file, "", reason) from error
    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    records = (
        _read_lines(data, file) if b"\n{" in data else [parse_any_json(data or b"[]")]
    )
    if len(records) == 1 and isinstance(records[0], list):
        [records] = records
    if not records or not all(isinstance(one, dict) for one in records):
        raise FormatError(Sentence("incidents.no-report", file=file), file)
    return records


def _read_lines(data: bytes, file: str) -> list[Any]:
    """One value in each line, or all of it one value that is printed over many."""
    try:
        return [parse_any_json(data)]
    except FormatError:
        pass
    records = []
    for number, line in enumerate(data.splitlines(), 1):
        if line.strip():
            try:
                records.append(parse_any_json(line))
            except FormatError as error:
                raise FormatError(error.what, f"{file}:{number}") from None
    return records


async def hand_in_reports(
    run: Run, election: str, records: list[Any], *, alone: bool
) -> list[IncidentVerdict]:
    """The answer to each report, handed in a part at a time.

    What cannot be read is refused here, in the reader's language: a node speaks English
    to programs, and it would say the same.

    Raises:
        FederationError: the desk could not be opened, or refused them all.
    """
    verdicts: list[IncidentVerdict] = []
    readable: dict[int, dict[str, Any]] = {}
    for row, record in enumerate(records):
        # What is personal is for the node to seal.
        said = {name: record[name] for name in record if name != ANNEX}
        read = read_incident(said)
        if isinstance(read, tuple):
            verdicts.append(_refuse(run, row, read))
        else:
            readable[row] = read
    if not readable:
        return verdicts
    with run.out.progress(len(readable), run.t("incidents.working")) as advance:
        async with open_desk(run, alone=alone) as desk:
            for start in range(0, len(readable), _STEP):
                rows = list(readable)[start : start + _STEP]
                part = [records[row] for row in rows]
                asked = AddIncidents(election=election, records=part)
                answer = await desk.run(asked)
                for one in answer.verdicts:
                    row = rows[one.row]
                    verdicts.append(_worded(run, replace(one, row=row), readable[row]))
                advance(len(part))
    return sorted(verdicts, key=lambda one: one.row)


def _refuse(run: Run, row: int, problems: tuple[Problem, ...]) -> IncidentVerdict:
    told = [one._replace(reason=as_said(run.t.say(one.reason))) for one in problems]
    answer = refuse(row, told)
    return IncidentVerdict(
        row=row,
        outcome="refused",
        reason=answer.reason,
        code=answer.code,
        errors=answer.errors,
    )


def _worded(
    run: Run, verdict: IncidentVerdict, draft: dict[str, Any]
) -> IncidentVerdict:
    """What the node answered, in the reader's language where there are words for it."""
    if verdict.outcome != "refused":
        reason = run.t.word(f"incidents.why-{verdict.outcome}", verdict.reason)
        return replace(verdict, reason=reason)
    problems = tuple(
        Problem(one.at, one.code, as_said(say_problem(one, draft)))
        for one in verdict.errors
    )
    return _refuse(run, verdict.row, problems)


def redact_reports(
    numbered: Iterable[tuple[int, Any]], *, asked: bool
) -> tuple[list[Any], list[Replacement] | None]:
    """Reports without what is personal in their texts, and what that was.

    Where it was not asked for: as they are, and None.
    """
    if not asked:
        return [record for _, record in numbered], None
    records: list[Any] = []
    replaced: list[Replacement] = []
    for row, record in numbered:
        clean, found = redact_report(record, row)
        records.append(clean)
        replaced += found
    return records, replaced


def show_verdicts(
    run: Run,
    verdicts: list[IncidentVerdict],
    replaced: list[Replacement] | None,
    *,
    first: int = 0,
) -> None:
    """A line for each; `first` is what a person calls the row 0.

    `replaced` is what was taken out of the reports, None where nobody asked for it.
    """
    answer = (
        IncidentVerdicts(verdicts=verdicts)
        if replaced is None
        else RedactedVerdicts(verdicts=verdicts, redacted=replaced)
    )
    run.out.show(answer, lambda: _print(run, verdicts, replaced or [], first))


def _print(
    run: Run, verdicts: list[IncidentVerdict], replaced: list[Replacement], first: int
) -> None:
    for word in replaced:
        said = Sentence(
            "personal.word",
            word=clip(word.word),
            kind=Sentence(f"personal.{word.kind}"),
            at=word.character,
        )
        values = {"row": word.row + first, "at": word.at, "word": said}
        run.out.line(run.t.say(Sentence("incidents.redacted", **values)))
    for one in verdicts:
        key = f"incidents.row-{one.outcome}"
        values = {
            "row": one.row + first,
            "incident": one.incident,
            "reason": one.reason,
        }
        run.out.line(run.t(key, **values))
