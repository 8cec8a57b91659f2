"""Papers on their way to an agency: a file for each, by its digest, until it is there.

Rule: they hold what is personal, so they lie where annexes lie, outside of the database
and of `data/`, and no longer than they have to: whoever has written down that they
arrived, or will not go, drops them. A file is durable before anybody is told so, and
its bytes are those of its name or it is damaged.

    outbox/<SHA-256, hex>.pdf        0600 in 0700
    outbox/<SHA-256, hex>.txt        likewise: a note, which names nobody

Source: docs/adr/0032-referred-once.md
"""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Final

from federation.errors import FormatError, NotFoundError, StoredError
from federation.files import make_folders, open_regular, sync_folder, write_durably
from federation.files import sweep as sweep_parts
from federation.store.outbox import OutboxKind
from federation.text import Sentence

#: What mail servers take, base64 and all, is often 25 MB.
MAX_PAPERS: Final = 15 << 20
_FILE, _FOLDER = 0o600, 0o700
_ENDINGS: Final[dict[OutboxKind, str]] = {"dossier": ".pdf", "note": ".txt"}


class PapersFolder:
    """The papers of one node that wait."""

    def __init__(self, folder: Path) -> None:
        """The folder is made when there is something for it."""
        self._folder = folder

    def path(self, digest: str, kind: OutboxKind = "dossier") -> Path:
        """Where papers lie; `digest`: 64 hex digits."""
        return self._folder / f"{digest}{_ENDINGS[kind]}"

    def save(self, data: bytes, kind: OutboxKind = "dossier") -> str:
        """Keep papers; their digest.

        Raises:
            FormatError: they are none, or larger than `MAX_PAPERS`.
            OSError: a disk is full or failed.
        """
        is_pdf = data.startswith(b"%PDF-")
        if (kind == "dossier" and not is_pdf) or len(data) > MAX_PAPERS:
            raise FormatError(Sentence("outbox.no-pdf", most=MAX_PAPERS >> 20))
        digest = hashlib.sha256(data).hexdigest()
        make_folders(self._folder, _FOLDER)
        with write_durably(self.path(digest, kind), _FILE) as file:
            file.write(data)
        return digest

    def load(self, digest: str, kind: OutboxKind = "dossier") -> bytes:
        """The bytes of papers.

        Raises:
            NotFoundError: they are not here (any more).
            StoredError: they are not what was kept.
            OSError: they cannot be read.
        """
        path = self.path(digest, kind)
        try:
            with open_regular(path) as file:
                data = file.read(MAX_PAPERS + 1)
        except FileNotFoundError:
            raise NotFoundError(Sentence("outbox.no-papers", path=path)) from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise StoredError(Sentence("outbox.papers-damaged"), str(path))
        return data

    def drop(self, digest: str) -> None:
        """Delete papers; none are there is no fault.

        Raises:
            OSError: the disk failed; they may be there still.
        """
        path = self.path(digest)
        if path.exists():
            path.unlink()
            sync_folder(self._folder)

    def sweep(
        self, keep: Collection[str], ended: Collection[str], before: float, fresh: float
    ) -> None:
        """Delete what nobody waits for, and what killed processes have left.

        Args:
            keep: The digests of what is still to go.
            ended: Of what has come to its end.
            before: Unix seconds: what was written later may not be noted yet, by
                whoever is about to say so;
            fresh: likewise of what has ended, and is handed in anew.

        Raises:
            OSError: a disk is full or failed; the rest goes the next time.
        """
        if not self._folder.is_dir():
            return
        gone = False
        for ending in _ENDINGS.values():
            for path in self._folder.glob(f"*{ending}"):
                until = fresh if path.stem in ended else before
                if path.stem not in keep and path.stat().st_mtime < until:
                    path.unlink(missing_ok=True)
                    gone = True
        if gone:
            sync_folder(self._folder)
        sweep_parts(self._folder)
