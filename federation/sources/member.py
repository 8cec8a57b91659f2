"""The members that every draft has, whatever the file: defaults, and what a row says.

Rule: a value is one of the few that the protocol knows, or the row is refused here,
where its row number is known; nothing is passed on in the hope that signing refuses it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from federation.errors import ConfigError, RecordError
from federation.records.canonical import check_text, convert
from federation.records.profile import PartyNumber, Profile
from federation.records.result import CONTESTS, ROUNDS, Evidence, Part
from federation.records.tps import TpsId
from federation.sources.candidate import Aliases
from federation.sources.cell import parse_time
from federation.sources.mapping import Options
from federation.sources.row import NO_NUMBERS, BadCell, Draft, Row, Said, clip

FORMS = ("plano", "salinan", "unknown")
SOURCES = ("citizen", "observer", "kpu")
REVIEWS = ("reviewed", "unreviewed")
MAX_TEXT = 300

# What people and KPU call the rounds (docs/reference/domain.md).
ROUND_NAMES: Mapping[str, str] = {
    **{name: name for name in ROUNDS},
    "penghitungan suara ulang": "hitung-ulang",
    "penghitungan suara susulan": "susulan",
    "pemungutan suara susulan": "susulan",
    "pemungutan suara lanjutan": "lanjutan",
    "pemungutan suara ulang": "psu",
    "hitung ulang": "hitung-ulang",
}
# What is rare enough to be checked by its type; votes and figures were read as counts.
_TYPES: Mapping[str, Any] = {
    "parties": dict[PartyNumber, Part],
    "evidence": list[Evidence],
}
MAX_FILES = 32
_HEX = re.compile(r"[0-9a-f]{64}")


class Members:
    """Begins drafts for one file."""

    def __init__(self, options: Options, profile: Profile) -> None:
        """Check the defaults of `options`.

        Raises:
            ConfigError: A default is not a value that a result may have.
        """
        self._profile = profile
        self.contest = options.contest or only_contest(profile)
        self._aliases: dict[str, Aliases] = {}
        defaults = {
            "contest": self.contest,
            "round": options.round or "reguler",
            "form": options.form,
            "source": options.source,
            "review": options.review,
        }
        try:
            self._defaults = {
                name: _READ[name](value, name)
                for name, value in defaults.items()
                if value is not None
            }
            if self.contest is not None:
                self._check_known(self.contest)
        except BadCell as bad:
            raise ConfigError("--" + bad.column, "", bad.reason) from bad

    def begin(
        self, tps: TpsId, said: Mapping[str, tuple[Any, str]] | None = None
    ) -> dict[str, Any]:
        """The members before the votes: defaults, then what the row says.

        Args:
            tps: Where.
            said: Member → its value and the column it stands in; blank is not said.

        Raises:
            BadCell: A value is none that a result may have, or that contest is not
                held there.
        """
        fields: dict[str, Any] = {"tps": tps, **self._defaults}
        if said:
            for name, (value, column) in said.items():
                read = _READ[name](value, column)
                if read is not None:
                    fields[name] = read
        contest = fields.get("contest")
        if contest is None:
            raise BadCell("contest", "no contest is said: say --contest", "contest")
        if contest != self.contest:
            self._check_known(contest)
        if not self._profile.stands(contest, tps):
            raise BadCell("contest", f"{contest} is not held at {tps}", "tps")
        return fields

    def finish(
        self, row: int, fields: dict[str, Any], blocks: Mapping[str, Any]
    ) -> Row:
        """The draft of `fields` and the votes; a remark where nothing was counted.

        Args:
            row: Where it stands.
            fields: What `begin` gave.
            blocks: `candidates`, `parties`, `figures`, `evidence`; empty is absent.

        Raises:
            BadCell: The votes are not those of such a contest, or a block has what
                no record may have.
        """
        found = {name: block for name, block in blocks.items() if block}
        if not found:
            return Said(row, NO_NUMBERS, f"{fields['tps']}: nothing counted yet")
        contest = fields["contest"]
        wrong = "candidates" if self._profile.is_party_contest(contest) else "parties"
        if wrong in found:
            raise BadCell("votes", f"{contest} does not have {wrong}", wrong)
        for name in found.keys() & _TYPES.keys():
            try:
                convert(found[name], _TYPES[name])
            except RecordError as error:
                raise BadCell("value", str(error), name) from error
        fields.update(found)
        return Draft(row, fields)

    def _check_known(self, contest: str) -> None:
        if contest not in self._profile.contests:
            held = ", ".join(sorted(self._profile.contests))
            raise BadCell(
                "contest",
                f"{clip(contest)} is no contest of {self._profile.election} ({held})",
                "contest",
            )

    def aliases(self, contest: str) -> Aliases:
        """The candidates' ids of a contest."""
        if contest not in self._aliases:
            self._aliases[contest] = Aliases(self._profile, contest)
        return self._aliases[contest]


def only_contest(profile: Profile) -> str | None:
    """The contest that a row must mean where the election has one only."""
    return profile.contests[0] if len(profile.contests) == 1 else None


def _one_of(values: tuple[str, ...]) -> Callable[[Any, str], str | None]:
    def read(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
        text = _text(value, column)
        if text is None or text in values:
            return text
        reason = f"{clip(text)} is none of {', '.join(values)}"
        raise BadCell("value", reason, column)

    return read


def _text(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadCell("value", f"{clip(value)} is not text", column)
    return value.strip() or None


def read_round(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    """The round by our name or KPU's; None when not said.

    Raises:
        BadCell: There is no such round.
    """
    text = _text(value, column)
    if text is None:
        return None
    known = ROUND_NAMES.get(text.lower())
    if known is None:
        raise BadCell("round", f"{clip(text)} is no round", column)
    return known


def _read_note(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    if type(value) is int:
        value = str(value)
    text = _text(value, column)
    if text is None:
        return None
    if len(text) > MAX_TEXT:
        raise BadCell("text", f"{len(text)} characters, {MAX_TEXT} at most", column)
    try:
        check_text(text, column)
    except RecordError as error:
        raise BadCell("text", error.rule, column) from error
    return text


def _read_revision(value: Any, column: str) -> int | None:  # noqa: ANN401 - any JSON value or cell
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if re.fullmatch(r"[0-9]{1,15}", value):
            value = int(value)
    if value is None or (type(value) is int and 0 <= value < 1 << 53):
        return value
    raise BadCell("revision", f"{clip(value)} is not a whole number", column)


def _read_hex(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    text = _text(value, column)
    if text is None or _HEX.fullmatch(text):
        return text
    raise BadCell("digest", f"{clip(text)} is not 64 lower-case hex digits", column)


def _read_time(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    text = _text(value, column)
    return None if text is None else parse_time(text, column)


_READ: dict[str, Callable[[Any, str], Any]] = {
    "contest": _one_of(tuple(CONTESTS)),
    "round": read_round,
    "form": _one_of(FORMS),
    "source": _one_of(SOURCES),
    "review": _one_of(REVIEWS),
    "observed_at": _read_time,
    "ref": _read_note,
    "revision": _read_revision,
    "contributor": _read_hex,
    "derived_from": _read_hex,
    "note": _read_note,
}
