"""The result of one contest at one TPS, as one organisation read it from a form.

Rule: figures keep the names of the form (C.Hasil). Absent means not read, zero means
zero. Malformed input is refused; a form whose sums do not hold is shared and flagged
(`failed_rules`), because a wrong form is what election monitors look for.

    {"candidates":{"01":127},"contest":"ppwp","election":"pemilu-2024",
     "figures":{"suara_sah":154},"form":"plano","org":"jagasuara.example",
     "recorded_at":"2024-02-14T13:05:00Z","review":"reviewed","round":"reguler",
     "source":"observer","tps":"3171010001001","type":"tps-result/1"}

Contests of parties have `parties` instead of `candidates`:
`{"1":{"caleg":{"100211":3},"jumlah":9,"partai":6}}`. A result without votes but with
evidence is a photo that waits for someone who reads it.

Source: docs/reference/domain.md, "Figures" and "Sums"
"""

from functools import lru_cache
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.errors import RecordError
from federation.records.canonical import (
    ORG_PATTERN,
    TIME_PATTERN,
    Count,
    Digest,
    Natural,
    ShortText,
)
from federation.records.profile import (
    CANDIDATE_PATTERN,
    CONTESTS,
    ELECTION_PATTERN,
    PARTY_CONTESTS,
    ROUNDS,
    ContestId,
    ContestPlace,
    PartyNumber,
    Profile,
    Round,
)
from federation.records.repeated import (
    check_candidates,
    check_source,
    check_time,
    check_tps,
    for_schema,
)
from federation.records.tps import TPS_PATTERN, TpsId
from federation.text import Sentence

__all__ = (
    "CONTESTS",
    "FIGURES",
    "MOST_FILES",
    "ROUNDS",
    "RULES",
    "Evidence",
    "Part",
    "TpsResult",
    "check_result",
    "failed_rules",
    "votes_of",
)

Figure = Literal[
    "disabilitas_j",
    "disabilitas_l",
    "disabilitas_p",
    "pemilih_dpt_j",
    "pemilih_dpt_l",
    "pemilih_dpt_p",
    "pengguna_dpk_j",
    "pengguna_dpk_l",
    "pengguna_dpk_p",
    "pengguna_dpt_j",
    "pengguna_dpt_l",
    "pengguna_dpt_p",
    "pengguna_dptb_j",
    "pengguna_dptb_l",
    "pengguna_dptb_p",
    "pengguna_total_j",
    "pengguna_total_l",
    "pengguna_total_p",
    "suara_sah",
    "suara_tidak_sah",
    "suara_total",
    "surat_suara_digunakan",
    "surat_suara_dikembalikan",
    "surat_suara_diterima",
    "surat_suara_sisa",
]
FIGURES: Final[tuple[str, ...]] = get_args(Figure)

# Checked in `TpsResult.__post_init__`.
_ElectionText = Annotated[str, for_schema(ELECTION_PATTERN)]
_OrgText = Annotated[str, for_schema(ORG_PATTERN, max_length=253)]
_TimeText = Annotated[str, for_schema(TIME_PATTERN)]
_Tps = Annotated[TpsId, for_schema(TPS_PATTERN)]
_CandidateText = Annotated[str, for_schema(CANDIDATE_PATTERN)]

_CandidateVotes = Annotated[
    dict[_CandidateText, Count], Meta(min_length=1, max_length=256)
]
#: That one record may name.
MOST_FILES: Final = 32
MEDIA_TYPE: Final = r"^[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*$(?!\n)"


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A party's votes: for itself, for each of its candidates, and their sum."""

    caleg: _CandidateVotes | UnsetType = UNSET
    jumlah: Count | UnsetType = UNSET
    partai: Count | UnsetType = UNSET


class Evidence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """A file behind a result: the shared copy, stripped of everything personal.

    `likeness`: 256 bits of what the photo looks like, which copies of it nearly share
    (docs/reference/likeness.md); what its organisation says, not what is proved.
    """

    media_type: Annotated[str, Meta(pattern=MEDIA_TYPE, max_length=100)]
    sha256: Digest
    size: Natural
    likeness: Digest | UnsetType = UNSET
    page: Annotated[int, Meta(ge=1, le=999)] | UnsetType = UNSET


class TpsResult(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="tps-result/1",
    gc=False,  # nothing in it leads back to it, and they come by the million
):
    """What one organisation says that one form says."""

    contest: ContestId
    election: _ElectionText
    form: Literal["plano", "salinan", "unknown"]
    org: _OrgText
    recorded_at: _TimeText
    review: Literal["reviewed", "unreviewed"]
    round: Round
    source: Literal["citizen", "kpu", "observer"]
    tps: _Tps
    candidates: _CandidateVotes | UnsetType = UNSET
    contributor: Digest | UnsetType = UNSET
    derived_from: Digest | UnsetType = UNSET
    evidence: (
        Annotated[tuple[Evidence, ...], Meta(min_length=1, max_length=MOST_FILES)]
        | UnsetType
    ) = UNSET
    figures: Annotated[dict[Figure, Count], Meta(min_length=1)] | UnsetType = UNSET
    note: ShortText | UnsetType = UNSET
    observed_at: _TimeText | UnsetType = UNSET
    parties: (
        Annotated[dict[PartyNumber, Part], Meta(min_length=1, max_length=64)]
        | UnsetType
    ) = UNSET
    ref: ShortText | UnsetType = UNSET
    revision: Natural | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Check the texts of which the types above say only what they look like.

        Raises:
            RecordError: one of them looks different.
        """
        check_source(self.election, self.org)
        check_time(self.recorded_at, "recorded_at")
        check_tps(self.tps)
        if self.candidates is not UNSET:
            check_candidates(tuple(self.candidates), "candidates")
        if self.observed_at is not UNSET:
            check_time(self.observed_at, "observed_at")
        if self.parties is not UNSET:
            for part in self.parties.values():
                if part.caleg is not UNSET:
                    check_candidates(tuple(part.caleg), "parties[...].caleg")


# What `check_result` asks, as far as a schema can say it.
RESULT_SCHEMA: Final[dict[str, dict[str, Any]]] = {
    "Part": {"minProperties": 1},
    "TpsResult": {
        # Older releases of msgspec do not say the names of such a table.
        "properties": {"figures": {"propertyNames": {"enum": FIGURES}}},
        "anyOf": [
            {"required": [name]}
            for name in ("candidates", "evidence", "figures", "parties")
        ],
        "if": {"properties": {"contest": {"enum": sorted(PARTY_CONTESTS)}}},
        "then": {"not": {"required": ["candidates"]}},
        "else": {"not": {"required": ["parties"]}},
    },
}

_Sum: TypeAlias = tuple[str, str, tuple[str, ...]]

# Rule id: the figure on the left is the sum of those on the right.
SUMS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "valid_total": ("suara_total", ("suara_sah", "suara_tidak_sah")),
    "total_users": ("suara_total", ("pengguna_total_j",)),
    "total_used": ("suara_total", ("surat_suara_digunakan",)),
    "users_used": ("pengguna_total_j", ("surat_suara_digunakan",)),
    "users_sum": (
        "pengguna_total_j",
        ("pengguna_dpt_j", "pengguna_dptb_j", "pengguna_dpk_j"),
    ),
    "lp_pemilih_dpt": ("pemilih_dpt_j", ("pemilih_dpt_l", "pemilih_dpt_p")),
    "lp_pengguna_dpt": ("pengguna_dpt_j", ("pengguna_dpt_l", "pengguna_dpt_p")),
    "lp_pengguna_dptb": ("pengguna_dptb_j", ("pengguna_dptb_l", "pengguna_dptb_p")),
    "lp_pengguna_dpk": ("pengguna_dpk_j", ("pengguna_dpk_l", "pengguna_dpk_p")),
    "lp_pengguna_total": ("pengguna_total_j", ("pengguna_total_l", "pengguna_total_p")),
    "lp_disabilitas": ("disabilitas_j", ("disabilitas_l", "disabilitas_p")),
    "ballots_sum": (
        "surat_suara_diterima",
        ("surat_suara_digunakan", "surat_suara_dikembalikan", "surat_suara_sisa"),
    ),
}
# Every rule that `failed_rules` may name, in its order.
RULES: Final[tuple[str, ...]] = (
    "votes_sum",  # sum of candidates, or of the parties' jumlah = suara_sah
    "max_votes",  # that sum <= the most that an ordinary TPS can have
    "party_sum",  # partai + sum of caleg = jumlah, for every party
    *SUMS,
    "users_dpt",  # pengguna_dpt_j <= pemilih_dpt_j
    "ballots_received",  # diterima = DPT + the spare ballots of the profile
)


def check_result(result: TpsResult) -> None:
    """Refuse a result that says nothing, or not in the terms of its contest.

    Raises:
        RecordError: no votes, figures or evidence; `parties` where candidates stand
            or the reverse; a party without any number.
    """
    parties, candidates = result.parties, result.candidates
    if parties is UNSET:
        if candidates is UNSET:
            if result.figures is UNSET and result.evidence is UNSET:
                raise RecordError(Sentence("member.result-empty"))
        elif result.contest in PARTY_CONTESTS:
            raise RecordError(Sentence("member.needs-parties"), "candidates")
        return
    if candidates is not UNSET or result.contest not in PARTY_CONTESTS:
        raise RecordError(Sentence("member.needs-candidates"), "parties")
    for number, part in parties.items():
        if part.jumlah is UNSET and part.partai is UNSET and part.caleg is UNSET:
            raise RecordError(Sentence("member.party-empty"), f"parties.{number}")


def votes_of(result: TpsResult) -> dict[str, int]:
    """The votes that are added and compared: of a contest of parties, each party's."""
    if result.candidates is not UNSET:
        return result.candidates
    if result.parties is UNSET:
        return {}
    return {
        number: part.jumlah
        for number, part in result.parties.items()
        if part.jumlah is not UNSET
    }


def failed_rules(result: TpsResult, profile: Profile) -> tuple[str, ...]:
    """The ids of `RULES` that this form breaks, as far as both sides were read."""
    place = profile.place(result.contest, result.tps)
    return failed_at(place, result, votes_of(result), profile)


def failed_at(
    place: ContestPlace, result: TpsResult, votes: dict[str, int], profile: Profile
) -> tuple[str, ...]:
    """`failed_rules` of a result whose place and votes (`votes_of`) are at hand."""
    failed = _failed_votes(result, votes, place)
    if result.figures is not UNSET:
        failed += _failed_figures(result.figures, profile)
    return tuple(failed)


def _failed_votes(
    result: TpsResult, votes: dict[str, int], place: ContestPlace
) -> list[str]:
    failed: list[str] = []
    if result.candidates is UNSET and result.parties is UNSET:
        return failed
    total = sum(votes.values())
    if result.figures is not UNSET and _is_whole(result, votes, place):
        valid = result.figures.get("suara_sah", total)
        if valid != total:
            failed.append("votes_sum")
    # What was read of the votes is at most their sum: too many is too many.
    if place.max_votes is not None and total > place.max_votes:
        failed.append("max_votes")
    if result.parties is not UNSET and any(
        _is_off(part) for part in result.parties.values()
    ):
        failed.append("party_sum")
    return failed


def _is_whole(result: TpsResult, votes: dict[str, int], place: ContestPlace) -> bool:
    """Whether a sum over these is the sum over all who stand there."""
    if place.ids is not None:
        return place.ids <= place.roster.rename(votes).keys()
    return result.parties is UNSET or len(votes) == len(result.parties)


def _is_off(part: Part) -> bool:
    if part.jumlah is UNSET or part.partai is UNSET or part.caleg is UNSET:
        return False
    return part.partai + sum(part.caleg.values()) != part.jumlah


def _failed_figures(figures: dict[Figure, int], profile: Profile) -> list[str]:
    read: dict[str, int] = figures  # type: ignore[assignment]  # a Figure is a str
    failed = []
    # Plain loops: this runs for every record, and generators are slow.
    for rule, total, parts in _sums_over(tuple(read)):
        rest = read[total]
        for part in parts:
            rest -= read[part]
        if rest:
            failed.append(rule)
    voters = read.get("pemilih_dpt_j")
    if voters is None:
        return failed
    if read.get("pengguna_dpt_j", 0) > voters:
        failed.append("users_dpt")
    expected = profile.ballots(voters)
    if read.get("surat_suara_diterima", expected) != expected:
        failed.append("ballots_received")
    return failed


@lru_cache(maxsize=1024)
def _sums_over(read: tuple[str, ...]) -> tuple[_Sum, ...]:
    """The sums all of whose figures were read: a source reads the same ones always."""
    return tuple(
        (rule, total, parts)
        for rule, (total, parts) in SUMS.items()
        if {total, *parts} <= set(read)
    )
