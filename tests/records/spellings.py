"""What a pattern finds, written out: every alternative of it stands in some text.

No text is promised to be one that it finds: what looks ahead or behind is not read.
"""

import re
from collections.abc import Iterator
from re import _parser  # type: ignore[attr-defined]  # as Hypothesis reads them
from typing import Any

#: A character of each class, and of what is none of some.
_OF_CLASS = {
    "CATEGORY_WORD": "a",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_WORD": " ",
    "CATEGORY_NOT_SPACE": "a",
}


def spellings(pattern: re.Pattern[str]) -> set[str]:
    """Texts in which one part varies; others are as short as may be, or one longer."""
    items = _parser.parse(pattern.pattern)
    return {text for more in (0, 1) for text in _in_turn(items, more)}


def _in_turn(items: Any, more: int) -> Iterator[str]:
    parts = [_spell(str(op), argument, more) for op, argument in items]
    plain = [part[0] for part in parts]
    yield "".join(plain)
    for at, part in enumerate(parts):
        for one in part[1:]:
            yield "".join((*plain[:at], one, *plain[at + 1 :]))


def _spell(op: str, argument: Any, more: int) -> list[str]:
    """What one part is written like, at least one text."""
    match op:
        case "LITERAL" | "NOT_LITERAL" | "ANY":
            return [chr(argument) if op == "LITERAL" else "a"]
        case "BRANCH":
            return [text for one in argument[1] for text in _in_turn(one, more)]
        case "SUBPATTERN":
            return list(_in_turn(argument[3], more))
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, items = argument
            counts = (min(most, least + more), least, min(most, least + 1))
            return [text * count for count in counts for text in _in_turn(items, more)]
        case "IN":
            return _of_set([(str(kind), value) for kind, value in argument])
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return [""]
    raise AssertionError(op)


def _of_set(members: list[tuple[str, Any]]) -> list[str]:
    texts: list[str] = []
    for kind, value in members:
        match kind:
            case "NEGATE":
                return [" ", "a"]
            case "LITERAL":
                texts.append(chr(value))
            case "RANGE":
                texts += map(chr, value)
            case "CATEGORY":
                texts.append(_OF_CLASS[str(value)])
    return texts
