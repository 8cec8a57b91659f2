"""What a page asks of the database does not grow with what it shows."""

import pytest

from federation.flows.query.region import list_parts, region
from federation.flows.query.scope import ask
from federation.flows.query.search import search
from federation.flows.query.stations import StationFilter, stations
from federation.records.register import Register
from federation.records.tps import TpsId
from federation.store import registers
from federation.store.namesearch import NameIndexes
from federation.store.view import View
from tests import sample_map as sample


@pytest.fixture
def statements(monkeypatch):
    """The statements that were run since it was cleared."""
    ran, execute = [], View.execute

    def noted(self, sql, *values):
        ran.append(sql)
        return execute(self, sql, *values)

    monkeypatch.setattr(View, "execute", noted)
    return ran


def widen(db, provinces, villages):
    """The sample's register, with more of everything."""
    register = Register(sample.ELECTION)
    codes = {*sample.REGISTER}
    codes |= {f"{20 + n}01011001001" for n in range(provinces)}
    codes |= {f"137101{1000 + n}001" for n in range(100, 100 + villages)}
    for code in codes:
        register.add(TpsId(code), None)
    register.names.update({code[:10]: f"Desa {code[:10]}" for code in codes})
    with db.transaction() as tx:
        registers.save_register(tx, register, "wide")


def count(db, statements, work):
    with db.view() as view:
        statements.clear()
        work(view)
        return len(statements)


def test_a_region_asks_as_often_however_many_parts_it_has(sample_db, statements):
    asked = ask({sample.ELECTION: sample.profile()}, [sample.ELECTION])
    counts = []
    for size in (1, 40):
        widen(sample_db, size, size)
        with sample_db.view() as view:
            assert len(list_parts(view, asked, "")) >= size
            assert len(list_parts(view, asked, "137101")) >= size
        counts.append(
            [
                count(
                    sample_db,
                    statements,
                    lambda view, code=code: region(view, asked, code),
                )
                for code in ("", "13", "137101")
            ]
        )
    assert counts[0] == counts[1]


def test_a_list_asks_as_often_however_many_it_shows(sample_db, statements):
    asked = ask({sample.ELECTION: sample.profile()}, [sample.ELECTION])
    which = StationFilter(org=sample.ANA)
    counts = {
        count(
            sample_db,
            statements,
            lambda view, limit=limit: stations(view, asked, which, "137101", "", limit),
        )
        for limit in (1, 2, 100)
    }
    assert len(counts) == 1


def test_a_search_asks_as_often_however_many_places_fit(sample_db, statements):
    indexes, counts = NameIndexes(), []
    for size in (3, 40):
        widen(sample_db, size, size)
        with sample_db.view() as view:
            index = indexes.index(view, sample.ELECTION)
            assert len(search(view, index, sample.ELECTION, "desa 13").found) >= 3
        counts.append(
            count(
                sample_db,
                statements,
                lambda view, index=index: search(view, index, sample.ELECTION, "desa"),
            )
        )
    assert counts[0] == counts[1]
