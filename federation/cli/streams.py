r"""Standard input, output and error as they are found: closed, full, of few letters.

Rule: whatever a terminal, a service or a pipe gives us, a command says what it can. To
a stream that is not UTF-8, other characters than those of ASCII are written as plainly
as they can be (`→` as `->`, `é` as `e`, else `?`); JSON escapes them and stays JSON. A
stream that is closed from the start is nowhere, not the next file that is opened: a
database would have its number, and would be printed into. A reader that has had enough
(`| head`) is no error.
"""

import codecs
import errno
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO


class ReaderGoneError(Exception):
    """Whoever reads our output (`| head`) has had enough: that is its right."""


#: The name under which Python finds `_plainly`.
PLAINLY: Final = "federation-plainly"
_NAMES: Final = ("stdin", "stdout", "stderr")
#: Signs that messages, tables and bars are made of; letters are taken apart instead.
_PLAIN: Final = {
    **dict.fromkeys("─━╌╍╴╶╸╺–—−‐‑", "-"),  # noqa: RUF001  what is replaced
    **dict.fromkeys("│┃╎╏", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╯╰╡╞╪┏┓┗┛┠┨╇╈", "+"),
    **dict.fromkeys("═", "="),
    **dict.fromkeys("█▓▒▀▄▌▐■", "#"),
    **dict.fromkeys("‘’‚′", "'"),  # noqa: RUF001  what is replaced
    **dict.fromkeys("“”„″«»", '"'),
    **dict.fromkeys("·•∙", "-"),
    "→": "->",
    "←": "<-",
    "↔": "<->",
    "↑": "^",
    "↓": "v",
    "⇒": "=>",
    "…": "...",
    "×": "x",  # noqa: RUF001  what is replaced
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
    "✓": "v",
    "✗": "x",
    "µ": "u",
    "€": "EUR",
    "©": "(c)",
    "°": " deg",
    "§": "section ",
    "ß": "ss",
    "Æ": "AE",
    "æ": "ae",
    "Ø": "O",
    "ø": "o",
    "Ł": "L",
    "ł": "l",
    "Đ": "D",
    "đ": "d",
    "ı": "i",  # noqa: RUF001  what is replaced
}
_BEYOND_ASCII: Final = re.compile(r"[^\x00-\x7f]")


def open_streams() -> None:
    """Make all three usable, whatever they were started with."""
    for number, name in enumerate(_NAMES):
        if getattr(sys, name) is None:
            _open_nowhere(number, name)
    for stream in (sys.stdout, sys.stderr):
        # A test's replacement has no encoding to speak of.
        with suppress(AttributeError, ValueError):
            stream.reconfigure(encoding=_wanted_encoding(stream), errors=PLAINLY)  # type: ignore[union-attr]  # or AttributeError


def flush_streams() -> OSError | None:
    """Write out what is still held back; what went wrong with standard output.

    Python would do it later, and complain where nobody can handle it.
    """
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    try:
        sys.stdout.flush()
    except OSError as error:
        return error
    except ValueError:  # closed meanwhile
        return None
    return None


def drop_output() -> None:
    """Let whatever is still held back for standard output go nowhere."""
    with suppress(OSError, ValueError):
        handle = os.open(os.devnull, os.O_WRONLY)
        os.dup2(handle, sys.stdout.fileno())
        os.close(handle)


@contextmanager
def named(stream: TextIO) -> Iterator[None]:
    """An error of a stream says which one it is, as that of a file does."""
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        name = getattr(stream, "name", "")
        raise OSError(error.errno, error.strerror, name) from error


@contextmanager
def noticing_reader() -> Iterator[None]:
    """In the block, a reader that has gone is told as such.

    Click would end the process by itself at the error of the system.

    Raises:
        ReaderGoneError: it has gone.
    """
    try:
        yield
    except OSError as error:
        if is_reader_gone(error):
            raise ReaderGoneError from error
        raise


def is_reader_gone(error: OSError) -> bool:
    """Whether it says only that whoever read our output has had enough."""
    return isinstance(error, BrokenPipeError) or error.errno == errno.EPIPE


def can_say(text: str, stream: TextIO) -> bool:
    """Whether every character of the text has bytes in this stream's encoding."""
    try:
        text.encode(_encoding_of(stream))
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def make_plain(text: str, stream: TextIO) -> str:
    """The text as this stream can say it."""
    encoding = _encoding_of(stream)
    return text.encode(encoding, PLAINLY).decode(encoding)


def escape_json(text: str, stream: TextIO) -> str:
    r"""JSON for this stream: UTF-8 as it stands, `\u00b7` in any other encoding."""
    if codecs.lookup(_encoding_of(stream)).name == "utf-8":
        return text
    # Outside of its strings JSON is ASCII, so that is where they all stand.
    return _BEYOND_ASCII.sub(lambda match: _escape(match[0]), text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return "".join(f"\\u{pair}" for pair in pairs)


def _encoding_of(stream: TextIO) -> str:
    # A buffer in memory has none, and takes every character.
    return getattr(stream, "encoding", None) or "utf-8"


def _wanted_encoding(stream: TextIO) -> str:
    """UTF where it is asked for, else ASCII.

    A locale of other letters is most often one that nobody set, before a terminal of
    UTF-8: there the bytes of Latin-1 are no letters at all, and those of ASCII are.
    """
    name = codecs.lookup(_encoding_of(stream)).name
    return name if name.startswith("utf") else "ascii"


def _open_nowhere(number: int, name: str) -> None:
    try:
        os.fstat(number)
    except OSError:
        handle = os.open(os.devnull, os.O_RDWR)
        if handle != number:
            os.dup2(handle, number)
            os.close(handle)
    mode = "w" if number else "r"
    stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115  a descriptor, for the life of the process
    setattr(sys, name, stream)


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """An encoder's way out: the characters from `start` to `end`, in ASCII."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(map(_plain, wrong)), error.end


def _plain(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    if character.isspace():
        return " "
    parts = unicodedata.normalize("NFKD", character)
    return parts.encode("ascii", "ignore").decode() or "?"


codecs.register_error(PLAINLY, _plainly)
