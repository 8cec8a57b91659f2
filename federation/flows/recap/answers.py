"""What is answered of recapitulations, as it stands in JSON.

Rule: wire values, as those of `flows/query/answers.py`: members are added, not renamed.
"""

from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.flows.query.answers import HexDigest, Place
from federation.records.recap import SummedStations
from federation.records.recapitulation import RECAP_LEVELS

RecapVerdictWord: TypeAlias = Annotated[
    str, Meta(extra_json_schema={"enum": ["follows", "undecided", "broken"]})
]
RecapLevelWord: TypeAlias = Annotated[
    str, Meta(extra_json_schema={"enum": list(RECAP_LEVELS)})
]


class RecapSum(Struct, frozen=True, kw_only=True):
    """One candidate's or party's sum beside the least and the most right below.

    `difference`: how far it lies above the most, or below the least (negative).
    """

    candidate: str
    said: int
    least: int
    most: int
    difference: int
    verdict: RecapVerdictWord


class RecapDocument(Struct, frozen=True, kw_only=True):
    """The sums of one region by one source, and whether they follow.

    Attributes:
        region: Of which region; the code "" is the nation.
        level: Of the region; a committee abroad (PPLN) counts as a kabupaten.
        org: Who signs it.
        official: Whether it is copied from KPU.
        verdict: The worst of its sums.
        first: Something is broken here, and not only because what was changed below was
            not carried up.
        sums: By candidate, or by party.
        missing: How many stations no sum below holds; absent: nobody knows.
        missing_names: Codes of these, or of regions without a document: at most 20.
        stations: Over how many the document says that it is a sum.
        figures: The other figures of the document.
        files: SHA-256 of its photographs.
        origin: The log, and `index` and `record`, where it can be checked.
    """

    region: Place
    level: RecapLevelWord
    org: str
    official: bool
    verdict: RecapVerdictWord
    first: bool
    sums: list[RecapSum]
    origin: str
    index: int
    record: HexDigest
    missing: int | UnsetType = UNSET
    missing_names: list[str] = []
    stations: SummedStations | UnsetType = UNSET
    figures: dict[str, int] | UnsetType = UNSET
    files: list[HexDigest] = []
    observed_at: str | UnsetType = UNSET


class RecapCounts(Struct, frozen=True, kw_only=True):
    """How many documents of each verdict; `first`: those of `broken` that are."""

    follows: int
    undecided: int
    broken: int
    first: int


class RecapsAnswer(Struct, frozen=True, kw_only=True):
    """The documents of a region and of all within it, by region; counts of all."""

    election: str
    contest: str
    cursor: str
    region: Place
    counts: RecapCounts
    documents: list[RecapDocument]
    candidates: dict[str, str]
    next: str | UnsetType = UNSET
