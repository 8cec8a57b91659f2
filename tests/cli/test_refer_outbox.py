"""`federation refer`: prepared, looked at, approved, brought by hand, answered."""

import json

import pytest

from federation.cli.output import CONFLICT, NOT_FOUND, OK, USAGE
from federation.config.home import Home
from tests.cli.reports import keep_reports, sign_report
from tests.node.test_referral_notes import Told
from tests.refer import HAND, PAPERS

OTHER = '[[agency]]\nkey = "kpu"\nname = "KPU"\nkind = "kpu"\naddress = "y"\n'


@pytest.fixture
def home(federation, own_home, tmp_path):
    keep_reports(federation, own_home, tmp_path, HAND + OTHER)
    return own_home


@pytest.fixture
def name(federation, home):
    """Of a report that was signed here."""
    return sign_report(federation)


@pytest.fixture
def papers(tmp_path):
    path = tmp_path / "papers.pdf"
    path.write_bytes(PAPERS)
    return path


def papers_of(path):
    return ("--dossier", path, "--complete")


def test_papers_that_were_not_drawn_here_are_a_report_by_the_word_of_a_person(
    federation, name, papers
):
    which = (name, "--agency", "gakkumdu", "--dossier", papers)
    ended = federation("refer", "prepare", *which, "--initial", "--complete")
    assert ended.code == USAGE
    assert "--complete" in ended.err
    assert federation("refer", "status").out.startswith("Nothing")
    for words, formal in (((), "initial"), (("--complete",), "report")):
        ended = federation("refer", "prepare", *which, *words)
        assert ended.code == OK, ended
        assert ("--complete" in ended.out + ended.err) is (not words)
        [row] = json.loads(federation("refer", "status", "--json").out)["referrals"]
        assert row["formal"] == formal


def test_it_is_looked_at_approved_brought_and_answered(federation, name, papers):
    which = (name, "--agency", "gakkumdu")
    ended = federation("refer", "prepare", *which, "--dossier", papers, "--initial")
    assert ended.code == OK, ended
    for told in ("Sentra", "informasi awal", "Nothing has left", "refer approve"):
        assert told.lower() in ended.out.lower(), told
    [row] = json.loads(federation("refer", "status", "--json").out)["referrals"]
    assert (row["state"], row["formal"], row["way"]) == (
        "prepared",
        "initial",
        "by-hand",
    )
    wrong = federation("refer", "approve", *which, "--dossier", "0" * 64)
    assert wrong.code != OK
    ended = federation("refer", "approve", *which, "--dossier", row["dossier"])
    assert ended.code == OK, ended
    assert "sends it" not in ended.out + ended.err, "it goes by hand"
    again = federation("refer", "approve", *which, "--dossier", row["dossier"])
    assert again.code == CONFLICT
    ended = federation("refer", "by-hand", *which, "--reference", "012/LP/2019")
    assert ended.code == OK
    assert "012/LP/2019" in federation("refer", "status").out
    shown = federation("incidents", "show", name).out
    assert "· by hand" in shown, "a word of people's, not the record's"
    said = ("--reference", "012/LP/2019", "--outcome", "registered")
    ended = federation("incidents", "answer", name, *said, "--text", "Diregistrasi")
    assert ended.code == OK, ended
    shown = json.loads(federation("incidents", "show", name, "--json").out)
    last = [one["said"] for one in shown["history"] if "status" in one["said"]][-1]
    assert (last["status"], last["agency"]) == ("registered", "gakkumdu")
    assert (last["reference"], last["reason"]) == ("012/LP/2019", "Diregistrasi")
    named = ("--text", "Diputus atas nama Bapak Sutrisno, 0812-3456-7890")
    assert federation("incidents", "answer", name, *said, *named).code != OK


def test_an_answer_finds_its_report_by_the_number(federation, home):
    first, second = (sign_report(federation, f"QL-{ref}") for ref in (1, 2))
    said = ("--outcome", "decided", "--finding", "violation", "--json")
    for name, number in ((first, "12/LP/2019"), (second, "13/LP/2019")):
        which = (name, "--agency", "gakkumdu", "--reference", number)
        assert federation("refer", "by-hand", *which).code == OK
    ended = federation("incidents", "answer", "--reference", "13/LP/2019", *said)
    assert ended.code == OK, ended
    shown = json.loads(federation("incidents", "show", second, "--json").out)
    last = [one["said"] for one in shown["history"] if "status" in one["said"]][-1]
    assert (last["status"], last["agency"]) == ("decided", "gakkumdu")
    assert "decided" not in federation("incidents", "show", first, "--json").out
    ended = federation("incidents", "answer", "--reference", "14/LP/2019", *said)
    assert ended.code == NOT_FOUND
    assert "refer status" in ended.err
    assert (
        federation(
            *("refer", "by-hand", first, "--agency", "kpu", "--reference", "13/LP/2019")
        ).code
        == OK
    )
    both = ("incidents", "answer", "--reference", "13/LP/2019", *said)
    ended = federation(*both)
    assert ended.code == CONFLICT
    assert first in ended.err
    assert second in ended.err
    assert federation(*both, "--agency", "kpu").code == OK


def test_what_cannot_be_is_refused_with_the_way_out(federation, name, papers, tmp_path):
    which = (name, "--agency", "gakkumdu")
    ended = federation("refer", "prepare", name, "--agency", "x", *papers_of(papers))
    assert ended.code == NOT_FOUND
    assert "agencies.toml" in ended.err
    by_mail = ("refer", "prepare", *which, *papers_of(papers), "--way", "email")
    assert federation(*by_mail).code == NOT_FOUND
    text = tmp_path / "text.pdf"
    text.write_bytes(b"no PDF")
    assert "PDF" in federation("refer", "prepare", *which, *papers_of(text)).err
    assert federation("refer", "resolve", *which).code == USAGE
    ended = federation("refer", "resolve", *which, "--was-sent")
    assert ended.code == NOT_FOUND
    assert "refer prepare" in ended.err
    assert federation("refer", "status").out.startswith("Nothing")
    ended = federation("refer", "note", *which)
    assert ended.code == NOT_FOUND


def test_one_that_was_prepared_can_be_taken_back(federation, name, papers):
    which = (name, "--agency", "gakkumdu")
    assert federation("refer", "prepare", *which, *papers_of(papers)).code == OK
    assert federation("refer", "withdraw", *which).code == OK
    [row] = json.loads(federation("refer", "status", "--json").out)["referrals"]
    assert (row["state"], row["due"]) == ("withdrawn", "")


def test_who_took_it_there_before_is_told_when_ours_was_brought(federation, home, name):
    org, _, report = name.partition("/")
    told = Told(Home(home), "mitra.example", {"org": org, "id": report})
    told(agency="gakkumdu", stage="acknowledged", reference="7/PL/2019")
    ended = federation("refer", "by-hand", name, "--agency", "gakkumdu")
    assert ended.code == OK, ended
    for word in ("mitra.example", "7/PL/2019"):
        assert word in ended.err, word
