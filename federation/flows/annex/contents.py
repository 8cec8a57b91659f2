"""What the annex of an incident says: who reported it, whom it accuses, exactly where.

Rule: this is in no record, log line, metric or error, and is sent to the agency only.
So none of these values shows itself where it is printed by mistake.

    {"reporter":  {"name":…, "address":…, "contact":…},
     "accused":   [{"name":…, "address":…, "about":…}],
     "witnesses": [{"name":…, "address":…, "contact":…}],
     "position":  {"lat":-1.39, "lon":120.75},
     "notes":     …}

All of it may be left out, but not all at once. A report to Bawaslu must name the
reporter with an address, and the accused (Law 7/2017 art. 454).

Source: docs/reference/annex.md
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from federation.decoding import parse_json
from federation.errors import FormatError
from federation.text import Sentence

#: The name of somebody of whom only other things are known.
UNNAMED: Final = "-"

Latitude = Annotated[float, Meta(ge=-90, le=90)]
Longitude = Annotated[float, Meta(ge=-180, le=180)]


class _Hidden(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


class AnnexPerson(_Hidden, frozen=True, kw_only=True):
    """Somebody whom a report names.

    Attributes:
        name: As they give it, or as they are known.
        address: Where they live or can be found.
        contact: A telephone number, an e-mail address.
        about: What else is known: an office, a relation to the others.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    address: Annotated[str, Meta(max_length=500)] = ""
    contact: Annotated[str, Meta(max_length=300)] = ""
    about: Annotated[str, Meta(max_length=2000)] = ""


class ExactPosition(_Hidden, frozen=True, kw_only=True):
    """Where it happened, in degrees (WGS 84)."""

    lat: Latitude
    lon: Longitude


_People = Annotated[tuple[AnnexPerson, ...], Meta(max_length=50)]


class IncidentAnnex(_Hidden, frozen=True, kw_only=True):
    """What is personal of one incident."""

    reporter: AnnexPerson | None = None
    accused: _People = ()
    witnesses: _People = ()
    position: ExactPosition | None = None
    notes: Annotated[str, Meta(max_length=20_000)] = ""


def parse_contents(data: bytes, at: str = "") -> IncidentAnnex:
    """What somebody hands in as an annex, as JSON; `at` says where it comes from.

    Raises:
        FormatError: it is no JSON of this shape, or says nothing.
    """
    contents = parse_json(data, IncidentAnnex, what=Sentence("member.an-annex"), at=at)
    if contents == IncidentAnnex():
        raise FormatError(Sentence("annex.empty"), at)
    return contents
