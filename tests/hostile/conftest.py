"""A home of a node, made once, and the command line in this process."""

import contextlib
import io

import pytest

from federation.cli import main

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
    passphrase = folder / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.touch(0o600)
    passphrase.write_text("of these tests only\n")
    code, _, said = command(
        "init", "--yes", "--org", ORG, "--name", "Jaga Suara",
        "--contact", f"data@{ORG}", "--election", "pemilu-2024", "--port", "0",
        "--home", str(folder / "home"), "--passphrase-file", str(passphrase),
    )  # fmt: skip
    assert code == 0, said
    return folder / "home"
