"""Whatever standard output is, a command says what it can, and ends as it should."""

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from federation.cli import streams
from federation.cli.output import Output
from federation.cli.streams import can_say, escape_json, make_plain
from federation.text import LANGUAGES, Text

ROOT = Path(__file__).parents[2]
#: A node whose name no ASCII has; `keys show` prints it, a table and a square code.
NAME = "Jaga Süara → 見る"
ENCODINGS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "strict": {"PYTHONIOENCODING": "ascii:strict"},
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
}


def run(*words, cwd=ROOT, env=None, shell="", **given):
    """A command as a process of its own; with `shell`, as the shell starts it."""
    command = [sys.executable, "-m", "federation", *map(str, words)]
    if shell:
        command = ["bash", "-c", f'"$@" {shell}', "bash", *command]
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG"))}
    return subprocess.run(
        command, check=False, cwd=cwd, env={**kept, **(env or {})}, **given
    )


@pytest.fixture
def named_home(own_home):
    settings = own_home / "federation.toml"
    text = settings.read_text(encoding="utf-8").replace('"Jaga Suara"', f'"{NAME}"')
    settings.write_text(text, encoding="utf-8")
    return own_home


@pytest.mark.parametrize("encoding", ["latin-1", "C"])
def test_a_stream_of_few_letters_is_given_ascii(named_home, encoding):
    done = run("keys", "show", env=ENCODINGS[encoding], capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode("ascii")
    assert "Jaga Suara -> ?? (jagasuara.example)" in said
    assert "+---" in said
    assert "#" not in said, "a square code of other signs is none"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        (["election", "list"], "latin-1"),
        (["election", "list"], "strict"),
        (["peers", "list"], "C"),
        (["keys", "show", "--json"], "cp1252"),
        (["election", "list", "--json"], "C"),
        (["import", "--help"], "ascii"),
        (["--help"], "latin-1"),
        (["--version"], "C"),
    ],
)
def test_every_command_degrades(named_home, words, encoding):
    env = {**ENCODINGS[encoding], "FEDERATION_LANG": "id"}
    done = run(*words, env=env, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode("ascii")
    if "--json" in words:
        json.loads(said)


def test_json_stays_json(named_home):
    done = run("keys", "show", "--json", env=ENCODINGS["latin-1"], capture_output=True)
    plain = run("keys", "show", "--json", env={"PYTHONUTF8": "1"}, capture_output=True)
    assert json.loads(done.stdout.decode("ascii")) == json.loads(plain.stdout)


def test_an_error_degrades_as_well(own_home):
    words = ("receipt", "é→", "--json")
    done = run(*words, env=ENCODINGS["ascii"], capture_output=True)
    error = json.loads(done.stderr.decode("ascii"))["error"]
    assert error["exit"] == done.returncode


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_we_say_can_be_said_in_ascii(lang):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors=streams.PLAINLY)
    for topic in ("views", "import", "verify", "page", "machine"):
        from federation.text import load_topic  # noqa: PLC0415  beside its one use

        for name, said in load_topic(topic).items():
            plain = make_plain(said[lang], stream)
            assert plain.isascii()
            assert "?" not in plain.replace("?", "", said[lang].count("?")), name


def test_letters_become_their_nearest_and_nothing_is_lost_in_silence():
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    said = {
        "é": "e", "ﬁ": "fi", "→": "->", "…": "...", "–": "-", "“x”": '"x"', "ß": "ss",
        "\u00a0": " ", "│": "|", "見": "?", "\ud800": "?", "·": "-", "²": "2",
    }  # fmt: skip
    assert {text: make_plain(text, stream) for text in said} == said


@pytest.mark.parametrize("text", ["é", "見る", "😀", "a\u2028b"])
def test_escaped_json_says_the_same(text):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    whole = json.dumps({"a": text}, ensure_ascii=False)
    escaped = escape_json(whole, stream)
    assert escaped.isascii()
    assert json.loads(escaped) == {"a": text}
    assert escape_json(whole, io.TextIOWrapper(io.BytesIO(), encoding="utf-8")) == whole


def test_what_can_be_said_is_asked_of_the_stream():
    assert can_say("▀", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert not can_say("▀", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert can_say("▀", io.StringIO())


@pytest.mark.parametrize(
    ("words", "shell", "code"),
    [
        (["keys", "show"], ">&-", 0),
        (["keys", "show", "--json"], ">&-", 0),
        (["--help"], ">&-", 0),
        (["keys", "show"], "2>&-", 0),
        (["keys", "show"], "<&-", 0),
        (["keys", "show"], "<&- >&- 2>&-", 0),
        (["init", "--home", "new"], "<&-", 2),
        (["show", "nothing"], ">&- 2>&-", 7),
        (["keys", "show"], ">/dev/full", 74),
        (["keys", "show", "--json"], ">/dev/full", 74),
        (["--help"], ">/dev/full", 74),
        (["show", "nothing"], "2>/dev/full", 7),
        (["keys", "show"], "| (exec <&-; sleep .3); exit ${PIPESTATUS[0]}", 0),
        (["--help"], "| (exec <&-; sleep .3); exit ${PIPESTATUS[0]}", 0),
        (["import", "--help"], "| head -n 1 >/dev/null; exit ${PIPESTATUS[0]}", 0),
        (["keys", "show"], "2>&1 | true; exit ${PIPESTATUS[0]}", 0),
    ],
)
@pytest.mark.slow
def test_streams_that_are_closed_or_full_end_a_command_without_a_trace(
    own_home, tmp_path, words, shell, code
):
    env = {"PYTHONPATH": str(ROOT)}
    done = run(*words, shell=shell, cwd=tmp_path, env=env, capture_output=True)
    assert done.returncode == code
    for said in (done.stdout, done.stderr):
        assert b"Traceback" not in said
        assert b"Exception ignored" not in said
    if code == 74:
        assert b"standard output: there is no space left" in done.stderr


def test_a_reader_that_has_had_enough_is_no_error(own_home):
    shell = "| (exec <&-; sleep .3); exit ${PIPESTATUS[0]}"
    done = run("keys", "show", shell=shell, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_number_is_not_the_next_file_that_is_opened(tmp_path):
    program = (
        "from federation.cli.streams import open_streams\n"
        "open_streams()\n"
        f"file = open({str(tmp_path / 'precious')!r}, 'w')\n"
        "print('into nowhere', flush=True)\n"
        "assert file.fileno() > 2\n"
    )
    words = ["bash", "-c", '"$@" <&- >&- 2>&-', "bash", sys.executable, "-c", program]
    subprocess.run(words, check=True, cwd=ROOT)
    assert (tmp_path / "precious").read_text() == ""


def test_a_note_that_nobody_can_read_stops_nothing():
    class Gone(io.StringIO):
        def write(self, _):
            raise OSError(5, "Input/output error")

    out = Output(Text("en"), stdout=io.StringIO(), stderr=Gone())
    out.note("a hint")
    assert out.fault(3, "config", "a reason") == 3
    with contextlib.suppress(OSError):
        Output(Text("en"), is_json=True, stderr=Gone()).fault(3, "config", "x")


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_work_that_is_done_is_never_asked_for_again(own_home, more):
    words = ["keys", "token", "add", "tok", *more]
    done = run(*words, shell=">/dev/full", capture_output=True)
    assert done.returncode == 74
    assert b"was made, but could not be shown" in done.stderr
    assert b"token remove tok" in done.stderr
    words = ["keys", "token", "remove", "tok"]
    done = run(*words, shell=">/dev/full", capture_output=True)
    assert b"do not run the command again" in done.stderr
    assert b"then run the command again" not in done.stderr
