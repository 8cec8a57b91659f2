"""What the columns of a table hold and mean.

Rule: codes are text, also where they are digits: a station is no number, and its first
digit may be a zero. A number that is not known is a cell without anything, never 0. The
meanings are sentences of `text/dataset.toml`, for the data package, for Datasette and
for `docs/reference/dataset.md`.
"""

from typing import Final, Literal, NamedTuple, TypeAlias

#: `code`: text that names one thing; `word`: text of few different values; `text`: any
#: other; `integer`: 0 or more, or nothing.
ColumnKind: TypeAlias = Literal["code", "word", "text", "integer"]


_UNKNOWN: Final = "dataset.column-other"


class Column(NamedTuple):
    """One column.

    Attributes:
        name: Of the column.
        kind: What its cells are.
        meaning: The key of its sentence.
        of: The candidate or organisation that its name ends with, or "".
    """

    name: str
    kind: ColumnKind
    meaning: str
    of: str = ""


_WORDS: Final = (
    "contest", "province", "kabupaten", "kecamatan", "kelurahan", "status",
    "compared_with_kpu", "flags", "org", "orgs", "source", "round", "kind",
    "failed_sums", "origin", "licence", "attribution", "cursor",
)  # fmt: skip
_CODES: Final = ("tps", "region", "record")
_TEXTS: Final = ("votes_other", "name")
_INTEGERS: Final = (
    "counted", "complete", "valid", "invalid", "files", "index", "register", "covered",
    "missing", "unread", "single", "agreed", "disputed", "matches_kpu",
    "differs_from_kpu", "implausible", "outside_register", "voters", "versions",
)  # fmt: skip
#: Columns of which there is one for each candidate or party, or organisation.
_MANY: Final = ("votes", "least", "most", "kpu", "has", "adds")
_KINDS: Final[dict[str, ColumnKind]] = {
    **dict.fromkeys(_WORDS, "word"),
    **dict.fromkeys(_CODES, "code"),
    **dict.fromkeys(_TEXTS, "text"),
    **dict.fromkeys(_INTEGERS, "integer"),
}


def column_of(name: str) -> Column:
    """The column of this name; one that nobody described is text without a meaning."""
    if name in _KINDS:
        return Column(name, _KINDS[name], f"dataset.column-{name.replace('_', '-')}")
    stem, _, of = name.partition("_")
    if stem in _MANY and of:
        return Column(name, "integer", f"dataset.column-each-{stem}", of)
    return Column(name, "text", _UNKNOWN)


def is_described(name: str) -> bool:
    """Whether it is known what a column of this name means."""
    return column_of(name).meaning != _UNKNOWN


def described() -> list[Column]:
    """Every column that there is, sorted; of those for each candidate, one."""
    many = [
        Column(f"{stem}_*", "integer", f"dataset.column-each-{stem}", "*")
        for stem in _MANY
    ]
    return sorted([*map(column_of, _KINDS), *many])
