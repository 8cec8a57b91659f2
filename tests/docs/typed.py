"""The commands of our program that a page tells its reader to type, in its order."""

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
_COMMAND = re.compile(r"(?m)^(federation .*)$|`(federation [^`]+)`")
_WORDS = re.compile(r"federation(?: [a-z-]+)+")


class TypedCommand(NamedTuple):
    """A command; `is_named`: it stands in a sentence, without all that it needs."""

    line: str
    is_named: bool


def commands_of(page: str) -> list[TypedCommand]:
    """Those of the blocks as they stand, and those that sentences name."""
    text = (PAGES / page).read_text(encoding="utf-8")
    found = []
    for match in _COMMAND.finditer(text):
        line = (match[1] or match[2]).partition("  #")[0].partition("   #")[0].strip()
        found.append(TypedCommand(line, not match[1] and bool(_WORDS.fullmatch(line))))
    return found


def type_line(line: str, folder: Path, home: Path, language: str) -> tuple[int, str]:
    """Exit code and output of a line at a shell, at the node with this home."""
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=120,
        check=False,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": str(PAGES.parents[1]),
            "HOME": str(folder),
            "FEDERATION_HOME": str(home),
            "FEDERATION_LANG": language,
        },
    )
    return done.returncode, done.stdout
