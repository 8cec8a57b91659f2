"""The columns that the operator names: `--map tps=Kode`, `--map 02=#5`, `--map ref=`.

Rule: one column is one member and one member one column, here as in what is guessed
(`columns.py`). What could be two columns is an error that names both: the last flag
does not silently win.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from federation.errors import FormatError
from federation.sources.headers import NOT_READ
from federation.sources.numbered import HeaderNames, normalise
from federation.sources.row import clip
from federation.text import Sentence

PUBLIC: Final = frozenset({"note", "ref", "contributor"})  # text of the sender's own
LEFT_OUT: Final = ""  # in the place of a header: this member is not to be read


def read_asked(
    headers: Sequence[str], named: Mapping[str, str], names: HeaderNames, where: str
) -> tuple[dict[str, str], dict[str, int]]:
    """What is asked, by our ids of candidates; and the columns of what is to be read.

    Args:
        headers: Of the table.
        named: See `columns.read_header`.
        names: What the profile calls the candidates or parties.
        where: For messages.

    Raises:
        FormatError: A named column is missing or in doubt, or a meaning is there twice.
    """
    try:
        spelt = _spell_out(named, names)
        columns = {
            target: _find(headers, target, name)
            for target, name in spelt.items()
            if name != LEFT_OUT
        }
        _check_once(headers, columns)
    except _AskedError as error:
        raise FormatError(error.why, where) from None
    return spelt, columns


def name_headers(headers: Sequence[str]) -> str:
    """The headers for a message, by number where they have no name."""
    shown = [clip(h) if h else f"#{at}" for at, h in enumerate(headers[:20], 1)]
    return ", ".join(shown) + (", …" if len(headers) > len(shown) else "")


class _AskedError(Exception):
    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.why = Sentence(f"columns.{key}", **values)


def _spell_out(named: Mapping[str, str], names: HeaderNames) -> dict[str, str]:
    # `--map 100025=` is `--map 01=`.
    targets: dict[str, str] = {}
    for target in named:
        kind, _, who = target.partition(".")
        known = names.ids.get(who) if kind == "candidates" else None
        ours = f"candidates.{known}" if known else target
        if (other := targets.setdefault(ours, target)) != target:
            raise _AskedError("said-twice", first=other, second=target)
    return {ours: named[target] for ours, target in targets.items()}


def _find(headers: Sequence[str], target: str, name: str) -> int:
    at = _find_column(headers, target, name)
    # What names people is not published because somebody asked.
    if target in PUBLIC and normalise(headers[at]) in NOT_READ["person"]:
        raise _AskedError("names-person", target=target, name=clip(headers[at]))
    return at


def _find_column(headers: Sequence[str], target: str, name: str) -> int:
    at = [n for n, header in enumerate(headers) if header == name.strip()]
    if re.fullmatch(r"#[1-9][0-9]{0,3}", name):
        number = int(name[1:]) - 1
        if at and at != [number]:
            raise _AskedError("number-or-name", target=target, name=name)
        if number >= len(headers):
            raise _AskedError("no-such-number", target=target, name=name)
        return number
    if len(at) == 1:
        return at[0]
    if at:
        numbers = {"first": at[0] + 1, "second": at[1] + 1}
        raise _AskedError("same-name", target=target, name=clip(name), **numbers)
    there = name_headers(headers)
    raise _AskedError("no-such", target=target, name=clip(name), there=there)


def _check_once(headers: Sequence[str], columns: Mapping[str, int]) -> None:
    target_at: dict[int, str] = {}
    for target, at in columns.items():
        other = target_at.setdefault(at, target)
        if other != target:
            name = clip(headers[at]) or f"#{at + 1}"
            raise _AskedError("one-for-two", first=other, second=target, name=name)
