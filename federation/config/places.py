"""Where things lie in a home whose settings cannot be used as they are.

Rule: only for those who say what is wrong and what is still known. Whatever of the
settings can be read is believed; of the rest it is as it is by default.
"""

import contextlib
from pathlib import Path

from federation.config.document import parse_document, read_file
from federation.config.home import Home
from federation.errors import ConfigError
from federation.text import Sentence

_PLACES = ("data_folder", "keys_folder", "guard_folder", "database")


def tell_missing(folder: Path) -> tuple[Sentence, Sentence]:
    """Of a folder without federation.toml: whether a node was here, and what to do."""
    home = Home(folder)
    # Files that nothing but a node has; a folder "data" lies in many places.
    left = (home.role_key("node"), home.contributor_secret, home.lock, home.peers)
    if found := ", ".join(
        str(one.relative_to(folder)) for one in left if _is_there(one)
    ):
        mend = {"path": home.settings, "folder": folder}
        return (
            Sentence("machine.settings-gone", found=found),
            Sentence("machine.mend-settings-gone", **mend),
        )
    return Sentence("machine.no-settings"), Sentence("machine.mend-no-settings")


def _is_there(path: Path) -> bool:
    """Also where this user may not look."""
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def guess_home(folder: Path) -> Home:
    """The paths of a home, as far as its settings say so."""
    known: dict[str, str] = {}
    path = Home(folder).settings
    with contextlib.suppress(ConfigError):
        table = parse_document(read_file(path), str(path)) if path.exists() else {}
        known = {
            name: value
            for name in _PLACES
            if isinstance(value := table.get(name), str) and value
        }
    return Home(folder, **known)
