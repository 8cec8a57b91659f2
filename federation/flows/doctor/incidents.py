"""Reports of violations: which record speaks of which follows from the leaves."""

from federation.flows.doctor.report import DoctorReport
from federation.flows.incidents.index import (
    BATCH,
    holds_incidents,
    read_incident_entries,
)
from federation.store import incidents, logs
from federation.store.following import end_of
from federation.store.view import View
from federation.text import Sentence


def check_incidents(view: View, report: DoctorReport) -> None:
    """What is noted of them is what the records say, log by log."""
    for incident in incidents.wrongly_marked(view):
        report.error("incident-names", incident, Sentence("examined.other-latest"))
    for log in logs.list_logs(view):
        noted = incidents.noted_up_to(view, log.id)
        end = end_of(log)
        if noted > end:
            wrong = Sentence("examined.noted-beyond", noted=noted)
            report.error("incident-names", log.origin, wrong)
            noted = end
        for start in range(0, noted, BATCH):
            last = min(start + BATCH, noted)
            found = incidents.list_entries(view, log.id, start, last)
            expected = []
            if holds_incidents(log):
                expected = read_incident_entries(view, log, start, last)
            if found != expected:
                report.error(
                    "incident-names",
                    log.origin,
                    Sentence("examined.records", start=start, end=last),
                )
