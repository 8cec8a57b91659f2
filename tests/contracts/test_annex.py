"""What is personal of an incident leaves a node by no way: every byte is searched.

The planted words are looked for in every form (`tests/searching.py`); and so is the
sealed text itself. A run of real processes: `tests/stories/test_reports.py`.
"""

import asyncio
import base64
import json
import logging
import re
import time

import msgspec
import pytest

from federation.cli import run
from federation.cli.output import Output
from federation.store import people
from federation.store.annex import AnnexFolder
from federation.store.mailbox import Mailbox
from federation.text import Text
from tests import searching
from tests.annexed import CONTENTS, ELECTION, ID, give_key, passphrase_file
from tests.cli.filled_home import federation
from tests.contracts.test_people import LINK, SECRET, cookie
from tests.contracts.test_readers import (
    STRANGER,
    WRITES,
    ask_all,
    export_all,
    home,
)

__all__ = ["home"]
OTHER = "f" * 32
WHY = "diteruskan kepada Bawaslu"
#: Of each member that the annex has.
WORDS = (
    *("Zulkifli", "Manurung", "Kenari 17", "5555-0117", "Hendrawan", "Tobing"),
    *("juru bayar", "Roslina", "Sipayung", "1.395127", "120.754318", "Mak Uwo"),
    *("Amplop cokelat", "Dua saksi"),
)

#: Of a mail that an agency sent.
MAILED = ("Farida Hasibuan", "8812-0931", "menolak laporan", "sekretariat@bawaslu")
#: What every alarm means: the same text on every node, whatever it keeps.
HELP = "/bantuan/peringatan"
MAIL = (
    b"From: Farida Hasibuan <sekretariat@bawaslu.example>\r\n"
    b"Subject: kami menolak laporan itu\r\nMessage-ID: <7@bawaslu.example>\r\n\r\n"
    b"Hubungi Farida Hasibuan, 8812-0931.\r\n"
)


def found_in(data: bytes, words: tuple[str, ...] = WORDS) -> list[str]:
    """Which of the words stand in these bytes."""
    return searching.found_in(data, words)


def annex(home, *words):
    code, out, err = federation(home.home, "annex", *words)
    assert code == 0, out + err
    return out + err


def plant(home, folder) -> tuple[str, str]:
    """Two annexes, one replaced, one opened, and a piece of each sealed text."""
    give_key(home.home)
    path, key = folder / "report.json", passphrase_file(folder)
    path.touch(0o600)
    path.write_bytes(msgspec.json.encode(CONTENTS))
    for words in ((ID,), (ID, "--replace"), (OTHER,)):
        annex(home, "add", *words, "--file", path)
    shown = annex(home, "show", ID, "--why", WHY, "--passphrase-file", key)
    assert found_in(shown.encode()) == list(WORDS), "what is sought is found"
    out = folder / "handed.json"
    words = ("--why", WHY, "--out", out, "--passphrase-file", key)
    annex(home, "export", OTHER, *words)
    assert found_in(out.read_bytes()) == list(WORDS)
    home.home.annex_private.unlink()
    kept = AnnexFolder(home.home.annex)
    # From a place where base64 begins anew.
    pieces = (kept.load(ELECTION, one).sealed[42:72] for one in (ID, OTHER))
    return tuple(base64.b64encode(piece).decode() for piece in pieces)


async def plant_mail(home) -> str:
    """A mail of an agency, which is kept; a piece of its sealed text."""
    fields = {"Content-Type": "message/rfc822"}
    fields["Authorization"] = f"Bearer {home.node.token}"
    async with home.node._session.post(
        f"{home.node.url}/v1/agency-mail", data=MAIL, headers=fields
    ) as answer:
        assert answer.status == 200, await answer.read()
        mail_id = (await answer.json(content_type=None))["id"]
    piece = Mailbox(home.home.mailbox).load(mail_id).sealed[42:72]
    return base64.b64encode(piece).decode()


@pytest.fixture
async def planted(home, tmp_path, caplog):
    """A node that keeps annexes and a mail, what it writes in its log, sealed texts."""
    caplog.set_level(logging.DEBUG)
    folder = tmp_path / "outside"
    folder.mkdir()
    home.sealed = await asyncio.to_thread(plant, home, folder)
    home.sealed += (await plant_mail(home),)
    home.lines = caplog
    return home


def hidden(home, data: bytes, where: object) -> int:
    """How many bytes were searched; nothing is in them.

    Where it is written, the id of the incident is known to who reads the log for
    partners; here nobody has one, so it must not be told either.
    """
    sought = (*WORDS, *MAILED, *home.sealed, ID)
    assert found_in(data, sought) == [], where
    return len(data)


def without_help(path: str, body: bytes) -> bytes:
    """The answer; in the help on alarms, `menolak laporan` are words of ours."""
    return body.replace(b"menolak laporan", b"") if path.startswith(HELP) else body


@pytest.mark.slow
async def test_no_answer_tells_of_an_annex(planted):
    now = int(time.time())

    def let_in():
        with planted.resources.db.transaction() as tx:
            people.save_person(tx, "Koor 1", "coordinator", LINK, now - 1, now + 999)
            people.open_session(tx, LINK, SECRET, now - 1)

    await planted.run(let_in)
    machine = {"Authorization": f"Bearer {planted.node.token}"} | STRANGER
    searched = answers = 0
    for headers in ({}, STRANGER, machine, cookie(planted)):
        for asked, (_, kept, body) in (await ask_all(planted, **headers)).items():
            told = without_help(asked[1], body) + str(kept).encode()
            searched += hidden(planted, told, asked)
            answers += 1
    for paths in WRITES.values():
        for path in paths:
            for token in ("control", None):
                status, said = await planted.node.post(path, {"annex": ID}, token)
                told = json.dumps(said).encode().replace(ID.encode(), b"")
                searched += hidden(planted, told, (path, status))
                answers += 1
    for member in ("annex", f"annex/{ELECTION}/{ID}", f"v1/annex/{ID}", f"annex/{ID}"):
        status, body, _ = await planted.node.get(f"/{member}")
        assert status == 404
        hidden(planted, body.replace(ID.encode(), b""), member)
    assert answers > 400
    assert searched > 1_000_000


async def test_no_export_has_an_annex(planted, tmp_path):
    made = await asyncio.to_thread(export_all, planted, tmp_path / "made")
    names = [f"{kind}/{name}" for kind, files in made.items() for name in files]
    assert len(names) > 50
    for kind, files in made.items():
        for name, data in files.items():
            hidden(planted, name.encode() + b"\n" + data, (kind, name))
    whole = [path for path in (tmp_path / "made").rglob("*") if path.is_file()]
    for path in whole:
        hidden(planted, path.read_bytes(), path)


async def test_no_site_is_written_where_annexes_lie(planted):
    home = planted.home
    for place in (home.annex, home.annex / ELECTION, home.mailbox):
        words = ["export", "--static", place]
        code, out, err = await asyncio.to_thread(federation, planted.home, *words)
        assert code != 0, out
        assert found_in((out + err).encode(), planted.sealed) == []
    assert len(list(AnnexFolder(planted.home.annex).walk())) == 2


@pytest.mark.slow
async def test_nothing_that_a_node_keeps_or_writes_down_has_it_open(planted):
    """Not the database, its log, the guard, the settings, nor a line of any log."""
    searched = 0
    for path in planted.home.folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert found_in(data, (*WORDS, *MAILED)) == [], path
            searched += len(data)
            if not {planted.home.annex, planted.home.mailbox} & set(path.parents):
                assert found_in(data, planted.sealed) == [], path
    assert searched > 500_000
    lines = planted.lines.text.encode()
    hidden(planted, lines, "log")
    for words in (
        ["status"],
        ["doctor", "--deep"],
        ["people", "log"],
        ["annex", "list"],
        ["refer", "answers"],
    ):
        code, out, err = await asyncio.to_thread(federation, planted.home, *words)
        told = out + err
        assert code in {0, 1}, told
        assert found_in(told.encode(), (*WORDS, *MAILED)) == [], words
        if words[0] in {"people", "annex"}:
            assert ID in told
        else:
            hidden(planted, told.encode(), words)


async def test_what_is_purged_leaves_no_trace_of_its_sealed_text(planted):
    await asyncio.to_thread(annex, planted, "purge", ID, "--why", "sudah selesai")
    first, second, _ = planted.sealed
    files = [path for path in planted.home.folder.rglob("*") if path.is_file()]
    assert not any(found_in(path.read_bytes(), (first,)) for path in files)
    assert any(found_in(path.read_bytes(), (second,)) for path in files)


def test_no_help_and_no_refusal_repeats_what_was_handed_in(tmp_path, capsys):
    path = tmp_path / "report.json"
    path.touch(0o600)
    path.write_text(json.dumps({"reporter": {"name": 1, "address": "Kenari 17"}}))
    words = ["annex", "add", ID, "--file", str(path), "--home", str(tmp_path)]
    assert run(words, Output(Text("en"))) != 0
    said = capsys.readouterr()
    assert found_in((said.out + said.err).encode()) == []
    assert not re.search(r"Traceback", said.err)
