"""Papers as a program of an agency takes them: JSON in a POST, signed.

Rule: `message` is the same each time the same papers go to the same agency, and stands
in `Idempotency-Key`, too: a program that has them answers what it answered before. What
its answer means for us is decided here, by its status alone; of its body only a number
is taken, and only one that may be signed.

    {"agency":"bawaslu","again":false,"dossier":{"data":"<base64>",
     "media_type":"application/pdf","sha256":"…","size":48211},"election":"pemilu-2024",
     "formal":"report","incident":{"id":"5f0c…","org":"jagasuara.example"},
     "message":"<…@jagapemilu.example>","sender":{"contact":"…","name":"…","org":"…"},
     "type":"referral-dossier/1"}

A note has the type `referral-note/1`, and its text as `dossier`.

    2xx                      taken; {"reference":"…"} is its number there
    408 425 429 500 503      not taken, later
    502 504, no answer       nobody knows
    all others               refused

Source: docs/reference/referral.md, "Once"
"""

import base64
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from federation.decoding import parse_json
from federation.errors import FederationError
from federation.flows.refer.mail import message_id
from federation.flows.refer.sending import TryOutcome
from federation.records.canonical import check_text
from federation.sources.personal import why_personal
from federation.store.outbox import OutboxItem, OutboxKind
from federation.text import Sentence

LATER: Final = frozenset({408, 425, 429, 500, 503})
UNKNOWN: Final = frozenset({502, 504})
MAX_ANSWER_BYTES: Final = 1 << 16
_TYPES: Final[dict[OutboxKind, str]] = {
    "dossier": "referral-dossier/1",
    "note": "referral-note/1",
}
_MEDIA: Final[dict[OutboxKind, str]] = {
    "dossier": "application/pdf",
    "note": "text/plain; charset=utf-8",
}


class _HookAnswer(msgspec.Struct):
    reference: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


def write_hook(
    item: OutboxItem, papers: bytes, *, org: str, name: str, contact: str
) -> tuple[bytes, dict[str, str]]:
    """The body, and the header fields beside the signature.

    Args:
        item: What is sent: papers of a report, or a note.
        papers: The PDF, or the text of the note.
        org: Our organisation.
        name: What we are called.
        contact: How we are reached.
    """
    incident_org, _, incident = item.incident.partition("/")
    number = message_id(item, org)
    body = {
        "agency": item.agency,
        "again": item.again > 0,
        "dossier": {
            "data": base64.b64encode(papers).decode(),
            "media_type": _MEDIA[item.kind],
            "sha256": item.dossier,
            "size": len(papers),
        },
        "election": item.election,
        "formal": item.formal,
        "incident": {"id": incident, "org": incident_org},
        "message": number,
        "sender": {"contact": contact, "name": name, "org": org},
        "type": _TYPES[item.kind],
    }
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": f'"{number.strip("<>")}"',
    }
    return msgspec.json.encode(body), headers


def judge_answer(status: int, body: bytes) -> tuple[TryOutcome, str]:
    """What the answer says, and the number it gives; "": none."""
    if status in UNKNOWN:
        return "unsure", ""
    if status in LATER:
        return "later", ""
    if status not in range(200, 300):
        return "failed", ""
    reference = _reference(body)
    return ("acknowledged" if reference else "sent"), reference


def _reference(body: bytes) -> str:
    try:
        reference = (
            parse_json(body, _HookAnswer, what=Sentence("member.an-answer")).reference
            or ""
        )
        check_text(reference, "reference")
    except FederationError:
        return ""
    return "" if why_personal("reference", reference) else reference
