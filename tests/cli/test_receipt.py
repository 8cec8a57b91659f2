"""`federation receipt`: the API's file, and who holds it in plain words."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from federation.cli import main
from federation.records.keychain import open_chain
from federation.records.receipt import open_receipt, parse_receipt
from federation.store import cosignatures, logs
from federation.store.db import Database
from federation.text import LANGUAGES, load_topic
from federation.tlog.cosignature import cosign
from federation.tlog.keys import ALG_COSIGNATURE, parse_vkey
from federation.tlog.note import format_signature, parse_note
from tests.fakes import signer
from tests.homes import ELECTION, draft, make_home, serving
from tests.waiting import until

ORG = "jagasuara.example"
TPS = "1371011001001"
HELD_AT = 1_707_920_040  # 2024-02-14 21:14:00 WIB
A, B = (signer(f"{name}.example/mirror", ALG_COSIGNATURE) for name in "ab")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A home with three records about two stations, and who confirmed them."""
    home = make_home(tmp_path_factory.mktemp("receipts"), ORG)
    return home, asyncio.run(_fill(home))


async def _fill(home):
    rows = [
        draft(TPS),
        draft("1371011001003"),
        draft("1371011001002"),
        {**draft(TPS), "source": "kpu"},
    ]
    body = {"election": ELECTION, "records": rows}
    async with serving(home) as node:
        _, answer = await node.post("/v1/records", body)
        verdicts = answer["verdicts"]
        assert {one["outcome"] for one in verdicts} == {"logged"}

        async def is_on_the_map():
            return json.loads((await node.get(f"/v1/tps/{TPS}"))[1])["contests"]

        await until(is_on_the_map)
    db = Database.open(home.data)
    with db.transaction() as tx:
        log = logs.get_log(tx, f"{ORG}/{ELECTION}")
        for one, time in ((A, HELD_AT), (B, 2**63 - 1)):
            line = cosign(parse_note(log.checkpoint).text, one, time)
            cosignatures.save_cosignature(
                tx, log.id, log.size, format_signature(line), one.key, time
            )
    db.close()
    return [one["record"] for one in verdicts]


@pytest.fixture
def cli(made, capfdbinary, monkeypatch):
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "FEDERATION_LANG", "FEDERATION_HOME"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments, lang="en"):
        words = ["receipt", *map(str, arguments), "--home", str(made[0].folder)]
        with pytest.raises(SystemExit) as end:
            main([*words, "--lang", lang])
        said = capfdbinary.readouterr()
        return end.value.code or 0, said.out, said.err.decode()

    return call


def opened(data, home):
    identity = parse_vkey(home.vkey(ORG).read_text().strip())
    found = parse_receipt(data)
    return open_receipt(found, open_chain(found.keys, identity))[1]


def test_one_record_goes_to_standard_output_and_says_who_holds_it(made, cli):
    home, records = made
    code, out, err = cli(records[0])
    assert code == 0
    assert opened(out, home).record == records[0]
    assert "held by a.example, unchanged, since 2024-02-14 21:14:00 WIB" in err
    assert f"{ORG}, TPS {TPS}, ppwp" in err
    assert "does not show that the form was filled in truthfully" in err


def test_a_time_beyond_every_calendar_is_shown_and_breaks_nothing(made, cli):
    assert f"since {2**63 - 1} at the latest" in cli(made[1][0])[2]


def test_an_id_may_be_typed_in_capitals(made, cli):
    home, records = made
    assert opened(cli(records[2].upper())[1], home).record == records[2]


def test_a_station_with_one_record_is_unique(made, cli):
    home, records = made
    code, out, _ = cli("1371011001002")
    assert (code, opened(out, home).record) == (0, records[2])


def test_several_need_a_folder_and_get_a_file_each(made, cli, tmp_path):
    home, records = made
    code, out, err = cli(TPS)
    assert (code, out) == (2, b"")
    assert "--out" in err
    folder = tmp_path / "proofs" / "of"
    code, out, err = cli(TPS, "--out", folder)
    assert (code, out) == (0, b"")
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [
        f"receipt-{TPS}-ppwp-{ORG}-{index}.txt" for index in (1, 4)
    ]
    found = {opened(file.read_bytes(), home).record for file in files}
    assert found == {records[0], records[3]}
    assert all(str(file) in err for file in files)


def test_programs_get_the_same_with_the_text_or_where_it_is(made, cli, tmp_path):
    home, records = made
    code, out, _ = cli(TPS, "--json")
    assert code == 0
    found = json.loads(out)["receipts"]
    assert [one["index"] for one in found] == [1, 4]
    for one in found:
        assert opened(one["text"].encode(), home).record == one["record"]
        assert one["held"][0] == {"org": "a.example", "time": HELD_AT}
        assert one["origin"] == f"{ORG}/{ELECTION}"
    code, out, _ = cli(records[0], "--json", "--out", tmp_path)
    [one] = json.loads(out)["receipts"]
    assert opened(Path(one["path"]).read_bytes(), home).record == records[0]
    assert "text" not in one


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["0" * 64], 7),
        (["12"], 2),
        (["1371011001009"], 7),
        ([TPS, "--org", "kawal.example"], 7),
        ([TPS, "--contest", "nope"], 7),
        ([TPS, "--election", "nope"], 7),
        ([], 2),
    ],
)
def test_what_is_not_there_is_refused_with_its_own_code(cli, arguments, code):
    got, out, err = cli(*arguments)
    assert (got, out) == (code, b""), err


def test_a_folder_that_cannot_be_written_is_named(made, cli, tmp_path):
    (tmp_path / "taken").write_text("")
    code, _, err = cli(made[1][0], "--out", tmp_path / "taken")
    assert code == 2
    assert "taken" in err


async def test_it_works_beside_a_running_node_and_says_what_the_node_says(made, cli):
    home, records = made
    async with serving(home) as node:
        _, body, _ = await node.get(f"/v1/records/{records[0]}/receipt")
        _, out, _ = await asyncio.to_thread(cli, records[0])
    assert out == body


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_plain_and_there_in_both_languages(made, cli, language):
    _, _, err = cli(made[1][0], lang=language)
    assert not re.search(r"(?i)merkle|leaf|tile|origin|checkpoint|cosign|saksi", err)
    limits = load_topic("receipt")["limits"][language]
    assert limits in err


def test_an_unconfirmed_record_says_so(tmp_path, cli, capfdbinary):
    home = make_home(tmp_path, ORG)

    async def fill():
        async with serving(home) as node:
            body = {"election": ELECTION, "records": [draft()]}
            return (await node.post("/v1/records", body))[1]["verdicts"][0]["record"]

    record = asyncio.run(fill())
    with pytest.raises(SystemExit):
        main(["receipt", record, "--home", str(home.folder), "--lang", "en"])
    said = capfdbinary.readouterr()
    assert opened(said.out, home).record == record
    assert "no other organisation has confirmed it yet" in said.err.decode()
