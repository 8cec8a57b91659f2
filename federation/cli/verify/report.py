"""A verdict for people: what was proved and in whose name, and what was not.

Rule: plain words, no jargon; never more than was proved. `--json` has times in
seconds.
"""

import json
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from federation.cli.output import Output, clean_line
from federation.cli.times import tell_time
from federation.flows.audit import (
    AuditedLog,
    AuditFinding,
    AuditReport,
    DocumentReport,
    Holding,
)
from federation.records.kinds import worded_members

# The members of a record that say what it is about, in this order; then how it is so.
_PLACE: Final = ("contest", "tps", "round")
# What is not wrong with a document itself, but with what is known about its signer.
_OWNER: Final = frozenset({"unpinned", "wrong-key", "quorum", "stale", "cosignature"})
_MAX_SHOWN: Final = 20
# Where the sentence, the place and the lines above do not say all: a path, a reason.
# Such reasons are for whoever mends it; `--json` has all of them.
_DETAILED: Final = frozenset(
    {"bad-record", "checkpoint", "cosignature", "cut-off", "damaged", "extra-file"}
    | {"foreign", "keys", "map", "missing", "no-map", "receipt", "revoked", "tile"}
    | {"unreachable"}
)


def as_text(report: AuditReport) -> AuditReport:
    """The report for programs: each cause in plain English."""
    findings = (replace(one, detail=str(one.detail)) for one in report.findings)
    return replace(report, findings=tuple(findings))


def print_report(out: Output, report: AuditReport) -> None:
    """Print the whole report; nothing with `--json`."""
    t = out.t
    unasked = {
        (one.source, one.origin) for one in report.findings if one.kind == "unreachable"
    }
    for log in report.logs:
        _print_log(out, log, is_unasked=(log.source, log.origin) in unasked)
    # An excerpt is a thousand receipts: those that do not hold, then some that do.
    documents = sorted(report.documents, key=lambda one: one.holds)
    for one in documents[:_MAX_SHOWN]:
        _print_document(out, one, report)
    if left := documents[_MAX_SHOWN:]:
        held = out.number(sum(one.holds for one in left))
        _say(out, t("verify.documents", count=out.number(len(left)), held=held))
    for found in report.maps:
        key = "verify.map-equal" if found.equal else "verify.map-differs"
        count = out.number(found.stations)
        _say(out, t(key, source=found.source, election=found.election, count=count))
    _print_findings(out, report)
    if report.logs or report.documents:
        out.line()
        _say(out, t("verify.not-proved"))
        for code in report.not_proved:
            _say(out, f"  - {t(f'verify.not-{code}')}")
        if report.shared:
            _say(out, f"  - {t('verify.shared', count=report.shared)}")
    out.line()
    _say(out, t("verify.verdict", verdict=_verdict(out, report), exit=report.exit))


def _say(out: Output, text: str) -> None:
    """Print one line: a name with a line feed in it must not print a verdict."""
    out.line(clean_line(text))


def _verdict(out: Output, report: AuditReport) -> str:
    if report.exit:
        return out.t(f"verify.kind-{report.verdict}")
    anything = any(log.records for log in report.logs) or report.documents
    return out.t("verify.proved" if anything else "verify.nothing")


def _print_log(out: Output, log: AuditedLog, *, is_unasked: bool) -> None:
    t = out.t
    _say(out, f"{log.source}: {log.origin}")
    _say(out, f"  {_signer(out, log)}")
    total = log.size - log.from_
    key = "verify.all" if log.records == total else "verify.some"
    numbers = {
        "count": out.number(log.records),
        "total": out.number(total),
        "first": out.number(log.from_),
        "last": out.number(log.size - 1),
    }
    _say(out, f"  {t(key, **numbers)}")
    if log.refused:
        _say(out, f"  {t('verify.refused', count=out.number(log.refused))}")
    left = total - log.records - log.refused - log.unknown
    if left > 0:
        key = "verify.unasked" if is_unasked else "verify.unjudged"
        _say(out, f"  {t(key, count=out.number(left))}")
    if log.unknown:
        _say(out, f"  {t('verify.unknown', count=out.number(log.unknown))}")
    _print_held(out, log.held, log.held_size)
    if log.quorum != "none":
        _say(out, f"  {t(f'verify.quorum-{log.quorum}')}")


def _print_document(out: Output, one: DocumentReport, report: AuditReport) -> None:
    t = out.t
    errors = {
        found.kind
        for found in report.findings
        if found.level == "error" and found.source == one.source
    }
    key = "verify.document" if one.holds else "verify.document-fails"
    if not one.holds and one.fingerprint and errors <= _OWNER:
        key = "verify.document-unproved"
    _say(out, f"{one.source}: {t(key, kind=t(f'verify.is-{one.kind}'))}")
    if key == "verify.document-fails":
        return
    if one.fingerprint or one.pinned != "no":
        _say(out, f"  {_signer(out, one)}")
    if one.index is not None:
        place = {"origin": one.origin, "index": out.number(one.index)}
        _say(out, f"  {t('verify.place', **place)}")
    if one.statement:
        for line in _tell_statement(out, one.statement):
            _say(out, f"  {line}")
    _print_held(out, one.held, one.size or 0)
    if one.quorum != "none":
        _say(out, f"  {t(f'verify.quorum-{one.quorum}')}")


def _signer(out: Output, one: AuditedLog | DocumentReport) -> str:
    key = f"verify.pinned-{one.pinned}"
    if not one.fingerprint:
        key = "verify.pinned-log"
    org = one.origin.partition("/")[0]
    return out.t(key, org=org, fingerprint=one.fingerprint)


def _print_held(out: Output, held: Iterable[Holding], size: int) -> None:
    for one in held:
        said = {"org": one.org, "size": out.number(size), "time": tell_time(one.time)}
        key = "verify.held" if one.vouched else "verify.held-stranger"
        _say(out, f"  {out.t(key, fingerprint=one.fingerprint, **said)}")
        if one.ahead:
            _say(out, f"    {out.t('verify.held-ahead', org=one.org)}")


def _tell_statement(out: Output, text: str) -> Iterable[str]:
    """A record in words: what it is about, the votes last."""
    members = json.loads(text)
    told = [
        f"{out.t(f'verifier.fact_{name}')}: {_word(out, name, members[name])}"
        for name in (*_PLACE, *worded_members())
        if name in members
    ]
    yield "; ".join(told) if told else str(members.get("type", ""))
    for name, label in (("candidates", "vote_number"), ("parties", "vote_party")):
        votes = members.get(name)
        # A record of a type that is not known here may hold anything.
        if isinstance(votes, dict) and votes:
            said = (f"{key}: {value}" for key, value in votes.items())
            yield f"{out.t(f'verifier.{label}')} {', '.join(said)}"


def _word(out: Output, name: str, value: object) -> str:
    """What a member says, in words where there are some for it."""
    topic = "page" if name in {"contest", "round"} else "verifier"
    key = f"{topic}.{name}_{value}"
    return out.t(key) if out.t.has(key) else str(value)


def _print_findings(out: Output, report: AuditReport) -> None:
    for level in ("error", "note"):
        found = [one for one in report.findings if one.level == level]
        if not found:
            continue
        out.line()
        _say(out, out.t(f"verify.level-{level}"))
        # One fork may be proved by keys, by checkpoints and by evidence.
        lines = list(dict.fromkeys(_tell(out, one) for one in found))
        for line in lines[:_MAX_SHOWN]:
            _say(out, f"  - {line}")
        kinds = {one.kind for one in found}
        counted = sum(report.counts[kind] for kind in kinds if kind in report.counts)
        more = counted - len(found) + len(lines[_MAX_SHOWN:])
        if more > 0:
            _say(out, f"  {out.t('verify.more', count=out.number(more))}")


def _tell(out: Output, one: AuditFinding) -> str:
    said = out.t(f"verify.kind-{one.kind}")
    where = [one.source, one.origin]
    if one.index is not None:
        where.append(out.t("verify.at", index=out.number(one.index)))
    at = ", ".join(filter(None, where))
    is_detailed = one.detail and one.kind in _DETAILED
    detail = f" ({out.t.say(one.detail)})" if is_detailed else ""
    return f"{at}: {said}{detail}"
