"""Print the pins that are behind their newest release: `make outdated`.

Nothing is changed. Which package index is asked is pip's to know: nothing here, and
nothing in the files of pins, names one. What a command line or a library of ours
declares is marked; the others come with them. To bring one up:

    make pins UPGRADE=msgspec
"""

# ruff: noqa: T201  a script prints

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def plain(name: str) -> str:
    """A name as an index writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins(texts: Iterable[str]) -> dict[str, str]:
    """Name → version, of files of requirements with hashes."""
    found = (_PIN.findall(text) for text in texts)
    return {plain(name): version for pins in found for name, version in pins}


def read_declared(pyproject: str) -> set[str]:
    """The names that the project itself asks for."""
    project = tomllib.loads(pyproject)["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return {plain(_NAME.match(one)[0]) for named in lists for one in named}


def list_behind(
    pins: Mapping[str, str], newest: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Name, pin and newest release of each that is behind, by name."""
    return [
        (name, pin, newest[name])
        for name, pin in sorted(pins.items())
        if newest.get(name, pin) != pin
    ]


def ask_newest() -> dict[str, str]:
    """The newest release of every package that is installed here, by pip's word.

    Raises:
        SystemExit: pip cannot ask: that none is behind would be said for nothing.
    """
    # `pip list` says nothing of an index that it cannot reach, and lists nothing.
    _pip("index", "versions", "pip")
    found = {one["name"]: one["version"] for one in json.loads(_pip("list"))}
    for one in json.loads(_pip("list", "--outdated")):
        found[one["name"]] = one["latest_version"]
    return {plain(name): version for name, version in found.items()}


def _pip(*words: str) -> str:
    form = ["--format", "json"] if words[0] == "list" else []
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words, *form]
    ended = subprocess.run(pip, capture_output=True, text=True, check=False)  # noqa: S603  our own words
    if ended.returncode:
        print(ended.stderr, file=sys.stderr)
        sys.exit("the package index cannot be asked: newer releases are not known")
    return ended.stdout


def main() -> None:
    """Print the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    files = sorted(PROJECT.glob("requirements*.txt"))
    pins = read_pins(path.read_text() for path in files)
    declared = read_declared((PROJECT / "pyproject.toml").read_text())
    behind = list_behind(pins, ask_newest())
    for name, pin, newest in behind:
        mark = "declared" if name in declared else ""
        print(f"{name:24} {pin:14} {newest:14} {mark}".rstrip())
    print(f"{len(behind)} of {len(pins)} pins are behind their newest release")


if __name__ == "__main__":
    main()
