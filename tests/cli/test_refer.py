"""`federation refer`: whom a report would go to."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "agencies.example.toml"


@pytest.fixture
def home(own_home):
    (own_home / "agencies.toml").write_bytes(EXAMPLE.read_bytes())
    return own_home


def test_whom_a_report_would_go_to_is_told_the_first_one_first(home, cli):
    asked = ("--home", home, "--region", "3273011001001", "--law")
    code, out, _ = cli("refer", "agencies", *asked, "pidana", "--json")
    agencies = json.loads(out)["agencies"]
    assert code == 0
    assert [one["key"] for one in agencies] == ["gakkumdu", "bawaslu"]
    assert agencies[0]["ways"] == ["by-hand"]
    assert (agencies[1]["level"], agencies[1]["laws"]) == ("pusat", ["administrasi"])
    code, out, _ = cli("refer", "agencies", *asked, "kode_etik", "--lang", "id")
    assert code == 0
    rows = [line for line in out.splitlines() if "dkpp" in line or "Jakarta" in line]
    assert "surel" in rows[0]
    assert "kode etik" in rows[0]


def test_all_agencies_are_listed_or_those_of_a_region(home, cli):
    code, out, _ = cli("refer", "agencies", "--home", home, "--json")
    every = [one["key"] for one in json.loads(out)["agencies"]]
    assert (code, every) == (0, ["bawaslu", "gakkumdu", "dkpp", "bawaslu-3273"])
    _, out, _ = cli("refer", "agencies", "--home", home, "--region", "12", "--json")
    assert [one["key"] for one in json.loads(out)["agencies"]] == every[:3]


def test_a_node_without_the_file_says_how_to_make_it(own_home, cli):
    code, out, _ = cli("refer", "agencies", "--home", own_home)
    assert code == 1
    assert "agencies.example.toml" in out
    assert str(own_home / "agencies.toml") in out


def test_a_report_that_nobody_takes_is_told_with_the_way_out(home, cli):
    text = '[[agency]]\nkey="dkpp"\nname="DKPP"\nkind="dkpp"\naddress="x"\n'
    (home / "agencies.toml").write_text(text)
    asked = ("--home", home, "--region", "32", "--law", "pidana")
    code, out, _ = cli("refer", "agencies", *asked)
    assert code == 1
    assert "No agency of" in out
    assert "or a Bawaslu" in out


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--law", "pidana"], "give --region, too"),
        (["--category", "lainnya"], "give --law, too"),
        (["--region", "327"], "neither the code of a region"),
        (["--region", "32", "--law", "perdata"], "pidana"),
    ],
)
def test_what_cannot_be_asked_is_told_with_what_can(home, cli, options, reason):
    code, _, err = cli("refer", "agencies", "--home", home, *options)
    assert code in (2, 3)
    assert reason in " ".join(err.split())


def test_a_mistake_in_the_file_is_named_by_file_and_key(home, cli):
    (home / "agencies.toml").write_text('[[agency]]\nkey="a"\nname="A"\nkind="kpus"\n')
    code, _, err = cli("refer", "agencies", "--home", home)
    assert code == 3
    assert "agencies.toml: agency[1].kind" in " ".join(err.split())


def test_what_draws_pages_is_loaded_only_where_a_page_is_drawn():
    asked = "import sys, federation.cli.refer; print('reportlab' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, check=True, text=True
    )
    assert ended.stdout.strip() == "False"
