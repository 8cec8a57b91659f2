"""What is wrong with the address of a server is told, and no secret that it holds."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.config.settings import check_database
from federation.errors import ConfigError
from federation.store.enginechoice import engine_at
from federation.store.postgresaddress import find_fault
from federation.text import Text

HEAD, TAIL = "S3CR", "ZZET"
PLACES = (
    "postgresql://u:{}@h/db",
    "postgres://u:{}@h:5432,i/db?sslmode=require",
    "postgresql://u:{}@[::1]/db",
    "postgresql://u@h/db?password={}",
    "postgresql://h/db?sslmod=x&sslpassword={}",
    "postgresql://h/db?pass%77ord={}",
)


def refuse(address):
    """As whoever reads the settings, or an option, refuses it."""
    check_database(address, "--to")
    engine_at(Path("data"), address)


def words_of(told):
    return f"{Text('en').say(told)} {Text('id').say(told)}"


@given(
    place=st.sampled_from(PLACES),
    middle=st.text(st.sampled_from("/?#@:%&=+;[] z2"), max_size=6),
)
def test_an_address_with_a_password_is_refused_and_no_message_holds_it(place, middle):
    address = place.format(HEAD + middle + TAIL)
    with pytest.raises(ConfigError) as caught:
        refuse(address)
    told = [words_of(caught.value.reason), str(caught.value)]
    if fault := find_fault(address):
        told.append(words_of(fault))
    for words in told:
        assert HEAD not in words
        assert TAIL not in words


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql://u@h/db?sslmod=require", "“sslmod”"),
        ("postgresql://u@h/db%zz", "OPTION=VALUE"),
        ("postgresql://u@h/db?sslmode", "OPTION=VALUE"),
        ("postgresql://u:s3cret/db?sslmode=require", "HOST:5432"),
    ],
)
def test_what_cannot_be_read_of_an_address_is_told(address, said):
    with pytest.raises(ConfigError) as caught:
        refuse(address)
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://u@[::1]:5432/db",
        "postgresql://u@h:1,i:2/db?passfile=/x:y&require_auth=password",
        "postgresql://h:5432/db?user=me%40server",
        "postgresql:///db?ssl=true",
    ],
)
def test_an_address_without_a_password_is_taken(address):
    refuse(address)
