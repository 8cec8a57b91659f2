"""What the first start of this version would change is said before it is started."""

import contextlib
import json

import pytest

from federation.config.keystore import load_signer
from federation.records.about import About, sign_about
from federation.store import alarms, upgrade
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.keystatements import replace_about
from federation.store.upgrade import COPY_NAME
from tests.homes import add_peer, make_home

LATER = ("9999-later", "CREATE TABLE later (a INTEGER) STRICT;")


@pytest.fixture
def home(tmp_path):
    made = make_home(tmp_path, "jagasuara.example")
    Database.open(made.data).close()
    return made


@pytest.fixture
def check(cli, home):
    def run(*words):
        code, out, err = cli("upgrade-check", "--home", home.folder, "--json", *words)
        assert err == ""
        answer = json.loads(out)
        assert answer["ready"] is (code == 0)
        return code, {step["code"]: step for step in answer["steps"]}

    return run


def test_where_nothing_changes_it_says_so_and_ends_with_0(check, home):
    before = (home.data / FILE_NAME).read_bytes()
    code, steps = check()
    assert code == 0
    assert [step["state"] for step in steps.values() if step["state"] == "failed"] == []
    assert steps["tables"]["facts"]["now"] == steps["tables"]["facts"]["needed"]
    assert steps["copy"]["facts"] == {"needed": 0}
    assert (home.data / FILE_NAME).read_bytes() == before


def test_an_earlier_database_is_told_with_its_steps_and_the_room_for_its_copy(
    check, home, monkeypatch
):
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, LATER))
    code, steps = check()
    assert code == 0
    tables, copy = steps["tables"]["facts"], steps["copy"]["facts"]
    assert tables["needed"] == tables["now"] + 1
    assert tables["due"] == ["federation.alarms 9999-later"]
    assert copy["needed"] > (home.data / FILE_NAME).stat().st_size
    assert copy["copy"] == str(home.data / COPY_NAME)
    assert not (home.data / COPY_NAME).exists()


def test_without_room_for_the_copy_it_ends_with_1_as_the_start_would(
    check, home, monkeypatch
):
    monkeypatch.setattr(alarms, "MIGRATIONS", (*alarms.MIGRATIONS, LATER))
    monkeypatch.setattr(upgrade, "free_bytes", lambda _: 1)
    code, steps = check()
    assert (code, steps["copy"]["problem"]) == (1, "copy-no-room")
    with pytest.raises(OSError, match="Make room"):
        Database.open(home.data)


def test_a_newer_database_ends_with_1_as_the_start_would(check, home):
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        tx.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('federation.logs', '9999-later', '2030-01-01')"
        )
    code, steps = check()
    assert (code, steps["tables"]["problem"]) == (1, "schema-newer")


def test_every_key_that_is_known_no_longer_is_named_in_every_file(check, home):
    text = home.settings.read_text()
    home.settings.write_text(f"ancient = 1\n{text}\n[older]\na = 1\n")
    home.peers.write_text('[[peer]]\norg = "b.example"\nurls = []\nshare = "all"\n')
    code, steps = check()
    assert code == 1
    assert steps["keys-known"]["facts"]["unknown"] == [
        "federation.toml: ancient",
        "federation.toml: older",
        "peers.toml: peer[1].urls",
        "peers.toml: peer[1].share",
    ]


def test_a_key_within_a_table_of_a_list_is_named_where_it_stands(check, home):
    more = '\n[[alarms.to]]\nemail = "a@b.example"\nsince = 1\n'
    home.settings.write_text(home.settings.read_text() + more)
    _, steps = check()
    unknown = steps["keys-known"]["facts"]["unknown"]
    assert unknown == ["federation.toml: alarms.to[0].since"]


def test_partners_of_whom_nothing_is_held_are_not_guessed(check, home, tmp_path):
    other = make_home(tmp_path, "jagapemilu.example")
    add_peer(home, other, "http://127.0.0.1:9")
    _, steps = check()
    assert steps["spoken"]["facts"] == {"ours": 1, "partners": {}, "later": []}


def test_what_the_first_version_does_not_read_of_our_note_is_told(check, home, cli):
    org, partner = "jagasuara.example", "jagapemilu.example"
    about = About(
        **dict.fromkeys(("attribution", "contact", "licence", "name"), "x"),
        audience=(partner,),
        identity=home.vkey(org).read_text().strip(),
        issue=1,
        logs=(),
        org=org,
        versions=(1,),
        relays=(),
    )
    note = sign_about(about, load_signer(home.keys / "node.pem", f"{org}/node"))
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        replace_about(tx, org, 1, note)
    code, steps = check()
    assert code == 0
    assert steps["spoken"]["facts"]["later"] == ["relays"]
    _, out, _ = cli("upgrade-check", "--home", home.folder, "--lang", "id")
    assert "siapa boleh menerima apa (relays)" in out


@pytest.mark.parametrize(
    ("language", "ready", "stopped"),
    [
        ("en", "This version can be started.", "none runs here"),
        ("id", "Versi ini dapat dijalankan.", "tidak ada yang berjalan di sini"),
    ],
)
def test_people_are_told_in_their_language(cli, home, language, ready, stopped):
    words = ("upgrade-check", "--home", home.folder, "--lang", language)
    code, out, _ = cli(*words)
    assert code == 0
    assert ready in out
    assert stopped in out
