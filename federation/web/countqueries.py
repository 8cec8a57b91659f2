"""What may be asked beside the official count: KPU's figures, sums of regions, leads.

Rule: as of `queries.py`, of which these are a part.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from federation.flows.query.forensics.answers import Pattern
from federation.flows.query.forensics.part import KEPT
from federation.flows.query.kpuanswers import ListedChanges
from federation.flows.query.margincount import KEPT_NAMES
from federation.flows.query.pictures.answers import Whose
from federation.flows.recap.list import RecapFilter
from federation.records.margin import Basis
from federation.records.recapitulation import RecapVerdict
from federation.store.officialchanges import ChangeOrder
from federation.web.queries import (
    After,
    Code,
    ContestParameter,
    ElectionParameter,
    FileForm,
    Form,
    Limit,
)


class _WhichChanges(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which changes of KPU's figures."""

    election: ElectionParameter = ""
    contest: ContestParameter = ""
    region: Code = ""
    kind: Annotated[
        ListedChanges,
        Meta(
            description="only such changes; `wrong`: figures that stand and differ from"
            " all monitors, `apart`: where two organisations copied different ones"
        ),
    ] = ""
    org: Annotated[
        str, Meta(description="only what this organisation copied from KPU")
    ] = ""


class KpuQuery(_WhichChanges, frozen=True, kw_only=True):
    """A page of changes of KPU's figures."""

    sort: Annotated[
        ChangeOrder,
        Meta(
            description="usually the newest first; `place`: by station; `since`: what"
            " has differed longest first, with `kind=wrong` alone"
        ),
    ] = ""
    format: Form = "json"
    after: After = ""
    limit: Limit = 100


class KpuExportQuery(_WhichChanges, frozen=True, kw_only=True):
    """All changes of KPU's figures, in one stream."""

    format: FileForm = "csv"


class RecapsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Documents of sums."""

    election: ElectionParameter = ""
    contest: ContestParameter = ""
    region: Code = ""
    verdict: Annotated[
        Literal["", RecapVerdict], Meta(description="only documents of this verdict")
    ] = ""
    first: Annotated[
        Literal["", "1"],
        Meta(description="1: only where something begins to be broken"),
    ] = ""
    org: Annotated[str, Meta(max_length=253, description="only of this domain")] = ""
    exact: Annotated[
        Literal["", "1"], Meta(description="1: of the region itself, none within it")
    ] = ""
    format: Form = "json"
    after: After = ""
    limit: Limit = 100

    @property
    def which(self) -> RecapFilter:
        """The documents that are meant."""
        flags = {"first": bool(self.first), "exact": bool(self.exact)}
        return RecapFilter(self.region, self.verdict, org=self.org, **flags)


class MarginQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The margins of a region, and how many of the stations to be seen first."""

    election: ElectionParameter = ""
    contest: ContestParameter = ""
    region: Code = ""
    basis: Annotated[Basis, Meta(description="by whose figures stations are told")] = (
        "monitors"
    )
    against: Annotated[
        str, Meta(description="whom behind the first, by ballot number; the closest")
    ] = ""
    format: Form = "json"
    limit: Annotated[
        int, Meta(ge=1, le=KEPT_NAMES, description="most stations told")
    ] = 20


class ForensicsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The patterns of a region, and how many of the stations that each names."""

    election: ElectionParameter = ""
    contest: ContestParameter = ""
    region: Code = ""
    candidate: Annotated[
        str, Meta(description="whose votes, by ballot number; the first one's")
    ] = ""
    whose: Annotated[Whose, Meta(description="whose figures of the votes")] = "monitors"
    pattern: Annotated[
        Literal["", Pattern], Meta(description="only this pattern; all")
    ] = ""
    format: Form = "json"
    limit: Annotated[
        int, Meta(ge=1, le=KEPT, description="most stations told of a pattern")
    ] = 20
