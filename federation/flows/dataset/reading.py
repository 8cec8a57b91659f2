"""The rows of a package, read back, whatever wrote them.

Rule: a cell that is not there and one that says nothing are the same, "". Nothing of a
file is believed: what does not fit is one error, that says in which file.
"""

import csv
import importlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from federation.decoding import json_parser
from federation.errors import ConfigError, FormatError
from federation.files import open_regular
from federation.flows.dataset.packagefile import PackagePart
from federation.text import Sentence

#: Of these the rows can be read back; of others the digests alone are checked.
READABLE: Final = frozenset({"csv", "ndjson", "parquet"})
_BATCH: Final = 10_000
_parse_row = json_parser(dict[str, str | int], what=Sentence("dataset.not-rows"))


def read_rows(folder: Path, part: PackagePart) -> Iterator[Mapping[str, str]]:
    """The rows of a part as text, in their order.

    Raises:
        ConfigError: it needs a package that is not installed.
        FormatError: it is not in its form.
        OSError: it cannot be read.
    """
    path = folder / part.path
    read = {"csv": _read_csv, "ndjson": _read_ndjson, "parquet": _read_parquet}
    try:
        yield from read[part.format](path)
    except (ConfigError, FormatError, OSError):
        raise
    except (ValueError, TypeError, AttributeError, csv.Error) as error:
        raise FormatError(Sentence("dataset.not-rows"), part.path) from error


def _read_csv(path: Path) -> Iterator[Mapping[str, str]]:
    with open_regular(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        for row in csv.DictReader(text):
            yield {str(name): str(cell or "") for name, cell in row.items()}


def _read_ndjson(path: Path) -> Iterator[Mapping[str, str]]:
    with open_regular(path) as file:
        next(file, b"")
        for line in file:
            yield {name: str(cell) for name, cell in _parse_row(line).items()}


def _read_parquet(path: Path) -> Iterator[Mapping[str, str]]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError:
        reason = Sentence("dataset.no-pyarrow")
        raise ConfigError(str(path), "", reason) from None
    with open_regular(path) as file:
        for batch in parquet.ParquetFile(file).iter_batches(_BATCH):
            for row in batch.to_pylist():
                yield {n: "" if cell is None else str(cell) for n, cell in row.items()}
