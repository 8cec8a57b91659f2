"""One frame for all commands: lazy, translated, with an exit code for every end."""

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

import federation.cli as frame
from federation import errors
from federation.cli import COMMANDS, output
from federation.cli.context import Run, command_options, find_home
from federation.cli.help import Command, CommandGroup
from federation.cli.output import Output
from federation.flows.audit import EXITS
from federation.store.db import Database
from federation.text import Text
from tests.homes import make_home

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs" / "reference"


@pytest.fixture
def planted(monkeypatch):
    """Puts a command of a test in the place of `init`."""

    def plant(function):
        command = click.command("init", cls=Command, help="init.help")(function)
        monkeypatch.setattr("federation.cli.init.init", command)

    return plant


def test_help_lists_every_command_with_one_line(cli):
    code, out, _ = cli("--help")
    assert code == 0
    for name in COMMANDS:
        line = Text("en")(f"cli.command-{name}")
        assert re.search(rf"(?m)^  {name} +{re.escape(line[:40])}", out), name


def test_help_is_translated(cli, monkeypatch):
    for arguments in (["--lang", "id", "--help"], ["--help", "--lang=id"]):
        _, out, _ = cli(*arguments)
        assert "Pemakaian: federation" in out
        assert "Tampilkan bantuan ini" in out
    monkeypatch.setenv("FEDERATION_LANG", "id")
    _, out, _ = cli("init", "--help")
    assert "Siapkan node" in out
    assert "Nama domain organisasi Anda" in out
    _, out, _ = cli("annex", "show", "--help")
    assert "[wajib]" in out
    assert "[required]" not in out
    _, out, _ = cli("incidents", "list", "--help")
    assert "[nilai bawaan: 50" in out


def test_a_mistyped_command_is_answered_with_its_like(cli):
    code, _, err = cli("--lang", "id", "statu")
    assert code == output.USAGE
    assert "Maksud Anda: status?" in err


#: What costs a start more than it does itself, and what none of these commands needs.
HEAVY = {"aiohttp", "apscheduler", "asyncio", "cryptography", "importlib.metadata"}
HEAVY |= {"http_message_signatures", "jinja2", "rich.progress", "sqlite_utils"}
HEAVY |= {"federation.flows.ownlog", "federation.node.node", "federation.web"}


@pytest.mark.parametrize(
    ("arguments", "more"),
    [
        (["--help"], ["msgspec", "nacl", "rich", "sqlite3", "federation.store"]),
        (["status", "--json"], ["rich", "yarl"]),
        (["status"], []),
    ],
    ids=" ".join,
)
def test_what_people_ask_first_loads_only_what_it_needs(tmp_path, arguments, more):
    home = make_home(tmp_path)
    Database.open(home.data).close()
    at = ["--home", str(home.folder)] if "--help" not in arguments else []
    code = (
        # What watches a process, as coverage does, is in it before.
        "import sys; before = {*sys.modules}; from federation.cli import main\n"
        f"try: main({[*arguments, *at]})\n"
        "except SystemExit as ended: assert not ended.code, ended\n"
        f"sys.exit(str(sorted({HEAVY | {*more}} & ({{*sys.modules}} - before))))"
    )
    asked = [sys.executable, "-W", "error", "-c", code]
    told = subprocess.run(asked, check=False, cwd=ROOT, capture_output=True, text=True)
    assert told.stderr.strip() == "[]"
    assert told.stdout


def test_python_dash_m_is_the_same_command():
    done = subprocess.run(
        [sys.executable, "-m", "federation", "nothing"],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "nothing" in done.stderr


def parameters(command):
    # Another class shows the names of its texts.
    assert isinstance(command, Command), command.name
    for param in command.params:
        if isinstance(param, click.Option):
            yield param.help or ""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield below.help or ""
            yield from parameters(below)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_text_is_a_sentence_of_both_languages(name):
    try:
        command = frame.federation.get_command(click.Context(frame.federation), name)
    except ModuleNotFoundError as error:
        pytest.skip(f"{error.name} is not there")
    assert command is not None
    assert command.name == name
    for key in (command.help or "", *parameters(command)):
        assert Text("id").has(key), f"{name}: {key!r}"


@pytest.mark.parametrize(
    ("raised", "code", "name"),
    [
        (errors.ConfigError("f", "k", "why"), 3, "config"),
        (errors.PeerError("o", "u"), 5, "peer"),
        (click.UsageError("why"), 2, "usage"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (ZeroDivisionError("why"), 70, "bug"),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, BaseException) else str(v),
)
def test_every_end_has_its_exit_code(cli, planted, raised, code, name):
    @command_options
    def fail(run):
        raise raised

    planted(fail)
    assert cli("init")[0] == code
    exit_, out, err = cli("init", "--json")
    assert (exit_, out) == (code, "")
    assert json.loads(err.splitlines()[-1])["error"]["code"] == name


def test_a_fault_of_ours_shows_where_it_happened(cli, planted):
    @command_options
    def fail(run):
        raise ZeroDivisionError("of ours")

    planted(fail)
    _, _, err = cli("init", "--lang", "id")
    assert "ZeroDivisionError: of ours" in err
    assert "Ini kesalahan program" in err


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (1, 1)])
def test_what_a_command_returns_is_the_exit_code(cli, planted, result, code):
    planted(command_options(lambda _: result))
    assert cli("init")[0] == code


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["init", "--nothing"],
        ["--lang", "fr", "init"],
        ["margin", "--csv", "--json"],
        ["incidents", "statistics", "--csv", "--geojson"],
        [],
    ],
)
def test_what_cannot_be_understood_is_usage(cli, arguments):
    code, out, err = cli(*arguments)
    assert code == 2
    assert out == ""
    assert err


def test_a_reader_that_leaves_is_no_error():
    command = (
        f"{sys.executable} -m federation --help | head -1; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(
        ["bash", "-c", command], check=True, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "0"
    assert "BrokenPipe" not in done.stderr


def test_a_run_is_given_language_home_and_clock(cli, planted, tmp_path, monkeypatch):
    seen = []
    planted(command_options(seen.append))
    cli("init", "--lang", "id", "--home", tmp_path)
    monkeypatch.setenv("FEDERATION_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("FEDERATION_LANG", "id")
    cli("init", "--lang", "en")
    first, second = seen
    assert (first.t.language, first.folder) == ("id", tmp_path)
    assert (second.t.language, second.folder) == ("en", tmp_path / "other")
    assert first.now().tzinfo is not None


def test_home_is_the_flag_then_the_variable_then_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_home("/a", {"FEDERATION_HOME": "/b"}) == Path("/a")
    assert find_home(None, {"FEDERATION_HOME": "/b"}) == Path("/b")
    assert find_home(None, {"FEDERATION_HOME": ""}) == tmp_path


def test_without_settings_a_command_says_what_to_do(tmp_path):
    out = Output(Text("en"))
    run = Run(out, tmp_path, environ={}, clock=lambda: 0.0)
    with pytest.raises(errors.ConfigError, match="federation init"):
        _ = run.home


def test_where_nobody_can_answer_the_flag_is_named(cli, planted):
    @command_options
    def ask(run):
        run.ask("Nama?", "--name")

    planted(ask)
    code, _, err = cli("init")
    assert code == 2
    assert "Nama?" in err
    assert "--name" in err


def test_groups_translate_their_commands(cli):
    _, out, _ = cli("keys", "--help", "--lang", "id")
    assert "Tampilkan sidik jari kita" in out
    assert issubclass(CommandGroup, Command)


def documented(name, pattern):
    return set(re.findall(pattern, (DOCS / name).read_text(encoding="utf-8")))


def test_every_exit_code_is_documented_and_the_reverse():
    codes = {
        value
        for name, value in vars(output).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, int)
    }
    every = {str(code) for code in (*codes, *EXITS.values())}
    assert documented("exit-codes.md", r"(?m)^\| (\d+) \|") == every


def test_every_error_is_documented_and_the_reverse():
    kinds = {
        (kind.code, kind.__name__)
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.FederationError)
    }
    assert documented("errors.md", r"(?m)^\| `([a-z-]+)` \| `(\w+)` \|") == kinds


def test_a_call_without_a_command_shows_what_there_is(cli):
    code, out, err = cli()
    assert (code, out) == (2, "")
    assert "peers" in err
    assert "cannot be understood" not in err
