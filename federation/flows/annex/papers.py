"""Papers for an agency, in which an annex lies open: they go when it goes.

Rule: what somebody has approved goes to its end, as our log says so already: whoever
purges is told of that. All others are withdrawn and deleted, and the annex after them:
whatever is killed in between leaves the annex, to be purged once more.
"""

from typing import NamedTuple

import msgspec

from federation.store.actions import MACHINE, note_action
from federation.store.db import Database
from federation.store.outbox import ON_THE_WAY, OutboxItem, list_items, save_item
from federation.store.papers import PapersFolder
from federation.text import Sentence


class OwnPapers(NamedTuple):
    """The papers that wait here, and whose they are: our organisation."""

    folder: PapersFolder
    org: str


def drop_papers(
    db: Database, own: OwnPapers, election: str, incident: str, now: int
) -> list[OutboxItem]:
    """Delete the papers of an incident; those that are on their way, and stay.

    Args:
        db: The database; on its writer thread.
        own: Where they lie.
        election: Of the incident.
        incident: Its id.
        now: Unix seconds.

    Raises:
        OSError: a disk is full or failed; some may be there still.
    """
    name = f"{own.org}/{incident}"
    with db.transaction() as tx:
        items = list_items(tx)
        # A note names nobody.
        dossiers = [one for one in items if one.kind == "dossier"]
        meant = [
            one for one in dossiers if (one.election, one.incident) == (election, name)
        ]
        for item in meant:
            if item.state == "prepared":
                why = str(Sentence("annex.papers-gone"))
                gone = msgspec.structs.replace(item, state="withdrawn", answer=why)
                save_item(tx, gone)
                subject = f"{name} {item.agency}"
                note_action(tx, *MACHINE, "refer-withdraw", subject, now)
    left = [one for one in meant if one.state in ON_THE_WAY]
    # Others may wait for the same bytes.
    needed = {one.dossier for one in items if one not in meant or one in left}
    for item in meant:
        if item.dossier and item.dossier not in needed:
            own.folder.drop(item.dossier)
    return left
