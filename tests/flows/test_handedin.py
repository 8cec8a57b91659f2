"""Whose report it is, told by its id alone, and only to who has the key."""

from collections import Counter

from federation.flows.incidents.handedin import (
    HandedReport,
    make_report_id,
    report_key,
)

KEY, OTHER = report_key(b"a" * 32), report_key(b"b" * 32)


def test_the_same_of_the_same_sender_is_the_same_report():
    report = make_report_id(KEY, "qlue", "form 1")
    assert report == make_report_id(KEY, "qlue", "form 1")
    others = {
        make_report_id(*asked)
        for asked in (
            (KEY, "qlue", "form 2"),
            (KEY, "kota", "form 1"),
            (OTHER, "qlue", "form 1"),
            (KEY, "qlue\0form", "1"),
        )
    }
    assert len(others | {report}) == 5


def test_only_who_handed_it_in_is_its_sender():
    report = HandedReport(make_report_id(KEY, "qlue", "form 1"), KEY)
    assert report.is_from("qlue")
    assert not report.is_from("kota")
    assert not report.is_from("")
    assert not HandedReport("0" * 32, KEY).is_from("qlue")
    assert not HandedReport(report.id, OTHER).is_from("qlue")


def test_an_id_says_nothing_to_whoever_has_no_key():
    """No two of one sender share a place's digit more often than chance has it."""
    reports = [make_report_id(KEY, "qlue", f"form {n}") for n in range(512)]
    assert len({report[:16] for report in reports}) == 512
    assert len({report[16:] for report in reports}) == 512
    for place in range(32):
        counts = Counter(report[place] for report in reports)
        assert max(counts.values()) < 80  # 32 expected, 8.7 deviations above
