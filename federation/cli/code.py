"""The code of a polling station as somebody types it: read as in a file."""

from federation.errors import FormatError
from federation.records.tps import TpsId
from federation.sources.place import parse_place
from federation.sources.row import BadCell


def read_code(text: str) -> TpsId:
    """The code, in any spelling that a file may have it in.

    Raises:
        FormatError: it is none, or could be two.
    """
    try:
        return parse_place(text, "TPS")
    except BadCell as bad:
        raise FormatError(bad.reason, "TPS") from None
