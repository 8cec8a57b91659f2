"""A mail is told by what it answers, whatever else somebody put into it."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.flows.refer.inmail import mail_id, read_facts, read_text
from tests.mails import AGENCY_ADDRESS, SAID, a_bounce, a_mail

OURS = "0011223344556677889900aabbccddee@jagasuara.example"


def test_it_answers_what_it_names():
    mail = a_mail(in_reply_to=f"<{OURS}>", references=f"<x@y.example> <{OURS}>")
    facts = read_facts(mail)
    assert facts.message_ids == {OURS, "x@y.example"}
    assert (facts.kind, facts.sender) == ("answer", AGENCY_ADDRESS)
    assert read_text(mail).text.strip() == SAID


@pytest.mark.parametrize(
    ("subject", "numbers"),
    [
        ("Re: Laporan 0123456789ABCDEF", {"0123456789abcdef"}),
        ("Re: Laporan é (0123456789abcdef)", {"0123456789abcdef"}),
        ("0123456789abcdef0", set()),
        ("Laporan 012/LP/2019", set()),
    ],
)
def test_a_number_of_papers_is_16_digits_in_the_subject(subject, numbers):
    assert read_facts(a_mail(subject=subject)).numbers == numbers


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({}, "answer"),
        ({"auto_submitted": "no"}, "answer"),
        ({"auto_submitted": "auto-replied; owner=x"}, "automatic"),
        ({"auto_submitted": "auto-generated"}, "automatic"),
        ({"precedence": "auto_reply"}, "automatic"),
        ({"precedence": "bulk"}, "answer"),
        ({"return_path": "<>"}, "automatic"),
        ({"from": "MAILER-DAEMON@mx.example"}, "automatic"),
    ],
)
def test_what_a_program_wrote_by_itself_is_told(headers, kind):
    assert read_facts(a_mail(**headers)).kind == kind


@pytest.mark.parametrize("headers_only", [False, True])
@pytest.mark.parametrize(
    ("action", "kind"),
    [("failed", "bounce"), ("delayed", "automatic"), ("delivered", "automatic")],
)
def test_a_report_of_a_failed_delivery_is_a_bounce_of_what_came_back(
    action, kind, headers_only
):
    facts = read_facts(a_bounce(f"<{OURS}>", action, headers_only=headers_only))
    assert facts.kind == kind
    assert OURS in facts.message_ids


def test_a_mail_has_one_id_however_it_came():
    mail = a_mail()
    assert mail_id(mail) == mail_id(mail.replace(b"\r\n", b"\n"))
    assert mail_id(mail) == mail_id(b"Received: from mx.example\r\n" + mail)
    # Who only knows its Message-ID does not take its place.
    assert mail_id(mail) != mail_id(a_mail(text="lain"))
    assert mail_id(mail) != mail_id(a_mail("<2@bawaslu.example>"))


def test_html_is_shown_without_its_marks():
    mail = (
        b"Content-Type: text/html; charset=utf-8\n\n<style>p {}</style>"
        b"<p>Laporan&nbsp;<b>diterima</b></p><script>x</script><p>Salam"
    )
    assert read_text(mail).text == "Laporan\xa0diterima\nSalam"


def test_a_file_is_told_by_its_name():
    mail = (
        b'Content-Type: multipart/mixed; boundary="q"\n\n--q\nContent-Type: text/plain'
        b"\n\nTerlampir\n--q\nContent-Type: application/pdf\n"
        b'Content-Disposition: attachment; filename="putusan\x07 1.pdf"\n\nx\n--q--\n'
    )
    shown = read_text(mail)
    assert (shown.text, shown.attachments) == ("Terlampir", ("putusan\x07 1.pdf",))


DEEP = "".join(
    f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(20_000)
).encode()
HOSTILE = {
    "deep": DEEP,
    "deep messages": b"Content-Type: message/rfc822\n\n" * 100_000,
    "digests": b"Content-Type: multipart/digest; boundary=a\n\n" + b"--a\n\n" * 9_999,
    "semicolons": b"Content-Type: multipart/report;" + b";" * 4_000_000 + b"\n\nx",
    "parameters": b"Content-Type: multipart/x;" + b"a=b;" * 500_000 + b"\n\nx",
    "long header": b"Subject: " + b"x" * 1_000_000 + b"\n\nx",
    "many headers": b"A: b\n" * 200_000 + b"\nx",
    "long address": b"From: " + b"(" * 100_000 + b"\n\nx",
    "long references": b"References: " + b"<" * 1_000_000 + b"\n\nx",
    "words": b"Subject: " + b"=?utf-8?B?YQ==?= " * 60_000 + b"\n\nx",
    "bad words": b"Subject: =?utf-8?B?////?= =?x?Q?=?=\n\nx",
    "bad charset": b"Content-Type: text/plain; charset=\xff\xfe\n\n\xff\xfe\x80",
    "no charset": b"Content-Type: text/plain; charset=zip\n\nabc",
    "square charset": b"Content-Type: text/plain; charset=punycode\n\n"
    + b"a-" * 500_000,
    "surrogates": b"Content-Type: text/plain; charset=unicode-escape\n\n\\ud800 \\x",
    "uuencoded": b"Content-Transfer-Encoding: x-uuencode\n\nbegin 666 x\nz\x00\n",
    "base64": b"Content-Transfer-Encoding: base64\n\n" + b"=A" * 500_000,
    "marks": b"Content-Type: text/html\n\n" + b"<!--" * 500_000,
    "lines": b"Content-Type: multipart/x; boundary=a\n\n--a\n" + b"\n" * 1_000_000,
    "pieces": b"Content-Type: text/plain; "
    + b"".join(b"name*%d=x; " % n for n in range(5_000))
    + b"\n\nx",
    "nothing": b"",
    "zeros": b"\0" * 100_000,
    "no blank line": b"Subject: x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_a_mail_holds_breaks_or_holds_up(name):
    mail = HOSTILE[name]
    before = time.process_time()
    facts = read_facts(mail)
    assert len(mail_id(mail)) == 32
    assert facts.message_ids == frozenset()
    shown = read_text(mail)
    shown.text.encode()
    # A tenth of a second; what grows with the square of its length takes minutes.
    assert time.process_time() - before < 20


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([a_mail(), a_bounce(f"<{OURS}>"), DEEP[:900]]),
    st.lists(st.tuples(st.integers(0, 2_000), st.binary(max_size=8)), max_size=20),
)
def test_no_damage_to_a_mail_breaks_it(mail, changes):
    damaged = bytearray(mail)
    for at, piece in changes:
        damaged[at : at + len(piece)] = piece
    read_facts(bytes(damaged))
    mail_id(bytes(damaged))
    shown = read_text(bytes(damaged))
    (shown.text + "".join(shown.attachments)).encode()
    for _, value in shown.headers:
        value.encode()


def test_the_number_that_a_report_returns_is_found_among_many_others():
    crowd = " ".join(f"<{n}@x.example>" for n in range(600))
    facts = read_facts(a_mail(references=f"<{OURS}> {crowd}"))
    assert OURS in facts.message_ids
