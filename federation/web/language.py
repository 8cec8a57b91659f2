"""Which language whoever asks would have: of a page, and of an answer for programs.

Rule: people at home read Indonesian, programs English; whoever says what it likes gets
that. Several languages have weights, as browsers send them.

Source: RFC 9110 section 12.5.4
"""

from aiohttp import hdrs, web

from federation.text import Language, Text


def liked_language(request: web.Request, otherwise: Language) -> Language:
    """The language asked for in the header; `otherwise` where nothing is said there.

    Whoever asks for neither of ours gets English.
    """
    asked = request.headers.get(hdrs.ACCEPT_LANGUAGE)
    if not asked:
        return otherwise
    likes = {"id": 0.0, "en": 0.0}
    for part in asked.split(","):
        tag, _, weight = part.strip().lower().partition(";q=")
        language_tag = tag.partition("-")[0]
        if language_tag in likes:
            likes[language_tag] = max(likes[language_tag], _weight(weight))
    return "id" if likes["id"] > 0 and likes["id"] >= likes["en"] else "en"


def text_for_program(request: web.Request) -> Text:
    """The language of what is refused, or said, to a program."""
    return Text(liked_language(request, "en"))


def _weight(text: str) -> float:
    if not text:
        return 1.0
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
