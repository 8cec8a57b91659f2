"""The sums of a D.Hasil document: the votes of a region, as one organisation read them.

Rule: a recapitulation stands beside the results of stations and is never one of them.
It says for one contest and one region what the document of that level says, the way
KPU adds up: kecamatan, kabupaten/kota, province, nation; abroad the committee of a
country (PPLN), then all of abroad.

    {"candidates":{"01":2432},"contest":"ppwp","election":"pemilu-2024",
     "org":"jagasuara.example","recorded_at":"2024-02-20T13:05:00Z","region":"317101",
     "source":"observer","stations":{"counted":80,"total":82},"type":"recap/1"}

`region` is `0` for the nation, as KPU writes it. `stations`: over how many stations the
document says that it is a sum, of how many. A sum that is not complete is no error.

Source: docs/reference/domain.md, "Recapitulation"
"""

import re
from typing import Annotated, Any, Final, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.errors import RecordError
from federation.records.canonical import Natural, Org, ShortText, Time
from federation.records.claim import StatementSlot
from federation.records.profile import (
    PARTY_CONTESTS,
    CandidateId,
    ContestId,
    Election,
    PartyNumber,
)
from federation.records.result import MOST_FILES, Evidence, Figure
from federation.records.tally import race_level
from federation.text import Sentence

#: What a document calls the nation.
NATION_CODE: Final = "0"
#: Nation, province or abroad, kabupaten/kota or PPLN, kecamatan.
RECAP_REGION_PATTERN: Final = (
    r"^(?:0|[0-9]{2}|99[0-9A-Z]{2}|[0-9]{4}|(?:[0-8][0-9]|9[0-8])[0-9]{4})$(?!\n)"
)
RECAP_REGION: Final = re.compile(RECAP_REGION_PATTERN)
MAX_SUM: Final = 999_999_999  # more than the voters of the country

RegionSum: TypeAlias = Annotated[int, Meta(ge=0, le=MAX_SUM)]
RecapRegion: TypeAlias = Annotated[str, Meta(pattern=RECAP_REGION_PATTERN)]


class PartySum(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The votes of a party and its candidates together."""

    jumlah: RegionSum


class SummedStations(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many stations a document says that it adds up, of how many there are."""

    counted: Annotated[int, Meta(ge=0, le=9_999_999)]
    total: Annotated[int, Meta(ge=0, le=9_999_999)]


class Recap(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="recap/1",
):
    """What one organisation says that the document of one region adds up to."""

    contest: ContestId
    election: Election
    org: Org
    recorded_at: Time
    region: RecapRegion
    source: Literal["citizen", "kpu", "observer"]
    candidates: (
        Annotated[dict[CandidateId, RegionSum], Meta(min_length=1, max_length=256)]
        | UnsetType
    ) = UNSET
    evidence: (
        Annotated[tuple[Evidence, ...], Meta(min_length=1, max_length=MOST_FILES)]
        | UnsetType
    ) = UNSET
    figures: Annotated[dict[Figure, RegionSum], Meta(min_length=1)] | UnsetType = UNSET
    note: ShortText | UnsetType = UNSET
    observed_at: Time | UnsetType = UNSET
    parties: (
        Annotated[dict[PartyNumber, PartySum], Meta(min_length=1, max_length=64)]
        | UnsetType
    ) = UNSET
    ref: ShortText | UnsetType = UNSET
    revision: Natural | UnsetType = UNSET
    stations: SummedStations | UnsetType = UNSET


# What `check_recap` asks, as far as a schema can say it.
RECAP_SCHEMA: Final[dict[str, dict[str, Any]]] = {
    "Recap": {
        "if": {"properties": {"contest": {"enum": sorted(PARTY_CONTESTS)}}},
        "then": {"required": ["parties"], "not": {"required": ["candidates"]}},
        "else": {"required": ["candidates"], "not": {"required": ["parties"]}},
    },
}


def check_recap(recap: Recap) -> None:
    """Refuse sums that are not of the contest, or of several races at once.

    Raises:
        RecordError: no votes, or not those of the contest; a region that is larger
            than a race of it; more stations counted than there are.
    """
    of_parties = recap.contest in PARTY_CONTESTS
    wrong, right = "candidates", "parties"
    if not of_parties:
        wrong, right = right, wrong
    if getattr(recap, wrong) is not UNSET:
        raise RecordError(Sentence(f"member.needs-{right}"), wrong)
    if getattr(recap, right) is UNSET:
        raise RecordError(Sentence("recap.no-votes"), right)
    if len(region_of(recap)) < race_level(recap.contest):
        raise RecordError(Sentence("recap.several-races"), "region")
    told = recap.stations
    if told and told.counted > told.total:
        raise RecordError(Sentence("recap.more-counted"), "stations.counted")


def region_of(recap: Recap) -> str:
    """The code of its region as the map has it: "" is the nation."""
    return "" if recap.region == NATION_CODE else recap.region


def sums_of(recap: Recap) -> dict[str, int]:
    """The votes by candidate, or by party."""
    if recap.candidates is not UNSET:
        return recap.candidates
    parties = recap.parties or {}
    return {number: party.jumlah for number, party in parties.items()}


def slot_of_recap(recap: Recap) -> StatementSlot:
    """Where it stands: one document for each region, what is KPU's apart."""
    return StatementSlot(recap.region, recap.contest, "", recap.source == "kpu")
