"""What changed in KPU's figures: made again from the map and the leaves, and compared.

Rule: of every row of the map but those that are due: of these it may be behind.
"""

from federation.flows.doctor.report import DoctorReport
from federation.flows.merge import make_official
from federation.store import mapstate, officialchanges
from federation.store.mapkey import decode_key, election_range
from federation.store.view import View
from federation.text import as_said

BATCH = 5_000


def check_official(view: View, report: DoctorReport) -> None:
    """What is noted of KPU's figures is what the records say, map by map."""
    for table, key in officialchanges.find_strays(view):
        report.error("official-changes", table, as_said(str(key)))
    for election in mapstate.list_elections(view):
        number = mapstate.find_election(view, election)
        assert number is not None, "it was listed"
        first, last = election_range(number)
        while keys := officialchanges.list_settled(view, (first, last), BATCH):
            for key in _differing(view, keys):
                what = as_said(" ".join(decode_key(key)))
                report.error("official-changes", election, what)
            first = keys[-1] + 1


def _differing(view: View, keys: list[int]) -> list[int]:
    found = officialchanges.read_rows(view, keys)
    made = make_official(view, keys, {})
    return sorted({row.key for row in set(found) ^ set(made)})
