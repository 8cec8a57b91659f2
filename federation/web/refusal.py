"""A refusal of aiohttp's with its cause, to be told in the language of who asked.

Rule: its text is English, for who reads it raw; `problem.py` words the cause anew.
"""

from typing import Any, Final, TypeVar

from aiohttp import web

from federation.text import Sentence

#: Of an answer that says what is wrong: why.
CAUSE: Final = web.ResponseKey("cause", Sentence)

WebRefusal = TypeVar("WebRefusal", bound=web.HTTPException)


def refusal(kind: type[WebRefusal], cause: Sentence, **more: Any) -> WebRefusal:  # noqa: ANN401  aiohttp's own
    """The error of this kind, for this cause; `more` is for its type."""
    error = kind(text=str(cause), **more)
    error[CAUSE] = cause
    return error
