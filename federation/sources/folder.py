"""The files of a folder: which are to be read, and why each other one is not.

Rule: nothing is passed over in silence. A file is read if its ending says a table or
JSON, in any case, or if it has no ending and holds text; every other is named with its
reason. The order is that of the names, whatever the disk says, and folders that lead
back to themselves are entered once.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from federation.sources.package import OLD, ZIP
from federation.sources.row import Remark, clip
from federation.text import Sentence

MAX_NAMED = 20
_HEAD = 4096

# Workbooks of other kinds and zips are asked for, too: their reader says what to do.
READ = frozenset(
    {
        *("csv", "tsv", "tab", "txt", "dat", "json", "ndjson", "jsonl", "geojson"),
        *("gz", "xlsx", "xlsm", "xls", "xlsb", "ods", "numbers", "zip"),
    }
)
_KINDS: dict[str, str] = {
    ending: kind
    for kind, endings in {
        "picture": "jpg jpeg png gif bmp tif tiff webp heic heif svg",
        "pdf": "pdf",
        "film": "mp4 mov avi mkv 3gp mp3 m4a ogg opus wav amr",
        "document": "doc docx odt rtf ppt pptx odp htm html xml md rst",
        "archive": "rar 7z tar tgz bz2 xz zst",
        "unfinished": "part crdownload download tmp partial",
        "database": "db sqlite sqlite3 mdb accdb",
    }.items()
    for ending in endings.split()
}
# Without an ending they look like text, and are about the files beside them.
_ABOUT = re.compile(r"(?:readme|licen[cs]e|copying|notice|changelog)", re.IGNORECASE)
_SYSTEM = frozenset({"thumbs.db", "desktop.ini", "__macosx", "$recycle.bin"})
_LOCK = re.compile(r"~\$.*|\.~lock\..*#|.*\.lock", re.IGNORECASE)
_ENDING = re.compile(r"[a-z][a-z0-9]{0,9}~?|7z|3gp")


class PassedOver(NamedTuple):
    """A file or folder that is not read; `kind` is stable, `reason` is for people."""

    path: Path
    kind: str
    reason: Sentence


def find_files(folder: Path) -> tuple[list[Path], list[PassedOver]]:
    """What `folder` and the folders in it hold, in the order of names."""
    read: list[Path] = []
    passed: list[PassedOver] = []
    entered: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        kind = _enter(path, entered, waiting) if is_folder(path) else _sort(path)
        if kind == "read":
            read.append(path)
        elif kind != "entered":
            passed.append(PassedOver(path, kind, Sentence(f"folder.{kind}")))
    return read, passed


def is_folder(path: Path) -> bool:
    """Whether it is one; not, where it may not even be asked (`Path` raises there)."""
    return os.path.isdir(path)  # noqa: PTH112


def _enter(path: Path, entered: set[tuple[int, int]], waiting: list[Path]) -> str:
    kind = _judge_name(path) if waiting or entered else ""
    if kind:
        return kind
    try:
        status = path.stat()
        if (status.st_dev, status.st_ino) in entered:
            return "loop"
        entered.add((status.st_dev, status.st_ino))
        names = sorted(os.listdir(path), reverse=True)  # noqa: PTH208 - names, sorted as text
    except PermissionError:
        return "forbidden"
    except OSError:
        return "unreadable"
    waiting += [path / name for name in names]
    return "entered"


def _judge_name(path: Path) -> str:
    name = path.name
    if _LOCK.fullmatch(name):
        return "lock"
    if name.lower() in _SYSTEM or name.startswith("._") or name == ".DS_Store":
        return "system"
    if _ABOUT.fullmatch(name):
        return "about"
    return "hidden" if name.startswith(".") else ""


def _sort(path: Path) -> str:
    kind = _judge_name(path)
    if kind:
        return kind
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            return "special"
        kind = _judge_ending(path)
        if kind:
            return kind
        return _judge_content(path) if status.st_size else "empty"
    except PermissionError:
        return "forbidden"
    except OSError:
        return "broken" if path.is_symlink() else "unreadable"


def _judge_ending(path: Path) -> str:
    ending = path.suffix.lower().removeprefix(".")
    if path.name.lower().endswith(".tar.gz"):
        return "archive"
    if ending in READ:
        return "read"
    other = "ending" if _ENDING.fullmatch(ending) else ""
    return _KINDS.get(ending, other)


def _judge_content(path: Path) -> str:
    """Of a file without an ending; `14.02` or `csv (1)` is none."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith((b"\x1f\x8b", ZIP, OLD, b"\xff\xfe", b"\xfe\xff")):
        return "read"
    if head.startswith((b"\xff\xd8\xff", b"\x89PNG")):
        return "picture"
    if head.startswith(b"%PDF"):
        return "pdf"
    return "binary" if b"\0" in head else "read"


def tell(passed: Iterable[PassedOver], folder: Path) -> Iterator[Remark]:
    """One remark for each kind of file that is not read, with their names."""
    kinds: dict[str, list[PassedOver]] = {}
    for file in passed:
        kinds.setdefault(file.kind, []).append(file)
    for kind, files in kinds.items():
        shown = (clip(os.path.relpath(file.path, folder)) for file in files[:MAX_NAMED])
        values: dict[str, object] = {
            "files": len(files),
            "names": ", ".join(shown),
            "reason": files[0].reason,
        }
        more = len(files) - MAX_NAMED
        key = "folder.not-read-more" if more > 0 else "folder.not-read"
        if more > 0:
            values["more"] = more
        yield Remark(0, f"not-read-{kind}", Sentence(key, **values))
