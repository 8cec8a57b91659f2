"""A home folder as `federation init` makes it, and a way to run commands in it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from federation.cli import main
from tests.copies import copy_home
from tests.homes import init_words


class Ended(NamedTuple):
    """How a command ended: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def founded(tmp_path_factory) -> Path:
    """A home with keys, made once: the keys cost a second on purpose."""
    folder = tmp_path_factory.mktemp("founded")
    home = folder / "home"
    arguments = init_words(home, "jagasuara.example", "pilpres-2019", "pemilu-2024")
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert not end.value.code
    return home


@pytest.fixture
def own_home(founded, tmp_path, monkeypatch) -> Path:
    """A copy of that home for one test, as `FEDERATION_HOME`."""
    home = tmp_path / "home"
    copy_home(founded, home)
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "FEDERATION_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FEDERATION_HOME", str(home))
    return home


@pytest.fixture
def cli(capsys, monkeypatch) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in no home, in the language of nobody's machine."""
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "FEDERATION_LANG", "FEDERATION_HOME"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return end.value.code, said.out, said.err

    return call


@pytest.fixture
def federation(own_home, capsys) -> Callable[..., Ended]:
    """Runs a command in that home."""

    def run(*arguments) -> Ended:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ended(end.value.code or 0, said.out, said.err)

    return run
