"""Whose files these are, and how a command gets to use them.

Rule: a node is its home folder's owner's. Who runs a command as somebody else is told
to run it as that user; where a file inside is somebody else's, it is given back.
"""

import os
import pwd
from pathlib import Path

from federation.config.home import Home
from federation.text import Sentence


def tell_owner(home: Home, path: Path) -> Sentence:
    """What to do so that this user may use `path`, a folder of a node."""
    keeper = owner_of(home.folder)
    if keeper != name_user(os.geteuid()):
        return Sentence("steps.mend-run-as", keeper=keeper, home=home.folder)
    return Sentence("steps.mend-owner", keeper=keeper, folder=path, home=home.folder)


def owner_of(path: Path) -> str:
    """The owner's name, or of what is above where that is all that can be seen."""
    try:
        return name_user(path.stat().st_uid)
    except OSError:
        return owner_of(path.parent) if path.parent != path else "?"


def name_user(uid: int) -> str:
    """The name of a user of this machine; its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
