"""One declaration per way into `/v1`, and the OpenAPI 3.1 document made from them.

An `Endpoint` names its path, its query and its answer as msgspec types. The route
that serves it and the page that describes it are made from the same value, so the
document cannot go stale. A query is refused, by name, when it holds a parameter that
the type does not know: a misspelt filter must not answer with everything.

The document is `openapidocument.py`'s.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from aiohttp import hdrs, web

from federation.errors import FormatError
from federation.text import Sentence
from federation.text.mistyped import explain_mistyped, split_place
from federation.web.rowforms import RowForm

JSON, CSV, NDJSON = "application/json", "text/csv", "application/x-ndjson"
GEOJSON = "application/geo+json"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT = "text/plain"
BYTES = "application/octet-stream"
CURSOR = "Federation-Cursor"


class NoQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of a path that takes none."""


class PathPart(NamedTuple):
    """A part of a path: what it is, and the form that it has."""

    description: str
    pattern: str


Query = TypeVar("Query", bound=msgspec.Struct)


@dataclass(frozen=True, kw_only=True)
class Endpoint(Generic[Query]):
    """One method of one path.

    `name` is its name for clients, where that is not the handler's; `parts` explains
    the `{parts}` of the path, `response` is the JSON it answers with. `token` says that
    a bearer token is needed (then the answer is not shared with other sites). Tables
    are answered where the query's `format` says so; `file` is the media type of an
    answer that is one. `body` is what is sent as JSON, or `bytes` as they are; `row`
    what each of its `records` looks like, which are read one by one. `also`: further
    statuses with the same answer, and what each means.
    """

    path: str
    summary: str
    handler: Callable[[web.Request, Query], Awaitable[web.StreamResponse]]
    query: type[Query]
    name: str = ""
    method: str = hdrs.METH_GET
    response: Any = None
    body: Any = None
    row: RowForm | None = None
    parts: Mapping[str, PathPart] = field(default_factory=dict)
    token: bool = False
    file: str = ""
    status: int = 200
    also: Mapping[int, str] = field(default_factory=dict)

    def route(self) -> web.RouteDef:
        """The aiohttp route: the query is read before the handler runs."""

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self.handler(request, read_query(request, self.query))

        if self.method == hdrs.METH_GET:
            return web.get(self.path, handle)
        return web.route(self.method, self.path, handle)


def read_query(request: web.Request, kind: type[Query]) -> Query:
    """What was asked after the `?`, as `kind`.

    Raises:
        FormatError: a parameter is unknown, given twice, or not of its type.
    """
    given: dict[str, str] = {}
    for name, value in request.query.items():
        if name in given:
            raise FormatError(
                Sentence("asked.parameter-twice"),
                Sentence("asked.parameter", name=f"{name!r}"),
            )
        given[name] = value
    known = kind.__struct_fields__
    for name in given:
        if name not in known:
            takes = ", ".join(sorted(known)) or Sentence("why.none")
            raise FormatError(
                Sentence("asked.parameter-unknown", takes=takes),
                Sentence("asked.parameter", name=f"{name!r}"),
            )
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        reason, name = split_place(str(error))
        at = Sentence("asked.parameter", name=f"{name!r}")
        raise FormatError(explain_mistyped(reason), at) from None
