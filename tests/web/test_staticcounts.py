"""A static site has the figures that everybody may know of reports, and no more."""

import json
import random
import re

import pytest

from federation.flows.audit.extras import Listing
from federation.flows.incidents.counts import CountsCache
from federation.flows.publish.folder import StaticSite
from federation.flows.publish.items import (
    Publisher,
    Selection,
    list_items,
    read_items,
)
from federation.flows.publish.outputfolder import OutputFolder
from federation.web.staticcounts import StaticCounts
from tests.fakes import ELECTION
from tests.flows.test_incidents_counts import LATER, read
from tests.flows.test_incidents_merged import Partners
from tests.flows.test_incidents_merged import partners as partners  # noqa: PLC0414
from tests.records.test_incidentmerge import A, B, X, name, report, said, same
from tests.webnode import settings_of

FILES = {
    f"laporan/{ELECTION}/{file}"
    for file in (
        "index.html", "en.html", "statistics.json", "statistics.csv",
        "statistics.ndjson", "statistics.geojson",
    )
} | {"laporan/style.css", "laporan/tilemap.css"}  # fmt: skip


def publish(partners: Partners, folder, incidents=(ELECTION,)):
    settings = settings_of(elections=[ELECTION], incidents=incidents)
    site = StaticSite(OutputFolder(folder), StaticCounts(settings, lambda: LATER))
    with partners.db.view() as view:
        return site.write(view, Publisher(settings, {}), Selection())


def on_disk(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def fill(partners: Partners):
    chance = random.Random(1)
    reports = [
        report(org, number, region=chance.choice(("3171", "32", "51")))
        for org in (A, B, X)
        for number in range(1, 12)
    ]
    partners.say(*reports, same(A, name(A, 1), name(B, 1)))
    partners.say(*(said(A, "verified", name(A, number)) for number in range(1, 7)))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "site"


def test_the_files_are_there_and_say_what_the_node_answers(partners, folder):
    fill(partners)
    publish(partners, folder)
    held = on_disk(folder)
    assert {path for path in held if path.startswith("laporan/")} == FILES
    counts = read(partners, CountsCache())
    there = json.loads(held[f"laporan/{ELECTION}/statistics.json"])
    assert there["incidents"] == counts.incidents == 30
    for page, words in (("index.html", "sedikitnya 10"), ("en.html", "at least 10")):
        text = held[f"laporan/{ELECTION}/{page}"].decode()
        assert f"DKI Jakarta: {words}" in text, text
        assert "<script" not in text
        assert "default-src 'none'" in text
        # Every link leads to a file that is there, or into the page.
        for link in re.findall(r'(?:href|src)="([^"#]+)"', text):
            path = re.sub(r"[^/]+/\.\./", "", f"laporan/{ELECTION}/{link}")
            assert path in held, link


def test_no_byte_of_a_report_is_in_a_site_or_in_a_bundle(partners, folder):
    fill(partners)
    publish(partners, folder)
    settings = settings_of(elections=[ELECTION], incidents=(ELECTION,))
    with partners.db.view() as view:
        by = Publisher(settings, {})
        bundle = dict(read_items(list_items(view, by, Selection())))
    planted = [b"Amplop dibagikan", f"/{ELECTION}/incidents".encode()]
    planted += [name(org, 1).id.encode() for org in (A, B, X)]
    planted += [f"{org}/".encode() for org in (A, B, X)]
    for path, data in {**on_disk(folder), **bundle}.items():
        for word in planted:
            assert word not in data, (path, word)
    assert not any("laporan" in path for path in bundle)


def test_who_keeps_no_reports_publishes_no_figures_and_takes_them_away(
    partners, folder
):
    fill(partners)
    publish(partners, folder, incidents=())
    before = on_disk(folder)
    assert not any(path.startswith("laporan") for path in before)
    publish(partners, folder)
    (folder / "laporan" / ELECTION / "old.html").write_text("<script>")
    assert publish(partners, folder).removed == 1
    assert publish(partners, folder) == (0, 0, 0)
    publish(partners, folder, incidents=())
    assert on_disk(folder) == before


def test_whoever_verifies_the_site_knows_these_files_and_no_others(partners, folder):
    fill(partners)
    publish(partners, folder)
    assert Listing(on_disk(folder)).extra == []
    strange = f"laporan/{ELECTION}/more.html"
    assert Listing([*on_disk(folder), strange]).extra == [strange]
