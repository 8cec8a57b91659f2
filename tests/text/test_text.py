"""Both languages say the same, in words that people know."""

import pickle
import re
import string
import tomllib
from pathlib import Path

import pytest

import federation.text
from federation.errors import FederationError
from federation.text import Sentence, Text, load_topic, pick_language

FOLDER = Path(federation.text.__file__).parent
BANNED = {
    *("merkle", "leaf", "tile", "tiles", "origin", "origins", "checkpoint"),
    *("checkpoints", "cosignature", "cosignatures", "cosigned", "equivocation"),
    "saksi",
}
#: Papers for an agency name those who saw what happened, as the law does.
OF_THE_LAW = {"dossier": {"saksi"}}
#: What is wrong with bytes is told to who mends a program, in the protocol's words.
OF_THE_PROTOCOL = {"protocol"}


TOPICS = sorted(path.stem for path in FOLDER.glob("*.toml"))
every_topic = pytest.mark.parametrize("topic", TOPICS)


def places(template):
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name)


@every_topic
def test_every_sentence_is_there_in_both_languages(topic):
    for name, said in load_topic(topic).items():
        assert set(said) == {"en", "id"}, name
        assert all(isinstance(s, str) and s.strip() for s in said.values()), name


@every_topic
def test_both_languages_have_the_same_places_to_fill_in(topic):
    for name, said in load_topic(topic).items():
        assert places(said["en"]) == places(said["id"]), name


@every_topic
def test_people_never_meet_the_machinery(topic):
    for name, said in load_topic(topic).items():
        if topic in OF_THE_PROTOCOL:
            continue
        for language, sentence in said.items():
            # A command or a file name is not prose.
            prose = re.sub(r"`[^`]*`|\{[^}]*\}", " ", sentence).lower()
            found = set(re.findall(r"[a-z]+", prose)) & BANNED
            found -= OF_THE_LAW.get(topic, set())
            assert not found, f"{name}.{language} says {found}"


@every_topic
def test_an_agency_and_an_organisation_of_monitors_have_two_words(topic):
    for name, said in load_topic(topic).items():
        is_of_monitors = re.search(r"[Oo]rganisation|\bORG\b", said["en"])
        if is_of_monitors and "agenc" not in said["en"].lower():
            assert "lembaga" not in said["id"].lower(), name


@every_topic
def test_places_are_plain_names(topic):
    for said in load_topic(topic).values():
        for sentence in said.values():
            for name in places(sentence):
                assert re.fullmatch(r"[a-z_]+", name)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda p: p.name)
def test_every_file_of_sentences_is_toml_with_one_table_per_sentence(path):
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    assert document
    for name, said in document.items():
        assert re.fullmatch(r"[a-z0-9_-]+", name)
        assert isinstance(said, dict)


def test_a_sentence_is_filled_in():
    assert Text("en")("peers.added", org="a.example") == "a.example was added."
    assert Text("id")("peers.added", org="a.example") == "a.example ditambahkan."


def test_braces_in_a_value_mean_nothing():
    assert "{x.__class__}" in Text("en")("peers.added", org="{x.__class__}")


def test_a_share_is_never_rounded_up_to_everything():
    t = Text("en")
    assert t.percent(999_999, 1_000_000) == "99.9 %"
    assert t.percent(1, 1) == "100.0 %"
    assert t.percent(0, 0) == "0.0 %"


def test_numbers_are_written_as_in_the_language():
    english, indonesian = Text("en"), Text("id")
    assert (english.number(81_012), indonesian.number(81_012)) == ("81,012", "81.012")
    assert (english.percent(1, 8), indonesian.percent(1, 8)) == ("12.5 %", "12,5 %")
    assert indonesian.span((1_000, 1_000)) == "1.000"
    assert indonesian.span((1_000, 2_000)) == "1.000 – 2.000"


def test_a_cause_is_english_text_and_is_worded_anew_in_the_other_language():
    cause = Sentence("peers.added", org="a.example")
    assert cause == "a.example was added."
    assert Text("id").say(cause) == "a.example ditambahkan."
    assert Text("id").say("as it stands") == "as it stands"
    assert type(str(cause)) is str


def test_a_cause_within_a_cause_is_worded_anew_too():
    inner = Sentence("peers.added", org="a.example")
    outer = Sentence("errors.not-found", detail=inner)
    assert "a.example ditambahkan." in Text("id").say(outer)


def test_a_cause_survives_the_way_to_another_process():
    cause = pickle.loads(pickle.dumps(Sentence("peers.added", org="a.example")))
    assert Text("id").say(cause) == "a.example ditambahkan."


@pytest.mark.parametrize("key", ["peers.nothing", "nothing.added", "added", "", "."])
def test_an_unknown_key_is_a_fault_of_ours(key):
    assert not Text("en").has(key)
    with pytest.raises(KeyError):
        Text("en")(key)


@pytest.mark.parametrize("key", ["../errors.config", "__init__.config"])
def test_a_key_never_leads_outside_the_folder(key):
    with pytest.raises(KeyError):
        Text("en")(key)


@pytest.mark.parametrize(
    ("flag", "environ", "language"),
    [
        (None, {}, "en"),
        ("id", {"FEDERATION_LANG": "en"}, "id"),
        (None, {"FEDERATION_LANG": "id", "LC_ALL": "en_US.UTF-8"}, "id"),
        (None, {"FEDERATION_LANG": "", "LC_ALL": "id_ID.UTF-8"}, "id"),
        (None, {"LC_ALL": "en_US.UTF-8", "LANG": "id_ID.UTF-8"}, "en"),
        (None, {"LC_MESSAGES": "id_ID", "LANG": "en_US"}, "id"),
        (None, {"LANG": "id_ID.UTF-8"}, "id"),
        (None, {"LANG": "C"}, "en"),
        (None, {"LANG": "de_DE"}, "en"),
    ],
)
def test_the_language_is_the_flag_then_the_variable_then_the_locale(
    flag, environ, language
):
    assert pick_language(flag, environ) == language


def kinds(kind=FederationError):
    yield kind
    for below in kind.__subclasses__():
        yield from kinds(below)


@pytest.mark.parametrize("kind", sorted(kinds(), key=lambda k: k.__name__))
def test_every_kind_of_error_has_its_sentence(kind):
    assert "why" in Text("id")(f"errors.{kind.code}", detail="why")


@pytest.mark.parametrize("key", ["nowhere.x", "../text/cli.about", "", ".", "a\0b.x"])
def test_a_key_of_no_topic_is_none_whatever_it_is_made_of(key):
    assert not Text("en").has(key)
    with pytest.raises(KeyError):
        Text("en")(key)
