"""Files that are replaced as a whole or not at all.

Rule: a settings or key file is never seen half written, not even after a power cut:
the new bytes are made durable under another name before they take the old one's place.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from federation.errors import ConfigError, ConflictError
from federation.files import make_folders, sync_folder, write_aside, write_durably
from federation.text import Sentence
from federation.text.cause import blame_file, cause_of

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
PUBLIC_FILE = 0o644


def refused(path: Path, verb: str, error: OSError) -> ConfigError:
    """Why a file could not be `verb`: "read", "written" or "made"."""
    reason = Sentence(f"machine.not-{verb}", cause=cause_of(error))
    return ConfigError(str(path), "", reason)


def read_bounded(path: Path, most: int) -> bytes:
    """The bytes of a file, at most so many.

    Raises:
        ConfigError: it cannot be read, or has more.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise refused(path, "read", error) from error
    if len(data) > most:
        reason = Sentence("machine.file-too-large", most=most)
        raise ConfigError(str(path), "", reason)
    return data


@contextmanager
def blaming(path: Path) -> Iterator[None]:
    """Whatever is refused while `path` is written says where, and why.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        yield
    except OSError as error:
        named, reason = blame_file(error, path)
        raise ConfigError(named, "", reason) from error


def replace_file(path: Path, data: bytes, mode: int = PUBLIC_FILE) -> None:
    """Put `data` in the place of whatever is at `path`, durably.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        with write_durably(path, mode) as file:
            file.write(data)
    except OSError as error:
        raise refused(path, "written", error) from error


def create_file(path: Path, data: bytes, mode: int = PUBLIC_FILE) -> None:
    """Write a file that is not there yet, durably.

    Raises:
        ConflictError: there is one already; it is left as it is.
        ConfigError: the file cannot be written.
    """
    try:
        with write_aside(path, mode) as (file, temporary):
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            # link() refuses an existing name, so of two writers one loses; rename()
            # would let the second overwrite a key that the first has signed with.
            os.link(temporary, path)
        sync_folder(path.parent)
    except FileExistsError as error:
        raise ConflictError(Sentence("machine.not-overwritten", path=path)) from error
    except OSError as error:
        raise refused(path, "written", error) from error


def make_folder(path: Path, mode: int = PRIVATE_FOLDER) -> None:
    """Make a folder with exactly that mode; one that exists is left as it is.

    Raises:
        ConfigError: it cannot be made.
    """
    try:
        make_folders(path.parent)
        path.mkdir(mode=mode)
        path.chmod(mode)
        sync_folder(path.parent)
    except FileExistsError:
        if not path.is_dir():
            raise ConfigError(str(path), "", Sentence("machine.no-folder")) from None
    except OSError as error:
        raise refused(path, "made", error) from error
