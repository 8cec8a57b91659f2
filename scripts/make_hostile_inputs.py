"""Write `docs/reference/hostile-inputs.md` from the tables that the tests use.

Run it after a change of a table: `make docs`. A test compares what
it makes with what is there; other tests hold each answer to the code.

Tables: `tests/hostile/{parsers,files,requests}.py`, `tests/records/hostile.py`,
`tests/config/hostile.py`.
"""

import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "reference" / "hostile-inputs.md"
MAX_SHOWN: Final = 70
CONTEXT: Final = 12

_HEAD: Final = """\
# Hostile inputs

What a node answers to {count} inputs that are wrong, malicious or damaged, from every
side from which bytes come in. Each row is a test: the answer is compared letter by
letter. Inputs are shown as Python would print the bytes, from where they differ from
good ones, and cut; an answer that ends in `…` is the beginning of the answer.

Written by `make docs` out of the tables of the tests.
"""
_SECTIONS: Final = {
    "Records": "Offered as a leaf of a partner's log: quarantined with this reason, "
    "while the rest of the log goes on.",
    "Notes, keys, tiles and documents of partners": "Given to the function that reads "
    "them; the turn with that partner reports the error and takes nothing.",
    "Settings and partners": "A node does not start with them. A `peers.toml` that "
    "breaks while a node runs leaves the old one in force and raises an alarm.",
    "Files to import": "`federation import`: a row is refused with number, column, "
    "code and reason while the good rows go in; a file that cannot be read ends the "
    "command.",
    "HTTP": "A running node. Refusals are Problem Details (RFC 9457): status, code, "
    "detail.",
}


class Row(NamedTuple):
    """A line of the page; `data` is shown shortened."""

    door: str
    name: str
    data: bytes | str
    answer: str


def make_page() -> str:
    """The text of the page."""
    tables = dict(
        zip(
            _SECTIONS,
            map(list, (_records(), _parsers(), _config(), _files(), _requests())),
            strict=True,
        )
    )
    parts = [_HEAD.format(count=sum(map(len, tables.values())))]
    for title, rows in tables.items():
        parts.append(f"\n## {title}\n\n{_SECTIONS[title]}\n\n")
        parts.append(
            "| door | input | what it looks like | answer |\n|---|---|---|---|\n"
        )
        parts += map(_format, rows)
    return "".join(parts)


def _load(*path: str) -> dict[str, Any]:
    return runpy.run_path(str(ROOT.joinpath("tests", *path)))


def _records() -> Iterator[Row]:
    table = _load("records", "hostile.py")
    for one in table["HOSTILE"]:
        shown = _from_difference(one.leaf, table["_LEAF"])
        yield Row("record", one.name, shown, one.error)


def _parsers() -> Iterator[Row]:
    table = _load("hostile", "parsers.py")
    for door, name, data in table["CASES"]:
        good = table["_NOTE"] if door in {"note", "checkpoint"} else b""
        shown = _from_difference(data, good)
        yield Row(door, name, shown, table["ANSWERS"][door][name])


def _config() -> Iterator[Row]:
    table = _load("config", "hostile.py")
    doors = {"SETTINGS": "federation.toml", "PEERS": "peers.toml"}
    for key, door in doors.items():
        for name, text, reason in table[key]:
            shown = text.removeprefix(table["BASE"])
            yield Row(door, name, shown, f"ConfigError: {door}: {reason}…")


def _files() -> Iterator[Row]:
    table = _load("hostile", "files.py")
    for door, name, _, data, options in table["CASES"]:
        shown = data
        if door == "CSV row":
            shown = data.removeprefix(table["_HEADER"]).removesuffix(table["_GOOD"])
        flags = f" (`{' '.join(options)}`)" if door == "CSV file" and options else ""
        yield Row(door, name + flags, shown, table["ANSWERS"][door][name])


def _requests() -> Iterator[Row]:
    table = _load("hostile", "requests.py")
    for door, name, data in table["CASES"]:
        shown = data
        for usual in ("_HOST", "_JSON", "_TOKEN"):
            shown = shown.replace(table[usual], b"")
        yield Row(door, name, shown, table["ANSWERS"][door][name])


def _from_difference(data: bytes, good: bytes) -> bytes:
    """The data without most of what it has in common with good data."""
    pairs = enumerate(zip(data, good, strict=False))
    shorter = min(len(data), len(good))
    same = next((at for at, (one, other) in pairs if one != other), shorter)
    return data if same <= CONTEXT else b"..." + data[same - CONTEXT :]


def _format(row: Row) -> str:
    data = row.data if isinstance(row.data, bytes) else row.data.encode()
    shown = repr(data[: 4 * MAX_SHOWN])[2:-1]
    if len(shown) > MAX_SHOWN or len(data) > 4 * MAX_SHOWN:
        shown = f"{shown[:MAX_SHOWN]}…"
    cells = (row.door, row.name, _code(shown) if shown else "", _code(row.answer))
    return f"| {' | '.join(cells)} |\n"


def _code(text: str) -> str:
    """Text as code in a cell: a bar would end the cell, a backtick the code."""
    return f"`` {_escape(text)} ``" if "`" in text else f"`{_escape(text)}`"


def _escape(text: str) -> str:
    visible = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return visible.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
