"""Photographs stand beside what was said: none of it is lost, none is said twice."""

import msgspec
import pytest
from msgspec import UNSET

from federation.flows.ownlog import ingest
from federation.flows.ownlog.attach import NewEvidence, add_files
from federation.flows.ownlog.attach import attach_evidence as attach_to
from federation.flows.photos.index import index_all
from federation.records.result import MOST_FILES, Evidence
from federation.records.sealed import open_leaf
from federation.records.withdrawal import Withdrawal
from federation.store import leaves as stored
from federation.store import logs
from tests.ownnode import row

NOW = 1_707_900_000
TPS = "3171011001001"


def file(number=1, page=None):
    """An entry: the file of this number, of this page."""
    return Evidence(
        media_type="image/jpeg",
        sha256=f"{number:064x}",
        size=100 + number,
        page=UNSET if page is None else page,
    )


def attach(node, *files, tps=TPS, now=NOW + 60, **options):
    new = NewEvidence(tps, "ppwp", "reguler", files)
    (verdict,) = attach_to(node.db, node.guard, node.log, [new], now, **options)
    return verdict


def append(node, *drafts, **options):
    return ingest.append(node.db, node.guard, node.log, drafts, NOW, **options)


def draft(votes=100, **members):
    return row(TPS, votes, 20, 3, **{"review": "unreviewed"} | members)


def statements(node):
    with node.db.view() as view:
        log = logs.get_log(view, node.log.origin)
        leaves = stored.read_leaves(view, log.id, 1, log.size)
    return [
        open_leaf(leaf, node.log.chain, index).statement
        for index, leaf in enumerate(leaves, 1)
    ]


def test_where_nothing_stands_a_photo_stands_alone_and_unread(node):
    assert attach(node, file(1), form="plano", source="citizen").outcome == "logged"
    (said,) = statements(node)
    assert said.evidence == (file(1),)
    assert (said.form, said.review, said.source) == ("plano", "unreviewed", "citizen")
    assert said.candidates is UNSET
    assert said.figures is UNSET


@pytest.mark.parametrize("review", ["reviewed", "unreviewed"])
def test_what_stands_is_said_again_whole_with_the_photo_beside_it(node, review):
    append(
        node,
        draft(
            review=review, form="salinan", observed_at="2024-02-14T10:00:00Z",
            ref="x-1", revision=7, note="basah", contributor="a" * 64,
            derived_from="b" * 64, evidence=[msgspec.to_builtins(file(9))],
        ),
    )  # fmt: skip
    assert attach(node, file(1, 2), form="plano").outcome == "logged"
    before, after = statements(node)
    same = msgspec.structs.replace(
        after, evidence=before.evidence, recorded_at=before.recorded_at, revision=7
    )
    assert same == before
    assert after.evidence == (file(9), file(1, 2))
    assert after.revision is UNSET


def test_a_form_that_was_not_said_is(node):
    append(node, draft(form="unknown"))
    attach(node, file(1), form="plano")
    assert statements(node)[-1].form == "plano"


def test_to_attach_twice_is_to_attach_once(node):
    append(node, draft(review="reviewed"))
    first = attach(node, file(1), file(2, 3))
    again = attach(node, file(2, 3), file(1))
    assert (again.outcome, again.record, again.index) == (
        "held", first.record, first.index,
    )  # fmt: skip
    assert len(statements(node)) == 2


def test_what_its_platform_sends_next_counts_as_before(node):
    append(node, draft(100, ref="x", revision=1))
    attach(node, file(1))
    (same,) = append(node, draft(100, ref="x", revision=1))
    assert same.outcome == "held"
    (newer,) = append(node, draft(101, ref="x", revision=2))
    assert newer.outcome == "logged"
    assert attach(node, file(1)).outcome == "held"
    assert statements(node)[-1].candidates["01"] == 101
    assert statements(node)[-1].evidence == (file(1),)


def test_a_revision_without_photos_keeps_those_that_stand(node):
    """Also where it says the same figures."""
    append(node, draft(100, ref="x", revision=1))
    attach(node, file(1))
    (newer,) = append(node, draft(100, ref="x", revision=2))
    assert newer.outcome == "logged"
    assert statements(node)[-1].evidence == (file(1),)
    assert attach(node, file(1)).outcome == "held"
    (late,) = append(node, draft(100, ref="x", revision=2))
    assert late.outcome == "held"


def test_what_was_said_before_with_a_photo_can_be_said_again(node):
    """What a record says that names its photos stands, and can be added to."""
    append(node, draft())
    attach(node, file(1))
    append(node, draft(evidence=[msgspec.to_builtins(file(2))]))
    assert attach(node, file(1)).outcome == "logged"
    assert statements(node)[-1].evidence == (file(2), file(1))
    append(node, draft(101, evidence=[msgspec.to_builtins(file(2))]))
    append(node, draft(evidence=[msgspec.to_builtins(file(3))]))
    assert attach(node, file(2)).outcome == "logged"


def test_what_was_taken_back_does_not_come_back_with_its_photo(node):
    append(node, draft())
    taken_back = Withdrawal(
        contest="ppwp", election="pemilu-2024", official=0, org="jagasuara.example",
        reason="salah TPS", recorded_at="2024-02-15T00:00:00Z", round="reguler",
        tps=TPS,
    )  # fmt: skip
    ingest.append_statements(node.db, node.guard, node.log, [taken_back], NOW)
    attach(node, file(1))
    assert statements(node)[-1].candidates is UNSET


def test_what_kpu_said_is_not_what_the_photo_shows(node):
    append(node, draft(source="kpu"))
    attach(node, file(1))
    official, ours = statements(node)
    assert official.evidence is UNSET
    assert (ours.source, ours.candidates) == ("observer", UNSET)


def test_more_files_than_a_record_may_name_are_refused_and_lose_nothing(node):
    verdict = attach(node, *map(file, range(MOST_FILES + 1)))
    assert (verdict.outcome, verdict.errors[0].at) == ("refused", "evidence")
    assert attach(node, *map(file, range(MOST_FILES))).outcome == "logged"
    assert attach(node, file(99)).outcome == "refused"
    assert len(statements(node)) == 1


def test_each_row_gets_its_own_answer(node):
    rows = [
        NewEvidence("31710110010", "ppwp", "reguler", [file(1)]),
        NewEvidence(TPS, "ppwp", "reguler", [file(2)]),
        NewEvidence("9999999999999", "ppwp", "reguler", [file(3)]),
    ]
    verdicts = attach_to(node.db, node.guard, node.log, rows, NOW)
    assert [one.row for one in verdicts] == [0, 1, 2]
    assert [one.outcome for one in verdicts] == ["refused", "logged", "refused"]
    assert verdicts[0].code == "format"


@pytest.mark.parametrize(
    ("held", "new", "both"),
    [
        ([], [(1, None), (1, None)], [(1, None)]),
        ([(1, 1)], [(1, 2)], [(1, 1), (1, 2)]),
        ([(1, None)], [(1, 2)], [(1, 2)]),
        ([(1, 2)], [(1, None)], [(1, 2)]),
        ([(1, None), (2, None)], [(1, 3), (1, 4)], [(1, 3), (2, None), (1, 4)]),
        ([(1, 2)], [(2, 2)], [(1, 2), (2, 2)]),
    ],
)
def test_an_entry_is_a_file_and_a_page(held, new, both):
    def of(pairs):
        return [file(*pair) for pair in pairs]

    assert add_files(of(held), of(new)) == of(both)
    assert add_files(of(both), of(new)) == of(both)


def evidence_of(node):
    return statements(node)[-1].evidence


@pytest.mark.parametrize("is_indexed", [False, True])
def test_figures_that_come_after_the_photos_keep_them(node, is_indexed):
    attach(node, file(1), file(2))
    if is_indexed:
        index_all(node.db)
    assert append(node, draft(100))[0].outcome == "logged"
    assert evidence_of(node) == (file(1), file(2))
    assert statements(node)[-1].candidates["01"] == 100
    # A corrected figure, too; and what comes again is held.
    assert append(node, draft(101))[0].outcome == "logged"
    assert evidence_of(node) == (file(1), file(2))
    for votes in (100, 101):
        assert append(node, draft(votes))[0].outcome == "held"
    assert len(statements(node)) == 3


def test_a_file_that_was_imported_with_photos_is_held_without_them(node):
    photos = [msgspec.to_builtins(file(1))]
    append(node, draft(100, evidence=photos))
    assert append(node, draft(100))[0].outcome == "held"
    append(node, draft(100, evidence=[msgspec.to_builtins(file(2))]))
    assert append(node, draft(100))[0].outcome == "held"
    assert len(statements(node)) == 2


def test_a_revision_that_came_with_photos_is_no_other_without_them(node):
    attach(node, file(1))
    append(node, draft(100, ref="x", revision=1))
    attach(node, file(2))
    assert append(node, draft(100, ref="x", revision=1))[0].outcome == "held"
    (other,) = append(node, draft(99, ref="x", revision=1))
    assert other.outcome == "refused"
    assert append(node, draft(101, ref="x", revision=2))[0].outcome == "logged"
    assert evidence_of(node) == (file(1), file(2))


def test_what_names_its_photos_says_all_of_them(node):
    attach(node, file(1))
    append(node, draft(100, evidence=[msgspec.to_builtins(file(2))]))
    assert evidence_of(node) == (file(2),)


def test_a_partner_s_photo_that_we_read_is_not_claimed_by_our_own_figures(node):
    cited = {"derived_from": "b" * 64, "evidence": [msgspec.to_builtins(file(1))]}
    append(node, draft(100, **cited))
    assert append(node, draft(101))[0].outcome == "logged"
    assert evidence_of(node) is UNSET


def test_what_is_said_again_on_purpose_keeps_its_photos(node):
    append(node, draft(100))
    attach(node, file(1))
    assert append(node, draft(100), restate=True)[0].outcome == "logged"
    assert evidence_of(node) == (file(1),)


def test_photos_of_another_slot_and_of_what_was_withdrawn_are_not_carried(node):
    attach(node, file(1))
    other = {"round": "psu"}
    assert append(node, draft(100, **other))[0].outcome == "logged"
    assert evidence_of(node) is UNSET


@pytest.mark.parametrize(
    "spoilt", [{"tps": 5}, {"round": None}, {"contest": []}, {"candidates": "x"}]
)
def test_a_row_that_cannot_be_is_refused_as_before(node, spoilt):
    attach(node, file(1))
    (verdict,) = append(node, draft(100) | spoilt)
    assert verdict.outcome == "refused"
