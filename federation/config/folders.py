"""The folders that a node keeps apart: its database, its keys, its guard.

Rule: each is one folder. A backup takes the first two along one by one, and the third
never (`flows/backup`).
"""

import os

from federation.errors import ConfigError
from federation.text import Sentence


def check_folders(where: str, **folders: str) -> None:
    """Refuse one folder in the place of two.

    Args:
        where: Names the settings in errors.
        folders: By the keys that name them.

    Raises:
        ConfigError: two keys name one folder.
    """
    taken: dict[str, str] = {}
    for key, named in folders.items():
        folder = os.path.normpath(named)
        if (other := taken.setdefault(folder, key)) != key:
            why = Sentence("machine.folder-twice", folder=folder, other=other)
            raise ConfigError(where, key, why)
