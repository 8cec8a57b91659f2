"""What is said in Indonesian is Indonesian to the end: no English behind a colon."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import federation
from federation.errors import (
    ConfigError,
    FederationError,
    ForkError,
    FormatError,
    PeerError,
    RecordError,
    RollbackError,
)
from federation.text import Sentence, Text, load_topic, quote
from tests.indonesian import find_english

PACKAGE = Path(federation.__file__).parent
CAUSE = Sentence("protocol.hash-size")
#: With what the errors are made that take more than a cause.
MADE = {
    ConfigError: ("federation.toml", "listen.port", CAUSE),
    ForkError: ("a.example/pemilu-2024", b"", b""),
    FormatError: (CAUSE, "baris 2"),
    PeerError: ("b.example", "https://b.example", None, CAUSE),
    RecordError: (CAUSE, "candidates.01"),
    RollbackError: (7, 5),
}


def kinds(kind=FederationError):
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


@pytest.mark.parametrize(
    "topic", sorted(p.stem for p in (PACKAGE / "text").glob("*.toml"))
)
def test_no_sentence_in_indonesian_has_a_small_word_of_english(topic):
    found = {
        name: words
        for name, said in load_topic(topic).items()
        if (words := find_english(said["id"]))
    }
    assert found == {}


@pytest.mark.parametrize(
    "kind",
    [kind for kind in kinds() if "__init__" not in vars(kind) or kind in MADE],
    ids=lambda kind: kind.__name__,
)
def test_every_kind_of_error_is_told_in_indonesian_to_the_end(kind):
    base = next((base for base in kind.__mro__ if base in MADE), None)
    error = kind(*MADE[base]) if base else kind(CAUSE)
    t = Text("id")
    told = t(f"errors.{error.code}", detail=error.told)
    assert find_english(told) == [], told
    assert error.told in str(error), "programs read the same in English"


def test_a_sentence_that_is_put_into_another_is_said_in_its_language():
    t = Text("id")
    assert t("errors.not-found", detail=CAUSE).endswith(t.say(CAUSE))
    assert t.word("nothing.here", CAUSE) == t.say(CAUSE)


def test_other_peoples_words_stand_in_quotes():
    assert "“no route to host”" in Text("id").say(quote("no route to host"))
    assert quote("no route to host") == "no route to host"


def sentences(tree: ast.AST) -> Iterator[ast.Call]:
    """The places where a sentence is made whose key stands there."""
    for call in ast.walk(tree):
        match call:
            case ast.Call(func=ast.Name(id="Sentence" | "t")) if call.args:
                yield call
            case ast.Call(func=ast.Attribute(attr="t" | "_t")) if call.args:
                yield call


def is_english(node: ast.expr) -> bool:
    """Whether a value is text of ours: several words, or an error as one language."""
    match node:
        case ast.Constant(value=str(text)):
            return re.search(r"[a-z]{2} [a-z]{2}", text) is not None
        case ast.JoinedStr(values=parts):
            return any(is_english(part) for part in parts)
        case ast.Name(id="error"):
            return True
        case ast.Call(func=ast.Name(id="str"), args=[ast.Name(id="error")]):
            return True
    return False


@pytest.mark.slow
def test_nothing_english_is_put_into_a_sentence():
    found = [
        f"{path.relative_to(PACKAGE)} {call.lineno}: {ast.unparse(word)}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for call in sentences(ast.parse(path.read_text(encoding="utf-8")))
        for word in call.keywords
        if is_english(word.value)
    ]
    # An error of this program itself has no words of ours: its own stand in quotes.
    assert [one for one in found if not one.startswith("text/cause.py")] == []
