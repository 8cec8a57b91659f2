"""sources/recognise.py"""

import pytest

from federation.errors import FormatError
from federation.sources.recognise import recognise
from federation.sources.stream import Source

DOCUMENT = '{"mode":"hhcw","chart":{"100025":1},"administrasi":null,"psu":null}'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("kode_tps,01\n1,2\n", "csv"),
        ('"kode";"01"\n', "csv"),
        ('{"kode":"1371011001001","chart":{"21":1}}\n', "situng"),
        ('{"tps":"1371011001001","candidates":{"01":1}}\n', "ndjson"),
        ('{"lokasi":"1371011001001","suara":{"a":1}}\n{"lokasi":"x"}', "ndjson"),
        (f'{{"1371011001001":{DOCUMENT}}}', "sirekap"),
        (f'{{\n  "1371011001001" : {DOCUMENT}', "sirekap"),
        (f'{{"99AB010001001":{DOCUMENT}}}', "sirekap"),
        (DOCUMENT, "sirekap-one"),
        ('{\n "tungsura":{"chart":{"1":2}}}', "sirekap-one"),
    ],
)
def test_a_file_is_known_by_what_it_holds(put, text, kind):
    for zipped in (False, True):
        with Source(put(text, "upload.dat", zipped=zipped)) as source:
            assert recognise(source) == kind


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        ('{"id2name":{"11":"ACEH"},"tps":{}}', "tps-list import"),
        (b"\x01\x02" + b"\0" * 40, "no text file"),
    ],
)
def test_what_is_nearly_right_is_named(put, text, why):
    with Source(put(text)) as source, pytest.raises(FormatError, match=why):
        recognise(source)


def test_the_real_files_are_recognised(shared):
    for path, kind in (
        ("pilpres2019/sample-a-plano.csv", "csv"),
        ("pilpres2019/nation-a-plano.csv.gz", "csv"),
        ("pilpres2019/sample-c-situng.ndjson", "situng"),
        ("pilpres2019/nation-c-situng.ndjson.gz", "situng"),
        ("sirekap2024/sirekap2024-ppwp-dki-1000tps.json", "sirekap"),
    ):
        with Source(shared / "data" / path) as source:
            assert recognise(source) == kind
