"""`federation people`: a link for each person, shown once."""

import asyncio
import csv
import io
import json
import re
import time

import pytest

from federation.cli import run
from federation.cli.output import CONFIG, NOT_FOUND, OK, USAGE, Output
from federation.records.readers import ROLES
from federation.store import people
from federation.store.db import Database
from federation.text import Text
from tests.cli.filled_home import federation
from tests.homes import make_home, serving

PUBLIC = "https://data.jagasuara.example/federation"


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    text = found.settings.read_text()
    text = re.sub(r"(?m)^#? ?public_url = .*$", f'public_url = "{PUBLIC}"', text)
    assert PUBLIC in text
    found.settings.write_text(text)
    return found


def add(home, name="Pembaca", role="editor", *more):
    code, out, err = federation(home, "people", "add", name, "--role", role, *more)
    assert code == OK, out + err
    return json.loads(out)


def listed(home):
    return json.loads(federation(home, "people", "list")[1])["people"]


def log_of(home, *words):
    code, out, err = federation(home, "people", "log", *words)
    assert code == OK, out + err
    return json.loads(out)


@pytest.mark.parametrize("role", ROLES)
def test_a_link_of_a_role_leads_to_the_public_address(home, role):
    before = int(time.time())
    made = add(home, "Pembaca", role, "--days", 3)
    assert (made["name"], made["role"], made["replaced"]) == ("Pembaca", role, False)
    assert 0 <= made["until"] - before - 3 * 86_400 < 60
    assert re.fullmatch(re.escape(PUBLIC) + r"/masuk\?k=[\w-]{43}", made["link"])
    [pembaca] = listed(home)
    assert (pembaca["name"], pembaca["role"], pembaca["until"]) == (
        "Pembaca",
        role,
        made["until"],
    )
    secret = made["link"].partition("k=")[2].encode()
    kept = b"".join(p.read_bytes() for p in home.data.iterdir() if p.is_file())
    assert secret not in kept


def test_people_see_the_link_and_a_square_code(home):
    words = ["people", "add", "Pembaca", "--role", "viewer"]
    code, out, err = federation(home, *words, is_json=False)
    assert code == OK, err
    [link] = re.findall(r"(?m)^https://\S+$", out)
    assert link.startswith(f"{PUBLIC}/masuk?k=")
    assert "▀" in out
    assert "Pembaca" in out
    assert "viewer" in out
    code, again, _ = federation(home, *words, language="id", is_json=False)
    assert code == OK
    assert link not in again
    assert "tidak berlaku lagi" in again


def test_made_again_it_takes_the_place_of_the_one_before(home):
    first, second = add(home), add(home, "Pembaca", "viewer")
    assert second["replaced"]
    assert first["link"] != second["link"]
    assert [one["role"] for one in listed(home)] == ["viewer"]


def test_revoked_twice_is_revoked(home):
    add(home)
    for _ in range(2):
        code, out, err = federation(home, "people", "revoke", "Pembaca")
        assert code == OK, err
        assert json.loads(out) == {"name": "Pembaca", "ended": 0}
    assert listed(home)[0]["revoked_at"]
    code, _, err = federation(home, "people", "revoke", "pembaca")
    assert code == NOT_FOUND
    assert "federation people list" in err


@pytest.mark.parametrize(
    "name", ["", " Pembaca", "Pem\u202ebaca", "R" * 81, "Pem\nbaca"]
)
def test_a_name_that_hides_something_is_refused(home, name):
    code, _, err = federation(home, "people", "add", name, "--role", "viewer")
    assert code == USAGE, err
    assert listed_names(home) == []


@pytest.mark.parametrize("words", [["--role", "admin"], [], ["--days", "0"]])
def test_what_is_no_role_or_no_time_is_refused(home, words):
    assert federation(home, "people", "add", "Pembaca", *words)[0] == USAGE


def test_without_a_public_address_the_link_is_of_this_machine_and_that_is_said(
    tmp_path,
):
    home = make_home(tmp_path)
    words = ["people", "add", "Pembaca", "--role", "viewer"]
    code, _, err = federation(home, *words)
    assert code == CONFIG, "nobody knows the port"
    assert "listen.public_url" in err
    assert listed_names(home) == []
    text = re.sub(r"(?m)^port = 0$", "port = 8470", home.settings.read_text())
    home.settings.write_text(text)
    code, out, err = federation(home, *words)
    assert code == OK, err
    assert json.loads(out)["link"].startswith("http://127.0.0.1:8470/masuk?k=")
    assert "this machine only" in err


def listed_names(home):
    if not (home.data / "federation.db").exists():
        return []
    return [one["name"] for one in listed(home)]


async def test_a_node_that_runs_is_handed_the_link_and_named_in_it(tmp_path):
    home = make_home(tmp_path)
    async with serving(home, alone=True) as node:
        made = await asyncio.to_thread(add, home)
        assert made["link"].startswith(f"{node.url}/masuk?k=")
        with pytest.raises(AssertionError):
            await asyncio.to_thread(add, home, "\u202e")
        code, out, _ = await asyncio.to_thread(
            federation, home, "people", "revoke", "Pembaca"
        )
        assert (code, json.loads(out)["ended"]) == (OK, 0)


def test_the_log_is_told_as_a_table_as_csv_and_as_json(home):
    add(home)
    add(home, "=HYPERLINK()", "viewer")
    federation(home, "people", "revoke", "Pembaca")
    found = log_of(home)["actions"]
    assert [(one["what"], one["subject"]) for one in found] == [
        ("revoke", "Pembaca"),
        ("add", "=HYPERLINK() viewer"),
        ("add", "Pembaca editor"),
    ]
    page = log_of(home, "--limit", 2)
    assert page["actions"] == found[:2]
    assert log_of(home, "--before", page["next"])["actions"] == found[2:]
    code, out, _ = federation(home, "people", "log", is_json=False, language="id")
    assert code == OK
    assert "mencabut tautan" in out


def test_in_csv_no_name_is_a_formula(home, capsysbinary):
    add(home, "=HYPERLINK()", "viewer")
    words = ["people", "log", "--csv", "--home", str(home.folder)]
    assert run(words, Output(Text("en"))) == OK
    rows = list(csv.reader(io.StringIO(capsysbinary.readouterr().out.decode())))
    assert rows[0] == ["number", "at", "person", "role", "what", "subject"]
    assert rows[1][2:] == ["", "machine", "add", "'=HYPERLINK() viewer"]
    assert rows[1][1].endswith("Z")


def test_what_is_older_is_forgotten_when_asked(home):
    add(home)
    code, out, _ = federation(home, "people", "log", "--forget-before", "2999-01-01")
    assert (code, json.loads(out)) == (OK, {"forgotten": 1})
    assert [one["what"] for one in log_of(home)["actions"]] == ["forget"]
    assert listed(home)[0]["name"] == "Pembaca", "the link is still good"


def test_open_sessions_are_counted(home):
    secret = add(home)["link"].partition("k=")[2]
    db = Database.open(home.data)
    with db.transaction() as tx:
        people.open_session(tx, secret, "s" * 43, int(time.time()))
    db.close()
    assert listed(home)[0]["sessions"] == 1
    code, out, _ = federation(home, "people", "list", is_json=False)
    assert code == OK
    assert "good" in out
    code, out, _ = federation(home, "people", "revoke", "Pembaca")
    assert json.loads(out)["ended"] == 1
