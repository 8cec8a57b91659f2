"""Where things lie in a home whose settings cannot be used as they are.

Rule: only for those who say what is wrong and what is still known. Whatever of the
settings can be read is believed; of the rest it is as it is by default.
"""

import contextlib
from pathlib import Path

from federation.config.document import parse_document, read_file
from federation.config.home import Home
from federation.errors import ConfigError

_FOLDERS = ("data_folder", "keys_folder", "guard_folder")


def guess_home(folder: Path) -> Home:
    """The paths of a home, as far as its settings say so."""
    known: dict[str, str] = {}
    path = Home(folder).settings
    with contextlib.suppress(ConfigError):
        table = parse_document(read_file(path), str(path)) if path.exists() else {}
        known = {
            name: value
            for name in _FOLDERS
            if isinstance(value := table.get(name), str) and value
        }
    return Home(folder, **known)
