"""What is personal of incidents: to be kept sealed, about to be read, to be deleted.

Rule: nothing here says what an annex says: who makes one seals it first, and who reads
one opens it by itself.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from federation.flows.annex.uses import MAX_WHY
from federation.records.incident import IncidentId
from federation.records.profile import Election
from federation.web.requests.request import Request


class SavedAnnex(msgspec.Struct, frozen=True, kw_only=True):
    """Until which day an annex is kept, and whether it took the place of another."""

    keep_until: str
    replaced: bool


class SaveAnnex(Request[SavedAnnex], frozen=True, kw_only=True):
    """The annex of an incident, sealed already: nobody else than its maker reads it.

    `annex`: the file (`store/annex.py`); `person`: at whose hand, "" for the machine.
    """

    route = "/v1/control/save-annex"

    annex: str
    person: str = ""
    why: Annotated[str, Meta(max_length=MAX_WHY)] = ""
    replace: bool = False


class UseAnnex(Request[None], frozen=True, kw_only=True):
    """The annex of an incident is about to be read: to be written down first."""

    route = "/v1/control/use-annex"

    use: Literal["show", "export"]
    election: Election
    incident: IncidentId
    why: Annotated[str, Meta(min_length=1, max_length=MAX_WHY)]
    person: str = ""


class PapersLeft(msgspec.Struct, frozen=True, kw_only=True):
    """Papers with an opened annex that are on their way: of `org/id`, to whom."""

    incident: str
    agency: str


class PurgedAnnex(msgspec.Struct, frozen=True, kw_only=True):
    """An annex is gone; which papers of it are not."""

    left: list[PapersLeft]


class PurgeAnnex(Request[PurgedAnnex], frozen=True, kw_only=True):
    """The annex of an incident is to be deleted, now and for good."""

    route = "/v1/control/purge-annex"

    election: Election
    incident: IncidentId
    why: Annotated[str, Meta(min_length=1, max_length=MAX_WHY)]
    person: str = ""


class PurgedAnnexes(msgspec.Struct, frozen=True, kw_only=True):
    """How many annexes had had their time and are gone, and how many are damaged.

    `left`: which papers of those that are gone are still on their way.
    """

    purged: int
    damaged: int
    left: list[PapersLeft]


class PurgeDueAnnexes(Request[PurgedAnnexes], frozen=True, kw_only=True):
    """Annexes whose time has come are deleted here, now."""

    route = "/v1/control/purge-due-annexes"
