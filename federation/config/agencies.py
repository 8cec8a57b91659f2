"""agencies.toml: who takes reports of violations, where, and by which ways.

Rule: a report goes to who is concerned by law, the one nearest to the place first; the
file says who that is, and nothing else does. No agency is built in: addresses change,
and a wrong one is a report that nobody reads. Without the file nothing can be referred,
and the node works as before.

    [[agency]]
    key = "bawaslu-3273"
    name = "Bawaslu Kota Bandung"
    kind = "bawaslu"
    regions = ["3273"]
    address = '''
    Jalan …
    Bandung'''

`key` stands in what is signed (`referral/1`): partners whose lists have the same keys
see that one of them has already been there. `regions` are codes, each with all that
lies within; none: the whole country. Which laws an agency is for follows from its kind
unless `laws` says it.

    administrasi   bawaslu     pidana       gakkumdu     hukum_lain   other
    kode_etik      dkpp        protokol     pemda        (kpu: only by `laws`)

Behind them stands Bawaslu, which passes on what is not its own (UU 7/2017 art. 455).
Errors count the tables from 1: `agency[1].email`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

from federation.config.document import convert, parse_document, read_file
from federation.config.keystore import read_private
from federation.config.member import (
    Filled,
    MemberAgency,
    MemberEmail,
    MemberLines,
    MemberRegion,
    Url,
)
from federation.errors import ConfigError
from federation.records.incident import IncidentCategory, IncidentLaw
from federation.records.referral import ReferralWay
from federation.text import Language, Sentence

AgencyKind: TypeAlias = Literal["bawaslu", "dkpp", "gakkumdu", "kpu", "pemda", "other"]
AgencyLevel: TypeAlias = Literal["pusat", "provinsi", "kabupaten", "kecamatan", "desa"]

#: What each kind is for where its `laws` are not named.
LAWS_OF: Final[dict[AgencyKind, tuple[IncidentLaw, ...]]] = {
    "bawaslu": ("administrasi",),
    "dkpp": ("kode_etik",),
    "gakkumdu": ("pidana",),
    "kpu": (),
    "pemda": ("protokol",),
    "other": ("hukum_lain",),
}
_LEVELS: Final[dict[int, AgencyLevel]] = {
    0: "pusat",
    2: "provinsi",
    4: "kabupaten",
    6: "kecamatan",
    10: "desa",
}


#: An agency may answer by a secret of at least so many bytes.
MIN_ANSWER_SECRET: Final = 32


class AgencyEntry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """One `[[agency]]` table as it is written."""

    key: MemberAgency
    name: Filled
    kind: AgencyKind
    regions: tuple[MemberRegion, ...] = ()
    laws: tuple[IncidentLaw, ...] | None = None
    categories: tuple[IncidentCategory, ...] | None = None
    address: MemberLines | None = None
    email: MemberEmail | None = None
    webhook: Url | None = None
    webhook_key: Filled | None = None
    allow_private: bool = False
    language: Language = "id"


@dataclass(frozen=True, kw_only=True)
class Agency:
    """One agency; `categories` None: all. `webhook_key`: the path of a file."""

    key: str
    name: str
    kind: AgencyKind
    regions: tuple[str, ...] = ()
    laws: tuple[IncidentLaw, ...] = ()
    categories: tuple[IncidentCategory, ...] | None = None
    address: str | None = None
    email: str | None = None
    webhook: str | None = None
    webhook_key: Path | None = None
    allow_private: bool = False
    language: Language = "id"

    @property
    def level(self) -> AgencyLevel:
        """How far it reaches, by the longest of its codes."""
        return _LEVELS[max(map(len, self.regions), default=0)]

    @property
    def ways(self) -> tuple[ReferralWay, ...]:
        """How it can be reached."""
        given: dict[ReferralWay, str | None] = {
            "by-hand": self.address,
            "email": self.email,
            "webhook": self.webhook,
        }
        return tuple(way for way, where in given.items() if where is not None)

    def reach(self, place: str) -> int | None:
        """The length of its code that the place lies in; None: it is not its own."""
        if not self.regions:
            return 0
        return max((len(r) for r in self.regions if place.startswith(r)), default=None)

    def takes(self, law: str, category: str) -> bool:
        """Whether it is for this law, and for this category."""
        is_open = self.categories is None or category in self.categories
        return law in self.laws and is_open


def load_agencies(path: Path) -> tuple[Agency, ...]:
    """The agencies in a file, in its order; none where there is no file.

    Raises:
        ConfigError: unreadable, not TOML, an unknown key, a wrong type or value, an
            agency that cannot be reached, or a key that stands twice.
    """
    if not path.exists():
        return ()
    return parse_agencies(read_file(path), path)


def load_answer_secret(path: Path) -> bytes:
    """The secret that we share with an agency, by which it signs what it answers.

    Raises:
        ConfigError: it cannot be read, others can read it, too, or it is so short that
            somebody may find it by trying.
    """
    secret = read_private(path).strip()
    if len(secret) < MIN_ANSWER_SECRET:
        why = Sentence("answers.short-secret", least=MIN_ANSWER_SECRET)
        raise ConfigError(str(path), "", why)
    return secret


def parse_agencies(text: str, path: Path) -> tuple[Agency, ...]:
    """The agencies in a text; files it names are looked for from where `path` lies.

    Raises:
        ConfigError: as `load_agencies`.
    """
    where = str(path)
    agencies: dict[str, Agency] = {}
    for number, table in enumerate(_tables_of(text, where), 1):
        key = f"agency[{number}]"
        entry = convert(table, AgencyEntry, where, key)
        if entry.key in agencies:
            why = Sentence("machine.listed-twice", org=entry.key)
            raise ConfigError(where, f"{key}.key", why)
        _check_ways(entry, where, key)
        agencies[entry.key] = _to_agency(entry, path)
    return tuple(agencies.values())


def route(
    agencies: tuple[Agency, ...], law: str, category: str, place: str
) -> tuple[Agency, ...]:
    """Whom a report would go to, the first one first; empty: to nobody in the list.

    Args:
        agencies: As the file has them.
        law: Of the incident; so is `category`.
        category: One that an agency names goes before all that it does not.
        place: The code of its region or TPS; "": the whole country.

    Of two that are as near as each other the file's order decides.
    """
    concerned = [one for one in agencies if one.takes(law, category)]
    behind = [one for one in agencies if one.kind == "bawaslu" and one not in concerned]
    return (
        *_nearest_first(concerned, place),
        *_nearest_first([one for one in behind if one.categories is None], place),
    )


def agencies_of(agencies: tuple[Agency, ...], place: str) -> tuple[Agency, ...]:
    """All that a place belongs to, the nearest first."""
    return _nearest_first(list(agencies), place)


def _nearest_first(agencies: list[Agency], place: str) -> tuple[Agency, ...]:
    reached = [(one, one.reach(place)) for one in agencies]
    near = [(one, length) for one, length in reached if length is not None]
    near.sort(key=lambda pair: (pair[0].categories is None, -pair[1]))
    return tuple(one for one, _ in near)


def _tables_of(text: str, where: str) -> list[Any]:
    document = parse_document(text, where)
    for name in document:
        if name != "agency":
            raise ConfigError(where, name, Sentence("refer.agency-tables"))
    tables = document.get("agency", [])
    if not isinstance(tables, list):
        raise ConfigError(where, "agency", Sentence("refer.agency-brackets"))
    return tables


def _check_ways(entry: AgencyEntry, where: str, key: str) -> None:
    if entry.address is entry.email is entry.webhook is None:
        raise ConfigError(where, key, Sentence("refer.no-way"))
    if entry.webhook is None:
        for name in ("webhook_key", "allow_private"):
            if getattr(entry, name):
                raise ConfigError(where, f"{key}.{name}", Sentence("refer.no-webhook"))
    elif not entry.allow_private and not entry.webhook.startswith("https://"):
        raise ConfigError(where, f"{key}.webhook", Sentence("refer.not-https"))


def _to_agency(entry: AgencyEntry, path: Path) -> Agency:
    members = msgspec.structs.asdict(entry)
    members["laws"] = LAWS_OF[entry.kind] if entry.laws is None else entry.laws
    if entry.address is not None:
        members["address"] = entry.address.strip()
    if entry.webhook_key is not None:
        members["webhook_key"] = path.parent / entry.webhook_key
    return Agency(**members)
