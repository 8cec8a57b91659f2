"""`datapackage.json`: which files there are, what is in them, where it all comes from.

Rule: it lists only files that are there, whole, with their SHA-256; it is written anew
behind each of them, so that whoever is interrupted goes on behind the last one. What
the rows were made from stands beside the files: the map by its digest, with how much of
which signed log, so that anybody can make it again from the records and compare.

    schema.json   what the columns are: shared by all files

Source: https://specs.frictionlessdata.io (Data Package, Data Resource, Table Schema)
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from federation.decoding import json_parser
from federation.flows.dataset.columns import Column
from federation.records.publishedmap import PublishedMap
from federation.text import Sentence, Text

PACKAGE: Final = "datapackage.json"
SCHEMA: Final = "schema.json"
#: More than a file for each province of each contest has.
MAX_PACKAGE_BYTES: Final = 1 << 22
_Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$(?!\n)")]
_Sha256 = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$(?!\n)")]


class PackagePart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One file of a package; `hash` is `sha256:` and hex."""

    name: _Name
    path: _Name
    format: str
    mediatype: str
    bytes: Annotated[int, Meta(ge=0)]
    hash: _Sha256
    rows: Annotated[int, Meta(ge=0)]
    encoding: str = "utf-8"
    schema: str | UnsetType = UNSET
    dialect: dict[str, str] | UnsetType = UNSET
    profile: str = "data-resource"


class PackageOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """What a package was made from, and of what it is.

    `map`: the published map. `complete`: no file is still to come.
    """

    contest: str
    what: str
    region: str
    format: str
    cursor: str
    map: PublishedMap
    complete: bool

    def is_same(self, other: "PackageOrigin") -> bool:
        """Whether a file of the other is a file of this."""
        return msgspec.structs.replace(self, complete=other.complete) == other


class DataPackage(msgspec.Struct, frozen=True, kw_only=True):
    """What is read back of a package; its other members are for people."""

    federation: PackageOrigin
    resources: Annotated[tuple[PackagePart, ...], Meta(max_length=10_000)]


_parse: Final = json_parser(DataPackage, what=Sentence("dataset.package-file"))


def parse_package(data: bytes) -> DataPackage:
    """A package that was written here or elsewhere.

    Raises:
        FormatError: it is not one of ours.
    """
    return _parse(data)


def format_schema(columns: Sequence[Column]) -> bytes:
    """A Table Schema; what a column means is told in both languages."""
    return _pretty({"fields": [_field(column) for column in columns]})


def format_package(
    about: dict[str, Any], origin: PackageOrigin, parts: Sequence[PackagePart]
) -> bytes:
    """The file; `about`: name, title, licences and other members for people."""
    return _pretty(
        {
            "profile": "data-package",
            **about,
            "federation": origin,
            "resources": parts,
        }
    )


def meaning_of(column: Column, language: str) -> str:
    """What a column means."""
    return Text("id" if language == "id" else "en")(column.meaning, of=column.of)


def _field(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": "integer" if column.kind == "integer" else "string",
        "description": meaning_of(column, "en"),
        "description_id": meaning_of(column, "id"),
    }


def _pretty(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
