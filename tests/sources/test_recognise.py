"""sources/recognise.py"""

import pytest

from federation.errors import FormatError
from federation.sources.recognise import recognise
from federation.sources.stream import SourceFile

KP = (
    '{"name":"X","parentNames":["IDN"],"id":-99,"depth":4,"data":{"1":{"photos":{},'
    '"sum":{"pas1":1,"tSah":0},"ts":1,"c1":null}},"children":[[1,2,3]]}'
)
KP_EMPTY = '{"id":7,"name":"X","parentIds":[0],"depth":3,"data":{},"children":[]}'
DOCUMENT = '{"mode":"hhcw","chart":{"100025":1},"administrasi":null,"psu":null}'


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("kode_tps,01\n1,2\n", "csv"),
        ('"kode";"01"\n', "csv"),
        ('{"kode":"1371011001001","chart":{"21":1}}\n', "situng"),
        ('{"tps":"1371011001001","candidates":{"01":1}}\n', "ndjson"),
        ('{"lokasi":"1371011001001","suara":{"a":1}}\n{"lokasi":"x"}', "ndjson"),
        ('{\n "tps":"1371011001001",\n "candidates":{"01":1}\n}\n', "ndjson"),
        ('{\n "kode_tps":"1371011001001",\n "paslon_01":1\n}\n', "ndjson"),
        ('{\n "kode":"1371011001001",\n "chart":{"21":1}\n}\n', "situng"),
        (f'{{"1371011001001":{DOCUMENT}}}', "sirekap"),
        (f'{{\n  "1371011001001" : {DOCUMENT}', "sirekap"),
        (f'{{"99AB010001001":{DOCUMENT}}}', "sirekap"),
        (DOCUMENT, "sirekap-one"),
        ('{\n "tungsura":{"chart":{"1":2}}}', "sirekap-one"),
        (KP, "kawalpemilu"),
        (KP_EMPTY, "kawalpemilu"),
        (KP.replace(",", ",\n "), "kawalpemilu"),
        ('{"data":[{"kode_tps":"1","paslon_01":"2"}]}', "json"),
        ("contest,tps,votes_01,cursor\n", "csv"),
        ('"kode","catatan"\n"1","a\nb"\n', "csv"),
    ],
)
def test_a_file_is_known_by_what_it_holds(put, text, kind):
    for zipped in (False, True):
        with SourceFile(put(text, "upload.dat", zipped=zipped)) as source:
            assert recognise(source) == kind


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \n\n", "empty"),
        # White space to a text, and not to bytes.
        (b"\x1c\x1f", "empty"),
        ("\u00a0\u3000\n", "empty"),
        ('{"id2name":{"11":"ACEH"},"tps":{}}', "tps-list import"),
        (b"\x01\x02" + b"\0" * 40, "no text file"),
        ("<html><body>Masuk</body></html>", "download the file again"),
        ("<!DOCTYPE html>\n<p>403", "download the file again"),
        ("<html><table><tr><td>kode_tps", "with a table"),
        ('<html xmlns:x="urn:schemas-microsoft-com:office:excel">', "with a table"),
        ('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "a table"),
        ('<?xml version="1.0"?><data><tps>1</tps></data>', "this is XML"),
        ('<?xml version="1.0"?><!DOCTYPE html><html>', "download the file again"),
        ('{"type":"FeatureCollection","features":[]}', "GeoJSON"),
        ("c2sp.org/tlog-proof@v1\nindex 1\n", "federation verify"),
        ("file,row,column,code,reason\n", "report of an import"),
        ("contest,tps,01,licence,attribution,cursor\n", "export --bundle"),
        ("sep=;\ncontest;tps;01;licence;attribution;cursor\n", "export --bundle"),
        (
            '{"election":"","contest":"","what":"","cursor":"1","sources":[]}\n',
            "export --bundle",
        ),
        (
            '{"contest":"p","tps":"1","licence":"","attribution":"","cursor":"1"}',
            "export --bundle",
        ),
        (
            '{\n"contest":"p","tps":"1","licence":"","attribution":"","cursor":"1"\n}',
            "export --bundle",
        ),
    ],
)
def test_what_is_nearly_right_is_named(put, text, why):
    path = put(text)
    with SourceFile(path) as source, pytest.raises(FormatError, match=why) as caught:
        recognise(source)
    assert caught.value.at == str(path)
    assert hasattr(caught.value.what, "key")


def test_the_real_files_are_recognised(shared):
    for path, kind in (
        ("pilpres2019/sample-a-plano.csv", "csv"),
        ("pilpres2019/nation-a-plano.csv.gz", "csv"),
        ("pilpres2019/sample-c-situng.ndjson", "situng"),
        ("pilpres2019/nation-c-situng.ndjson.gz", "situng"),
        ("sirekap2024/sirekap2024-ppwp-dki-1000tps.json", "sirekap"),
    ):
        with SourceFile(shared / "data" / path) as source:
            assert recognise(source) == kind
