"""KPU's figures day by day: how many changed, how many differed at the end of each.

Rule: by the times in the records, in days of WIB, KPU's own; compared with what the
monitors say now. Each snapshot by itself. Whoever signs a record says its time, so any
day of the calendar may stand there, and only the last ones are told.
"""

from collections import Counter
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Final

from msgspec import Meta, Struct

from federation.records.officialchange import KINDS, ChangeKind
from federation.store import officialchanges
from federation.store.view import View

_WIB_S: Final = 7 * 3_600
#: So many days of a snapshot are told, the last ones that changed anything.
MOST_DAYS: Final = 400
_DAY_S: Final = 86_400


class KpuDay(Struct, frozen=True, kw_only=True):
    """What one day changed in the snapshot of one organisation.

    `differing`: how many figures differ from all monitors at its end.
    """

    org: str
    day: Annotated[str, Meta(description="YYYY-MM-DD, WIB")]
    kinds: dict[ChangeKind, int]
    differing: int


def list_days(view: View, between: tuple[int, int], org: str) -> list[KpuDay]:
    """The last days that changed anything, in order: at most `MOST_DAYS`.

    Args:
        view: The snapshot.
        between: The first and the last key of the region.
        org: Whose copy of KPU's figures.
    """
    found: list[KpuDay] = []
    differing = 0
    counts = officialchanges.count_days(view, between, org, _WIB_S)
    for day, rows in groupby(counts, lambda count: count.day):
        kinds = Counter[ChangeKind]()
        for row in rows:
            kinds[row.kind] += row.rows
            differing += row.rows * (row.compared == "differs")
            differing -= row.rows * (row.was == "differs")
        found.append(
            KpuDay(
                org=org,
                day=datetime.fromtimestamp(day * _DAY_S, UTC).strftime("%Y-%m-%d"),
                kinds={kind: kinds[kind] for kind in KINDS},
                differing=differing,
            )
        )
    return found[-MOST_DAYS:]
