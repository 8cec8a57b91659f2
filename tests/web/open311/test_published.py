"""The published examples of GeoReport v2, against a node: their forms, our words.

Of each call the standard shows an answer in XML and in JSON. What is held here is what
a program reads of them: which elements there are, in which one they stand, what sort
each is, and which requests are refused with which status.

Source: GeoReport v2, "API Methods" (open311.org)
"""

import json
import re
from xml.etree.ElementTree import fromstring

import pytest

from tests.annexed import give_key
from tests.homes import make_home, serving
from tests.incidents import found_incidents
from tests.web.open311.test_requests import FORM, KEYS, begin

#: Of each answer: the outermost element, that of one thing in it, and its members, each
#: with its sort. `?`: may be empty.
SERVICE = {
    "service_code": "text",
    "service_name": "text",
    "description": "text",
    "metadata": "bool",
    "type": "text",
    "keywords": "text",
    "group": "text",
}
ATTRIBUTE = {
    "variable": "bool",
    "code": "text",
    "datatype": "text",
    "required": "bool",
    "datatype_description": "text?",
    "order": "number",
    "description": "text",
}
VALUE = {"key": "text", "name": "text"}
CREATED = {"service_request_id": "text", "service_notice": "text?"}
REQUEST = {
    "service_request_id": "text",
    "status": "text",
    "status_notes": "text?",
    "service_name": "text",
    "service_code": "text",
    "description": "text",
    "agency_responsible": "text?",
    "service_notice": "text?",
    "requested_datetime": "time",
    "updated_datetime": "time",
    "expected_datetime": "time?",
    "address": "text?",
    "address_id": "text?",
    "zipcode": "text?",
    "lat": "number?",
    "long": "number?",
    "media_url": "text?",
}
ERROR = {"code": "number", "description": "text"}
DATATYPES = {
    "string",
    "number",
    "datetime",
    "text",
    "singlevaluelist",
    "multivaluelist",
}
#: W3C's form of a time, with its zone.
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"


@pytest.fixture
async def client(tmp_path):
    home = make_home(tmp_path)
    found_incidents(home)
    give_key(home)
    async with serving(home, alone=True) as node:
        yield await begin(node)


def check_value(name, value, sort):
    """A value of JSON is of this sort."""
    if value is None:
        assert sort.endswith("?"), name
        return
    kinds = {"text": str, "time": str, "bool": bool, "number": int}
    assert isinstance(value, kinds[sort.rstrip("?")]), name
    if sort.startswith("time"):
        assert re.fullmatch(TIME, value), name


def check_object(value, members):
    """An object of JSON has these members, of their sorts."""
    assert value.keys() >= members.keys()
    for name, sort in members.items():
        check_value(name, value[name], sort)


def check_element(element, members):
    """An element of XML holds one element for each of these, of their sorts."""
    assert [one.tag for one in element if one.tag in members] == list(members)
    for name, sort in members.items():
        text = element.findtext(name)
        if not text:
            assert sort.endswith("?"), name
        elif sort.startswith("number"):
            assert re.fullmatch(r"-?\d+(\.\d+)?", text), name
        elif sort.startswith("time"):
            assert re.fullmatch(TIME, text), name
        elif sort == "bool":
            assert text in {"true", "false"}, name


async def get(client, path):
    """The answer in both forms."""
    status, said = await client.get(f"{path}.json")
    assert status == 200, said
    status, xml = await client.get(f"{path}.xml")
    assert status == 200, xml
    assert re.match(rb"<\?xml version=['\"]1.0['\"] encoding=['\"]utf-8['\"]\?>", xml)
    return said, fromstring(xml)


async def test_the_list_of_services(client):
    said, root = await get(client, "services")
    assert root.tag == "services"
    assert {one.tag for one in root} == {"service"}
    assert len(root) == len(said) > 1
    for one, element in zip(said, root, strict=True):
        check_object(one, SERVICE)
        check_element(element, SERVICE)
        # An id is in the answer at once: no service gives a token in its place.
        assert one["type"] == element.findtext("type") == "realtime"


async def test_the_definition_of_a_service(client):
    said, root = await get(client, "services/politik_uang")
    assert root.tag == "service_definition"
    assert [one.tag for one in root] == list(said) == ["service_code", "attributes"]
    assert said["service_code"] == root.findtext("service_code") == "politik_uang"
    elements = root.findall("attributes/attribute")
    for one, element in zip(said["attributes"], elements, strict=True):
        check_object(one, ATTRIBUTE)
        check_element(element, ATTRIBUTE)
        assert one["datatype"] in DATATYPES
        values = element.findall("values/value")
        for value, it in zip(one["values"], values, strict=True):
            check_object(value, VALUE)
            check_element(it, VALUE)
        assert bool(values) is one["datatype"].endswith("list")


#: The fields of the published request, each as it is sent there: one value of a list
#: twice, one of several, and whatever is known of the sender.
POSTED = FORM | {
    "jurisdiction_id": "pilpres-2019",
    "attribute[law]": "pidana",
    "attribute[happened_at]": "2019-04-17T05:00:00+07:00",
    "lat": "-0.947083",
    "long": "100.417181",
    "address_string": "Jalan Kelima, dekat balai warga",
    "email": "seseorang@contoh.example",
    "device_id": "tt222111",
    "account_id": "123456",
    "first_name": "Zulkifli",
    "last_name": "Manurung",
    "phone": "111111111",
    "media_url": "https://foto.contoh.example/2212426634.jpg",
}


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_a_request_with_every_field_of_the_standard_is_taken(client, form):
    fields = POSTED | {"api_key": KEYS["qlue"]}
    status, said = await client.post(fields, form)
    assert status == 200, said
    if form == "json":
        [created] = said
        check_object(created, CREATED)
        name = created["service_request_id"]
    else:
        root = fromstring(said)
        assert root.tag == "service_requests"
        [request] = root
        assert request.tag == "request"
        check_element(request, CREATED)
        name = request.findtext("service_request_id")
    # Whatever comes back of it has nothing of who sent it, nor where exactly.
    status, [found] = await client.get(f"requests/{name}.json")
    for field in ("lat", "long", "media_url", "address"):
        assert found[field] is None
    assert "account_id" not in found


@pytest.mark.parametrize("path", ["requests", "requests/{id}"])
async def test_what_became_of_requests(client, path):
    name = await client.report()
    said, root = await get(client, path.format(id=name))
    assert root.tag == "service_requests"
    assert [one.tag for one in root] == ["request"]
    assert [one["service_request_id"] for one in said] == [name]
    check_object(said[0], REQUEST)
    check_element(root[0], REQUEST)
    assert said[0]["status"] in {"open", "closed"}


async def test_several_ids_and_codes_stand_behind_one_another(client):
    names = [
        await client.report(address_id=f"137101100100{number}") for number in (1, 2)
    ]
    both = ",".join(names)
    status, said = await client.get("requests.json", service_request_id=both)
    assert status == 200
    assert {one["service_request_id"] for one in said} == set(names)
    # An id overrides whatever else is asked.
    status, said = await client.get(
        "requests.json", service_request_id=names[0], status="closed"
    )
    assert [one["service_request_id"] for one in said] == names[:1]
    for asked, count in (
        ({"service_code": "politik_uang,lainnya"}, 2),
        ({"service_code": "lainnya"}, 0),
        ({"status": "open,closed"}, 2),
        ({"status": "closed"}, 0),
        ({"start_date": "2010-05-24T00:00:00Z", "end_date": "2010-06-24T00:00:00Z"}, 0),
    ):
        status, said = await client.get("requests.json", **asked)
        assert (status, len(said)) == (200, count), asked


async def test_no_list_spans_more_than_ninety_days(client):
    span = {"start_date": "2010-01-01T00:00:00Z", "end_date": "2010-04-02T00:00:00Z"}
    status, [fault] = await client.get("requests.json", **span)
    assert status == 400
    check_object(fault, ERROR)


#: What is asked wrongly, and the status that the standard names for it.
REFUSED = [
    ("services/parkir", {}, 404),
    ("services", {"jurisdiction_id": "city.gov"}, 404),
    ("requests/638344", {}, 404),
    ("requests", {"jurisdiction_id": "city.gov"}, 404),
    ("tokens/12345", {}, 404),
    ("requests", {"status": "besok"}, 400),
    ("requests", {"start_date": "kemarin"}, 400),
]


@pytest.mark.parametrize(("path", "asked", "status"), REFUSED)
async def test_a_refusal_is_a_list_of_errors_in_both_forms(client, path, asked, status):
    got, said = await client.get(f"{path}.json", **asked)
    assert got == status
    for fault in said:
        check_object(fault, ERROR)
        assert fault["code"] == status
    got, xml = await client.get(f"{path}.xml", **asked)
    assert got == status
    root = fromstring(xml)
    assert root.tag == "errors"
    assert {one.tag for one in root} == {"error"}
    for fault in root:
        check_element(fault, ERROR)
        assert fault.findtext("code") == str(status)


#: What is sent wrongly, and the status that the standard names for it.
UNTAKEN = [
    ({"api_key": ""}, 403),
    ({"api_key": "xyz"}, 403),
    ({"jurisdiction_id": "city.gov"}, 404),
    ({"service_code": "001"}, 404),
    ({"service_code": ""}, 400),
    ({"address_id": ""}, 400),
]


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(("changed", "status"), UNTAKEN)
async def test_a_request_that_is_not_taken_is_told_why(client, form, changed, status):
    got, said = await client.post(FORM | {"api_key": KEYS["qlue"]} | changed, form)
    assert got == status
    if form == "json":
        assert said
        for fault in said:
            check_object(fault, ERROR)
    else:
        root = fromstring(said)
        assert root.tag == "errors"
        for fault in root:
            check_element(fault, ERROR)
    said, count = await client.records()
    assert (count, json.loads(said)["incidents"]) == (0, [])
