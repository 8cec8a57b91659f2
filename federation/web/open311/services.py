"""Which services there are: the categories of reports, and what may be said of each.

Rule: a service is a category (`records/incident.py`); nothing is listed that cannot be
signed. What a record needs and Open311 has no field for is an attribute, the same ones
for every service, none required: which law is broken follows from the category unless
somebody says it.

Source: GeoReport v2, "GET Service List" and "GET Service Definition"
"""

from typing import Final, Literal, TypeAlias

from msgspec import Struct

from federation.records.incident import CATEGORIES, LAWS, IncidentCategory, IncidentLaw
from federation.text import LANGUAGES, Text

#: The law that is most often broken by what a category holds; `attribute[law]` wins.
LAW_OF: Final[dict[IncidentCategory, IncidentLaw]] = {
    "alat_peraga": "administrasi",
    "daftar_pemilih": "administrasi",
    "intimidasi": "pidana",
    "kampanye_terlarang": "administrasi",
    "kerumunan": "protokol",
    "lainnya": "administrasi",
    "logistik_surat_suara": "administrasi",
    "netralitas_aparat": "hukum_lain",
    "penggelembungan_suara": "pidana",
    "politik_uang": "pidana",
    "prosedur_tps": "administrasi",
    "protokol_kesehatan": "protokol",
}

_Datatype: TypeAlias = Literal["string", "datetime", "text", "singlevaluelist"]
#: The attributes in their order. The last two are sealed, and never come back.
ATTRIBUTES: Final[dict[str, _Datatype]] = {
    "law": "singlevaluelist",
    "tps": "string",
    "region": "string",
    "happened_at": "datetime",
    "known_at": "datetime",
    "accused": "string",
    "reporter_address": "text",
}


class Open311Service(Struct, frozen=True, kw_only=True):
    """One category; `keywords`: its name in both languages, after a comma."""

    service_code: IncidentCategory
    service_name: str
    description: str
    metadata: bool
    type: Literal["realtime"]
    keywords: str
    group: str


class Open311Value(Struct, frozen=True, kw_only=True):
    """One of the values of an attribute."""

    key: str
    name: str


class Open311Attribute(Struct, frozen=True, kw_only=True):
    """What may be said of a report beside the form: `attribute[code]=…`."""

    variable: bool
    code: str
    datatype: _Datatype
    required: bool
    datatype_description: str
    order: int
    description: str
    values: tuple[Open311Value, ...]


class Open311Definition(Struct, frozen=True, kw_only=True):
    """What may be said of a report of one category."""

    service_code: str
    attributes: tuple[Open311Attribute, ...]


def list_services(t: Text) -> list[Open311Service]:
    """Every category, in the language."""
    return [
        Open311Service(
            service_code=category,
            service_name=service_name(t, category),
            description=t(f"open311.about-{category}"),
            metadata=True,
            type="realtime",
            keywords=", ".join(
                service_name(Text(language), category) for language in LANGUAGES
            ),
            group=t("open311.group"),
        )
        for category in CATEGORIES
    ]


def service_name(t: Text, category: str) -> str:
    """What people call a category."""
    return t(f"open311.service-{category}")


def define_service(t: Text, code: str) -> Open311Definition | None:
    """What may be said of a report of this category; None: there is none."""
    if code not in CATEGORIES:
        return None
    attributes = tuple(
        Open311Attribute(
            variable=True,
            code=name,
            datatype=datatype,
            required=False,
            datatype_description=t(f"open311.type-{name}"),
            order=order,
            description=t(f"open311.attribute-{name}"),
            values=_values(t) if name == "law" else (),
        )
        for order, (name, datatype) in enumerate(ATTRIBUTES.items(), 1)
    )
    return Open311Definition(service_code=code, attributes=attributes)


def _values(t: Text) -> tuple[Open311Value, ...]:
    return tuple(Open311Value(key=law, name=t(f"open311.law-{law}")) for law in LAWS)
