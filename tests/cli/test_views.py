"""Commands that show the map: the API's JSON, and the same figures for people."""

import csv
import io
import json
import os
import re
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from federation.cli import main
from federation.cli.show import station
from federation.config.settings import Settings
from federation.flows.query import lists, region, state, tps
from federation.flows.query.answers import CitedRecord
from federation.flows.query.scope import ask
from federation.flows.queue.waiting import QueueAsked, list_queue
from federation.records.readers import THIS_MACHINE
from federation.store import alarms, logs, pulls, quarantine
from federation.store.db import Database
from federation.store.lock import hold
from federation.text import LANGUAGES, load_topic
from tests import sample_map as sample

PROFILES = {sample.ELECTION: sample.profile()}
ASKED = ask(PROFILES, [sample.ELECTION])
WAITING = QueueAsked(ASKED, "unread", sample.ANA, 0)
NODE = Settings(org=sample.ANA, name="Ana", contact="x", elections=[sample.ELECTION])
ESCAPE = "\x1b]0;owned\x07"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = sample.make_home(tmp_path_factory.mktemp("home"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sample.NAMES, "72", f"Sulawesi {ESCAPE}")
        database = sample.build(folder / "data")
    with database.transaction() as tx:
        alarms.raise_alarm(tx, "skew", "budi.example", f"late {ESCAPE}", 1_707_900_000)
        alarms.raise_alarm(tx, "behind", "budi.example/uji", "3 of 9", 1_707_900_000)
        [*_, last] = logs.list_logs(tx)
        quarantine.save_unknown(tx, last.id, [1, 2])
        turn = pulls.PeerTurn(org="budi.example", failures=2, next_due=1_707_900_060.0)
        went = pulls.Turn(
            org="budi.example",
            at=1_707_900_000,
            seconds=1,
            outcome="failed",
            reason="x",
        )
        pulls.save_turn(tx, turn, went)
    database.close()
    return folder


@pytest.fixture
def cli(home, capsys, monkeypatch):
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "FEDERATION_LANG", "FEDERATION_HOME"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main([*map(str, arguments), "--home", str(home)])
        said = capsys.readouterr()
        return end.value.code, said.out, said.err

    return call


def expected(home, read):
    database = Database.open(home / "data", readonly=True)
    with database.view() as view:
        found = msgspec.json.encode(read(view), enc_hook=str).decode() + "\n"
    database.close()
    return found


QUESTIONS = [
    (
        ("show", sample.DISPUTED),
        lambda v: tps.tps(v, PROFILES, sample.ELECTION, sample.DISPUTED),
    ),
    (("coverage",), lambda v: region.region(v, ASKED)),
    (("coverage", "13"), lambda v: region.region(v, ASKED, "13")),
    (("tally", "1371"), lambda v: region.region(v, ASKED, "1371")),
    (("gaps", "--limit", "2"), lambda v: lists.gaps(v, ASKED, limit=2)),
    (("disputed",), lambda v: lists.disputed(v, ASKED, limit=50)),
    (("queue", "unread"), lambda v: list_queue(v, WAITING)),
    (
        ("queue", "unread", "--reason", "photo", "--order", "place"),
        lambda v: list_queue(v, WAITING._replace(reason="photo", order="place")),
    ),
    (
        ("status",),
        lambda v: state.status(v, THIS_MACHINE, NODE, []),
    ),
]


@pytest.mark.parametrize(("arguments", "read"), QUESTIONS)
def test_json_is_what_the_api_answers(cli, home, arguments, read):
    code, out, err = cli(*arguments, "--json")
    assert (code, err) == (0, "")
    # What only this machine can see stands behind what the API answers.
    out = re.sub(
        r',"observed":\{.*\},"asking":\[.*\],"own_photos":.*,"writer":.*\}$', "}", out
    )
    assert out == expected(home, read)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("arguments", "read"), QUESTIONS)
def test_no_foreign_text_reaches_the_terminal_as_a_command(cli, arguments, read, lang):
    code, out, err = cli(*arguments, "--lang", lang)
    assert code == 0
    assert out
    assert "\x1b" not in out + err
    assert "\x07" not in out + err


@pytest.mark.parametrize("arguments", [("pictures", "13"), *(q[0] for q in QUESTIONS)])
def test_no_time_for_people_is_without_its_zone(cli, arguments):
    _, out, _ = cli(*arguments, "--lang", "id")
    times = re.findall(r"\d\d[:.]\d\d(?::\d\d)?(?!\d| % )(.{4})", out)
    assert {zone.strip() for zone in times} <= {"WIB", "WITA", "WIT"}
    assert not re.search(r"\dT\d\d:\d\d", out)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("arguments", "read"), QUESTIONS)
def test_people_never_meet_the_machinery(cli, arguments, read, lang):
    _, out, _ = cli(*arguments, "--lang", lang)
    banned = r"\b(merkle|leaf|leaves|tile|origin|checkpoint|cosignature|saksi)\b"
    assert not re.search(banned, out, re.IGNORECASE)


@pytest.mark.parametrize(
    "typed",
    [("mata air tps 2",), ("MATA", "AIR", "2"), ("1371011001", "tps", "2")],
)
def test_a_station_is_shown_by_its_name_as_people_type_it(cli, home, typed):
    code, out, err = cli("show", *typed, "--json")
    assert (code, err) == (0, "")
    assert out == expected(home, QUESTIONS[0][1])


@pytest.mark.parametrize("typed", ["kota padang", "KEC. PADANG SELATAN", "1371"])
def test_a_region_that_is_named_is_shown_as_coverage_does(cli, typed):
    code = "137101" if "SELATAN" in typed else "1371"
    assert cli("show", typed, "--json") == cli("coverage", code, "--json")
    assert cli("show", typed) == cli("coverage", code)


def test_the_stations_of_a_village_are_listed_with_their_codes(cli):
    _, out, _ = cli("show", sample.NAMES["1371011001"], "--lang", "en")
    row = next(line for line in out.splitlines() if sample.DISPUTED in line)
    assert load_topic("page")["status_disputed"]["en"] in row
    assert sample.BUDI in row


def test_several_places_that_fit_are_listed_with_their_codes(cli):
    code, out, _ = cli("show", "padang", "--json")
    answer = json.loads(out)
    assert code == 1
    assert [one["code"] for one in answer["found"]] == ["1371", "137101"]
    assert answer["found"][1]["places"][0]["name"] == "Kota Padang"
    assert not answer["is_alike"]
    code, out, err = cli("show", "padang", "--lang", "id")
    assert code == 1
    assert "137101" in out
    assert "federation show 1371" in err


@pytest.mark.parametrize("command", ["show", "forensics", "kpu", "margin", "recap"])
def test_of_several_places_the_hint_names_the_command_that_was_typed(cli, command):
    code, out, err = cli(command, "padang", "--lang", "en")
    assert (code, "137101" in out) == (1, True)
    assert f"`federation {command} 1371`" in err
    assert cli(command, "1371", "--lang", "en")[0] != 2


def test_of_a_code_typed_in_part_the_stations_that_begin_so_are_listed(cli):
    code, out, _ = cli("show", "137101100200", "--json")
    found = [one["code"] for one in json.loads(out)["found"]]
    assert (code, found) == (1, [sample.PHOTO, sample.GAP])


@pytest.mark.parametrize("typed", ["mata aur", "mata air tps 777"])
def test_what_only_looks_alike_is_proposed_and_not_shown(cli, typed):
    code, out, _ = cli("show", typed, "--json")
    answer = json.loads(out)
    assert (code, answer["is_alike"]) == (1, True)
    assert answer["found"][0]["code"] == "1371011001"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_name_that_is_nowhere_says_what_to_try(cli, lang):
    code, out, err = cli("show", "xyzzy", "--lang", lang)
    assert (code, out) == (7, "")
    words = load_topic("views")["no-place"][lang]
    assert words.format_map({"typed": "'xyzzy'", "election": sample.ELECTION}) in err


def test_a_station_is_printed_side_by_side_with_kpu_apart(cli):
    _, out, _ = cli("show", sample.DISPUTED, "--lang", "en")
    heading = next(line for line in out.splitlines() if "Candidate" in line)
    assert re.split(r"\s{2,}", heading.strip()) == [
        "Candidate",
        sample.ANA,
        sample.BUDI,
        f"KPU (via {sample.ANA})",
    ]
    row = next(line for line in out.splitlines() if "Pasangan 2" in line)
    assert row.split()[-3:] == ["40", "41", "40"]
    assert "one digit differs" in out


@pytest.mark.parametrize(
    ("cites", "key"),
    [
        (CitedRecord(record="f" * 64, org=sample.BUDI, photos=1), "credit"),
        (CitedRecord(record="f" * 64, org=sample.BUDI), "copied_from"),
        (CitedRecord(record="f" * 64), ""),
    ],
)
def test_a_reading_names_whose_photograph_it_is_from(cli, monkeypatch, cites, key):
    def cited(*asked):
        answer = tps.tps(*asked)
        [contest, *others] = answer.contests
        [said, *more] = contest.monitors
        said = replace(said, derived=True, cites=cites)
        contest = replace(contest, monitors=[said, *more])
        return replace(answer, contests=[contest, *others])

    monkeypatch.setattr(station, "ask_station", cited)
    for language in LANGUAGES:
        _, out, _ = cli("show", sample.DISPUTED, "--lang", language)
        words = load_topic("page")[key] if key else load_topic("views")["says-derived"]
        names = {"photo": sample.BUDI, "reader": sample.ANA, "org": sample.BUDI}
        assert words[language].format_map(names) in out


def test_coverage_names_what_each_has_adds_and_gains(cli):
    _, out, _ = cli("coverage", "--lang", "en")
    assert "6 of 9 polling stations (66.6 %)" in out
    budi = next(line for line in out.splitlines() if line.split()[:1] == [sample.BUDI])
    assert budi.split() == [sample.BUDI, "5", "3", "1"]
    assert "Sumatera Barat" in out


def test_a_tally_is_an_interval_with_its_stations_beside(cli):
    _, out, _ = cli("tally", "--lang", "en")
    row = next(line for line in out.splitlines() if "Pasangan 2" in line)
    assert re.findall(r"\d+", row)[2:] == ["148", "149", "118", "119"]
    assert "From 5 of 9" in out


def test_a_longer_list_says_how_to_go_on(cli):
    code, out, err = cli("gaps", "--limit", "1", "--lang", "en")
    assert (code, sample.GAP in out) == (0, True)
    assert f"--after {sample.GAP}" in err
    _, out, err = cli("gaps", "--after", sample.GAP, "--lang", "en")
    assert sample.GAP not in out
    assert err == ""


def test_status_shows_partners_of_the_list_and_what_to_look_at(cli, home):
    key = sample.signer("budi.example/identity").key
    peers = home / "peers.toml"
    peers.write_text(f'[[peer]]\norg = "budi.example"\nidentity = "{key}"\n')
    try:
        _, out, _ = cli("status", "--lang", "en")
    finally:
        peers.unlink()
    assert f"{load_topic('sync')['outcome-failed']['en']}: x" in out
    assert "2024-02-14 15:40:00 WIB" in out
    assert "late \\x1b]0;owned\\x07" in out


def test_status_says_how_many_entries_need_a_newer_version(cli):
    for language in LANGUAGES:
        _, out, _ = cli("status", "--lang", language)
        said = load_topic("views")["unknown"][language]
        lines = [line for line in out.splitlines() if said.split("}")[-1] in line]
        assert [": 2 " in line for line in lines] == [True]


def test_status_says_what_an_alarm_means_and_what_to_do(cli):
    words = load_topic("alarms")
    for language in LANGUAGES:
        _, out, _ = cli("status", "--lang", language)
        assert words["behind"][language] in out
        assert words["do-behind"][language] in out


def test_a_sum_that_does_not_hold_is_said_in_words(cli):
    for language in LANGUAGES:
        _, out, _ = cli("show", sample.JANGGAL, "--lang", language)
        assert load_topic("rules")["votes_sum"][language] in out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "123"), 2),
        (("show", "1371011001777"), 7),
        (("show",), 2),
        (("coverage", "77"), 7),
        (("coverage", "7"), 2),
        (("tally", "--contest", "nope"), 7),
        (("gaps", "--election", "nope"), 7),
        (("gaps", "--limit", "0"), 2),
        (("disputed", "--region", "x"), 2),
        *(((name, "77"), 7) for name in ("forensics", "margin", "kpu", "pictures")),
        (("export", "--region", "77"), 7),
        (("forensics", "--candidate", "9"), 7),
    ],
)
def test_a_mistake_ends_with_its_exit_code(cli, arguments, code):
    ended, out, err = cli(*arguments)
    assert (ended, out) == (code, "")
    assert err


@pytest.mark.parametrize(
    "arguments",
    [
        ("pictures", "1371", "--candidate"),
        ("forensics", "1371", "--candidate"),
        ("margin", "1371", "--against"),
    ],
)
def test_a_ballot_number_needs_no_leading_zero(cli, arguments):
    short, whole = (cli(*arguments, number, "--json") for number in ("2", "02"))
    assert short == whole
    assert short[0] == 0


def test_a_home_without_data_is_not_found_rather_than_empty(tmp_path, capsys):
    path = sample.make_home(tmp_path) / "federation.toml"
    path.write_text(path.read_text().replace("uji", "2024"))
    with pytest.raises(SystemExit) as end:
        main(["coverage", "--home", str(tmp_path)])
    assert end.value.code == 7


def test_settings_of_these_tests_are_settings(home):
    text = (home / "federation.toml").read_bytes()
    assert msgspec.toml.decode(text, type=Settings).org == sample.ANA


def test_every_word_of_the_views_has_a_user():
    folder = Path(main.__globals__["__file__"]).parent
    code = "".join(p.read_text(encoding="utf-8") for p in folder.rglob("*.py"))
    for topic in ("views", "export"):
        for key in load_topic(topic):
            whole = f'"{topic}.{key}"' in code
            assert (
                whole or f'"{key}"' in code or f"{topic}.{key.split('-')[0]}-{{" in code
            ), key


SAID = [
    (("show", "99"), "bukan kode TPS"),
    (("show", "poso"), "federation tps-list import"),
    (("receipt", "12"), "bukan kode TPS"),
    (("coverage", "3"), "bukan wilayah"),
    (("export", "--region", "5"), "bukan wilayah"),
    (("show", "1371011001001", "--election", "nix"), "tidak ada pemilu 'nix'"),
    (("tally", "--contest", "foo"), "tidak ada jenis pemilihan 'foo'"),
    (("keys", "token", "remove", "q"), "tidak ada token q"),
    (("receipt", "a" * 64), "tidak ada catatan"),
    (("sync", "now", "foo"), "bukan mitra"),
    (("verify", "--fingerprint", "xx", "FILE"), "sidik jari terdiri"),
    (("peers", "add", "http://127.0.0.1:1", "--expect", "XXXX"), "('XXXX')"),
    (("verify", "--trust", "FILE", "FILE"), "x.json: baris terakhir"),
    (("peers", "import", "FILE"), "bukan berkas lingkaran"),
    (("export", "--bundle", "b.zip", "--since", "FILE"), "bukan berkas paket"),
    (("export", "--static", "FOLDER"), "berisi berkas lain"),
    (("withdraw", "1371011001001", "--reason", ""), "satu baris teks"),
    (("withdraw", "1371011001001", "--reason", "a\nb"), "satu baris teks"),
    (("election", "close", "pilpres-2019", "--reason", ""), "satu baris teks"),
    (("election", "add", "FILE"), 'tidak ada isian "records"'),
]


@pytest.mark.parametrize(
    ("words", "said"), SAID, ids=[str(n) for n in range(len(SAID))]
)
def test_what_was_typed_wrongly_is_told_in_indonesian(
    federation, own_home, tmp_path, monkeypatch, words, said
):
    assert federation("keys", "token", "add", "one").code == 0  # there is a database
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x.json"
    path.write_text('{"records":[]}')
    given = [{"FILE": path, "FOLDER": tmp_path}.get(word, word) for word in words]
    if words[0] == "withdraw":
        given += ["--election", "pilpres-2019"]
    ended = federation(*given, "--lang", "id")
    assert ended.code in {2, 3, 7}
    assert said in ended.err
    assert not {"not", "Expected", "no", "Object"} & set(ended.err.split())


def test_the_queue_as_rows_is_what_the_queue_is(cli):
    code, out, err = cli("queue", "unread", "--csv")
    assert (code, err) == (0, "")
    [row] = csv.DictReader(io.StringIO(out))
    assert (row["tps"], row["reason"]) == (sample.PHOTO, "unread")
    assert row["orgs"] == sample.BUDI
    _, out, _ = cli("queue", "unread", "--lang", "en")
    assert "not read yet" in out
    _, out, _ = cli("queue", "differs", "--lang", "id")
    assert "Tidak ada foto yang menunggu" in out


def test_the_queue_has_only_those_that_wait_for_the_reason_asked_for(cli):
    for reason in ("unread", "photo"):
        _, out, _ = cli("queue", "unread", "--csv", "--reason", reason)
        rows = list(csv.DictReader(io.StringIO(out)))
        assert len(rows) == (reason == "unread"), reason
    for wrong in (("--reason", "x"), ("--order", "x")):
        assert cli("queue", "unread", *wrong)[0] == 2


def test_status_hides_no_partner_and_says_what_is_not_known(cli, home):
    key = sample.signer("budi.example/identity").key
    other = sample.signer("citra.example/identity").key
    third = sample.signer("dewi.example/identity").key
    peers = home / "peers.toml"
    peers.write_text(
        f'[[peer]]\norg = "budi.example"\nidentity = "{key}"\npaused = true\n'
        f'[[peer]]\norg = "citra.example"\nidentity = "{other}"\n'
        f'[[peer]]\norg = "dewi.example"\nidentity = "{third}"\n'
        'url = "https://dewi.example"\n'
    )
    try:
        _, out, _ = cli("status", "--json")
        _, text, _ = cli("status", "--lang", "id")
    finally:
        peers.unlink()
    seen = json.loads(out)["observed"]
    states = {one["org"]: one["state"] for one in seen["partners"]}
    assert states == {
        "budi.example": "paused",
        "citra.example": "no-address",
        "dewi.example": "never-asked",
    }
    assert all("clock_s" not in one for one in seen["partners"])
    (row,) = [line for line in text.splitlines() if "belum pernah dihubungi" in line]
    assert row.count("tidak diketahui") == 2
    assert "kapan penuh tidak diketahui" in text
    assert seen["disks"][0]["free"] > 0


def test_status_says_how_much_an_alarm_matters(cli):
    for language in LANGUAGES:
        _, out, _ = cli("status", "--lang", language)
        words = load_topic("notices")["severity-warning"][language]
        rows = [line for line in out.splitlines() if "budi.example/uji" in line]
        assert any(words in row for row in rows)


def test_status_says_who_writes_since_when_in_both_languages(cli, home):
    lock = home / "data" / "lock"
    since = int(datetime(2024, 2, 14, 8, 0).astimezone().timestamp())
    with hold(lock):
        os.utime(lock, (since, since))
        _, out, _ = cli("status", "--json")
        host = os.uname().nodename
        told = json.loads(out)
        assert told["writer"] == {"pid": os.getpid(), "host": host, "since": since}
        assert told["guard"] == str(home / "guard")
        mine = f"{os.getpid()} .*{host} "
        for language, words in (("en", "Process"), ("id", "Proses")):
            text = cli("status", "--lang", language)[1]
            assert re.search(rf"{words} {mine}.* 2024-02-14 [0-9]+:00:00", text), text
    assert json.loads(cli("status", "--json")[1])["writer"] is None
    assert "Nobody writes" in cli("status", "--lang", "en")[1]
