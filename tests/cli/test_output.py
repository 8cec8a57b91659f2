"""Results on standard output, the rest on standard error, nothing that steers."""

import io
import json

import pytest

from federation import errors
from federation.cli.output import EXIT_CODES, Output, clean, exit_code
from federation.text import Sentence, Text


@pytest.fixture
def make():
    def build(language="en", *, is_json=False):
        streams = io.StringIO(), io.StringIO()
        out = Output(
            Text(language), is_json=is_json, stdout=streams[0], stderr=streams[1]
        )
        return out, *streams

    return build


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Jaga Suara é 投票\n", "Jaga Suara é 投票\n"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\rb\tc\x07", "a\\rb\\tc\\x07"),
        ("a\u202eb\u2066", "a\\u202eb\\u2066"),
        ("\x9b31m", "\\x9b31m"),
        ("a\u00a0b", "a\u00a0b"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_steers_a_terminal_is_shown_instead(text, shown):
    assert clean(text) == shown


def test_cells_and_lines_and_notes_pass_the_same_sieve(make):
    out, stdout, stderr = make()
    out.line("\x1b[2J")
    out.table(["h"], [["\x1b[2J[bold]x[/bold] :smile:\n"]])
    out.note("\x1b[2J")
    for stream in (stdout, stderr):
        assert "\x1b" not in stream.getvalue()
    assert "[bold]x[/bold] :smile:\\n" in stdout.getvalue()


@pytest.mark.parametrize(("language", "shown"), [("en", "81,012"), ("id", "81.012")])
def test_thousands_are_separated_as_the_language_does(make, language, shown):
    out, stdout, _ = make(language)
    out.table(["n", "t"], [[81012, "81012"], [None, True]], right=[0])
    assert shown in stdout.getvalue()
    assert "81012" in stdout.getvalue()


def test_a_table_is_not_wrapped_where_no_terminal_is(make):
    out, stdout, _ = make()
    out.table(["h"], [["x" * 500]])
    assert "x" * 500 in stdout.getvalue()


def test_with_json_standard_output_holds_json_alone(make):
    out, stdout, stderr = make(is_json=True)
    out.line("for people")
    out.table(["h"], [["for people"]])
    with out.progress(3, "for people") as advance:
        advance(3)
    out.show({"b": 1, "a": "é"}, lambda: out.line("for people"))
    assert stdout.getvalue() == '{"b":1,"a":"é"}\n'
    assert stderr.getvalue() == ""


def test_without_json_people_are_served(make):
    out, stdout, _ = make()
    out.show({"a": 1}, lambda: out.line("for people"))
    assert stdout.getvalue() == "for people\n"


def test_progress_is_silent_where_nobody_watches(make):
    out, stdout, stderr = make()
    with out.progress(None, "x") as advance:
        advance(1)
    assert stdout.getvalue() + stderr.getvalue() == ""


FORK = errors.ForkError("o", b"", b"")
CASES = [
    (errors.ConfigError("f", "k", "why"), 3),
    (errors.FormatError("why"), 2),
    (errors.RecordError("why"), 2),
    (errors.VerificationError("why"), 4),
    (errors.SignatureError("why"), 4),
    (errors.ProofError("why"), 4),
    (errors.RollbackError(2, 1), 4),
    (FORK, 4),
    (errors.PeerError("o", "u", 500, "why"), 5),
    (errors.ConflictError("why"), 6),
    (errors.NotFoundError("why"), 7),
    (errors.FederationError("why"), 1),
]


@pytest.mark.parametrize(("error", "code"), CASES, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize("language", ["en", "id"])
def test_every_error_has_its_exit_code_and_says_why(make, language, error, code):
    out, stdout, stderr = make(language)
    assert out.error(error) == exit_code(error) == code
    assert Text(language).say(error.told) in stderr.getvalue()
    assert stdout.getvalue() == ""


@pytest.mark.parametrize(("error", "code"), CASES, ids=lambda v: type(v).__name__)
def test_in_english_an_error_is_told_as_it_says_itself(error, code):
    assert Text("en").say(error.told) == str(error)


WHY = Sentence("peers.added", org="a.example")


@pytest.mark.parametrize(
    "error",
    [
        errors.ConfigError("f", "k", WHY),
        errors.FormatError(WHY, "row 1"),
        errors.RecordError(WHY, "note"),
        errors.PeerError("o", "u", 500, WHY),
        errors.PeerError("o", "u", None, WHY),
        errors.NotFoundError(WHY),
    ],
    ids=str,
)
def test_a_cause_is_told_in_the_readers_language_with_its_place(error):
    assert WHY in Text("en").say(error.told) == str(error)
    assert "a.example ditambahkan." in Text("id").say(error.told)


def test_an_error_for_programs_is_one_line_of_json(make):
    out, stdout, stderr = make(is_json=True)
    out.error(errors.ConfigError("f", "k", "why"))
    said = json.loads(stderr.getvalue())["error"]
    assert (said["code"], said["exit"]) == ("config", 3)
    assert stdout.getvalue() == ""


def test_a_nearer_type_is_never_hidden_behind_a_wider_one():
    for number, (kind, _) in enumerate(EXIT_CODES):
        assert not any(issubclass(kind, before) for before, _ in EXIT_CODES[:number])
