"""`federation tps-list`: the polling stations that there should be.

Rule: a list is taken whole or not at all, since a row that is left out would silently
raise every percentage; `--partial` says that this is meant. Partners with the same
list have the same digest.
"""

from pathlib import Path
from typing import Any

import click
import msgspec

from federation.cli.arguments import find_profile, pick_election
from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import CommandGroup
from federation.cli.output import NEGATIVE, OK
from federation.cli.report import MAX_SHOWN, RefusalReport, ReportLine
from federation.errors import FormatError, NotFoundError
from federation.profiles import load_regions
from federation.records.register import Register
from federation.sources.mapping import split_flags
from federation.sources.pipe import name_source
from federation.sources.recognise import open_file
from federation.sources.register import read_register
from federation.sources.row import Bad
from federation.store import registers
from federation.text import Sentence
from federation.web.requests.records import SaveRegister


class ListOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of one import."""

    file: str
    election: str | None
    source: str | None
    sheet: str | None
    columns: tuple[str, ...]
    report: str | None
    partial: bool
    overseas: str | None


@click.group("tps-list", cls=CommandGroup, help="tps_list.help")
def tps_list() -> None:
    """The list of polling stations."""


@tps_list.command("import", help="tps_list.help-import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--election", help="import.option-election")
@click.option("--source", help="tps_list.option-source")
@click.option("--sheet", help="import.option-sheet")
@click.option("--map", "columns", multiple=True, help="tps_list.option-map")
@click.option("--report", type=click.Path(), help="import.option-report")
@click.option("--partial", is_flag=True, help="tps_list.option-partial")
@click.option(
    "--overseas", type=click.Choice(["kpu"]), help="numbering.option-overseas"
)
@command_options
def import_list(run: Run, **given: object) -> int | None:
    """Replace the list of an election by that in a file."""
    asked = msgspec.convert(given, ListOptions)
    name = pick_election(run, asked.election)
    register = Register(name)
    with RefusalReport(Path(asked.report) if asked.report else None) as report:
        findings = _read(run, asked, register, report)
    if findings.refused and not (asked.partial and register.size):
        _print_refused(run, findings)
        return NEGATIVE
    if not register.size:
        raise FormatError(Sentence("tps_list.empty"), name_source(asked.file))
    source = asked.source or _name_list(run, asked.file)
    saved = hand_in(run, SaveRegister(register=register, source=source))
    value = {
        "election": name,
        "stations": register.size,
        "villages": sum(1 for _ in register.villages()),
        "digest": saved.digest,
        "source": source,
        "refused": findings.refused,
        "remarks": findings.remarks,
        "not_taken": [line._asdict() for line in findings.shown],
    }
    run.out.show(value, lambda: _print_taken(run, value, findings))
    return NEGATIVE if findings.refused else OK


@tps_list.command("show", help="tps_list.help-show")
@click.option("--election", help="import.option-election")
@command_options
def show(run: Run, *, election: str | None) -> int | None:
    """The list that is in force, by province."""
    name = pick_election(run, election)
    with run.open_database().view() as view:
        saved = registers.read_source(view, name)
        if saved is None:
            raise NotFoundError(Sentence("tps_list.none", election=name))
        provinces = [
            {"code": code, "name": label, "stations": registers.count(view, name, code)}
            for code, label in registers.children(view, name, "").items()
        ]
    value = {"election": name, **saved._asdict(), "provinces": provinces}

    def human() -> None:
        headers = [run.t(f"tps_list.{key}") for key in ("code", "name", "stations")]
        run.out.table(
            headers, [list(province.values()) for province in provinces], right=[2]
        )
        _print_saved(run, value)

    run.out.show(value, human)
    return OK


def _name_list(run: Run, file: str) -> str:
    """Where the list comes from, if the operator does not say it."""
    label = name_source(file)
    if isinstance(label, Sentence):
        return run.t.say(label)
    path = Path(file)
    return path.name if path.is_file() else run.t("file.pipe")


class ListFindings:
    """What was said of the rows: refusals and remarks counted, the first kept."""

    def __init__(self) -> None:
        self.refused = self.remarks = 0
        self.shown: list[ReportLine] = []
        self.noted: list[ReportLine] = []

    def add(self, finding: ReportLine, *, is_bad: bool) -> None:
        """Count one, and keep it if it is among the first."""
        self.refused += is_bad
        self.remarks += not is_bad
        kept = self.shown if is_bad else self.noted
        if len(kept) < MAX_SHOWN:
            kept.append(finding)


def _read(
    run: Run, asked: ListOptions, register: Register, report: RefusalReport
) -> ListFindings:
    """Fill the register; what was said of its rows."""
    findings, columns = ListFindings(), split_flags(asked.columns)
    done = 0
    with (
        open_file(asked.file, asked.sheet) as source,
        run.out.progress(source.total, run.t("import.progress")) as advance,
    ):
        name = run.t.say(source.label)
        rows = read_register(
            source,
            register,
            columns,
            regions=load_regions(register.election),
            kpu_overseas=asked.overseas == "kpu",
        )
        for at, remark in enumerate(rows):
            is_bad = isinstance(remark, Bad)
            column = remark.column if isinstance(remark, Bad) else ""
            reason = run.t.say(remark.reason)
            line = ReportLine(name, remark.row, column, remark.code, reason)
            findings.add(line, is_bad=is_bad)
            report.add(line)
            if at % 1000 == 0:
                advance(source.done - done)
                done = source.done
        advance(source.total - done)
    return findings


def _print_refused(run: Run, findings: ListFindings) -> None:
    out, t = run.out, run.t
    shown = [line._asdict() for line in findings.shown]
    value = {"refused": findings.refused, "not_taken": shown}

    def human() -> None:
        _print_rows(run, findings)
        out.line(t("tps_list.not-taken", rows=out.number(findings.refused)))

    out.show(value, human)


def _print_taken(run: Run, value: dict[str, Any], findings: ListFindings) -> None:
    out, t = run.out, run.t
    _print_saved(run, value)
    for line in findings.noted[:5]:
        out.note(t("tps_list.remark", row=line.row, reason=line.reason))
    if findings.remarks > 5:
        out.note(t("tps_list.more-remarks", rows=out.number(findings.remarks - 5)))
    if findings.refused:
        out.line(t("tps_list.left-out", rows=out.number(findings.refused)))
        _print_rows(run, findings)


def _print_rows(run: Run, findings: ListFindings) -> None:
    rows = [(line.row, line.column, line.reason) for line in findings.shown]
    headers = [run.t(f"import.{key}") for key in ("row", "column", "reason")]
    run.out.table(headers, rows)


def _print_saved(run: Run, value: dict[str, Any]) -> None:
    out, t = run.out, run.t
    stations = out.number(value["stations"])
    out.line(t("tps_list.known", election=value["election"], stations=stations))
    out.line(t("tps_list.source", source=value["source"]))
    out.line(t("tps_list.digest", digest=value["digest"]))
    pinned = find_profile(run, value["election"]).file.register_digest
    if pinned and pinned != value["digest"]:
        out.note(t("tps_list.other", digest=pinned))
