"""The key of annexes: two halves, the one that opens under a passphrase and away."""

import shutil
import stat
import subprocess

import pytest

from federation.config.annexkey import found_annex_key, load_annex_public
from federation.config.home import Home
from federation.config.keystore import save_identity
from federation.config.sealingkey import key_id, load_sealing_key, public_of
from federation.errors import ConfigError
from tests.annexed import PASSPHRASE, give_key, passphrase_file

SEED, SALT = bytes(range(32, 64)), bytes(range(32))


@pytest.fixture
def home(tmp_path):
    found = Home(tmp_path / "home")
    found.folder.mkdir()
    give_key(found)
    return found


def found(home, passphrase=PASSPHRASE):
    numbers = iter((SALT, b"\x07" * 32))
    return found_annex_key(home, passphrase, lambda _: next(numbers))


def test_both_halves_are_made_once(tmp_path):
    home = Home(tmp_path)
    assert found(home).made == [home.annex_private, home.annex_public]
    private = load_sealing_key(home.annex_private, PASSPHRASE)
    assert public_of(private) == load_annex_public(home)
    assert stat.S_IMODE(home.annex_private.stat().st_mode) == 0o600
    before = home.annex_private.read_bytes(), home.annex_public.read_bytes()
    report = found(home)
    assert (report.made, len(report.kept)) == ([], 2)
    assert before == (home.annex_private.read_bytes(), home.annex_public.read_bytes())


def test_a_public_half_that_was_lost_is_made_of_the_private_one(home):
    before = home.annex_public.read_bytes()
    home.annex_public.unlink()
    assert found(home).made == [home.annex_public]
    assert home.annex_public.read_bytes() == before


@pytest.mark.parametrize(
    ("passphrase", "told"), [("kuda laut malam hari", "wrong"), ("", "passphrase")]
)
def test_a_wrong_passphrase_is_told(home, passphrase, told):
    with pytest.raises(ConfigError, match=told):
        load_sealing_key(home.annex_private, passphrase)


def test_a_short_passphrase_makes_no_key(tmp_path):
    with pytest.raises(ConfigError, match="12"):
        found(Home(tmp_path), "pendek")
    assert list(tmp_path.rglob("annex*")) == []


def test_halves_that_do_not_belong_together_are_refused(home):
    home.annex_private.unlink()
    with pytest.raises(ConfigError, match="does not belong"):
        found(home)


def test_every_flipped_bit_of_the_public_half_is_damage(home):
    data = home.annex_public.read_bytes()
    for bit in range(8 * len(data)):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        home.annex_public.write_bytes(flipped)
        with pytest.raises(ConfigError, match=r"annex\.pub"):
            load_annex_public(home)


def test_without_a_key_the_command_that_makes_it_is_named(tmp_path):
    with pytest.raises(ConfigError, match="federation annex key"):
        load_annex_public(Home(tmp_path))


def test_the_identity_key_opens_no_annex(home):
    save_identity(home.identity, SEED, PASSPHRASE, SALT)
    with pytest.raises(ConfigError, match="X25519"):
        load_sealing_key(home.identity, PASSPHRASE)


def test_a_private_half_that_others_can_read_is_refused(home):
    home.annex_private.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 0600"):
        load_sealing_key(home.annex_private, PASSPHRASE)


@pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl on this machine")
def test_openssl_reads_the_private_half(home, tmp_path):
    word = passphrase_file(tmp_path)
    command = ["openssl", "pkey", "-in", str(home.annex_private), "-text", "-noout"]
    command += ["-passin", f"file:{word}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    digits = "".join(said.partition("pub:")[2].split()).replace(":", "")
    assert digits == load_annex_public(home).hex()
    assert len(key_id(load_annex_public(home))) == 16
