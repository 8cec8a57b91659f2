"""A fingerprint survives the telephone, or says where it broke."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.config.fingerprint import fingerprint, parse_fingerprint
from federation.errors import FormatError
from federation.tlog.keys import VerifierKey

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
RFC_8032 = bytes.fromhex(
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
)
GOLDEN = "XTI5E-K22Y5-IXZBR-4VGO3-LN3EH-7QOV2-KIGMU-FRDCR"


def of(public):
    return fingerprint(VerifierKey("a.example/identity", 1, public))


def test_the_golden_key_has_the_golden_fingerprint():
    assert of(RFC_8032) == GOLDEN


def test_the_name_of_the_key_is_not_part_of_it():
    assert fingerprint(VerifierKey("b.example/identity", 1, RFC_8032)) == GOLDEN


@given(st.binary(min_size=32, max_size=32))
def test_what_is_formatted_is_parsed(public):
    assert parse_fingerprint(of(public)) == of(public)


@pytest.mark.parametrize(
    "typed",
    [
        GOLDEN.lower(),
        GOLDEN.replace("-", " "),
        GOLDEN.replace("-", ""),
        f"  {GOLDEN}\n",
        GOLDEN.replace("-", " - "),
        GOLDEN.replace("O", "0").replace("I", "1").replace("B", "8"),
    ],
)
def test_what_people_type_is_understood(typed):
    assert parse_fingerprint(typed) == GOLDEN


def test_every_single_wrong_character_is_found_and_its_group_named():
    for at, letter in enumerate(GOLDEN):
        if letter == "-":
            continue
        group = at // 6 + 1
        for other in set(ALPHABET) - {letter}:
            with pytest.raises(FormatError, match=rf"group {group}\b"):
                parse_fingerprint(GOLDEN[:at] + other + GOLDEN[at + 1 :])


def test_every_exchange_of_two_characters_in_a_group_is_found():
    groups = GOLDEN.split("-")
    for number, group in enumerate(groups):
        for a, b in itertools.combinations(range(5), 2):
            letters = list(group)
            letters[a], letters[b] = letters[b], letters[a]
            if "".join(letters) == group:
                continue
            wrong = [*groups[:number], "".join(letters), *groups[number + 1 :]]
            with pytest.raises(FormatError, match=f"group {number + 1}"):
                parse_fingerprint("-".join(wrong))


def test_every_exchange_of_two_groups_is_found():
    groups = GOLDEN.split("-")
    for a, b in itertools.combinations(range(8), 2):
        wrong = groups.copy()
        wrong[a], wrong[b] = wrong[b], wrong[a]
        with pytest.raises(FormatError, match=f"group {a + 1}, {b + 1}"):
            parse_fingerprint("-".join(wrong))


@pytest.mark.parametrize(
    "text",
    [
        "",
        GOLDEN[:-1],
        GOLDEN + "A",
        GOLDEN.replace("X", "\u2169"),
        GOLDEN.replace("I", "\u0131"),
        "\uff38" + GOLDEN[1:],
    ],
)
def test_what_is_no_fingerprint_is_refused(text):
    with pytest.raises(FormatError):
        parse_fingerprint(text)
