"""The pages about alarms at the node; what the command and messages say as well."""

import re

import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.records.alarmhelp import CODES, PATH, help_for, where_to_read
from federation.text import LANGUAGES, Text, load_topic
from federation.web.app import make_app
from federation.web.page import mark_commands
from tests import sample_map as sample
from tests.webnode import context_of, settings_of


@pytest.fixture
async def client(sample_db):
    profiles = {sample.ELECTION: sample.profile()}
    site = context_of(sample_db, settings_of(), profiles=profiles)
    async with TestClient(TestServer(make_app(site))) as found:
        yield found


async def test_each_alarm_has_a_page_in_each_language_with_all_its_steps(client):
    for language in LANGUAGES:
        listed = await (await client.get(f"{PATH}?lang={language}")).text()
        for code in CODES:
            assert f"{PATH[1:]}/{code}?lang={language}" in listed
            got = await client.get(f"{PATH}/{code}?lang={language}")
            text = await got.text()
            told = help_for(Text(language), code)
            assert (got.status, f'lang="{language}"' in text) == (200, True), code
            for sentence in (told.meaning, told.why, *told.steps, told.call):
                assert str(mark_commands(sentence)) in text, code


async def test_a_page_of_no_alarm_is_a_page_that_says_so(client):
    got = await client.get(f"{PATH}/no-such-alarm", headers={"Accept": "text/html"})
    assert (got.status, got.content_type) == (404, "text/html")


@pytest.mark.parametrize("code", CODES)
def test_each_alarm_says_why_what_to_do_when_it_is_settled_and_whom_to_call(code):
    told = [help_for(Text(language), code) for language in LANGUAGES]
    assert len({len(one.steps) for one in told}) == 1
    assert all(2 <= len(one.steps) <= 6 and all(one) for one in told)
    # The same commands in both languages, but for what is put in.
    spans = [[re.findall("`([^`]+)`", step) for step in one.steps] for one in told]
    for ours, theirs in zip(*spans, strict=True):
        assert [command(one) for one in ours] == [command(one) for one in theirs]


def command(span):
    """What is typed, without what is put in."""
    return [word for word in span.split() if not word.isupper()][:3]


def test_there_is_a_word_for_nothing_but_alarms():
    named = {n.partition("-")[2] for n in load_topic("alarmhelp") if "-" in n}
    assert named - {"one", "more", "short", "explain"} == set(CODES)


def test_what_stays_until_it_is_taken_away_says_so_and_nothing_else_does():
    """Each page that names `--clear` in its steps says that it stays, and back."""
    for code in CODES:
        told = help_for(Text("en"), code)
        stays = "until you take it away" in told.settled
        clears = f"--clear {code}" in " ".join((*told.steps, told.settled))
        assert stays == clears, code


def test_a_sentence_is_escaped_before_its_commands_are_marked():
    assert mark_commands("<b> `a <i>` & c") == (
        "&lt;b&gt; <code>a &lt;i&gt;</code> &amp; c"
    )


@pytest.mark.parametrize(
    ("public_url", "where"),
    [
        ("https://a.example", f"https://a.example{PATH}/fork"),
        ("https://a.example/federation/", f"https://a.example/federation{PATH}/fork"),
        (None, "federation alarms explain fork"),
    ],
)
def test_where_to_read_is_an_address_or_the_command(public_url, where):
    assert where_to_read("fork", public_url) == where
