"""The partners as `peers.toml` says now; a change takes effect without a restart.

A broken file leaves the partners as they were and raises the alarm `peers-file`: a
slip of the pen on election night must not cut a node off.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from federation.config.document import read_file
from federation.config.peers import Peer, load_peers, parse_peers
from federation.errors import ConfigError
from federation.text import Sentence

ALARM = "peers-file"


class Peers:
    """The configured partners by organisation."""

    def __init__(self, path: Path, on_fault: Callable[[Sentence | None], None]) -> None:
        """`on_fault` is told what is wrong with the file, or None when it is mended.

        Raises:
            ConfigError: the file cannot be used: at the start it must be.
        """
        self._path, self._on_fault = path, on_fault
        self._seen = _stamp(path)
        self.by_org: dict[str, Peer] = _by_org(load_peers(path))

    def refresh(self) -> bool:
        """Whether the partners are others than before."""
        stamp = _stamp(self._path)
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            # Some editors take the file away before they put the new one there: only
            # at the start does a missing file mean that there are no partners.
            new = _by_org(parse_peers(read_file(self._path), self._path))
        except ConfigError as error:
            self._on_fault(error.told)
            return False
        self._on_fault(None)
        changed = new != self.by_org
        self.by_org = new
        return changed

    @property
    def hidden(self) -> frozenset[str]:
        """Organisations whose statements stay out of the map."""
        return frozenset(org for org, peer in self.by_org.items() if peer.hidden)

    @property
    def reachable(self) -> list[str]:
        """Partners that are asked: with an address, and not paused."""
        return [o for o, peer in self.by_org.items() if peer.url and not peer.paused]


def _by_org(peers: Iterable[Peer]) -> dict[str, Peer]:
    return {peer.org: peer for peer in peers}


def _stamp(path: Path) -> tuple[int, int, int]:
    """Changes with every way in which editors save a file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)
