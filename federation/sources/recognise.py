"""What kind of file this is, by what it holds; the name does not count.

Rule: recognition looks at the first block only, says what it found, and an operator
can always overrule it (`--format`). What is nearly right is named with what to do (a
page of the Web, a register instead of results, this program's own export), since that
is what people will bring.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.sources import ownfile, sirekap
from federation.sources.csv import find_delimiter
from federation.sources.jsontable import JsonTable
from federation.sources.kawalpemilu import read_kawalpemilu
from federation.sources.mapping import Options
from federation.sources.names import names_of
from federation.sources.ndjson import is_ours, read_ndjson
from federation.sources.objects import is_spread
from federation.sources.package import is_package
from federation.sources.pipe import name_source, open_source
from federation.sources.recap import is_recap_line, is_recap_table, read_recaps
from federation.sources.rollup import is_rollup, read_rollup
from federation.sources.row import SourceRow
from federation.sources.situng import read_situng
from federation.sources.spread import Spread
from federation.sources.stream import MAX_BYTES, SourceFile
from federation.sources.table import is_header_of, read_csv, read_table
from federation.sources.workbook import Workbook
from federation.text import Sentence

Format = Literal[
    "csv",
    "xlsx",
    "json",
    "ndjson",
    "sirekap",
    "sirekap-one",
    "situng",
    "kawalpemilu",
    "recap",
    "rollup",
]
FORMATS: tuple[Format, ...] = get_args(Format)

FIRST_LINES = 20  # that are looked at

_KEY = re.compile(r'\s*\{\s*"((?:[^"\\]|\\.){0,64})"\s*:')
# A list of results within an object, as programs answer: `{"count":2,"results":[{`.
_LIST = re.compile(
    r'\{[^\[]{0,2000}"(?:results|value|data|records|rows)"\s*:\s*\[\s*\{'
)
_CODE = re.compile(r"[0-9]{10,13}|99[0-9A-Z]{2}[0-9]{9}")


_SIREKAP = re.compile(r'"(?:chart|administrasi|tungsura)"\s*:')
_MAP = re.compile(r'\{\s*"type"\s*:\s*"(?:FeatureCollection|Topology)"')
# One mark of their tree of regions, and one of their votes.
_KAWALPEMILU = (
    re.compile(r'"(?:parentIds|parentNames|photos)"\s*:'),
    re.compile(r'"(?:depth|pas[12]|tSah)"\s*:'),
)


def open_file(path: Path | str, sheet: str | None = None) -> SourceFile | Workbook:
    """A file of results; of a workbook the `sheet` of that name, or its only one.

    Raises:
        FormatError: It is of a kind that cannot be read, or no sheet is clear.
        OSError: It cannot be opened, or a pipe cannot be kept.
    """
    file = open_source(path, name_source(path), MAX_BYTES)
    if is_package(file):
        return Workbook(path, sheet, file)
    return SourceFile(path, file)


def recognise(source: SourceFile | Workbook) -> Format:
    """The format of a file of results.

    Raises:
        FormatError: It is empty, or something else that is recognised.
    """
    if isinstance(source, Workbook):
        _refuse(ownfile.name_columns(source.header), source)
        return "xlsx"
    head = source.peek()
    text = head.decode("utf-8", "replace").lstrip()
    if not text:  # of text: to bytes U+001C and U+00A0 are no white space
        raise FormatError(Sentence("recognise.empty"), source.label)
    if head.count(0, 0, 4096) > 20:
        raise FormatError(Sentence("recognise.no-text"), source.label)
    if text.startswith("["):
        if is_recap_line(_decode_start(_item(text))):
            return "recap"
        return "ndjson" if _is_one_line(text) else "json"
    if text.startswith("{"):
        return _recognise_json(text, source)
    _refuse(_name_markup(text) if text.startswith("<") else None, source)
    _refuse(ownfile.name_text(text), source)
    header, first = _split_rows(text)
    _refuse(ownfile.name_columns(header), source)
    return "recap" if is_recap_table(header, first) else "csv"


def _is_one_line(text: str) -> bool:
    """Whether an array ends with its line, and more lines follow it."""
    first, _, rest = text.partition("\n")
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return bool(rest.strip())


def _refuse(why: Sentence | None, source: SourceFile | Workbook) -> None:
    if why is not None:
        raise FormatError(why, source.label)


def _name_markup(text: str) -> Sentence:
    head = text[:20_000].lower()
    if "<table" in head or "excel.sheet" in head or "urn:schemas-microsoft" in head:
        return Sentence("recognise.html-table")
    is_data = head.startswith("<?xml") and "<html" not in head
    return Sentence("recognise.xml" if is_data else "recognise.html")


def _split_rows(text: str) -> tuple[list[str], list[str]]:
    """The header of a table, and the line behind it."""
    lines = text.splitlines()
    at = int(len(lines) > 1 and lines[0].lower().startswith("sep="))
    rows = csv.reader(lines[at : at + 2], delimiter=find_delimiter(lines[at]))
    try:
        return next(rows, []), next(rows, [])
    except csv.Error:  # what is wrong with it is said when it is read
        return [], []


def _recognise_json(text: str, source: SourceFile) -> Format:
    line = _decode_start(text)
    keys = set(line) if isinstance(line, dict) else set()
    match = _KEY.match(text)
    key = match[1] if match else ""
    _refuse(ownfile.name_columns(keys), source)
    if of_regions := _name_sums(text, line):
        return of_regions
    if "kode" in keys and "chart" in keys:
        return "situng"
    if key in ("id2name", "tps") and _opens(text, match):
        raise FormatError(Sentence("recognise.register"), source.label)
    if _CODE.fullmatch(key):
        return "sirekap"
    if all(mark.search(text) for mark in _KAWALPEMILU) and not is_ours(line):
        return "kawalpemilu"
    if _MAP.match(text):
        raise FormatError(Sentence("recognise.geojson"), source.label)
    if _LIST.search(text[:20_000]) and not is_ours(line):
        return "json"
    is_one = _SIREKAP.search(text[:20_000]) and "tps" not in keys
    return "sirekap-one" if is_one else "ndjson"


def _name_sums(text: str, line: object) -> Format | None:
    if is_recap_line(line) and is_ours(line):
        return "recap"
    return "rollup" if is_rollup(text[:20_000]) else None


def _opens(text: str, match: re.Match[str] | None) -> bool:
    """Whether the first member of the object is an object itself."""
    return match is not None and text[match.end() :].lstrip().startswith("{")


def _begins_with_ours(source: SourceFile, *, lines: bool) -> bool:
    """Whether one of the first objects has our member names."""
    text = source.peek().decode("utf-8", "replace")
    # Of an array the first item, wherever it ends: what follows is of no interest.
    if not lines:
        starts = [_item(text)]
    elif is_spread(text):
        starts = [text]
    else:
        starts = text.split("\n", FIRST_LINES)[:FIRST_LINES]
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


_SourceReader: TypeAlias = Callable[[SourceFile, Options, Profile], Iterator[SourceRow]]
_READERS: Mapping[str, _SourceReader] = {
    "recap": read_recaps,
    "rollup": read_rollup,
    "situng": read_situng,
}


def read_rows(
    source: SourceFile | Workbook,
    kind: Format,
    options: Options,
    profile: Profile,
    codes: Mapping[str, str] | None = None,
    *,
    spread: Spread | None = None,
) -> Iterator[SourceRow]:
    """Every row of `source`, read as `kind`; `codes`: see `read_kawalpemilu`.

    `spread`: reads rows of tables, and lines, in several processes.

    Raises:
        ConfigError: A default is none that a result may have.
        FormatError: The file as a whole cannot be read as that.
    """
    if isinstance(source, Workbook):
        source.find_header(is_header_of(options, names_of(profile, options)))
        return read_table(source, options, profile, spread=spread)
    if kind in ("csv", "xlsx"):  # whatever was said of it, it is no workbook
        return read_csv(source, options, profile, spread=spread)
    if kind in ("json", "ndjson"):
        lines = kind == "ndjson"
        return _read_objects(source, options, profile, lines=lines, spread=spread)
    if kind == "kawalpemilu":
        return read_kawalpemilu(source, options, profile, codes)
    if kind in _READERS:
        return _READERS[kind](source, options, profile)
    single = kind == "sirekap-one"
    return sirekap.read_sirekap(source, options, profile, single=single)


def _read_objects(
    source: SourceFile,
    options: Options,
    profile: Profile,
    *,
    lines: bool,
    spread: Spread | None,
) -> Iterator[SourceRow]:
    if options.read or not _begins_with_ours(source, lines=lines):
        table = JsonTable(source, lines=lines)
        return read_table(table, options, profile, spread=spread)
    return read_ndjson(source, options, profile, lines=lines, spread=spread)
