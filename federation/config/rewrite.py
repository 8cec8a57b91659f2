"""Changes to peers.toml and federation.toml that leave an operator's own lines alone.

Rule: the text is edited line by line, so comments and order stay; then it is parsed
and must say exactly what was meant, or nothing is written and the operator is asked
to edit by hand. So a file written in an unforeseen way is never spoilt.

Not by tomlkit: it counts a comment above a table as the end of the table before, so it
goes with a partner that is removed, and a new member is written below it.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

from federation.config.disk import replace_file
from federation.config.document import parse_document, read_file
from federation.config.peers import Peer, format_peer, quote, tables_of
from federation.errors import ConfigError, ConflictError, NotFoundError
from federation.text import Sentence

_HEADER: Final = re.compile(r"\s*\[\[\s*peer\s*\]\]\s*(#.*)?")
_ANY_HEADER: Final = re.compile(r"\s*\[")
_QUIET: Final = re.compile(r"\s*(#.*)?")
_LIST: Final = r"(?m)^({name}\s*=\s*\[)([^\]\n]*?)(,?\s*\])"
_ELECTIONS_LINE: Final = re.compile(r"(?m)^(?=elections\s*=)")
_DATABASE_LINE: Final = re.compile(r"(?m)^database\s*=.*\n")
ElectionList = Literal["elections", "incidents", "successors"]


def add_peers(path: Path, entries: Sequence[tuple[Peer, str | None]]) -> None:
    """Append partners to peers.toml, all or none.

    Args:
        path: peers.toml; made where it is missing.
        entries: each partner and what to write as its `identity` (None: the key).

    Raises:
        ConflictError: one of them is listed already.
        ConfigError: the file cannot be read or written.
    """
    text = read_file(path) if path.exists() else ""
    before = tables_of(text, str(path))
    for peer, _ in entries:
        if _find(before, peer.org) is not None:
            reason = Sentence("machine.listed-already", org=peer.org, path=path)
            raise ConflictError(reason)
    added = "".join("\n" + format_peer(peer, identity) for peer, identity in entries)
    after = (text if text.endswith("\n") or not text else text + "\n") + added
    new = tables_of("\n".join(format_peer(*entry) for entry in entries), str(path))
    _replace(path, after, before + new)


def remove_peer(path: Path, org: str) -> None:
    """Take a partner's table out of peers.toml.

    Raises:
        NotFoundError: it is not listed.
        ConfigError: the file cannot be read, edited safely, or written.
    """
    lines, tables, number = _open(path, org)
    start, end = _blocks(lines, len(tables), path)[number]
    while end < len(lines) and not lines[end].strip():
        end += 1
    del lines[start:end]
    del tables[number]
    _replace(path, "".join(lines), tables)


def set_flag(
    path: Path, org: str, name: Literal["paused", "hidden"], *, value: bool
) -> None:
    """Set a yes-or-no member of a partner's table in peers.toml.

    Raises:
        NotFoundError: it is not listed.
        ConfigError: the file cannot be read, edited safely, or written.
    """
    lines, tables, number = _open(path, org)
    start, end = _blocks(lines, len(tables), path)[number]
    word = "true" if value else "false"
    member = re.compile(rf"(\s*{name}\s*=\s*)(true|false)(.*)", re.DOTALL)
    for at in range(start, end):
        if match := member.fullmatch(lines[at]):
            lines[at] = f"{match[1]}{word}{match[3]}"
            break
    else:
        if not lines[end - 1].endswith("\n"):
            lines[end - 1] += "\n"
        lines.insert(end, f"{name} = {word}\n")
    tables[number] = {**tables[number], name: value}
    _replace(path, "".join(lines), tables)


def set_identity(path: Path, org: str, named: str) -> None:
    """Write another identity for a partner in peers.toml: a key, or a file of one.

    Raises:
        NotFoundError: it is not listed.
        ConfigError: the file cannot be read, edited safely, or written.
    """
    lines, tables, number = _open(path, org)
    start, end = _blocks(lines, len(tables), path)[number]
    member = re.compile(r"(\s*identity\s*=\s*)(\"[^\"\n]*\"|'[^'\n]*')(.*)", re.DOTALL)
    for at in range(start, end):
        if match := member.fullmatch(lines[at]):
            lines[at] = f'{match[1]}"{named}"{match[3]}'
    tables[number] = {**tables[number], "identity": named}
    _replace(path, "".join(lines), tables)


def set_paused(path: Path, org: str, *, paused: bool) -> None:
    """Pause or resume a partner.

    Raises:
        NotFoundError: it is not listed.
        ConfigError: the file cannot be read, edited safely, or written.
    """
    set_flag(path, org, "paused", value=paused)


def add_election(path: Path, election: str, name: ElectionList = "elections") -> None:
    """Add an election to a list in federation.toml; one that is there stays.

    Args:
        path: federation.toml.
        election: To be added.
        name: Of the list; made where it is missing.

    Raises:
        ConfigError: the file cannot be read, edited safely, or written.
    """
    text = read_file(path)
    document = parse_document(text, str(path))
    elections = document.get(name, [])
    if election in elections:
        return
    comma = ", " if elections else ""
    if name not in document:
        text = _ELECTIONS_LINE.sub(f"{name} = []\n", text, count=1)
    pattern = _LIST.format(name=name)
    after = re.sub(pattern, rf'\g<1>\g<2>{comma}"{election}"]', text, count=1)
    meant = {**document, name: [*elections, election]}
    if parse_document(after, str(path)) != meant:
        reason = Sentence("machine.add-by-hand", election=election)
        raise ConfigError(str(path), name, reason)
    replace_file(path, after.encode("utf-8"))


def set_database(path: Path, address: str | None) -> None:
    """Name another database in federation.toml, or (None) none: the file.

    Raises:
        ConfigError: the file cannot be read, edited safely, or written.
    """
    text = read_file(path)
    meant = {**parse_document(text, str(path)), "database": address}
    line = "" if address is None else f"database = {quote(address)}\n"
    if address is None:
        del meant["database"]
    after, count = _DATABASE_LINE.subn(lambda _: line, text)
    if not count:
        after = _ELECTIONS_LINE.sub(lambda _: line, text, count=1)
    if parse_document(after, str(path)) != meant:
        reason = Sentence("machine.edit-by-hand")
        raise ConfigError(str(path), "database", reason)
    replace_file(path, after.encode("utf-8"))


def follow_election(path: Path, after: str, election: str) -> list[str]:
    """Add an election to each partner's list in peers.toml that names the one before.

    Args:
        path: peers.toml; that it is missing is nothing wrong.
        after: The election whose partners are meant.
        election: To be added; where it is listed it stays.

    Returns:
        The partners whose list was changed.

    Raises:
        ConfigError: the file cannot be read, edited safely, or written.
    """
    text = read_file(path) if path.exists() else ""
    tables = tables_of(text, str(path))
    lines = text.splitlines(keepends=True)
    pattern = re.compile(_LIST.format(name=r"[ \t]*elections"))
    changed = []
    for at, (start, end) in enumerate(_blocks(lines, len(tables), path)):
        listed = tables[at].get("elections", [])
        if after not in listed or election in listed:
            continue
        # In one line: the number of lines, and so each table's place, stays.
        block = pattern.sub(rf'\g<1>\g<2>, "{election}"]', "".join(lines[start:end]), 1)
        lines[start:end] = block.splitlines(keepends=True)
        tables[at] = {**tables[at], "elections": [*listed, election]}
        changed.append(str(tables[at]["org"]))
    if changed:
        _replace(path, "".join(lines), tables)
    return changed


def _open(path: Path, org: str) -> tuple[list[str], list[Any], int]:
    """The lines of the file, its tables, and which one is about `org`."""
    text = read_file(path) if path.exists() else ""
    tables = tables_of(text, str(path))
    number = _find(tables, org)
    if number is None:
        raise NotFoundError(Sentence("machine.not-listed", org=org, path=path))
    return text.splitlines(keepends=True), tables, number


def _find(tables: Sequence[Any], org: str) -> int | None:
    for number, table in enumerate(tables):
        if isinstance(table, dict) and table.get("org") == org:
            return number
    return None


def _blocks(lines: list[str], count: int, path: Path) -> list[tuple[int, int]]:
    """Where each table stands: its header and its members, `[start, end)` in lines.

    Blank lines and comments behind the last member are not part of it: a comment
    that stands there is about the next table.
    """
    starts = [n for n, line in enumerate(lines) if _HEADER.fullmatch(line.rstrip())]
    blocks = []
    for start in starts:
        end = start + 1
        while end < len(lines) and not _ANY_HEADER.match(lines[end]):
            end += 1
        while _QUIET.fullmatch(lines[end - 1].rstrip("\n")):
            end -= 1
        blocks.append((start, end))
    if len(blocks) != count:
        raise ConfigError(str(path), "peer", Sentence("machine.edit-by-hand"))
    return blocks


def _replace(path: Path, text: str, meant: list[Any]) -> None:
    """Write the text, if it says what was meant."""
    try:
        holds = tables_of(text, str(path)) == meant
    except ConfigError:
        holds = False
    if not holds:
        raise ConfigError(str(path), "peer", Sentence("machine.edit-by-hand"))
    replace_file(path, text.encode("utf-8"))
