"""What kind of file this is, by what it holds; the name does not count.

Rule: recognition looks at the first block only, says what it found, and an operator
can always overrule it (`--format`). What is nearly right is named (an array instead of
lines, a register instead of results), since that is what people will bring.
"""

import json
import re
from collections.abc import Iterator
from typing import Literal, get_args

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.sources import sirekap
from federation.sources.mapping import Options
from federation.sources.ndjson import read_ndjson
from federation.sources.row import Row
from federation.sources.situng import read_situng
from federation.sources.stream import Source
from federation.sources.table import read_csv

Format = Literal["csv", "ndjson", "sirekap", "sirekap-one", "situng"]
FORMATS: tuple[Format, ...] = get_args(Format)

_KEY = re.compile(r'\s*\{\s*"((?:[^"\\]|\\.){0,64})"\s*:')
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
        raise FormatError(
            "a JSON array: write one object a line (jq -c '.[]' FILE > FILE.ndjson)",
            path,
        )
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
    betrays = re.search(r'"(?:chart|administrasi|tungsura)"\s*:', text[:20_000])
    if betrays and "tps" not in keys:
        return "sirekap-one"
    return "ndjson"


def _opens(text: str, match: re.Match[str] | None) -> bool:
    """Whether the first member of the object is an object itself."""
    return match is not None and text[match.end() :].lstrip().startswith("{")


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
    if kind == "ndjson":
        return read_ndjson(source, options, profile)
    if kind == "situng":
        return read_situng(source, options, profile)
    single = kind == "sirekap-one"
    return sirekap.read_sirekap(source, options, profile, single=single)
