"""A verdict for people: what was proved and in whose name, and what was not.

Rule: plain words, no jargon; never more than was proved. `--json` has times in
seconds.
"""

import json
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from federation.cli.output import Output
from federation.cli.times import tell_time
from federation.cli.verify.findings import print_findings, say_line
from federation.cli.verify.packages import print_package
from federation.cli.verify.photos import print_photos
from federation.flows.audit import (
    AuditedLog,
    AuditReport,
    DocumentReport,
    Holding,
)
from federation.flows.dataset.checking import PackageVerdict
from federation.records.kinds import worded_members

# The members of a record that say what it is about, in this order; then how it is so.
_PLACE: Final = (
    *("contest", "tps", "round"),
    *("region", "id", "incident", "duplicate_of", "agency"),
)
_FILE: Final = ("sha256", "answers", "dossier")
# What is not wrong with a document itself, but with what is known about its signer.
_OWNER: Final = frozenset({"unpinned", "wrong-key", "quorum", "stale", "cosignature"})
_MAX_SHOWN: Final = 20


def as_text(report: AuditReport) -> AuditReport:
    """The report for programs: each cause in plain English."""
    findings = (
        replace(finding, detail=str(finding.detail)) for finding in report.findings
    )
    return replace(report, findings=tuple(findings))


def print_report(
    out: Output, report: AuditReport, packed: PackageVerdict | None = None
) -> None:
    """Print the whole report; nothing with `--json`."""
    t = out.t
    unasked = {
        (finding.source, finding.origin)
        for finding in report.findings
        if finding.kind == "unreachable"
    }
    for log in report.logs:
        _print_log(out, log, is_unasked=(log.source, log.origin) in unasked)
    # An excerpt is a thousand receipts: those that do not hold, then some that do.
    documents = sorted(report.documents, key=lambda document: document.holds)
    for document in documents[:_MAX_SHOWN]:
        _print_document(out, document, report)
    if left := documents[_MAX_SHOWN:]:
        held = out.number(sum(document.holds for document in left))
        say_line(out, t("verify.documents", count=out.number(len(left)), held=held))
    _print_maps(out, report)
    if packed is not None:
        print_package(out, packed)
    print_findings(out, report)
    _print_photos(out, report)
    if report.logs or report.documents:
        out.line()
        say_line(out, t("verify.not-proved"))
        for code in report.not_proved:
            say_line(out, f"  - {t(f'verify.not-{code}')}")
        if report.shared:
            say_line(out, f"  - {t('verify.shared', count=report.shared)}")
    out.line()
    say_line(out, t("verify.verdict", verdict=_verdict(out, report), exit=report.exit))


def _print_maps(out: Output, report: AuditReport) -> None:
    for map_ in report.maps:
        key = "verify.map-equal" if map_.equal else "verify.map-differs"
        told = {"source": map_.source, "election": map_.election}
        say_line(out, out.t(key, count=out.number(map_.stations), **told))


def _print_photos(out: Output, report: AuditReport) -> None:
    if report.photos:
        out.line()
        print_photos(out, report.photos)


def _verdict(out: Output, report: AuditReport) -> str:
    if report.exit:
        return out.t(f"verify.kind-{report.verdict}")
    anything = any(log.records for log in report.logs) or report.documents
    return out.t("verify.proved" if anything else "verify.nothing")


def _print_log(out: Output, log: AuditedLog, *, is_unasked: bool) -> None:
    t = out.t
    say_line(out, f"{log.source}: {log.origin}")
    say_line(out, f"  {_signer(out, log)}")
    if log.companion:
        key_id = log.companion.split("+")[1]
        say_line(out, f"  {t('verify.companion', key_id=key_id)}")
    if log.continues:
        count = out.number(log.counted)
        told = t("verify.continues", count=count, origin=log.continues)
        say_line(out, f"  {told}")
    total = log.size - log.from_
    key = "verify.all" if log.records == total else "verify.some"
    numbers = {
        "count": out.number(log.records),
        "total": out.number(total),
        "first": out.number(log.from_),
        "last": out.number(log.size - 1),
    }
    say_line(out, f"  {t(key, **numbers)}")
    if log.refused:
        say_line(out, f"  {t('verify.refused', count=out.number(log.refused))}")
    if log.set_apart:
        say_line(out, f"  {t('verify.set-apart', count=out.number(log.set_apart))}")
    left = total - log.records - log.refused - log.unknown - log.set_apart
    if left > 0:
        key = "verify.unasked" if is_unasked else "verify.unjudged"
        say_line(out, f"  {t(key, count=out.number(left))}")
    if log.unknown:
        say_line(out, f"  {t('verify.unknown', count=out.number(log.unknown))}")
    _print_held(out, log.held, log.held_size)
    if log.quorum != "none":
        say_line(out, f"  {t(f'verify.quorum-{log.quorum}')}")


def _print_document(out: Output, document: DocumentReport, report: AuditReport) -> None:
    t = out.t
    errors = {
        finding.kind
        for finding in report.findings
        if finding.level == "error" and finding.source == document.source
    }
    key = "verify.document" if document.holds else "verify.document-fails"
    if not document.holds and document.fingerprint and errors <= _OWNER:
        key = "verify.document-unproved"
    say_line(out, f"{document.source}: {t(key, kind=t(f'verify.is-{document.kind}'))}")
    if key == "verify.document-fails":
        return
    if document.fingerprint or document.pinned != "no":
        say_line(out, f"  {_signer(out, document)}")
    if document.index is not None:
        place = {"origin": document.origin, "index": out.number(document.index)}
        say_line(out, f"  {t('verify.place', **place)}")
    if document.statement:
        for line in _tell_statement(out, document.statement):
            say_line(out, f"  {line}")
    _print_held(out, document.held, document.size or 0)
    if document.quorum != "none":
        say_line(out, f"  {t(f'verify.quorum-{document.quorum}')}")


def _signer(out: Output, subject: AuditedLog | DocumentReport) -> str:
    key = f"verify.pinned-{subject.pinned}"
    if not subject.fingerprint:
        key = "verify.pinned-log"
    org = subject.origin.partition("/")[0]
    return out.t(key, org=org, fingerprint=subject.fingerprint)


def _print_held(out: Output, held: Iterable[Holding], size: int) -> None:
    for holding in held:
        values = {
            "org": holding.org,
            "size": out.number(size),
            "time": tell_time(holding.time),
        }
        key = "verify.held" if holding.vouched else "verify.held-stranger"
        if not holding.holds:
            key, values["name"] = "verify.witnessed", holding.name
        say_line(out, f"  {out.t(key, fingerprint=holding.fingerprint, **values)}")
        if holding.ahead:
            say_line(out, f"    {out.t('verify.held-ahead', org=holding.org)}")


def _tell_statement(out: Output, text: str) -> Iterable[str]:
    """A record in words: what it is about, the votes last."""
    members = json.loads(text)
    told = [
        f"{out.t(f'verifier.fact_{name}')}: {_word(out, name, members[name])}"
        for name in (*_PLACE, *worded_members(), *_FILE)
        if name in members
    ]
    yield "; ".join(told) if told else str(members.get("type", ""))
    for name, label in (("candidates", "vote_number"), ("parties", "vote_party")):
        votes = members.get(name)
        # A record of a type that is not known here may hold anything.
        if isinstance(votes, dict) and votes:
            counts = (f"{key}: {value}" for key, value in votes.items())
            yield f"{out.t(f'verifier.{label}')} {', '.join(counts)}"


def _word(out: Output, name: str, value: object) -> str:
    """What a member says, in words where there are some for it."""
    if isinstance(value, dict):
        return "/".join(str(value.get(part, "")) for part in ("org", "id"))
    topic = "page" if name in {"contest", "round"} else "verifier"
    return out.t.word(f"{topic}.{name}_{value}", str(value))
