"""What is said of an order is what plain Python finds in the exports."""

import csv
import io

import pytest
from msgspec import structs

from federation.errors import FormatError
from federation.flows.query.cells import format_csv
from federation.flows.query.export import Export
from federation.flows.query.margin import (
    BasisMargins,
    MarginChoice,
    MarginLine,
    answer_margin,
    say_assumed,
    say_outside,
)
from federation.flows.query.margincount import MarginShelf, count_knowledge
from federation.flows.query.scope import ask
from federation.records.register import Register
from federation.records.tps import TpsId
from federation.store import mapreading, registers
from federation.text import Text
from tests import sample_map as sample
from tests.plainmargin import recompute
from tests.webnode import settings_of

ASKED = ask({sample.ELECTION: sample.profile()}, [sample.ELECTION])


@pytest.fixture
def db(tmp_path):
    database = sample.build(tmp_path)
    yield database
    database.close()


@pytest.fixture
def counted(tmp_path):
    """The same map; the list of stations has the voters of all but one."""
    voters = {code: 240 + n for n, code in enumerate(sample.REGISTER[:-1])}
    database = sample.build(tmp_path, voters=voters)
    yield database
    database.close()


def answer(view, code="", shelf=None, **choice):
    def count(by):
        if shelf is None:
            return count_knowledge(view, ASKED, code, by, 100)
        return shelf.read(view, ASKED, code, by)

    digest = mapreading.map_digest(view, sample.ELECTION)
    return answer_margin(view, ASKED, code, count, digest, MarginChoice(**choice))


def export(view, what):
    rows = Export(view, settings_of(), ASKED, what)
    lines = []
    while not rows.done:
        page = rows.read(view)
        lines += [page.columns] * (not lines) + page.rows
    return list(csv.DictReader(io.StringIO(format_csv(lines).decode("utf-8-sig"))))


def ballots(voters):
    """Those delivered: 2 % more than there are voters."""
    return voters + -(-voters * 2 // 100)


def recomputed(view, basis):
    listed = [row for what in ("stations", "gaps") for row in export(view, what)]
    names = ["01", "02", "03"]
    return recompute(export(view, "results"), listed, basis, names, ballots)


def test_the_margins_are_what_plain_python_finds_in_the_exports(counted):
    with counted.view() as view:
        told = answer(view)
        for basis in told.bases:
            found = {(m.first, m.other): (m.least, m.most) for m in basis.margins}
            assert found == recomputed(view, basis.basis)
        assert [basis.assumed for basis in told.bases] == [1, 1, 1, 1]


def test_the_order_of_the_small_map_in_words_and_numbers(db):
    with db.view() as view:
        told = answer(view, "13")
        monitors = told.bases[0]
    assert told.digest
    assert set(told.vector) == {
        f"{org}/{sample.ELECTION}" for org in (sample.ANA, sample.BUDI)
    }
    counted = (monitors.known, monitors.disputed, monitors.unseen, monitors.assumed)
    assert counted == (4, 1, 3, 2)
    closest = monitors.margins[0]
    assert (closest.first, closest.other) == ("01", "02")
    # 100-50 + 80-30 + 10-20 + 7-8 known; 90-41 or 90-40; 255 + twice 306 unseen.
    assert (closest.known, closest.least, closest.most) == (89, 89 + 49 - 867, 1006)
    assert (closest.needed, closest.turning) == (2, 1)
    assert closest.sentence["en"].startswith("The order of 01 and 02 could still")
    assert [one.tps for one in told.first] == [
        *(sample.PHOTO, sample.WITHDRAWN, sample.GAP, sample.DISPUTED)
    ]


def test_where_special_stations_are_unseen_and_have_no_number_nothing_is_certain(db):
    special = "1371011001901"
    register = Register(sample.ELECTION)
    for code in (*sample.REGISTER, special):
        register.add(TpsId(code), 250)
    with db.transaction() as tx:
        registers.save_register(tx, register, "special")
    with db.view() as view:
        assert [basis.unbounded for basis in answer(view).bases] == [0, 0, 0, 0]
    register = Register(sample.ELECTION)
    for code in (*sample.REGISTER, special):
        register.add(TpsId(code), None)
    with db.transaction() as tx:
        registers.save_register(tx, register, "unknown")
    with db.view() as view:
        told = answer(view, "13")
        assert [basis.unbounded for basis in told.bases] == [1, 1, 1, 1]
        assert told.first[0].tps == special
        assert told.bases[0].margins[0].needed == 1
        said = say_assumed(Text("en"), told.bases[0], 306)
        assert "no order is certain" in said


def test_what_is_kept_of_a_kabupaten_is_counted_again_when_a_station_changes(db):
    shelf = MarginShelf()
    with db.view() as view:
        before = answer(view, shelf=shelf)
        assert before == answer(view)
    sample.add_claims(db, sample.CITRA, sample.said_by(sample.CITRA))
    sample.merge(db)
    with db.view() as view:
        after = answer(view, shelf=shelf)
        assert after == answer(view)
    assert after.digest != before.digest
    bare = {"digest": "", "cursor": "", "vector": {}}
    assert structs.replace(after, **bare) == structs.replace(before, **bare)  # agrees


def test_without_a_list_of_stations_nothing_is_said_of_the_order(tmp_path):
    database = sample.build(tmp_path, register=False)
    with database.view() as view:
        told = answer(view)
    database.close()
    assert not told.listed
    assert not any(basis.margins for basis in told.bases)


def test_somebody_who_is_not_behind_the_first_is_refused_with_who_is(db):
    with db.view() as view:
        with pytest.raises(FormatError, match="02, 03"):
            answer(view, against="01")
        assert answer(view, against="03").against == "03"


def test_a_known_lead_outside_of_what_is_possible_says_which_stations_it_lacks():
    def basis(known):
        line = MarginLine(
            first="01", other="02", known=known, least=20, most=30, can_change=False,
            sentence={},
        )  # fmt: skip
        return BasisMargins(
            basis="kpu", known=9, disputed=7, unseen=0, unseen_voters=0, assumed=0,
            unbounded=0, margins=[line],
        )  # fmt: skip

    for known in (20, 25, 30):
        assert not say_outside(Text("en"), basis(known))
    assert say_outside(Text("en"), basis(19)) == (
        "What is known of 01 – 02 (19) leaves out the 7 TPS whose figures differ, and"
        " so lies outside 20 to 30."
    )
    assert "tidak mencakup 7 TPS" in say_outside(Text("id"), basis(31))
