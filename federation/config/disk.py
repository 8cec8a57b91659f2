"""Files that are replaced as a whole or not at all.

Rule: a settings or key file is never seen half written, not even after a power cut:
the new bytes are made durable under another name before they take the old one's place.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from federation.errors import ConfigError, ConflictError

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
PUBLIC_FILE = 0o644


def replace_file(path: Path, data: bytes, mode: int = PUBLIC_FILE) -> None:
    """Put `data` in the place of whatever is at `path`, durably.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        with _written_aside(path, data, mode) as temporary:
            temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise ConfigError(str(path), "", f"cannot be written: {error}") from error


def create_file(path: Path, data: bytes, mode: int = PUBLIC_FILE) -> None:
    """Write a file that is not there yet, durably.

    Raises:
        ConflictError: there is one already; it is left as it is.
        ConfigError: the file cannot be written.
    """
    try:
        with _written_aside(path, data, mode) as temporary:
            # link() refuses an existing name, so of two writers one loses; rename()
            # would let the second overwrite a key that the first has signed with.
            os.link(temporary, path)
        sync_folder(path.parent)
    except FileExistsError as error:
        raise ConflictError(f"{path} exists and is not overwritten") from error
    except OSError as error:
        raise ConfigError(str(path), "", f"cannot be written: {error}") from error


def make_folder(path: Path, mode: int = PRIVATE_FOLDER) -> None:
    """Make a folder with exactly that mode; one that exists is left as it is.

    Raises:
        ConfigError: it cannot be made.
    """
    try:
        path.mkdir(mode=mode, parents=True)
        path.chmod(mode)
    except FileExistsError:
        if not path.is_dir():
            raise ConfigError(str(path), "", "is not a folder") from None
    except OSError as error:
        raise ConfigError(str(path), "", f"cannot be made: {error}") from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable.

    Raises:
        OSError: the folder cannot be opened or synced.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _written_aside(path: Path, data: bytes, mode: int) -> Iterator[Path]:
    """A durable file beside `path` that holds `data`; gone when the block ends.

    Raises:
        OSError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        # The mode is given at creation: a chmod afterwards would leave a moment in
        # which a private key can be read by others.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            os.fsync(handle)
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
