"""What the operator says about a file: defaults for its rows, and which column is what.

Rule: a flag wins over the mapping file, and both win over what is guessed from a
header. A mapping file is TOML:

    delimiter = ";"
    [columns]                   # what is ours = its name there, or "#3" for the third
    tps = "Kode"
    "candidates.01" = "Suara Paslon A"
    "figures.suara_sah" = "Sah"
    "parties.1.jumlah" = "PKB total"
    "parties.1.caleg.100211" = "PKB 1"
    [defaults]                  # for rows that do not say
    form = "plano"

In JSON lines a name is a path: `"figures.suara_sah" = "hasil.sah"`. An empty name
leaves a member out that would be guessed: `--map revision=`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from federation.errors import ConfigError
from federation.records.result import FIGURES
from federation.sources.row import clip
from federation.text import Sentence

TEXTS = (
    "contest",
    "round",
    "form",
    "source",
    "review",
    "observed_at",
    "ref",
    "revision",
    "contributor",
    "derived_from",
    "note",
)
EVIDENCE = ("media_type", "page", "sha256", "size")
#: The names of photographs beside the file, `photos.2` of its page 2.
PHOTOS = "photos"
_ID = r"[0-9a-z-]{1,32}"
TARGET = re.compile(
    r"tps|kelurahan|number|candidate|votes|election|year|org|"
    + "|".join(TEXTS)
    + rf"|candidates\.{_ID}|figures\.({'|'.join(sorted(FIGURES))})"
    + rf"|evidence\.({'|'.join(EVIDENCE)})"
    + rf"|{PHOTOS}(\.[1-9][0-9]{{0,2}})?"
    + rf"|parties\.[0-9]{{1,3}}\.(partai|jumlah|caleg\.{_ID})"
)


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for every row that does not say otherwise, and the named columns.

    `unpadded`: codes of a kelurahan and a number without zeros (11 or 12 characters)
    are taken. `figures_only`: a table without votes is meant. `sheet`: of a workbook.
    `photos`: the names of photographs are read (`photonames.py`).
    """

    contest: str | None = None
    round: str | None = None
    source: str = "observer"
    form: str = "unknown"
    review: str = "unreviewed"
    delimiter: str | None = None
    columns: Mapping[str, str] = {}
    unpadded: bool = False
    figures_only: bool = False
    sheet: str | None = None
    photos: bool = False

    @property
    def read(self) -> dict[str, str]:
        """Our member → what is read for it."""
        return {ours: theirs for ours, theirs in self.columns.items() if theirs}

    @property
    def left_out(self) -> frozenset[str]:
        """The members that are not to be read, though a header may name them."""
        return frozenset(ours for ours, theirs in self.columns.items() if not theirs)


class Defaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[defaults]` of a mapping file."""

    contest: str | None = None
    round: str | None = None
    source: str | None = None
    form: str | None = None
    review: str | None = None


class MappingFile(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A mapping file."""

    delimiter: str | None = None
    columns: dict[str, str] = {}
    defaults: Defaults = Defaults()


def check_columns(columns: Iterable[str], where: str) -> None:
    """See that every one of ours is a member of a result; `where` names the file.

    Raises:
        ConfigError: One is none.
    """
    for target in columns:
        _check_target(target, where)


def parse_flags(flags: Iterable[str]) -> dict[str, str]:
    """The columns of results named by `--map tps=Kode`: ours → theirs.

    A bare figure or candidate (`--map suara_sah=Sah`, `--map 01=A`) is understood.

    Raises:
        ConfigError: A flag is not `OURS=THEIRS`, or ours is no member of a result.
    """
    columns = spell_columns(_split(flags), "--map")
    check_columns(columns, "--map")
    return columns


def split_flags(flags: Iterable[str], option: str = "--map") -> dict[str, str]:
    """Flags `OURS=THEIRS` as ours → theirs; `option` is what they stand behind.

    Raises:
        ConfigError: One is not of that form.
    """
    return _join(_split(flags, option), option)


def spell_columns(columns: Iterable[tuple[str, str]], where: str) -> dict[str, str]:
    """The same by the whole names of ours; `where` names the file.

    Raises:
        ConfigError: One of ours is said twice.
    """
    return _join(((_spell_out(ours), theirs) for ours, theirs in columns), where)


def _join(columns: Iterable[tuple[str, str]], where: str) -> dict[str, str]:
    joined: dict[str, str] = {}
    for ours, theirs in columns:
        if joined.setdefault(ours, theirs) != theirs:
            first, second = clip(joined[ours]), clip(theirs)
            twice = Sentence("mapping.twice", first=first, second=second)
            raise ConfigError(where, ours, twice)
    return joined


def _split(flags: Iterable[str], option: str = "--map") -> Iterator[tuple[str, str]]:
    for flag in flags:
        ours, equals, theirs = flag.partition("=")
        if not equals or not ours.strip():
            raise ConfigError(option, "", Sentence("mapping.flag", flag=clip(flag)))
        yield ours.strip(), theirs.strip()


def _spell_out(target: str) -> str:
    """A bare figure or candidate as a member; a ballot number has two digits."""
    if target in FIGURES:
        return f"figures.{target}"
    number = re.fullmatch(r"(?:candidates\.)?([0-9]{1,9})", target)
    return f"candidates.{number[1].zfill(2)}" if number else target


def _check_target(target: str, where: str) -> None:
    if not TARGET.fullmatch(target):
        known = ", ".join(("tps", "kelurahan", "number", *TEXTS))
        raise ConfigError(where, target, Sentence("mapping.member", known=known))


def check_delimiter(delimiter: str | None, where: str, key: str = "") -> None:
    """See that it can stand between cells; `where` and `key` say who named it.

    Raises:
        ConfigError: It is not one character, or one of a cell's own.
    """
    if delimiter is None:
        return
    is_one = len(delimiter) == 1
    if not is_one or delimiter in " \"'\r\n\0" or delimiter.isalnum():
        raise ConfigError(where, key, Sentence("mapping.delimiter"))


def join_options(flags: Mapping[str, Any], mapping: MappingFile | None) -> Options:
    """The options of one run: `flags` (None = not said) over `mapping`.

    Raises:
        ConfigError: A value is not one that a result may have (checked by `Options`).
    """
    given: dict[str, Any] = {}
    if mapping is not None:
        given = {k: getattr(mapping.defaults, k) for k in Defaults.__struct_fields__}
        given["delimiter"] = mapping.delimiter
        given["columns"] = dict(mapping.columns)
    columns = {**given.get("columns", {}), **(flags.get("columns") or {})}
    given.update({k: v for k, v in flags.items() if v is not None})
    given["columns"] = columns
    return Options(**{k: v for k, v in given.items() if v is not None})
