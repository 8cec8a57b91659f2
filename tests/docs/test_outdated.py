"""scripts/list_outdated.py: the pins that are behind, without asking an index."""

import json
import runpy
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = runpy.run_path(str(PROJECT / "scripts" / "list_outdated.py"))


def test_every_pin_of_every_file_is_read():
    texts = [path.read_text() for path in PROJECT.glob("requirements*.txt")]
    assert len(texts) > 1
    pins = SCRIPT["read_pins"](texts)
    assert len(pins) == len(
        {line for t in texts for line in t.split("\n") if "==" in line}
    )
    assert SCRIPT["read_declared"]((PROJECT / "pyproject.toml").read_text()) <= {
        *pins,
        "import-linter",
    }


def test_only_what_is_behind_is_listed():
    pins = SCRIPT["read_pins"](
        ["msgspec==0.22.0 \\\n    --hash=x\nSQLite_Utils==4.0 \\\n"]
    )
    newest = {"msgspec": "0.23.0", "sqlite-utils": "4.0", "other": "1"}
    assert SCRIPT["list_behind"](pins, newest) == [("msgspec", "0.22.0", "0.23.0")]


def test_an_index_that_cannot_be_asked_is_said(monkeypatch):
    ended = subprocess.CompletedProcess([], 1, "", "no index")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(SystemExit, match="cannot be asked"):
        SCRIPT["ask_newest"]()


def test_the_newest_is_what_pip_says_or_what_is_installed(monkeypatch):
    def run(words, **_):
        said = [
            {"name": "msgspec", "version": "0.22.0"},
            {"name": "Rich", "version": "15"},
        ]
        if "--outdated" in words:
            said = [said[0] | {"latest_version": "0.23.0"}]
        return subprocess.CompletedProcess(words, 0, json.dumps(said), "")

    monkeypatch.setattr(subprocess, "run", run)
    assert SCRIPT["ask_newest"]() == {"msgspec": "0.23.0", "rich": "15"}
