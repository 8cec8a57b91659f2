"""Of a violation: A reports it, B judges it and reports it too, C hears nothing."""

import hashlib
import re
import urllib.error
import urllib.request

import pytest

from tests.incidents import found_incidents
from tests.stories.nodes import Node, closing_all, start_all, trust_each_other
from tests.stories.test_usb import federation
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
REPORT = (
    *("--category", "politik_uang", "--law", "pidana", "--region", "1371"),
    *("--summary", "Amplop dibagikan di depan balai warga"),
    *("--happened", "2019-04-17 05.00", "--ref", "QL-17"),
)


def let_read(node, other):
    """What the operator of `node` writes into the table of `other`."""
    peers, text = node.home.peers, node.home.peers.read_text()
    pattern = rf'(?m)^(org = "{re.escape(other.org)}")$'
    peers.write_text(re.sub(pattern, r'\1\nlogs = ["incidents"]', text))


def ask_as_stranger(node, path):
    try:
        with urllib.request.urlopen(node.url + path) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def listed(node):
    found = federation(node, "incidents", "list")["incidents"]
    return {
        one["incident"]: [(it["org"], it["said"]["status"]) for it in one["standing"]]
        for one in found
    }


def digest_of(node):
    return federation(node, "incidents", "digest")["digest"]


def merged(node):
    """Of how many incidents are how many reports."""
    found = federation(node, "incidents", "digest")
    return found["incidents"], found["reports"]


@pytest.mark.long
def test_a_partner_in_the_audience_reads_a_report_and_others_get_nothing(tmp_path):
    a = Node(tmp_path, "jagapemilu.example")
    b = Node(tmp_path, "jagasuara.example")
    c = Node(tmp_path, "kawalpemilu.example")
    trust_each_other(a, b, c)
    origin, theirs = found_incidents(a.home), found_incidents(b.home)
    let_read(a, b)
    let_read(b, a)
    with closing_all() as closing:
        closing += [a, b, c]
        start_all(a, b, c)
        [verdict] = federation(a, "incidents", "add", *REPORT)["verdicts"]
        assert verdict["outcome"] == "logged"
        name = verdict["incident"]
        wait_until(lambda: b.size(origin) == 2, "B reads it")
        assert federation(b, "incidents", "status", name, "verified")["record"]
        said = {name: [(b.org, "verified")]}
        wait_until(lambda: a.size(theirs) == 2, "A reads what B says of it")
        wait_until(lambda: listed(a) == said, "A lists it")
        [verdict] = federation(b, "incidents", "add", *REPORT)["verdicts"]
        twin = verdict["incident"]
        [pair] = federation(b, "incidents", "duplicates")["pairs"]
        assert {pair["one"]["incident"], pair["other"]["incident"]} == {name, twin}
        federation(b, "incidents", "status", twin, "duplicate", "--duplicate-of", name)
        wait_until(lambda: merged(a) == merged(b) == (1, 2), "both show one of two")
        wait_until(lambda: digest_of(a) == digest_of(b), "what they show is the same")
        # Long enough for C to have asked both: it holds their public logs.
        for public in (a.origin, b.origin):
            wait_until(lambda public=public: c.size(public) > 0, "C has asked them")
        assert listed(c) == {}
        assert c.size(origin) == c.size(theirs) == 0
        for node in (a, b):
            assert ask_as_stranger(node, "/v1/incidents") == 404
            for one in (origin, theirs):
                path = f"/{hashlib.sha256(one.encode()).hexdigest()}/checkpoint"
                assert ask_as_stranger(node, path) == 404
