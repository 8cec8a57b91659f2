"""Homes that are made once and copied for each test, as if each were made there.

A node takes a copied guard for a restored one, and does not sign
(`store/folderguard.py`).
"""

import shutil
from pathlib import Path

from federation.store.folderguard import FolderGuard


def copy_home(source: Path, target: Path) -> Path:
    """A copy of a home whose guard says that it was never away; its folder."""
    shutil.copytree(source, target)
    guard = FolderGuard(target / "guard")
    for path in sorted((target / "guard").iterdir()):
        if path.suffix in {".founded", ".guard"}:
            origin = path.read_text().partition("\n")[0]
            guard.confirm(origin, *(guard.read(origin) or (0, b"")))
    return target
