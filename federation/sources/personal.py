"""Why free text may not be signed: what in it may be somebody's, and where.

Rule: the refusal names every word, so that one reading mends the text; what counts as
somebody's is for `records/personal.py` to say.
"""

from typing import Final

from federation.records.personal import find_all, find_personal
from federation.sources.row import clip
from federation.text import Sentence

#: As many words are named; of a whole list of voters the rest is only counted.
MOST: Final = 5
# A key of a database may look like the plate of a car, or like two decimals.
_IN_KEYS: Final = frozenset({"plate", "position"})


def why_personal(member: str, text: str) -> Sentence | None:
    """Why a text may not be signed as this member (`note`, `reason` …); None: it may.

    Places are counted in characters from 1.
    """
    if find_personal(text) is None:
        return None
    found = find_all(text)
    if member == "ref":
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
    if left := len(found) - MOST if len(found) > MOST else 0:
        words.append(Sentence("personal.more", count=left))
    listed = words.pop()
    while words:
        listed = Sentence("personal.list", first=words.pop(), rest=listed)
    return Sentence("row.personal", words=listed)
