"""Claims stand by the bundle: whichever way they came there, each is as it was made."""

import contextlib
import signal
import sqlite3
import subprocess
import sys
from itertools import combinations, product

import msgspec
import pytest

from federation.errors import StoredError
from federation.records import claim as records
from federation.records.claim import (
    Claim,
    bundle_claims,
    count_digests,
    decode_claims,
    decode_places,
    encode_claims,
    list_indexes,
    split_claims,
)
from federation.store import claims
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.upgrade import COPY_NAME

LEAVES = 9


def said(index):
    return Claim(
        index=index,
        kind="votes",
        org="ana.example",
        official=False,
        contest="ppwp",
        tps=f"{1371011001000 + index}",
        round="reguler",
        record=f"{index:064x}",
        votes=f'{{"01":{index}}}',
        files=() if index % 2 else (f"{index + 1:064x}",),
    )


#: One leaf in four claims nothing.
SAID = [said(index) for index in range(LEAVES) if index % 4 != 1]
PAIRS = [(a, b) for a in range(LEAVES + 1) for b in range(a, LEAVES + 1)]


def among(start, end):
    return [one for one in SAID if start <= one.index < end]


def within(start, end):
    return bundle_claims(among(start, end))


@pytest.fixture
def tx(tmp_path):
    with (
        contextlib.closing(Database.open(tmp_path)) as db,
        db.transaction() as transaction,
    ):
        yield transaction


@pytest.fixture
def narrow(monkeypatch):
    """Bundles of four leaves, so that every edge can be tried."""
    monkeypatch.setattr(claims, "WIDTH", 4)
    monkeypatch.setattr(records, "WIDTH", 4)


def test_a_value_says_of_its_claims_what_they_say_by_themselves():
    value = encode_claims(SAID)
    assert decode_claims(value) == SAID
    assert split_claims(value) == {
        one.index: msgspec.msgpack.encode(one) for one in SAID
    }
    assert list_indexes(value) == [one.index for one in SAID]
    places = [
        (one.index, one.contest, one.tps, one.record) for one in decode_places(value)
    ]
    assert places == [(one.index, one.contest, one.tps, one.record) for one in SAID]
    files = sum(len(one.files) for one in SAID)
    assert count_digests(value) == len(SAID) + files


def test_appended_in_whatever_parts_every_claim_is_there(tx, narrow):
    for log_id, cuts in enumerate(
        cuts
        for count in range(LEAVES)
        for cuts in combinations(range(1, LEAVES), count)
    ):
        for start, end in zip((0, *cuts), (*cuts, LEAVES), strict=True):
            claims.save_claims(tx, log_id, within(start, end))
        assert claims.read_claims(tx, log_id, 0, LEAVES, LEAVES) == SAID
        assert claims.has_claims(tx, log_id, 0, LEAVES, within(0, LEAVES))
        assert not claims.has_claims(tx, log_id, 0, LEAVES, within(1, LEAVES))
    assert log_id == 2 ** (LEAVES - 1) - 1


def test_any_part_is_read_as_it_is(tx, narrow):
    claims.save_claims(tx, 1, within(0, LEAVES))
    for (start, end), limit in product(PAIRS, range(1, LEAVES)):
        part = among(start, end)
        assert claims.read_claims(tx, 1, start, end, limit) == part[:limit]
        places = claims.read_places(tx, 1, start, end, limit)
        assert [one.record for one in places] == [one.record for one in part[:limit]]
        assert claims.has_claims(tx, 1, start, end, within(start, end))
        found = {one.index for one in part}
        assert claims.list_unclaimed(tx, 1, start, end) == [
            index for index in range(start, end) if index not in found
        ]
        filed, at = [], start
        while at < end:
            more, behind = claims.read_with_files(tx, 1, at, end, limit)
            assert behind > at
            filed, at = filed + more, behind
        assert filed == [one for one in part if one.files]
    for index in range(LEAVES + 4):
        single = claims.read_claim(tx, 1, index)
        assert ([] if single is None else [single]) == among(index, index + 1)


def test_to_read_any_claims_unpacks_each_of_their_bundles_once(tx, narrow, monkeypatch):
    claims.save_claims(tx, 1, within(0, LEAVES))
    claims.save_claims(tx, 2, within(0, LEAVES))
    unpacked, unpack = [], claims.unpack
    monkeypatch.setattr(claims, "unpack", lambda *a: unpacked.append(a) or unpack(*a))
    asked = [(log_id, index) for index in range(LEAVES + 9) for log_id in (1, 2, 3)]
    found = dict(claims.read_at(tx, asked))
    assert found == {(log_id, one.index): one for log_id in (1, 2) for one in SAID}
    assert len(unpacked) == 2 * len(within(0, LEAVES))


def test_any_part_can_be_replaced_and_nothing_else_changes(tx, narrow):
    for log_id, (start, end) in enumerate(PAIRS):
        claims.save_claims(tx, log_id, within(0, LEAVES))
        claims.replace_claims(tx, log_id, start, end, ())
        left = [one for one in SAID if not start <= one.index < end]
        assert claims.read_claims(tx, log_id, 0, LEAVES, LEAVES) == left
        claims.replace_claims(tx, log_id, start, end, within(start, end))
        assert claims.has_claims(tx, log_id, 0, LEAVES, within(0, LEAVES))


@pytest.mark.parametrize("damage", ["x'00'", "body || x'00'", "x'28b52ffd2000010000'"])
def test_a_damaged_row_is_told_and_replaced_without_a_look_at_it(tx, damage):
    claims.save_claims(tx, 1, within(0, LEAVES))
    tx.execute(f"UPDATE claim_bundle SET body = CAST({damage} AS BLOB)")
    reads = (claims.read_claims, claims.read_places, claims.read_with_files)
    for read in reads:
        with pytest.raises(StoredError):
            read(tx, 1, 0, LEAVES, LEAVES)
    with pytest.raises(StoredError):
        claims.read_claim(tx, 1, 0)
    # As where the log grows, or is judged again: nobody but our disk is to blame.
    for change in (claims.save_claims, claims.replace_claims):
        part = () if change is claims.save_claims else (0, 4)
        with pytest.raises(StoredError, match="doctor --mend"):
            change(tx, 1, *part, within(0, 4))
    claims.replace_claims(tx, 1, 0, 256, within(0, LEAVES))
    assert claims.read_claims(tx, 1, 0, LEAVES, LEAVES) == SAID


def test_a_row_of_another_bundle_is_told(tx):
    claims.save_claims(tx, 1, within(0, LEAVES))
    tx.execute("UPDATE claim_bundle SET idx = 3")
    with pytest.raises(StoredError):
        claims.read_claims(tx, 1, 0, 1024, LEAVES)


#: Three logs: one that claims nothing, one of some bundles with gaps, one short one.
OLD = {2: [said(index) for index in range(3, 900, 2) if index // 256 != 1], 3: SAID}


@pytest.fixture
def older(tmp_path, monkeypatch):
    """A folder whose database has a row for each claim."""
    with monkeypatch.context() as before:
        before.setattr(claims, "MIGRATIONS", claims.MIGRATIONS[:1])
        with (
            contextlib.closing(Database.open(tmp_path)) as db,
            db.transaction() as transaction,
        ):
            transaction.executemany(
                "INSERT INTO claim (log_id, idx, body) VALUES (?,?,?)",
                (
                    (log_id, one.index, msgspec.msgpack.encode(one))
                    for log_id, every in OLD.items()
                    for one in every
                ),
            )
    return tmp_path


def assert_upgraded(folder):
    with contextlib.closing(Database.open(folder)) as db, db.view() as view:
        for log_id, every in OLD.items():
            assert claims.read_claims(view, log_id, 0, 1 << 62, 1 << 20) == every
            bundles = bundle_claims(every)
            assert claims.has_claims(view, log_id, 0, 1 << 62, bundles)
        tables = view.execute("SELECT name FROM sqlite_schema WHERE name = 'claim'")
        assert tables.fetchall() == []
        rows = view.execute("SELECT count(*) FROM claim_bundle").fetchone()
        assert rows == (sum(len(bundle_claims(every)) for every in OLD.values()),)


def test_rows_of_one_claim_each_become_rows_of_a_bundle(older):
    assert_upgraded(older)
    assert (older / COPY_NAME).exists()


@pytest.mark.parametrize("damage", ["x''", "x'00'", "body || x'00'"])
def test_a_damaged_old_row_stops_no_upgrade_and_is_told_of_its_bundle_alone(
    older, damage
):
    with contextlib.closing(sqlite3.connect(older / FILE_NAME)) as before, before:
        where = "WHERE log_id = 2 AND idx = 3"
        before.execute(f"UPDATE claim SET body = CAST({damage} AS BLOB) {where}")
    with contextlib.closing(Database.open(older)) as db, db.transaction() as tx:
        with pytest.raises(StoredError, match="doctor --mend"):
            claims.read_claims(tx, 2, 0, 256, 256)
        later = [one for one in OLD[2] if one.index >= 256]
        assert claims.read_claims(tx, 2, 256, 1 << 62, 1 << 20) == later
        whole = bundle_claims([one for one in OLD[2] if one.index < 256])
        claims.replace_claims(tx, 2, 0, 256, whole)
    assert_upgraded(older)


KILLED = """
import os, signal, sys
from pathlib import Path
from federation.store import claims
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME

finalize, done = claims._PackClaims.finalize, []

def die(self):
    done.append(finalize(self))
    if len(done) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return done[-1]

claims._PackClaims.finalize = die
Database.open(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("bundle", [1, 3])
def test_killed_among_the_bundles_the_next_start_makes_all_of_them(older, bundle):
    words = [sys.executable, "-c", KILLED, str(older), str(bundle)]
    ended = subprocess.run(words, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert_upgraded(older)
