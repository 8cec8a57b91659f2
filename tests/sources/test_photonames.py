"""Names of photographs in a cell, whatever parts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.sources.photonames import split_names


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("1.jpg", ["1.jpg"]),
        (" 1.jpg ; 2.jpg,3.jpg|4.jpg\n5.jpg", [f"{n}.jpg" for n in range(1, 6)]),
        ("https://kobo.example/a/b%20c.jpg?x=1", ["b c.jpg"]),
        ("./a\\b.jpg", ["a/b.jpg"]),
        ("http://[/a/b.jpg#c", ["b.jpg"]),
        ("https://kobo.example", []),
        (";;", []),
        ("./; .\\", []),
        ("IMG 0001 (2).jpg", ["IMG 0001 (2).jpg"]),
    ],
)
def test_a_cell_names_one_or_several(cell, names):
    assert split_names(cell) == names


@given(st.text(max_size=200))
def test_whatever_it_holds_it_is_read(cell):
    for name in split_names(cell):
        assert name.strip()
