"""Whether a column is what its header made us guess.

Rule: what the operator did not name must show itself. An optional column in which no
value fits (`__version__` as a revision, `sumber` that says who was there) is left out
with a line; it does not cost the rows their votes. Where some values fit the column is
what it seems, and a value that does not fit is told with its row.

But a column that decides what the votes are (for which office, in which round, whose)
stops the file where nothing in it can be read: its votes may be no ordinary ones.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from federation.errors import FormatError
from federation.sources.cell import is_blank, parse_count
from federation.sources.columns import Header
from federation.sources.headers import OPTIONAL
from federation.sources.member import read_hex, read_member
from federation.sources.row import BadCell, clip
from federation.sources.words import CONTEST_NAMES, ROUND_NAMES
from federation.text import Sentence

SAMPLE_ROWS: Final = 500

_VALID: Final = "figures.suara_sah"
_INVALID: Final = "figures.suara_tidak_sah"
_ALL_CAST: Final = "figures.suara_total"
_EVIDENCE: Final = "evidence."
_DIGEST: Final = "evidence.sha256"
_ROUNDED: Final = re.compile(r"[0-9]{10}000(?:[.,]0{1,2})?")
# What stands in a column that says whether a form is valid.
_MARKS: Final = frozenset(
    "0 1 true false ya tidak yes no y t n v x ok sah valid \u2713 \u2714 \u221a".split()  # noqa: SIM905 - as a list it is three times as long
)
# Figures of KPU would be signed as what the observer saw.
_OF_KPU: Final = re.compile(r"kpu|sirekap|situng", re.IGNORECASE)
# A word for a vote that was repeated: read as an ordinary one it would be false.
_REPEATED: Final = re.compile(r"ulang|susul|lanjut|psu|psl|pss", re.IGNORECASE)


def leave_out_unfit(
    header: Header, rows: Iterable[Sequence[str]], where: str
) -> Header:
    """The header without guessed columns of which no value fits.

    Args:
        header: Of the table.
        rows: Cells of its first rows.
        where: For a message.

    Raises:
        FormatError: One of them decides what the votes are.
    """
    sample = list(rows)
    unfit: dict[str, str] = {}
    for target in OPTIONAL:
        if target not in header.guessed:
            continue
        at = header.columns[target]
        name = header.uses[at].header
        values = (cells[at].strip() for cells in sample)
        given = [value for value in values if not is_blank(value)]
        if given and not _fits(target, name, given):
            if _decides(target, given):
                raise FormatError(_tell("undecided", target, name, given), where)
            unfit[target] = _tell("no-fit", target, name, given)
    if _DIGEST in unfit:
        unfit |= dict.fromkeys(
            (t for t in header.guessed if t.startswith(_EVIDENCE)), unfit[_DIGEST]
        )
    if _only_marks(header, sample):
        at = header.columns[_VALID]
        marks = Sentence("columns.only-marks", header=clip(header.uses[at].header))
        unfit[_VALID] = marks
    if _only_candidates(header, sample):
        at = header.columns[_ALL_CAST]
        total = Sentence("columns.only-valid", header=clip(header.uses[at].header))
        unfit[_ALL_CAST] = total
    return header.without(unfit) if unfit else header


def _tell(key: str, target: str, header: str, given: Sequence[str]) -> Sentence:
    what = target.removeprefix(_EVIDENCE)
    values = {"target": what, "header": clip(header), "value": clip(given[0])}
    return Sentence(f"columns.{key}", **values)


def _decides(target: str, values: Iterable[str]) -> bool:
    if target == "source":
        return any(map(_OF_KPU.search, values))
    # A number names no contest: it counts something.
    return target == "round" or (
        target == "contest" and not all(value.isdigit() for value in values)
    )


def _only_marks(header: Header, rows: Sequence[Sequence[str]]) -> bool:
    """Whether `Sah` says that a form is valid, not how many votes are."""
    if _VALID not in header.guessed:
        return False
    at = header.columns[_VALID]
    if header.uses[at].header.strip().lower() not in {"sah", "valid"}:
        return False
    marks = {cells[at].strip().lower() for cells in rows if not is_blank(cells[at])}
    votes = [
        at for t, at in header.columns.items() if t.startswith(("candidates.", "votes"))
    ]
    return (
        bool(marks)
        and marks <= _MARKS
        and any(
            cells[at].strip() not in _MARKS and not is_blank(cells[at])
            for cells in rows
            for at in votes
        )
    )


def _only_candidates(header: Header, rows: Sequence[Sequence[str]]) -> bool:
    """Whether `Total` adds up the candidates, not all votes that were cast."""
    if _ALL_CAST not in header.guessed or _INVALID in header.columns:
        return False
    at = header.columns[_ALL_CAST]
    votes = [at for t, at in header.columns.items() if t.startswith("candidates.")]
    sums = 0
    for cells in rows:
        try:
            counts = [parse_count(cells[column], "") or 0 for column in votes]
            total = parse_count(cells[at], "")
        except BadCell:
            continue  # it is told with its row
        if total is None:
            continue
        if total != sum(counts):
            return False
        sums += 1
    return sums > 0


def find_by_values(header: Header, rows: Iterable[Sequence[str]]) -> Header:
    """The header with columns that nothing but a contest, or a round, can stand in.

    A column `jenis` in which every row says `Gubernur` or `Bupati` decides what the
    votes beside it are for, whatever it is called.
    """
    sample = list(rows)
    for target, words in (("contest", CONTEST_NAMES), ("round", ROUND_NAMES)):
        if target in header.columns or target in header.refused:
            continue
        columns = [
            at
            for at, use in enumerate(header.uses)
            if not use.target and _says_only(words, (cells[at] for cells in sample))
        ]
        if len(columns) == 1:
            header = header.having(target, columns[0])
    return header


def _says_only(words: Mapping[str, str], values: Iterable[str]) -> bool:
    given = {" ".join(value.lower().split()) for value in values if not is_blank(value)}
    return bool(given) and given <= words.keys() and any(map(str.isalpha, min(given)))


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
