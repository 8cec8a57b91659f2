"""Is a text Indonesian to the end? Then it has none of the small words of English.

Other people's words stand in quotes, what is typed in backticks: they are left out.
"""

import re
from typing import Final

_WORDS: Final = """
the is are was were be been not of and or which there with by has have had cannot can
could does did this that these those it its to for from than then must should would
will when where whose what why how an at in on into nothing nobody only other another
more too already still yet here
"""
_SMALL: Final = re.compile(
    rf"(?<![\w./=-])(?:{'|'.join(_WORDS.split())})(?![\w/=-]|\.\w)", re.IGNORECASE
)
#: What others say, what is typed, what is a name.
_QUOTED: Final = re.compile(
    r"`[^`]*`|“[^”]*”|\"[^\"\n]*\"|(?<!\w)'[^'\n]*'(?!\w)|\{[^}]*\}|\([^()\s]+\)"
)


def find_english(text: str) -> list[str]:
    """The small words of English in a text, but for what is quoted."""
    return _SMALL.findall(_QUOTED.sub(" ", text))
