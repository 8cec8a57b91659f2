"""Each hostile row, line and file gets exactly its error, and the good rows go in."""

import pytest

from federation.errors import FormatError
from federation.text import Text
from tests.indonesian import find_english
from tests.sources import hostile


def names(value):
    return str(value)[:50]


def refusal(found, row):
    (bad,) = found.bad
    assert bad.row == row
    assert [draft.row for draft in found.drafts] == [row + 1]
    told = Text("id").say(bad.reason)
    assert find_english(told) == [], told
    return f"{bad.column or '-'}: {bad.code}: {bad.reason}"


@pytest.mark.parametrize(("name", "row", "error"), hostile.ROWS, ids=names)
def test_a_hostile_row_gets_exactly_its_error(read, name, row, error):
    found = read(f"{hostile.HEADER}{row}\n{hostile.GOOD}")
    assert refusal(found, 2) == error


@pytest.mark.parametrize(("name", "line", "error"), hostile.LINES, ids=names)
def test_a_hostile_line_gets_exactly_its_error(read, name, line, error):
    found = read(f"{line}\n{hostile.GOOD_LINE}", kind="ndjson")
    assert refusal(found, 1) == error


@pytest.mark.parametrize(("name", "text", "error"), hostile.FILES, ids=names)
def test_a_hostile_file_gets_exactly_its_error(read, tmp_path, name, text, error):
    with pytest.raises(FormatError) as refused:
        read(text)
    said = str(refused.value).replace(str(tmp_path / "file"), "FILE")
    assert said == error
    told = Text("id").say(refused.value.told)
    assert find_english(told) == [], told
