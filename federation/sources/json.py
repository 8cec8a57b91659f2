"""JSON that others wrote: decoded strictly, one value at a time.

Rule: what two programs could read differently is refused: duplicate members, `NaN`,
numbers too long, `61.00000000000000001`. A document's depth and size are bounded
before anything looks at it.

`read_members` walks the members of one huge object (`{"<code>": {…}, …}`, as KPU's
documents are collected) and holds one member at a time; `read_items` the items of an
array, alone or within an object (`{"count":2,"results":[{…},{…}]}`).
"""

import codecs
import json
import math
import re
import tempfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

from federation.decoding import parse_plain_json
from federation.errors import Cause, FormatError
from federation.sorting import Spool
from federation.sources.arrays import Arrays
from federation.sources.row import clip
from federation.sources.stream import SourceFile
from federation.text import Sentence

MAX_DOCUMENT = 1 << 20  # characters; the largest real one (142 candidates) has 4,000

#: A longer one is not held twice more, to be compared.
_MOST_PLAIN = 1 << 22

_SPACE = re.compile(r"[ \t\r\n]*")
# The longest that a fault at the end of what was read can be: `-Infinity`, two escapes.
_UNDECIDED = 16


# The beginnings of what `json` says, and what we do (a name in `text/file.toml`).
_FAULTS = (
    ("Expecting value", "json-value"),
    ("Expecting property name", "json-name"),
    ("Illegal trailing comma", "json-name"),
    ("Expecting ',' delimiter", "json-comma"),
    ("Expecting ':' delimiter", "json-colon"),
    ("Extra data", "json-more"),
    ("Unterminated string", "json-text"),
    ("Invalid control character", "json-control"),
    ("Invalid \\", "json-escape"),
)


class _AmbiguousError(ValueError):
    """What two programs could read differently; the text says what."""

    def __init__(self, why: Sentence) -> None:
        super().__init__(why)
        self.why = why


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]  # set.add says None: that is the point
        raise _AmbiguousError(Sentence("file.json-twice", value=clip(twice)))
    return members


def _refuse(name: str) -> NoReturn:
    raise _AmbiguousError(Sentence("file.json-constant", value=name))


def _read_float(text: str) -> float:
    """A number with a point or an exponent; a whole one only if that is what it says.

    Raises:
        _AmbiguousError: Rounding made it whole, or it is beyond what a float holds.
    """
    value = float(text)
    if value in (math.inf, -math.inf) or (
        # Only long ones are rounded so; `Decimal` is slow.
        len(text) > 15 and value.is_integer() and not _is_exact(text, value)
    ):
        raise _AmbiguousError(Sentence("file.json-inexact", value=clip(text)))
    return value


def _is_exact(text: str, value: float) -> bool:
    try:
        return Decimal(text) == Decimal(value)
    except InvalidOperation:  # an exponent of more digits than a Decimal's may have
        return False


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_read_float
)


def decode_json(line: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """The one value in `line`.

    Raises:
        FormatError: It is not one JSON value, or could be read in two ways; its cause
            is "cut-off" where it is the beginning of one.
    """
    # Nearly every line is plain: a third of the time, and nobody reads it otherwise.
    value = parse_plain_json(line) if len(line) <= _MOST_PLAIN else None
    return _decode_strictly(line) if value is None else value


def _decode_strictly(line: bytes) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        # Files that were put together have a mark before each part.
        return _DECODER.decode(line.removeprefix(codecs.BOM_UTF8).rstrip().decode())
    except json.JSONDecodeError as error:
        key = "file.column" if error.lineno == 1 else "file.line"
        at = Sentence(key, column=error.colno, line=error.lineno)
        raise FormatError(_explain(error), at, cause=_cause(error)) from error
    except UnicodeDecodeError as error:
        raise FormatError(Sentence("file.not-utf")) from error
    except (ValueError, RecursionError) as error:
        raise _distrust(error) from error


def _explain(error: json.JSONDecodeError) -> Sentence:
    """What is wrong, in words of ours: `json` speaks to programmers."""
    name = next((n for says, n in _FAULTS if error.msg.startswith(says)), "json-other")
    if not error.doc.strip():
        name = "json-empty"
    elif _cause(error) == "cut-off":
        name = "json-cut"
    return Sentence("file.not-json", reason=Sentence(f"file.{name}"))


def _cause(error: json.JSONDecodeError) -> Cause:
    return "wrong" if error.doc[error.pos :].strip() else "cut-off"


def _is_decided(error: json.JSONDecodeError) -> bool:
    """Whether it is no JSON whatever follows."""
    if error.msg.startswith("Unterminated string"):
        return False
    return error.pos < len(error.doc) - _UNDECIDED


def _distrust(error: ValueError | RecursionError) -> FormatError:
    if isinstance(error, _AmbiguousError):
        why = error.why
    elif isinstance(error, RecursionError):
        why = Sentence("file.json-deep")
    else:
        why = Sentence("file.json-digits")
    return FormatError(Sentence("file.untrusted-json", reason=why))


class TextWindow:
    """The part of a text between what was understood and what was read."""

    def __init__(self, source: SourceFile) -> None:
        self._source = source
        # Incremental: a block may end within a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.text, self.at, self.ended = "", 0, False
        self._line, self._counted = 1, 0  # the line at `text[_counted]`
        self._gone = 0  # letters of its first line that stood before `text`

    def more(self) -> None:
        """Read on, or set `ended`.

        Raises:
            FormatError: The next block is not UTF-8.
        """
        block = self._source.read()
        self.ended = not block
        try:
            text = self._decoder.decode(block, final=self.ended)
        except UnicodeDecodeError as error:
            raise FormatError(Sentence("file.not-utf")) from error
        self._gone = self.column(self.at) - 1
        self.line(self.at)
        self.text, self.at, self._counted = self.text[self.at :] + text, 0, 0

    def line(self, at: int) -> int:
        """On which line of the source `text[at]` stands; never before one asked for."""
        self._line += self.text.count("\n", self._counted, at)
        self._counted = at
        return self._line

    def column(self, at: int) -> int:
        """In which column it stands, from 1."""
        ended = self.text.rfind("\n", 0, at)
        return at - ended if ended >= 0 else self._gone + at + 1

    def take(self, expected: str) -> str:
        """The next character that is not white space, which must be in `expected`.

        Raises:
            FormatError: It is another, or the text ends.
        """
        self._skip_space()
        letter = self.text[self.at]
        if letter not in expected:
            values = {"value": clip(letter), "expected": " ".join(expected)}
            raise FormatError(Sentence("file.json-expected", **values))
        self.at += 1
        return letter

    def finish(self) -> None:
        """See that nothing stands behind the value: it would not have been read.

        Raises:
            FormatError: Something does.
        """
        if not self.goes_on():
            return  # it ends here, as it should
        shown = clip(self.text[self.at : self.at + 20])
        raise FormatError(Sentence("file.json-behind", value=shown))

    def goes_on(self) -> bool:
        """Whether anything but white space is left."""
        while True:
            match = _SPACE.match(self.text, self.at)
            assert match is not None
            self.at = match.end()
            if self.at < len(self.text):
                return True
            if self.ended:
                return False
            self.more()

    def value(self) -> Any:  # noqa: ANN401 - JSON is anything
        """The next value.

        Raises:
            FormatError: There is none, or it is too large.
        """
        self._skip_space()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if self.ended or _is_decided(error):
                    line, column = self.line(error.pos), self.column(error.pos)
                    at = Sentence("file.line", line=line, column=column)
                    raise FormatError(_explain(error), at) from error
            except (ValueError, RecursionError) as error:
                raise _distrust(error) from error
            else:
                # A number that reaches the end of the window may go on behind it.
                if end < len(self.text) or self.ended:
                    self.at = end
                    return value
            if len(self.text) - self.at > MAX_DOCUMENT:
                raise FormatError(Sentence("file.json-document", most=MAX_DOCUMENT))
            self.more()

    def peek(self) -> str:
        """The next character that is not white space, which stays.

        Raises:
            FormatError: The text ends.
        """
        self._skip_space()
        return self.text[self.at]

    def _skip_space(self) -> None:
        if not self.goes_on():
            raise FormatError(Sentence("file.json-end"))


def read_members(source: SourceFile) -> Iterator[tuple[str, Any]]:
    """Name and value of each member of the one object in `source`, in its order.

    Raises:
        FormatError: The text is no object, or is damaged from here on.
    """
    window = TextWindow(source)
    window.take("{")
    if window.take('"}') == "}":
        window.finish()
        return
    while True:
        window.at -= 1
        name = window.value()
        window.take(":")
        yield name, window.value()
        if window.take(",}") == "}":
            window.finish()
            return
        window.take('"')


def read_items(source: SourceFile) -> Iterator[Any]:
    """Each item of the array in `source`, in its order; of an object, of its one array.

    Of several that hold objects the one that is named as results are counts; a `Said`
    behind its items names the others.

    Raises:
        FormatError: The text is neither, or is damaged from here on.
    """
    window = TextWindow(source)
    if window.peek() == "[":
        yield from _items(window)
    else:
        yield from _array_of_members(window)
    window.finish()


def _array_of_members(window: TextWindow) -> Iterator[Any]:
    # All is read before anything is given: which array is meant shows among them all.
    spool = Spool(Path(tempfile.gettempdir()))
    arrays = Arrays(spool)
    fault: FormatError | None = None
    try:
        try:
            for at, name, item in _items_of_members(window):
                arrays.add(at, name, item)
        except FormatError as error:
            fault = error
        yield from arrays.read()
    finally:
        spool.close()
    if fault is not None:
        raise fault


def _items_of_members(window: TextWindow) -> Iterator[tuple[int, str, Any]]:
    window.take("{")
    if window.peek() == "}":
        window.take("}")
        return
    for at in count():
        name = window.value()
        window.take(":")
        if window.peek() == "[":
            for item in _items(window):
                yield at, name, item
        else:
            window.value()
        if window.take(",}") == "}":
            return


def _items(window: TextWindow) -> Iterator[Any]:
    window.take("[")
    if window.peek() == "]":
        window.take("]")
        return
    while True:
        yield window.value()
        if window.take(",]") == "]":
            return
