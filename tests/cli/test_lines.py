"""A line of the log: one event, one line, for people or for programs."""

import io
import json
import logging
import re
import typing
from pathlib import Path

import pytest

from federation.cli.serve.lines import MAX_FACT_CHARS, LineFormatter
from federation.node import events
from federation.node.events import Event, EventCode, say
from federation.text import Text, load_topic

CODES = typing.get_args(EventCode)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "log.md"


@pytest.fixture
def lines():
    """What is written of events and of all else: a function of language and form."""
    handlers = []

    def begin(language="en", *, is_json=False):
        out = io.StringIO()
        handler = logging.StreamHandler(out)
        handler.setFormatter(LineFormatter(Text(language), is_json=is_json))
        logging.getLogger("federation").addHandler(handler)
        handlers.append(handler)
        return lambda: out.getvalue().splitlines()

    was = events.LOG.level
    events.LOG.setLevel(logging.INFO)
    yield begin
    events.LOG.setLevel(was)
    for handler in handlers:
        logging.getLogger("federation").removeHandler(handler)


def test_an_event_is_time_level_code_sentence_and_facts(lines):
    text, programs = lines("id"), lines(is_json=True)
    say("turn", "a.example", peer="a.example", records=12, seconds=0.5, photos=0)
    (line,) = text()
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO turn Giliran dengan mitra"
        r" peer=a\.example records=12 seconds=0\.5",
        line,
    )
    told = json.loads(programs()[0])
    assert list(told) == [
        "time",
        "level",
        "event",
        "text",
        "peer",
        "records",
        "seconds",
    ]
    assert (told["level"], told["event"], told["records"]) == ("info", "turn", 12)


def test_every_event_has_its_sentence_and_its_row_and_no_other_has():
    assert set(load_topic("events")) == set(CODES)
    rows = re.findall(r"(?m)^\| `([a-z-]+)` \|", PAGE.read_text())
    assert set(rows) == {*CODES, "fault", "note"}


@pytest.mark.parametrize(
    "hostile",
    ["two\nlines", "\x1b[2J", "\u202etxt", 'a "quote"', "a=b", "", " ", "\\"],
)
def test_what_others_wrote_stays_one_fact_of_one_line(lines, hostile):
    text, programs = lines(), lines(is_json=True)
    say("turn-failed", "a.example", peer="a.example", reason=f"x{hostile}", failures=1)
    logging.getLogger("federation.of-a-test").warning("said %s", hostile)
    assert len(text()) == len(programs()) == 2
    assert not re.search("[\x00-\x1f\u202e]", "".join(text()))
    assert text()[0].endswith(" failures=1")
    assert json.loads(programs()[0])["peer"] == "a.example"


def test_half_a_character_is_written_whole():
    # Made by hand: what is logged is kept with a test, and this cannot be sent on.
    facts = {"reason": "x\udcff"}
    for said in (Event("turn-failed", "a.example", facts), "said \udcff"):
        record = logging.LogRecord("a", logging.WARNING, "a", 1, said, (), None)
        for is_json in (False, True):
            LineFormatter(Text("en"), is_json=is_json).format(record).encode()


def test_a_fact_is_bounded(lines):
    text = lines()
    say("turn-failed", "a.example", reason="x" * 100_000)
    logging.getLogger("federation.of-a-test").warning("y" * 100_000)
    assert all(len(line) < MAX_FACT_CHARS + 200 for line in text())


def test_a_trace_stands_below_its_line_and_forges_none(lines):
    text, programs = lines(), lines(is_json=True)
    try:
        int("a\n2024-02-14T14:03:07Z INFO started all is well")
    except ValueError:
        logging.getLogger("federation.of-a-test").exception("a duty failed")
    first, *rest = text()
    assert re.search(r"ERROR fault a duty failed place=federation\.of-a-test$", first)
    assert rest
    assert all(line.startswith("  ") for line in rest)
    (line,) = programs()
    assert "Traceback" in json.loads(line)["trace"]


def test_no_fact_has_the_name_of_a_member_of_every_line():
    taken = {"time", "level", "event", "text", "trace", "left_out"}
    rows = [row for row in PAGE.read_text().splitlines() if row.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[3])}
    assert not taken & named


def test_whoever_listens_without_our_form_hears_it_too(caplog):
    with caplog.at_level(logging.INFO):
        say("restored", "a.example/e", origin="a.example/e", records=3)
    assert "came back from a partner origin=a.example/e records=3" in caplog.text
    assert isinstance(caplog.records[0].msg, Event)
