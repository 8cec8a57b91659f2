"""Where bytes come from: a file, or a pipe that is written to a file first.

Rule: who reads a table looks at its beginning twice, so what can be read only once (a
pipe, `<(…)`, `-`) goes into an unnamed file that vanishes with the process. A terminal
is not waited for, and a device is refused: `/dev/zero` has no end.
"""

import os
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO, Final

from federation.errors import FormatError
from federation.files import placed
from federation.text import Sentence

STDIN: Final = "-"
_BLOCK: Final = 1 << 18
STDIN_NAMES: Final = (STDIN, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def name_source(path: Path | str) -> str:
    """What messages call it."""
    return Sentence("file.stdin") if str(path) in STDIN_NAMES else str(path)


def open_source(path: Path | str, label: str, most: int) -> BinaryIO:
    """The file, or what came through a pipe, at its beginning.

    Raises:
        FormatError: It is a folder, a device, a terminal, or closed.
        OSError: It cannot be opened, or a pipe cannot be kept.
    """
    if str(path) == STDIN:
        try:
            handle = os.dup(0)
        except OSError as error:
            raise FormatError(Sentence("file.closed"), label) from error
    else:
        handle = os.open(path, os.O_RDONLY)
        if stat.S_ISDIR(os.fstat(handle).st_mode):  # `fdopen` says it in its own words
            os.close(handle)
            raise FormatError(Sentence("file.folder"), label)
    file = os.fdopen(handle, "rb")
    try:
        if _must_keep(file, label):
            with file:
                return _keep(file, label, most)
    except BaseException:
        file.close()
        raise
    return file


def _must_keep(file: BinaryIO, label: str) -> bool:
    """Whether the file can be read only once.

    Raises:
        FormatError: It is a device or a terminal.
    """
    status = os.fstat(file.fileno())
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return False
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        return True
    if os.isatty(file.fileno()):
        raise FormatError(Sentence("file.terminal"), label)
    if os.path.samestat(status, Path(os.devnull).stat()):
        return True
    raise FormatError(Sentence("file.device"), label)


def _keep(file: BinaryIO, label: str, most: int) -> BinaryIO:
    kept = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        with placed(tempfile.gettempdir()):
            _copy(file, kept, label, most)
    except BaseException:
        kept.close()
        raise
    return kept


def _copy(file: BinaryIO, kept: BinaryIO, label: str, most: int) -> None:
    size = 0
    while block := file.read(_BLOCK):
        size += len(block)
        if size > most:
            raise FormatError(Sentence("file.large", most=most), label)
        kept.write(block)
    kept.seek(0)
