"""`federation incidents`: reports are added once, found again, and judged."""

import contextlib
import json
import re

import pytest

from federation.cli.incidents.add import read_reports
from federation.config.home import Home
from federation.config.settings import load_settings
from federation.errors import FormatError
from federation.store.db import Database
from tests.homes import PASSPHRASE
from tests.refer import HAND

WHICH = ("--election", "pilpres-2019", "--json")
REPORT = {
    "category": "politik_uang",
    "law": "pidana",
    "summary": "Amplop dibagikan di depan balai warga",
    "happened_at": "2019-04-16T22:00:00Z",
    "region": "3171",
    "ref": "QL-17",
}


@pytest.fixture
def home(federation, own_home, tmp_path):
    path = tmp_path / "passphrase"
    path.touch(0o600)
    path.write_text(PASSPHRASE)
    words = ("keys", "chain", "--election", "pilpres-2019", "--incidents")
    assert federation(*words, "--passphrase-file", path).code == 0
    return own_home


@pytest.fixture
def hand_in(federation, home, tmp_path):
    def add(*reports, code=0):
        path = tmp_path / "reports.ndjson"
        path.write_text("\n".join(map(json.dumps, reports)))
        ended = federation("incidents", "add", path, *WHICH)
        assert ended.code == code, ended
        return json.loads(ended.out)["verdicts"]

    return add


def outcomes(verdicts):
    return [one["code"] or one["outcome"] for one in verdicts]


def test_a_home_that_keeps_no_reports_says_how_to_begin(federation, own_home):
    ended = federation(
        *("incidents", "add", "--category", "lainnya", "--law", "pidana"),
        *("--summary", "x", "--happened", "2019-04-17 08.00", "--region", "31"),
        *("--election", "pilpres-2019"),
    )
    assert ended.code != 0
    assert "federation keys chain --election pilpres-2019 --incidents" in ended.err


def test_a_report_is_added_by_options_and_found_again(federation, home):
    ended = federation(
        *("incidents", "add", "--category", "intimidasi", "--law", "pidana"),
        *("--summary", "Saksi diusir dari TPS", "--happened", "2019-04-17 08.00"),
        *("--tps", "1371011001001", *WHICH),
    )
    assert ended.code == 0, ended
    [verdict] = json.loads(ended.out)["verdicts"]
    ended = federation("incidents", "list", *WHICH)
    [found] = json.loads(ended.out)["incidents"]
    assert found["incident"] == verdict["incident"]
    assert found["said"]["tps"] == "1371011001001"
    assert found["said"]["happened_at"] == "2019-04-17T01:00:00Z"
    assert found["standing"] == []
    listed = federation("incidents", "list", "--election", "pilpres-2019")
    ended = federation("incidents", "show", found["incident"])
    for told in (listed.out, ended.out):
        assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d WIB", told)
        assert not re.search(r"\dT\d\d:\d\d", told)
    assert "2019-04-17 08:00 WIB" in ended.out
    assert "Saksi diusir dari TPS" in ended.out
    assert "intimid" in ended.out


def test_what_comes_twice_late_or_corrected_is_one_incident(hand_in, federation):
    first = REPORT | {"revision": 1}
    [one, other] = hand_in(first, REPORT | {"ref": "QL-18"})
    assert outcomes([one, other]) == ["logged", "logged"]
    assert one["incident"] != other["incident"]
    again = hand_in(first)
    assert outcomes(again) == ["held"]
    assert again[0]["incident"] == one["incident"]
    corrected = REPORT | {"revision": 2, "summary": "Amplop di balai warga"}
    assert outcomes(hand_in(corrected)) == ["logged"]
    assert outcomes(hand_in(first)) == ["stale"]
    assert outcomes(hand_in(corrected | {"law": "protokol"}, code=1)) == ["revision"]
    found = json.loads(federation("incidents", "list", *WHICH).out)["incidents"]
    assert {it["said"]["summary"] for it in found} == {
        *("Amplop di balai warga", REPORT["summary"]),
    }
    shown = federation("incidents", "show", one["incident"], "--json")
    assert len(json.loads(shown.out)["history"]) == 2


def test_without_a_number_of_its_own_the_same_report_is_the_same(hand_in):
    bare = {name: value for name, value in REPORT.items() if name != "ref"}
    [first, twin] = hand_in(bare, bare)
    assert outcomes([first, twin]) == ["logged", "held"]
    assert outcomes(hand_in(bare)) == ["held"]


def test_personal_data_is_refused_with_its_place_and_the_rest_goes_in(hand_in):
    named = REPORT | {"ref": "2", "description": "Pak Budi, 0812-3456-7890"}
    good, bad = hand_in(REPORT, named, code=1)
    assert (good["outcome"], bad["outcome"]) == ("logged", "refused")
    assert [(it["at"], it["code"]) for it in bad["errors"]] == [
        ("description", "personal")
    ]
    assert bad["incident"] == ""


def test_what_looks_personal_is_replaced_where_it_is_asked_for_and_each_word_told(
    hand_in, federation, tmp_path
):
    summary = "Amplop dari Pak Budi. " + "Saksi diusir. " * 19
    named = {
        "summary": summary,
        "description": "Hubungi\n 0812-3456-7890 " + "x" * 3970,
    }
    path = tmp_path / "named.json"
    path.write_text(json.dumps([REPORT, REPORT | named | {"ref": "2"}]))
    ended = federation("incidents", "add", path, "--redact", *WHICH)
    assert ended.code == 0, ended
    answer = json.loads(ended.out)
    assert outcomes(answer["verdicts"]) == ["logged", "logged"]
    assert [tuple(one.values()) for one in answer["redacted"]] == [
        (1, "summary", 17, "name", "Budi"),
        (1, "description", 9, "telephone", "0812-3456-7890"),
    ]
    name = answer["verdicts"][1]["incident"]
    said = json.loads(federation("incidents", "show", name, "--json").out)["said"]
    assert said["summary"].startswith("Amplop dari Pak [nama]. Saksi")
    assert said["description"].startswith("Hubungi [nomor telepon] xx")
    again = federation("incidents", "add", path, "--redact", *WHICH[:-1])
    assert "2: in summary, 'Budi' (character 17) looks like the name of a" in again.out
    assert f"known already as {name}" in again.out
    # What is a number of the organisation's own system is for the organisation to mend.
    path.write_text(json.dumps(REPORT | {"ref": "0812-3456-7890"}))
    ended = federation("incidents", "add", path, "--redact", *WHICH)
    assert (ended.code, json.loads(ended.out)["redacted"]) == (1, [])


def test_a_place_that_the_election_does_not_have_is_refused(hand_in):
    station = {name: value for name, value in REPORT.items() if name != "region"}
    reports = REPORT | {"region": "0001"}, station | {"tps": "0001011001001"}
    assert outcomes(hand_in(*reports, code=1)) == ["region", "region"]


def test_a_report_of_times_that_cannot_be_is_refused_with_its_times(
    hand_in, federation, tmp_path
):
    wrong = {
        "happened_at": ("2017-07-31T23:59:59Z", "time_past"),
        "known_at": ("2099-01-01T07:00:00+07:00", "time_future"),
        "reported_at": ("1970-01-01T00:00:00Z", "time_past"),
    }
    reports = [REPORT | {name: told} for name, (told, _) in wrong.items()]
    # The others of a file go in.
    verdicts = hand_in(*reports, REPORT, code=1)
    codes = [code for _, code in wrong.values()]
    assert outcomes(verdicts) == [*codes, "logged"]
    assert [one["errors"][0]["at"] for one in verdicts[:3]] == list(wrong)
    both = {"known_at": "2099-01-01T00:00:00Z", "region": "0001"}
    [verdict] = hand_in(REPORT | both, code=1)
    assert [one["at"] for one in verdict["errors"]] == ["known_at", "region"]
    path = tmp_path / "table.csv"
    names = ("category", "law", "summary", "happened_at", "region")
    row = ",".join(REPORT[name] for name in names[:3]) + ",1970-01-01T00:00:00Z,0001"
    path.write_text(",".join(names) + f"\n{row}\n")
    words = ("incidents", "import", path, *WHICH[:-1])
    told = federation(*words, "--lang", "id")
    assert told.code == 1
    assert "1970-01-01T00:00:00Z' (UTC) sebelum pemilu ini dimulai" in told.out
    assert "tidak mempunyai tempat '0001'" in told.out
    told = federation(*words)
    assert "lies before this election began" in told.out


def test_what_we_say_of_a_report_is_said_once_and_can_be_taken_back(
    hand_in, federation
):
    one, other = (
        verdict["incident"] for verdict in hand_in(REPORT, REPORT | {"ref": "QL-18"})
    )

    def say(*words, code=0):
        ended = federation("incidents", "status", *words, "--json")
        assert ended.code == code, ended
        return json.loads(ended.out)["outcome"]

    assert say(one, "verified") == "logged"
    assert say(one, "verified") == "held"
    assert say(one, "duplicate", "--duplicate-of", other) == "logged"
    assert say(other, "not_duplicate", "--duplicate-of", one) == "logged"
    assert say(one, "closed", "--reason", "Pak Budi mengaku", code=1) == "refused"
    shown = json.loads(federation("incidents", "show", one, "--json").out)
    assert [it["said"]["status"] for it in shown["standing"]] == [
        *("verified", "not_duplicate"),
    ]
    unknown = one[:-1] + ("0" if one[-1] != "0" else "1")
    assert federation("incidents", "status", unknown, "verified").code != 0
    assert federation("incidents", "status", "x/y", "verified").code == 2


def test_the_deadline_is_shown_as_long_as_no_agency_has_the_report(hand_in, federation):
    at = {"known_at": "2019-04-17T20:00:00Z", "region": "9171"}  # 18 April in Papua
    old, new = (
        verdict["incident"]
        for verdict in hand_in(REPORT | at, REPORT | {"ref": "QL-18"})
    )

    def due(name):
        shown = json.loads(federation("incidents", "show", name, "--json").out)
        listed = json.loads(federation("incidents", "list", *WHICH).out)["incidents"]
        [one] = [one["due"] for one in listed if one["incident"] == name]
        assert one == shown["due"]
        return one

    assert due(old)["ends"] == "2019-04-30T23:59:59+09:00"
    assert (due(old)["is_past"], due(old)["is_assumed"]) == (True, False)
    told = federation("incidents", "show", old).out
    assert "the deadline passed on 2019-04-30 (WIT)" in told
    assert (due(new)["days_left"], due(new)["is_assumed"]) == (7, True)
    assert "7 working day(s) left" in federation("incidents", "list").out
    told = federation("--lang", "id", "incidents", "show", new).out
    assert "waktu diketahuinya tidak disebutkan" in told
    assert federation("incidents", "status", new, "closed").code == 0
    assert due(new) is None
    assert "Deadline" not in federation("incidents", "show", new).out


@pytest.mark.slow
def test_doctor_finds_a_wrong_index_and_mends_it(hand_in, federation, home):
    hand_in(REPORT)
    assert federation("doctor", "--deep", "--json").code == 0
    data = Home.of(home, load_settings(home / "federation.toml")).data
    with contextlib.closing(Database.open(data)) as db, db.transaction() as tx:
        tx.execute("UPDATE incident_said SET law = 'protokol'")
    ended = federation("doctor", "--deep", "--json")
    assert ended.code == 1
    codes = [one["code"] for one in json.loads(ended.out)["findings"]]
    assert codes == ["incident-names"]
    federation("doctor", "--mend", "--json")
    assert federation("doctor", "--deep", "--json").code == 0
    [found] = json.loads(federation("incidents", "list", *WHICH).out)["incidents"]
    assert found["said"]["law"] == "pidana"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('{"a":1}', 1),
        ('[{"a":1},{"a":2}]', 2),
        ('[\n{"a":1},\n{"a":2}\n]', 2),
        ('{"a":1}\n\n{"a":2}\n', 2),
        ('{\n"a":\n{"b":1}}', 1),
    ],
)
def test_reports_come_as_one_list_or_line_by_line(tmp_path, text, count):
    path = tmp_path / "reports.json"
    path.write_text("\ufeff" + text)
    assert len(read_reports(str(path))) == count


@pytest.mark.parametrize(
    ("text", "where"),
    [("", ""), ("[]", ""), ("[1]", ""), ('{"a":1}\n{"a":\n', ":2")],
)
def test_a_file_without_reports_is_refused_by_its_name(tmp_path, text, where):
    path = tmp_path / "reports.json"
    path.write_text(text)
    with pytest.raises(FormatError) as caught:
        read_reports(str(path))
    assert caught.value.at == f"{path}{where}"


def test_two_reports_of_one_thing_are_proposed_joined_and_taken_apart_again(
    hand_in, federation
):
    at = {"tps": "1371011001001"} | {k: v for k, v in REPORT.items() if k != "region"}
    one, other = (verdict["incident"] for verdict in hand_in(at, at | {"ref": "QL-18"}))

    def merged():
        found = json.loads(federation("incidents", "merged", *WHICH).out)["incidents"]
        return [[it["incident"] for it in row["reports"]] for row in found]

    def proposed():
        ended = federation("incidents", "duplicates", *WHICH)
        return [{it["one"]["incident"], it["other"]["incident"]} for it in
                json.loads(ended.out)["pairs"]]  # fmt: skip

    assert proposed() == [{one, other}]
    told = federation("incidents", "duplicates").out
    assert "the same polling station (+30)" in told
    assert len(merged()) == 2
    federation("incidents", "status", one, "duplicate", "--duplicate-of", other)
    assert merged() == [sorted((one, other))]
    assert proposed() == []
    assert "No reports that look" in federation("incidents", "duplicates").out
    shown = json.loads(federation("incidents", "show", other, "--json").out)["merged"]
    [row] = json.loads(federation("incidents", "merged", *WHICH).out)["incidents"]
    assert shown == row
    told = federation("incidents", "show", other).out
    assert row["digest"] in told
    assert "of one thing" in told
    assert at["summary"] in federation("incidents", "merged").out
    found = json.loads(federation("incidents", "digest", *WHICH).out)
    assert (found["incidents"], found["reports"]) == (1, 2)
    assert found["digest"] == row["digest"]  # it is the only row
    assert found["digest"] in federation("incidents", "digest").out
    federation("incidents", "status", one, "not_duplicate", "--duplicate-of", other)
    assert sorted(merged()) == sorted([[one], [other]])
    assert proposed() == []


def test_what_became_of_one_report_is_told_with_every_other_of_the_same_incident(
    hand_in, federation, home
):
    (home / "agencies.toml").write_text(HAND)
    one, other = (
        verdict["incident"] for verdict in hand_in(REPORT, REPORT | {"ref": "QL-18"})
    )
    federation("refer", "by-hand", one, "--agency", "gakkumdu", "--reference", "12/LP")
    org = one.partition("/")[0]
    number = f"{org} · acknowledged · gakkumdu · 12/LP"
    state = f"{org} · taken to an agency · gakkumdu · 12/LP"
    assert number not in federation("incidents", "show", other).out
    federation("incidents", "status", other, "duplicate", "--duplicate-of", one)
    told = federation("incidents", "show", other).out
    assert f"  {state}\n  {number}\n" in told, told


def test_what_is_refused_says_why_in_the_language_of_whoever_reads_it(
    federation, home, tmp_path
):
    path = tmp_path / "reports.json"
    wrong = (
        REPORT | {"happened_at": "besok"},
        {key: value for key, value in REPORT.items() if key != "summary"},
        REPORT | {"summary": "Pak Budi Santoso membagikan amplop"},
        REPORT | {"region": "0001"},
        REPORT | {"summary": "x" * 400},
        REPORT,
    )
    path.write_text(json.dumps(wrong))
    words = ("incidents", "add", path, "--election", "pilpres-2019")
    ended = federation("--lang", "id", *words)
    lines = ended.out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [*"123456"]
    for line, told in zip(
        lines,
        ("tulis waktu", "summary belum", "nama orang", "tidak mempunyai", "paling",
         "tercatat"),
        strict=True,
    ):  # fmt: skip
        assert told in line, line
    assert "looks like" not in ended.out
    assert "terbit" not in ended.out  # a report is never for everybody
    assert "this election has no" not in federation("--lang", "en", *words).out
    replaced = federation("--lang", "id", *words, "--redact").out
    assert "tampak seperti nama orang" in replaced


def test_a_pair_is_two_reports_that_are_known(hand_in, federation):
    one = hand_in(REPORT)[0]["incident"]
    gone = one.partition("/")[0] + "/" + "0" * 32
    for other, told in ((one, "a pair is two"), (gone, "no report")):
        ended = federation(
            "incidents", "status", one, "duplicate", "--duplicate-of", other
        )
        assert ended.code != 0
        assert told in ended.err
    ended = federation("--lang", "id", "incidents", "status", one, "duplicate")
    assert ended.code == 2
    assert "--duplicate-of diperlukan" in ended.err
    shown = json.loads(federation("incidents", "show", one, "--json").out)
    assert shown["standing"] == []


def test_statistics_say_when_no_figure_can_be_shown(federation, hand_in):
    hand_in(*(REPORT | {"ref": str(number)} for number in range(4)))
    ended = federation("incidents", "statistics", *WHICH)
    assert json.loads(ended.out)["incidents"] == 0
    ended = federation("incidents", "statistics", "--csv", *WHICH[:-1])
    assert ended.out == "election,until,by,of,and,at_least\n"
    ended = federation("incidents", "statistics", "--election", "pilpres-2019")
    assert "at least 5 incidents" in ended.out, ended


def test_the_log_of_reports_stays_open_until_it_is_closed_itself(hand_in, federation):
    [verdict] = hand_in(REPORT)
    name, reason = verdict["incident"], ("--reason", "tahap selesai", "--yes")
    ended = federation("election", "close", "pilpres-2019", *reason)
    assert ended.code == 0
    assert "federation election close pilpres-2019 --incidents" in ended.err
    # Weeks later an agency answers, and a report is brought on paper.
    assert federation("incidents", "status", name, "verified").code == 0
    assert outcomes(hand_in(REPORT | {"ref": "QL-18"})) == ["logged"]
    ended = federation("election", "close", "pilpres-2019", "--incidents", *reason)
    assert ended.code == 0, ended
    assert "--incidents" not in ended.err
    late = federation("incidents", "status", name, "rejected", "--lang", "id")
    assert late.code != 0
    assert "pilpres-2019/incidents sudah ditutup" in late.err
    late = federation(
        *("incidents", "add", "--category", "lainnya", "--law", "pidana"),
        *("--summary", "x", "--happened", "2019-04-17 08.00", "--region", "31"),
        *("--election", "pilpres-2019"),
    )
    assert late.code != 0
    assert "is closed" in late.err
    # What stands there is shown as before.
    assert federation("incidents", "show", name).code == 0
    again = federation("election", "close", "pilpres-2019", "--incidents", *reason)
    assert again.code != 0


def test_an_election_without_reports_has_no_log_of_them_to_close(federation, own_home):
    words = ("--incidents", "--reason", "x", "--yes")
    ended = federation("election", "close", "pemilu-2024", *words)
    assert ended.code == 7
    assert "federation keys chain" in ended.err
