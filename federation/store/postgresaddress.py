"""Where a PostgreSQL server is: what its address says, and how it is reached.

Rule: always the primary. A server that is gone without a word is found out within
seconds. What of an address is wrong is told before anybody is called.

Source: https://www.postgresql.org/docs/15/libpq-connect.html
"""

import contextlib
from typing import Any, Final

import psycopg
from psycopg import conninfo

from federation.text import Sentence, quote

CONNECT_TIMEOUT_S: Final = 10
#: A server that is gone without a word is found out within seconds, not within the
#: quarter of an hour that the kernel waits; milliseconds, the last of them.
_KEPT_ALIVE: Final = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def connect(address: str) -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection to the primary, as the library has it.

    Raises:
        psycopg.Error: there is none that answers, or it refuses us.
    """
    asked = {**_KEPT_ALIVE, **conninfo.conninfo_to_dict(address)}
    return psycopg.connect(
        conninfo.make_conninfo("", **asked),
        autocommit=True,
        cursor_factory=psycopg.RawCursor,
        connect_timeout=CONNECT_TIMEOUT_S,
        application_name="federation",
        # Views, too: a standby may be behind what was just written.
        target_session_attrs="primary",
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
    """What is wrong with an address, if it is none, or says what nobody knows."""
    try:
        conninfo.conninfo_to_dict(address)
    except psycopg.ProgrammingError as error:
        words = quote(str(error).strip())
        return Sentence("machine.database-unreadable", words=words)
    return None
