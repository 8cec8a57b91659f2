"""sources/objects.py"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.sources import stream
from federation.sources.objects import is_spread, read_objects
from federation.sources.stream import SourceFile

values = st.recursive(
    st.integers() | st.text(max_size=5) | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=6,
)
objects = st.dictionaries(st.text(max_size=8), values, min_size=1, max_size=6)


@given(
    documents=st.lists(objects, min_size=1, max_size=4),
    indent=st.sampled_from([0, 1, 4, "\t"]),
    end=st.sampled_from(["\n", "\r\n"]),
    between=st.sampled_from(["\n", "\n\n", " "]),
    block=st.integers(4, 60),
)
def test_objects_over_several_lines_are_those_objects_by_the_line_they_begin_on(
    tmp_path_factory, documents, indent, end, between, block
):
    texts = [json.dumps(document, indent=indent) for document in documents]
    expected, line = [], 1
    for document, text in zip(documents, texts, strict=True):
        expected.append((line, document))
        line += (text + between).count("\n")
    path = tmp_path_factory.mktemp("objects") / "f"
    path.write_bytes(between.join(texts).replace("\n", end).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "BLOCK_BYTES", block)
        with SourceFile(path) as source:
            assert list(read_objects(source, lines=True)) == expected


@given(documents=st.lists(objects, min_size=2, max_size=4), data=st.data())
def test_a_line_that_is_cut_off_does_not_make_one_of_the_next_ones(documents, data):
    """Each is refused, or read, by itself: the good ones behind a bad one go in."""
    first, *others = (json.dumps(document) for document in documents)
    cut = first[: data.draw(st.integers(1, len(first)))]
    assert not is_spread("\n".join([cut, *others]))
