"""Whether a column is what its header made us guess.

Rule: what the operator did not name must show itself. An optional column in which no
value fits (`__version__` as a revision, `sumber` that says who was there) is left out
with a line; it does not cost the rows their votes. Where some values fit the column is
what it seems, and a value that does not fit is told with its row.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from federation.sources.cell import is_blank
from federation.sources.columns import Header
from federation.sources.headers import OPTIONAL
from federation.sources.member import read_hex, read_member
from federation.sources.row import BadCell, clip
from federation.sources.words import CONTEST_NAMES, ROUND_NAMES
from federation.text import Sentence

SAMPLE_ROWS: Final = 500

_EVIDENCE: Final = "evidence."
_DIGEST: Final = "evidence.sha256"
_ROUNDED: Final = re.compile(r"[0-9]{10}000(?:[.,]0{1,2})?")
# A word for a vote that was repeated: read as an ordinary one it would be false.
_REPEATED: Final = re.compile(r"ulang|susul|lanjut|psu|psl|pss", re.IGNORECASE)


def leave_out_unfit(header: Header, rows: Iterable[Sequence[str]]) -> Header:
    """The header without guessed columns of which no value fits.

    Args:
        header: Of the table.
        rows: Cells of its first rows.
    """
    sample = list(rows)
    unfit: dict[str, str] = {}
    for target in OPTIONAL:
        if target not in header.guessed:
            continue
        at = header.columns[target]
        name = header.uses[at].header
        values = (cells[at].strip() for cells in sample)
        said = [value for value in values if not is_blank(value)]
        if said and not _fits(target, name, said):
            what = target.removeprefix(_EVIDENCE)
            unfit[target] = Sentence(
                "columns.no-fit", target=what, header=clip(name), value=clip(said[0])
            )
    if _DIGEST in unfit:
        unfit |= dict.fromkeys(
            (t for t in header.guessed if t.startswith(_EVIDENCE)), unfit[_DIGEST]
        )
    return header.without(unfit) if unfit else header


def find_by_values(header: Header, rows: Iterable[Sequence[str]]) -> Header:
    """The header with columns that nothing but a contest, or a round, can stand in.

    A column `jenis` in which every row says `Gubernur` or `Bupati` decides what the
    votes beside it are for, whatever it is called.
    """
    sample = list(rows)
    for target, words in (("contest", CONTEST_NAMES), ("round", ROUND_NAMES)):
        if target in header.columns or target in header.refused:
            continue
        found = [
            at
            for at, use in enumerate(header.uses)
            if not use.target and _says_only(words, (cells[at] for cells in sample))
        ]
        if len(found) == 1:
            header = header.having(target, found[0])
    return header


def _says_only(words: Mapping[str, str], values: Iterable[str]) -> bool:
    said = {" ".join(value.lower().split()) for value in values if not is_blank(value)}
    return bool(said) and said <= words.keys() and any(map(str.isalpha, min(said)))


def is_rounded(header: Header, rows: Iterable[Sequence[str]]) -> bool:
    """Whether all codes end in three zeros, as a spreadsheet writes rounded numbers.

    There is no TPS number 000, but a program that counts from it writes others, too.
    """
    if "tps" not in header.columns:
        return False
    at = header.columns["tps"]
    codes = [cells[at].strip() for cells in rows if not is_blank(cells[at])]
    return bool(codes) and all(_ROUNDED.fullmatch(code) for code in codes)


def _fits(target: str, header: str, values: Sequence[str]) -> bool:
    if target == "round" and any(_REPEATED.search(value) for value in values):
        return True
    for value in values:
        try:
            if target == _DIGEST:
                read_hex(value, header)
            else:
                read_member(target, value, header)
        except BadCell:
            continue
        return True
    return False
