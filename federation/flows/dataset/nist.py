"""Stations as NIST SP 1500-100, version 2: an election results report in JSON.

Rule: the document knows one count for a unit and a candidate, and nothing of several
who count. So a count of type `total` is written only where all monitors say the same of
a candidate; where they differ there are two of type `other`, `monitors-least` and
`monitors-most`, and no total. KPU's figure stands beside them, `kpu`. Nothing is added
up: what a region comes to is an interval, for which the document has no place, so only
polling stations have counts, and regions say which units they are made of. The status
of the report is `unofficial-partial`, whatever anybody has counted.

Units are named `tps-<code>` and `region-<code>`, selections `selection-<number>`; codes
stand again as external identifiers, so that nobody has to take a name apart. Counts are
written candidate by candidate, while stations come one by one: until then they wait in
files without a name, so memory grows by the names of regions alone.

Source: https://doi.org/10.6028/NIST.SP.1500-100r2 and the JSON schema beside it, of
https://github.com/usnistgov/ElectionResultsReporting (commit 521b97ae)
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec

from federation.config.settings import Settings
from federation.flows.query.cells import Cell
from federation.flows.query.scope import QueryScope
from federation.flows.query.table import QueryTable
from federation.records.profile import PARTY_CONTESTS
from federation.records.tps import regions_of

_KINDS: Final = {0: "country", 2: "state", 4: "county", 6: "other", 10: "village"}
_PLACES: Final = ("province", "kabupaten", "kecamatan", "kelurahan")
_CHUNK: Final = 1 << 20
_encode = msgspec.json.Encoder().encode


class ReportFacts(NamedTuple):
    """What a report says of itself and of its election.

    Attributes:
        issuer: Name of the organisation.
        org: Its domain.
        made: RFC 3339, in whole seconds, UTC.
        election: Its id.
        names: Of the election, by language.
        day: Of the vote, ISO.
        contest: Its id.
        choices: Candidates, or parties: names by ballot number, "" where none is known.
        is_of_parties: The choices are parties.
    """

    issuer: str
    org: str
    made: str
    election: str
    names: Mapping[str, str]
    day: str
    contest: str
    choices: Mapping[str, str]
    is_of_parties: bool


def facts_of(settings: Settings, scope: QueryScope, made: datetime) -> ReportFacts:
    """What a report of this node says of itself and of a contest.

    `made`: when, in UTC.
    """
    names, rules = scope.profile.file.name, scope.candidates()
    return ReportFacts(
        issuer=settings.name,
        org=settings.org,
        made=f"{made:%Y-%m-%dT%H:%M:%SZ}",
        election=scope.election,
        names={"id": names.id, "en": names.en},
        day=scope.profile.file.voting_day,
        contest=scope.contest,
        choices={number: rules.get(number, "") for number in scope.numbers()},
        is_of_parties=scope.contest in PARTY_CONTESTS,
    )


class NistForm:
    """One report under way; it is given pages of stations."""

    def __init__(self, facts: ReportFacts) -> None:
        """Nothing is handed out yet."""
        self._facts = facts
        self._waiting: dict[str, BinaryIO] = {
            number: tempfile.TemporaryFile(prefix="federation-")  # noqa: SIM115  closed in `close`
            for number in facts.choices
        }
        self._regions = {"": "Indonesia"}
        self._inside: dict[str, list[str]] = {}
        self._is_first = True

    def open(self, head: Mapping[str, object]) -> bytes:
        """The members of the report, up to its first unit."""
        facts = self._facts
        members = _typed(
            "ElectionReport",
            Format="precinct-level",
            GeneratedDate=facts.made,
            Issuer=facts.issuer,
            IssuerAbbreviation=facts.org,
            SequenceStart=1,
            SequenceEnd=1,
            Status="unofficial-partial",
            VendorApplicationId="tps-federation",
            Notes=(
                f"What election monitors signed, merged; cursor {head.get('cursor')}. "
                "Counts of type other: monitors-least and monitors-most where monitors "
                "differ, kpu for what the electoral commission published."
            ),
        )
        return _encode(members)[:-1] + b',"GpUnit":[\n'

    def page(self, table: QueryTable) -> bytes:
        """The stations as units; their counts wait."""
        at = {name: place for place, name in enumerate(table.columns)}
        units = []
        for row in table.rows:
            tps = str(row[at["tps"]])
            self._place(tps, [str(row[at[name]]) for name in _PLACES])
            units.append(_encode(_station(tps, row[at["voters"]])))
            for number, file in self._waiting.items():
                said = [row[at[f"{one}_{number}"]] for one in ("least", "most", "kpu")]
                for count in _counts(tps, said):
                    file.write(b"," + _encode(count))
        between = b"" if self._is_first or not units else b",\n"
        self._is_first = self._is_first and not units
        return between + b",\n".join(units)

    def close(self) -> Iterator[bytes]:
        """The regions, and the election with its contest and all counts."""
        for code in self._regions:
            yield (b"" if self._is_first else b",\n") + _encode(self._region(code))
            self._is_first = False
        yield b"\n]"
        if self._facts.is_of_parties:
            listed = [self._choice("Party", number) for number in self._waiting]
            yield b',"Party":' + _encode(listed)
        yield b',"Election":[' + self._election()
        yield b',"Contest":[' + self._contest() + b',"ContestSelection":[\n'
        for place, number in enumerate(self._waiting):
            yield b",\n" if place else b""
            yield from self._selection(number)
        yield b"]}]}]}\n"

    def _place(self, tps: str, names: Sequence[str]) -> None:
        codes = regions_of(tps)
        for above, code, name in zip(codes, codes[1:], names, strict=False):
            if code not in self._regions:
                self._regions[code] = name
                self._inside.setdefault(above, []).append(_region_id(code))
        self._inside.setdefault(codes[-1], []).append(f"tps-{tps}")

    def _region(self, code: str) -> dict[str, Any]:
        kind = _KINDS[len(code)]
        return _typed(
            "ReportingUnit",
            **{"@id": _region_id(code)},
            Type=kind,
            **({"OtherType": "kecamatan"} if kind == "other" else {}),
            Name=_text({"id": self._regions[code] or code}),
            ComposingGpUnitIds=self._inside.get(code, []),
            **({"ExternalIdentifier": [_identifier(code)]} if code else {}),
        )

    def _choice(self, kind: str, number: str) -> dict[str, Any]:
        name = _text({"id": self._facts.choices[number] or number})
        label = "Name" if kind == "Party" else "BallotName"
        known = {"@id": f"{kind.lower()}-{number}", label: name}
        return _typed(kind, **known, ExternalIdentifier=[_identifier(number)])

    def _election(self) -> bytes:
        """Open at its end: its contest follows."""
        facts, candidates = self._facts, {}
        if not facts.is_of_parties:
            listed = [self._choice("Candidate", number) for number in self._waiting]
            candidates = {"Candidate": listed}
        election = _typed(
            "Election",
            ElectionScopeId=_region_id(""),
            StartDate=facts.day,
            EndDate=facts.day,
            Name=_text(facts.names),
            Type="general",
            ExternalIdentifier=[_identifier(facts.election)],
            **candidates,
        )
        return _encode(election)[:-1]

    def _contest(self) -> bytes:
        """Open at its end: its selections follow."""
        facts = self._facts
        known = {
            "@id": f"contest-{facts.contest}",
            "ElectionDistrictId": _region_id(""),
            "Name": facts.contest,
        }
        if facts.is_of_parties:
            return _encode(_typed("PartyContest", **known))[:-1]
        contest = _typed("CandidateContest", **known, VotesAllowed=1)
        return _encode({**contest, "VoteVariation": "plurality"})[:-1]

    def _selection(self, number: str) -> Iterator[bytes]:
        """With all its counts; the file that they waited in is gone."""
        kind = "Party" if self._facts.is_of_parties else "Candidate"
        chosen = _typed(
            f"{kind}Selection",
            **{"@id": f"selection-{number}"},
            **{f"{kind}Ids": [f"{kind.lower()}-{number}"]},
        )
        yield _encode(chosen)[:-1] + b',"VoteCounts":['
        with self._waiting[number] as file:
            # Behind the comma that stands before the first.
            file.seek(1)
            while data := file.read(_CHUNK):
                yield data
        yield b"]}"


def _station(tps: str, voters: Cell) -> dict[str, Any]:
    return _typed(
        "ReportingUnit",
        **{"@id": f"tps-{tps}"},
        Type="polling-place",
        Number=tps[-3:],
        ExternalIdentifier=[_identifier(tps)],
        **({"VotersRegistered": voters} if isinstance(voters, int) else {}),
    )


def _counts(tps: str, said: Sequence[Cell]) -> Iterator[dict[str, Any]]:
    least, most, kpu = said
    if isinstance(least, int) and least == most:
        yield _count(tps, least, "total")
    elif isinstance(least, int):
        yield _count(tps, least, "other", "monitors-least")
        yield _count(tps, most, "other", "monitors-most")
    if isinstance(kpu, int):
        yield _count(tps, kpu, "other", "kpu")


def _count(tps: str, count: Cell, kind: str, other: str = "") -> dict[str, Any]:
    told = {"OtherType": other} if other else {}
    unit = f"tps-{tps}"
    return _typed("VoteCounts", GpUnitId=unit, Type=kind, **told, Count=count)


def _identifier(value: str) -> dict[str, Any]:
    return _typed("ExternalIdentifier", Type="national-level", Value=value)


def _text(said: Mapping[str, str]) -> dict[str, Any]:
    strings = [
        _typed("LanguageString", Content=words, Language=language)
        for language, words in said.items()
    ]
    return _typed("InternationalizedText", Text=strings)


def _region_id(code: str) -> str:
    return f"region-{code or 'nation'}"


def _typed(kind: str, **members: object) -> dict[str, Any]:
    return {"@type": f"ElectionResults.{kind}", **members}
