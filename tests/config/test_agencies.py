"""Agencies are read strictly, and a report goes to who is concerned and nearest."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.config.agencies import (
    LAWS_OF,
    AgencyEntry,
    agencies_of,
    load_agencies,
    parse_agencies,
    route,
)
from federation.errors import ConfigError
from federation.records.incident import CATEGORIES, LAWS
from federation.text import LANGUAGES, Text

ROOT = Path(__file__).parents[2]
BANDUNG, MEDAN = "3273011001001", "1271"


def agency(key, kind, *regions, **members):
    lines = [f'key = "{key}"', f'name = "{key.title()}"', f'kind = "{kind}"']
    lines.append(f"regions = {list(regions)}")
    given = {"address": "Jalan Contoh"} | members
    lines += [
        f"{name} = {value!r}".replace("True", "true") for name, value in given.items()
    ]
    return "\n".join(["[[agency]]", *lines, ""])


LIST = "".join(
    (
        agency("bawaslu", "bawaslu"),
        agency("bawaslu-32", "bawaslu", "32"),
        agency("panwas-327301", "bawaslu", "327301"),
        agency("bawaslu-3273", "bawaslu", "3273"),
        agency("dkpp", "dkpp"),
        agency("gakkumdu", "gakkumdu"),
        agency("gakkumdu-3273", "gakkumdu", "3273"),
        agency("kpu-3273", "kpu", "3273"),
        agency("pemkot-3273", "pemda", "3273"),
        agency("bkn", "other", categories=["netralitas_aparat"]),
        agency("polisi-32", "other", "32"),
    )
)


def read(text):
    return parse_agencies(text, Path("agencies.toml"))


KNOWN = read(LIST)


def keys(agencies):
    return [one.key for one in agencies]


def test_no_file_means_no_agencies(tmp_path):
    assert load_agencies(tmp_path / "agencies.toml") == ()


NEAR = ["panwas-327301", "bawaslu-3273", "bawaslu-32", "bawaslu"]


@pytest.mark.parametrize(
    ("law", "category", "place", "expected"),
    [
        ("administrasi", "prosedur_tps", BANDUNG, NEAR),
        ("administrasi", "prosedur_tps", "3204", ["bawaslu-32", "bawaslu"]),
        ("administrasi", "prosedur_tps", MEDAN, ["bawaslu"]),
        ("administrasi", "prosedur_tps", "99AB010001001", ["bawaslu"]),
        ("kode_etik", "lainnya", BANDUNG, ["dkpp", *NEAR]),
        ("pidana", "politik_uang", BANDUNG, ["gakkumdu-3273", "gakkumdu", *NEAR]),
        ("pidana", "politik_uang", MEDAN, ["gakkumdu", "bawaslu"]),
        ("protokol", "kerumunan", BANDUNG, ["pemkot-3273", *NEAR]),
        ("protokol", "kerumunan", MEDAN, ["bawaslu"]),
        ("hukum_lain", "netralitas_aparat", BANDUNG, ["bkn", "polisi-32", *NEAR]),
        ("hukum_lain", "lainnya", BANDUNG, ["polisi-32", *NEAR]),
        ("pidana", "politik_uang", "", ["gakkumdu", "bawaslu"]),
    ],
)
def test_a_report_goes_to_who_is_concerned_the_nearest_first(
    law, category, place, expected
):
    assert keys(route(KNOWN, law, category, place)) == expected


@given(
    st.permutations(KNOWN),
    st.sampled_from(LAWS),
    st.sampled_from(CATEGORIES),
    st.sampled_from([BANDUNG, MEDAN, "32", "3273", ""]),
)
def test_the_order_of_the_file_decides_nothing_between_unlike_agencies(
    order, law, category, place
):
    found = route(tuple(order), law, category, place)
    assert found == route(KNOWN, law, category, place)
    assert len(set(keys(found))) == len(found)
    assert all(one.reach(place) is not None for one in found)


def test_laws_and_categories_of_an_agency_go_before_those_of_its_kind():
    own = read(
        agency(
            "kpu-3273",
            "kpu",
            "3273",
            laws=["administrasi"],
            categories=["daftar_pemilih"],
        )
        + agency("bawaslu-327301", "bawaslu", "327301")
    )
    assert keys(route(own, "administrasi", "daftar_pemilih", BANDUNG)) == [
        "kpu-3273",
        "bawaslu-327301",
    ]
    assert keys(route(own, "administrasi", "lainnya", BANDUNG)) == ["bawaslu-327301"]


def test_where_nobody_is_concerned_nobody_is_named():
    assert route(read(agency("dkpp", "dkpp")), "pidana", "lainnya", BANDUNG) == ()


def test_the_level_follows_from_the_codes_and_ways_from_what_is_given():
    levels = {one.key: one.level for one in KNOWN}
    assert levels["bawaslu"] == "pusat"
    assert levels["bawaslu-32"] == "provinsi"
    assert levels["bawaslu-3273"] == "kabupaten"
    assert levels["panwas-327301"] == "kecamatan"
    full = read(agency("a", "kpu", email="a@b.example", webhook="https://b.example"))
    assert full[0].ways == ("by-hand", "email", "webhook")
    assert keys(agencies_of(KNOWN, MEDAN)) == ["bkn", "bawaslu", "dkpp", "gakkumdu"]


def test_every_kind_has_its_laws_and_every_law_a_kind():
    assert {law for laws in LAWS_OF.values() for law in laws} == set(LAWS)


@pytest.mark.parametrize(
    ("text", "key", "english", "indonesian"),
    [
        ("agency = 3", "agency", "double brackets", "kurung siku ganda"),
        ("[[agencies]]\n", "agencies", "[[agency]] tables", "tabel [[agency]]"),
        ("[[agency]\n", "", "line 1", "baris 1"),
        (agency("Bawaslu", "bawaslu"), "agency[1].key", "small letters", "huruf kecil"),
        (agency("a", "bawaslu") * 2, "agency[2].key", "listed twice", "dua kali"),
        (agency("a", "police"), "agency[1].kind", '"gakkumdu"', '"gakkumdu"'),
        (
            agency("a", "kpu", "327"),
            "agency[1].regions[0]",
            "code of a",
            "kode wilayah",
        ),
        (agency("a", "kpu", laws=["perdata"]), "agency[1].laws[0]", "pidana", "pidana"),
        (agency("a", "kpu", email="a.example"), "agency[1].email", "e-mail", "surel"),
        (agency("a", "kpu", address="  "), "agency[1].address", "not empty", "kosong"),
        (agency("a", "kpu", adress="x"), "agency[1].adress", "'address'", "'address'"),
        (
            agency("a", "kpu", webhook="http://a.example"),
            "agency[1].webhook",
            "https://",
            "https://",
        ),
        (
            agency("a", "kpu", allow_private=True),
            "agency[1].allow_private",
            "stands with a webhook",
            "hanya bersama webhook",
        ),
        (
            agency("a", "kpu", webhook_key="x"),
            "agency[1].webhook_key",
            "stands with a webhook",
            "hanya bersama webhook",
        ),
        (
            '[[agency]]\nkey="a"\nname="A"\nkind="kpu"',
            "agency[1]",
            "cannot be reached",
            "tidak dapat dicapai",
        ),
    ],
)
def test_an_error_names_file_key_and_how_to_mend_it(text, key, english, indonesian):
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert (refused.value.path, refused.value.key) == ("agencies.toml", key)
    told = {
        language: Text(language).say(refused.value.reason) for language in LANGUAGES
    }
    assert english in told["en"]
    assert indonesian in told["id"]


def test_the_example_works_and_shows_every_key():
    path = ROOT / "agencies.example.toml"
    known = load_agencies(path)
    last = path.read_text(encoding="utf-8").split("[[agency]]")[-1]
    for name in AgencyEntry.__struct_fields__:
        assert f"\n{name} = " in last, name
    assert keys(known) == ["bawaslu", "gakkumdu", "dkpp", "bawaslu-3273"]
    assert known[-1].webhook_key == ROOT / "keys/bawaslu-3273.secret"
    assert known[-1].address == "Jalan Contoh Nomor 1\nBandung 40111"
    assert (
        keys(route(known, "administrasi", "alat_peraga", BANDUNG))[0] == "bawaslu-3273"
    )
