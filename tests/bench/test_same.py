"""What makes two maps of the same leaves another map."""

import pytest

from tests.bench.same import differences

WANTED = {"status": {"single": 2, "agreed": 1}, "official": {"matches": 3}}


def summary(**changed):
    counts = {"status": {**WANTED["status"], "missing": 0}, **changed}
    return {"digest": "a", "official": {"matches": 3, "none": 0}, **counts}


def test_maps_of_one_digest_and_the_wanted_counts_are_the_same():
    assert differences(summary(), summary(), WANTED) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"digest": "b"}, "digest"),
        ({"status": {"single": 1, "agreed": 2}}, "status"),
        ({"official": {"matches": 2, "none": 1}}, "official"),
    ],
)
def test_one_row_or_count_of_another_kind_is_told_with_who_says_it(changed, said):
    for pair in ((summary(**changed), summary()), (summary(), summary(**changed))):
        (told,) = differences(*pair, WANTED)
        assert told.startswith(said)
