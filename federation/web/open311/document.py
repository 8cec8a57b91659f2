"""One answer as JSON and as XML, each made from the same value.

Rule: XML is made by the standard library, which escapes; what XML 1.0 has no place for
becomes U+FFFD. Nothing here reads XML: a report comes as a form.

    {"service_code": "lainnya", "group": null}     [ … ]
    <service><service_code>lainnya</service_code><group /></service>

Source: GeoReport v2, "Format Support" (the Spark convention: a list is an array in
JSON, and in XML an element with one inside for each; null is an empty element); XML 1.0
section 2.2 (characters)
"""

import re
from http import HTTPStatus
from typing import Any, Final, Literal, TypeAlias
from xml.etree.ElementTree import Element, SubElement, tostring

import msgspec
from aiohttp import web

Open311Form: TypeAlias = Literal["json", "xml"]
MEDIA_TYPES: Final[dict[Open311Form, str]] = {
    "json": "application/json",
    "xml": "text/xml",
}
#: What one of a list is called in XML.
_ITEMS: Final = {
    "attributes": "attribute",
    "endpoints": "endpoint",
    "errors": "error",
    "formats": "format",
    "service_requests": "request",
    "services": "service",
    "values": "value",
}
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def format_document(form: Open311Form, root: str, value: Any) -> bytes:  # noqa: ANN401  any value that msgspec encodes
    """A value as a document of this form; `root`: of XML the outermost element."""
    if form == "json":
        return msgspec.json.encode(value)
    element = Element(root)
    _fill(element, msgspec.to_builtins(value))
    data: bytes = tostring(element, encoding="utf-8", xml_declaration=True)
    return data


def answer_document(
    form: Open311Form,
    root: str,
    value: Any,  # noqa: ANN401  any value that msgspec encodes
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    """The HTTP answer that is this document."""
    return web.Response(
        status=status,
        body=format_document(form, root, value),
        content_type=MEDIA_TYPES[form],
        charset="utf-8",
    )


def _fill(element: Element, value: object) -> None:
    match value:
        case dict():
            for name, member in value.items():
                _fill(SubElement(element, name), member)
        case list() | tuple():
            for item in value:
                _fill(SubElement(element, _ITEMS[element.tag]), item)
        case bool():
            element.text = "true" if value else "false"
        case None:
            pass
        case _:
            element.text = _NO_XML.sub("\ufffd", str(value))
