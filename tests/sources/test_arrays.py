"""sources/arrays.py: which of several arrays holds the results."""

import json

import pytest

from federation.errors import FormatError

A, B = "1371011001001", "1371011001002"
ONE = {"kode_tps": A, "01": 1, "02": 2}
OTHER = {"kode_tps": B, "01": 3, "02": 4}


def taken(found):
    return [draft.fields["tps"] for draft in found.drafts]


@pytest.mark.parametrize(
    "document",
    [
        {"results": [ONE], "deleted": [OTHER]},
        {"deleted": [OTHER], "Hasil": [ONE]},
        {"columns": ["a", "b"], "isi": [ONE]},
        {"isi": [ONE], "errors": []},
    ],
)
def test_only_the_array_of_the_results_is_read(read, document):
    found = read(json.dumps(document), kind="json")
    assert taken(found) == [A]
    assert [said.code for said in found.said if "deleted" in said.reason] == [
        "arrays"
    ] * ("deleted" in document)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"isi": [ONE], "lain": [OTHER]}),
        json.dumps({"results": [ONE], "data": [OTHER]}),
        f'{{"results":[{json.dumps(ONE)}],"results":[{json.dumps(OTHER)}]}}',
    ],
)
def test_of_several_arrays_that_may_be_meant_none_is_read(read, text):
    with pytest.raises(FormatError, match="several arrays hold objects"):
        read(text, kind="json")


def test_more_items_than_a_block_come_in_their_order(read):
    items = [{"kode_tps": f"1371011001{n:03}", "01": n, "02": 1} for n in range(1, 600)]
    found = read(json.dumps({"isi": items}), kind="json")
    assert [draft.fields["candidates"]["01"] for draft in found.drafts] == list(
        range(1, 600)
    )


def test_what_is_read_of_an_array_that_breaks_off_goes_in_and_the_end_is_told(read):
    found = read(json.dumps({"results": [ONE, OTHER]})[:-20], kind="json")
    assert taken(found) == [A]
    assert len(found.bad) == 1
