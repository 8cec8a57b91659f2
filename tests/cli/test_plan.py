"""`federation margin` and `federation plan sample`, as somebody types them."""

import csv
import hashlib
import io
import json

import pytest

from federation.cli import main
from tests import sample_map as sample

SEED = "31415926535897932384"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = sample.make_home(tmp_path_factory.mktemp("home"))
    sample.build(folder / "data").close()
    return folder


@pytest.fixture
def cli(home, capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main([*map(str, arguments), "--home", str(home)])
        said = capsys.readouterr()
        return end.value.code, said.out

    return call


@pytest.mark.parametrize("language", ["en", "id"])
def test_the_margin_is_told_in_words_and_names_the_map(cli, language):
    _, told = cli("margin", "13", "--json")
    answer = json.loads(told)
    code, text = cli("margin", "13", "--lang", language)
    assert code == 0
    assert answer["bases"][0]["margins"][0]["sentence"][language] in text
    assert answer["digest"] in text
    assert [one["tps"] for one in answer["first"]] == [
        word for word in text.split() if word.startswith("1371") and len(word) == 13
    ]


@pytest.mark.parametrize("command", ["margin", "recap", "kpu"])
def test_a_region_may_be_typed_by_its_name(cli, command):
    named, coded = (
        cli(command, *place.split(), "--json") for place in ("kota padang", "1371")
    )
    assert json.loads(named[1])["region"]["code"] == "1371"
    assert json.loads(named[1]) == json.loads(coded[1])
    assert cli(command, "zzzzqqq")[0] != 0


def test_the_stations_to_be_seen_first_are_handed_out_as_csv(cli):
    _, told = cli("margin", "--json", "--limit", "3")
    code, text = cli("margin", "--csv", "--limit", "3")
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert code == 0
    assert [r["tps"] for r in rows] == [one["tps"] for one in json.loads(told)["first"]]


def test_a_plan_is_committed_to_then_drawn_and_says_what_is_still_to_be_read(
    cli, tmp_path
):
    file = tmp_path / "batches.csv"
    code, text = cli("plan", "sample", "--write", file, "--lang", "en")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (code, digest in text, "Draw the seed" in text) == (0, True, True)
    drawn = ("plan", "sample", "--batches", file, "--seed", SEED)
    code, told = cli(*drawn, "--json")
    plan = json.loads(told)
    assert (code, plan["confirmed"], plan["batches_digest"]) == (1, False, digest)
    code, text = cli(*drawn, "--lang", "id")
    assert (code, "perlu dibaca" in text) == (1, True)
    listed = [one["tps"] for one in plan["draws"]]
    shown = [w for w in text.split() if w[:2] in {"13", "72"} and len(w) == 13]
    assert shown == listed
    # What the command prints of a draw is what anybody computes of the seed.
    [first, *_] = plan["draws"]
    ticket = int(hashlib.sha256(f"{SEED},1".encode()).hexdigest(), 16)
    assert first["ticket"] == ticket % plan["weights"]
    rows = [line.split(",") for line in file.read_text().splitlines()[1:]]
    assert first["tps"] == next(r[0] for r in rows if first["ticket"] < int(r[-1]))


def test_an_audit_that_is_confirmed_ends_with_0(cli):
    code, text = cli("plan", "sample", "1371011001", "--seed", "1", "--lang", "en",
                     "--any-form", "--risk", "49")  # fmt: skip
    assert (code, "Confirmed: after" in text) == (0, True)
