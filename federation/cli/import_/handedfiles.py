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
from federation.web.requests.partners import WELL, BroughtLog, HandedFiles, TakeFiles
from federation.web.requests.request import Desk

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
        inside = _inside(path) if is_folder(path) else [path] if is_bundle(path) else []
        handed += inside
        others += _beside(run, path, inside) if inside else [name]
    if handed and others:
        sentence = run.t("import.mixed", results=others[0], bundle=handed[0])
        raise click.UsageError(sentence)
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
    others = [file for file in read if file not in bundles]
    zips = [file for file in others if file.suffix.lower() == ENDING]
    neither = [*zips, *(file.path for file in passed)]
    if neither:
        names = ", ".join(clip(str(file.relative_to(path))) for file in neither[:20])
        files = run.out.number(len(neither))
        run.out.note(run.t("import.not-read", files=files, names=names))
    return [str(file) for file in others if file not in zips]


def take_handed(run: Run, paths: Sequence[Path], *, dry_run: bool) -> int:
    """Take them in, print what came, and give the exit code."""
    answers = asyncio.run(_take_all(run, paths, dry_run=dry_run))
    files = [_summary(path, answer) for path, answer in answers]
    value = {"dry_run": dry_run, "files": files}
    failed = [answer for _, answer in answers if isinstance(answer, FederationError)]
    if len(answers) == 1 and failed:
        raise failed[0]
    run.out.show(value, lambda: _print_all(run, answers, dry_run=dry_run))
    taken = [answer for _, answer in answers if isinstance(answer, HandedFiles)]
    is_well = all(log.outcome in WELL for answer in taken for log in answer.logs)
    return OK if is_well and not failed else NEGATIVE


async def _take_all(
    run: Run, paths: Sequence[Path], *, dry_run: bool
) -> list[tuple[Path, HandedFiles | FederationError]]:
    answers = list[tuple[Path, HandedFiles | FederationError]]()
    # Nothing of ours is signed before it is known what the files have of it.
    async with open_desk(run, signs=False) as desk:
        for path in paths:
            try:
                answer = await desk.run(TakeFiles(path=str(path), dry_run=True))
                if not dry_run:
                    answer = await _take(run, desk, path, answer)
                answers.append((path, answer))
            except FederationError as error:
                # One file that is damaged must not hold up the others.
                answers.append((path, error))
    return answers


async def _take(run: Run, desk: Desk, path: Path, looked: HandedFiles) -> HandedFiles:
    """All that a file brings, asked for in parts."""
    before = {log.origin: log.before for log in looked.logs}
    idle, photos = 0, 0
    with run.out.progress(looked.new, run.t("import.progress")) as advance:
        while True:
            # Longer when nothing came: a slow stick must not be begun anew for ever.
            within_s = min(WITHIN_S * 2**idle, MAX_WITHIN_S)
            answer = await desk.run(TakeFiles(path=str(path), within_s=within_s))
            advance(answer.new)
            photos += answer.photos
            idle = 0 if answer.new or answer.photos else idle + 1
            if not answer.more or idle > MAX_IDLE:
                break
            if idle:
                await asyncio.sleep(WAIT_S)
    logs = tuple(_since(log, before.get(log.origin, log.before)) for log in answer.logs)
    new = sum(log.after - log.before for log in logs)
    return msgspec.structs.replace(answer, logs=logs, new=new, photos=photos)


def _since(log: BroughtLog, before: int) -> BroughtLog:
    """What became of a log since the first of several calls."""
    outcome = log.outcome
    if outcome == "same" and log.after > before:
        outcome = "restored" if log.own else "extended"
    return msgspec.structs.replace(log, before=before, outcome=outcome)


def _summary(path: Path, answer: HandedFiles | FederationError) -> dict[str, Any]:
    if isinstance(answer, FederationError):
        return {
            "path": str(path),
            "error": {"code": answer.code, "message": str(answer)},
        }
    return {
        "path": answer.path,
        "new": answer.new,
        "photos": answer.photos,
        "logs": [_log(log) for log in answer.logs],
        "held_by": answer.held_by,
    }


def _log(log: BroughtLog) -> dict[str, Any]:
    names = ("origin", "outcome", "before", "after", "there", "own", "reason")
    members = {name: getattr(log, name) for name in names}
    return members | ({"begins": log.begins} if log.outcome == "missing" else {})


def _print_all(
    run: Run,
    answers: Sequence[tuple[Path, HandedFiles | FederationError]],
    *,
    dry_run: bool,
) -> None:
    for path, answer in answers:
        if isinstance(answer, HandedFiles):
            _print(run, answer, dry_run=dry_run)
        elif len(answers) > 1:
            run.out.note(run.t("import.remark", file=path, reason=answer))


def _print(run: Run, answer: HandedFiles, *, dry_run: bool) -> None:
    out, t = run.out, run.t
    rows = [
        (*_named(log), log.before, log.after, t(f"import.outcome-{log.outcome}"))
        for log in answer.logs
    ]
    after = "would" if dry_run else "after"
    names = ("organisation", "election", "before", after, "outcome")
    headers = [t(f"import.column-{name}") for name in names]
    key = "import.bundle-would" if dry_run else "import.bundle"
    out.line(t(key, path=answer.path, records=out.number(answer.new)))
    if answer.photos:
        out.line(t("import.bundle-photos", photos=out.number(answer.photos)))
    out.table(headers, rows, right=(2, 3))
    for log in answer.logs:
        _advise(run, log)
    for origin, sizes in answer.held_by.items():
        total = next((x.after for x in answer.logs if x.origin == origin), 0)
        for org, size in sizes.items():
            held, of = out.number(size), out.number(total)
            out.line(t("import.bundle-held", org=org, records=held, total=of))


def _advise(run: Run, log: BroughtLog) -> None:
    """What to do about a log that did not come."""
    t, (org, election) = run.t, _named(log)
    key = f"import.advice-{log.outcome}"
    if t.has(key):
        begins, held = run.out.number(log.begins), run.out.number(log.before)
        advice = t(key, org=org, election=election, begins=begins, held=held)
        run.out.note(advice)
    if log.reason and log.outcome not in WELL:
        run.out.note(t("import.remark", file=log.origin, reason=log.reason))


def _named(log: BroughtLog) -> tuple[str, str]:
    org, _, election = log.origin.partition("/")
    return org, election
