"""What an object store or a disk says when it takes nothing, as an error of the system.

Rule: whoever works on a disk knows errors of a disk (`node/disk.py`), so the library's
become `OSError`: with the number that the system gave, where it gave one. Of what an
object store answers only its first line is told, without names, passwords and
signatures that an address may carry.
"""

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from typing import Final

from obstore.exceptions import BaseError

from federation.text import Sentence

_NUMBER: Final = re.compile(r"\(os error (\d+)\)")
# Whoever is named before "@", and whatever stands behind "?".
_SECRET: Final = re.compile(r"(?<=://)[^/@\s]*@|\?[^\s\"')]*")
_MAX_WORDS: Final = 300


@contextlib.contextmanager
def refused(place: str) -> Iterator[None]:
    """Errors of the library become errors of the system, about this place.

    Raises:
        OSError: whatever the library refused.
    """
    try:
        yield
    except BaseError as error:
        raise _as_os_error(error, place) from None
    except FileNotFoundError:
        # A folder went while it was written to; where it may be, the caller knows it.
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), place) from None


def shown_address(address: str) -> str:
    """An address without what must not be shown."""
    return _SECRET.sub("", address)


def _as_os_error(error: Exception, place: str) -> OSError:
    words = str(error).partition("\n")[0]
    if number := _NUMBER.search(words):
        code = int(number[1])
        return OSError(code, os.strerror(code), place)
    told = shown_address(words)[:_MAX_WORDS]
    return OSError(errno.EIO, Sentence("blobs.no-store", words=told), place)
