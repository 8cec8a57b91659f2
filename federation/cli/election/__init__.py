"""`federation election`: the rules that are known here, and the end of a log.

Rule: a profile is what partners merge by, so its digest stands beside its name: two
partners compare sixteen characters on the telephone. A file is taken in as it is
written; what it says is checked first.
"""

from pathlib import Path
from typing import Any

import click

from federation.cli.context import Run, command_options
from federation.cli.election.archive import archive
from federation.cli.election.candidates import candidates
from federation.cli.election.closing import close
from federation.cli.election.following import follow_next, take_rules
from federation.cli.election.successor import continue_election
from federation.cli.election.takingup import take_up
from federation.cli.help import CommandGroup
from federation.cli.output import OK
from federation.profiles import load_profiles
from federation.records.profile import Profile


@click.group("election", cls=CommandGroup, help="election.help")
def election() -> None:
    """Elections."""


election.add_command(archive)
election.add_command(candidates)
election.add_command(close)
election.add_command(continue_election)
election.add_command(follow_next)
election.add_command(take_up)


@election.command("add", help="election.help-add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@command_options
def add(run: Run, *, file: str) -> int | None:
    """Take in the rules of an election from a file."""
    profile, path = take_rules(run, Path(file))
    value = {**_describe(profile, path), "digest": profile.digest}

    def human() -> None:
        run.out.line(run.t("election.added", election=profile.election, path=path))
        run.out.line(run.t("election.digest", digest=profile.digest))
        if profile.election not in run.settings.elections:
            run.out.note(run.t("election.next", election=profile.election))

    run.out.show(value, human)
    return OK


@election.command("list", help="election.help-list")
@command_options
def list_elections(run: Run) -> int | None:
    """The elections whose rules are known, shipped ones and added ones."""
    out, t = run.out, run.t
    taking_part = set(run.settings.elections)
    elections = [
        {**_describe(profile, _added(run, name)), "taking_part": name in taking_part}
        for name, profile in sorted(load_profiles(run.home.elections).items())
    ]

    def human() -> None:
        headers = [t(f"election.{name}") for name in _HEADERS]
        out.table(headers, [_cells(run, row) for row in elections])

    out.show({"elections": elections}, human)
    return OK


_HEADERS = ("election", "name", "version", "contests", "from", "rules", "ours")


def _added(run: Run, name: str) -> Path | None:
    path = run.home.elections / f"{name}.json"
    return path if path.exists() else None


def _describe(profile: Profile, path: Path | None) -> dict[str, Any]:
    return {
        "election": profile.election,
        "name": {"en": profile.file.name.en, "id": profile.file.name.id},
        "version": profile.version,
        "contests": list(profile.contests),
        "file": str(path) if path else None,
        "digest": profile.digest,
    }


def _cells(run: Run, row: dict[str, Any]) -> list[object]:
    t = run.t
    return [
        row["election"],
        row["name"][t.language],
        row["version"],
        ", ".join(row["contests"]),
        t("election.from-file" if row["file"] else "election.from-us"),
        row["digest"][:16],
        t("election.yes" if row["taking_part"] else "election.no"),
    ]
