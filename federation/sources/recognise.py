"""What kind of file this is, by what it holds; the name does not count.

Rule: recognition looks at the first block only, says what it found, and an operator
can always overrule it (`--format`). What is nearly right is named (a register instead
of results), since that is what people will bring.
"""

import json
import re
from collections.abc import Iterator
from typing import Literal, get_args

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.sources import sirekap
from federation.sources.jsontable import JsonTable
from federation.sources.mapping import Options
from federation.sources.ndjson import is_ours, read_ndjson
from federation.sources.row import Row
from federation.sources.situng import read_situng
from federation.sources.stream import Source
from federation.sources.table import read_csv, read_table

Format = Literal["csv", "json", "ndjson", "sirekap", "sirekap-one", "situng"]
FORMATS: tuple[Format, ...] = get_args(Format)

FIRST_LINES = 20  # that are looked at

_KEY = re.compile(r'\s*\{\s*"((?:[^"\\]|\\.){0,64})"\s*:')
# A list of results within an object, as programs answer: `{"count":2,"results":[{`.
_LIST = re.compile(
    r'\{[^\[]{0,2000}"(?:results|value|data|records|rows)"\s*:\s*\[\s*\{'
)
_CODE = re.compile(r"[0-9]{10,13}|99[0-9A-Z]{2}[0-9]{9}")


def recognise(source: Source) -> Format:
    """The format of a file of results.

    Raises:
        FormatError: It is empty, or something else that is recognised.
    """
    head = source.peek()
    path = str(source.path)
    if not head.strip():
        raise FormatError("the file is empty", path)
    if head.count(0, 0, 4096) > 20:
        raise FormatError("this is no text file", path)
    text = head.decode("utf-8", "replace").lstrip()
    if text.startswith("["):
        return "json"
    if text.startswith("<"):
        raise FormatError("this is a page of the Web: download the file again", path)
    return _recognise_json(text, path) if text.startswith("{") else "csv"


def _recognise_json(text: str, path: str) -> Format:
    first = text.split("\n", maxsplit=1)[0]
    try:
        line = json.loads(first)
    except (ValueError, RecursionError):
        line = None
    keys = set(line) if isinstance(line, dict) else set()
    match = _KEY.match(text)
    key = match[1] if match else ""
    if "kode" in keys and "chart" in keys:
        return "situng"
    if key in ("id2name", "tps") and _opens(text, match):
        raise FormatError(
            "a register of polling stations: see `federation tps-list import`", path
        )
    if _CODE.fullmatch(key):
        return "sirekap"
    if _LIST.search(text[:20_000]) and not is_ours(line):
        return "json"
    betrays = re.search(r'"(?:chart|administrasi|tungsura)"\s*:', text[:20_000])
    if betrays and "tps" not in keys:
        return "sirekap-one"
    return "ndjson"


def _opens(text: str, match: re.Match[str] | None) -> bool:
    """Whether the first member of the object is an object itself."""
    return match is not None and text[match.end() :].lstrip().startswith("{")


def _begins_with_ours(source: Source, *, lines: bool) -> bool:
    """Whether one of the first objects has our member names."""
    text = source.peek().decode("utf-8", "replace")
    # Of an array the first item, wherever it ends: what follows is of no interest.
    starts = text.split("\n", FIRST_LINES)[:FIRST_LINES] if lines else [_item(text)]
    objects = [value for value in map(_decode_start, starts) if isinstance(value, dict)]
    # What is no object is told by its line, or as an array of nothing.
    return any(map(is_ours, objects)) or (lines and not objects)


def _item(text: str) -> str:
    return text[max(0, text.find("{", text.find("["))) :]


def _decode_start(text: str) -> object:
    try:
        return json.JSONDecoder().raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return None


def read_rows(
    source: Source, kind: Format, options: Options, profile: Profile
) -> Iterator[Row]:
    """Every row of `source`, read as `kind`.

    Raises:
        ConfigError: A default is none that a result may have.
        FormatError: The file as a whole cannot be read as that.
    """
    if kind == "csv":
        return read_csv(source, options, profile)
    if kind in ("json", "ndjson"):
        lines = kind == "ndjson"
        if options.read or not _begins_with_ours(source, lines=lines):
            return read_table(JsonTable(source, lines=lines), options, profile)
        return read_ndjson(source, options, profile, lines=lines)
    if kind == "situng":
        return read_situng(source, options, profile)
    single = kind == "sirekap-one"
    return sirekap.read_sirekap(source, options, profile, single=single)
