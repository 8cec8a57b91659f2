"""How folders of a node are moved to another disk: the commands, the lines to write."""

import shlex
from collections.abc import Iterable
from pathlib import Path

from federation.config.home import Home
from federation.text import Sentence


def tell_move(home: Home, folders: Iterable[Path]) -> Sentence:
    """The steps, for folders that the settings can name: data, guard, keys."""
    names = {
        home.data: "data_folder",
        home.guard: "guard_folder",
        home.keys: "keys_folder",
    }
    moved = list(folders)
    lines = "\n".join(f'`{names[one]} = "/DISK/{one.name}"`' for one in moved)
    shown = shlex.join(map(str, moved))
    move = Sentence("steps.move", folders=shown, lines=lines, settings=home.settings)
    # A copied guard is found out (`store/folderguard.py`): nobody should be alarmed.
    return Sentence("steps.move-guard", move=move) if home.guard in moved else move
