"""A node is founded once; what exists is kept, what is missing is made."""

import os
import shutil
import stat
from datetime import datetime, timedelta, timezone

import pytest

from federation.config.founding import (
    Founder,
    FoundingReport,
    load_chain_notes,
    load_identity_key,
)
from federation.config.home import Home
from federation.config.keystore import load_node_keys
from federation.config.recovery import format_code, format_recovery, save_recovery
from federation.errors import ConfigError, ConflictError
from federation.records.keychain import open_chain
from federation.store.folderguard import FolderGuard
from federation.text import LANGUAGES

ORG = "a.example"
PASSPHRASE = "kuda laut pagi hari"
NOW = datetime(2024, 2, 14, 20, 0, tzinfo=timezone(timedelta(hours=7)))


def fixed():
    """Random bytes that are the same in every run."""
    count = iter(range(1, 256))
    return lambda size: bytes([next(count)]) * size


def found(home, elections, random, passphrase=PASSPHRASE):
    founder = Founder(
        home, ORG, random, FoundingReport(), FolderGuard(home.guard).found
    )
    origins = [f"{ORG}/{election}" for election in elections]
    founder.found_keys(origins)
    identity = founder.found_identity(passphrase)
    for origin in origins:
        founder.found_chain(origin, identity, NOW)
    return founder.report


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("home"))
    report = found(home, ["e-1", "e-2"], fixed())
    assert report.kept == []
    return home


def test_the_chain_names_exactly_the_keys_that_were_made(home):
    origins = [f"{ORG}/e-1", f"{ORG}/e-2"]
    keys = load_node_keys(home, ORG, origins)
    for origin in origins:
        chain = open_chain(load_chain_notes(home, origin), load_identity_key(home, ORG))
        assert chain.origin == origin
        assert chain.log_key(0) == keys.log[origin].key
        assert list(chain.record_keys(0).values()) == [keys.records.key]
        assert chain.node_keys() == (keys.node.key,)
        assert chain.mirror_keys() == (keys.mirror.key,)


def test_the_statement_is_dated_in_utc(home):
    notes = load_chain_notes(home, f"{ORG}/e-1")
    chain = open_chain(notes, load_identity_key(home, ORG))
    assert chain.statements[0].recorded_at == "2024-02-14T13:00:00Z"


def test_every_private_file_is_private(home):
    private = [*home.keys.glob("*.pem"), home.contributor_secret, home.identity]
    assert len(private) == 7
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    folders = {home.keys, home.identity_folder}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_founding_again_changes_nothing(home):
    before = {path: path.read_bytes() for path in home.folder.rglob("*.*")}
    report = found(home, ["e-1", "e-2"], fixed())
    assert report.made == []
    assert before == {path: path.read_bytes() for path in home.folder.rglob("*.*")}


def test_a_founding_that_broke_off_anywhere_is_finished(tmp_path):
    home = Home(tmp_path)

    def count_down(left):
        def random(size):
            nonlocal left
            left -= 1
            if left < 0:
                raise KeyboardInterrupt
            return os.urandom(size)

        return random

    attempts = 0
    while True:
        attempts += 1
        try:
            # Two keys more survive in every attempt.
            found(home, ["e-1"], count_down(2))
        except KeyboardInterrupt:
            continue
        break
    assert attempts == 4
    notes = load_chain_notes(home, f"{ORG}/e-1")
    open_chain(notes, load_identity_key(home, ORG))


def test_a_log_is_marked_as_made_here_when_its_chain_is_made_and_never_later(
    tmp_path,
):
    home = Home(tmp_path)
    report = found(home, ["e-1"], fixed())
    guard = FolderGuard(home.guard)
    assert guard.is_founded(f"{ORG}/e-1")
    assert set(home.guard.iterdir()) <= set(report.made)
    shutil.rmtree(home.guard)
    # As after a restore of the keys: what exists is kept, and proves nothing.
    found(home, ["e-1", "e-2"], os.urandom)
    assert not guard.is_founded(f"{ORG}/e-1")
    assert guard.is_founded(f"{ORG}/e-2")


def test_a_chain_is_not_made_where_it_cannot_be_marked(tmp_path):
    home = Home(tmp_path)

    def full(_):
        raise OSError("no space")

    founder = Founder(home, ORG, fixed(), FoundingReport(), full)
    founder.found_keys([f"{ORG}/e-1"])
    identity = founder.found_identity(PASSPHRASE)
    with pytest.raises(OSError, match="no space"):
        founder.found_chain(f"{ORG}/e-1", identity, NOW)
    assert not home.chain(f"{ORG}/e-1").exists()


def test_an_identity_that_is_locked_away_is_never_made_anew(home, tmp_path):
    away = tmp_path / "identity.pem"
    home.identity.rename(away)
    try:
        with pytest.raises(ConfigError, match="bring its private key back"):
            found(home, ["e-3"], fixed())
        assert not home.identity.exists()
    finally:
        away.rename(home.identity)


def test_a_public_file_that_was_lost_comes_back(home):
    public = home.vkey(ORG)
    text = public.read_text()
    public.unlink()
    assert found(home, ["e-1", "e-2"], fixed()).made == [public]
    assert public.read_text() == text


def test_a_wrong_passphrase_signs_nothing(home):
    with pytest.raises(ConfigError, match="the passphrase is wrong"):
        found(home, ["e-4"], fixed(), "some other words")
    assert not home.chain(f"{ORG}/e-4").exists()


def test_the_identity_of_somebody_else_is_refused(home):
    public = home.vkey(ORG)
    text = public.read_text()
    other = Founder(home, ORG, fixed(), FoundingReport(), FolderGuard(home.guard).found)
    public.write_text(str(load_node_keys(home, ORG, []).node.key) + "\n")
    try:
        with pytest.raises(ConfigError, match="is not the identity of"):
            other.found_identity(PASSPHRASE)
    finally:
        public.write_text(text)


def test_a_log_without_signed_keys_says_how_to_sign_them(home):
    with pytest.raises(ConfigError, match="federation keys chain --election e-9"):
        load_chain_notes(home, f"{ORG}/e-9")


def test_a_damaged_chain_is_refused(tmp_path):
    home = Home(tmp_path)
    home.keys.mkdir()
    home.chain(f"{ORG}/e-1").write_bytes(b"\xff\xff")
    with pytest.raises(ConfigError):
        load_chain_notes(home, f"{ORG}/e-1")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_recovery_sheet_holds_all_that_is_needed_and_nothing_from_outside(
    home, language
):
    identity = load_identity_key(home, ORG)
    pem = home.identity.read_text()
    sheet = format_recovery(identity, pem, "<b>A & B</b>", language)
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in sheet
    assert pem in sheet
    assert PASSPHRASE not in sheet
    assert sheet.count("<svg") == 2
    for outside in ("<script", "<img", "<link", "@import", "url(", "src="):
        assert outside not in sheet


def test_the_recovery_sheet_is_private_and_written_once(tmp_path):
    path = tmp_path / "recovery.html"
    save_recovery(path, "x")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConflictError):
        save_recovery(path, "y")


def test_a_square_code_steers_no_terminal():
    code = format_code("XTI5E-K22Y5")
    assert "\x1b" not in code
    assert set(code) <= set(" █▀▄\n")


def test_our_own_public_key_that_is_gone_is_named_once(tmp_path):
    home = Home(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load_identity_key(home, ORG)
    assert str(caught.value).count(str(home.vkey(ORG))) == 1
