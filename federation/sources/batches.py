"""The batches of an audit as they were committed to: the file that `plan` wrote.

Rule: read as often as it is asked, a line at a time. Codes ascend, so that no station
is there twice; weights and sums in it are for people and computed again.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from federation.errors import FormatError, RecordError
from federation.records.batchaudit import AuditBatch
from federation.records.tps import parse_tps
from federation.text import Sentence

_VOTES: Final = "votes_"
#: As many as a form can have in figures.
_DIGITS: Final = 6


def read_batches(path: Path) -> Callable[[], Iterator[AuditBatch]]:
    """The batches of this file, from its beginning each time.

    They raise FormatError where a line is no batch, or not behind the one before.
    """

    def walk() -> Iterator[AuditBatch]:
        with path.open(encoding="utf-8", newline="") as lines:
            before = ""
            for number, row in enumerate(csv.DictReader(lines), 2):
                try:
                    batch = _read_batch(row)
                except (FormatError, RecordError, KeyError, ValueError, TypeError):
                    raise _not_a_batch(path, number) from None
                if batch.tps <= before:
                    raise _not_a_batch(path, number)
                before = batch.tps
                yield batch

    return walk


def _read_batch(row: dict[str, str]) -> AuditBatch:
    votes = {
        name.removeprefix(_VOTES): _count(text)
        for name, text in row.items()
        if name.startswith(_VOTES) and text
    }
    return AuditBatch(parse_tps(row["tps"]), votes, _count(row["ballots"]))


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise ValueError
    return int(text)


def _not_a_batch(path: Path, number: int) -> FormatError:
    return FormatError(Sentence("plan.not-a-batch"), f"{path}:{number}")
