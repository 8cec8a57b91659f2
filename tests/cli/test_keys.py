"""Our own keys, shown and extended."""

import contextlib
import errno
import io
import itertools
import json
import os
import re
import shutil
from pathlib import Path

import pytest

from federation.cli import main
from federation.config.founding import load_chain_notes, load_identity_key
from federation.config.home import Home
from federation.config.keystore import load_signer
from federation.config.settings import load_settings
from federation.records.keychain import open_chain
from federation.store import logs
from federation.store.db import Database
from federation.text import Text
from tests.cli.filled_home import LOG, federation, fill
from tests.homes import ELECTION, PASSPHRASE, init_words, make_home


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("founded")
    with pytest.raises(SystemExit) as end:
        main(init_words(folder / "home", "a.example", "pemilu-2024"))
    assert end.value.code == 0
    return folder


@pytest.fixture
def home(founded, tmp_path):
    shutil.copytree(founded / "home", tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def passphrase(founded):
    return founded / "passphrase"


def test_every_key_is_shown_with_what_it_is_for(cli, home):
    code, out, _ = cli("keys", "show", "--home", home.folder, "--json")
    assert code == 0
    shown = json.loads(out)
    assert [key["role"] for key in shown["keys"]] == [
        *("identity", "records", "node", "mirror", "log"),
    ]
    assert {key["state"] for key in shown["keys"]} == {"here", "ready"}
    assert shown["vkey"] == str(load_identity_key(home, "a.example"))
    code, out, _ = cli("keys", "show", "--home", home.folder, "--lang", "id")
    assert shown["fingerprint"] in out
    assert "▀" in out
    for key in shown["keys"]:
        assert key["vkey"] in out


def test_an_identity_that_is_locked_away_is_shown_so(cli, home):
    home.identity.unlink()
    _, out, _ = cli("keys", "show", "--home", home.folder, "--json")
    assert json.loads(out)["keys"][0]["state"] == "away"


def test_a_further_election_gets_its_keys(cli, home, passphrase):
    arguments = ("keys", "chain", "--election", "pilpres-2019", "--home", home.folder)
    code, out, _ = cli(*arguments, "--passphrase-file", passphrase, "--json")
    assert code == 0
    assert json.loads(out)["origin"] == "a.example/pilpres-2019"
    assert load_settings(home.settings).elections == ["pemilu-2024", "pilpres-2019"]
    notes = load_chain_notes(home, "a.example/pilpres-2019")
    chain = open_chain(notes, load_identity_key(home, "a.example"))
    assert chain.election == "pilpres-2019"
    # Again, now without the identity key: nothing to sign, nothing changed.
    home.identity.unlink()
    before = home.settings.read_bytes()
    code, out, _ = cli(*arguments)
    assert (code, "already" in out) == (0, True)
    assert home.settings.read_bytes() == before
    assert load_chain_notes(home, "a.example/pilpres-2019") == notes


WAITS = (
    "public_from = { pilpres-2019 = 2092-02-14T18:00:00+07:00,"
    " pemilu-2042 = 2092-02-14T18:00:00+07:00 }\n"
)


def test_an_election_is_added_with_the_time_that_was_written_before_it(
    cli, home, passphrase
):
    home.settings.write_text(WAITS + home.settings.read_text())
    arguments = ("keys", "chain", "--home", home.folder)
    arguments += ("--passphrase-file", passphrase, "--json", "--election")
    made = []
    # Of two that wait, whichever is first; and a slip of the pen adds nothing.
    code, _, err = cli(*arguments, "pilpres-2091")
    assert code == 3
    assert "federation keys chain --election pilpres-2019" in err
    for election in ("pilpres-2019", "pemilu-2042"):
        code, out, err = cli(*arguments, election)
        assert code == 0, err
        made.append(json.loads(out)["origin"])
    assert made == [
        "a.example/pilpres-2019/from-2092-02-14T1100Z",
        "a.example/pemilu-2042/from-2092-02-14T1100Z",
    ]
    assert load_settings(home.settings).origins[1:] == tuple(made)


def test_for_a_time_that_has_passed_no_keys_are_made(cli, home, passphrase):
    text = home.settings.read_text()
    home.settings.write_text(WAITS.replace("2092", "2012") + text)
    arguments = ("keys", "chain", "--home", home.folder, "--election", "pilpres-2019")
    arguments += ("--passphrase-file", passphrase)
    before = sorted(home.keys.iterdir())
    code, _, err = cli(*arguments)
    assert code == 3
    assert "public_from.pilpres-2019: this time has passed" in err
    assert sorted(home.keys.iterdir()) == before
    # What it says is enough.
    home.settings.write_text(text)
    assert cli(*arguments)[0] == 0


@pytest.mark.parametrize("language", ["en", "id"])
def test_what_everybody_could_read_gets_no_time_and_no_keys(tmp_path, language):
    home = make_home(tmp_path)
    fill(home, range(1, 3))
    moment = f'public_from = {{ "{ELECTION}" = 2092-02-14T18:00:00+07:00 }}\n'
    home.settings.write_text(moment + home.settings.read_text())
    before = sorted(home.keys.iterdir())
    phrase = tmp_path / "passphrase"
    phrase.touch(0o600)
    phrase.write_text(PASSPHRASE)
    words = ["keys", "chain", "--election", ELECTION, "--passphrase-file", phrase]
    code, out, err = federation(home, *words, language=language, is_json=False)
    assert code == 3, out + err
    assert f"public_from.{ELECTION}" in err
    assert Text(language)("machine.public-from-late", origin=LOG) in err
    assert sorted(home.keys.iterdir()) == before


def test_of_reports_it_is_said_that_the_node_is_to_be_started_again_to_keep_them(
    cli, home, passphrase
):
    arguments = ("keys", "chain", "--election", "pemilu-2024", "--incidents")
    arguments += ("--home", home.folder, "--passphrase-file", passphrase)
    code, out, _ = cli(*arguments)
    assert code == 0
    for told in ("Start the node again", "reports of violations", "peers.toml"):
        assert told in out, told
    assert "results" not in out


def test_reports_of_violations_get_a_history_of_their_own(cli, home, passphrase):
    origin = "a.example/pemilu-2024/incidents"
    arguments = ("keys", "chain", "--election", "pemilu-2024", "--incidents")
    arguments += ("--home", home.folder)
    code, out, _ = cli(*arguments, "--passphrase-file", passphrase, "--json")
    assert code == 0
    assert json.loads(out)["origin"] == origin
    settings = load_settings(home.settings)
    assert settings.elections == [*settings.incidents] == ["pemilu-2024"]
    assert settings.origins[1:] == (origin,)
    chain = open_chain(
        load_chain_notes(home, origin), load_identity_key(home, "a.example")
    )
    assert (chain.visibility, chain.generation) == ("incidents", 1)
    # Again, now without the identity key: nothing to sign, nothing changed.
    home.identity.unlink()
    before = home.settings.read_bytes()
    code, out, _ = cli(*arguments)
    assert (code, "already" in out) == (0, True)
    assert home.settings.read_bytes() == before
    _, out, _ = cli("keys", "show", "--home", home.folder, "--json")
    logs = [key for key in json.loads(out)["keys"] if key["role"] == "log"]
    assert [key["election"] for key in logs] == [
        *("pemilu-2024", "pemilu-2024/incidents"),
    ]


def test_an_election_that_is_only_listed_is_shown_unsigned(cli, home):
    text = home.settings.read_text(encoding="utf-8")
    home.settings.write_text(
        text.replace('"pemilu-2024"]', '"pemilu-2024", "pilpres-2019"]')
    )
    _, out, _ = cli("keys", "show", "--home", home.folder)
    assert "federation keys chain --election pilpres-2019" in out


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--election", "E/2"], 2, "--election should be small letters"),
        (["--election", "pilpres-2019"], 2, "--passphrase-file"),
        (
            ["--election", "pilpres-2019", "--passphrase-file", "/dev/null"],
            3,
            "the passphrase is empty",
        ),
    ],
    ids=["form", "nobody to ask", "wrong passphrase"],
)
def test_without_the_identity_nothing_is_listed(cli, home, arguments, code, reason):
    found, _, err = cli("keys", "chain", "--home", home.folder, *arguments)
    assert found == code
    assert reason in err
    assert load_settings(home.settings).elections == ["pemilu-2024"]
    assert not home.chain("a.example/pilpres-2019").exists()


def test_a_key_file_open_to_others_is_named_with_its_remedy(cli, home):
    home.role_key("node").chmod(0o644)
    code, _, err = cli("keys", "show", "--home", home.folder)
    assert code == 3
    assert f"chmod 0600 {home.role_key('node')}" in err


def test_contributors_get_pseudonyms_that_only_we_can_repeat(cli, home, monkeypatch):
    arguments = ("keys", "pseudonym", "--home", home.folder, "--election")

    def call(election):
        stream = io.TextIOWrapper(io.BytesIO(b"0812\nAyu\n0812\n"))
        monkeypatch.setattr("sys.stdin", stream)
        code, out, _ = cli(*arguments, election)
        assert code == 0
        return out.splitlines()

    first = call("pemilu-2024")
    assert first[0] == first[2] != first[1]
    assert all(re.fullmatch("[0-9a-f]{64}", name) for name in first)
    assert call("pemilu-2024") == first
    assert not set(call("pilpres-2019")) & set(first)


def test_what_hides_a_key_from_whoever_signs_is_not_signed(
    cli, home, passphrase, tmp_path
):
    desk, file = tmp_path / "desk.pem", tmp_path / "statements.json"
    in_home = ("--home", home.folder, "--json")
    code, out, err = cli("keys", "desk", desk, *in_home)
    assert code == 0, err
    vkey = json.loads(out)["vkey"]
    Database.open(home.data).close()
    words = ["keys", "statement", "prepare", "--add", vkey, "--out", file, *in_home]
    code, out, err = cli(*words)
    assert code == 0, err
    honest = json.loads(file.read_text())
    [one] = honest["statements"]
    after = json.loads(one["statement"])
    # A note that nobody has signed, in which the key is named already.
    text, _, signature = one["before"].partition("\n\n")
    before = json.loads(text) | {"keys": after["keys"]}
    text = json.dumps(before, separators=(",", ":"), sort_keys=True)
    hidden = [one | {"before": f"{text}\n\n{signature}"}]
    file.write_text(json.dumps(honest | {"statements": hidden}))
    sign = ["keys", "statement", "sign", file, "--yes"]
    sign += ["--passphrase-file", passphrase, *in_home]
    given = file.read_bytes()
    code, out, err = cli(*sign)
    assert vkey not in out + err, "so it could not be refused by whoever reads"
    assert code
    assert file.read_bytes() == given
    # Of what changes nothing it is not said that it was signed.
    file.write_text(json.dumps(honest | {"statements": []}))
    code, out, err = cli(*sign)
    assert (code, json.loads(err)["error"]["code"]) == (3, "config")
    # The words beside it may lie: what is shown is made of what is signed.
    file.write_text(json.dumps(honest | {"changes": {"en": ["nothing"], "id": []}}))
    code, out, err = cli(*sign)
    assert code == 0, err
    assert vkey in json.loads(out)["changes"][0]


def test_of_one_version_no_second_statement_is_signed(cli, home, passphrase, tmp_path):
    in_home = ("--home", home.folder, "--json")
    Database.open(home.data).close()
    old, new = tmp_path / "old.json", tmp_path / "new.json"

    def change(*words):
        code, _, err = cli("keys", "statement", *words, *in_home)
        return code, err

    def sign(file):
        return change("sign", file, "--yes", "--passphrase-file", passphrase)

    assert change("prepare", "--replace", "log", "--out", old)[0] == 0
    assert change("prepare", "--replace", "all", "--out", new)[0] == 0
    assert sign(new)[0] == 0
    first = new.read_bytes()
    assert sign(new)[0] == 0
    assert new.read_bytes() == first, "the same statement is the same note"
    code, err = sign(old)
    assert code == 6
    assert "another statement" in err
    assert not json.loads(old.read_text())["statements"][0]["note"]
    memory = home.identity.with_name("identity.pem.signed")
    assert memory.stat().st_mode & 0o777 == 0o600
    # Somebody who knows that the other one was never published says so by the file.
    memory.write_text("{}")
    assert sign(old)[0] == 0
    memory.write_text("[]")
    assert sign(old)[0] == 3


def test_of_histories_that_have_ended_no_keys_change(cli, home, tmp_path):
    in_home = ("--home", home.folder, "--json")
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        for origin, end in (("pemilu-2024", logs.close), ("pilpres-2019", logs.freeze)):
            log = logs.add_log(tx, f"a.example/{origin}", own=True)
            end(tx, log.id, 1 if end is logs.close else b"proof")
    words = ("keys", "statement", "prepare", "--replace", "all")
    code, _, err = cli(*words, "--out", tmp_path / "none.json", *in_home)
    assert code
    assert err.count("keeps the keys") >= 1
    assert "no key can be changed" in err


def test_nothing_is_published_by_which_this_node_could_sign_no_more(
    cli, home, passphrase, tmp_path
):
    file, in_home = tmp_path / "statements.json", ("--home", home.folder, "--json")
    Database.open(home.data).close()

    def change(*words):
        code, _, err = cli("keys", "statement", *words, *in_home)
        return code, err

    def written():
        return {p: p.read_bytes() for p in home.keys.rglob("*") if p.is_file()}

    sign = ("sign", file, "--yes", "--passphrase-file", passphrase)
    assert change("prepare", "--replace", "all", "--out", file)[0] == 0
    assert change(*sign)[0] == 0
    prepared = home.prepared / "records.pem"
    key = prepared.read_bytes()
    prepared.chmod(0o644)
    before = written()
    code, err = change("publish", file)
    assert (code, written()) == (3, before)
    assert "chmod" in err
    prepared.unlink()
    before = written()
    code, err = change("publish", file)
    assert (code, written()) == (3, before)
    assert "records.pem" in err
    save = home.prepared / "records.pem"
    save.touch(0o600)
    save.write_bytes(key)
    assert change("publish", file) == (0, "")
    # Nor is the only one revoked, with none in its place.
    own = load_signer(home.role_key("records"), "a.example/records").key
    revoke = ("--revoke", own.key_id.hex(), "--reason", "dicuri", "--out", file)
    assert change("prepare", *revoke)[0] == 0
    assert change(*sign)[0] == 0
    before = written()
    code, err = change("publish", file)
    assert (code, written()) == (3, before)
    assert "--replace" in err


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", list(itertools.product(["all", "log", "records"], [1, 2, 3, 4])), ids=str
)
def test_an_interrupted_change_is_told_and_finished_by_doing_it_again(
    cli, home, passphrase, tmp_path, monkeypatch, case
):
    roles, step = case
    file, in_home = tmp_path / "statements.json", ("--home", home.folder, "--json")
    Database.open(home.data).close()
    words = ["keys", "statement"]
    prepare = ("prepare", "--replace", roles, "--out", file)
    assert cli(*words, *prepare, *in_home)[0] == 0
    sign = ("sign", file, "--yes", "--passphrase-file", passphrase)
    assert cli(*words, *sign, *in_home)[0] == 0
    calls = []

    def rename(path, target):
        calls.append(target)
        if len(calls) == step:
            raise OSError(errno.ENOSPC, "full")
        os.rename(path, target)  # noqa: PTH104  under the one that is replaced

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        code, _, _ = cli(*words, "publish", file, *in_home)
    if len(calls) >= step:
        assert code == 3
        [keys] = [s for s in steps_of(cli, in_home) if s["code"] == "keys"]
        assert keys["state"] == "failed"
        told = cli("doctor", "--home", home.folder)[1]
        assert "federation keys statement publish" in " ".join(told.split())
    assert cli(*words, "publish", file, *in_home)[0] == 0
    [keys] = [s for s in steps_of(cli, in_home) if s["code"] == "keys"]
    assert keys["state"] != "failed"


def steps_of(cli, in_home):
    return json.loads(cli("doctor", *in_home)[1])["steps"]


@pytest.mark.parametrize("fault", ["missing", "open"])
def test_the_identity_file_is_looked_at_before_anybody_types_a_passphrase(
    cli, home, monkeypatch, tmp_path, fault
):
    file, key = tmp_path / "statements.json", tmp_path / "stick" / "identity.pem"
    Database.open(home.data).close()
    prepare = ["keys", "statement", "prepare", "--replace", "records", "--out", file]
    assert cli(*prepare, "--home", home.folder)[0] == 0
    key.parent.mkdir(mode=0o700)
    if fault == "open":
        key.write_bytes(home.identity.read_bytes())
        key.chmod(0o644)

    def asked(*_args, **_more):
        raise AssertionError("nothing is asked")

    monkeypatch.setattr("federation.cli.context.Run.ask", asked)
    monkeypatch.setattr("federation.cli.context.Run.confirm", asked)
    sign = ["keys", "statement", "sign", file, "--identity", key]
    code, _, err = cli(*sign, "--home", home.folder)
    assert (code, str(key) in err) == (3, True)
