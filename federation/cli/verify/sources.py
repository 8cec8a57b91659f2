"""What somebody types to have verified: an address, a folder, a bundle, one document.

Rule: a file is what it holds, whatever it is called. What cannot be opened is handed on
with its fault: that a bundle is cut off is the answer to the question. A node that asks
to wait is waited for, and whoever sits there is told.
"""

import os
import re
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import aiohttp

from federation.cli.context import Run
from federation.errors import FormatError, NotFoundError, UnreadableError
from federation.feeds.bundle import FIRST, BundleFile, is_bundle
from federation.feeds.files import FileFeed, Files
from federation.feeds.folder import Folder
from federation.feeds.http import HttpFeed
from federation.feeds.resource import LOGS
from federation.feeds.retry import Waits
from federation.feeds.sessions import Sessions
from federation.feeds.unreadable import unreadable
from federation.flows.audit import AuditSource
from federation.flows.audit.document import READMES
from federation.sources.pipe import STDIN_NAMES, open_source
from federation.text import Sentence
from federation.tlog.fork import MAX_EVIDENCE_BYTES

SITE: Final = "site"
_LONG_S: Final = 5.0
_ADDRESSES: Final = ("http://", "https://")
_LIKE_ADDRESS: Final = re.compile(r"[A-Za-z]+:/|[\w.-]+:[0-9]+(?:/|\Z)")
_MAX_PIPE_BYTES: Final = 1 << 36


def open_sources(
    run: Run, names: Iterable[str], stack: AsyncExitStack
) -> list[AuditSource]:
    """What these names stand for; closed with the stack.

    Args:
        run: Of the command: its clock, and whom it tells that a node asks to wait.
        names: Addresses and paths, as they were typed.
        stack: Closes what was opened.

    Raises:
        NotFoundError: none of them is there.
    """
    sessions = Sessions()
    stack.push_async_callback(sessions.close)
    # Whoever typed a private address meant it.
    session = sessions.session(allow_private=True)
    sources = [
        AuditSource(name=name, feed=_open_address(run, name, session))
        if _is_address(name)
        else _open_path(name, stack)
        for given in dict.fromkeys(names)
        for name in _spread(given)
    ]
    gone = [source.fault for source in sources if isinstance(source.fault, _GoneError)]
    if len(gone) == len(sources):
        raise NotFoundError(gone[0].what)
    return sources


class _GoneError(UnreadableError):
    """Nothing of this name; the other sources are verified all the same."""


def _is_address(name: str) -> bool:
    return name.lower().startswith(_ADDRESSES)


def _open_address(run: Run, name: str, session: aiohttp.ClientSession) -> HttpFeed:
    scheme, _, host = name.partition("://")
    name, host = f"{scheme.lower()}://{host}", host.partition("/")[0]

    # The first wait, and each that is long: of a limit by the second there are many.
    is_first = True

    def told(seconds: float) -> None:
        nonlocal is_first
        if not is_first and seconds < _LONG_S:
            return
        is_first = False
        run.out.note(run.t("network.waiting", host=host, seconds=f"{seconds:.0f}"))

    waits = Waits(time.monotonic, told=told)
    return HttpFeed(session, host, name, waits=waits, wall=run.clock, is_typed=True)


def _spread(name: str) -> list[str]:
    """The files of a folder that holds nothing else, such as receipts; else itself."""
    path = Path(name)
    if _is_address(name) or not path.is_dir():
        return [name]
    try:
        inside = sorted(path.iterdir())
    except OSError:
        return [name]  # told when it is opened
    # What people read beside documents is none.
    inside = [file for file in inside if file.name not in READMES.values()]
    is_flat = bool(inside) and all(file.is_file() for file in inside)
    is_log = any(file.name == LOGS.path for file in inside)
    return [str(file) for file in inside] if is_flat and not is_log else [name]


def _open_path(name: str, stack: AsyncExitStack) -> AuditSource:
    try:
        return _open_there(name, stack)
    except FileNotFoundError:
        key = "no-address-scheme" if _LIKE_ADDRESS.match(name) else "no-path"
        fault = _GoneError(Sentence(f"network.{key}", path=name), name)
        return AuditSource(name=name, fault=fault)
    except OSError as error:
        return AuditSource(name=name, fault=unreadable(error, name))


def _open_there(name: str, stack: AsyncExitStack) -> AuditSource:
    path = Path(name)
    if path.is_dir():
        os.scandir(path).close()
        # An archive (`federation election archive`) has its files one folder below.
        where = path / SITE if (path / SITE / LOGS.path).exists() else path
        is_whole = (where / LOGS.path).exists()
        return _of_files(name, Folder(where), is_whole=is_whole)
    if not path.is_file() or name in STDIN_NAMES:
        return _open_pipe(name, stack)
    try:
        if is_bundle(path):
            bundle = stack.enter_context(BundleFile(path))
            return _of_files(name, bundle, is_whole=bundle.is_whole)
        with path.open("rb") as file:
            data = file.read(MAX_EVIDENCE_BYTES + 1)
    except FormatError as error:
        return AuditSource(name=name, fault=error)
    return AuditSource(name=name, document=data)


def _open_pipe(name: str, stack: AsyncExitStack) -> AuditSource:
    """What comes through a pipe, or is named `-`."""
    try:
        file = open_source(name, name, _MAX_PIPE_BYTES)
    except FormatError as error:
        return AuditSource(name=name, fault=UnreadableError(error.what, name))
    data = file.read(MAX_EVIDENCE_BYTES + 1)
    if not data.startswith(FIRST):
        file.close()
        return AuditSource(name=name, document=data)
    try:
        bundle = stack.enter_context(BundleFile(Path(name), file))
    except FormatError as error:
        return AuditSource(name=name, fault=error)
    return _of_files(name, bundle, is_whole=bundle.is_whole)


def _of_files(name: str, files: Files, *, is_whole: bool) -> AuditSource:
    feed = FileFeed(files, name) if is_whole else None
    return AuditSource(name=name, feed=feed, files=files)
