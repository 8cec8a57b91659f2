"""A receipt over HTTP: one text file by the id of its record.

Rule: the id alone is enough, whether the record stands or was replaced, so that a link
that somebody keeps goes on working. The file may gain confirmations until a quorum of
others holds the record; from then on it is the same.

    GET /v1/records/{id}/receipt

Source: docs/reference/protocol.md, "Receipts"
"""

from typing import Any

from aiohttp import hdrs, web

from federation.flows.receipt import file_name, find_record, make_receipt
from federation.records.canonical import DIGEST_PATTERN
from federation.store.view import View
from federation.web.access import stranger_of
from federation.web.context import SITE
from federation.web.feed import TEXT, conditional
from federation.web.openapi import Endpoint, NoQuery, PathPart
from federation.web.responses import FRESH


def endpoints() -> list[Endpoint[Any]]:
    """The one path."""
    return [
        Endpoint(
            path="/v1/records/{id}/receipt",
            summary="A record as one text file that proves itself, and who holds it",
            handler=get_receipt,
            query=NoQuery,
            file=TEXT,
            parts={"id": PathPart("the record's id", DIGEST_PATTERN)},
        )
    ]


async def get_receipt(request: web.Request, _: NoQuery) -> web.StreamResponse:
    """The receipt, to be kept under a name that people know it by."""
    record = request.match_info["id"]
    # It goes from hand to hand, whoever asks for it.
    site = request.app[SITE]
    stranger, quorum = stranger_of(site), site.settings.witness.quorum

    def read(view: View) -> tuple[str, bytes]:
        origin, claim = find_record(view, record, stranger)
        receipt = make_receipt(view, origin, claim.index, stranger, quorum)
        return file_name(claim), receipt

    name, body = await site.db.read(read)
    answered = conditional(request, body, TEXT, FRESH)
    answered.headers[hdrs.CONTENT_DISPOSITION] = f'attachment; filename="{name}"'
    return answered
