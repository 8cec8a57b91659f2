"""What a partner's logs have taken is counted once, and then moved."""

import pytest

from federation.records.admission import Rejected
from federation.store import logs, quarantine
from federation.store.taken import Taken, add_taken, read_taken
from federation.tlog.merkle import hash_leaf

ORG = "suara.example"


@pytest.fixture
def log(tx):
    held = logs.add_log(tx, f"{ORG}/pemilu-2024", own=False)
    new = [b"%d" % n for n in range(300)]
    logs.append_leaves(tx, held.id, 0, new, list(map(hash_leaf, new)))
    return held


@pytest.mark.parametrize(("now", "refused"), [(1, 2), (5, 5)])
def test_of_an_earlier_version_all_that_is_here_counts(tx, log, now, refused):
    quarantine.save_rejected(tx, log.id, [Rejected(n, "why", "code") for n in (3, 4)])
    add_taken(tx, log.id, size=9, refused=now)
    (size,) = tx.execute("SELECT sum(length(body)) FROM bundle").fetchone()
    assert read_taken(tx, ORG) == Taken(300, size, refused)


def test_then_only_what_is_new_is_added(tx, log):
    add_taken(tx, log.id, size=0, refused=0)
    before = read_taken(tx, ORG)
    add_taken(tx, log.id, size=70, refused=3)
    assert read_taken(tx, ORG) == Taken(300, before.size + 70, 3)
    assert read_taken(tx, "another.example") == Taken()
