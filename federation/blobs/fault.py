"""What an object store or a disk says when it takes nothing, as an error of the system.

Rule: whoever works on a disk knows errors of a disk (`node/disk.py`), so the library's
become `OSError`: with the number that the system gave, where it gave one. Of what an
object store answers only its first line is told, without names, passwords and
signatures that an address may carry; where its status says what to mend, that is.

A full store has no answer of its own in S3: where it is told apart, its status (507,
MinIO) or the name of what is wrong says so (Ceph answers 403, as to a wrong key);
SeaweedFS says of a full disk that it failed itself.

Source: RFC 4918 section 11.5 (507); S3's error codes,
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
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
_OF_STATUS: Final = {
    "401": "blobs.store-refuses",
    "403": "blobs.store-refuses",
    "404": "blobs.store-no-bucket",
    "507": "blobs.store-full",
}
#: How stores name that there is no room: Ceph's gateway, MinIO, Amazon's FSx.
_FULL: Final = re.compile(r"<Code>\w*(?:QuotaExceeded|StorageFull|InsufficientCap)")
#: Its answer as it is sent: the name of what is wrong is told, and no more of it.
_ANSWER: Final = re.compile(r":? *<\?xml\b.*")
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
    except FileNotFoundError as error:
        if "<Code>NoSuchBucket<" in str(error):
            raise _as_os_error(error, place) from None
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
    told = _shorten(shown_address(_ANSWER.sub("", words)))
    key = "blobs.store-full" if _FULL.search(str(error)) else _key(words)
    return OSError(errno.EIO, Sentence(key, words=told + _code(error)), place)


def _key(words: str) -> str:
    if _METADATA in words:
        return "blobs.store-no-credentials"
    if "builder error" in words:
        return "blobs.store-no-address"
    status = _STATUS.search(words)
    if status is None:
        is_away = "error sending request" in words
        return "blobs.store-unreachable" if is_away else "blobs.no-store"
    # Of an object that is not there, the library says so otherwise.
    is_own_fault = status[1].startswith("5")
    return _OF_STATUS.get(
        status[1], "blobs.store-failed" if is_own_fault else "blobs.no-store"
    )


def _shorten(words: str) -> str:
    """Without the middle: an address may be long, and the status stands behind it."""
    if len(words) <= _MAX_WORDS:
        return words
    return f"{words[: _MAX_WORDS // 2]}…{words[-_MAX_WORDS // 2 :]}"


def _code(error: Exception) -> str:
    code = _CODE.search(str(error))
    return f" ({code[1]})" if code else ""
