"""`federation annex`: sealed, shown to who has the key, written down, purged."""

import asyncio
import contextlib
import io
import json
import re
import stat
import time

import click
import msgspec
import pytest

from federation.cli.output import (
    CONFIG,
    CONFLICT,
    NOT_FOUND,
    OK,
    USAGE,
    VERIFICATION,
)
from federation.config.sealingkey import public_of
from federation.flows.annex.contents import IncidentAnnex
from federation.flows.annex.sealing import seal
from federation.store import people
from federation.store.annex import AnnexFolder, format_annex
from federation.store.db import Database
from federation.store.outbox import OutboxItem, save_item
from tests.annexed import (
    CONTENTS,
    ELECTION,
    ID,
    give_key,
    head_of,
    passphrase_file,
    sealed,
)
from tests.cli.filled_home import federation
from tests.homes import PASSPHRASE, make_home, serving

OTHER = "f" * 32
WHY = "diteruskan kepada Bawaslu"


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    give_key(found)
    return found


@pytest.fixture
def key(tmp_path):
    return ["--passphrase-file", passphrase_file(tmp_path)]


def report(home, contents=CONTENTS):
    path = home.folder / "report.json"
    path.touch(0o600)
    path.write_bytes(msgspec.json.encode(contents))
    return path


def annex(home, *words, code=OK, **how):
    ended, out, err = federation(home, "annex", *words, **how)
    assert ended == code, out + err
    return json.loads(out) if out and how.get("is_json", True) else out + err


def add(home, incident=ID, *words, **how):
    return annex(home, "add", incident, "--file", report(home), *words, **how)


def _a_report(home):
    """The name of a report that was just signed there."""
    words = ("keys", "chain", "--election", ELECTION, "--incidents")
    file = home.folder / "passphrase"
    file.touch(0o600)
    file.write_text(PASSPHRASE)
    assert federation(home, *words, "--passphrase-file", str(file))[0] == OK
    words = ("incidents", "add", "--category", "lainnya", "--law", "pidana")
    words += ("--summary", "Saksi diusir", "--happened", "2019-04-17 08.00")
    ended, out, err = federation(home, *words, "--region", "3171", "--alone")
    assert ended == OK, out + err
    return json.loads(out)["verdicts"][0]["incident"]


def actions(home):
    """What was noted of annexes, the oldest first."""
    code, out, err = federation(home, "people", "log")
    if code == NOT_FOUND:
        return []  # nothing was ever written
    assert code == OK, err
    lines = json.loads(out)["actions"][::-1]
    noted = [(a["person"], a["what"], a["subject"]) for a in lines]
    return [one for one in noted if one[1].startswith("annex-")]


def noted(what, who="", why="", incident=ID):
    return who, f"annex-{what}", f"{ELECTION} {incident} {why}".rstrip()


def test_from_sealing_to_purging_each_use_is_written_down(home, key, tmp_path):
    added = add(home)
    assert (added["incident"], added["replaced"]) == (ID, False)
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", added["keep_until"])
    [listed] = annex(home, "list")["annexes"]
    assert (listed["incident"], listed["state"]) == (ID, "sealed")
    assert listed["keep_until"] == added["keep_until"]
    shown = annex(home, "show", ID, "--why", WHY, *key)
    assert msgspec.convert(shown["annex"], IncidentAnnex) == CONTENTS
    out = tmp_path / "handed.json"
    annex(home, "export", ID, "--why", WHY, "--out", out, *key)
    assert msgspec.json.decode(out.read_bytes(), type=IncidentAnnex) == CONTENTS
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    annex(home, "purge", ID, "--why", "sudah selesai")
    assert annex(home, "list")["annexes"] == []
    assert actions(home) == [
        noted("add"),
        noted("show", why=WHY),
        noted("export", why=WHY),
        noted("purge", why="sudah selesai"),
    ]


async def test_with_a_node_at_work_the_same_is_done_by_it(home, key):
    async with serving(home, alone=True):
        await asyncio.to_thread(add, home)
        again = asyncio.gather(
            *(asyncio.to_thread(federation, home, *words) for words in two(home))
        )
        codes = sorted(ended[0] for ended in await again)
        assert codes == [OK, CONFLICT], "of two at once one is kept"
        shown = await asyncio.to_thread(annex, home, "show", ID, "--why", WHY, *key)
        assert msgspec.convert(shown["annex"], IncidentAnnex) == CONTENTS
        await asyncio.to_thread(annex, home, "purge", ID, "--why", "sudah selesai")
    assert [one[1] for one in actions(home)] == [
        *("annex-add", "annex-add", "annex-show", "annex-purge"),
    ]
    assert [one["incident"] for one in annex(home, "list")["annexes"]] == [OTHER]


def two(home):
    words = ["annex", "add", OTHER, "--file", report(home)]
    return [words, words]


def test_an_incident_may_be_named_as_the_list_of_reports_names_it(home, key):
    add(home, f"jagasuara.example/{ID}")
    assert annex(home, "show", f"jagasuara.example/{ID}", "--why", WHY, *key)


def test_another_organisations_report_with_our_id_opens_nothing(home, key):
    add(home)
    theirs = f"lain.example/{ID}"
    for words in (
        ("show", theirs, "--why", WHY, *key),
        ("export", theirs, "--why", WHY, "--out", home.folder / "out.json", *key),
        ("purge", theirs, "--why", WHY),
        ("add", theirs, "--file", report(home), "--replace"),
        ("purge", f"/{ID}", "--why", WHY),
    ):
        for language, told in (("en", "those of jagas"), ("id", "lampiran jagas")):
            said = annex(home, *words, code=USAGE, is_json=False, language=language)
            assert told in " ".join(said.split())
    assert len(list(AnnexFolder(home.annex).walk())) == 1
    assert not (home.folder / "out.json").exists()
    assert actions(home) == [noted("add")]


def test_who_purges_is_told_of_papers_that_are_on_their_way(home):
    item = OutboxItem(
        incident=f"jagasuara.example/{ID}",
        agency="bawaslu",
        election=ELECTION,
        way="email",
        state="unsure",
    )
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        save_item(tx, item)
    for language, told in (("en", "on their way"), ("id", "dalam perjalanan")):
        add(home)
        how = {"language": language, "is_json": False}
        assert told in annex(home, "purge", ID, "--why", WHY, **how)
    AnnexFolder(home.annex).save(sealed(keep_until="2020-01-01"))
    left = [{"incident": item.incident, "agency": "bawaslu"}]
    assert annex(home, "purge", "--due")["left"] == left


def test_an_annex_of_a_report_that_is_not_known_is_kept_and_said(home):
    for language, told in (("id", "Tidak ada laporan"), ("en", "No report")):
        said = add(home, ID, "--replace", language=language, is_json=False)
        assert f"{told} {ID}" in said
    name = _a_report(home).partition("/")[2]
    assert "No report" not in add(home, name, language="en", is_json=False)


def test_people_are_told_in_their_language(home, key):
    for language, kept, mine in (
        ("en", "kept until", "reporter"),
        ("id", "disimpan sampai", "pelapor"),
    ):
        how = {"language": language, "is_json": False}
        assert kept in add(home, ID, "--replace", **how)
        assert ID in annex(home, "list", **how)
        said = annex(home, "show", ID, "--why", WHY, *key, **how)
        for word in (mine, "Zulkifli Manurung", "Jalan Kenari 17", "-1.395127"):
            assert word in said
        assert annex(home, "key", **how).count("annex.pem") == 1


def test_what_was_typed_cannot_steer_the_terminal(home, key):
    add(home)
    sly = IncidentAnnex(notes="a\x1b[2Jb", reporter={"name": "x\u202ey"})
    annex(home, "add", ID, "--replace", "--file", report(home, sly))
    said = annex(home, "show", ID, "--why", WHY, *key, is_json=False)
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_a_second_one_is_kept_only_where_that_is_said(home, key):
    add(home)
    assert "--replace" in annex(
        home, "add", ID, "--file", report(home), code=CONFLICT, is_json=False
    )
    other = report(home, IncidentAnnex(notes="baru"))
    assert annex(home, "add", ID, "--file", other, "--replace")["replaced"]
    shown = annex(home, "show", ID, "--why", WHY, *key)
    assert shown["annex"] == {"notes": "baru"}


def test_the_private_half_may_be_anywhere(home, key, tmp_path):
    add(home)
    stick = tmp_path / "stick"
    stick.mkdir(mode=0o700)
    moved = home.annex_private.rename(stick / "annex.pem")
    missing = annex(home, "show", ID, "--why", WHY, *key, code=CONFIG, is_json=False)
    assert "--key" in missing
    assert annex(home, "key")["state"] == "away"
    shown = annex(home, "show", ID, "--why", WHY, "--key", moved, *key)
    assert shown["annex"]["notes"] == CONTENTS.notes
    assert actions(home) == [noted("add"), noted("show", why=WHY)]


def test_a_wrong_passphrase_shows_nothing_and_is_no_use(home, tmp_path):
    add(home)
    wrong = passphrase_file(tmp_path, "kuda laut malam hari")
    words = ("show", ID, "--why", WHY, "--passphrase-file", wrong)
    assert "passphrase is wrong" in annex(home, *words, code=CONFIG, is_json=False)
    assert actions(home) == [noted("add")]


def test_one_that_was_sealed_for_another_key_says_for_which(home, key):
    folder = AnnexFolder(home.annex)
    folder.save(sealed())
    folder.save(sealed(OTHER, key="0123456789abcdef"))
    words = ("show", OTHER, "--why", WHY, *key)
    said = annex(home, *words, code=CONFIG, is_json=False)
    assert "0123456789abcdef" in said
    states = {one["incident"]: one["state"] for one in annex(home, "list")["annexes"]}
    assert states == {ID: "sealed", OTHER: "other-key"}
    # Whoever writes a head of ours over what was sealed for another key.
    forged = seal(CONTENTS, head_of(), public_of(b"\x05" * 32))
    folder.save(forged)
    annex(home, "show", ID, "--why", WHY, *key, code=VERIFICATION)
    assert actions(home) == []


def test_a_damaged_one_is_told_listed_and_can_be_purged(home, key):
    add(home)
    path = AnnexFolder(home.annex).path(ELECTION, ID)
    path.write_bytes(path.read_bytes()[:-9])
    said = annex(home, "show", ID, "--why", WHY, *key, code=USAGE, is_json=False)
    assert "damaged" in said
    [listed] = annex(home, "list")["annexes"]
    assert listed == {"election": ELECTION, "incident": ID, "state": "damaged"}
    assert annex(home, "purge", "--due") == {"purged": 0, "damaged": 1, "left": []}
    annex(home, "purge", ID, "--why", "rusak")
    assert annex(home, "purge", "--due") == {"purged": 0, "damaged": 0, "left": []}


def test_the_time_is_that_of_the_settings_or_the_day_that_is_given(home):
    day = 86_400
    text = home.settings.read_text()
    text, count = re.subn(r"(?m)^# days = \d+$", "days = 3", text)
    assert count == 1
    home.settings.write_text(text)
    soon = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3 * day))
    assert add(home)["keep_until"] == soon
    until = ("--until", "2031-02-28")
    assert add(home, OTHER, *until)["keep_until"] == "2031-02-28"
    for day in ("2020-01-01", "2199-12-31", "3000-01-01"):
        words = ("add", OTHER, "--file", report(home), "--replace", "--until", day)
        assert "--until" in annex(home, *words, code=USAGE, is_json=False)
    assert annex(home, "list")["annexes"][-1]["keep_until"] == "2031-02-28"


def test_what_has_had_its_time_goes_by_command(home):
    AnnexFolder(home.annex).save(sealed(keep_until="2020-01-01"))
    [listed] = annex(home, "list")["annexes"]
    assert listed["state"] == "due"
    assert annex(home, "purge", "--due") == {"purged": 1, "damaged": 0, "left": []}
    assert actions(home) == [noted("expire")]


def test_without_a_key_nothing_is_taken(tmp_path):
    home = make_home(tmp_path)
    said = annex(home, "add", ID, "--file", report(home), code=CONFIG, is_json=False)
    assert "federation annex key" in said
    assert annex(home, "list")["annexes"] == []


def test_the_key_is_made_by_a_command_of_its_own(tmp_path):
    home = make_home(tmp_path)
    words = ["key", "--passphrase-file", passphrase_file(tmp_path)]
    made = annex(home, *words)
    assert made["state"] == "here"
    assert len(made["made"]) == 2
    again = annex(home, "key")
    assert (again["key"], again["made"]) == (made["key"], [])
    add(home)
    home.annex_public.write_bytes(b"0" * 82)
    said = annex(home, "key", code=CONFIG, is_json=False)
    assert "damaged" in said


def test_a_coordinator_is_named(home, key):
    add(home)
    database, now = Database.open(home.data), int(time.time())
    with contextlib.closing(database), database.transaction() as tx:
        for name, role in (("Koor 1", "coordinator"), ("Ed", "editor")):
            people.save_person(tx, name, role, name * 20, now, now + 999)
    annex(home, "show", ID, "--why", WHY, "--as", "Ed", *key, code=NOT_FOUND)
    annex(home, "show", ID, "--why", WHY, "--as", "Koor 1", *key)
    annex(home, "purge", ID, "--why", "selesai", "--as", "Koor 1")
    assert actions(home) == [
        noted("add"),
        noted("show", "Koor 1", WHY),
        noted("purge", "Koor 1", "selesai"),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["show", ID], "--why"),
        (["show", ID, "--why", " "], "why is missing"),
        (["show", ID, "--why", "diminta Ibu Sari"], "Sari"),
        (["show", "abc", "--why", WHY], "32 digits"),
        (["purge", "../../../etc", "--why", WHY], "32 digits"),
        (["purge"], "--due"),
        (["purge", ID, "--due"], "--due"),
        (["purge", ID], "why is missing"),
        (["export", ID, "--why", WHY], "--out"),
        (["add", ID], "--file"),
        (["add", ID, "--file", "open.json"], "chmod 0600"),
        (["add", ID, "--file", "absent.json"], "no such file"),
        (["add", ID, "--file", "bad.json"], "not an annex"),
        (["add", ID, "--election", "pemilu-1955", "--file", "x"], "pemilu-1955"),
    ],
    ids=str,
)
def test_what_is_missing_or_wrong_is_said(home, monkeypatch, words, told):
    monkeypatch.chdir(home.folder)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    (home.folder / "open.json").write_text("{}")
    (home.folder / "open.json").chmod(0o644)
    (home.folder / "bad.json").touch(0o600)
    (home.folder / "bad.json").write_text('{"reporter":"Zulkifli"}')
    AnnexFolder(home.annex).save(sealed())
    code, out, err = federation(home, "annex", *words, is_json=False)
    assert code in {USAGE, CONFIG, NOT_FOUND}
    assert told in out + err
    assert "Zulkifli" not in out + err
    assert len(list(AnnexFolder(home.annex).walk())) == 1


def test_of_nothing_nothing_is_shown(home, key):
    for words in (("show", ID, "--why", WHY, *key), ("purge", ID, "--why", WHY)):
        said = annex(home, *words, code=NOT_FOUND, is_json=False)
        assert ID in said
    assert actions(home) == []


def test_a_file_that_is_there_is_not_written_over(home, key, tmp_path):
    add(home)
    out = tmp_path / "there.json"
    out.write_text("mine")
    annex(home, "export", ID, "--why", WHY, "--out", out, *key, code=CONFLICT)
    assert out.read_text() == "mine"
    assert actions(home) == [noted("add")]


def test_it_is_asked_on_a_terminal_and_taken_from_a_pipe(home, key, monkeypatch):
    answers = iter(
        [
            *("Zulkifli Manurung", "Jalan Kenari 17", "0813-5555-0117", ""),
            *("Hendrawan Tobing", "", "", "juru bayar", ""),
            *("Roslina Sipayung", "", "", "", ""),
            *("-1.395127, 120.754318", "Amplop cokelat"),
        ]
    )
    monkeypatch.setattr("sys.stdin", SimpleTerminal())
    monkeypatch.setattr(click, "prompt", lambda *_, **__: next(answers))
    annex(home, "add", ID)
    assert list(answers) == []
    shown = annex(home, "show", ID, "--why", WHY, *key)["annex"]
    typed = msgspec.structs.replace(CONTENTS, notes="Amplop cokelat")
    assert msgspec.convert(shown, IncidentAnnex) == typed
    piped = SimpleTerminal()
    piped.buffer = io.BytesIO(msgspec.json.encode(CONTENTS))
    monkeypatch.setattr("sys.stdin", piped)
    annex(home, "add", OTHER, "--file", "-")
    shown = annex(home, "show", OTHER, "--why", WHY, *key)["annex"]
    assert msgspec.convert(shown, IncidentAnnex) == CONTENTS


class SimpleTerminal:
    def isatty(self):
        return True


def test_a_place_that_is_none_is_refused_before_anything_is_kept(home, monkeypatch):
    for place in ("di pasar", "91, 120", "1", "nan, 0"):
        answers = iter(["", "", "", place, ""])
        monkeypatch.setattr("sys.stdin", SimpleTerminal())
        monkeypatch.setattr(click, "prompt", lambda *_, a=answers, **__: next(a))
        annex(home, "add", ID, code=USAGE)
    assert annex(home, "list")["annexes"] == []


def test_the_node_takes_none_that_was_not_sealed_for_it(home):
    folder = AnnexFolder(home.annex)

    async def hand_in(annex):
        async with serving(home, alone=True) as node:
            return await node.post("/v1/control/save-annex", {"annex": annex})

    for other, status in (
        ({"org": "lain.example"}, 409),
        ({"key": "0" * 16}, 409),
        ({"election": "pemilu-1955"}, 404),
    ):
        text = format_annex(sealed(**other)).decode()
        assert asyncio.run(hand_in(text))[0] == status, other
    assert asyncio.run(hand_in("federation/annex/v1\n"))[0] == 400
    assert list(folder.walk()) == []
    assert asyncio.run(hand_in(format_annex(sealed()).decode()))[0] == 200
    assert len(list(folder.walk())) == 1
