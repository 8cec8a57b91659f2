"""A form of parts that is not one: whatever aiohttp makes of it is one refusal.

Rule: what stands in a form is its sender's, so nothing of it is a bug of ours, and
nobody fills our log with it: a boundary that is missing, parts that are cut off or lie
within each other, fields of a part that are no fields, too long or too many.

Source: RFC 7578 (multipart forms)
"""

import contextlib
import warnings
from collections.abc import Iterator
from typing import Final

from aiohttp import BadContentDispositionHeader, BadContentDispositionParam
from aiohttp.http_exceptions import HttpProcessingError

#: What aiohttp is known to raise. The last one, of the fields of a part, is no error of
#: the request's own to its server: unnoticed it would be answered as a bug.
_BROKEN: Final = (ValueError, AssertionError, RuntimeError, HttpProcessingError)


@contextlib.contextmanager
def whole_parts(refusal: Exception) -> Iterator[None]:
    """So that a form which cannot be read is answered with this refusal.

    Raises:
        Exception: the `refusal`.
    """
    try:
        yield
    except _BROKEN as error:
        raise refusal from error


def say_nothing_of_fields() -> None:
    """So that no field of a part which aiohttp passes over is printed on our log.

    It warns of each with the field itself, as long as its sender likes: by them a
    stranger wrote as many bytes there as came in. What is passed over is missed, and
    the refusal says so.
    """
    for kind in (BadContentDispositionHeader, BadContentDispositionParam):
        warnings.simplefilter("ignore", kind)
