"""config/document.py"""

import pytest

from federation.config.document import MAX_KEY_PARTS, parse_document
from federation.errors import ConfigError


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * 100_000 + " = 1",  # took 23 s at 256 kB, four times that at 512 kB
        "1.0" * 100_000,
        "a" + ' . "b.c"' * 50_000 + " = 1",
        "[a" + ".'b'" * 50_000 + "]",
        "x = {a" + ".a" * 50_000 + " = 1}",
    ],
    ids=lambda text: text[:12],
)
def test_a_key_of_very_many_parts_is_refused_before_it_is_parsed(text):
    with pytest.raises(ConfigError, match="nested too deep"):
        parse_document(text, "circle")


@pytest.mark.parametrize("dots", [".", ". ", " .", ".."])
def test_a_value_and_a_comment_may_hold_as_many_dots_as_they_like(dots):
    value = f"a{dots}" * (2 * MAX_KEY_PARTS)
    found = parse_document(f'name = "{value}" # {"." * 500}\n', "here")
    assert found == {"name": value}
    assert parse_document("a" + ".a" * (MAX_KEY_PARTS - 1) + " = 1", "here")["a"]
