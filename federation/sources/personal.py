"""Why free text may not be signed: what in it may be somebody's, and where.

Rule: the refusal names every word, so that one reading mends the text; what counts as
somebody's is for `records/personal.py` to say.
"""

from typing import Final

from federation.records.personal import find_all
from federation.sources.row import clip
from federation.text import Sentence

#: So many words are named; where somebody pasted a list of voters, the rest is counted.
MOST: Final = 5
# A key of a database may look like the plate of a car, or like two decimals.
_IN_KEYS: Final = frozenset({"plate", "position"})
#: Members that hold a key: of the organisation's own system, of an agency's.
_KEYS: Final = frozenset({"ref", "reference"})


def why_personal(member: str, text: str) -> Sentence | None:
    """Why a text may not be signed as this member (`note`, `ref`); None: it may.

    Places are counted in characters, from 1.
    """
    found = find_all(text)
    if member in _KEYS:
        found = [one for one in found if one.kind not in _IN_KEYS]
    if not found:
        return None
    words = [
        Sentence(
            "personal.word",
            word=clip(one.word),
            kind=Sentence(f"personal.{one.kind}"),
            at=one.start + 1,
        )
        for one in found[:MOST]
    ]
    if len(found) > MOST:
        words.append(Sentence("personal.more", count=len(found) - MOST))
    listed = words.pop()
    while words:
        listed = Sentence("personal.list", first=words.pop(), rest=listed)
    return Sentence("row.personal", words=listed)
