"""One declaration per way into `/v1`, and the OpenAPI 3.1 document made from them.

An `Endpoint` names its path, its query and its answer as msgspec types. The route
that serves it and the page that describes it are made from the same value, so the
document cannot go stale. A query is refused, by name, when it holds a parameter that
the type does not know: a misspelt filter must not answer with everything.

Source: OpenAPI Specification 3.1.0; RFC 9457 (the form of every refusal).
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec
from aiohttp import hdrs, web

from federation.errors import FormatError
from federation.text import Sentence
from federation.text.mistyped import explain_mistyped, split_place

PATH = "/openapi.json"
JSON, CSV, NDJSON = "application/json", "text/csv", "application/x-ndjson"
GEOJSON = "application/geo+json"
TEXT = "text/plain"
BYTES = "application/octet-stream"
CURSOR = "Federation-Cursor"
_REF = "#/components/schemas/{name}"
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem Details (RFC 9457)",
    "properties": {
        "code": {"type": "string", "description": "stable, for programs"},
        "detail": {"type": "string"},
        "status": {"type": "integer"},
        "title": {"type": "string"},
        "type": {"type": "string"},
    },
    "required": ["code", "status", "title"],
}
_PROBLEM_ANSWER = {
    "description": "refused; `code` says why",
    "content": {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    },
}


class NoQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query of a path that takes none."""


Query = TypeVar("Query", bound=msgspec.Struct)


@dataclass(frozen=True, kw_only=True)
class Endpoint(Generic[Query]):
    """One method of one path.

    `names` explains the `{parts}` of the path, `response` the JSON it answers with;
    `token` says that a bearer token is needed (then the answer is not shared with other
    sites). Tables are answered where the query's `format` says so, `text` is a file.
    `body` is what is sent as JSON, or `bytes` as they are.
    `also`: further statuses with the same answer, and what each means.
    """

    path: str
    summary: str
    handler: Callable[[web.Request, Query], Awaitable[web.StreamResponse]]
    query: type[Query]
    method: str = hdrs.METH_GET
    response: Any = None
    body: Any = None
    names: Mapping[str, str] = field(default_factory=dict)
    token: bool = False
    text: bool = False
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
            takes = ", ".join(sorted(known)) or "-"
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


def openapi(
    endpoints: Sequence[Endpoint[Any]], *, version: str, address: str | None = None
) -> dict[str, Any]:
    """The document of `endpoints`; `version` is the package's.

    `address`: the one that the node is known by, with its path; None: where the
    document came from.
    """
    kinds = _kinds(endpoints)
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    schema_of = dict(zip(map(repr, kinds), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        entry = paths.setdefault(endpoint.path, {})
        entry[endpoint.method.lower()] = _operation(endpoint, schema_of)
    tokens = {"token": {"type": "http", "scheme": "bearer"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "TPS federation node",
            "version": version,
            "description": "Signed polling-station results of several monitors, "
            "merged by polling station. Every list pages with `after` and `limit`; "
            "an `ETag` is the cursor of the map the answer was read from.",
        },
        "servers": [{"url": (address or "").rstrip("/") or "/"}],
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "securitySchemes": tokens,
        },
    }


def describe(
    endpoints: Sequence[Endpoint[Any]], *, version: str, address: str | None = None
) -> web.RouteDef:
    """The route that serves the document, encoded once."""
    document = openapi(endpoints, version=version, address=address)
    body = msgspec.json.encode(document)

    async def handle(_: web.Request) -> web.Response:
        return web.Response(body=body, content_type=JSON)

    return web.get(PATH, handle)


def _kinds(endpoints: Sequence[Endpoint[Any]]) -> list[Any]:
    """Every body and answer once, in the order of first use."""
    kinds: dict[str, Any] = {}
    for endpoint in endpoints:
        for kind in (endpoint.response, endpoint.body):
            if kind not in {None, bytes}:
                kinds.setdefault(repr(kind), kind)
    return list(kinds.values())


def _operation(endpoint: Endpoint[Any], schema_of: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if endpoint.response is not None:
        content[JSON] = {"schema": schema_of[repr(endpoint.response)]}
    if endpoint.text:
        content[TEXT] = {"schema": {"type": "string"}}
    for form, media in (("csv", CSV), ("ndjson", NDJSON), ("geojson", GEOJSON)):
        if form in _forms(endpoint.query):
            content[media] = {"schema": {"type": "string"}}
    answer: dict[str, Any] = {"description": endpoint.summary}
    if content:
        answer["content"] = content
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint.query)],
        "responses": {
            str(endpoint.status): answer,
            **{
                str(int(status)): {**answer, "description": meaning}
                for status, meaning in endpoint.also.items()
            },
            "default": _PROBLEM_ANSWER,
        },
    }
    if endpoint.body is not None:
        sent = {JSON: {"schema": schema_of.get(repr(endpoint.body))}}
        content = {BYTES: {}} if endpoint.body is bytes else sent
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.token:
        operation["security"] = [{"token": []}]
    return operation


def _path_parameters(endpoint: Endpoint[Any]) -> list[dict[str, Any]]:
    """The `{parts}` of the path, in order."""
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": endpoint.names[name],
            "schema": {"type": "string"},
        }
        for name in re.findall(r"\{(\w+)\}", endpoint.path)
    ]


def _forms(query: type[msgspec.Struct]) -> Sequence[str]:
    """The forms of answer that may be asked for beside JSON, from the query's type."""
    for parameter in _query_parameters(query):
        if parameter["name"] == "format":
            return tuple(parameter["schema"]["enum"])
    return ()


def _query_parameters(query: type[msgspec.Struct]) -> list[dict[str, Any]]:
    """What may stand after the `?`, from the query type's own schema."""
    _, components = msgspec.json.schema_components([query], ref_template=_REF)
    schema = components[query.__name__]
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": member.get("description", ""),
            "schema": {k: v for k, v in member.items() if k != "description"},
        }
        for name, member in schema["properties"].items()
    ]
