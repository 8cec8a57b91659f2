"""Excerpts: a hundred thousand receipts, judged one by one."""

import pytest

from federation.feeds.bundle import BundleFile, write_bundle
from federation.flows.audit import AuditSource, documents
from tests.flows.audit.conftest import run_audit, trust_in
from tests.flows.audit.test_kinds import receipt_of


@pytest.fixture
def excerpt(tmp_path, small, b):
    """Audit an excerpt of these receipts, by path."""

    def run(receipts: dict[str, bytes]):
        path = tmp_path / "x.zip"
        write_bundle(path, sorted(receipts.items()))
        with BundleFile(path) as bundle:
            return run_audit(AuditSource(name="x", files=bundle), trust=trust_in(b))

    return run


def test_a_receipt_under_the_name_of_another_record_is_told(excerpt, small, b):
    right, wrong = f"receipts/{b.origin}/1.txt", f"receipts/{b.origin}/4.txt"
    receipt = receipt_of(small, 1)
    report = excerpt({right: receipt, wrong: receipt})
    assert report.exit == 0
    assert [one.index for one in report.documents] == [1, 1]
    told = [one for one in report.findings if one.kind == "extra-file"]
    assert [one.source for one in told] == [f"x:{wrong}"]
    assert told[0].detail == f"{wrong}: the receipt of {b.origin} 1"


def test_a_receipt_larger_than_any_record_needs_is_not_read(excerpt, small, b):
    large = b"c2sp.org/tlog-proof@v1\n" + b"A" * (1 << 17)
    report = excerpt(
        {
            f"receipts/{b.origin}/1.txt": receipt_of(small, 1),
            f"receipts/{b.origin}/2.txt": large,
        }
    )
    assert (report.verdict, len(report.documents)) == ("damaged", 1)
    assert "more than 131072 bytes" in report.findings[0].detail


def test_no_receipt_stays_in_memory_while_another_is_judged(
    excerpt, small, b, monkeypatch
):
    kept = []
    true = documents.Documents.judge

    def look(self):
        kept.extend(given.data for given in self._given["receipt"])
        true(self)

    monkeypatch.setattr(documents.Documents, "judge", look)
    receipts = {
        f"receipts/{b.origin}/{at}.txt": receipt_of(small, at) for at in range(1, 4)
    }
    assert len(excerpt(receipts).documents) == 3
    assert kept == [b""] * 3


def test_what_records_say_is_told_up_to_a_measure_and_all_are_judged(
    excerpt, small, b, monkeypatch
):
    monkeypatch.setattr(documents, "MAX_TOLD_BYTES", 1000)
    receipts = {
        f"receipts/{b.origin}/{at}.txt": receipt_of(small, at) for at in range(1, 5)
    }
    found = excerpt(receipts).documents
    assert all(one.holds for one in found)
    told = [bool(one.statement) for one in found]
    assert told == sorted(told, reverse=True)
    assert set(told) == {True, False}
