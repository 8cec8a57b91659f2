"""`federation election candidates`: who stands in a Pilkada, by KPU's own list.

Rule: a list is taken whole or not at all: a region that is left out would go on being
counted by two numberings. What partners must have too is said with its digest.
"""

from pathlib import Path
from typing import Any

import click

from federation.cli.arguments import find_profile, pick_election
from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import CommandGroup
from federation.cli.output import NEGATIVE, OK
from federation.config.disk import make_folder, replace_file
from federation.errors import FormatError, UnreadableError
from federation.profiles import load_regions
from federation.profiles.races import (
    ListChange,
    add_races,
    check_races,
    contests_by_region,
    format_profile,
)
from federation.records.profile import Profile
from federation.sources.paslon import RaceCandidates, Races, read_paslon
from federation.sources.stream import SourceFile
from federation.text import Sentence
from federation.web.requests.records import ReadRules

MAX_SHOWN = 20


@click.group("candidates", cls=CommandGroup, help="numbering.help-candidates")
def candidates() -> None:
    """Who stands, by region."""


@candidates.command("import", help="numbering.help-import")
@click.argument(
    "files",
    metavar="FILE…",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
)
@click.option("--election", help="import.option-election")
@click.option("--contest", help="numbering.option-contest")
@click.option("--dry-run", is_flag=True, help="numbering.option-dry-run")
@command_options
def import_candidates(
    run: Run,
    *,
    files: tuple[str, ...],
    election: str | None,
    contest: str | None,
    dry_run: bool,
) -> int | None:
    """Take in KPU's lists of candidates by region."""
    name = pick_election(run, election)
    profile = before = find_profile(run, name)
    reports: list[dict[str, Any]] = []
    taking = _CandidateFiles()
    for file in files:
        profile, report = _take(profile, Path(file), contest, taking)
        reports.append(report)
    bad = taking.refused
    is_new = profile.digest != before.digest
    path = run.home.elections / f"{name}.json"
    if is_new and not bad and not dry_run:
        make_folder(run.home.elections, 0o755)
        replace_file(path, format_profile(profile))
        follow_rules(run)
    value = {
        "election": name,
        "dry_run": dry_run,
        "new": is_new and not bad,
        "files": reports,
        "version": before.version if bad else profile.version,
        "digest": before.digest if bad else profile.digest,
        "path": str(path) if is_new and not bad and not dry_run else None,
        "refused": len(bad),
        "not_taken": bad[:MAX_SHOWN],
    }
    run.out.show(value, lambda: _print(run, value))
    return NEGATIVE if bad else OK


def follow_rules(run: Run) -> None:
    """Let the map follow the new rules, and a node that runs judge by them."""
    hand_in(run, ReadRules(), signs=False)


class _CandidateFiles:
    """What the files of one call say, and what of it cannot be."""

    def __init__(self) -> None:
        self.refused: list[dict[str, Any]] = []
        self._lists: dict[tuple[str, str], tuple[Path, RaceCandidates]] = {}

    def refuse(self, path: Path, row: int, column: str, reason: str) -> None:
        """Note one place that cannot be used."""
        place = {"file": str(path), "row": row, "column": column, "reason": reason}
        self.refused.append(place)

    def compare(self, path: Path, contest: str, races: Races) -> None:
        """Refuse lists that another file of this call says otherwise."""
        for row, (region, race) in enumerate(races.items(), start=1):
            first, held = self._lists.setdefault((contest, region), (path, race))
            if held != race:
                why = Sentence("numbering.race-twice", region=region, file=str(first))
                self.refuse(path, row, region, why)


def _take(
    profile: Profile, path: Path, contest: str | None, taking: _CandidateFiles
) -> tuple[Profile, dict[str, Any]]:
    """The profile with the lists of one file; what is wrong with it is noted."""
    races: Races = {}
    with SourceFile(path) as source:
        try:
            for remark in read_paslon(source, races):
                taking.refuse(path, remark.row, remark.column, remark.reason)
        except UnreadableError:
            raise
        except FormatError as error:
            # Several files can be given: which one is it?
            what = Sentence("machine.at", place=str(path), cause=error.what)
            at = "" if error.at == str(path) else error.at
            raise FormatError(what, at) from error
    # Without one good region nothing tells the contest, and what is wrong is noted.
    kind = contest or (_find_contest(profile, path, races) if races else "")
    if not races:
        return profile, _report(path, kind, races, ListChange(profile, [], []))
    if kind not in contests_by_region(profile).values():
        raise FormatError(_no_such(profile, contest=kind), "--contest")
    rows = {region: row for row, region in enumerate(races, start=1)}
    regions = load_regions(profile.election)
    for region, why in check_races(races, profile, kind, regions):
        taking.refuse(path, rows[region], region, why)
    taking.compare(path, kind, races)
    unchanged = ListChange(profile, [], [])
    change = unchanged if taking.refused else add_races(profile, kind, races)
    return change.profile, _report(path, kind, races, change)


def _report(
    path: Path, contest: str, races: Races, change: ListChange
) -> dict[str, Any]:
    return {
        "file": str(path),
        "contest": contest,
        "regions": len(races),
        "candidates": sum(map(len, races.values())),
        "added": change.added,
        "changed": change.changed,
    }


def _find_contest(profile: Profile, path: Path, races: Races) -> str:
    """The contest whose regions have codes of this length.

    Raises:
        FormatError: none has, or they are of several lengths.
    """
    lengths = {len(region) for region in races}
    known = contests_by_region(profile)
    if len(lengths) == 1:
        (length,) = lengths
        if length in known and list(known.values()).count(known[length]) == 1:
            return known[length]
    shown = ", ".join(map(str, sorted(lengths)))
    raise FormatError(_no_such(profile, lengths=shown), str(path))


def _no_such(profile: Profile, **what: str) -> Sentence:
    kinds = ", ".join(
        f"{kind} ({length})"
        for length, kind in sorted(contests_by_region(profile).items())
    )
    return Sentence(
        "numbering.which-contest" if "contest" in what else "numbering.which-length",
        **what,
        kinds=kinds or "-",
        election=profile.election,
    )


def _print(run: Run, value: dict[str, Any]) -> None:
    out, t = run.out, run.t
    for report in value["files"]:
        if not report["regions"]:
            continue
        out.line(
            t(
                "numbering.read",
                file=report["file"],
                contest=t(f"page.contest_{report['contest']}"),
                regions=out.number(report["regions"]),
                candidates=out.number(report["candidates"]),
                added=out.number(len(report["added"])),
                changed=out.number(len(report["changed"])),
            )
        )
        if report["changed"]:
            shown = ", ".join(report["changed"][:MAX_SHOWN])
            out.line(t("numbering.changed", regions=shown))
    if value["refused"]:
        headers = [t(f"import.{key}") for key in ("file", "row", "column", "reason")]
        rows = [
            (row["file"], row["row"], row["column"], t.say(row["reason"]))
            for row in value["not_taken"]
        ]
        out.table(headers, rows)
        out.line(t("numbering.not-taken", count=out.number(value["refused"])))
        return
    if not value["new"]:
        out.line(t("numbering.nothing-new", election=value["election"]))
    elif value["dry_run"]:
        out.line(t("numbering.would", version=value["version"]))
    else:
        out.line(
            t(
                "numbering.taken",
                election=value["election"],
                version=value["version"],
                path=value["path"],
            )
        )
        out.note(t("numbering.next"))
    out.line(t("election.digest", digest=value["digest"]))
