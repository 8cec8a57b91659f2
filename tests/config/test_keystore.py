"""Private keys are private, or they are refused."""

import os
import stat

import pytest

from federation.config.home import Home
from federation.config.keystore import (
    load_contributor_secret,
    load_identity,
    load_node_keys,
    load_signer,
    pseudonym,
    save_contributor_secret,
    save_identity,
    save_signer,
)
from federation.errors import ConfigError, ConflictError
from federation.tlog.keys import ALG_COSIGNATURE, Signer

SEED = bytes(range(32))
PASSPHRASE = "kuda laut pagi hari"


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "keys" / "node.pem"
    save_signer(file, SEED)
    return file


def test_a_key_is_saved_for_its_owner_alone(path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_key_is_loaded_under_its_name_and_algorithm(path):
    expected = Signer.from_seed("a.example/mirror", SEED, ALG_COSIGNATURE)
    loaded = load_signer(path, "a.example/mirror", ALG_COSIGNATURE)
    assert loaded.key == expected.key
    assert loaded.sign(b"x") == expected.sign(b"x")


def test_a_key_is_never_overwritten(path):
    with pytest.raises(ConflictError):
        save_signer(path, bytes(32))
    assert load_signer(path, "n").key == Signer.from_seed("n", SEED).key


def test_every_mode_that_gives_a_right_to_others_is_refused(path):
    for mode in range(0o1000):
        path.chmod(mode)
        if mode & ~0o600:
            with pytest.raises(ConfigError, match=f"chmod 0600 {path}"):
                load_signer(path, "n")
        elif os.geteuid() == 0 or mode & 0o400:
            assert load_signer(path, "n")


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o755, 0o777, 0o720])
def test_a_folder_open_to_others_is_refused(path, mode):
    path.parent.chmod(mode)
    with pytest.raises(ConfigError, match=f"chmod 0700 {path.parent}"):
        load_signer(path, "n")
    with pytest.raises(ConfigError, match="chmod 0700"):
        save_signer(path.with_name("other.pem"), SEED)
    path.parent.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_is_refused(path):
    os.chown(path, 12345, -1)
    with pytest.raises(ConfigError, match="belongs to user 12345"):
        load_signer(path, "n")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"a key\n", "holds no private key"),
        (b"x" * 20_000, "is larger than 16384 bytes"),
        (None, "cannot be read: there is no such file"),
    ],
)
def test_a_file_that_holds_no_key_is_refused(path, data, reason):
    path.unlink()
    if data is not None:
        path.write_bytes(data)
        path.chmod(0o600)
    with pytest.raises(ConfigError, match=reason):
        load_signer(path, "n")


def test_no_error_and_no_representation_shows_a_secret(path):
    text = path.read_text().splitlines()[1]
    signer = load_signer(path, "n")
    assert SEED.hex() not in repr(signer)
    assert text not in repr(signer)
    path.write_text(path.read_text().replace("BEGIN PRIVATE", "BEGIN PRIVAT"))
    with pytest.raises(ConfigError) as caught:
        load_signer(path, "n")
    assert text not in str(caught.value)


def test_the_identity_is_loaded_with_its_passphrase_only(tmp_path):
    path = tmp_path / "identity" / "identity.pem"
    save_identity(path, SEED, PASSPHRASE, bytes(32))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_identity(path, "a.example", PASSPHRASE).name == "a.example/identity"
    with pytest.raises(ConfigError, match="the passphrase is wrong"):
        load_identity(path, "a.example", "something else")
    with pytest.raises(ConfigError, match="needs a passphrase"):
        load_signer(path, "a.example/identity")


def test_a_short_passphrase_is_refused_before_anything_is_written(tmp_path):
    path = tmp_path / "identity" / "identity.pem"
    with pytest.raises(ConfigError, match="fewer than 12 characters"):
        save_identity(path, SEED, "elevenchars", bytes(32))
    assert list(tmp_path.iterdir()) == []


def test_an_identity_that_lies_open_is_refused(path):
    with pytest.raises(ConfigError, match="is not encrypted"):
        load_identity(path, "a.example", PASSPHRASE)


def test_a_node_loads_a_key_for_each_role_and_each_log(tmp_path):
    home = Home(tmp_path)
    origins = ["a.example/e-1", "a.example/e-2"]
    paths = [home.role_key(role) for role in ("records", "node", "mirror")]
    for number, path in enumerate([*paths, *map(home.log_key, origins)]):
        save_signer(path, bytes([number]) * 32)
    keys = load_node_keys(home, "a.example", origins)
    assert {name: signer.name for name, signer in keys.log.items()} == {
        origin: origin for origin in origins
    }
    assert (keys.records.name, keys.node.name) == (
        "a.example/records",
        "a.example/node",
    )
    assert keys.mirror.key.alg == ALG_COSIGNATURE
    publics = [s.key.public for s in (*keys.log.values(), keys.records, keys.node)]
    assert len({*publics, keys.mirror.key.public}) == 5


def test_the_contributor_secret_is_read_back(tmp_path):
    path = tmp_path / "keys" / "contributor.secret"
    save_contributor_secret(path, SEED)
    assert load_contributor_secret(path) == SEED
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "AA" * 32, "\uff10" * 64])
def test_a_damaged_contributor_secret_is_refused(tmp_path, text):
    path = tmp_path / "secret"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="is damaged: it holds 64 hex digits"):
        load_contributor_secret(path)


def test_a_person_cannot_be_followed_from_one_election_to_another():
    names = {
        pseudonym(secret, org, election, person)
        for secret in (bytes(32), SEED)
        for org in ("a.example", "b.example")
        for election in ("e-1", "e-2")
        for person in ("1", "2")
    }
    assert len(names) == 16
    again = pseudonym(SEED, "a.example", "e-1", "1")
    assert again in names
    assert len(again) == 64
