"""What the node answers is what its document says, whatever it is asked.

Parameters are made out of the document itself, in the form that it gives and in none:
so a form that it promises and the node cannot take is found here; so is the reverse.
"""

import asyncio
import contextlib
import json
import re

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from federation.flows.photos.removallist import RemovalsAnswer
from federation.store.db import Database
from federation.web.app import make_app
from federation.web.openapidocument import openapi
from federation.web.requests.photos import ListRemovals
from tests import sample_map as sample
from tests.web.test_openapi import ENDPOINTS
from tests.webnode import context_of, settings_of

NAMES = sorted(
    one.path
    for one in ENDPOINTS
    if one.method == "GET" and one.path != "/v1/basis/{digest}"
)
TOKEN = "control-token-of-the-tests"
KNOWN = [sample.AGREED, "", "13", "1371", "1371011001", sample.ELECTION, "0" * 64]
PLACES = {
    "code": "13",
    "election": sample.ELECTION,
    "id": "0" * 64,
    "org": "a.example",
}
#: Nothing to wait for, and values that are there.
USUAL = {"election": ["", sample.ELECTION], "contest": ["", "ppwp"], "wait": ["0"]}


class Served:
    """A node over the sample's map, asked from outside the event loop."""

    def __init__(self, loop, folder):
        self._loop, self._ends = loop, contextlib.AsyncExitStack()
        self._run(self._open(folder))

    async def _open(self, folder):
        db = Database.open(folder)
        self._ends.callback(db.close)
        profiles = {sample.ELECTION: sample.profile()}
        site = context_of(
            db, settings_of(), profiles=profiles, control_token=TOKEN, desk=_Desk()
        )
        self._server = TestServer(make_app(site))
        await self._ends.enter_async_context(self._server)
        self._session = await self._ends.enter_async_context(ClientSession())
        self.document = json.loads((await self._ask("/openapi.json", {}))[2])

    def ask(self, path, query):
        return self._run(self._ask(path, query))

    async def _ask(self, path, query):
        url = self._server.make_url(path)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self._session.get(url, params=query, headers=headers) as got:
            return got.status, got.content_type, await got.read()

    def _run(self, work):
        return self._loop.run_until_complete(work)

    def close(self):
        self._run(self._ends.aclose())


class _Desk:
    """Nobody: what is read needs none, but for what asks for removals and for news."""

    def alarms(self):
        return []

    def readiness(self):
        return []

    async def run(self, asked):
        assert isinstance(asked, ListRemovals)
        return RemovalsAnswer(removals=[], next="")


@pytest.fixture(scope="module")
def served(sample_folder, tmp_path_factory):
    loop = asyncio.new_event_loop()
    found = Served(loop, sample_folder)
    yield found
    found.close()
    loop.close()


def values_of(parameter):
    """What its schema takes; often what is there."""
    schema = parameter["schema"]
    if parameter["name"] in USUAL:
        return st.sampled_from(USUAL[parameter["name"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema["type"] == "integer":
        return st.integers(schema["minimum"], schema["maximum"]).map(str)
    if "pattern" in schema:
        ours = [
            sample.AGREED,
            "",
            "13",
            "1371",
            "1371011001",
            sample.ELECTION,
            "0" * 64,
        ]
        known = [one for one in ours if re.search(schema["pattern"], one)]
        made = st.from_regex(re.compile(schema["pattern"], re.ASCII), fullmatch=True)
        # Of a pattern's end Python takes a line's end before it as well.
        return st.one_of(st.sampled_from(known or [""]), made).map(str.rstrip)
    return st.text(max_size=12)


def split(path, parameters):
    """The address without its `{parts}`, and the question."""
    query = dict(parameters)
    for name in re.findall(r"\{(\w+)\}", path):
        path = path.replace(f"{{{name}}}", query.pop(name))
    return path, query


@pytest.mark.parametrize("path", NAMES)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_an_answer_is_one_that_the_document_has(served, path, data):
    operation = served.document["paths"][path]["get"]
    given_ = {
        one["name"]: data.draw(values_of(one), one["name"])
        for one in operation["parameters"]
        if one["in"] == "path" or data.draw(st.booleans())
    }
    status, media, body = served.ask(*split(path, given_))
    answers = operation["responses"]
    assert status < 500, body
    assert str(status) in answers, (status, body)
    described = answers[str(status)]
    if "$ref" in described:
        name = described["$ref"].rpartition("/")[2]
        described = served.document["components"]["responses"][name]
    assert media in described["content"]
    if media in {"application/json", "application/problem+json"}:
        schema = described["content"][media]["schema"]
        components = {"components": served.document["components"]}
        Draft202012Validator(schema | components).validate(json.loads(body))


PATTERNED = [
    (path, parameter["name"])
    for path, entry in openapi(ENDPOINTS, version="1")["paths"].items()
    for parameter in entry.get("get", {}).get("parameters", ())
    if path in NAMES and "pattern" in parameter["schema"]
]


@pytest.mark.parametrize(("path", "name"), PATTERNED)
@pytest.mark.parametrize(
    "value", ["null", "13710110010010", "..", "x y", "\u0661\u0663"], ids=ascii
)
def test_what_has_not_the_form_is_refused(served, path, name, value):
    parameters = served.document["paths"][path]["get"]["parameters"]
    in_path = {one["name"] for one in parameters if one["in"] == "path"}
    query = {part: PLACES[part] for part in in_path} | {name: value}
    status, media, body = served.ask(*split(path, query))
    assert status in {400, 404}, body
    assert media == "application/problem+json"
