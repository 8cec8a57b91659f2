"""flows/naming.py: a name beside a code that is another place's name."""

import pytest

from federation.flows.naming import Gazetteer, Stated, normalise_name
from federation.records.register import Register
from federation.store import registers
from federation.store.db import Database

TPS = "7202011002005"
NAMES = {
    "7202": "POSO",
    "720201": "POSO KOTA",
    "720202": "POSO PESISIR",
    "7202011002": "MOENGKO BARU",
    "7202011003": "KAYAMANYA",
    "7202022001": "Desa Tokorondo",
    "7202022002": "MOENGKO BARU",
}


@pytest.fixture
def view(tmp_path):
    register = Register("e")
    for village in (code for code in NAMES if len(code) == 10):
        register.add(f"{village}001")
    register.names.update(NAMES)
    database = Database.open(tmp_path)
    with database.transaction() as tx:
        registers.save_register(tx, register, "a test")
    with database.view() as opened:
        yield opened
    database.close()


@pytest.mark.parametrize(
    ("names", "other"),
    [
        ({10: "Moengko Baru"}, None),
        ({10: "KEL. MOENGKO-BARU"}, None),
        ({10: "Mongko Baru"}, None),  # a spelling that nobody has proves nothing
        ({10: "Kayamanya"}, "7202011003"),
        ({10: "kel kayamanya"}, "7202011003"),
        ({10: "Tokorondo"}, "7202022001"),
        ({6: "Poso Kota", 10: "Kayamanya"}, "7202011003"),
        ({6: "Kec. Poso Pesisir"}, "720202"),
        ({6: "Lage"}, None),
        ({}, None),
    ],
)
def test_only_the_name_of_another_place_contradicts_a_code(view, names, other):
    (why,) = Gazetteer("e").find_contradictions(view, [Stated(TPS, names)])
    assert (why and why.values["other"]) == other


def test_without_names_nothing_is_said(view):
    rows = [Stated("1371011001001", {10: "Kayamanya"})]
    assert Gazetteer("e").find_contradictions(view, rows) == [None]


def test_what_kind_of_place_it_is_does_not_count():
    for name in ("Desa Sulewana", "DS. SULEWANA", "sule wana", "Kelurahan  Sulewana"):
        assert normalise_name(name) == "sulewana"
