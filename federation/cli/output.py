r"""What a command prints, and the exit code that it ends with.

Rule: results go to standard output, everything else (hints, progress, errors) to
standard error; with `--json` standard output holds JSON and nothing else. Foreign
text (an organisation's name, a note in a record) may hold terminal escapes or marks
that reverse the writing direction: what is printed for people passes `clean`, which
shows them as `\x1b`. Rich's markup is off for the same reason.

Exit codes: docs/reference/exit-codes.md.
"""

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from federation.cli.streams import escape_json, named
from federation.errors import (
    ConfigError,
    ConflictError,
    DoubtError,
    FederationError,
    FormatError,
    GuardUnreachableError,
    KeptError,
    NotFoundError,
    PeerError,
    PhotoRoomError,
    RecordError,
    UnreadableError,
    VerificationError,
)
from federation.text import Sentence, Text

OK: Final = 0
NEGATIVE: Final = 1
USAGE: Final = 2
CONFIG: Final = 3
VERIFICATION: Final = 4
PEER: Final = 5
CONFLICT: Final = 6
NOT_FOUND: Final = 7
BUG: Final = 70
MACHINE: Final = 74
UNFINISHED: Final = 75
HUNG_UP: Final = 129
INTERRUPTED: Final = 130
TERMINATED: Final = 143

EXIT_CODES: Final[tuple[tuple[type[FederationError], int], ...]] = (
    (ConfigError, CONFIG),
    (UnreadableError, MACHINE),
    (PhotoRoomError, MACHINE),
    (FormatError, USAGE),
    (RecordError, USAGE),
    (VerificationError, VERIFICATION),
    (KeptError, UNFINISHED),
    (DoubtError, UNFINISHED),
    (GuardUnreachableError, MACHINE),
    (ConflictError, CONFLICT),
    (NotFoundError, NOT_FOUND),
    (PeerError, PEER),
    (FederationError, NEGATIVE),
)


def exit_code(error: FederationError) -> int:
    """The exit code of an expected error: that of the nearest type in the table."""
    return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


def clean(text: str) -> str:
    r"""The text with everything that steers a terminal shown as an escape (`\x1b`).

    Kept: printable characters and the line feed.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c == "\n" or c.isprintable() or unicodedata.category(c) == "Zs"
        else c.encode("unicode_escape").decode("ascii")
        for c in text
    )  # fmt: skip


def typed_in(line: str) -> str | None:
    """The command that a line of a sentence is nothing but, to be copied as it is."""
    inner = line.removeprefix("`").removesuffix("`")
    return inner if line == f"`{inner}`" and "`" not in inner else None


def clean_line(text: str) -> str:
    r"""The same for a text that is one line: a line feed is shown as `\n`."""
    return clean(text).replace("\n", "\\n")


def _encode(value: object) -> bytes:
    r"""The value as JSON; what no Unicode text can hold is shown as `\udcff`.

    The name of a file may be any bytes, and is told where something is wrong with it.
    """
    import msgspec  # noqa: PLC0415  # start-up time: help has no JSON

    try:
        return msgspec.json.encode(value, enc_hook=_plain)
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, enc_hook=_plain)
        return msgspec.json.encode(_escape(plain))


def _plain(value: object) -> str:
    """A `Sentence` as the English text that programs read."""
    if isinstance(value, Sentence):
        return str(value)
    raise NotImplementedError


def _escape(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_escape(key): _escape(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_escape(item) for item in value]
    return value


def _write(text: str, stream: TextIO, *, flush: bool = False) -> None:
    with named(stream):
        print(text, file=stream, flush=flush)


class Output:
    """One command's way to speak: to a person, or (`is_json`) to a program."""

    def __init__(
        self,
        t: Text,
        *,
        is_json: bool = False,
        stdout: TextIO | None = None,
        stderr: TextIO | None = None,
    ) -> None:
        self.t = t
        self.is_json = is_json
        self.unsaid: Sentence | None = None  # instead of how to mend a full output
        self._stdout, self._stderr = stdout, stderr
        self._noted: set[str] = set()

    @property
    def stdout(self) -> TextIO:
        """Standard output as it is now: a test replaces it after the import."""
        return self._stdout or sys.stdout

    @property
    def stderr(self) -> TextIO:
        """Standard error as it is now."""
        return self._stderr or sys.stderr

    def line(self, text: str = "") -> None:
        """Print a line of the result; nothing with `--json`."""
        if not self.is_json:
            _write(clean(self.t.say(text)), self.stdout)

    def note(self, text: str) -> None:
        """Print a hint or a warning on standard error."""
        # Where that is gone (a terminal that was closed) nothing can be said at all.
        with suppress(OSError):
            print(clean(self.t.say(text)), file=self.stderr)

    def note_once(self, text: str) -> None:
        """The same, unless this very text was printed before."""
        if text not in self._noted:
            self._noted.add(text)
            self.note(text)

    def json(self, value: object) -> None:
        """Print a value (Struct, dict, list) as one line of JSON."""
        # order=None: members stay as the type or the caller ordered them.
        text = escape_json(_encode(value).decode("utf-8"), self.stdout)
        _write(text, self.stdout, flush=True)

    def show(self, value: object, human: Callable[[], None]) -> None:
        """Print `value` with `--json`; else let `human` print it for people."""
        if self.is_json:
            self.json(value)
        else:
            human()

    def table(
        self,
        headers: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        title: str = "",
        right: Sequence[int] = (),
    ) -> None:
        """Print a table for people; nothing with `--json`.

        Args:
            headers: one per column.
            rows: cells; None is an empty cell, integers get thousands separators.
            title: a line above.
            right: the columns (counted from 0) that are aligned to the right.
        """
        if self.is_json:
            return
        from federation.cli import drawing  # noqa: PLC0415  # start-up time

        cells = ([self._cell(value) for value in row] for row in rows)
        with named(self.stdout):
            drawing.draw_table(
                self.stdout, headers, cells, title=title or None, right=right
            )

    @contextmanager
    def progress(
        self, total: int | None, label: str
    ) -> Iterator[Callable[[int], None]]:
        """A bar on standard error while a terminal watches; yields `advance(n)`."""
        from federation.cli import drawing  # noqa: PLC0415  # start-up time

        label, is_silent = clean(label), self.is_json
        with drawing.draw_bar(self.stderr, total, label, is_silent=is_silent) as bar:
            yield bar

    def error(self, error: FederationError) -> int:
        """Print an expected error; returns its exit code."""
        sentence = self.t(f"errors.{error.code}", detail=self.t.say(error.told))
        return self.fault(exit_code(error), error.code, sentence)

    def fault(self, code: int, name: str, sentence: str) -> int:
        """Print why the command failed, on standard error; returns `code`.

        With `--json` it is one line `{"error":{"code","exit","message"}}`.
        """
        if self.is_json:
            value = {"error": {"code": name, "exit": code, "message": sentence}}
            with suppress(OSError):
                text = escape_json(_encode(value).decode(), self.stderr)
                print(text, file=self.stderr)
        else:
            lines = sentence.split("\n")
            commands = map(typed_in, lines)
            told = zip(lines, commands, strict=True)
            self.note("\n".join(f"  {typed}" if typed else at for at, typed in told))
        return code

    def _cell(self, value: object) -> str:
        """A cell as text; thousands are separated as the language does."""
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return self.number(value)
        return clean_line(self.t.say(value))

    def number(self, value: int) -> str:
        """An integer for people, as the language writes it."""
        return self.t.number(value)
