"""The photographs that rows of results name, taken in before the rows are signed.

Rule: a photograph that is refused does not hold up the figures of its row, and a result
that somebody has reviewed is not replaced by a row that nobody has, but gets the row's
photographs beside it.
"""

from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import msgspec

from federation.cli.context import Run
from federation.cli.import_.intake import Send
from federation.cli.import_.photofolder import PhotoFolder
from federation.cli.import_.phototaking import (
    DryDesk,
    PhotoTaker,
    RefusedPhoto,
    ShownPage,
    SlotKey,
)
from federation.errors import PhotoError
from federation.flows.ownlog.verdict import Verdict
from federation.records.result import Evidence
from federation.sources.mapping import PHOTOS
from federation.text import Sentence
from federation.web.requests.photos import AddEvidence, SlotPhotos
from federation.web.requests.request import Desk

_SkipPhoto = Callable[[str, Sentence], None]
_RefusePhoto = Callable[[RefusedPhoto], None]


class PhotosBeside:
    """Takes the photographs in of one import; `counts`: taken, refused, unnamed."""

    def __init__(
        self, run: Run, folder: PhotoFolder, desk: Desk | DryDesk, election: str
    ) -> None:
        """`desk`: see `PhotoTaker`."""
        self.counts: Counter[str] = Counter(taken=0, refused=0, unnamed=0)
        self._named: set[str] = set()
        self._run, self._folder, self._desk = run, folder, desk
        self._election = election

    def wrap(self, send: Send, refuse: _RefusePhoto) -> Send:
        """What sends drafts, with the entries of their photographs in them."""

        async def send_both(drafts: list[dict[str, Any]]) -> list[Verdict]:
            shown = [self._look_up(draft.pop(PHOTOS, ()), refuse) for draft in drafts]
            label = self._run.t("photoimport.progress")
            with self._run.out.progress(sum(map(len, shown)), label) as advance:
                taker = PhotoTaker(self._folder, self._desk, advance)
                results = iter(
                    await taker.take_all([page for row in shown for page in row])
                )
            for draft, pages in zip(drafts, shown, strict=True):
                taken = [next(results) for _ in pages]
                self._put(draft, taken, refuse)
            verdicts: list[Verdict] = await send(drafts)
            return await self._add_to_reviewed(drafts, verdicts)

        return send_both

    def skip_unnamed(self, skip: _SkipPhoto, read: Collection[Path]) -> None:
        """Note the files that no row named, but for those that were `read` as rows."""
        for file in self._folder.files:
            if file not in self._named and not self._folder.is_one(file, read):
                self.counts["unnamed"] += 1
                skip(file, Sentence("photoimport.no-row"))

    def _look_up(
        self, named: list[tuple[str, int, str]], refuse: _RefusePhoto
    ) -> list[ShownPage]:
        pages = []
        for name, page, submission in named:
            try:
                file = self._folder.find(name, submission)
            except PhotoError as error:
                self._refuse(refuse, RefusedPhoto(name, error.code, error.what))
            else:
                self._named.add(file)
                pages.append(ShownPage(file, page))
        return list(dict.fromkeys(pages))

    def _refuse(self, refuse: _RefusePhoto, photo: RefusedPhoto) -> None:
        self.counts["refused"] += 1
        refuse(photo)

    def _put(
        self,
        draft: dict[str, Any],
        taken: list[Evidence | RefusedPhoto],
        refuse: _RefusePhoto,
    ) -> None:
        entries = [entry for entry in taken if isinstance(entry, Evidence)]
        for photo in taken:
            if isinstance(photo, RefusedPhoto):
                self._refuse(refuse, photo)
        self.counts["taken"] += len(entries)
        if entries:
            files = msgspec.to_builtins(entries)
            draft["evidence"] = [*draft.get("evidence", ()), *files]

    async def _add_to_reviewed(
        self, drafts: list[dict[str, Any]], verdicts: list[Verdict]
    ) -> list[Verdict]:
        """The photographs of rows whose figures are not taken: `kept-reviewed`."""
        kept = [
            verdict.row
            for verdict in verdicts
            if verdict.outcome == "kept-reviewed" and "evidence" in drafts[verdict.row]
        ]
        if not kept or isinstance(self._desk, DryDesk):
            return verdicts
        slots = [
            SlotPhotos(
                **{name: drafts[row][name] for name in SlotKey._fields},
                evidence=msgspec.convert(drafts[row]["evidence"], list[Evidence]),
            )
            for row in kept
        ]
        await self._desk.run(AddEvidence(election=self._election, slots=slots))
        return verdicts
