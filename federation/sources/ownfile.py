"""Files that this program wrote itself and that are no results: named, never imported.

Rule: an export for spreadsheets mixes what several organisations said, and leaves out
form, review and photos. Whoever imports one would sign partners' data as their own
observation, or their own once more and worse. So it is refused, whatever rows it has.
"""

import re
from collections.abc import Iterable

from federation.text import Sentence

_ENDS = {
    "licence",
    "attribution",
    "cursor",
}  # every row of an export, flows/query/table
_HEAD = {"election", "contest", "what", "cursor", "sources"}  # the first of its lines
_REPORT = ["file", "row", "column", "code", "reason"]  # cli/report.py
_SIGNATURE = re.compile(r"— \S+ [A-Za-z0-9+/]{20,}={0,2}")


def name_columns(header: Iterable[str]) -> Sentence | None:
    """What the columns of a table, or the members of a line, betray; None: nothing."""
    names = [name.strip().lower() for name in header]
    while names and not names[-1]:
        names.pop()
    if set(names) >= _ENDS or set(names) >= _HEAD:
        return Sentence("recognise.own-export")
    if names == _REPORT:
        return Sentence("recognise.own-report")
    return None


def name_text(text: str) -> Sentence | None:
    """What the first lines of a text betray; None: nothing."""
    lines = text.split("\n", 20)[:20]
    if lines[0].startswith("c2sp.org/") or any(map(_SIGNATURE.fullmatch, lines)):
        return Sentence("recognise.signed-file")
    return None
