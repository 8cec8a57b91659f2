"""What may be asked of the public reads: the parameters after the `?`.

Rule: each is a type; `openapi.py` refuses by name what the type does not have.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from federation.flows.incidents.sortedlist import IncidentOrder
from federation.flows.query.export import What
from federation.flows.query.partorder import PartOrder
from federation.flows.query.pictures.answers import Picture, Whose
from federation.flows.query.scope import REGION_CODE
from federation.flows.query.stations import StationFilter
from federation.flows.queue.answers import QueueOrder
from federation.records.canonical import DAY_PATTERN, or_nothing
from federation.records.incident import IncidentCategory, IncidentLaw
from federation.records.incidentstatus import WorkflowStatus
from federation.records.profile import CONTESTS, ELECTION_PATTERN
from federation.records.readingqueue import ReadingQueue, ReadingReason
from federation.records.tps import TPS_PATTERN

MAX_LIMIT = 1_000
MAX_WAIT_S = 60


def _told(about: str, **schema: object) -> Meta:
    """What is said of a parameter; its form is checked where it is used.

    There each mistake is refused in words of its own.
    """
    return Meta(description=about, extra_json_schema=schema)


_DAY = or_nothing(DAY_PATTERN)
ElectionParameter = Annotated[
    str,
    _told("election; default: the node's first", pattern=or_nothing(ELECTION_PATTERN)),
]
ContestParameter = Annotated[
    str, _told("contest; default: the election's first", enum=["", *CONTESTS])
]
Code = Annotated[str, _told("only in this region", pattern=REGION_CODE)]
After = Annotated[str, Meta(description="`next` of the page before")]
AfterStation = Annotated[
    str, _told("`next` of the page before", pattern=or_nothing(TPS_PATTERN))
]
Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT, description="most items of a page")]
_FORM = Meta(description="form of answer; `excel`: CSV as Excel has it in Indonesia")
Form = Annotated[Literal["json", "csv", "excel", "xlsx", "ndjson"], _FORM]
GeoForm = Annotated[Literal["json", "csv", "excel", "xlsx", "ndjson", "geojson"], _FORM]
FileForm = Annotated[Literal["csv", "excel", "xlsx", "ndjson"], _FORM]


StatusParameter = Annotated[
    Literal["", WorkflowStatus],
    Meta(description="only those of which this is the status"),
]


AgencyParameter = Annotated[
    str,
    Meta(description="only those that this agency has, by its key or the kind of it"),
]


class ElectionQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which election."""

    election: ElectionParameter = ""


class ContestQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which election and contest."""

    election: ElectionParameter = ""
    contest: ContestParameter = ""


class TpsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which election; all its contests are answered."""

    election: ElectionParameter = ""
    format: Form = "json"


class RegionQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One region; `after` and `limit` page through the stations of a village."""

    election: ElectionParameter = ""
    contest: ContestParameter = ""
    sort: Annotated[
        PartOrder,
        Meta(description="the parts by this figure, the most first; `-`: the least"),
    ] = ""
    format: Form = "json"
    after: After = ""
    limit: Limit = 500


class ListQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list of polling stations."""

    election: ElectionParameter = ""
    contest: ContestParameter = ""
    region: Code = ""
    format: Form = "json"
    after: AfterStation = ""
    limit: Limit = 100


class PartnersQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which partner, all without one, and how many visits of each."""

    org: Annotated[str, Meta(max_length=253, description="domain of a partner")] = ""
    turns: Annotated[int, Meta(ge=0, le=100, description="how many visits of each")] = 5


class _WhichStations(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which polling stations, by what is counted of them."""

    election: ElectionParameter = ""
    contest: ContestParameter = ""
    region: Code = ""
    status: Annotated[
        Literal["", "missing", "unread", "single", "agreed", "disputed"],
        Meta(description="only those of which this is the status"),
    ] = ""
    official: Annotated[
        Literal["", "none", "matches", "differs"],
        Meta(description="only those where KPU's figures compare so"),
    ] = ""
    flag: Annotated[
        Literal[
            "",
            "figures_differ",
            "implausible",
            "incomplete",
            "numbering",
            "one_digit",
            "outside_register",
            "shared_file",
            "zero",
        ],
        Meta(description="only those with this flag"),
    ] = ""
    org: Annotated[
        str, Meta(description="only where this organisation has a result")
    ] = ""
    only: Annotated[
        str, Meta(description="only where no other organisation has one")
    ] = ""
    lacks: Annotated[
        str, Meta(description="only where others have one and this one has not")
    ] = ""
    outside: Annotated[
        Literal["", "1"], Meta(description="only those that are not in the register")
    ] = ""
    covered: Annotated[
        Literal["", "any", "figures"],
        Meta(
            description="only those of the register of which a monitor has anything"
            " (`any`), or votes (`figures`)"
        ),
    ] = ""

    sort: Annotated[
        Literal["", "apart"],
        Meta(description="`apart`: the figures that lie furthest apart first"),
    ] = ""

    @property
    def which(self) -> StationFilter:
        """The stations that are meant."""
        return StationFilter(**{k: getattr(self, k) for k in StationFilter._fields})


class StationsQuery(_WhichStations, frozen=True, kw_only=True):
    """A page of polling stations."""

    format: Form = "json"
    after: AfterStation = ""
    limit: Limit = 100


class PicturesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The pictures of a region; of a table: which one."""

    election: ElectionParameter = ""
    contest: ContestParameter = ""
    region: Code = ""
    candidate: Annotated[
        str, Meta(description="whose votes, by ballot number; the first one's")
    ] = ""
    whose: Annotated[Whose, Meta(description="whose figures of the votes")] = "monitors"
    turnout: Annotated[
        str, Meta(description="with `share`: the cell whose stations are looked for")
    ] = ""
    share: Annotated[
        str, Meta(description="where the cell begins, as `share_from`")
    ] = ""
    picture: Annotated[
        Literal["", Picture],
        Meta(description="which picture's table; needed for `csv` and `ndjson`"),
    ] = ""
    format: Form = "json"


class _WhichForms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which forms that wait to be read are asked for, in which order."""

    election: ElectionParameter = ""
    contest: ContestParameter = ""
    region: Code = ""
    queue: Annotated[ReadingQueue, Meta(description="which queue")] = "unread"
    reason: Annotated[
        Literal["", ReadingReason], Meta(description="only those that wait for this")
    ] = ""
    order: Annotated[
        QueueOrder, Meta(description="the graver reason first, or by code alone")
    ] = "gravest"


class QueueQuery(_WhichForms, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of a reading queue."""

    format: Form = "json"
    after: After = ""
    limit: Limit = 100


class QueueExportQuery(
    _WhichForms, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A whole reading queue."""

    format: FileForm = "csv"


class AlikeQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Photographs that look alike."""

    election: ElectionParameter = ""
    region: Code = ""
    format: Form = "json"
    after: After = ""
    limit: Limit = 100


class _WhichIncidents(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which reports of violations."""

    election: ElectionParameter = ""
    category: Annotated[
        Literal["", IncidentCategory], Meta(description="only of this category")
    ] = ""
    law: Annotated[Literal["", IncidentLaw], Meta(description="only of this law")] = ""
    region: Code = ""
    org: Annotated[str, Meta(description="only of this organisation")] = ""
    since: Annotated[
        str, _told("reported on this day (YYYY-MM-DD, WIB) or later", pattern=_DAY)
    ] = ""
    until: Annotated[
        str, _told("reported on this day (YYYY-MM-DD, WIB) or before", pattern=_DAY)
    ] = ""


class IncidentsQuery(_WhichIncidents, frozen=True, kw_only=True):
    """A page of reports of violations."""

    format: GeoForm = "json"
    after: After = ""
    limit: Limit = 100


class MergedQuery(_WhichIncidents, frozen=True, kw_only=True):
    """A page of incidents."""

    status: StatusParameter = ""
    agency: AgencyParameter = ""
    format: GeoForm = "json"
    after: After = ""
    limit: Limit = 100


class IncidentExportQuery(_WhichIncidents, frozen=True, kw_only=True):
    """All incidents, in one stream."""

    status: StatusParameter = ""
    agency: AgencyParameter = ""
    sort: Annotated[
        IncidentOrder, Meta(description="up to 500: by what; the newest report first")
    ] = ""
    format: Annotated[Literal["csv", "excel", "xlsx", "ndjson", "geojson"], _FORM] = (
        "csv"
    )


class DuplicatesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reports that may be of one thing."""

    election: ElectionParameter = ""
    region: Code = ""
    after: After = ""
    limit: Limit = 100


class CountsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many reports of violations there are."""

    election: ElectionParameter = ""
    format: GeoForm = "json"


class PhotosQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of photographs, by digest."""

    after: After = ""
    limit: Limit = 100


class ChangesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What changed since a cursor."""

    election: ElectionParameter = ""
    since: Annotated[
        str,
        _told("cursor of an earlier answer", pattern=r"^(?:.+\.[0-9]{1,15})?$"),
    ] = ""
    exclude: Annotated[
        Literal["", "own"],
        Meta(description="`own`: leave out what only this organisation says"),
    ] = ""
    wait: Annotated[
        int,
        Meta(ge=0, le=MAX_WAIT_S, description="seconds to wait when nothing is new"),
    ] = 0
    limit: Limit = 500
    format: Form = "json"


class ExportQuery(_WhichStations, frozen=True, kw_only=True):
    """Everything of one sort, in one stream; filters, order are those of `stations`."""

    what: Annotated[What, Meta(description="which rows")] = "results"
    format: FileForm = "csv"
