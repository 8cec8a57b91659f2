"""What an object store or a disk says when it takes nothing, as an error of the system.

Rule: whoever works on a disk knows errors of a disk (`node/disk.py`), so the library's
become `OSError`: with the number that the system gave, where it gave one. Of what an
object store answers only its first line is told, without names, passwords and
signatures that an address may carry; where its status says what to mend, that is.
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
# The library tells apart what is refused of one object, and not of a list.
_STATUS: Final = re.compile(r"status code: (\d{3})")
#: The name that the store itself has for what is wrong.
_CODE: Final = re.compile(r"<Code>(\w{1,60})</Code>")
#: Of a cloud's machines, asked where the environment has no credentials.
_METADATA: Final = "://169.254."
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
    except BaseException as error:
        # So the library ends where an endpoint is no address.
        if type(error).__name__ != "PanicException":
            raise
        told = Sentence("blobs.store-no-address", words=str(error)[:_MAX_WORDS])
        raise OSError(errno.EIO, told, place) from None


def shown_address(address: str) -> str:
    """An address without what must not be shown."""
    return _SECRET.sub("", address)


def _as_os_error(error: Exception, place: str) -> OSError:
    words = str(error).partition("\n")[0]
    if number := _NUMBER.search(words):
        code = int(number[1])
        return OSError(code, os.strerror(code), place)
    told = shown_address(words)[:_MAX_WORDS]
    return OSError(errno.EIO, Sentence(_key(words), words=told + _code(error)), place)


def _key(words: str) -> str:
    if _METADATA in words:
        return "blobs.store-no-credentials"
    match _STATUS.search(words):
        case None if "error sending request" in words:
            return "blobs.store-unreachable"
        case None if "builder error" in words:
            return "blobs.store-no-address"
        case match if match and match[1] in {"401", "403"}:
            return "blobs.store-refuses"
        # Of an object that is not there, the library says so otherwise.
        case match if match and match[1] == "404":
            return "blobs.store-no-bucket"
    return "blobs.no-store"


def _code(error: Exception) -> str:
    code = _CODE.search(str(error))
    return f" ({code[1]})" if code else ""
