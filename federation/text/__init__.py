"""What people read, in Indonesian and English.

Rule: every sentence a person meets (command line, pages, written files) comes from
here; nothing here knows who prints it. Programs read codes, never these sentences.
One TOML file per topic lies beside this module, one table per sentence:

    [added]
    en = "{org} was added."
    id = "{org} ditambahkan."

`Text("id")("peers.added", org="jagasuara.example")` is the sentence. Both languages
are there for every key, with the same places to fill in; a test holds that.

A floor that knows no language says why something is wrong as a `Sentence`: English
text, for programs and logs, that whoever speaks to people words anew (`Text.say`).
"""

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache, reduce
from typing import Literal, Self, cast

Language = Literal["id", "en"]
LANGUAGES: tuple[Language, ...] = ("id", "en")


class Sentence(str):
    """A cause in English that remembers its key, so that `Text.say` can translate it.

    It is text wherever text is expected; `str()` of it, or any text that it becomes
    a part of, is plain English. `values` may hold sentences, too.
    """

    __slots__ = ("key", "values")

    key: str
    values: dict[str, object]

    def __new__(cls, key: str, /, **values: object) -> Self:
        """The English sentence `topic.name`, its places filled in.

        Raises:
            KeyError: no such sentence, or a place without a value (our own bug).
        """
        sentence = super().__new__(cls, Text("en")(key, **values))
        sentence.key, sentence.values = key, values
        return sentence

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross to other processes and back, and are told there, too."""
        return _remade, (self.key, self.values)


def quote(words: object) -> Sentence:
    """What somebody else (a library, a system, a program) says, as it stands.

    In Indonesian it is told that these are others' words.
    """
    return Sentence("machine.words", words=str(words))


def join(causes: Iterable[Sentence]) -> Sentence:
    """Several causes, at least one, as one: with a semicolon between them."""
    return reduce(
        lambda said, more: Sentence("machine.then", said=said, more=more), causes
    )


def as_said(words: str) -> Sentence:
    """The same as a sentence: what came in the reader's language stays as it is."""
    if isinstance(words, Sentence):
        return words
    return Sentence("machine.said", words=words)


def _remade(key: str, values: dict[str, object]) -> Sentence:
    return Sentence(key, **values)


class Text:
    """The sentences of one language."""

    __slots__ = ("language",)

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, key: str, /, **values: object) -> str:
        """The sentence `topic.name`, its places filled in.

        Values are put in as they are, sentences in this language: braces inside a
        value mean nothing.

        Raises:
            KeyError: no such sentence, or a place without a value (our own bug).
        """
        topic, _, name = key.partition(".")
        said = {
            place: self.say(value) if isinstance(value, Sentence) else value
            for place, value in values.items()
        }
        return load_topic(topic)[name][self.language].format_map(said)

    def say(self, cause: object) -> str:
        """A cause in this language, as far as it is a `Sentence`; else as it stands."""
        if isinstance(cause, Sentence):
            return self(cause.key, **cause.values)
        return str(cause)

    def number(self, value: int) -> str:
        """An integer: 81.012 in Indonesian, 81,012 in English."""
        grouped = f"{value:,}"
        return grouped.replace(",", ".") if self.language == "id" else grouped

    def percent(self, part: int, whole: int) -> str:
        """A share with one decimal, rounded down: 100 % means all of it."""
        tenths = part * 1000 // whole if whole else 0
        point = "," if self.language == "id" else "."
        return f"{tenths // 10}{point}{tenths % 10} %"

    def span(self, interval: tuple[int, int]) -> str:
        """The least and the most, once where they are equal."""
        least, most = map(self.number, interval)
        return least if least == most else f"{least} \N{EN DASH} {most}"

    def word(self, key: str, other: str) -> str:
        """The sentence of that key; `other`, said, where there is none."""
        return self(key) if self.has(key) else self.say(other)

    def has(self, key: str) -> bool:
        """Whether there is a sentence of that key."""
        topic, _, name = key.partition(".")
        try:
            return name in load_topic(topic)
        except KeyError:
            return False


@cache
def load_topic(topic: str) -> dict[str, dict[str, str]]:
    """The table of one topic: name of the sentence → language → sentence.

    Raises:
        KeyError: there is no such topic.
    """
    # A key that was kept in a file may be anything, but never the way to another one.
    if not topic.isidentifier():
        raise KeyError(topic)
    try:
        # Not importlib.resources: at each start it would load twenty modules more.
        with open(f"{__path__[0]}/{topic}.toml", "rb") as file:  # noqa: PTH123  as above
            return cast("dict[str, dict[str, str]]", tomllib.load(file))
    except FileNotFoundError:
        raise KeyError(topic) from None


def pick_language(flag: str | None, environ: Mapping[str, str]) -> Language:
    """The language: the flag, `FEDERATION_LANG`, else the locale, else English.

    As gettext does, `LC_ALL` wins over `LC_MESSAGES` and that over `LANG`; an empty
    variable counts as absent.
    """
    wanted = [flag, environ.get("FEDERATION_LANG")]
    wanted += [environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    first = next((value for value in wanted if value), "en")
    return "id" if first.lower().startswith("id") else "en"
