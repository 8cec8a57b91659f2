"""Files of other people, made on the spot, and the profiles they are read by."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from federation.profiles import load_shipped
from federation.sources.mapping import Options
from federation.sources.recognise import open_file, read_rows, recognise
from federation.sources.row import Bad, Columns, Draft, Remark, SourceRow


class Read:
    """What came out of a file, sorted by kind."""

    def __init__(self, rows: list[SourceRow]) -> None:
        self.uses = next((row.uses for row in rows if isinstance(row, Columns)), ())
        rows = [row for row in rows if not isinstance(row, Columns)]
        self.rows = rows
        self.drafts = [row for row in rows if isinstance(row, Draft)]
        self.bad = [row for row in rows if isinstance(row, Bad)]
        self.said = [row for row in rows if isinstance(row, Remark)]

    @property
    def fields(self) -> dict:
        """The members of the only draft."""
        assert len(self.rows) == 1, self.rows
        return self.drafts[0].fields

    @property
    def columns(self) -> dict[str, str | None]:
        """Header → what it was read as; None where it was left out."""
        return {use.header: use.target or None for use in self.uses}

    @property
    def left_out(self) -> dict[str, str]:
        """Header → why it was left out."""
        return {use.header: use.why for use in self.uses if not use.target}

    @property
    def why(self) -> tuple[int, str, str]:
        """Row, code and column of the only refusal."""
        assert len(self.bad) == 1, self.rows
        return self.bad[0].row, self.bad[0].code, self.bad[0].column


@pytest.fixture(scope="session")
def profiles():
    return load_shipped()


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Writes a file and gives its path."""

    def write(content: str | bytes, name: str = "file", *, zipped=False) -> Path:
        data = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.write_bytes(gzip.compress(data) if zipped else data)
        return path

    return write


@pytest.fixture
def read(put, profiles) -> Callable[..., Read]:
    """Reads a text as `federation import` does: recognised unless `kind` is said."""

    def work(
        content, election="pilpres-2019", kind=None, name="file", **options
    ) -> Read:
        with open_file(put(content, name), options.get("sheet")) as source:
            found = kind or recognise(source)
            profile = profiles[election]
            return Read(list(read_rows(source, found, Options(**options), profile)))

    return work
