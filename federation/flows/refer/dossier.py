"""The papers of one incident for an agency: a letter, the report, what lacks, proofs.

Rule: a dossier says what is known and names what is not. What the law asks for stands
in a table of its own, met or missing; where something is missing the papers call
themselves *informasi awal* on every page. The same input makes the same bytes, whose
SHA-256 `referral/1` may name. Nothing in it is read as markup: what people wrote is
printed as they wrote it.

    letter             to whom, what, until when, what is enclosed, signatures
    report             reporter, accused, event, witnesses, evidence, account: the parts
                       and the order of Bawaslu's own form (Model B, Perbawaslu 7/2022)
    requirements       each with met or missing, and the clock
    evidence           photographs with the digests that were signed
    records            which signed records stand behind it, and how to verify them

A dossier holds what is personal (the annex): it is made for the agency alone. It is
drawn by `papers.draw_dossier`, imported late: it loads all that draws pages.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import UNSET

from federation.config.agencies import Agency
from federation.flows.annex.contents import UNNAMED, IncidentAnnex
from federation.records.deadline import Deadline
from federation.records.incident import Incident

Requirement: TypeAlias = Literal[
    "reporter", "accused", "event", "account", "in-time", "evidence", "witnesses"
]
#: What a report must have to be taken as one (UU 7/2017 art. 454 (4) and (6), UU 1/2015
#: art. 134 (3) and (4)); evidence and witnesses are asked for, and can follow.
FORMAL: tuple[Requirement, ...] = (
    "reporter",
    "accused",
    "event",
    "account",
    "in-time",
)
REQUIREMENTS: tuple[Requirement, ...] = (*FORMAL, "evidence", "witnesses")


@dataclass(frozen=True, kw_only=True)
class DossierReceipt:
    """Where a record of the incident stands: hex id, log, index in it from 0."""

    record: str
    origin: str
    index: int

    @property
    def file_name(self) -> str:
        """What the file that proves it is called, beside the papers."""
        return f"receipt-{self.record[:16]}.txt"


@dataclass(frozen=True, kw_only=True)
class DossierInput:
    """All that a dossier says.

    Attributes:
        incident: As its organisation signed it.
        agency: To whom.
        sender: The organisation that writes, for people.
        contact: How it is reached.
        election: The election's name.
        place: Names of the regions around the place, the nearest first; may be empty.
        written_at: Date of the letter, and the moment at which days are counted.
        deadline: None: the rule of the election is not known.
        annex: None: there is none, or it stays closed.
        photos: JPEGs drawn by us, small, by the digest of the evidence.
        receipts: Of the records that are about the incident.
    """

    incident: Incident
    agency: Agency
    sender: str
    contact: str
    election: str
    place: tuple[str, ...]
    written_at: datetime
    deadline: Deadline | None
    annex: IncidentAnnex | None
    photos: Mapping[str, bytes] = field(default_factory=dict)
    receipts: tuple[DossierReceipt, ...] = ()


def find_missing(given: DossierInput) -> tuple[Requirement, ...]:
    """What is asked for and is not there, in the order of `REQUIREMENTS`."""
    incident, annex = given.incident, given.annex or IncidentAnnex()
    reporter = annex.reporter
    met: dict[Requirement, bool] = {
        "reporter": reporter is not None
        and reporter.name != UNNAMED
        and bool(reporter.address.strip()),
        "accused": bool(annex.accused),
        # A record without them is refused: when, and at least which province.
        "event": True,
        "account": incident.description is not UNSET,
        "in-time": given.deadline is None
        or not given.deadline.is_past(given.written_at),
        "evidence": incident.evidence is not UNSET,
        "witnesses": bool(annex.witnesses),
    }
    return tuple(name for name in REQUIREMENTS if not met[name])


def is_formal(given: DossierInput) -> bool:
    """Whether it is a report; else it is initial information (informasi awal)."""
    return not set(FORMAL) & set(find_missing(given))
