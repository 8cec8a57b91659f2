"""Intake finds what was said of a slot, in order, and the newest revision."""

from federation.records.claim import StatementSlot
from federation.records.ownstatement import OwnStatement
from federation.store import statements
from federation.store.statements import Revision

TPS = "3171010001001"
SLOT = StatementSlot(TPS, "ppwp", "reguler", official=False)


def said(index, slot=SLOT, **members):
    content = members.pop("content", b"%016d" % index)
    return OwnStatement(
        slot, index, content, members.pop("review", "unreviewed"), **members
    )


def test_a_slot_gives_back_what_was_said_oldest_first(tx):
    official = SLOT._replace(official=True)
    rows = [said(9), said(3, review="reviewed"), said(4, official), said(11)]
    statements.save_said(tx, 1, rows, 12)
    found = statements.said_at(tx, 1, [TPS])
    assert [one.index for one in found[SLOT]] == [3, 9, 11]
    assert found[SLOT][0].review == "reviewed"
    assert [one.index for one in found[official]] == [4]
    assert statements.said_at(tx, 2, [TPS]) == {}
    assert statements.said_at(tx, 1, ["3171010001002"]) == {}


def test_only_the_newest_revision_of_a_thing_counts(tx):
    rows = [
        said(1, ref="r", revision=5),
        said(2, ref="r", revision=4),
        said(3, ref="s", revision=1),
        said(4, ref="t"),
    ]
    for row in rows:
        statements.save_said(tx, 1, [row], row.index + 1)
    found = statements.revisions_of(tx, 1, ["r", "s", "t", "u"])
    assert found == {
        ("r", "ppwp"): Revision(5, b"%016d" % 1),
        ("s", "ppwp"): Revision(1, b"%016d" % 3),
    }


def test_how_far_it_goes_is_kept_and_forgotten_with_it(tx):
    assert statements.said_size(tx, 1) == 0
    statements.save_said(tx, 1, [said(1, ref="r", revision=1)], 7)
    assert statements.said_size(tx, 1) == 7
    statements.clear_said(tx, 1)
    assert statements.said_size(tx, 1) == 0
    assert statements.said_at(tx, 1, [TPS]) == {}
    assert statements.revisions_of(tx, 1, ["r"]) == {}


def test_said_again_at_its_index_a_statement_stands_as_it_was_said_last(tx):
    again = said(3, content=b"another", review="reviewed", ref="r")
    for statement in (said(3), again):
        statements.save_said(tx, 1, [statement], 4)
    assert statements.said_at(tx, 1, [TPS]) == {SLOT: [again]}
