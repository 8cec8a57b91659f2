"""Members that settings and partners share, with their bounds in words.

Rule: a bound that a regular expression states is explained in `PLAIN`, because the
expression itself tells an operator nothing.
"""

import re
from typing import Annotated, Final

from msgspec import Meta

from federation.errors import FormatError
from federation.records.canonical import AGENCY_PATTERN, REGION_PATTERN
from federation.text import Sentence

ORG: Final = r"\A[a-z0-9-]+(\.[a-z0-9-]+)+\Z"
ELECTION: Final = r"\A[a-z0-9-]{1,40}\Z"
#: A log that continues another, without the organisation: `records/keystatement.py`.
SUCCESSOR: Final = (
    r"\A[a-z0-9-]{1,40}(/(incidents|from-[0-9TZ-]{16}))?/([2-9]|1[0-6])\Z"
)
URL: Final = r"\Ahttps?://[^/?#\s@]+(/[^?#\s]*[^/?#\s])?\Z"
LINE: Final = r"\A[^\x00-\x1f\x7f]*\Z"
#: Several lines, of which one holds more than blanks.
LINES: Final = r"\A[ \n]*+[^\x00-\x20\x7f][^\x00-\x09\x0b-\x1f\x7f]*+\Z"
EMAIL: Final = r"\A[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]++@[A-Za-z0-9-]++(\.[A-Za-z0-9-]++)+\Z"
FILLED: Final = r"\A[^\x00-\x1f\x7f]+\Z"

#: What each of them asks for, as keys of sentences.
PLAIN: Final = {
    ORG: "machine.a-domain",
    ELECTION: "machine.an-election",
    SUCCESSOR: "machine.a-successor",
    URL: "machine.an-address",
    LINE: "machine.a-line",
    FILLED: "machine.a-filled-line",
    LINES: "machine.some-lines",
    EMAIL: "machine.an-email",
    AGENCY_PATTERN: "machine.an-agency",
    REGION_PATTERN: "machine.a-region",
}

MemberOrg = Annotated[str, Meta(pattern=ORG, max_length=200)]
MemberElection = Annotated[str, Meta(pattern=ELECTION)]
MemberSuccessor = Annotated[str, Meta(pattern=SUCCESSOR)]
Url = Annotated[str, Meta(pattern=URL, max_length=500)]
OneLine = Annotated[str, Meta(pattern=LINE, max_length=300)]
Filled = Annotated[str, Meta(pattern=FILLED, max_length=300)]
MemberAgency = Annotated[str, Meta(pattern=AGENCY_PATTERN)]
MemberRegion = Annotated[str, Meta(pattern=REGION_PATTERN)]
MemberEmail = Annotated[str, Meta(pattern=EMAIL, max_length=254)]
MemberLines = Annotated[str, Meta(pattern=LINES, max_length=600)]
Seconds = Annotated[int, Meta(ge=1, le=86_400)]


def check_member(name: str, text: str, pattern: str) -> None:
    """Refuse an argument that could not stand in a settings file.

    Raises:
        FormatError: it does not match; `name` is the argument's.
    """
    if not re.search(pattern, text):
        wanted = Sentence(PLAIN[pattern])
        raise FormatError(
            Sentence("machine.named-wrong", name=name, wanted=wanted), text
        )
