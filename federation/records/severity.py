"""How much each alarm matters: a table beside which no code may lack a row.

Rule: `urgent` is what loses data, ends a history or stops the node while nobody looks:
somebody is to be woken. `warning`: somebody is to look today. `notice`: it is to be
known. A code without a row (of a newer version) is a warning.
"""

from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Severity: TypeAlias = Literal["notice", "warning", "urgent"]

#: From the least on.
ORDER: Final[tuple[Severity, ...]] = ("notice", "warning", "urgent")

SEVERITIES: Final = MappingProxyType[str, Severity](
    {
        "agency-mail": "notice",
        "agency-mail-bounced": "urgent",
        "agency-mail-refused": "warning",
        "alarm-unsent": "warning",
        "annex-damaged": "urgent",
        "asks-unknown": "notice",
        "backup-failed": "warning",
        "behind": "warning",
        "certificate-expires": "warning",
        "changed-after-held": "notice",
        "clock-differs": "warning",
        "confirmation-old": "notice",
        "crashed": "warning",
        "database-away": "urgent",
        "disk-failed": "urgent",
        "disk-filling": "urgent",
        "disk-full": "urgent",
        "feed-mismatch": "warning",
        "feed-refused": "warning",
        "fork": "urgent",
        "guard-unreachable": "urgent",
        "keys-changed": "notice",
        "log-silent": "warning",
        "needs-newer-version": "warning",
        "not-held": "warning",
        "other-basis": "warning",
        "other-signer": "urgent",
        "own-fork": "urgent",
        "own-log": "urgent",
        "own-log-larger-elsewhere": "urgent",
        "own-log-past-unknown": "urgent",
        "own-log-successor-needed": "urgent",
        "own-photos-filling": "urgent",
        "partner-failing": "warning",
        "partner-full": "warning",
        "peers-file": "warning",
        "photo-damaged": "urgent",
        "photo-store-silent": "urgent",
        "photo-wrong": "warning",
        "photos-no-room": "notice",
        "referral-failed": "urgent",
        "referral-gave-way": "notice",
        "referral-unsure": "urgent",
        "referred-twice": "warning",
        "rejected": "warning",
        "report-due": "urgent",
        "several-refs": "notice",
        "stalled": "notice",
        "standby-silent": "urgent",
        "static": "warning",
        "stored-damaged": "urgent",
        "suspected-echo": "notice",
        "too-many-logs": "warning",
        "unbelieved": "warning",
        "vector-full": "warning",
        "webhook-failing": "warning",
        "witness-failing": "warning",
    }
)


def severity_of(code: str) -> Severity:
    """How much an alarm of this code matters."""
    return SEVERITIES.get(code, "warning")


def is_at_least(code: str, least: Severity) -> bool:
    """Whether an alarm of this code matters as much as `least`."""
    return ORDER.index(severity_of(code)) >= ORDER.index(least)
