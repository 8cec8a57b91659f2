"""The page as a file: one form, no duplicates, nothing from elsewhere."""

import json
import re

from federation import verifier
from federation.flows.audit.report import EXITS
from federation.records import kinds, sealed
from federation.records.schema import make_definitions
from federation.text import load_topic
from tests.conftest import PROJECT

PARTS = PROJECT / "federation" / "verifier" / "parts"
HTML = verifier.page().decode()
[DATA] = re.findall(r'(?s)<script[^>]* id="data">(.*?)</script>', HTML)


def test_the_committed_page_is_the_one_that_the_code_makes():
    assert (PROJECT / "docs" / "verify.html").read_bytes() == verifier.page()


def test_what_can_be_found_is_what_the_audit_can_find():
    assert list(verifier.kinds().items()) == list(EXITS.items())


def test_every_kind_has_its_sentence():
    words = load_topic("verifier")
    assert {f"kind-{kind}" for kind in EXITS} <= words.keys()


def test_a_type_is_what_it_is_to_the_node():
    common = json.loads(DATA)["schemas"]["Common"]["properties"]
    assert common["type"]["pattern"] == sealed.TYPE_PATTERN


def test_every_type_of_record_and_what_is_told_of_it_has_its_sentence():
    words = load_topic("verifier")
    told = [*kinds.free_texts(), *kinds.worded_members()]
    assert {f"fact_{name}" for name in told} <= words.keys()
    for kind in kinds.KINDS.values():
        assert f"type_{kind.name.partition('/')[0]}" in words
        members = make_definitions([kind.struct], "{name}")[kind.struct.__name__]
        for name in kind.worded:
            values = members["properties"][name]["enum"]
            assert {f"{name}_{value}" for value in values} <= words.keys()


def test_what_no_schema_says_of_a_type_is_asked_by_the_page_too():
    ruled = {one.name for one in kinds.KINDS.values() if one.rules or one.rules_in_log}
    script = (PARTS / "record.js").read_text()
    assert set(re.findall(r'\["([a-z-]+/[0-9]+)", check[A-Z]', script)) == ruled


def test_every_part_is_in_the_page_and_no_name_stands_twice():
    assert {f"{name}.js" for name in verifier.SCRIPTS} == {
        path.name for path in PARTS.glob("*.js")
    }
    # A second function of one name would silently replace the first.
    made = re.findall(
        r"(?m)^(?:async )?(?:function|const|let|class) (\w+)",
        "\n".join(path.read_text() for path in PARTS.glob("*.js")),
    )
    assert len(made) == len(set(made))


def test_the_page_names_nothing_elsewhere_and_writes_no_markup():
    assert not re.search(r"https?://|<link|@import|url\(|<img|<iframe", HTML)
    script = HTML.rpartition("<script>")[2]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function"
        r"|fetch\(|XMLHttp|WebSocket|EventSource|sendBeacon|import\(",
        script,
    )


def test_every_sentence_that_the_script_asks_for_is_there():
    words = load_topic("verifier")
    asked = set(re.findall(r'say\("([a-z_-]+)"', HTML))
    asked |= set(re.findall(r'data-word="([a-z_-]+)"', HTML))
    assert asked
    assert asked <= words.keys()
