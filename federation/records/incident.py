"""A violation that somebody reported, as one organisation passes it on.

Rule: it says what happened, where and when, and of nobody who did it, saw it or told
it: a log cannot forget, and an accused may be innocent. Whoever is concerned stands in
the sealed annex of the organisation, which no log knows. The free texts are looked
through for personal data before they are signed.

    {"category":"politik_uang","election":"pemilu-2024",
     "happened_at":"2024-02-13T22:00:00Z","id":"5f0c…32 digits",
     "known_at":"2024-02-14T01:00:00Z","law":"pidana","org":"jagasuara.example",
     "recorded_at":"2024-02-14T13:05:00Z","region":"317101",
     "reported_at":"2024-02-14T03:00:00Z","summary":"…","type":"incident/1"}

`id` is random, so that it says nothing and two organisations never choose the same;
only the latest of the organisation under it counts. `known_at` is when whoever reports
it came to know: the period within which an agency takes a report begins then. It
stands in logs for partners only.

Source: docs/reference/domain.md, "Incidents"
"""

from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.errors import RecordError
from federation.records.canonical import (
    INCIDENT_PATTERN,
    REGION_PATTERN,
    Digest,
    LongText,
    Natural,
    Org,
    ShortText,
    Time,
)
from federation.records.profile import Election
from federation.records.result import Evidence
from federation.records.tps import TpsCode
from federation.text import Sentence

IncidentCategory = Literal[
    "alat_peraga",
    "daftar_pemilih",
    "intimidasi",
    "kampanye_terlarang",
    "kerumunan",
    "lainnya",
    "logistik_surat_suara",
    "netralitas_aparat",
    "penggelembungan_suara",
    "politik_uang",
    "prosedur_tps",
    "protokol_kesehatan",
]
#: Which body of law is said to be broken, and so which agency is concerned.
IncidentLaw = Literal["administrasi", "hukum_lain", "kode_etik", "pidana", "protokol"]
CATEGORIES: Final[tuple[IncidentCategory, ...]] = get_args(IncidentCategory)
LAWS: Final[tuple[IncidentLaw, ...]] = get_args(IncidentLaw)

IncidentId: TypeAlias = Annotated[str, Meta(pattern=INCIDENT_PATTERN)]
IncidentRegion: TypeAlias = Annotated[str, Meta(pattern=REGION_PATTERN)]


class IncidentName(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An incident of any organisation: who reported it, and under which id."""

    id: IncidentId
    org: Org

    def __str__(self) -> str:
        """As people write it: `jagasuara.example/5f0c…`."""
        return f"{self.org}/{self.id}"


class Incident(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="incident/1",
):
    """One organisation passes on that something happened, at a station or in a region.

    Whether it did is for statements about it (`incident-status/1`).
    """

    category: IncidentCategory
    election: Election
    happened_at: Time
    id: IncidentId
    law: IncidentLaw
    org: Org
    recorded_at: Time
    reported_at: Time
    summary: ShortText
    contributor: Digest | UnsetType = UNSET
    description: LongText | UnsetType = UNSET
    evidence: (
        Annotated[tuple[Evidence, ...], Meta(min_length=1, max_length=32)] | UnsetType
    ) = UNSET
    known_at: Time | UnsetType = UNSET
    ref: ShortText | UnsetType = UNSET
    region: IncidentRegion | UnsetType = UNSET
    revision: Natural | UnsetType = UNSET
    tps: TpsCode | UnsetType = UNSET

    @property
    def name(self) -> IncidentName:
        """What others call it by."""
        return IncidentName(id=self.id, org=self.org)

    @property
    def place(self) -> str:
        """The code of the station or the region."""
        return str(self.region if self.tps is UNSET else self.tps)


# What `check_incident` asks, as a schema says it.
INCIDENT_SCHEMA: Final[dict[str, dict[str, Any]]] = {
    "Incident": {"oneOf": [{"required": ["region"]}, {"required": ["tps"]}]}
}


def check_incident(incident: Incident) -> None:
    """Refuse what happened nowhere, or at two places.

    Raises:
        RecordError: neither region nor tps, or both.
    """
    if (incident.region is UNSET) is (incident.tps is UNSET):
        raise RecordError(Sentence("member.region-or-tps"), "region")


def subject_of_incident(incident: Incident) -> str:
    """What it speaks of: itself."""
    return incident.id
