"""Why a leaf is in quarantine: what was said last."""

from federation.records.admission import Rejected
from federation.store import logs, quarantine


def test_a_leaf_that_is_judged_again_has_the_new_reason(db):
    with db.transaction() as tx:
        log = logs.add_log(tx, "a.example/pemilu-2024", own=False)
        for reason, code in (("one", "form"), ("another", "rules")):
            judged = [Rejected(3, reason, code)]
            quarantine.save_rejected(tx, log.id, judged)
            assert quarantine.list_rejected(tx, log.id) == judged
