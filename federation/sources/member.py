"""The members that every draft has, whatever the file: defaults, and what a row says.

Rule: a value is one of the few that the protocol knows, in any case or by a name that
people give it, or it is refused here, where its row number is known; nothing is passed
on in the hope that signing refuses it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from federation.errors import ConfigError, RecordError
from federation.records.canonical import check_text, convert
from federation.records.numbering import numbering
from federation.records.profile import PartyNumber, Profile
from federation.records.repeated import check_candidates
from federation.records.result import MEDIA_TYPE, ROUNDS, Evidence, Part
from federation.records.tps import TpsId
from federation.sources.candidate import Aliases
from federation.sources.cell import parse_time
from federation.sources.mapping import PHOTOS, Options
from federation.sources.personal import why_personal
from federation.sources.row import NO_NUMBERS, BadCell, Draft, Remark, SourceRow, clip
from federation.sources.words import (
    CONTEST_NAMES,
    FORM_NAMES,
    REVIEW_NAMES,
    ROUND_NAMES,
    SOURCE_NAMES,
)
from federation.text import Sentence
from federation.text.mistyped import explain_mistyped, split_place

MAX_TEXT = 300

# What is rare enough to be checked by its type; votes and figures were read as counts.
_TYPES: Mapping[str, Any] = {
    "parties": dict[PartyNumber, Part],
    "evidence": list[Evidence],
}
_PLAIN = {MEDIA_TYPE: "machine.a-media-type"}
_HEX = re.compile(r"[0-9a-f]{64}")
_SPACES = re.compile(r"\s+")


class DraftBeginner:
    """Begins drafts for one file."""

    def __init__(self, options: Options, profile: Profile) -> None:
        """Check the defaults of `options`.

        Raises:
            ConfigError: A default is not a value that a result may have.
        """
        self._profile = profile
        self.contest = options.contest or only_contest(profile)
        self._aliases: dict[str, Aliases] = {}
        # Where it is not known of each region who stands, ids stay as they were given.
        self._open_contests = frozenset(
            contest
            for contest in profile.contests
            if profile.has_races(contest) or not profile.candidates(contest, "")
        )
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
        self, tps: TpsId, members: Mapping[str, tuple[Any, str]] | None = None
    ) -> dict[str, Any]:
        """The members before the votes: defaults, then what the row says.

        Args:
            tps: Where.
            members: Member → its value and the column it stands in; blank is not said.

        Raises:
            BadCell: A value is none that a result may have, or that contest is not
                held there.
        """
        fields: dict[str, Any] = {"tps": tps, **self._defaults}
        if members:
            for name, (value, column) in members.items():
                read = _READ[name](value, column)
                if read is not None:
                    fields[name] = read
        contest = fields.get("contest")
        if contest is None:
            raise BadCell("contest", Sentence("columns.no-contest"), "contest")
        if contest != self.contest:
            self._check_known(contest)
        if not self._profile.stands(contest, tps):
            not_held = Sentence("row.not-held", contest=contest, tps=tps)
            raise BadCell("contest", not_held, "tps")
        return fields

    def slot(
        self, tps: TpsId, members: Mapping[str, tuple[Any, str]]
    ) -> Mapping[str, Any]:
        """What `begin` gives of a row whose numbers cannot be read; {}: not even that.

        A row that says which revision it is denies nothing.
        """
        if "revision" in members:
            return {}
        told = {n: members[n] for n in ("contest", "round", "source") if n in members}
        try:
            return self.begin(tps, told)
        except BadCell:
            return {}

    def emptied(
        self, tps: TpsId, members: Mapping[str, tuple[Any, str]]
    ) -> Mapping[str, Any]:
        """What `begin` gives of a document of KPU's without numbers; {}: of no other.

        One that does not tell its contest, or is of another place, says nothing either.
        """
        try:
            return _of_kpu(self.begin(tps, members))
        except BadCell:
            return {}

    def finish(
        self, row: int, fields: dict[str, Any], blocks: Mapping[str, Any]
    ) -> SourceRow:
        """The draft of `fields` and the votes; a remark where nothing was counted.

        Args:
            row: Where it stands.
            fields: What `begin` gave.
            blocks: `candidates`, `parties`, `figures`, `evidence`; empty is absent.

        Raises:
            BadCell: The votes are not those of such a contest, or a block has what
                no record may have.
        """
        filled = {name: block for name, block in blocks.items() if block}
        if not filled and PHOTOS not in fields:
            tps = fields["tps"]
            why = Sentence("row.nothing-counted", tps=tps)
            return Remark(row, NO_NUMBERS, why, _of_kpu(fields))
        contest = fields["contest"]
        wrong = "candidates" if self._profile.is_party_contest(contest) else "parties"
        if wrong in filled:
            key = f"row.no-{wrong}"
            raise BadCell("votes", Sentence(key, contest=contest), wrong)
        if contest in self._open_contests and "bk" in numbering(
            filled.get("candidates", ())
        ):
            # Nobody can say whether these are two counts of the same votes.
            two = Sentence("row.two-numberings", tps=fields["tps"])
            raise BadCell("candidate", two, "candidates")
        for name in filled.keys() & _TYPES.keys():
            try:
                _check_block(name, filled[name])
            except RecordError as error:
                raise _explain(name, filled[name]) from error
        for number, party in filled.get("parties", {}).items():
            _spell_caleg(party, f"parties.{number}.caleg")
        fields.update(filled)
        return Draft(row, fields)

    def _check_known(self, contest: str) -> None:
        if contest not in self._profile.contests:
            held = ", ".join(sorted(self._profile.contests))
            wrong = Sentence(
                "row.no-contest",
                contest=clip(contest),
                election=self._profile.election,
                held=held,
            )
            raise BadCell("contest", wrong, "contest")

    def aliases(self, contest: str) -> Aliases:
        """The candidates' ids of a contest."""
        if contest not in self._aliases:
            self._aliases[contest] = Aliases(self._profile, contest)
        return self._aliases[contest]


def _of_kpu(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    return fields if fields.get("source") == "kpu" else {}


def _spell_caleg(party: dict[str, Any], column: str) -> None:
    """Give a party's candidates one spelling each: the number, without zeros before.

    Raises:
        BadCell: It is no id, or two of them are one candidate.
    """
    votes: dict[str, int] = {}
    for raw, count in party.get("caleg", {}).items():
        who = raw.lstrip("0") if raw.isdecimal() else raw
        if who in votes:
            raise BadCell(
                "candidate", Sentence("file.json-twice", value=clip(who)), column
            )
        votes[who] = count
    try:
        # In the record's own words, so that its answer is known when it is made.
        check_candidates(tuple(votes), column)
    except RecordError as error:
        wrong = Sentence("machine.should-be-only", wanted=Sentence("machine.an-id"))
        raise BadCell("value", wrong, column) from error
    if votes:
        party["caleg"] = votes


def _check_block(name: str, block: Any) -> None:  # noqa: ANN401 - a list or an object
    """See that a block is of its type.

    Raises:
        RecordError: it is not.
    """
    if isinstance(block, list):
        # Each by itself: msgspec looks anew at what `list[Evidence]` means, each time.
        for file in block:
            convert(file, Evidence)
    else:
        convert(block, _TYPES[name])


def _explain(name: str, block: Any) -> BadCell:  # noqa: ANN401 - a list or an object
    """What is wrong with the first thing of a block that no record may have."""
    kind = _TYPES[name].__args__[-1]
    for key, item in block.items() if isinstance(block, dict) else enumerate(block):
        try:
            msgspec.convert(item, kind)
        except msgspec.ValidationError as error:
            message, place = split_place(str(error))
            column = ".".join(filter(None, (name, str(key), place)))
            return BadCell("value", explain_mistyped(message, _PLAIN), column)
    return BadCell("value", Sentence("machine.not-one-of"), name)


def only_contest(profile: Profile) -> str | None:
    """The contest that a row must mean where the election has one only."""
    return profile.contests[0] if len(profile.contests) == 1 else None


def read_member(name: str, value: Any, column: str) -> Any:  # noqa: ANN401 - any JSON value or cell
    """The value of one of `mapping.TEXTS`; None when not said.

    Raises:
        BadCell: It is none that a result may have.
    """
    return _READ[name](value, column)


def _one_of(names: Mapping[str, str]) -> Callable[[Any, str], str | None]:
    def read(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
        if isinstance(value, str) and value in names:
            return names[value]
        text = _text(value, column)
        if text is None:
            return None
        known = names.get(_SPACES.sub(" ", text.lower()))
        if known is None:
            values = ", ".join(dict.fromkeys(names.values()))
            wrong = Sentence("row.none-of", text=clip(text), values=values)
            raise BadCell("value", wrong, column)
        return known

    return read


def _text(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadCell("value", Sentence("row.no-text", value=clip(value)), column)
    return value.strip() or None


_YES = frozenset({"ya", "y", "yes", "true", "1"})
_NO = frozenset({"tidak", "t", "no", "n", "false", "0", "bukan"})


def read_round(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    """The round by our name or KPU's; None when not said.

    A column that is called `psu` may hold yes or no: whether it was a repeated vote.

    Raises:
        BadCell: There is no such round.
    """
    text = _text(value, column)
    if text is None:
        return None
    name = _SPACES.sub(" ", text.lower())
    if column.strip().lower() == "psu" and name in _YES | _NO:
        return "psu" if name in _YES else "reguler"
    known = ROUND_NAMES.get(name)
    if known is None:
        values = ", ".join(ROUNDS)
        wrong = Sentence("row.no-round", text=clip(text), values=values)
        raise BadCell("round", wrong, column)
    return known


def _read_text(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    if type(value) is int:
        value = str(value)
    text = _text(value, column)
    if text is None:
        return None
    if len(text) > MAX_TEXT:
        long = Sentence("row.too-long", length=len(text), most=MAX_TEXT)
        raise BadCell("text", long, column)
    try:
        check_text(text, column)
    except RecordError as error:
        raise BadCell("text", error.rule, column) from error
    return text


def _read_ref(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    """What a platform calls the thing; signed like all the rest.

    Raises:
        BadCell: It is no text, too long, or has what may be somebody's.
    """
    return _check_personal(_read_text(value, column), "ref", column)


def _read_note(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    """Free text; what is signed stays, so nobody may be found in it.

    Raises:
        BadCell: It is no text, too long, or has what may be somebody's.
    """
    return _check_personal(_read_text(value, column), "note", column)


def _check_personal(text: str | None, member: str, column: str) -> str | None:
    if text and (why := why_personal(member, text)):
        raise BadCell("personal", why, column)
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
    raise BadCell("revision", Sentence("row.no-whole", value=clip(value)), column)


def read_hex(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    """A digest; None when not said.

    Raises:
        BadCell: It is not 64 lower-case hexadecimal digits.
    """
    text = _text(value, column)
    if text is None or _HEX.fullmatch(text):
        return text
    raise BadCell("digest", Sentence("row.no-digest", text=clip(text)), column)


def _read_time(value: Any, column: str) -> str | None:  # noqa: ANN401 - any JSON value or cell
    text = _text(value, column)
    return None if text is None else parse_time(text, column)


_READ: dict[str, Callable[[Any, str], Any]] = {
    "contest": _one_of(CONTEST_NAMES),
    "round": read_round,
    "form": _one_of(FORM_NAMES),
    "source": _one_of(SOURCE_NAMES),
    "review": _one_of(REVIEW_NAMES),
    "observed_at": _read_time,
    "ref": _read_ref,
    "revision": _read_revision,
    "contributor": read_hex,
    "derived_from": read_hex,
    "note": _read_note,
}
