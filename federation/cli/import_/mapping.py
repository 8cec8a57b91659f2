"""A mapping file of `federation import --mapping`: see `sources/mapping.py`."""

from pathlib import Path

import msgspec

from federation.config.document import convert, parse_document, read_file
from federation.sources.mapping import (
    MappingFile,
    check_columns,
    check_delimiter,
    spell_columns,
)


def load_mapping(path: Path) -> MappingFile:
    """The mapping in a TOML file.

    Raises:
        ConfigError: It cannot be read, or has a key or value that means nothing.
    """
    table = parse_document(read_file(path), str(path))
    mapping = convert(table, MappingFile, str(path))
    check_columns(mapping.columns, str(path))
    check_delimiter(mapping.delimiter, str(path), "delimiter")
    columns = spell_columns(mapping.columns.items(), str(path))
    return msgspec.structs.replace(mapping, columns=columns)
