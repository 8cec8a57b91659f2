"""`federation watch kpu`: a folder of KPU's documents, imported as a crawler fills it.

Rule: round after round the files that are complete and say something else than before
go in as `federation import --source kpu` takes them. A file that cannot be read is
named with what to do, and stops no other; a node that does not answer now is asked
again in the next round. Killed at any moment it loses nothing: what is in the log and
not remembered yet is answered `held`.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import msgspec

from federation.cli.arguments import find_scope, pick_election
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.import_.intake import WITHDRAWN
from federation.cli.import_.options import ImportOptions
from federation.cli.import_.outcome import OUTCOMES, ImportOutcome
from federation.cli.import_.results import Import
from federation.cli.output import NEGATIVE, OK
from federation.cli.report import ReportLine
from federation.cli.watch.folder import (
    WatchedFile,
    has_held_still,
    look,
    make_groups,
)
from federation.cli.watch.memory import WatchMemory, memory_name
from federation.errors import (
    ConfigError,
    FederationError,
    FormatError,
    NotFoundError,
)
from federation.flows.query.kpu import count_since, is_followed
from federation.flows.query.kpuanswers import KpuCounts
from federation.flows.query.scope import QueryScope
from federation.records.officialchange import KINDS
from federation.records.timezones import tell_here
from federation.sources.row import NO_NUMBERS
from federation.store import logs
from federation.store.db import Database
from federation.store.view import View
from federation.text import Sentence
from federation.text.cause import cause_of

A = TypeVar("A")
#: So long the map is waited for, to say what changed.
_FOLLOW_S: Final = 30.0
_LOOK_S: Final = 0.2


class WatchRound(msgspec.Struct, frozen=True, kw_only=True):
    """What one round did.

    `taken`: files; `waiting`: files that were written to just now; `rows`: what became
    of their rows; `refused`: the first rows and files that were not taken, with why;
    `failed`: why the rest of the round was put off. `changed`: what it changed in KPU's
    figures; null where the map has not followed yet.
    """

    taken: int
    waiting: int
    rows: dict[str, int]
    refused: list[dict[str, Any]]
    failed: str
    changed: KpuCounts | None


@click.command("kpu", cls=Command, help="watch.help-kpu")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--election", help="import.option-election")
@click.option("--contest", default="", help="watch.option-contest")
@click.option(
    "--interval", default=60.0, type=click.FloatRange(1, 86_400),
    help="watch.option-interval", show_default=True,
)  # fmt: skip
@click.option(
    "--settle", default=5.0, type=click.FloatRange(0, 3_600),
    help="watch.option-settle", show_default=True,
)  # fmt: skip
@click.option("--once", is_flag=True, help="watch.option-once")
@click.option("--allow-unlisted", is_flag=True, help="import.option-allow-unlisted")
@command_options
def kpu(  # noqa: PLR0913, PLR0917  one argument per option
    run: Run,
    folder: Path,
    election: str | None,
    contest: str,
    interval: float,
    settle: float,
    once: bool,  # noqa: FBT001  # click
    allow_unlisted: bool,  # noqa: FBT001  # click
) -> int:
    """Import a folder of KPU's documents as it grows."""
    scope = find_scope(run, pick_election(run, election), contest)
    watching = _Watching(run, folder, scope, settle, allow_unlisted=allow_unlisted)
    if not once:
        run.out.note(run.t("watch.begun", folder=folder, seconds=f"{interval:g}"))
    while True:
        told = watching.round()
        if once or told.taken or told.failed:
            run.out.show(told, lambda: watching.print(told))  # noqa: B023  called now
        if once:
            return NEGATIVE if told.refused or told.failed else OK
        time.sleep(interval)


class _Watching:
    """One folder, round after round."""

    def __init__(
        self,
        run: Run,
        folder: Path,
        scope: QueryScope,
        settle_s: float,
        *,
        allow_unlisted: bool,
    ) -> None:
        self._run, self._folder, self._scope = run, folder, scope
        self._settle_s, self._allow_unlisted = settle_s, allow_unlisted
        name = memory_name(folder, scope.election, scope.contest)
        self._memory = WatchMemory.open(
            run.home.data / "watched" / name, self._log_size()
        )
        self._rows: Counter[str] = Counter()
        self._refused: list[dict[str, Any]] = []

    def round(self) -> WatchRound:
        """Take what is due; what became of it."""
        self._rows.clear()
        self._refused.clear()
        found = look(self._folder, self._memory, self._run.clock(), self._settle_s)
        self._remember(found.same)
        for path, fault in found.unread:
            self._refuse(path, cause_of(fault))
        start, taken, failed = self._log_size(), 0, ""
        for group in make_groups(found.due):
            try:
                self._take(group)
            except (ConfigError, NotFoundError, OSError):
                if all(map(has_held_still, group)):
                    raise  # what was typed, or the house: no round mends it
                continue  # a file was moved meanwhile: the next round sees
            except FormatError as error:
                self._refuse(group[0].path, error.told)
            except FederationError as error:
                # Not of these files: the node, or who holds its home, cannot now.
                failed = self._run.t.say(error.told)
                break
            self._remember([one for one in group if has_held_still(one)])
            taken += len(group)
        is_new = self._rows["logged"] + self._rows[WITHDRAWN] > 0
        return WatchRound(
            taken=taken,
            waiting=found.waiting,
            rows={name: self._rows[name] for name in OUTCOMES},
            refused=list(self._refused),
            failed=failed,
            changed=self._read_changed(start) if is_new else None,
        )

    def _take(self, group: Sequence[WatchedFile]) -> None:
        options = ImportOptions(
            files=tuple(str(one.path) for one in group),
            election=self._scope.election,
            contest=self._scope.contest,
            source="kpu",
            allow_unlisted=self._allow_unlisted,
        )

        def tell(outcome: ImportOutcome) -> None:
            told = outcome.value()
            self._rows.update(told["rows"])
            lines = told["not_logged"]
            self._refused += [one for one in lines if one["code"] != NO_NUMBERS]

        Import(self._run, options).take_in(tell)

    def _refuse(self, path: Path, why: Sentence) -> None:
        """A file cannot be read."""
        self._rows["refused"] += 1
        line = ReportLine(str(path), 0, "", "file", self._run.t.say(why))
        self._refused.append(line._asdict())

    def _remember(self, files: Sequence[WatchedFile]) -> None:
        if files:
            self._memory.note(((one.name, one.file) for one in files), self._log_size())

    def _log_size(self) -> int:
        """How much our log holds; 0: it was not begun."""
        return self._ask(lambda view: logs.get_log(view, self._origin).size) or 0

    def _read_changed(self, start: int) -> KpuCounts | None:
        """What the records from an index on changed, once the map has them."""
        scope, until = self._scope, time.monotonic() + _FOLLOW_S
        while not self._ask(lambda view: is_followed(view, scope, self._origin)):
            if time.monotonic() > until:
                return None
            time.sleep(_LOOK_S)
        return self._ask(lambda view: count_since(view, scope, self._origin, start))

    @property
    def _origin(self) -> str:
        return self._run.settings.origin_of(self._scope.election)

    def _ask(self, question: Callable[[View], A]) -> A | None:
        """What the database says; None: it, or our log, is not there yet."""
        try:
            home = self._run.home
            db = Database.open(home.data, home.database, readonly=True)
        except NotFoundError:
            return None
        try:
            with db.view() as view:
                return question(view)
        except NotFoundError:
            return None
        finally:
            db.close()

    def print(self, told: WatchRound) -> None:
        """What a round did, for people."""
        run, t = self._run, self._run.t
        at = tell_here(run.clock())
        logged = told.rows["logged"] + told.rows[WITHDRAWN]
        counts = {"files": t.number(told.taken), "logged": t.number(logged)}
        run.out.line(t("watch.round", at=at, **counts))
        if told.changed is not None:
            self._print_changed(told.changed)
        elif logged:
            run.out.line(t("watch.not-followed"))
        if told.waiting:
            run.out.line(t("watch.waiting", count=t.number(told.waiting)))
        for line in told.refused:
            where = f"{line['file']}:{line['row']}" if line["row"] else line["file"]
            said = t("watch.refused", where=where, reason=line["reason"])
            # Who fills the folder names the files: one line is one file.
            run.out.note(said.replace("\n", "\\n"))
        if told.failed:
            run.out.note(t("watch.failed", reason=told.failed))

    def _print_changed(self, changed: KpuCounts) -> None:
        t = self._run.t
        words = [
            f"{t(f'kpu.kind_{kind}')} {t.number(changed.kinds[kind])}"
            for kind in KINDS
            if changed.kinds[kind]
        ]
        if changed.wrong:
            words.append(f"{t('watch.wrong')} {t.number(changed.wrong)}")
        self._run.out.line("  " + (", ".join(words) or t("watch.votes-as-before")))
