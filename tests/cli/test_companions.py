"""Companion keys by the commands, in one home: made, shown, kept, changed."""

import contextlib
import json
import shutil

import pytest

from federation.config.companionkeys import load_companions
from federation.config.home import Home, companion_of
from federation.config.keychange import load_chain
from federation.store import logs
from federation.store.companions import with_companions
from federation.store.db import Database
from tests.cli.filled_home import LOG, ORG, federation, fill
from tests.flows.backup.commands import answer, give_key, key_words, made
from tests.homes import make_home


@pytest.fixture
def home(tmp_path):
    home = make_home(tmp_path / "home", ORG)
    fill(home, [1])
    shutil.copy(home.folder / "passphrase", home.folder.parent)
    return home


def said(home, *words, code=0):
    ended, out, err = federation(home, *words)
    assert ended == code, out + err
    return json.loads(out) if out else err


def change(home, *prepare, sign=()):
    """The three steps, here."""
    file, statement = home.folder / "change.json", ["keys", "statement"]
    said(home, *statement, "prepare", *prepare, "--out", file)
    secret = ["--passphrase-file", home.folder / "passphrase"]
    said(home, *statement, "sign", file, "--yes", *secret, *sign)
    said(home, *statement, "publish", file)
    return file


def bound(home):
    """The log and its chain, with what it says of companions."""
    chain = load_chain(home, ORG, LOG)
    with contextlib.closing(Database.open(home.data)) as db, db.view() as view:
        log = logs.get_log(view, LOG)
        return log, with_companions(view, log.id, chain)


@pytest.mark.slow
def test_the_identity_changes_with_its_companion(home, tmp_path):
    change(home, "--post-quantum")
    fill(home, [2])
    log, chain = bound(home)
    assert chain.open_checkpoint(log.checkpoint).companion is not None
    new = tmp_path / "new" / "identity.pem"
    secret = ["--new-passphrase-file", home.folder / "passphrase"]
    change(home, "--identity-only", sign=["--new-identity", new, *secret])
    fill(home, [3])
    log, chain = bound(home)
    first, second = load_companions(home, chain).statements
    assert second.log == first.log
    assert second.identity != first.identity
    assert len(second.signatures) == 3
    assert second.by == str(chain.identity)
    assert len(chain.companions) == 2
    assert chain.open_checkpoint(log.checkpoint).companion is not None
    # Without the one beside the new key nothing of it can be changed any more.
    companion_of(new).unlink()
    file, words = tmp_path / "no.json", ["keys", "statement"]
    said(home, *words, "prepare", "--no-post-quantum", "--out", file)
    secret = ["--passphrase-file", home.folder / "passphrase"]
    sign = ["sign", file, "--yes", "--identity", new, *secret]
    assert "identity.ml-dsa-44.pem" in said(home, *words, *sign, code=3)


def test_they_are_shown_and_judged_as_other_keys_are(home):
    change(home, "--post-quantum")
    key = companion_of(home.log_key(LOG))
    rows = said(home, "keys", "show")["keys"]
    [ours, of_log] = [one for one in rows if one["role"].startswith("companion")]
    assert (ours["state"], of_log["state"]) == ("here", "ready")
    assert of_log["vkey"].startswith(f"{LOG}+")
    _, out, _ = federation(home, "keys", "show", is_json=False)
    assert "ML-DSA-44 SHA-256" in out
    assert of_log["vkey"] not in out
    key.chmod(0o644)
    report = said(home, "doctor", code=1)
    [step] = [one for one in report["steps"] if one["code"] == "keys"]
    assert step["state"] == "failed"
    assert f"chmod 0600 {key}" in step["seen"] + step["mend"]


def test_a_backup_holds_them_sealed_and_gives_them_back(home, tmp_path):
    change(home, "--post-quantum")
    give_key(home)
    path = made(home, tmp_path / "to")
    again = Home(tmp_path / "again")
    answer(home, "backup", "restore", path, again.folder, *key_words(home))
    for one in (home.companions(LOG), companion_of(home.log_key(LOG))):
        assert (again.keys / one.name).read_bytes() == one.read_bytes()
    assert companion_of(again.log_key(LOG)).stat().st_mode & 0o777 == 0o600
