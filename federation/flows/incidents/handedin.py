"""Whose report it is, told by its id alone: for systems that hand in by a token.

Rule: the id of such a report is eight bytes that follow from what was handed in, and
eight that follow from these and from who handed it in. So whoever sends the same again
names the same report, and who may be told of it needs no table, which could be lost or
disagree with the log. Both halves are keyed with a secret of this node: to everybody
else an id is as random as any, and two of one sender have nothing in common.

    id = first || HMAC(key, sender, first)[:8]     first = HMAC(key, sender, what)[:8]

Source: RFC 2104 (HMAC), shortened as its section 5 lets one
"""

import hmac
from typing import Final, NamedTuple

from federation.records.incident import Incident
from federation.records.kinds import INCIDENT
from federation.records.sealed import leaf_statement
from federation.store import incidents, leaves
from federation.store.view import View

_HALF: Final = 8


def report_key(secret: bytes) -> bytes:
    """The key of these ids, from the secret of the node's pseudonyms."""
    return hmac.digest(secret, b"reports that are handed in", "sha256")


def make_report_id(key: bytes, sender: str, what: str) -> str:
    """The id, 32 hex digits, of a report that is handed in.

    Args:
        key: See `report_key`.
        sender: The name of its token; "" for this machine.
        what: Whatever is the same when it is sent again, and for no other report.
    """
    first = _half(key, "report", sender, what)
    return (first + _half(key, "sender", sender, first.hex())).hex()


class HandedReport(NamedTuple):
    """A report as far as the gate must know it."""

    id: str
    key: bytes

    def is_from(self, sender: str) -> bool:
        """Whether this system has handed it in."""
        data = bytes.fromhex(self.id)
        expected = _half(self.key, "sender", sender, data[:_HALF].hex())
        return hmac.compare_digest(data[_HALF:], expected)


def read_handed(view: View, org: str, report: str) -> Incident | None:
    """A report of this organisation as it was signed last; None: there is none."""
    entry = incidents.find_latest(view, org, INCIDENT.name, [report]).get(report)
    if entry is None:
        return None
    said = leaf_statement(leaves.read_leaf(view, entry.log_id, entry.index))
    assert isinstance(said, Incident), "of its kind"
    return said


def _half(key: bytes, *parts: str) -> bytes:
    return hmac.digest(key, "\0".join(parts).encode(), "sha256")[:_HALF]
