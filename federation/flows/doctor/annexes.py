"""Sealed annexes: whole, there, private, sealed for our key, and gone in time.

Rule: nothing is opened. What is looked at is the head, the check sum, the name, the
permissions, and the log of actions, which says what was kept and not purged since. The
day after its last one an annex may still lie here: the clock comes once a day.
"""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from federation.flows.annex.keep import is_due
from federation.flows.annex.uses import list_kept
from federation.flows.doctor.report import DoctorReport
from federation.store.annex import AnnexFolder, FoundAnnex
from federation.store.view import View
from federation.text import Sentence
from federation.text.cause import cause_of, place_of

_GRACE_S: Final = 2 * 86_400
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class AnnexPlaces(NamedTuple):
    """Where annexes lie, and by what they are judged.

    Attributes:
        folder: Of the annexes.
        key: Of the public key, `config/annexkey.key_id`; "": there is no good one.
        days: For how long a damaged one is kept: `annex.days`.
    """

    folder: AnnexFolder
    key: str
    days: int


def check_annexes(
    view: View, places: AnnexPlaces, now: int, report: DoctorReport
) -> None:
    """Every annex that was kept, and every one that lies here; none is opened."""
    try:
        for path in _open_to_others(places.folder):
            mode = stat.S_IMODE(path.lstat().st_mode)
            report.error(
                "annex-open", path.name, Sentence("examined.mode", mode=f"{mode:04o}")
            )
        here = list(places.folder.walk())
    except OSError as error:
        report.error("annex-store", place_of(error), cause_of(error))
        return
    for found in here:
        _check(found, places, now, report)
    if here and not places.key:
        told = Sentence("examined.annexes", count=len(here))
        report.error("annex-key", "annex.pub", told)
    for name in sorted(
        list_kept(view) - {(one.election, one.incident) for one in here}
    ):
        report.error(
            "annex-missing", "/".join(name), Sentence("examined.purged-by-nobody")
        )


def _check(
    found: FoundAnnex, places: AnnexPlaces, now: int, report: DoctorReport
) -> None:
    name = f"{found.election}/{found.incident}"
    if is_due(found, places.days, now - _GRACE_S):
        last = (
            Sentence("examined.days", days=places.days)
            if found.head is None
            else found.head.keep_until
        )
        report.error("annex-overdue", name, Sentence("examined.keep-until", last=last))
    if found.head is None:
        report.error("annex-damaged", name, Sentence("examined.bytes", size=found.size))
    elif places.key and found.head.key != places.key:
        told = Sentence("examined.sealed-for", key=found.head.key, ours=places.key)
        report.note("annex-other-key", name, told)


def _open_to_others(folder: AnnexFolder) -> Iterator[Path]:
    """What others of this machine may look into."""
    for path in folder.places():
        status = path.lstat()
        if status.st_mode & _OTHERS and not stat.S_ISLNK(status.st_mode):
            yield path
