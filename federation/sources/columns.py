"""Which column of a table is what: named by the operator, else known by its header.

Rule: one column has one meaning, and one meaning one column; every column is accounted
for, as what it is read or why it is left out. Two headers that could both be it (`sah`
and `suara_sah`), or two columns of one name, are an error that names both: choosing
would publish figures from the wrong one. Free text is read only when the operator names
it, for what is signed cannot be taken back.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from federation.errors import FormatError
from federation.sources.asked import LEFT_OUT, name_headers, read_asked
from federation.sources.headers import (
    OPTIONAL,
    PLAIN_CODE,
    PLAIN_NUMBER,
    PLAIN_TPS,
    RUNNING,
    guess,
    separator_of_groups,
)
from federation.sources.numbered import (
    Guess,
    HeaderNames,
    OtherCandidateError,
    normalise,
)
from federation.sources.row import Use, clip
from federation.text import Sentence

PLACES: Final = frozenset({"tps", PLAIN_TPS, PLAIN_CODE, "kelurahan", "number"})


class Header(NamedTuple):
    """How a table's header was understood.

    `columns`: our member → the number of its column, from 0. `guessed`: the members
    that nobody named. `uses`: one for each column, in their order. `refused`: members
    that the operator leaves out.
    """

    columns: dict[str, int]
    guessed: frozenset[str]
    uses: tuple[Use, ...]
    refused: frozenset[str] = frozenset()

    def without(self, targets: Mapping[str, str]) -> "Header":
        """The same without these guessed members; the values say why."""
        gone = {self.columns[target]: why for target, why in targets.items()}
        return Header(
            {t: at for t, at in self.columns.items() if t not in targets},
            self.guessed - targets.keys(),
            tuple(
                Use(use.header, "", gone[at]) if at in gone else use
                for at, use in enumerate(self.uses)
            ),
            self.refused | targets.keys(),
        )

    def having(self, target: str, at: int) -> "Header":
        """The same with one more guessed member."""
        uses = list(self.uses)
        uses[at] = Use(uses[at].header, target)
        columns = self.columns | {target: at}
        return Header(columns, self.guessed | {target}, tuple(uses), self.refused)


_EMPTY_BOX: Final = re.compile(
    r"(?:(?:suara|perolehan|jumlah)_)*(?:kotak|kolom)_kosong"
)


def looks_like_header(
    cells: Sequence[str], named: Mapping[str, str], names: HeaderNames
) -> bool:
    """Whether this row, among titles, can only be the header of a table of results.

    It names a polling station and something else that is known, or all that the
    operator named.
    """
    given = {cell.strip() for cell in cells}
    asked = {name for name in named.values() if name and not name.startswith("#")}
    if asked and asked <= given:
        return True
    separator = separator_of_groups(cells)
    known = set[str]()
    for cell in cells:
        # A bare number may be anything: a year, or a figure of the row of a title.
        if re.fullmatch(r"[0-9]?[1-9]?", cell.strip()) and cell.strip()[:1] != "0":
            continue
        try:
            known.add(guess(cell, names, parties=False, separator=separator).target)
        except OtherCandidateError:
            known.add("candidates")
    known -= {"", RUNNING}
    return bool(known & PLACES) and len(known) > 1


def read_header(
    cells: Sequence[str],
    named: Mapping[str, str],
    names: HeaderNames,
    *,
    parties: bool = False,
    row: int = 1,
) -> Header:
    """What each column of a table is.

    Args:
        cells: The header.
        named: Our member → its header there, or `#n` (from 1), or "" for a member
            that is left out, as the operator says.
        names: What the profile calls the candidates or parties.
        parties: Whether the contest's votes go to parties.
        row: The header's, for messages.

    Raises:
        FormatError: A named column is missing, or a meaning is there twice.
    """
    return _HeaderReader(cells, named, names, parties=parties, row=row).read()


class _HeaderReader:
    """One header while it is read."""

    def __init__(
        self,
        cells: Sequence[str],
        named: Mapping[str, str],
        names: HeaderNames,
        *,
        parties: bool,
        row: int,
    ) -> None:
        self._headers = [cell.strip() for cell in cells]
        self._at = Sentence("file.row", row=row)
        asked = read_asked(self._headers, named, names, self._at)
        self._named, self._found = asked
        separator = separator_of_groups(self._headers)
        self._guesses = [
            self._guess(header, names, parties=parties, separator=separator)
            for header in self._headers
        ]
        self._why: dict[int, str] = {}

    def read(self) -> Header:
        """See `read_header`."""
        self._settle_behind()
        guessed = self._collect()
        self._settle_org(guessed)
        self._settle_parties(guessed)
        self._see_empty_box()
        self._settle_form(guessed)
        self._settle_place(guessed)
        columns = self._found | guessed
        target_at = {at: target for target, at in columns.items()}
        uses = tuple(
            Use(header, target_at.get(at, ""), self._reason(at, target_at))
            for at, header in enumerate(self._headers)
        )
        refused = frozenset(t for t, name in self._named.items() if name == LEFT_OUT)
        return Header(columns, frozenset(guessed) - self._found.keys(), uses, refused)

    def _guess(
        self, header: str, names: HeaderNames, *, parties: bool, separator: str
    ) -> Guess:
        try:
            return guess(header, names, parties=parties, separator=separator)
        except OtherCandidateError:
            raise self._fault("other-candidate", header=clip(header)) from None

    def _settle_behind(self) -> None:
        """Names that nobody could compare stand behind every number, and differ."""
        taken = set(self._found.values())
        guesses = {
            at: meaning
            for at, meaning in enumerate(self._guesses)
            if meaning.target.startswith("candidates.")
            and meaning.target not in self._named
            and at not in taken
        }
        names = {meaning.behind for meaning in guesses.values()}
        if names <= {frozenset()}:
            return
        if 1 < len(names) == len(guesses) and frozenset() not in names:
            return
        plain = {meaning.target for meaning in guesses.values() if not meaning.behind}
        for at, meaning in guesses.items():
            if meaning.behind and meaning.target not in plain:
                raise self._fault("not-compared", header=clip(self._headers[at]))
            if meaning.behind:
                self._guesses[at] = Guess("", "behind")

    def _settle_org(self, guessed: dict[str, int]) -> None:
        # Whoever signs another organisation's records as their own counts them twice.
        org = guessed.pop("org", None)
        if org is not None and "election" in self._found | guessed:
            raise self._fault("org", header=clip(self._headers[org]))

    def _settle_parties(self, guessed: Mapping[str, int]) -> None:
        """A party's bare name is all its votes only where nothing splits them."""
        named = set(self._found.values())
        headers = {
            at: normalise(header)
            for at, header in enumerate(self._headers)
            if at not in named
        }
        for target, at in guessed.items():
            party, _, part = target.rpartition(".")
            bare = headers.get(at, "").removeprefix("suara_")
            if part != "jumlah" or bare.endswith("jumlah"):
                continue
            speaks_of_it = re.compile(rf"(?:.*_)?{re.escape(bare)}(?:_.*)?")
            beside = (header for other, header in headers.items() if other != at)
            if any(map(speaks_of_it.fullmatch, beside)):
                header = clip(self._headers[at])
                raise self._fault("party-parts", header=header, party=party)

    def _see_empty_box(self) -> None:
        """A single pair stands against an empty box, whose votes are votes."""
        for at, header in enumerate(self._headers):
            is_read = self._guesses[at].target or at in self._found.values()
            if not is_read and _EMPTY_BOX.fullmatch(normalise(header)):
                raise self._fault("empty-box", header=clip(header))

    def _collect(self) -> dict[str, int]:
        """Guessed member → its column; what is there twice is no guess."""
        taken = set(self._found.values())
        guessed: dict[str, int] = {}
        doubtful = set[str]()
        for at, (target, *_) in enumerate(self._guesses):
            if at in taken or not target:
                continue
            if target in self._named:
                key = "as-you-said" if self._named[target] == LEFT_OUT else "named"
                self._leave(at, key, target=target.rstrip("?"))
            elif target in guessed:
                self._settle_double(target, guessed[target], at)
                doubtful.add(target)
            else:
                guessed[target] = at
        for target in doubtful:
            del guessed[target]
        return guessed

    def _settle_double(self, target: str, first: int, second: int) -> None:
        headers = self._headers
        if target not in OPTIONAL and target not in {RUNNING, PLAIN_NUMBER, "votes"}:
            raise self._fault(
                "both",
                first=first + 1,
                first_header=clip(headers[first]),
                second=second + 1,
                second_header=clip(headers[second]),
                target=target.rstrip("?"),
            )
        for at in (first, second):
            self._leave(at, "doubtful", target=target.rstrip("?"))

    def _settle_form(self, guessed: dict[str, int]) -> None:
        """A table has a column for each candidate, or a row for each."""
        columns = self._found | guessed
        is_wide = any(name.startswith(("candidates.", "parties.")) for name in columns)
        plain = guessed.pop(PLAIN_NUMBER, None)
        is_long = not is_wide and "votes" in columns
        is_said = (
            "candidate" in self._named
            or {"candidate", "candidate-name"} <= columns.keys()
        )
        if is_long and plain is not None and not is_said:
            # A number is surer than a name, which is compared with it.
            if "candidate" in guessed:
                guessed.setdefault("candidate-name", guessed["candidate"])
            guessed["candidate"], plain = plain, None
        elif is_long and "candidate" not in columns and "candidate-name" in guessed:
            guessed["candidate"] = guessed.pop("candidate-name")
        if plain is not None:
            guessed.setdefault(RUNNING, plain)
        if is_wide or not {"votes", "candidate"} <= (self._found | guessed).keys():
            for name in ("votes", "candidate", "candidate-name"):
                at = guessed.pop(name, None)
                if at is not None:
                    self._leave(at, "wide" if is_wide else "unknown")

    def _settle_place(self, guessed: dict[str, int]) -> None:
        """Where the station stands: a whole code, or a kelurahan and a number."""
        plain = guessed.pop(PLAIN_TPS, None)
        running = guessed.pop(RUNNING, None)
        code = guessed.pop(PLAIN_CODE, None)
        if code is not None:
            self._settle_code(code, guessed, has_number=plain is not None)
        if plain is not None:
            self._settle_plain(plain, guessed, self._found | guessed)
        columns = self._found | guessed
        if "tps" not in columns and not {"kelurahan", "number"} <= columns.keys():
            named = any("tps" in header.lower() for header in self._headers)
            if "kelurahan" in columns and running is not None and not named:
                raise self._fault("only-running", header=clip(self._headers[running]))
            raise self._fault("no-place", there=name_headers(self._headers))
        if running is not None:
            self._leave(running, "running")

    def _settle_code(
        self, code: int, guessed: dict[str, int], *, has_number: bool
    ) -> None:
        # Beside a station's number it may be a kelurahan's code; a whole one fits, too.
        columns = self._found | guessed
        name = "kelurahan" if has_number or "number" in columns else "tps"
        if {"tps", name} & columns.keys() or self._named.get(name) == LEFT_OUT:
            self._leave(code, "other-place")
        else:
            guessed[name] = code

    def _settle_plain(
        self, plain: int, guessed: dict[str, int], columns: Mapping[str, int]
    ) -> None:
        # A column called just `tps` beside a kelurahan's code is the station's number.
        name = "number" if "tps" in columns or "kelurahan" in columns else "tps"
        if name in columns or self._named.get(name) == LEFT_OUT:
            self._leave(plain, "other-place")
        else:
            guessed[name] = plain

    def _leave(self, at: int, key: str, **values: object) -> None:
        self._why[at] = Sentence(f"columns.{key}", **values)

    def _reason(self, at: int, target_at: Mapping[int, str]) -> str:
        if at in target_at:
            return ""
        if at in self._why:
            return self._why[at]
        header = clip(self._headers[at])
        if not self._headers[at]:
            return Sentence("columns.no-header", number=at + 1)
        return Sentence(f"columns.{self._guesses[at].why or 'unknown'}", header=header)

    def _fault(self, key: str, **values: object) -> FormatError:
        return FormatError(Sentence(f"columns.{key}", **values), self._at)


def normal_names(candidates: Mapping[str, str]) -> dict[str, str]:
    """Names as a header would say them → their ids; those that two share are left out.

    Args:
        candidates: Id → name.
    """
    ids: dict[str, str] = {}
    twice = set[str]()
    for who, name in candidates.items():
        if ids.setdefault(normalise(name), who) != who:
            twice.add(normalise(name))
    return {name: who for name, who in ids.items() if name not in twice}
