"""Manual pages, completion and the unit of systemd: made of the program, and work."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from federation.text import LANGUAGES
from scripts.make_docs import walk
from scripts.make_installed import FOLDER, files

UNIT = FOLDER / "lib" / "systemd" / "system" / "federation.service"
MANUALS = {"en": "share/man/man1/federation.1", "id": "share/man/id/man1/federation.1"}
COMPLETE = "from federation.cli import main; main()"


def tool(name):
    """The program; where it is missing the test says so."""
    return shutil.which(name) or pytest.skip(f"no {name} here")


def test_they_are_made_of_the_program_as_it_is():
    there = {name: (FOLDER / name).read_text(encoding="utf-8") for name in files()}
    assert there == files(), "run `make docs`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manual_has_every_command_and_no_key_of_a_sentence(language):
    page = (FOLDER / MANUALS[language]).read_text(encoding="utf-8")
    shown = page.replace("\\-", "-")
    for ctx in walk():
        if ctx.parent is not None:
            assert f'.SS "{ctx.command_path}' in shown
    assert not re.search(r"(?m)^[a-z_]+\.(help|option)-[a-z-]+", page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_manual_is_read_without_a_warning(language):
    page = FOLDER / MANUALS[language]
    run = [tool("man"), "--warnings", "-l", str(page)]
    environ = dict(os.environ, LC_ALL="C.UTF-8", MANWIDTH="200", PAGER="cat")
    said = subprocess.run(run, env=environ, capture_output=True, text=True, check=True)
    assert said.stderr == ""
    assert "federation peers add" in said.stdout


def complete(shell, words, number, language="en"):
    environ = dict(os.environ, FEDERATION_LANG=language, COMP_WORDS=words)
    environ |= {"_FEDERATION_COMPLETE": f"{shell}_complete", "COMP_CWORD": str(number)}
    said = subprocess.run(
        [sys.executable, "-c", COMPLETE],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.split("\n")


@pytest.mark.parametrize(
    ("words", "number", "offered"),
    [
        ("federation pe", 1, ["peers", "people"]),
        ("federation peers pa", 2, ["pause"]),
        ("federation serve --al", 2, ["--alone"]),
        ("federation serve --log ", 3, ["text", "json"]),
        ("federation nothing", 1, []),
    ],
)
def test_what_is_begun_is_completed(words, number, offered):
    said = [line.partition(",")[2] for line in complete("bash", words, number)]
    assert [value for value in said if value] == offered


def test_lines_beside_what_is_offered_are_of_the_language_of_the_operator():
    assert "Mitra: tambah" in "".join(complete("zsh", "federation pe", 1, "id"))
    said = "".join(complete("zsh", "federation peers add --allow", 3, "id"))
    assert "jaringan privat" in said
    assert "peers." not in said


def test_no_command_is_loaded_to_offer_its_name():
    asked = (
        "import sys; from federation.cli import federation;"
        "from click import Context;"
        "federation.shell_complete(Context(federation), '');"
        "print([m for m in sys.modules if m.startswith('federation.cli.peers')])"
    )
    said = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    assert said.stdout == "[]\n"


@pytest.fixture
def on_path(tmp_path):
    """A folder with `federation` in it, first among those where shells look."""
    script = tmp_path / "federation"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{COMPLETE}"\n')
    script.chmod(0o755)
    return dict(os.environ, PATH=f"{tmp_path}:{os.environ['PATH']}", HOME=str(tmp_path))


def ask_shell(words, environ):
    said = subprocess.run(
        words, env=environ, capture_output=True, text=True, check=False, timeout=300
    )
    assert not said.returncode, said.stderr
    return said.stdout


def test_bash_completes_by_the_file(on_path):
    path = FOLDER / "share/bash-completion/completions/federation"
    line = (
        f"source {path}; COMP_WORDS=(federation peers pa); COMP_CWORD=2;"
        "complete -p federation; _federation_completion federation pa peers;"
        'echo "${COMPREPLY[@]}"'
    )
    said = ask_shell([tool("bash"), "--norc", "-c", line], on_path)
    assert said.splitlines()[-1] == "pause"
    assert "_federation_completion federation" in said


def test_fish_completes_by_the_file(on_path):
    path = FOLDER / "share/fish/vendor_completions.d/federation.fish"
    line = f"source {path}; complete -C 'federation peers pa'"
    said = ask_shell([tool("fish"), "--no-config", "-c", line], on_path)
    assert said.startswith("pause\t")


def test_zsh_reads_the_file(on_path):
    path = FOLDER / "share/zsh/site-functions/_federation"
    assert path.read_text().startswith("#compdef federation\n")
    line = (
        f"autoload -Uz compinit; compinit -u -D; source {path};"
        "echo ${_comps[federation]}"
    )
    assert "_federation_completion" in ask_shell(
        [tool("zsh"), "-f", "-c", line], on_path
    )


def test_the_unit_leaves_little_to_whoever_breaks_in():
    words = ["security", "--offline=true", "--no-pager", str(UNIT)]
    said = subprocess.run(
        [tool("systemd-analyze"), *words], capture_output=True, text=True, check=False
    )
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)
    assert found, said.stderr
    assert float(found[1]) <= 3


def test_systemd_understands_every_line_of_the_unit(tmp_path):
    # The program and its manual are not where this one is installed.
    text = UNIT.read_text().replace("ExecStart=federation", "ExecStart=/bin/true")
    unit = tmp_path / "federation.service"
    unit.write_text(re.sub(r"(?m)^Documentation=.*\n", "", text))
    run = [tool("systemd-analyze"), "verify", "--man=no", str(unit)]
    said = subprocess.run(run, capture_output=True, text=True, check=False)
    ours = [line for line in said.stderr.splitlines() if "federation.service" in line]
    assert ours == []
