"""A row that is filled in is the row that `records/merge.py` makes."""

from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.records import mergepart, rowmould
from federation.records.claim import Claim
from federation.records.differences import Differences
from federation.records.mergepart import MergePart, PartRow, merge_part
from federation.records.result import ROUNDS
from federation.records.slots import LatestClaim

ORIGINS = {1: "a.example/e", 2: "b.example/e", 3: "b.example/e/2", 4: "%s.example/e"}
ORGS = {1: "a.example", 2: "b.example", 3: "b.example", 4: "%s.example"}
VOTES = ('{"01":12,"02":3}', '{"01":13,"02":3}', '{"01":0,"02":3}', '{"01":0,"02":0}')
FIGURES = ("", '{"suara_sah":15}', '{"suara_sah":16}')
FILES = ((), ("aa" * 32,), ("bb" * 32,))
RULES = ((), ("votes_sum",))


def claim(log_id, index, said):
    kind, votes, complete, figures, files, rules, derived, official, reread = said
    has_votes = kind == "votes"
    return LatestClaim(
        log_id,
        Claim(
            index,
            kind,
            ORGS[log_id],
            official,
            "ppwp",
            "1371011001001",
            ROUNDS[reread],
            f"{log_id:02x}{index:062x}",
            votes if has_votes else "",
            has_votes and complete,
            rules if has_votes else (),
            files if kind != "withdrawal" else (),
            figures if kind != "withdrawal" else "",
            derived,
            log_id,
            "reviewed" if index % 3 else "unreviewed",
        ),
    )


def play(logs_said, *, outside=False):
    """What each step comes to, the counters added up; one claim a step."""
    row = slots = b""
    total, told = Differences(), []
    for index, (log_id, said) in enumerate(logs_said):
        further = [claim(log_id, index, said)]
        part = PartRow(7, row, slots, further, outside)
        merged = merge_part(MergePart(ORIGINS, frozenset(), [part]))
        total.take(merged.differences)
        for one in merged.rows:
            row, slots = one.row, one.slots
        told.append((merged.rows, merged.files, merged.replaced, merged.official))
    counters = {
        place: {name: count for name, count in counted.items() if count}
        for place, counted in total.counters()
    }
    return told, counters


@pytest.fixture
def both(monkeypatch):
    """Plays the same with moulds and without; how many rows were filled in."""
    filled = Counter()
    fill = rowmould.RowMould.fill

    def counted(mould, *args):
        filled["rows"] += 1
        return fill(mould, *args)

    monkeypatch.setattr(rowmould.RowMould, "fill", counted)
    # One for the module: what other tests have left there would be counted, too.
    rowmould._moulds.clear()

    def run(*args, **more):
        with_moulds = play(*args, **more)
        with monkeypatch.context() as patch:
            patch.setattr(mergepart, "mould_key", lambda *_: None)
            assert play(*args, **more) == with_moulds
        return with_moulds

    run.filled = filled
    return run


SAID = st.tuples(
    st.sampled_from(("votes", "votes", "votes", "unread", "withdrawal")),
    st.sampled_from(VOTES[:1] * 5 + VOTES),
    st.sampled_from((True, True, True, False)),
    st.sampled_from(FIGURES),
    st.sampled_from(FILES),
    st.sampled_from(RULES[:1] * 5 + RULES),
    st.booleans(),
    st.sampled_from((False, False, True)),
    st.sampled_from((False, False, False, True)),
)


@settings(max_examples=150, deadline=None)
@given(
    logs_said=st.lists(
        st.tuples(st.sampled_from((1, 2, 3, 4)), SAID), min_size=1, max_size=5
    ),
    outside=st.sampled_from((False, False, False, True)),
)
def test_whatever_is_said_a_filled_in_row_is_the_row_that_is_made(logs_said, outside):
    with pytest.MonkeyPatch.context() as patch:
        with_moulds = play(logs_said, outside=outside)
        patch.setattr(mergepart, "mould_key", lambda *_: None)
        assert play(logs_said, outside=outside) == with_moulds


def test_every_pair_of_plain_statements_is_filled_in_rightly(both):
    plain = [
        (kind, votes, complete, figures, files, (), derived, official, reread)
        for kind, votes, complete, figures, files, derived, official, reread in product(
            ("votes", "unread", "withdrawal"), VOTES[:1], (True, False), FIGURES[:2],
            FILES[:2], (True, False), (True, False), (True, False),
        )
    ]  # fmt: skip
    few = plain[::13]
    for first, second in product(few, few):
        both([(1, first), (2, second)])
    assert both.filled["rows"] > len(few) ** 2


@pytest.mark.parametrize(
    "second",
    [
        ("votes", VOTES[1], True, "", (), (), False, False, False),
        ("votes", VOTES[0], True, "", (), RULES[1], False, False, False),
    ],
    ids=["other votes", "a sum that fails"],
)
def test_what_differs_or_fails_has_no_shape(both, second):
    first = ("votes", VOTES[0], True, "", (), (), False, False, False)
    rows = both([(1, first), (2, second)])[0][1][0]
    assert rows[0].status in {"disputed", "agreed"}
    assert both.filled["rows"] == 1


def test_a_row_that_was_stored_otherwise_is_read_and_not_filled_in(both):
    said = ("votes", VOTES[0], True, "", FILES[1], (), False, False, False)
    told, _ = both([(1, said), (2, said)], outside=True)
    assert told[1][0][0].flags == ["outside_register"]


def test_moulds_that_nobody_needs_do_not_pile_up(both, monkeypatch):
    monkeypatch.setattr(rowmould, "_MOST", 4)
    said = ("votes", VOTES[0], True, "", (), (), False, False, False)
    logs = [(1, said), (2, said), (3, said), (4, said)]
    for first, second in product(logs, logs):
        both([first, second])
    assert len(rowmould._moulds) <= 4
