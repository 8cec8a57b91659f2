"""An object store is tried before it is trusted, and told in words."""

from datetime import timedelta

import obstore
import pytest
from obstore.exceptions import NotSupportedError, PreconditionError
from obstore.store import MemoryStore

from federation.blobs import probe
from federation.blobs.probe import StoreTraits, probe_store
from federation.text import Text

REAL = obstore.put
KEEPS = ("creates", "swaps", "is_fair")


def traits(*kept):
    return StoreTraits(*(name in kept for name in KEEPS))


def writes_over(store, name, body, *, mode, **options):
    return REAL(store, name, body, mode="overwrite", **options)


def swaps_blindly(store, name, body, *, mode, **options):
    return REAL(store, name, body, mode="create" if mode == "create" else None)


def cannot_swap(store, name, body, *, mode, **options):
    if mode != "create":
        raise NotSupportedError("status code: 501")
    return REAL(store, name, body, mode=mode, **options)


def takes_no_tag(store, name, body, *, mode, **options):
    if mode != "create":
        raise PreconditionError("its own tag is none")
    return REAL(store, name, body, mode=mode, **options)


def lets_two_through(store, name, body, *, mode, **options):
    """Two that come at once are each told that they were the first, sometimes."""
    is_race = name.endswith("-2")
    return REAL(store, name, body, mode="overwrite" if is_race else mode, **options)


STORES = {
    REAL: (traits(*KEEPS), "may hold photographs, a published site"),
    writes_over: (traits(), "If-None-Match"),
    swaps_blindly: (traits("creates", "is_fair"), "could go back"),
    cannot_swap: (traits("creates", "is_fair"), "could go back"),
    takes_no_tag: (traits("creates", "is_fair"), "could go back"),
    lets_two_through: (traits("creates", "swaps"), "lets through several"),
}


@pytest.mark.parametrize("put", STORES, ids=lambda put: put.__name__)
def test_what_a_store_does_not_keep_is_found_and_told(put, monkeypatch):
    store = MemoryStore()
    monkeypatch.setattr(obstore, "put", put)
    kept, words = STORES[put]
    found = probe_store(store, "s3://b")
    assert found == kept
    assert found.takes_sites == (put is REAL)
    assert words in found.tell()
    assert Text("id").say(found.tell()) != Text("en").say(found.tell())
    assert [one for page in obstore.list(store) for one in page] == []


def test_a_store_that_cannot_be_asked_is_no_store_that_lies(monkeypatch):
    def refuses(*_, **__):
        raise PermissionError("status code: 403")

    monkeypatch.setattr(obstore, "put", refuses)
    with pytest.raises(OSError, match="403"):
        probe_store(MemoryStore(), "s3://b")


def test_what_a_killed_run_has_left_goes_and_nothing_of_another_name(monkeypatch):
    store = MemoryStore()
    left = [f".federation-probe-{'0' * 16}", f".federation-probe-{'f' * 16}-2"]
    others = [".federation-probe-report", f"{left[0]}-x", f"{left[1]}/below", "z"]
    for name in (*left, *others):
        obstore.put(store, name, b"x")

    def names():
        return {one["path"] for page in obstore.list(store) for one in page}

    probe_store(store, "s3://b")
    assert names() == {*left, *others}, "of one that runs now"
    monkeypatch.setattr(probe, "LEFT_AFTER", timedelta(0))
    probe_store(store, "s3://b")
    assert names() == {*others}
