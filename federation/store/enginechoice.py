"""Which engine a database has: chosen by the address that the settings name."""

from pathlib import Path

from federation.errors import ConfigError
from federation.store.engine import Engine
from federation.store.sqlite import SqliteFile
from federation.text import Sentence

FILE_NAME = "federation.db"


def engine_at(folder: Path, address: str | None = None) -> Engine:
    """The database of a folder of data, opened or not, there or not.

    Args:
        folder: Of the data.
        address: Where it lies with a server, "postgresql://…"; None: in the folder.

    Raises:
        ConfigError: what speaks to that server is not installed, or it is no address.
    """
    if address is None:
        return SqliteFile(folder / FILE_NAME)
    try:
        # Imported here: whoever has one file must not need, nor load, the driver.
        from federation.store.postgres import PostgresDatabase  # noqa: PLC0415  # optional
    except ImportError as error:
        reason = Sentence("machine.no-psycopg")
        raise ConfigError("federation.toml", "database", reason) from error
    engine = PostgresDatabase(address, folder)
    if fault := engine.find_fault():
        raise ConfigError("federation.toml", "database", fault)
    return engine
