"""Where a PostgreSQL server is: what its address says, and how it is reached.

Rule: always the primary, for whoever writes; for one that only reads what another
process writes, a standby where there is one. In either case the same for all its
connections: of two standbys one is behind the other, and an old primary that lives on
behind a failover still calls itself one. A server that is gone without a word is found
out within seconds. What of an address is wrong is told before anybody is called, in
words of ours: those of libpq hold a part of the address, which may be a password.

Source: https://www.postgresql.org/docs/15/libpq-connect.html
"""

import contextlib
import re
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import psycopg
from psycopg import conninfo, pq

from federation.text import Sentence

CONNECT_TIMEOUT_S: Final = 10
#: A server that is gone without a word is found out within seconds, not within the
#: quarter of an hour that the kernel waits; milliseconds, the last of them.
_KEPT_ALIVE: Final = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

#: What the names of options have in them whose values nobody may see.
_SECRET: Final = ("password", "secret", "client_key")
#: One for each host; what else stands there is told by libpq when it connects.
_PORTS: Final = re.compile(r"[0-9,]*")

#: A connection as the library has it.
RawConnection = psycopg.Connection[tuple[Any, ...]]


class Server(NamedTuple):
    """One of the servers of an address.

    Attributes:
        host: A name, an address, or the folder of a socket.
        port: On that host.
        hostaddr: Its address, where the address of the database names it.
    """

    host: str
    port: int
    hostaddr: str | None


def connect(address: str, first: Server | None = None) -> RawConnection:
    """A connection to the primary, as the library has it.

    Args:
        address: As in the settings.
        first: The one of its servers that is asked first; None: as the address has it.

    Raises:
        psycopg.Error: there is none that answers, or it refuses us.
    """
    # Views, too: a standby may be behind what was just written.
    primary = {"target_session_attrs": "primary"}
    if first is not None:
        with contextlib.suppress(psycopg.OperationalError):
            return _connect(address, {**_named(first), **primary})
    return _connect(address, primary)


def connect_to_read(address: str, server: Server | None = None) -> RawConnection:
    """A connection to a server that is read from, as the library has it.

    Args:
        address: As in the settings; what it says of `target_session_attrs` counts.
        server: One of its servers, whatever it is now; None: a standby, or where
            there is none, whichever answers.

    Raises:
        psycopg.Error: there is none that answers, or it refuses us.
    """
    if server is not None:
        return _connect(address, {**_named(server), "target_session_attrs": "any"})
    said = conninfo.conninfo_to_dict(address)
    wanted = said.get("target_session_attrs", "prefer-standby")
    return _connect(address, {"target_session_attrs": wanted})


def server_of(raw: RawConnection) -> Server:
    """To which server of its address a connection was made."""
    info = raw.info
    is_numbered = "hostaddr" in info.get_parameters()
    return Server(info.host, info.port, info.hostaddr if is_numbered else None)


def _named(server: Server) -> dict[str, Any]:
    """The words of an address that names this server alone."""
    return {key: value for key, value in server._asdict().items() if value}


def _connect(address: str, asked: dict[str, Any]) -> RawConnection:
    said = {**_KEPT_ALIVE, **conninfo.conninfo_to_dict(address), **asked}
    return psycopg.connect(
        conninfo.make_conninfo("", **said),
        autocommit=True,
        cursor_factory=psycopg.RawCursor,
        connect_timeout=CONNECT_TIMEOUT_S,
        application_name="federation",
    )


def describe_driver() -> str:
    """Which psycopg there is, and which libpq: "psycopg 3.3.9 (libpq 17.5)"."""
    major, minor = divmod(psycopg.pq.version(), 10_000)
    return f"psycopg {psycopg.__version__} (libpq {major}.{minor})"


def name_of(address: str) -> str:
    """The address without a password, and without what is said beside it."""
    with contextlib.suppress(psycopg.ProgrammingError):
        said = conninfo.conninfo_to_dict(address)
        where = said.get("host", "")
        port = f":{said['port']}" if "port" in said else ""
        return f"postgresql://{where}{port}/{said.get('dbname', '')}"
    return "postgresql://?"


def find_fault(address: str) -> Sentence | None:
    """What is wrong with an address: a secret, none at all, or what nobody knows."""
    query = address.partition("?")[2]
    named = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    said: dict[str, Any] | None = None
    with contextlib.suppress(psycopg.ProgrammingError):
        said = conninfo.conninfo_to_dict(address)
    if any(part in name for name in (*named, *(said or ())) for part in _SECRET):
        return Sentence("machine.database-password")
    if said is not None and _PORTS.fullmatch(said.get("port", "")):
        return None
    known = {one.keyword.decode() for one in pq.Conninfo.get_defaults()}
    for name in named:
        # Behind "@" it is no option: it may be the rest of anything.
        if name not in known and "@" not in query:
            return Sentence("machine.database-option", name=name)
    return Sentence("machine.database-unreadable")
