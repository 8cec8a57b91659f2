"""What a row is answered with depends on what was said, not on how it came."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from federation.flows.ownlog import begin, duplicates, ingest
from federation.records.ownstatement import content_of
from federation.records.sealed import leaf_text, parse_statement
from federation.store import leaves as stored
from federation.store import statements
from tests.ownnode import all_said

NOW = 1_707_900_000


def draft(slot, votes, review, ref):
    members = {
        "contest": "ppwp",
        "tps": f"317101100100{slot}",
        "round": "reguler",
        "form": "plano",
        "source": "observer",
        "review": review,
        "candidates": {"01": votes, "02": 2, "03": 3},
    }
    return members if ref is None else members | {"ref": ref[0], "revision": ref[1]}


def spoken(slot, votes, review, ref):
    """Rows of one slot that do not contradict each other: one, or its revisions."""
    if ref is None:
        return [draft(slot, votes[0], review, None)]
    return [
        draft(slot, one, review, (f"{ref}{slot}", revision))
        for revision, one in enumerate(votes)
    ]


slots = st.lists(
    st.tuples(
        st.integers(1, 9),
        st.lists(st.integers(0, 2), min_size=1, max_size=4),
        st.sampled_from(["reviewed", "unreviewed"]),
        st.none() | st.sampled_from("ab"),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda one: one[0],
)
drafts = slots.flatmap(
    lambda some: st.permutations([row for one in some for row in spoken(*one)])
)


NUMBERS = itertools.count()


@pytest.mark.slow
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(drafts, st.data())
def test_answers_do_not_depend_on_how_rows_are_cut_into_batches(node, rows, data):
    cut = data.draw(st.integers(0, len(rows)))
    seen = []
    for parts in ([rows], [rows[:cut], rows[cut:]], [[row] for row in rows]):
        # A new organisation each time, in one database: making one takes longer.
        keys = node.keys_of(f"org-{next(NUMBERS)}.example")
        log = begin.open_own(node.db, keys, node.log.profile)
        outcomes = [
            verdict.outcome
            for part in parts
            for verdict in ingest.append(node.db, node.guard, log, part, NOW)
        ]
        with node.db.view() as view:
            said = sorted(all_said(view, log.log_id), key=lambda s: s.index)
        seen.append((outcomes, [one._replace(content=b"") for one in said]))
        again = ingest.append(node.db, node.guard, log, rows, NOW + 60)
        repeated = {verdict.outcome for verdict in again}
        assert repeated <= {"held", "stale", "refused", "kept-reviewed"}
    assert seen[0] == seen[1] == seen[2]


anything = st.lists(
    st.builds(
        draft,
        st.integers(1, 2),
        st.integers(0, 2),
        st.sampled_from(["reviewed", "unreviewed"]),
        st.none() | st.tuples(st.sampled_from("ab"), st.integers(0, 3)),
    ),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(anything, st.data())
def test_the_order_of_the_rows_of_a_batch_decides_nothing(node, rows, data):
    seen = []
    for order in (rows, data.draw(st.permutations(rows))):
        keys = node.keys_of(f"org-{next(NUMBERS)}.example")
        log = begin.open_own(node.db, keys, node.log.profile)
        verdicts = ingest.append(node.db, node.guard, log, order, NOW)
        refused = [order[one.row] for one in verdicts if one.code == "contradiction"]
        with node.db.view() as view:
            said = statements.said_at(view, log.log_id, [one["tps"] for one in rows])
            leaves = {
                slot: parse_statement(
                    leaf_text(stored.read_leaf(view, log.log_id, some[-1].index))[:-1]
                ).candidates
                for slot, some in said.items()
            }
        seen.append((sorted(map(str, refused)), leaves))
    assert seen[0] == seen[1]


@pytest.mark.parametrize(
    "text",
    [
        b'{"org":"a.b","recorded_at":"2024-02-14T00:00:00Z","tps":"1"}\n',
        b'{"org":"a.b","recorded_at":"2025-01-01T23:59:59Z","tps":"1"}\n',
    ],
)
def test_content_is_everything_but_when_it_was_signed(text):
    bare = b'{"org":"a.b","tps":"1"}\n'
    assert content_of(text) == content_of(bare)
    quoted = b'{"note":"\\"recorded_at\\":\\"x\\",","org":"a.b","tps":"1"}\n'
    assert content_of(quoted) != content_of(bare)


def test_a_log_that_grew_by_another_hand_is_read_again_in_steps(node, monkeypatch):
    for votes in (5, 6):
        rows = [draft(slot, votes, "reviewed", None) for slot in (1, 2)]
        ingest.append(node.db, node.guard, node.log, rows, NOW)
    with node.db.view() as view:
        before = all_said(view, node.log.log_id)
    with node.db.transaction() as tx:
        statements.clear_said(tx, node.log.log_id)
    monkeypatch.setattr(duplicates, "RECALL_STEP", 2)
    duplicates.recall(node.db, node.log)
    duplicates.recall(node.db, node.log)
    with node.db.view() as view:
        assert all_said(view, node.log.log_id) == before
    assert len(before) == 4
