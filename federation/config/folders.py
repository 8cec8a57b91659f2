"""The folders that a node keeps apart: its database, its keys, its guard.

Rule: each is one folder. A backup takes the first two along one by one, and the third
never (`flows/backup`).
"""

import os
from typing import TYPE_CHECKING

from federation.errors import ConfigError
from federation.text import Sentence

if TYPE_CHECKING:
    from federation.config.settings import Settings


def check_folders(settings: "Settings", where: str) -> None:
    """Refuse settings that name one folder for two of them.

    Raises:
        ConfigError: they do.
    """
    taken: dict[str, str] = {}
    for key in ("data_folder", "keys_folder", "guard_folder"):
        folder = os.path.normpath(getattr(settings, key))
        if (other := taken.setdefault(folder, key)) != key:
            why = Sentence("machine.folder-twice", folder=folder, other=other)
            raise ConfigError(where, key, why)
