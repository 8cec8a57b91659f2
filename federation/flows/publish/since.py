"""What a receiver has already: an earlier bundle, or its status vector in a file.

Rule: it only says what may be left out. Whoever takes a bundle in checks that it goes
on from what is held there; a file that lies costs its receiver a bundle too small.
"""

from pathlib import Path

from federation.errors import FormatError
from federation.feeds.bundle import BundleFile, is_bundle
from federation.feeds.resource import LOGS
from federation.feeds.status import parse_status
from federation.text import Sentence
from federation.tlog.checkpoint import read_unverified


def read_sizes(path: Path) -> dict[str, int]:
    """The size of each log that the file says is known, by origin.

    Raises:
        NotFoundError: a bundle file without a status vector: an excerpt.
        FormatError: neither a bundle file nor a status vector.
        OSError: it cannot be read.
    """
    if is_bundle(path):
        with BundleFile(path) as bundle:
            data = bundle.read(LOGS.path, LOGS.max_bytes)
    else:
        with path.open("rb") as file:
            # An editor, or a shell, ends the one line with a line feed.
            data = file.read(LOGS.max_bytes + 2).removesuffix(b"\n")
    try:
        vector = parse_status(data)
        found = [read_unverified(one.checkpoint.encode()) for one in vector.logs]
    except FormatError as error:
        raise FormatError(Sentence("machine.not-since"), str(path)) from error
    return {one.origin: one.size for one in found}
