"""A plan names stations by a seed alone, and counts forms in the order of the draws."""

import hashlib

import pytest

from federation.errors import ConflictError, FormatError
from federation.flows.query.sampleplan import (
    PlanChoice,
    batch_lines,
    map_batches,
    plan_sample,
    read_winner,
)
from federation.flows.query.scope import ask
from federation.records.register import Register
from federation.records.tps import TpsId
from federation.sources.batches import read_batches
from federation.store import registers
from tests import sample_map as sample

PROFILES = {sample.ELECTION: sample.profile()}
ASKED = ask(PROFILES, [sample.ELECTION])
SEED = "31415926535897932384"


@pytest.fixture
def view(tmp_path):
    database = sample.build(tmp_path)
    with database.view() as view:
        yield view
    database.close()


def plan(view, code="", batches=None, **choice):
    chosen = PlanChoice(**{"limit": 0.05, "seed": SEED, **choice})
    return plan_sample(
        view, ASKED, code, batches or map_batches(view, ASKED, code), chosen
    )


def write(view, path):
    batches = map_batches(view, ASKED, "")
    reported = read_winner(ASKED, "", batches)
    path.write_bytes(b"".join(batch_lines(reported, batches())))
    return path


def test_without_a_seed_no_station_is_named_and_the_batches_are_committed_to(
    view, tmp_path
):
    told = plan(view, seed="")
    assert (told.draws, told.counted, told.confirmed) == ([], 0, False)
    # KPU's figures stand for three of nine stations; 306 ballots at most each.
    assert (told.stations, told.unreported, told.winner) == (9, 6, "01")
    assert told.leads == {"02": 250 - 96, "03": 250 - 31}
    file = write(view, tmp_path / "batches.csv")
    assert told.batches_digest == hashlib.sha256(file.read_bytes()).hexdigest()
    last = file.read_text().splitlines()[-1].split(",")
    assert int(last[-1]) == told.weights


def test_what_was_committed_to_is_read_again_as_it_was(view, tmp_path):
    file = write(view, tmp_path / "batches.csv")
    assert plan(view, batches=read_batches(file)) == plan(view)


def test_draws_count_in_their_order_until_the_first_without_a_form(view):
    told = plan(view, any_form=True)
    read = [bool(one.votes) for one in told.draws]
    assert told.counted == read.index(False)
    assert any(read[told.counted :])  # those are read, and wait
    for number, one in enumerate(told.draws):
        assert (one.risk is not None and isinstance(one.risk, float)) == (
            number < told.counted
        )
        assert one.number == number + 1
    assert len(told.draws) == told.counted + told.more


def test_only_a_form_with_a_photograph_counts_unless_any_does(view):
    photographed = {one.tps for one in plan(view).draws if one.votes}
    assert photographed <= {sample.AGREED}
    anyhow = {one.tps for one in plan(view, any_form=True).draws if one.votes}
    assert sample.DISPUTED in anyhow


def test_where_monitors_differ_the_worst_of_them_counts(view):
    told = plan(view, any_form=True)
    one = next(one for one in told.draws if one.tps == sample.DISPUTED)
    # KPU has 90 and 40; one monitor as well, the other 41: one vote of the lead.
    assert len(one.votes) == 2
    assert one.taint == pytest.approx((1 / 154) / ((50 + 306) / 154), rel=1e-4)


@pytest.mark.parametrize(
    "line", ["x,306,1,2,3,0,0", "1371011001001,-1,1,2,3,0,0", "0,1", ""]
)
def test_a_line_that_is_no_batch_is_refused_with_its_number(tmp_path, view, line):
    file = write(view, tmp_path / "batches.csv")
    head, first, *rest = file.read_text().splitlines()
    file.write_text("\n".join([head, first, line or first, *rest]) + "\n")
    with pytest.raises(FormatError, match=r"batches\.csv:3"):
        plan(view, batches=read_batches(file))


def test_where_a_form_may_hold_any_number_of_votes_no_plan_says_how_sure_it_is(
    tmp_path,
):
    special = "1371011001901"
    for voters in (None, 250):
        database = sample.build(tmp_path / str(voters))
        register = Register(sample.ELECTION)
        for code in (*sample.REGISTER, special):
            register.add(TpsId(code), voters)
        with database.transaction() as tx:
            registers.save_register(tx, register, "special")
        with database.view() as view:
            if voters:
                assert plan(view).draws
            else:
                with pytest.raises(ConflictError, match=special):
                    plan(view)
        database.close()


def test_a_contest_of_parties_and_a_tie_have_no_plan(view):
    parties = ask(PROFILES, [sample.ELECTION], contest="pdpr")
    with pytest.raises(FormatError, match="pdpr"):
        plan_sample(view, parties, "", list, PlanChoice(0.05))
    with pytest.raises(ConflictError):
        plan(view, batches=list)
