"""A report, from another system's user to the agency and back, at three organisations.

A takes reports in from a city's system (Open311), B and C read them, C saw the same
thing, A's coordinator refers it to Bawaslu by e-mail, B is held back, the agency
answers, all three and whoever reported it see that; the public sees counts. Real
processes, commands as they are typed, pages as a browser without scripts sends them.

All that leaves the three is looked through for what is personal of the report: only the
agency's mail has it.
"""

import gzip
import re
import sys

import pytest

from tests.searching import Search
from tests.stories.affair import FORM, Affair, known
from tests.stories.nodes import closing_all, start_all
from tests.stories.reporting import OtherSystem, circle
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.mark.long
async def test_a_report_goes_from_a_citizen_to_the_agency_and_back(tmp_path, capsys):
    with closing_all() as opened:
        affair = Affair(tmp_path)
        opened.append(affair)
        affair.begin()
        affair.hand_in()
        affair.read_by_partners()
        await affair.confirm_duplicate()
        affair.draw_papers()
        affair.prepare()
        await affair.look_and_approve()
        affair.send()
        affair.hold_back()
        affair.answer()
        affair.let_a_week_pass()
        affair.look_as_public()
        search = affair.search()
    with capsys.disabled():
        sys.stdout.write(f"\n{search.tell()}\n")
    assert search.found == []
    assert search.searched > 5_000_000
    # Else what was searched for was nowhere.
    assert len(affair.known_by_agency()) >= 10


def test_whatever_does_get_out_is_found_on_every_way(tmp_path):
    """Else a search that finds nothing says nothing: here a name was let through."""
    word = "Mardiyantoro"
    with closing_all() as opened:
        a, b = nodes = circle(tmp_path, "jagapemilu.example", "jagasuara.example")
        opened.extend(nodes)
        start_all(*(one.node for one in nodes))
        key = a.tell("keys", "token", "add", "aplikasi-kota", "--reports")["token"]
        city = OtherSystem(a.door, key)
        city.post(FORM | {"description": f"Amplop dari tangan {word} di balai warga"})
        city.get("requests.json")
        wait_until(lambda: known(b), "B reads it")
        b.say("incidents", "list")
        with (a.home.folder / "serve.log").open("a") as log:
            log.write(f"what {word} did\n")
        out = tmp_path / "out"
        out.mkdir()
        (out / "bundle").write_bytes(gzip.compress(word.encode("utf-16-le")))
        for node in nodes:
            node.node.stop()
        search = Search((word,))
        for where, data in (pair for node in nodes for pair in node.left(out)):
            search.look(data, where)
    found = {" ".join(where.split()[:3]) for where, _ in search.found}
    ways = {re.sub(r"[0-9]+$", "", one).strip() for one in found}
    assert {
        "jagapemilu.example door",
        "jagapemilu.example talk",
        "jagapemilu.example jagapemilu.example/serve.log",
        "jagasuara.example $ incidents",
        "jagasuara.example out/bundle",
    } <= ways, ways
    for node in nodes:
        is_file = node.home.database is None
        stored = f"{node.org}/data/" if is_file else "database "
        assert any(one.startswith(f"{node.org} {stored}") for one in ways), ways
