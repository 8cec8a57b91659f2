"""The OpenAPI 3.1 document of all endpoints, as generators and testers take it.

Rule: said in words that every tool knows. A pair of numbers is an array of two, not a
tuple (`prefixItems`); a pattern has no look-ahead; an operation has an id, which is a
name in clients and never changes (a test lists them); each refusal is described where
it can happen. The address is that by which the document was asked for.

Source: OpenAPI Specification 3.1.0; RFC 9457 (the form of every refusal); RFC 6750
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, Final

import msgspec
from aiohttp import hdrs, web

from federation.web.openapi import (
    BYTES,
    CSV,
    CURSOR,
    GEOJSON,
    JSON,
    NDJSON,
    XLSX,
    Endpoint,
)
from federation.web.origin import own_address
from federation.web.problem import MEDIA_TYPE

PATH: Final = "/openapi.json"

_REF: Final = "#/components/schemas/{name}"
_BINARY: Final = {"type": "string", "format": "binary"}
_PROBLEM: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Problem Details (RFC 9457)",
    "properties": {
        "code": {
            "type": "string",
            "description": "stable, for programs",
            "pattern": "^[a-z-]+$",
        },
        "detail": {"type": "string", "description": "what, where, how to mend it"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "title": {"type": "string"},
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "leads to what the code means",
        },
    },
    "required": ["code", "detail", "status", "title", "type"],
}
#: The name of each refusal among the document's components, and what it means.
_REFUSALS: Final = {
    HTTPStatus.BAD_REQUEST: ("Malformed", "not in the form that is taken; says where"),
    HTTPStatus.UNAUTHORIZED: ("Unauthorized", "no token or signature that holds here"),
    HTTPStatus.FORBIDDEN: ("Forbidden", "the token is for something else"),
    HTTPStatus.NOT_FOUND: ("NotFound", "not here, or not for who asks"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("TooLarge", "more than is taken at once"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("MediaType", "another media type"),
    HTTPStatus.TOO_MANY_REQUESTS: ("TooMany", "asked too often"),
    HTTPStatus.UNPROCESSABLE_ENTITY: ("Unprocessable", "what it says cannot be"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Unavailable", "not now; `code` says why"),
}
_ALWAYS: Final = (HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE)
_OF_TOKENS: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_OF_BODIES: Final = (
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
)
_RETRY: Final = {
    "Retry-After": {"description": "seconds", "schema": {"type": "integer"}}
}
_HEADERS: Final[Mapping[HTTPStatus, dict[str, Any]]] = {
    HTTPStatus.UNAUTHORIZED: {
        "WWW-Authenticate": {
            "description": "which token or signature is asked for",
            "required": True,
            "schema": {"type": "string"},
        }
    },
    HTTPStatus.TOO_MANY_REQUESTS: _RETRY,
    HTTPStatus.SERVICE_UNAVAILABLE: _RETRY,
}
_TAGS: Final = {
    "results": "The merged map of all monitors' results, KPU apart",
    "proofs": "What the map is made from, to be verified by anybody",
    "reports": "Reports of violations; most for partners and people of ours",
    "photographs": "Photographs of forms; for partners and people of ours",
    "node": "How this node is, its partners and alarms",
    "intake": "Handing in what this organisation says",
}
_TAG_OF: Final = (
    (re.compile("/v1/(?:incidents|agency)"), "reports"),
    (re.compile("/v1/(?:photos|queue)"), "photographs"),
    (re.compile("/v1/(?:status|partners)"), "node"),
    (re.compile("/v1/records/|/v1/maps/|/v1/basis/"), "proofs"),
    (re.compile("/v1/(?:records|evidence)$"), "intake"),
)


def openapi(endpoints: Sequence[Endpoint[Any]], *, version: str) -> dict[str, Any]:
    """The document of `endpoints`, without its servers; `version` is the package's."""
    kinds = _kinds(endpoints)
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    schema_of = dict(zip(map(repr, kinds), schemas, strict=True))
    for endpoint in endpoints:
        if endpoint.row is not None:
            components |= endpoint.row.definitions()
            rows = components[endpoint.body.__name__]["properties"]["records"]
            rows["items"] = endpoint.row.reference
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        entry = paths.setdefault(endpoint.path, {})
        entry[endpoint.method.lower()] = _operation(endpoint, schema_of)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "TPS federation node",
            "version": version,
            "description": "Signed polling-station results of several monitors, "
            "merged by polling station. Every list pages with `after` and `limit`; "
            "an `ETag` begins with the cursor of the map the answer was read from. "
            "A refusal is Problem Details, whose `type` leads to what `code` means.",
        },
        "tags": [{"name": name, "description": of} for name, of in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": {**components, "Problem": _PROBLEM},
            "responses": {
                **{
                    name: _refusal(status, meaning)
                    for status, (name, meaning) in _REFUSALS.items()
                },
                "Refused": _refusal(None, "refused; `code` says why"),
            },
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "`federation keys token add` makes one",
                }
            },
        },
    }
    return {name: _for_every_tool(part) for name, part in document.items()}


def describe(endpoints: Sequence[Endpoint[Any]], *, version: str) -> web.RouteDef:
    """The route that serves the document, with the address that it was asked by.

    It is made when somebody first asks: most nodes, and most tests, are never asked,
    and making it took most of the time in which the application of a node is made.
    """

    @cache
    def parts() -> dict[str, msgspec.Raw]:
        document = openapi(endpoints, version=version)
        return {
            name: msgspec.Raw(msgspec.json.encode(v)) for name, v in document.items()
        }

    async def handle(request: web.Request) -> web.Response:
        servers = [{"url": (own_address(request) or "/").rstrip("/") or "/"}]
        body = msgspec.json.encode({**parts(), "servers": servers})
        # The address is in it, so no cache hands one host's to another.
        headers = {hdrs.VARY: hdrs.HOST, hdrs.CACHE_CONTROL: "no-cache"}
        return web.Response(body=body, content_type=JSON, headers=headers)

    return web.get(PATH, handle)


def _for_every_tool(value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    """The same, said without what only some tools understand."""
    if isinstance(value, list):
        return [_for_every_tool(item) for item in value]
    if not isinstance(value, dict):
        return value
    tidy = {name: _for_every_tool(member) for name, member in value.items()}
    places = tidy.pop("prefixItems", None)
    if places is not None:
        kinds = [kind for at, kind in enumerate(places) if kind not in places[:at]]
        tidy["items"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    pattern = tidy.get("pattern")
    if isinstance(pattern, str):
        # Python's `$` takes a line's end before it, which JSON Schema's does not.
        tidy["pattern"] = pattern.replace("$(?!\\n)", "$")
    return tidy


def _kinds(endpoints: Sequence[Endpoint[Any]]) -> list[Any]:
    """Every body and answer once, in the order of first use."""
    kinds: dict[str, Any] = {}
    for endpoint in endpoints:
        for kind in (endpoint.response, endpoint.body):
            if kind not in {None, bytes}:
                kinds.setdefault(repr(kind), kind)
    return list(kinds.values())


def _refusal(status: HTTPStatus | None, meaning: str) -> dict[str, Any]:
    problem = {"schema": {"$ref": _REF.format(name="Problem")}}
    answer: dict[str, Any] = {"description": meaning, "content": {MEDIA_TYPE: problem}}
    if status is not None and status in _HEADERS:
        answer["headers"] = _HEADERS[status]
    return answer


def _operation(endpoint: Endpoint[Any], schema_of: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": endpoint.summary}
    content = _content(endpoint, schema_of)
    if content:
        answer["content"] = content
    tag = next((t for form, t in _TAG_OF if form.match(endpoint.path)), "results")
    operation: dict[str, Any] = {
        "operationId": endpoint.name or endpoint.handler.__name__,
        "tags": [tag],
        "summary": endpoint.summary,
        "parameters": [*_path_parameters(endpoint), *_query_parameters(endpoint.query)],
        "responses": {
            **_refusals(endpoint),
            str(endpoint.status): answer,
            **{
                str(int(status)): {**answer, "description": meaning}
                for status, meaning in endpoint.also.items()
            },
        },
    }
    if JSON in content and endpoint.method == hdrs.METH_GET:
        answer["headers"] = {
            name: {"description": about, "schema": {"type": "string"}}
            for name, about in (
                ("ETag", "send it as If-None-Match: 304 until something changed"),
                (CURSOR, "where the map stood"),
            )
        }
    if endpoint.body is not None:
        sent = {JSON: {"schema": schema_of.get(repr(endpoint.body))}}
        content = {BYTES: {"schema": _BINARY}} if endpoint.body is bytes else sent
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.token:
        # What is read without it is answered as what is not there, not refused.
        is_hidden = endpoint.method == hdrs.METH_GET
        operation["security"] = [{"token": []}, *([{}] if is_hidden else [])]
    return operation


def _content(endpoint: Endpoint[Any], schema_of: dict[str, Any]) -> dict[str, Any]:
    """Each form of the answer, by its media type."""
    content: dict[str, Any] = {}
    if endpoint.response is not None:
        content[JSON] = {"schema": schema_of[repr(endpoint.response)]}
    if endpoint.file:
        is_bytes = endpoint.file == BYTES
        content[endpoint.file] = {"schema": _BINARY if is_bytes else {"type": "string"}}
    forms = _forms(endpoint.query)
    for form, media, kind in (
        ("csv", CSV, "string"),
        ("ndjson", NDJSON, "string"),
        ("geojson", GEOJSON, "object"),
    ):
        if form in forms:
            content[media] = {"schema": {"type": kind}}
    if "xlsx" in forms:
        content[XLSX] = {"schema": _BINARY}
    return content


def _refusals(endpoint: Endpoint[Any]) -> dict[str, Any]:
    """What it may answer instead; `default` is what can happen anywhere."""
    statuses = {*_ALWAYS}
    asks_election = "election" in endpoint.query.__struct_fields__
    is_read = endpoint.method == hdrs.METH_GET
    if endpoint.parts or asks_election or (endpoint.token and is_read):
        statuses.add(HTTPStatus.NOT_FOUND)
    if endpoint.token:
        statuses.update(_OF_TOKENS)
    if endpoint.body is not None:
        statuses.update(_OF_BODIES)
    named = {
        str(int(status)): {"$ref": f"#/components/responses/{_REFUSALS[status][0]}"}
        for status in sorted(statuses)
    }
    return named | {"default": {"$ref": "#/components/responses/Refused"}}


def _path_parameters(endpoint: Endpoint[Any]) -> list[dict[str, Any]]:
    """The `{parts}` of the path, in order."""
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": endpoint.parts[name].description,
            "schema": {"type": "string", "pattern": endpoint.parts[name].pattern},
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
