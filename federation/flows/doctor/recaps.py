"""Recapitulations: which record says which sums follows from the leaves."""

from federation.flows.doctor.report import DoctorReport
from federation.flows.recap.index import BATCH, read_recaps
from federation.store import logs, recaps
from federation.store.following import end_of
from federation.store.view import View
from federation.text import Sentence


def check_recaps(view: View, report: DoctorReport) -> None:
    """What is noted of them is what the records say, log by log."""
    for region in recaps.wrongly_marked(view):
        report.error("recap-names", region, Sentence("examined.other-latest"))
    for log in logs.list_logs(view):
        noted, end = recaps.noted_up_to(view, log.id), end_of(log)
        if noted > end:
            wrong = Sentence("examined.noted-beyond", noted=noted)
            report.error("recap-names", log.origin, wrong)
        for start in range(0, min(noted, end), BATCH):
            last = min(start + BATCH, noted, end)
            found = recaps.list_recaps(view, log.id, start, last)
            if found != read_recaps(view, log, start, last):
                where = Sentence("examined.records", start=start, end=last)
                report.error("recap-names", log.origin, where)
