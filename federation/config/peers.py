"""peers.toml: whose data we want, whom we ask, and by which key we know them.

Rule: one table per organisation; five lines are enough. The identity key is what is
trusted, never the address: an entry without `url` is reached through another partner.

    [[peer]]
    org = "jagasuara.example"
    name = "Jaga Suara"
    identity = "keys/jagasuara.example.vkey"
    url = "https://data.jagasuara.example"

`identity` is the key itself (one line, `name+id+key`) or the path of a file that
holds it, relative to peers.toml. Errors count the tables from 1: `peer[1].url`.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from federation.config.document import convert, parse_document, read_file
from federation.config.member import (
    Filled,
    MemberElection,
    MemberOrg,
    OneLine,
    Seconds,
    Url,
)
from federation.errors import ConfigError, FormatError
from federation.text import Sentence
from federation.text.cause import cause_of
from federation.text.malformed import MalformedError, decode_text
from federation.tlog.keys import ALG_ED25519, VerifierKey, parse_vkey

Amount = Annotated[int, Meta(ge=1, le=(1 << 53) - 1)]

#: Which of the photos that a partner's records name are fetched by themselves: none of
#: them, and none from it for others either; those that somebody opens here; all; those
#: of stations that differ, are implausible or that nobody has read.
PhotoPolicy: TypeAlias = Literal["none", "on-demand", "all", "disputed"]

_MAX_VKEY_BYTES: Final = 4096

#: A turn ends here and the next one goes on: what one commit or one wait for a partner
#: must not hold up without end.
ROWS_PER_TURN: Final = 1_000_000
BYTES_PER_TURN: Final = 1 << 29
REFUSED_PER_TURN: Final = 10_000
#: What a partner may ever take of us. A national election is five contests at 823,236
#: polling stations, 4.1 million records, and as many again for every revision of all.
ROWS: Final = 16_000_000
BYTES: Final = 8 << 30
REFUSED: Final = 100_000


class PeerEntry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[peer]]` table as it is written."""

    org: MemberOrg
    identity: Filled
    name: OneLine = ""
    url: Url | None = None
    elections: list[MemberElection] | None = None
    interval_s: Seconds | None = None
    deadline_s: Seconds | None = None
    max_kbit_s: Amount | None = None
    max_bytes_per_turn: Amount = BYTES_PER_TURN
    max_rows_per_turn: Amount = ROWS_PER_TURN
    max_refused_per_turn: Amount = REFUSED_PER_TURN
    max_bytes: Amount = BYTES
    max_rows: Amount = ROWS
    max_refused: Amount = REFUSED
    allow_private: bool = False
    paused: bool = False
    hidden: bool = False
    relay: bool = True
    logs: list[Literal["early", "incidents"]] = []
    may_have_photos: bool = True
    may_relay: bool = True
    photos: PhotoPolicy = "on-demand"
    honour_removals: bool = True


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One partner; None means: as in federation.toml, or no bound."""

    org: str
    identity: VerifierKey
    name: str = ""
    url: str | None = None
    elections: tuple[str, ...] | None = None
    interval_s: int | None = None
    deadline_s: int | None = None
    max_kbit_s: int | None = None
    max_bytes_per_turn: int = BYTES_PER_TURN
    max_rows_per_turn: int = ROWS_PER_TURN
    max_refused_per_turn: int = REFUSED_PER_TURN
    max_bytes: int = BYTES
    max_rows: int = ROWS
    max_refused: int = REFUSED
    allow_private: bool = False
    paused: bool = False
    hidden: bool = False
    relay: bool = True
    logs: tuple[str, ...] = ()
    may_have_photos: bool = True
    may_relay: bool = True
    photos: PhotoPolicy = "on-demand"
    honour_removals: bool = True


#: Where a table begins.
_HEAD: Final = re.compile(r"^[ \t]*\[\[[ \t]*peer[ \t]*\]\]", re.MULTILINE)


def load_peers(path: Path) -> tuple[Peer, ...]:
    """The partners in a file, in its order; none where there is no file.

    Raises:
        ConfigError: unreadable, not TOML, an unknown key, a wrong type or value, a
            key file that is missing or wrong, or an organisation listed twice.
    """
    if not path.exists():
        return ()
    return parse_peers(read_file(path), path)


def parse_peers(text: str, path: Path) -> tuple[Peer, ...]:
    """The partners in a text; key files are looked for from where `path` lies.

    Raises:
        ConfigError: as `load_peers`.
    """
    where = str(path)
    peers: dict[str, Peer] = {}
    tables = tables_of(text, where)
    for number, table in enumerate(tables, 1):
        entry = convert(table, PeerEntry, where, f"peer[{number}]")
        key = f"peer[{number}].org"
        if entry.org in peers:
            first = list(peers).index(entry.org)
            raise ConfigError(where, key, _tell_twice(text, tables, first, number - 1))
        identity = _read_identity(entry, path, f"peer[{number}].identity")
        peers[entry.org] = _to_peer(entry, identity)
    return tuple(peers.values())


def _tell_twice(text: str, tables: list[Any], first: int, second: int) -> Sentence:
    """At which lines the two tables of one organisation begin, and how they differ."""
    one, other = tables[first], tables[second]
    org = other["org"]
    heads = [text.count("\n", 0, at.start()) + 1 for at in _HEAD.finditer(text)]
    if len(heads) != len(tables):  # written inline, or such a line in a string
        return Sentence("machine.listed-twice", org=org)
    told = {"org": org, "first": heads[first], "second": heads[second]}
    keys = one.keys() | other.keys()
    differ = sorted(key for key in keys if one.get(key) != other.get(key))
    if not differ:
        return Sentence("machine.peer-twice-same", **told)
    names = ", ".join(f"`{key}`" for key in differ)
    return Sentence("machine.peer-twice-other", differ=names, **told)


def list_identity_files(path: Path) -> list[Path]:
    """The files that a list of partners names for their identity keys.

    Raises:
        ConfigError: unreadable, not TOML, or something else than `[[peer]]` tables.
    """
    if not path.exists():
        return []
    tables = tables_of(read_file(path), str(path))
    named = (table.get("identity") for table in tables if isinstance(table, dict))
    return [
        path.parent / name
        for name in named
        if isinstance(name, str) and name.endswith(".vkey")
    ]


def tables_of(text: str, where: str) -> list[Any]:
    """The `[[peer]]` tables of a text, not yet checked one by one.

    Raises:
        ConfigError: not TOML, or something else than `[[peer]]` tables.
    """
    document = parse_document(text, where)
    for name in document:
        if name != "peer":
            raise ConfigError(where, name, Sentence("machine.peer-tables"))
    tables = document.get("peer", [])
    if not isinstance(tables, list):
        raise ConfigError(where, "peer", Sentence("machine.peer-brackets"))
    return tables


def format_peer(peer: Peer, identity: str | None = None) -> str:
    """A partner as a `[[peer]]` table; what is as the default says is left out.

    Args:
        peer: the partner.
        identity: what to write for the key, e.g. the path of its file; None writes
            the key itself.
    """
    lines = ["[[peer]]", f"org = {quote(peer.org)}"]
    if peer.name:
        lines.append(f"name = {quote(peer.name)}")
    lines.append(f"identity = {quote(identity or str(peer.identity))}")
    for field in msgspec.structs.fields(PeerEntry):
        value = getattr(peer, field.name)
        written = field.name in ("org", "name", "identity")
        usual = () if field.name == "logs" else field.default
        if not written and value != usual:
            lines.append(f"{field.name} = {_format_value(value)}")
    return "\n".join(lines) + "\n"


def _to_peer(entry: PeerEntry, identity: VerifierKey) -> Peer:
    members = msgspec.structs.asdict(entry)
    elections = None if entry.elections is None else tuple(entry.elections)
    given = {"identity": identity, "elections": elections, "logs": tuple(entry.logs)}
    return Peer(**{**members, **given})


def _read_identity(entry: PeerEntry, path: Path, key: str) -> VerifierKey:
    """The identity key of an entry, from the text itself or from the file it names."""
    text, where = entry.identity, str(path)
    # A key holds two "+" and a path ends in .vkey: neither can be taken for the other.
    if text.endswith(".vkey"):
        text = load_vkey_text(path.parent / text, where, key)
    try:
        identity = parse_vkey(text)
    except FormatError as error:
        raise ConfigError(where, key, Sentence("machine.vkey-bad")) from error
    expected = f"{entry.org}/identity"
    if identity.name != expected or identity.alg != ALG_ED25519:
        reason = Sentence(
            "machine.key-misnamed", found=repr(identity.name), expected=repr(expected)
        )
        raise ConfigError(where, key, reason)
    return identity


def load_vkey_text(file: Path, where: str, key: str) -> str:
    """The one line in a .vkey file, without its line feed.

    Raises:
        ConfigError: it cannot be read; `where` and `key` name who refers to it.
    """
    try:
        with file.open("rb") as stream:
            text = decode_text(stream.read(_MAX_VKEY_BYTES)).strip()
    except OSError as error:
        reason = Sentence("machine.not-read", cause=cause_of(error))
        raise _refuse(file, where, key, reason) from error
    except MalformedError as error:
        raise _refuse(file, where, key, error.reason) from error
    if not text.isascii():
        raise _refuse(file, where, key, Sentence("machine.vkey-not-text"))
    return text


def _refuse(file: Path, where: str, key: str, cause: Sentence) -> ConfigError:
    """About a file that another one names, or that is meant itself."""
    is_itself = where == str(file)
    reason = (
        cause if is_itself else Sentence("machine.referred", file=file, cause=cause)
    )
    return ConfigError(where, key, reason)


def _format_value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case tuple() | list():
            return f"[{', '.join(quote(str(item)) for item in value)}]"
        case _:
            return quote(str(value))


def quote(text: str) -> str:
    """The text as a TOML basic string: JSON's escapes are a subset of TOML's."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
