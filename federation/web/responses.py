"""One answer in the form that was asked for: JSON, a table's, or a long stream.

Rule: an `ETag` is `<cursor>-<check>`: where the map stood, and CRC-32 of the bytes, so
that it also changes with what is not of the map (who holds an entry). A stream has
none. The cursor is in `Federation-Cursor` and in every row of a table.

NDJSON begins with one line about the rest: cursor, sources, `next`; GeoJSON has the
same as members of the collection.
"""

import asyncio
import zlib
from collections.abc import Iterable
from typing import Any

import msgspec
from aiohttp import hdrs, web

from federation.flows.dataset.choose import ENDINGS, MEDIA, format_table, open_form
from federation.flows.query.cells import format_ndjson
from federation.flows.query.table import QueryTable, RowStream
from federation.text import Text
from federation.web.context import WebContext
from federation.web.further import further
from federation.web.language import text_for_program
from federation.web.openapi import CURSOR, GEOJSON, JSON, NDJSON, XLSX

#: Of a request: it is answered whole; whoever keeps the answer compares its tag.
WHOLE = web.RequestKey("whole", bool)
FRESH = "no-cache"  # may be kept, must be asked about: the ETag makes that cheap


def reply(
    request: web.Request,
    form: str,
    answer: msgspec.Struct,
    table: QueryTable | None = None,
) -> web.Response:
    """The answer as `form`; 304 where the caller has it already."""
    following = getattr(answer, "next", None) or ""
    if table is None:
        body, media = encode_answer(answer, text_for_program(request)), JSON
    else:
        head = {
            "cursor": getattr(answer, "cursor", ""),
            **({"next": following} if following else {}),
        }
        body, media = format_table(form, table, head), MEDIA[form]
    return _send(request, body, media, getattr(answer, "cursor", ""), following)


def encode_answer(answer: msgspec.Struct, text: Text) -> bytes:
    """It as JSON; reasons are sentences until here."""
    return msgspec.json.encode(answer, enc_hook=text.say)


def tag_answer(body: bytes, cursor: str) -> str:
    """By which an answer is known again; see the head of this file."""
    return f"{cursor or 'state'}-{zlib.crc32(body):08x}"


def lines(request: web.Request, cursor: str, rows: Iterable[Any]) -> web.Response:
    """These values as NDJSON."""
    return _send(request, format_ndjson(rows), NDJSON, cursor, "")


async def stream(
    request: web.Request, form: str, rows: RowStream, site: WebContext
) -> web.StreamResponse:
    """The export, page by page; each page is read when the caller took the last."""
    if form == "xlsx":
        return await _send_workbook(request, rows, site)
    response = web.StreamResponse()
    response.content_type = MEDIA[form]
    if form != "geojson":
        response.charset = "utf-8"
    if rows.cursor:
        response.headers[CURSOR] = rows.cursor
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    response.headers[hdrs.CONTENT_DISPOSITION] = _attached(rows, form)
    await response.prepare(request)
    if request.method == hdrs.METH_HEAD:
        return response  # not a page is read for somebody who wants none
    is_whole = False
    try:
        await _write_pages(response, form, rows, site)
        is_whole = True
    finally:
        # A refusal amid the rows would read as one: what breaks is cut off instead,
        # before the chunk that ends it.
        if not is_whole and request.transport is not None:
            request.transport.abort()
    return response


async def _write_pages(
    response: web.StreamResponse, form: str, rows: RowStream, site: WebContext
) -> None:
    table = open_form(form)
    await response.write(table.open(rows.head()))
    while not rows.done:
        async with site.export_pages:
            page = await site.db.read(rows.read)
        await response.write(table.page(page))
    for data in table.close():
        await response.write(data)
    await response.write_eof()


async def _send_workbook(
    request: web.Request, rows: RowStream, site: WebContext
) -> web.Response:
    """A workbook, which is there when its last row is: made before it is sent.

    Raises:
        FormatError: there are more rows than a workbook is made of.
    """
    headers = {
        hdrs.CACHE_CONTROL: "no-store",
        hdrs.CONTENT_DISPOSITION: _attached(rows, "xlsx"),
        **({CURSOR: rows.cursor} if rows.cursor else {}),
    }
    if request.method == hdrs.METH_HEAD:
        return web.Response(content_type=XLSX, headers=headers)
    table = open_form("xlsx")
    table.open(rows.head())
    # Each costs seconds: one after another, beside everything else.
    async with site.large_answers:
        while not rows.done:
            async with site.export_pages:
                page = await site.db.read(rows.read)
            await asyncio.to_thread(table.page, page)
        body = b"".join(await asyncio.to_thread(table.close))
    return web.Response(body=body, content_type=XLSX, headers=headers)


def _attached(rows: RowStream, form: str) -> str:
    for_excel = "-excel" if form == "excel" else ""
    return f'attachment; filename="{rows.name}{for_excel}.{ENDINGS[form]}"'


def _send(
    request: web.Request, body: bytes, media: str, cursor: str, following: str
) -> web.Response:
    tag = tag_answer(body, cursor)
    headers: dict[str, str] = {hdrs.ETAG: f'"{tag}"', hdrs.CACHE_CONTROL: FRESH}
    if cursor:
        headers[CURSOR] = cursor  # the only place where a table without rows has it
    if following:
        headers[hdrs.LINK] = f'<{further(request, after=following)}>; rel="next"'
    known = () if request.get(WHOLE) else request.if_none_match or ()
    if any(one.value in {tag, "*"} for one in known):
        return web.Response(status=304, headers=headers)
    return web.Response(
        body=body,
        content_type=media,
        charset=None if media in {JSON, GEOJSON, XLSX} else "utf-8",
        headers=headers,
    )
