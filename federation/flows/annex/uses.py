"""Who used which annex, and why: a line of the log of actions, for each use.

Rule: written down first, then done: what is not in the log was not shown, exported,
kept or purged by this program. Whoever is named is a coordinator who is let in now;
nobody named is a command on the node's own machine, as everywhere in that log.

    annex-add   annex-show   annex-export   annex-purge   annex-expire

The line says why in a sentence about nobody: the log is kept for longer than an annex.
"""

from typing import Final, Literal, NamedTuple, TypeAlias

from federation.errors import FormatError, NotFoundError
from federation.records.canonical import check_text
from federation.records.personal import find_personal
from federation.records.readers import Person, may_do
from federation.sources.row import clip
from federation.store.actions import MACHINE, list_subjects, note_action
from federation.store.people import find_person
from federation.store.view import Transaction, View
from federation.text import Sentence

AnnexAct: TypeAlias = Literal["add", "show", "export", "purge", "expire"]
MAX_WHY: Final = 200
_GONE: Final = frozenset({"annex-purge", "annex-expire"})


class AnnexUse(NamedTuple):
    """What is done with which annex, by whom ("" for the machine), why, and when."""

    what: AnnexAct
    election: str
    incident: str
    person: str
    why: str
    at: int


def list_kept(view: View) -> set[tuple[str, str]]:
    """Election and id of each annex that was kept here and not purged since.

    As far as the log of actions goes back. One that a disk refused after its use was
    written down is among them: purged, it is no longer.
    """
    kept: set[tuple[str, str]] = set()
    for what, subject in list_subjects(view, "annex-"):
        election, incident, *_ = f"{subject}  ".split(" ")
        if what == "annex-add":
            kept.add((election, incident))
        elif what in _GONE:
            kept.discard((election, incident))
    return kept


def check_why(why: str) -> None:
    """Refuse a reason that hides something, or is somebody's.

    Raises:
        FormatError: it is too long, or tells of a person; with the word.
        RecordError: it holds a hidden character.
    """
    if len(why) > MAX_WHY:
        raise FormatError(Sentence("annex.long-why", most=MAX_WHY), "--why")
    check_text(why, "--why")
    if found := find_personal(why):
        kind = Sentence(f"personal.{found.kind}")
        told = Sentence("annex.personal-why", word=clip(found.word), kind=kind)
        raise FormatError(told, "--why")


def note_use(tx: Transaction, use: AnnexUse) -> None:
    """Write a use down, in the transaction before it is done.

    Raises:
        NotFoundError: nobody of that name may do it.
        FormatError: the reason tells of a person.
        RecordError: the reason holds a hidden character.
    """
    check_why(use.why)
    name, role = MACHINE
    if use.person:
        known = find_coordinator(tx, use.person, use.at)
        name, role = known.name, known.role
    subject = f"{use.election} {use.incident} {use.why}".rstrip()
    note_action(tx, name, role, f"annex-{use.what}", subject, use.at)


def find_coordinator(tx: Transaction, name: str, now: int) -> Person:
    """Somebody of ours who may refer reports now, by name.

    Raises:
        NotFoundError: nobody of that name may.
    """
    person = find_person(tx, name, now)
    # Whoever may refer a report has to see what is sent along.
    if person is None or not may_do(person, "refer"):
        raise NotFoundError(Sentence("annex.no-coordinator", name=name))
    return person
