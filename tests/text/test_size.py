"""How many bytes, as people read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.text.size import tell_size


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "0 MB"),
        (1, "1 MB"),
        (1 << 20, "1 MB"),
        ((1 << 20) + 1, "2 MB"),
        ((10 << 30) - 1, "10240 MB"),
        (10 << 30, "10 GB"),
        (236_774_719_488, "221 GB"),
    ],
)
def test_bytes_are_told_as_df_tells_them(count, told):
    assert tell_size(count) == told


@given(st.integers(0, 1 << 60))
def test_no_size_is_told_smaller_than_it_is_or_a_unit_larger(count):
    number, name = tell_size(count).split()
    unit = {"MB": 1 << 20, "GB": 1 << 30}[name]
    assert count <= int(number) * unit < count + unit
