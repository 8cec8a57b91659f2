"""A small share of `make attack ARGS="fuzz …"`: seeded, a few seconds."""

from random import Random

import pytest

from tests.attacks._commands import UndeclaredError, play
from tests.attacks._doors import doors
from tests.attacks._mutations import CHANGES, mutate
from tests.attacks.fuzz import fuzz, plays

CASES = 25
#: Whose good bytes are spoilt already, or meant for one of several functions.
_MIXED = {"note", "fork evidence, of keys", "files of results", "query"}


def test_spoilt_bytes_get_a_declared_error_at_every_door():
    # One test: what a door is made of takes longer to make than its cases to play.
    found = {name: fuzz(name, play, CASES, 8) for name, play in plays(list(doors()))}
    assert {name: one.faults for name, one in found.items() if one.faults} == {}
    assert found.keys() == doors().keys()


@pytest.mark.parametrize("name", ["verify", "import"])
def test_spoilt_files_end_a_command_with_an_exit_code_that_its_page_lists(name):
    ((_, of_command),) = plays([name])
    found = fuzz(name, of_command, CASES, seed=8)
    assert found.faults == []
    assert len(found.codes) > 2  # some are taken, some refused, each for its reason


def test_the_bytes_that_are_spoilt_are_good():
    for name, door in doors().items():
        if name not in _MIXED:
            for seed in door.seeds:
                door.take(seed)


def test_a_number_gives_the_same_bytes_again():
    for name, door in doors().items():
        once = [mutate(door.seeds, Random(f"{name} {n}")) for n in range(20)]
        assert once == [mutate(door.seeds, Random(f"{name} {n}")) for n in range(20)]
        assert len(set(once)) > 1


@pytest.mark.parametrize("change", sorted(set(CHANGES), key=str))
def test_nothing_is_no_trouble_to_a_change(change):
    for data in (b"", b"1", b"a\nb\n12"):
        for number in range(50):
            change(bytearray(data), Random(number))


def test_a_fault_is_found_and_told(tmp_path):
    def of_fault(random):
        return b"bytes", lambda: {}["missing"]

    found = fuzz("fault", of_fault, 2, seed=1, keep=tmp_path)
    assert [one.startswith("KeyError: \"'missing'\" at ") for one in found.faults] == [
        True,
        True,
    ]
    assert (tmp_path / "fault-1-0").read_bytes() == b"bytes"
    with pytest.raises(UndeclaredError):
        play(["verify", "/nowhere"], frozenset({0}))
