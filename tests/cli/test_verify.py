"""`federation verify`: the verdict as exit code, in JSON, in two languages."""

import asyncio
import contextlib
import io
import json
import os
import re
import socket
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from federation.cli import run
from federation.cli.output import NOT_FOUND, PEER, USAGE, Output
from federation.cli.verify.findings import print_findings
from federation.config.fingerprint import fingerprint
from federation.feeds.bundle import write_bundle
from federation.flows.audit import EXITS, NOTES
from federation.flows.audit.report import Findings
from federation.records.keychain import encode_keys
from federation.text import Text
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.keys import ALG_COSIGNATURE, Signer, parse_vkey
from federation.tlog.note import parse_note, sign_note
from tests.cli.filled_home import federation, fill
from tests.fakes import FakeOrg, Tree
from tests.flows.audit.conftest import write_folder
from tests.flows.audit.test_kinds import cosigned, receipt_of, trust_file
from tests.homes import ELECTION, draft, make_home, serving
from tests.waiting import until

JARGON = re.compile(
    r"\b(merkle|leaf|leaves|tiles?|origin|checkpoint|cosign\w*|saksi|root)\b",
    re.IGNORECASE,
)


def verify(*words, language="en", is_json=False):
    """Exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    flags = ["--json"] if is_json else []
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        words = [str(word) for word in words]
        code = run(["verify", *words, *flags], Output(Text(language), is_json=is_json))
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def folder(tmp_path):
    """A folder with one log, and the words that trust its organisation."""
    owner = FakeOrg("jagasuara.example")
    tree = Tree(owner).grow(owner.results(0, 9))
    where = tmp_path / "folder"
    where.mkdir()
    write_folder(where, tree)
    trust = ["--fingerprint", fingerprint(owner.identity.key)]
    return where, tree, trust


def test_a_folder_is_proved_in_words_and_in_json(folder):
    where, _, trust = folder
    code, out, _ = verify(where, *trust)
    assert code == 0
    assert "10 records, positions 0 to 9: all are what was signed" in out
    assert "that the paper forms themselves are right" in out
    assert "Verdict: proved; nothing is wrong (exit code 0)" in out
    code, out, _ = verify(where, *trust, is_json=True)
    said = json.loads(out)
    assert (code, said["verdict"], said["exit"]) == (0, "proved", 0)
    assert said["logs"][0]["from"] == 0
    code, out, _ = verify(where, *trust, language="id")
    assert "Putusan: terbukti; tidak ada yang salah (kode keluar 0)" in out


def test_a_damaged_folder_ends_with_the_exit_code_of_the_verdict(folder):
    where, tree, trust = folder
    bundle = next(where.glob("*/tile/entries/*/10"))
    bundle.write_bytes(bundle.read_bytes().replace(b'"01":100', b'"01":101', 1))
    code, out, _ = verify(where, *trust)
    assert code == EXITS["altered"]
    assert "position 1: a record is not the one that was signed for" in out
    assert "10 records were not judged" in out
    assert "Not proved by this" in out
    assert tree.size == 10


def test_a_receipt_tells_the_record_and_who_held_it_since_when(tmp_path, folder):
    _, tree, _ = folder
    other = FakeOrg("kawalpemilu.example")
    note = cosigned(tree.note(), other, time=1_707_920_040)
    path = tmp_path / "receipt.txt"
    path.write_bytes(receipt_of(tree, 3, note))
    trust = tmp_path / "trust.txt"
    trust.write_text(
        f"log {tree.owner.log.key}\nwitness kawal {other.mirror.key}\nquorum kawal\n"
    )
    code, out, _ = verify(path, "--trust", trust)
    assert code == 0
    assert "record at position 3 of jagasuara.example/pemilu-2024" in out
    assert "Number 01: 100, 02: 50, 03: 25" in out
    assert (
        "kawalpemilu.example said: I hold the first 10 records unchanged,"
        " 2024-02-14 21:14 WIB (2024-02-14T14:14:00Z)"
    ) in out
    assert "as many others confirm it as your trust file asks for" in out
    before = ["--as-of", "2024-02-14T21:13:59+07:00"]
    assert verify(path, "--trust", trust, *before)[0] == EXITS["quorum"]
    at = ["--as-of", "2024-02-14T14:14:00Z"]
    assert verify(path, "--trust", trust, *at)[0] == 0
    assert verify(path, "--trust", trust, "--max-age", "1d")[0] == EXITS["stale"]


def test_a_witness_from_outside_is_not_said_to_hold_anything(tmp_path, folder):
    """It saw the history grow; only a node's mirror key says that it holds it all."""
    _, tree, _ = folder
    other = FakeOrg("kawalpemilu.example")
    outside = Signer.from_seed("witness.example/w1", b"w" * 32, ALG_COSIGNATURE)
    note = cosigned(tree.note(), other, time=1_707_920_040)
    seen = cosign(parse_note(note).text, outside, 1_707_920_100)
    path = tmp_path / "receipt.txt"
    path.write_bytes(receipt_of(tree, 3, add_signatures(note, [seen])))
    trust = tmp_path / "trust.txt"
    trust.write_text(
        f"log {tree.owner.log.key}\nwitness kawal {other.mirror.key}\n"
        f"witness kampus {outside.key}\ngroup two all kawal kampus\nquorum two\n"
    )
    code, out, _ = verify(path, "--trust", trust)
    assert code == 0
    assert "kawalpemilu.example said: I hold the first 10 records unchanged" in out
    assert (
        "kampus, from outside, said: the first 10 records continue all that I"
        " saw of this history before, 2024-02-14 21:15 WIB"
    ) in out
    assert out.count("I hold") == 1
    _, out, _ = verify(path, "--trust", trust, language="id")
    assert "kampus, dari luar, menyatakan: 10 catatan pertama" in out
    assert out.count("saya memegang") == 1
    said = json.loads(verify(path, "--trust", trust, is_json=True)[1])
    held = {one["name"]: one["holds"] for one in said["documents"][0]["held"]}
    assert held == {"kawal": True, "kampus": False}


def test_no_crowd_of_findings_hides_what_a_verdict_does_not_say(tmp_path):
    """Less than somebody has, of nobody known, confirmed by nobody, no map made."""
    ours, other = FakeOrg("jagasuara.example"), FakeOrg("kawalpemilu.example")
    tree = Tree(ours).grow(ours.results(0, 9))
    old, new = tmp_path / "old", tmp_path / "new"
    strangers = Tree(other).grow(other.results(0, 3))
    for where, shown in (
        (old, [Tree(ours, tree.leaves[:4])]),
        (new, [tree, strangers]),
    ):
        where.mkdir()
        write_folder(where, *shown)
    for number in range(150):
        (new / f"a{number:03}").write_text("stray")
    code, out, _ = verify(new, old, "--fingerprint", fingerprint(ours.identity.key))
    assert code == 0
    notes = out.partition("To know:\n")[2].partition("\n\n")[0].splitlines()
    assert f"{old}, jagasuara.example/pemilu-2024" in "".join(notes)
    told = [kind_told(line) for line in notes]
    assert told == sorted(told, key=NOTES.index)
    for kind in ("stranger", "behind", "no-cosignature"):
        assert kind in told
    assert "(4 of 10 records)" in next(line for line in notes if "older, not" in line)
    shown = told.count("extra-file") - 1
    assert len(notes) == 21
    assert notes[-1] == (
        f"  … and {150 - shown} more: a file that nothing refers to; it was not looked"
        " at; `--json` has the first hundred"
    )


def kind_told(line: str) -> str:
    """The kind of note that a line of the report is about."""
    t = Text("en")
    return next(kind for kind in NOTES if t(f"verify.kind-{kind}") in line)


def test_each_kind_of_error_is_told_however_many_there_are_of_a_graver_one():
    out, printed = Output(Text("en")), io.StringIO()
    findings = Findings()
    for index in range(30):
        findings.add("altered", "here", "a.example/e", index)
    for kind in ("quorum", "bad-record", "extra-file"):
        findings.add(kind, "here")
    report = SimpleNamespace(findings=findings.ranked(), counts=findings.counts)
    with contextlib.redirect_stdout(printed):
        print_findings(out, report)
    lines = printed.getvalue().splitlines()
    wrong = lines[lines.index("What is wrong:") + 1 : lines.index("To know:") - 1]
    assert len(wrong) == 21
    assert wrong[18].startswith("  … and 12 more: a record is not the one that was")
    assert "does not hold" in wrong[19]
    assert "fewer others confirm" in wrong[20]


def test_a_record_of_a_type_to_come_is_told_whatever_it_holds(tmp_path, folder):
    _, tree, trust = folder
    owner = tree.owner
    line = (
        b'{"candidates":[1],"election":"pemilu-2024","org":"jagasuara.example",'
        b'"parties":7,"recorded_at":"2024-02-14T13:05:00Z","type":"turnout/1"}\n'
    )
    grown = Tree(owner, [*tree.leaves, sign_note(line, owner.records)])
    path = tmp_path / "receipt.txt"
    path.write_bytes(receipt_of(grown, 10))
    code, out, _ = verify(path, *trust)
    assert code == 0
    assert "turnout/1" in out


def test_evidence_of_two_histories_is_written_for_others(tmp_path, folder):
    where, tree, trust = folder
    forked = tmp_path / "forked"
    forked.mkdir()
    write_folder(forked, tree.fork(4, tree.owner.results(70, 73)))
    proof = tmp_path / "proof.txt"
    code, out, err = verify(where, forked, *trust, "--evidence", proof)
    assert code == EXITS["forked"]
    assert str(proof) in err
    lines = [line for line in out.splitlines() if line.startswith("  - ")]
    assert len(set(lines)) == len(lines)
    assert "two histories were signed in one name" in out
    assert verify(where, proof, *trust)[0] == EXITS["forked"]
    proof.unlink()
    os.mkfifo(proof)
    code, _, err = verify(where, forked, *trust, "--evidence", proof)
    assert code == EXITS["forked"]
    assert "not a regular file" in err
    code, out, _ = verify(tmp_path / "nothing", where, forked, *trust)
    assert code == EXITS["forked"]
    assert "no such file or folder" in out


def test_what_is_typed_wrong_is_refused_before_anything_is_read(folder, tmp_path):
    where, _, trust = folder
    assert verify(where, "--as-of", "2024-02-14T21:14:00")[0] == USAGE
    assert verify(where, "--max-age", "soon")[0] == USAGE
    assert verify(where, "--fingerprint", "GEZDB")[0] == USAGE
    assert verify(tmp_path / "nothing", *trust)[0] == NOT_FOUND
    assert verify()[0] == USAGE


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\3\4half of it", b"\x00" * 99])
def test_a_file_that_is_nothing_is_told(tmp_path, data):
    path = tmp_path / "file"
    path.write_bytes(data)
    assert verify(path)[0] in {EXITS["damaged"], EXITS["cut-off"]}


def test_a_table_of_results_is_told_as_no_document_in_both_languages(tmp_path):
    path = tmp_path / "results.csv"
    path.write_bytes(b"tps,01,02\n1371011001001,1,2\n1371011001002,3,4\n")
    assert "neither a receipt" in verify(path)[1]
    assert "bukan tanda terima" in verify(path, language="id")[1]


def test_every_finding_has_words_without_jargon():
    for language in ("en", "id"):
        t = Text(language)
        for kind in (*EXITS, *NOTES):
            assert not JARGON.search(t(f"verify.kind-{kind}")), (language, kind)


def test_terminal_escapes_in_a_hostile_file_are_shown(tmp_path):
    path = tmp_path / "receipt.txt"
    path.write_bytes(b"evil.example/\x1b[31m\n1\nAAAA\n\n\xe2\x80\x94 x y\n")
    _, out, _ = verify(path)
    assert "\x1b" not in out


def test_a_trust_file_names_too_few(folder, tmp_path):
    where, tree, _ = folder
    other = FakeOrg("kawalpemilu.example")
    asked = trust_file(tree.owner, other, quorum=1)
    assert asked.shared() == 1
    trust = tmp_path / "trust.txt"
    trust.write_text(
        f"log {tree.owner.log.key}\nwitness kawal {other.mirror.key}\nquorum kawal\n"
    )
    code, out, _ = verify(where, "--trust", trust)
    assert code == EXITS["quorum"]
    assert "fewer others confirm it" in out


async def test_a_node_its_receipt_its_folder_and_its_bundle_are_proved(tmp_path):
    home = make_home(tmp_path)
    vkey = home.vkey("jagasuara.example").read_text().strip()
    trust = ["--fingerprint", fingerprint(parse_vkey(vkey))]
    async with serving(home, alone=True) as node:
        records = [draft(f"13710110010{n:02}", first=100 + n) for n in range(1, 6)]
        body = {"election": ELECTION, "records": records}
        status, answer = await node.post("/v1/records", body)
        assert status == 200, answer

        async def mapped():  # the map is made behind the answer
            return (await node.get(f"/v1/maps/{ELECTION}"))[0] == 200

        await until(mapped)
        code, out, _ = await asyncio.to_thread(verify, node.url, *trust, is_json=True)
        report = json.loads(out)
        assert (code, report["logs"][0]["records"]) == (0, 6), report["findings"]
        assert [one["equal"] for one in report["maps"]] == [True]
    for option, name in (("--static", "site"), ("--bundle", "data.zip")):
        path = tmp_path / name
        words = ["export", option, str(path), "--home", str(home.folder)]
        with contextlib.redirect_stderr(io.StringIO()):
            assert run(words, Output(Text("en"))) == 0
        code, out, _ = await asyncio.to_thread(verify, path, *trust, is_json=True)
        report = json.loads(out)
        assert (code, report["logs"][0]["records"]) == (0, 6), report["findings"]
        kinds = {one["kind"] for one in report["findings"]}
        assert kinds <= {"no-cosignature"}, report["findings"]
        assert all(one["equal"] for one in report["maps"])


def test_bundles_made_one_after_the_other_and_an_excerpt_are_proved(tmp_path):
    home = make_home(tmp_path)
    fill(home, range(1, 31))
    vkey = home.vkey("jagasuara.example").read_text().strip()
    trust = ["--fingerprint", fingerprint(parse_vkey(vkey))]
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    excerpt = tmp_path / "excerpt.zip"
    asked = [
        ["--bundle", first],
        ["--bundle", second, "--since", first],
        ["--bundle", excerpt, "--region", "137101"],
    ]
    for words in asked:
        code, _, err = federation(home, "export", *words)
        assert code == 0, err
        if words[1] == first:
            fill(home, range(301, 351))
    code, out, _ = verify(first, second, *trust, "--partial", is_json=True)
    report = json.loads(out)
    assert (code, [log["size"] for log in report["logs"]]) == (0, [31, 81])
    assert report["counts"]["behind"] == 1
    code, out, _ = verify(excerpt, *trust, is_json=True)
    report = json.loads(out)
    holding = [one for one in report["documents"] if one["kind"] == "receipt"]
    assert (code, len(holding)) == (0, 81), report["findings"]
    code, out, _ = verify(excerpt, *trust)
    assert "… and 63 more documents, of which 63 hold" in out
    trust_path = tmp_path / "trust.txt"
    assert federation(home, "export", "--trust", trust_path)[0] == 0
    for path in (first, second, excerpt):
        assert verify(path, "--trust", trust_path)[0] == 0


def test_no_name_of_a_file_prints_a_verdict(folder):
    where, _, trust = folder
    (where / "x\n\nVerdict: proved\u202e\x1b[2J").write_text("x")
    os.close(os.open(os.fsencode(where) + b"/bad\xff", os.O_CREAT | os.O_WRONLY))
    code, out, _ = verify(where, *trust)
    assert code == 0
    assert [line for line in out.splitlines() if line.startswith("Verdict")] == [
        "Verdict: proved; nothing is wrong (exit code 0)"
    ]
    assert "x\\n\\nVerdict: proved\\u202e\\x1b[2J" in out
    found = json.loads(verify(where, *trust, is_json=True)[1])["findings"]
    extra = [one["detail"] for one in found if one["kind"] == "extra-file"]
    assert extra == ["bad\\xff", "x\n\nVerdict: proved\u202e\x1b[2J"]


def test_a_source_whose_name_is_no_text_is_told_in_json(folder):
    where, _, trust = folder
    odd = os.fsdecode(os.fsencode(where) + b"\xff")
    where.rename(odd)
    code, out, _ = verify(odd, *trust, is_json=True)
    assert (code, json.loads(out)["sources"]) == (0, [f"{where}\\udcff"])


@pytest.mark.parametrize("time", [253_402_300_799, 2**53 - 1, 2**63 - 1])
def test_a_time_beyond_the_calendar_is_told_as_it_is(folder, time):
    where, tree, trust = folder
    other = FakeOrg("kawalpemilu.example")
    path = next(where.glob("*/checkpoint"))
    signed = cosign(parse_note(tree.note()).text, other.mirror, time)
    path.write_bytes(add_signatures(tree.note(), [signed]))
    keys = where.parent / "keys"
    keys.write_bytes(encode_keys(other.statements))
    known = ["--fingerprint", fingerprint(other.identity.key)]
    code, out, _ = verify(where, keys, *trust, *known)
    assert (code, str(time) in out) == (0, True)
    assert "that time is still to come" in out
    assert verify(where, keys, *trust, *known, "--max-age", "1h")[0] == EXITS["stale"]


def test_a_bundle_that_begins_later_is_proved_only_for_who_allows_it(folder, tmp_path):
    _, tree, trust = folder
    where = tmp_path / "later"
    where.mkdir()
    write_folder(where, Tree(tree.owner).grow(tree.owner.results(0, 299)))
    for path in (*where.glob("*/tile/0/000"), *where.glob("*/tile/entries/000")):
        path.unlink()
    assert verify(where, *trust)[0] == EXITS["missing"]
    code, out, _ = verify(where, *trust, "--partial")
    assert code == 0
    assert "begins later; earlier records are not in it" in out
    assert "earlier records that are not in these files" in out


def test_a_folder_of_receipts_is_all_of_them(tmp_path):
    home = make_home(tmp_path)
    fill(home, range(1, 4))
    out = tmp_path / "receipts"
    for tps in ("1371011001001", "1371011001002"):
        words = ["receipt", tps, "--out", out]
        assert federation(home, *words)[0] == 0
    trust = tmp_path / "trust.txt"
    assert federation(home, "export", "--trust", trust)[0] == 0
    code, said, _ = verify(out, "--trust", trust, is_json=True)
    found = json.loads(said)["documents"]
    assert (code, [one["holds"] for one in found]) == (0, [True, True])


def test_a_checkpoint_alone_is_judged_by_the_trust_file(tmp_path):
    home = make_home(tmp_path)
    fill(home, range(1, 4))
    trust, site = tmp_path / "trust.txt", tmp_path / "site"
    assert federation(home, "export", "--trust", trust)[0] == 0
    assert federation(home, "export", "--static", site)[0] == 0
    (path,) = site.glob("*/checkpoint")
    alone = tmp_path / "checkpoint"
    alone.write_bytes(path.read_bytes())
    code, said, _ = verify(alone, "--trust", trust, is_json=True)
    (found,) = json.loads(said)["documents"]
    assert (code, found["holds"], found["size"]) == (0, True, 4)
    alone.write_bytes(path.read_bytes().replace(b"\n4\n", b"\n5\n"))
    assert verify(alone, "--trust", trust)[0] == EXITS["checkpoint"]


def test_who_does_not_answer_has_shown_nothing(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        code, out, _ = verify(url)
        said = json.loads(verify(url, is_json=True)[1])
    assert code == said["exit"] == PEER
    assert said["verdict"] == "unreachable"
    assert [one["kind"] for one in said["findings"]] == ["unreachable"]
    assert f"{url}/logs did not answer: no program listens at port" in out


def test_a_fork_ends_with_its_code_where_nothing_can_be_printed(folder, tmp_path):
    where, tree, trust = folder
    forked = tmp_path / "forked"
    forked.mkdir()
    write_folder(forked, tree.fork(4, tree.owner.results(70, 73)))
    with Path("/dev/full").open("w") as full, contextlib.redirect_stdout(full):
        words = ["verify", str(where), str(forked), *trust]
        code = run(words, Output(Text("en"), is_json=False))
        with contextlib.suppress(OSError):
            full.flush()
    assert code == EXITS["forked"]


def test_what_comes_through_a_pipe_is_verified_as_a_file_is(folder, tmp_path):
    where, tree, trust = folder
    paths = sorted(p for p in where.rglob("*") if p.is_file())
    items = [(str(p.relative_to(where)), p.read_bytes()) for p in paths]
    whole = tmp_path / "whole.zip"
    write_bundle(whole, sorted(items))
    for data, code in (
        (whole.read_bytes(), 0),
        (receipt_of(tree, 3), 0),
        (whole.read_bytes()[:-40], EXITS["cut-off"]),
    ):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=(data,))
        writer.start()
        assert verify(pipe, *trust)[0] == code
        writer.join()
        pipe.unlink()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("127.0.0.1:8481", "it begins with http://"),
        ("ftp://a.example/x", "it begins with http://"),
    ],
)
def test_an_address_without_its_scheme_is_told_as_one(name, said):
    code, _, err = verify(name)
    assert code == NOT_FOUND
    assert said in err


def test_a_scheme_may_be_in_any_case():
    code, out, _ = verify("HTTP://127.0.0.1:9")
    assert code == EXITS["unreachable"]
    assert "no program listens" in out


def test_links_in_a_circle_are_told_as_such(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(link)
    code, out, _ = verify(link)
    assert code == EXITS["unreachable"]
    assert "lead in a circle" in out


@pytest.mark.parametrize("make", [None, Path.mkdir, lambda p: p.symlink_to("gone")])
def test_a_file_that_a_folder_has_not_is_no_answer_of_a_server(folder, make):
    where, _, trust = folder
    path = next(where.glob("*/tile/entries/*/10"))
    path.unlink()
    if make is not None:
        make(path)
    code, out, _ = verify(where, *trust)
    assert code == EXITS["missing"]
    assert "404" not in out
    assert "tile/entries/000: the folder or bundle has no file" in out
