"""Rows of no log alone: written twice, signed by others, or of nothing here.

What a row means, and what is lost with it, is said by its table: `row-<table>` of
text/doctor.toml.
"""

from collections.abc import Mapping, Sequence

from federation.errors import FederationError
from federation.flows.doctor.report import DoctorReport
from federation.records.about import open_about
from federation.records.keychain import KeyChain
from federation.records.register import format_register_digest
from federation.store import copies, form, keystatements, registers, strays, twice
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence, as_said
from federation.tlog.checkpoint import open_by_any


def check_twice(view: View, report: DoctorReport) -> None:
    """Every row that nothing signed proves stands here as it was written."""
    if not form.is_written_twice(view):
        report.note("written-once", "schema", Sentence("examined.next-start"))
    for table, key in twice.find_differing(view):
        report.error(f"row-{table.replace('_', '-')}", table, as_said(key))


def check_strays(view: View, report: DoctorReport) -> None:
    """No row is of a log that is not here."""
    for table, number in strays.find_strays(view):
        report.error("stray", table, Sentence("why.log", log_id=number))


def check_about(
    view: View, chains_of: Mapping[str, Sequence[KeyChain]], report: DoctorReport
) -> None:
    """Every about note was signed by a node of the organisation that it is about."""
    for org, issue, note in keystatements.list_about(view):
        keys = {key for chain in chains_of.get(org, ()) for key in chain.node_keys()}
        if not keys:
            report.note("about-unchecked", org, Sentence("examined.no-chain"))
            continue
        try:
            about = open_about(note, sorted(keys, key=str))
        except FederationError as error:
            report.error("about", org, error.told)
            continue
        if (about.org, about.issue) != (org, issue):
            report.error(
                "about",
                org,
                Sentence("examined.of-issue", org=about.org, issue=about.issue),
            )


def check_copy(view: View, log: Log, chain: KeyChain, report: DoctorReport) -> None:
    """The largest state of a log that was ever shown is one that the log signed."""
    copy = copies.read_copy(view, log.id)
    if copy is None:
        return
    size, org, note = copy
    try:
        # By any of its keys: one that was revoked since had signed it all the same.
        shown = open_by_any(note, chain.keys_by_role().get("log", ()))
    except FederationError as error:
        report.error(
            "copy", log.origin, Sentence("examined.shown-by", org=org, error=error.told)
        )
        return
    if (shown.origin, shown.size) != (log.origin, size):
        report.error("copy", log.origin, Sentence("examined.shown-size", org=org))


def check_registers(view: View, report: DoctorReport) -> None:
    """The stations of a register are those of its digest, and counted right."""
    for election, digest in registers.list_registers(view):
        codes = registers.list_codes(view, election)
        if format_register_digest(codes) != digest:
            report.error("register", election, Sentence("examined.other-digest"))
