"""A home of a node, made once, and the command line in this process."""

import contextlib
import io

import pytest

from federation.cli import main
from tests.homes import init_words

ORG = "jagasuara.example"


def command(*words: str) -> tuple[int, str, str]:
    """The exit code of a command, and what it printed, in English."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([*words, "--json", "--lang", "en"])
        except SystemExit as end:
            code = end.code
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="session", name="command")
def command_fixture():
    return command


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A founded home: keys and settings, no data yet."""
    folder = tmp_path_factory.mktemp("hostile")
    code, _, said = command(*init_words(folder / "home", ORG, "pemilu-2024"))
    assert code == 0, said
    return folder / "home"
