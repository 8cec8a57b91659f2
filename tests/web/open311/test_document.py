"""One value as JSON and as XML: what the standard's examples look like."""

import json
from xml.etree.ElementTree import fromstring

import pytest

from federation.records.incident import CATEGORIES
from federation.text import LANGUAGES, Text
from federation.web.open311.document import format_document
from federation.web.open311.services import (
    ATTRIBUTES,
    LAW_OF,
    define_service,
    list_services,
)

#: A value, the outermost element, and what stands behind the declaration.
EXAMPLES = [
    (
        [{"service_code": "lainnya", "metadata": True, "group": None}],
        "services",
        """<services><service><service_code>lainnya</service_code>
           <metadata>true</metadata><group /></service></services>""",
    ),
    (
        {"service_code": "a", "attributes": [{"order": 1, "values": []}]},
        "service_definition",
        """<service_definition><service_code>a</service_code><attributes><attribute>
           <order>1</order><values /></attribute></attributes></service_definition>""",
    ),
    (
        [{"code": 403, "description": "no api_key"}],
        "errors",
        """<errors><error><code>403</code><description>no api_key</description>
           </error></errors>""",
    ),
    ([], "service_requests", "<service_requests />"),
]


@pytest.mark.parametrize(("value", "root", "xml"), EXAMPLES)
def test_xml_and_json_say_the_same(value, root, xml):
    xml = "".join(line.strip() for line in xml.splitlines())
    declaration = "<?xml version='1.0' encoding='utf-8'?>\n"
    assert format_document("xml", root, value).decode() == declaration + xml
    assert json.loads(format_document("json", root, value)) == value


@pytest.mark.parametrize(
    "text", ["<a>&amp;", "]]>", "\"'", "é\N{THAI CHARACTER KO KAI}"]
)
def test_whatever_a_text_holds_comes_back_from_xml(text):
    said = format_document("xml", "errors", [{"description": text}])
    assert fromstring(said).findtext("error/description") == text


@pytest.mark.parametrize("char", ["\0", "\x1b", "\ud800", "\ufffe"])
def test_what_xml_has_no_place_for_is_replaced(char):
    said = format_document("xml", "errors", [{"description": f"a{char}b"}])
    assert fromstring(said).findtext("error/description") == "a\ufffdb"


def test_every_category_is_a_service_with_a_law():
    assert LAW_OF.keys() == set(CATEGORIES)
    for language in LANGUAGES:
        services = list_services(Text(language))
        assert [one.service_code for one in services] == list(CATEGORIES)
        assert len({one.service_name for one in services}) == len(CATEGORIES)


def test_a_service_is_found_by_its_name_in_either_language():
    [bought] = [
        one for one in list_services(Text("id")) if one.service_code == "politik_uang"
    ]
    assert bought.service_name == "Politik uang"
    assert bought.keywords == "Politik uang, Vote buying"


def test_a_definition_lists_each_attribute_once_and_in_order():
    definition = define_service(Text("en"), "lainnya")
    assert [one.code for one in definition.attributes] == list(ATTRIBUTES)
    assert [one.order for one in definition.attributes] == [1, 2, 3, 4, 5, 6, 7]
    assert [one.key for one in definition.attributes[0].values][:1] == ["administrasi"]
    assert define_service(Text("en"), "parkir") is None
