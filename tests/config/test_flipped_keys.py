"""Whatever bit of a key file is flipped: its name is told, or it is the same key."""

import random

import pytest

from federation.cli import main
from federation.config.home import Home
from federation.config.keystore import (
    load_contributor_secret,
    load_node_keys,
    load_signer,
    save_signer,
)
from federation.config.settings import load_settings
from federation.errors import ConfigError
from federation.node.resources import load_own_keys
from tests.homes import ELECTION, make_home

ORG = "jagasuara.example"
ORIGIN = f"{ORG}/{ELECTION}"


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def loaded(home):
    keys, chains = load_own_keys(home, ORG, [ORIGIN])
    roles = (keys.records, keys.node, keys.mirror, keys.log[ORIGIN])
    secret = load_contributor_secret(home.contributor_secret)
    return [str(one.key) for one in roles], chains[ORIGIN].digest, secret


def refusal(load, home):
    """What is said where it is refused; any other error is a fault of ours."""
    try:
        load(home)
    except ConfigError as error:
        return str(error)
    return None


FILES = {
    "log": lambda home: home.log_key(ORIGIN),
    "records": lambda home: home.role_key("records"),
    "node": lambda home: home.role_key("node"),
    "mirror": lambda home: home.role_key("mirror"),
    "statements": lambda home: home.chain(ORIGIN),
    "identity": lambda home: home.vkey(ORG),
    "secret": lambda home: home.contributor_secret,
}


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_names_its_file_or_changes_nothing(home, name):
    path, whole = FILES[name](home), loaded(home)
    data = path.read_bytes()
    bits = range(8 * len(data))
    refused = 0
    for bit in random.Random(16).sample(bits, 300):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        said = refusal(loaded, home)
        if said is None:
            assert loaded(home) == whole, f"bit {bit}"
        else:
            assert path.name in said, f"bit {bit}"
            refused += 1
    assert refused > 250


@pytest.mark.parametrize("role", ["records", "node", "mirror"])
def test_a_key_that_no_statement_names_signs_nothing(home, role):
    path = home.role_key(role)
    path.unlink()
    save_signer(path, bytes(range(32)))
    load_node_keys(home, ORG, [ORIGIN])  # a whole key, of somebody else
    with pytest.raises(ConfigError, match=rf"{role}\.pem.*no statement"):
        load_own_keys(home, ORG, [ORIGIN])


def test_a_damaged_key_is_not_stated_for_a_further_election(home, capsys):
    path = home.role_key("mirror")
    name = f"{ORG}/mirror"
    path.unlink()
    save_signer(path, bytes(range(32)))
    assert load_signer(path, name)
    before = sorted(home.keys.iterdir())
    words = ["keys", "chain", "--home", str(home.folder), "--election", "pemilu-2024"]
    words += ["--passphrase-file", str(home.folder / "passphrase")]
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code not in {0, 70}
    assert "mirror.pem" in capsys.readouterr().err
    made = {path.suffix for path in set(home.keys.iterdir()) - set(before)}
    assert ".chain" not in made


def test_a_secret_of_one_line_is_taken_as_before(home):
    path = home.contributor_secret
    secret = load_contributor_secret(path)
    path.write_text(f"{secret.hex()}\n")
    assert load_contributor_secret(path) == secret


def test_settings_with_a_flipped_bit_are_refused_or_are_settings(home):
    data = home.settings.read_bytes()
    for bit in random.Random(16).sample(range(8 * len(data)), 300):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        home.settings.write_bytes(flipped)
        said = refusal(load_all, home)
        assert said is None or str(home.folder) in said, f"bit {bit}"


def load_all(home):
    settings = load_settings(home.settings)
    load_own_keys(Home.of(home.folder, settings), settings.org, [ORIGIN])
