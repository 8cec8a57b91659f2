"""Columns of a table that are for the annex: what they mean, and that none is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import ConfigError
from federation.flows.annex.contents import IncidentAnnex
from federation.records.canonical import convert
from federation.sources.annexcolumns import MEMBERS, AnnexColumns


@pytest.mark.parametrize(
    ("header", "member"),
    [
        ("Nama Pelapor", "reporter.name"),
        ("pelapor/nama", "reporter.name"),
        ("data/pelapor/hp", "reporter.contact"),
        ("Contact", "reporter.contact"),
        ("TERLAPOR", "accused.name"),
        ("nama_saksi", "witness.name"),
        ("_Lokasi_latitude", "position.lat"),
        ("Lokasi.lon", "position.lon"),
        ("bujur", "position.lon"),
    ],
)
def test_a_header_that_people_give_it_is_known(header, member):
    assert AnnexColumns([header], {}, []).member_of == {header: member}


@pytest.mark.parametrize(
    "header", ["summary", "Contact ID", "_submitted_by", "nama", "_latitude", ".lat"]
)
def test_another_header_is_not(header):
    assert AnnexColumns([header], {}, []).member_of == {}


def test_a_column_of_the_report_is_none_and_the_operators_word_wins():
    headers = ["Terlapor", "Siapa", "Nama Pelapor"]
    columns = AnnexColumns(headers, {"reporter.name": "Siapa"}, ["Terlapor"])
    assert columns.member_of == {"Siapa": "reporter.name"}
    for named in ({"reporter.nik": "Siapa"}, {"reporter.name": "Nama"}):
        with pytest.raises(ConfigError):
            AnnexColumns(headers, named, [])


@pytest.mark.parametrize(
    ("lat", "lon", "annex"),
    [
        (
            "-0,947083",
            "100.417181",
            {"position": {"lat": -0.947083, "lon": 100.417181}},
        ),
        ("90", "180", {"position": {"lat": 90.0, "lon": 180.0}}),
        ("90.1", "100", {"notes": "position: 90.1 100"}),
        ("samping balai", "", {"notes": "position: samping balai"}),
        ("", "nan", {"notes": "position:  nan"}),
        ("", "", {}),
    ],
)
def test_a_position_is_two_numbers_of_the_earth_or_a_note(lat, lon, annex):
    assert AnnexColumns(["lat", "lon"], {}, []).read({"lat": lat, "lon": lon}) == annex


@given(st.dictionaries(st.sampled_from(sorted(MEMBERS)), st.text(max_size=40)))
def test_whatever_stands_there_is_an_annex_and_nothing_of_it_is_lost(row):
    columns = AnnexColumns(row, {member: member for member in row}, [])
    said = columns.read(row)
    annex = convert(said, IncidentAnnex)
    assert (annex == IncidentAnnex()) is (not any(map(str.strip, row.values())))
    written = str(said)
    for member, text in row.items():
        if not member.startswith("position."):
            assert repr(text.strip())[1:-1] in written
