"""The document is made from the routes, and says what they do."""

import json
import re
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from federation.errors import FormatError
from federation.flows.dataset.choose import MEDIA
from federation.flows.query import answers
from federation.records.incident import Incident
from federation.records.result import FIGURES, TpsResult
from federation.sources.draft import DraftReader
from federation.web import (
    agencyanswers,
    alike,
    api,
    evidence,
    forensics,
    incidents,
    intake,
    kpu,
    lag,
    mailin,
    maps,
    margin,
    missing,
    pictures,
    queue,
    recaps,
    receipt,
    removals,
    uploads,
)
from federation.web.openapi import Endpoint, NoQuery, read_query
from federation.web.openapidocument import openapi
from federation.web.queries import ListQuery
from tests import sample_map as sample

ENDPOINTS = [
    *api.endpoints(),
    *maps.endpoints(),
    *receipt.endpoints(),
    *intake.endpoints(),
    *evidence.endpoints(),
    *uploads.endpoints(),
    *incidents.endpoints(),
    *agencyanswers.endpoints(),
    *mailin.endpoints(),
    *kpu.endpoints(),
    *forensics.endpoints(),
    *margin.endpoints(),
    *pictures.endpoints(),
    *recaps.endpoints(),
    *queue.endpoints(),
    *alike.endpoints(),
    *missing.endpoints(),
    *removals.endpoints(),
    *lag.endpoints(),
]


@pytest.fixture(scope="module")
def document():
    return json.loads(msgspec.json.encode(openapi(ENDPOINTS, version="1.2.3")))


def test_every_endpoint_is_in_the_document_and_nothing_else(document):
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == "1.2.3"
    described = {
        (method.upper(), path)
        for path, entry in document["paths"].items()
        for method in entry
    }
    assert described == {(one.method, one.path) for one in ENDPOINTS}


def test_the_media_types_are_those_that_format_chooses_from(document):
    media = {
        "csv": "text/csv",
        "ndjson": "application/x-ndjson",
        "geojson": "application/geo+json",
        "excel": "text/csv",
        "xlsx": MEDIA["xlsx"],
    }
    seen = set()
    files = {one.path: {one.file} for one in ENDPOINTS if one.file}
    for path, entry in document["paths"].items():
        for one in entry.values():
            forms = [
                form
                for parameter in one["parameters"]
                if parameter["name"] == "format"
                for form in parameter["schema"]["enum"]
            ]
            content = one["responses"]["200"].get("content", {})
            tables = {media[form] for form in forms if form in media}
            assert content.keys() - {"application/json"} == tables | files.get(
                path, set()
            )
            seen |= tables
    assert seen == set(media.values())


def test_no_reference_leads_nowhere(document):
    names = set(document["components"]["schemas"])
    used = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert used <= names
    assert names <= used


def test_an_operation_keeps_the_name_that_clients_know_it_by(document):
    names = [
        one["operationId"]
        for entry in document["paths"].values()
        for one in entry.values()
    ]
    assert sorted(names) == [
        *("get_alike", "get_basis", "get_changes", "get_disputed", "get_duplicates"),
        *("get_elections", "get_export", "get_forensics", "get_gaps", "get_incident"),
        *("get_incident_export", "get_incidents", "get_kpu", "get_kpu_export"),
        *("get_lag", "get_map", "get_margin"),
        *("get_merged", "get_missing", "get_nation", "get_partners"),
        *("get_pictures", "get_queue", "get_queue_export", "get_recaps"),
        *("get_receipt", "get_region"),
        *("get_removals", "get_stations", "get_statistics", "get_status"),
        *(
            "get_summary",
            "get_tps",
            "offer_upload",
            "take_answer",
            "take_evidence",
            "take_mail",
        ),
        *("take_records", "take_reports", "take_uploaded"),
    ]


def members_of(value):
    if isinstance(value, dict):
        yield from value.items()
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from members_of(inner)


def test_nothing_is_said_in_words_that_only_some_tools_know(document):
    said = list(members_of(document))
    assert not [name for name, _ in said if name in {"prefixItems", "$defs"}]
    patterns = [value for name, value in said if name == "pattern"]
    assert len(patterns) > 40
    assert not [pattern for pattern in patterns if "(?!" in str(pattern)]
    pair = document["components"]["schemas"]["Tally"]["properties"]["votes"]
    assert pair["additionalProperties"] == {
        "type": "array",
        "items": {"type": "integer"},
        "minItems": 2,
        "maxItems": 2,
    }


def test_a_refusal_is_told_where_it_can_happen(document):
    batch = document["paths"]["/v1/records"]["post"]["responses"]
    assert {"400", "401", "403", "413", "415", "422", "429", "503"} < set(batch)
    assert document["paths"]["/v1/gaps"]["get"]["responses"].keys() == {
        *("200", "400", "404", "503", "default")
    }
    told = document["components"]["responses"]["Unauthorized"]
    assert told["headers"]["WWW-Authenticate"]["required"]


def test_codes_of_a_closed_list_are_listed(document):
    contest = document["components"]["schemas"]["Contest"]["properties"]
    assert contest["status"]["enum"] == [
        *("missing", "unread", "single", "agreed", "disputed")
    ]
    assert "one_digit" in contest["flags"]["items"]["enum"]


def test_every_schema_is_a_schema(document):
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_parts_of_a_path_and_queries_are_parameters(document):
    listed = document["paths"]["/v1/regions/{code}"]["get"]["parameters"]
    named = {(one["in"], one["name"]): one for one in listed}
    assert named["path", "code"]["required"] is True
    assert named["query", "limit"]["schema"]["maximum"] == 1000
    assert named["query", "limit"]["required"] is False
    assert named["query", "format"]["schema"]["enum"] == [
        "csv",
        "excel",
        "json",
        "ndjson",
        "xlsx",
    ]
    assert all(one["description"] for one in listed)


def test_a_token_is_asked_for_where_it_is_needed(document):
    assert document["paths"]["/v1/records"]["post"]["security"] == [{"token": []}]
    assert "security" not in document["paths"]["/v1/gaps"]["get"]


def test_a_batch_of_which_nothing_was_taken_has_the_same_answer(document):
    answers = document["paths"]["/v1/records"]["post"]["responses"]
    assert answers["422"]["content"] == answers["200"]["content"]
    assert answers["422"]["description"] != answers["200"]["description"]


@pytest.mark.parametrize(
    ("body", "row", "record"),
    [
        ("Batch", "ResultDraft", TpsResult),
        ("AddIncidents", "IncidentDraft", Incident),
    ],
)
def test_a_row_is_described_as_the_record_that_it_becomes(document, body, row, record):
    schemas = document["components"]["schemas"]
    rows = schemas[body]["properties"]["records"]
    assert rows["items"] == {"$ref": f"#/components/schemas/{row}"}
    by_node = {"election", "org", "recorded_at"}
    assert schemas[row]["properties"].keys() == (
        set(record.__struct_fields__) - by_node
    )
    assert schemas[row]["additionalProperties"] is False


def test_a_row_in_the_form_that_the_document_gives_is_understood(document):
    made = {
        "contest": st.just("ppwp"),
        "tps": st.sampled_from(["1371011001001", "3171010001001", "9907001001001"]),
        "candidates": st.dictionaries(
            st.sampled_from(["01", "02"]), st.integers(0, 999_999), min_size=1
        ),
    }
    schemas = document["components"]["schemas"]
    form = {**schemas["ResultDraft"], "components": {"schemas": schemas}}
    check = Draft202012Validator(form)
    some = {
        "form": st.sampled_from(["plano", "salinan", "unknown"]),
        "source": st.sampled_from(["citizen", "kpu", "observer"]),
        "review": st.sampled_from(["reviewed", "unreviewed"]),
        "round": st.sampled_from(schemas["ResultDraft"]["properties"]["round"]["enum"]),
        "figures": st.dictionaries(
            st.sampled_from(FIGURES), st.integers(0, 999_999), min_size=1
        ),
        "evidence": st.lists(
            st.fixed_dictionaries(
                {
                    "media_type": st.just("image/jpeg"),
                    "sha256": st.just("0" * 64),
                    "size": st.integers(0, 1 << 53),
                }
            ),
            min_size=1,
            max_size=2,
        ),
        "observed_at": st.just("2024-02-14T13:05:00Z"),
        "ref": st.just("r-1"),
        "revision": st.integers(0, 9),
        "note": st.just("diulang"),
        "contributor": st.just("a" * 64),
        "derived_from": st.just("b" * 64),
        "parties": st.nothing(),
    }
    listed = set(schemas["ResultDraft"]["properties"])
    assert listed == made.keys() | some.keys(), "each member of the form is tried"
    del some["parties"]
    reader = DraftReader(sample.profile())

    @given(st.fixed_dictionaries(made, optional=some))
    @settings(max_examples=150, deadline=None)
    def is_understood(row):
        assert check.is_valid(row) is isinstance(reader.read(row), dict)

    is_understood()


def test_answers_fit_the_schema_that_describes_them(document):
    found = answers.GapsAnswer(
        election="e",
        contest="ppwp",
        cursor="a.1",
        region=answers.Place(code="", name=""),
        register=3,
        gaps=[answers.Gap(tps="1371011001001", village="", voters=3)],
    )
    root = {
        "$ref": "#/components/schemas/GapsAnswer",
        "components": document["components"],
    }
    Draft202012Validator(root).validate(json.loads(msgspec.json.encode(found)))


def ask(query, kind):
    return read_query(make_mocked_request("GET", f"/v1/x?{query}"), kind)


def test_a_query_is_read_into_its_type():
    found = ask("region=13&limit=7", ListQuery)
    assert found == ListQuery(region="13", limit=7)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("limit=7&limit=8", "twice"),
        ("Limit=7", "unknown parameter"),
        ("limit=", "limit"),
        ("limit=7.5", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("format=CSV", "format"),
    ],
)
def test_a_query_of_another_shape_is_refused_by_name(query, said):
    with pytest.raises(FormatError, match=said):
        ask(query, ListQuery)


def test_a_path_without_parameters_takes_none():
    assert ask("", NoQuery) == NoQuery()
    with pytest.raises(FormatError, match="takes: none"):
        ask("a=1", NoQuery)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=4))
def test_any_query_is_read_or_refused_never_a_crash(query):
    request = make_mocked_request("GET", "/v1/gaps")
    request = request.clone(rel_url=request.rel_url.with_query(query))
    try:
        found = read_query(request, ListQuery)
    except FormatError:
        return
    assert set(query) <= set(ListQuery.__struct_fields__)
    assert 1 <= found.limit <= 1000


def test_a_route_runs_its_handler_with_the_query_read():
    async def handler(request, query):
        return web.Response(text=str(query.limit))

    one = Endpoint(
        method="POST", path="/x", summary="x", handler=handler, query=ListQuery
    )
    assert (one.route().method, one.route().path) == ("POST", "/x")


def test_the_reference_lists_every_endpoint_and_parameter():
    root = Path(__file__).parents[2]
    text = (root / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    rows = {
        tuple(line.split("`")[1].split(" ")): line
        for line in text.splitlines()
        if line.startswith(("| `GET /v1", "| `POST /v1"))
    }
    assert set(rows) == {(one.method, one.path) for one in ENDPOINTS}
    for one in ENDPOINTS:
        last = rows[one.method, one.path].split("|")[3]
        if "as below" not in last:
            assert set(re.findall(r"`(\w+)`", last)) == set(
                one.query.__struct_fields__
            ), one.path
