"""Who may confirm our totals from outside, as federation.toml names it."""

import pytest

from federation.config.settings import parse_settings
from federation.errors import ConfigError
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from tests.config.test_settings import HOSTILE


def settings_with(name):
    vkey = Signer.from_seed(name, bytes(32), ALG_COSIGNATURE).key
    table = f'[[witness.outside]]\nurl = "https://w.example"\nvkey = "{vkey}"\n'
    return f"{HOSTILE['BASE']}\n{table}"


def test_a_witness_has_a_key_of_its_own():
    settings = parse_settings(settings_with("w.example/witness"), "f")
    assert [one.key.name for one in settings.witness.outside] == ["w.example/witness"]


def test_the_key_of_a_partners_mirror_is_no_witness_and_would_make_it_a_holder():
    with pytest.raises(ConfigError, match="counted as a holder"):
        parse_settings(settings_with("w.example/mirror"), "f")
