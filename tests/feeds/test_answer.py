"""What an answer means that is not the file, and what hostile answers say."""

import pytest
from multidict import CIMultiDict

from federation.feeds.answer import (
    FeedRequest,
    is_page,
    judge_answer,
    judge_move,
    judge_page,
    parse_wait,
    show,
)
from federation.text import Text

BASE, PATH = "http://a.example/node", "/logs"
NOW = 1_707_916_000.0
PAGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head>"


def judge(status, head=b"", path="/x", **headers):
    named = CIMultiDict(
        {name.replace("_", "-"): text for name, text in headers.items()}
    )
    return judge_answer(status, named, head, FeedRequest(BASE, path), NOW)


def name_of(meaning):
    return meaning.reason.key.removeprefix("network.")


@pytest.mark.parametrize(
    ("status", "cause", "name"),
    [
        (204, "garbled", "garbled"),
        (206, "garbled", "garbled"),
        (304, "garbled", "garbled"),
        (400, "refused", "refused"),
        (401, "login", "login"),
        (402, "refused", "refused"),
        (403, "refused", "refused"),
        (404, "absent", "no-file"),
        (405, "refused", "refused"),
        (407, "login", "login-proxy"),
        (408, "refused", "too-slow-there"),
        (410, "absent", "no-file"),
        (418, "refused", "refused"),
        (429, "busy", "busy"),
        (451, "refused", "refused-law"),
        (500, "failing", "failing"),
        (502, "failing", "failing-behind"),
        (503, "busy", "pause"),
        (504, "failing", "failing-behind"),
        (511, "login", "login-network"),
        (522, "failing", "failing-behind"),
        (599, "failing", "failing"),
    ],
)
def test_a_status_means_one_thing(status, cause, name):
    found = judge(status)
    assert (found.cause, name_of(found)) == (cause, name)


def test_an_address_without_a_node_is_told_as_such():
    assert name_of(judge(404, path="/logs")) == "no-node"


@pytest.mark.parametrize(
    ("sign", "service"),
    [
        ("cf-mitigated", "Cloudflare"),
        ("CF-Mitigated", "Cloudflare"),
        ("x-amzn-waf-action", "AWS WAF"),
        ("x-vercel-mitigated", "Vercel"),
        ("x-sucuri-block", "Sucuri"),
    ],
)
@pytest.mark.parametrize("status", [403, 405, 429, 503, 202])
def test_a_challenge_is_told_by_who_makes_it(sign, service, status):
    found = judge(status, PAGE, **{sign: "challenge"})
    assert found.cause == "page"
    assert service in found.reason


def test_a_refusal_with_a_page_tells_its_title():
    found = judge(403, PAGE)
    assert found.cause == "page"
    assert "“Just a moment...”" in found.reason
    assert name_of(judge(403, b"<html>no title")) == "refused-page"


def test_a_plain_question_at_a_secure_port_is_told_as_such():
    for said in (
        b"<html><center>The plain HTTP request was sent to HTTPS port</center>",
        b"Client sent an HTTP request to an HTTPS server.\n",
        b"You're speaking plain HTTP to an SSL-enabled server port.<br />",
    ):
        assert name_of(judge(400, said)) == "needs-tls"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("1.5", 1.0),
        ("1000000000", 1e9),
        ("Wed, 14 Feb 2024 13:06:50 GMT", 10.0),
        ("Wed, 14 Feb 2024 20:06:50 +0700", 10.0),
        ("Wednesday, 14-Feb-24 13:06:50 GMT", 10.0),
        ("Tue, 13 Feb 2024 13:06:50 GMT", 0.0),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("7 s", None),
        ("1e9", None),
        ("9" * 400, None),
        ("\u0667", None),
        ("Wed, 99 Feb 9999999999 13:06:50 GMT", None),
    ],
)
def test_a_time_to_wait_is_read_or_not_there(said, seconds):
    assert parse_wait(said, None, NOW) == seconds


def test_a_date_is_counted_from_the_clock_of_the_server():
    until = "Wed, 14 Feb 2024 13:06:50 GMT"
    ahead = "Wed, 14 Feb 2024 13:06:20 GMT"
    assert parse_wait(until, ahead, NOW - 86_400) == 30.0
    assert parse_wait(until, "garbage", NOW) == 10.0
    assert parse_wait(until, None, None) is None


@pytest.mark.parametrize(
    ("status", "said", "name"),
    [
        (429, "7", "busy-wait"),
        (429, "90000", "busy-long"),
        (503, "7", "pause-wait"),
        (503, "1000000000", "pause-long"),
        (503, "-1", "pause"),
    ],
)
def test_what_a_node_asks_is_said(status, said, name):
    found = judge(status, Retry_After=said)
    assert name_of(found) == name
    assert found.retry_after == parse_wait(said, None, NOW)


@pytest.mark.parametrize(
    ("location", "name", "address"),
    [
        ("https://a.example/node/logs", "moved", "https://a.example/node"),
        ("https://www.a.example/node/logs", "moved", "https://www.a.example/node"),
        ("https://b.example/logs", "moved", "https://b.example"),
        ("https://b.example:8443/x/y/logs", "moved", "https://b.example:8443/x/y"),
        ("/other/logs", "moved", "http://a.example/other"),
        ("//b.example/logs", "moved", "http://b.example"),
        ("../logs", "moved", "http://a.example"),
        ("https://b.example/logs#top", "moved", "https://b.example"),
        ("logs", "moved-circle", None),
        ("http://a.example/node/logs", "moved-circle", None),
        ("/login?next=/node/logs", "moved-elsewhere", "http://a.example/login"),
        ("/login?next=/logs", "moved-elsewhere", "http://a.example/login"),
        ("https://b.example/", "moved-elsewhere", "https://b.example/"),
        ("/node/logs/", "moved-elsewhere", "http://a.example/node/logs/"),
        ("https://b.example/blogs", "moved-elsewhere", "https://b.example/blogs"),
        ("", "moved-nowhere", None),
        ("javascript:alert(1)/logs", "moved-odd", None),
        ("file:///etc/passwd/logs", "moved-odd", None),
        ("ftp://b.example/logs", "moved-odd", None),
        ("http://user:secret@b.example/logs", "moved-odd", None),
        ("http://user@b.example/logs", "moved-odd", None),
        ("http://[::1/logs", "moved-odd", None),
        ("http:///logs", "moved-odd", None),
        ("http://" + "a" * 5000 + ".example/logs", "moved-odd", None),
    ],
)
def test_a_redirect_names_the_address_that_it_names_and_no_other(
    location, name, address
):
    found = judge_move(location, FeedRequest(BASE, PATH))
    assert (found.cause, name_of(found)) == ("moved", name)
    assert found.reason.values.get("address", None) == address or address is None
    assert len(found.reason) < 500


def test_whoever_typed_the_address_is_told_what_to_type():
    typed = judge_move("https://b.example/logs", FeedRequest(BASE, PATH, is_typed=True))
    assert (
        typed.reason == "it has moved to https://b.example; type that address instead"
    )
    listed = judge_move("https://b.example/logs", FeedRequest(BASE, PATH))
    assert "as `url` in peers.toml" in listed.reason


@pytest.mark.parametrize(
    "location",
    [
        "http://b.example/\x1b[2Jlogs",
        "\x1b]0;you lost\x07",
        "http://b.example/\u202elogs",
        "\udcff\udcfe",
        "http://b.example/\x00/logs",
        "http://\u0430.example/logs",
    ],
)
def test_nothing_in_an_address_steers_a_terminal_or_is_a_surrogate(location):
    for language in ("en", "id"):
        said = Text(language).say(judge_move(location, FeedRequest(BASE, PATH)).reason)
        assert said.isprintable()
        said.encode()


@pytest.mark.parametrize(
    "head",
    [
        PAGE,
        b"\n\n <html>",
        b"\xef\xbb\xbf<!doctype HTML>",
        b"<!-- portal --><html>",
        b"<?xml version='1.0'?><html>",
        b"<HEAD><meta http-equiv=refresh>",
        b"<script>location='/login'</script>",
    ],
)
def test_a_page_is_known_by_how_it_begins(head):
    assert is_page(head)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b'{"logs":[]}',
        b"<p",
        b"<a.example/x\n",
        b"<\x00\x01",
        b"<htmlx",
        b"< html>",
    ],
)
def test_what_only_begins_alike_is_no_page(head):
    assert not is_page(head)


def test_a_title_is_shown_on_one_line_and_cut():
    found = judge_page(b"<html><title>\x1b[31mA\n\n B" + b"x" * 2000)
    assert "“\\x1b[31mA B" in found.reason
    assert len(found.reason) < 300
    assert show("a\u202eb\n") == "a\\u202eb\\n"
    assert name_of(judge_page(b"<html>")) == "page"
