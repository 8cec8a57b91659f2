"""`federation import` of what others handed over: a folder or bundle file of logs.

Rule: the same command as for our own results, because it is the same gesture: a file
is recognised by what it holds. What came is said by organisation; what was passed over
is said too, with what to do about it. The same file again brings nothing new.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import click
import msgspec

from federation.cli.client import open_desk
from federation.cli.context import Run
from federation.cli.output import NEGATIVE, OK
from federation.errors import FederationError
from federation.feeds.bundle import is_bundle
from federation.feeds.resource import LOGS
from federation.sources.folder import find_files, is_folder
from federation.sources.row import clip
from federation.web.requests import WELL, BroughtLog, Desk, HandedFiles, TakeFiles

ENDING: Final = ".zip"
# While another turn is taking in the same log there is nothing to do but wait.
WAIT_S: Final = 0.5
MAX_IDLE: Final = 60
WITHIN_S: Final = 5.0
MAX_WITHIN_S: Final = 300.0


def find_handed(run: Run, names: Sequence[str]) -> list[Path]:
    """The folders and files among these that hold logs of others.

    Raises:
        click.UsageError: beside them there are files of results: what did they mean?
    """
    handed, others = list[Path](), list[str]()
    for name in names:
        path = Path(name).absolute()
        found = _inside(path) if is_folder(path) else [path] if is_bundle(path) else []
        handed += found
        others += _beside(run, path, found) if found else [name]
    if handed and others:
        said = run.t("import.mixed", results=others[0], bundle=handed[0])
        raise click.UsageError(said)
    return handed


def _inside(folder: Path) -> list[Path]:
    """The folder itself, if it holds logs; else the bundle files in it."""
    with suppress(PermissionError):
        if (folder / LOGS.path).is_file():
            return [folder]
    files = sorted(folder.glob(f"*{ENDING}"))
    return [path for path in files if is_bundle(path)]


def _beside(run: Run, path: Path, bundles: Sequence[Path]) -> list[str]:
    """The files of results that lie in one folder with these bundle files.

    Files that are neither are named: nothing of a stick is passed over in silence.
    """
    if not is_folder(path) or path in bundles:
        return []
    read, passed = find_files(path)
    others = [one for one in read if one not in bundles]
    zips = [one for one in others if one.suffix.lower() == ENDING]
    neither = [*zips, *(one.path for one in passed)]
    if neither:
        names = ", ".join(clip(str(one.relative_to(path))) for one in neither[:20])
        files = run.out.number(len(neither))
        run.out.note(run.t("import.not-read", files=files, names=names))
    return [str(one) for one in others if one not in zips]


def take_handed(run: Run, paths: Sequence[Path], *, dry_run: bool) -> int:
    """Take them in, print what came, and give the exit code."""
    answers = asyncio.run(_take_all(run, paths, dry_run=dry_run))
    files = [_summary(path, said) for path, said in answers]
    value = {"dry_run": dry_run, "files": files}
    failed = [said for _, said in answers if isinstance(said, FederationError)]
    if len(answers) == 1 and failed:
        raise failed[0]
    run.out.show(value, lambda: _print_all(run, answers, dry_run=dry_run))
    taken = [said for _, said in answers if isinstance(said, HandedFiles)]
    is_well = all(one.outcome in WELL for said in taken for one in said.logs)
    return OK if is_well and not failed else NEGATIVE


async def _take_all(
    run: Run, paths: Sequence[Path], *, dry_run: bool
) -> list[tuple[Path, HandedFiles | FederationError]]:
    answers = list[tuple[Path, HandedFiles | FederationError]]()
    # Nothing of ours is signed before it is known what the files have of it.
    async with open_desk(run, signs=False) as desk:
        for path in paths:
            try:
                said = await desk.run(TakeFiles(path=str(path), dry_run=True))
                if not dry_run:
                    said = await _take(run, desk, path, said)
                answers.append((path, said))
            except FederationError as error:
                # One file that is damaged must not hold up the others.
                answers.append((path, error))
    return answers


async def _take(run: Run, desk: Desk, path: Path, looked: HandedFiles) -> HandedFiles:
    """All that a file brings, asked for in parts."""
    before = {one.origin: one.before for one in looked.logs}
    idle = 0
    with run.out.progress(looked.new, run.t("import.progress")) as advance:
        while True:
            # Longer when nothing came: a slow stick must not be begun anew for ever.
            within_s = min(WITHIN_S * 2**idle, MAX_WITHIN_S)
            said = await desk.run(TakeFiles(path=str(path), within_s=within_s))
            advance(said.new)
            idle = 0 if said.new else idle + 1
            if not said.more or idle > MAX_IDLE:
                break
            if idle:
                await asyncio.sleep(WAIT_S)
    logs = tuple(_since(one, before.get(one.origin, one.before)) for one in said.logs)
    new = sum(one.after - one.before for one in logs)
    return msgspec.structs.replace(said, logs=logs, new=new)


def _since(one: BroughtLog, before: int) -> BroughtLog:
    """What became of a log since the first of several calls."""
    outcome = one.outcome
    if outcome == "same" and one.after > before:
        outcome = "restored" if one.own else "extended"
    return msgspec.structs.replace(one, before=before, outcome=outcome)


def _summary(path: Path, said: HandedFiles | FederationError) -> dict[str, Any]:
    if isinstance(said, FederationError):
        return {"path": str(path), "error": {"code": said.code, "message": str(said)}}
    return {
        "path": said.path,
        "new": said.new,
        "logs": [_log(one) for one in said.logs],
        "held_by": said.held_by,
    }


def _log(one: BroughtLog) -> dict[str, Any]:
    names = ("origin", "outcome", "before", "after", "there", "own", "reason")
    found = {name: getattr(one, name) for name in names}
    return found | ({"begins": one.begins} if one.outcome == "missing" else {})


def _print_all(
    run: Run,
    answers: Sequence[tuple[Path, HandedFiles | FederationError]],
    *,
    dry_run: bool,
) -> None:
    for path, said in answers:
        if isinstance(said, HandedFiles):
            _print(run, said, dry_run=dry_run)
        elif len(answers) > 1:
            run.out.note(run.t("import.remark", file=path, reason=said))


def _print(run: Run, said: HandedFiles, *, dry_run: bool) -> None:
    out, t = run.out, run.t
    rows = [
        (*_named(one), one.before, one.after, t(f"import.outcome-{one.outcome}"))
        for one in said.logs
    ]
    after = "would" if dry_run else "after"
    names = ("organisation", "election", "before", after, "outcome")
    headers = [t(f"import.column-{name}") for name in names]
    key = "import.bundle-would" if dry_run else "import.bundle"
    out.line(t(key, path=said.path, records=out.number(said.new)))
    out.table(headers, rows, right=(2, 3))
    for one in said.logs:
        _advise(run, one)
    for origin, sizes in said.held_by.items():
        total = next((x.after for x in said.logs if x.origin == origin), 0)
        for org, size in sizes.items():
            held, of = out.number(size), out.number(total)
            out.line(t("import.bundle-held", org=org, records=held, total=of))


def _advise(run: Run, one: BroughtLog) -> None:
    """What to do about a log that did not come."""
    t, (org, election) = run.t, _named(one)
    key = f"import.advice-{one.outcome}"
    if t.has(key):
        begins, held = run.out.number(one.begins), run.out.number(one.before)
        said = t(key, org=org, election=election, begins=begins, held=held)
        run.out.note(said)
    if one.reason and one.outcome not in WELL:
        run.out.note(t("import.remark", file=one.origin, reason=one.reason))


def _named(one: BroughtLog) -> tuple[str, str]:
    org, _, election = one.origin.partition("/")
    return org, election
