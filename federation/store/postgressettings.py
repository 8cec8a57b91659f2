"""How a PostgreSQL server is set: what may lose records that were acknowledged.

Rule: what the connection that writes sets for itself (`synchronous_commit`), or asks
for (that it is a primary), is not looked at here. All else is the server's own, and a
node with a weak one works: it is told, at the start and whenever it is examined.

Source: https://www.postgresql.org/docs/15/runtime-config-wal.html,
https://www.postgresql.org/docs/15/runtime-config-replication.html
"""

from typing import Final

from federation.store.engine import EngineConnection
from federation.text import Sentence

_ASKED: Final = "SELECT name, setting FROM pg_settings WHERE name IN (?, ?, ?, ?, ?)"
#: The earliest that is tried: 14.
_LEAST: Final = 140_000
_OFF: Final = ("fsync", "full_page_writes", "data_checksums")


def list_weaknesses(connection: EngineConnection) -> list[Sentence]:
    """A sentence for each setting that may lose something, the worst first.

    Raises:
        psycopg.Error: the server does not say.
    """
    names = (*_OFF, "server_version_num", "synchronous_standby_names")
    said = dict(connection.execute(_ASKED, names).fetchall())
    found = [
        Sentence(f"machine.server-{name.replace('_', '-')}")
        for name in _OFF
        if said.get(name) == "off"
    ]
    if not said.get("synchronous_standby_names"):
        found.append(Sentence("machine.server-alone"))
    version = int(said.get("server_version_num", _LEAST))
    if version < _LEAST:
        number = f"{version // 10_000}"
        found.append(Sentence("machine.server-old", version=number))
    return found
