"""A node and its partner, both well, of which a case breaks one thing."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import pytest

from federation.config.home import Home
from federation.config.peers import Peer, format_peer
from federation.feeds import tls
from federation.store.db import Database
from federation.store.logs import add_log
from tests.certificates import Authority
from tests.partnernode import PartnerNode, serve

NOBODY = 65_534


@dataclass
class World:
    """Ours is a.example, in `home`; the partner is b.example, answered for by `node`.

    `peer` is what stands in peers.toml, where `url` is that of the node while the case
    runs, unless the case says another one.
    """

    folder: Path
    home: Home
    other: Home
    node: PartnerNode
    authority: Authority
    monkeypatch: pytest.MonkeyPatch
    peer: Peer
    context: object = None
    prefix: str = ""
    change_url: Callable[[str], str] = str
    keeps_peers: bool = False
    uid: int | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """The partner's node answers, and peers.toml names it."""
        with serve(self.node, self.context, self.prefix) as url:
            if not self.keeps_peers:
                self.write_peer(self.peer.url or self.change_url(url))
            with self._user():
                yield

    def write_peer(self, url: str | None) -> None:
        peer = replace(self.peer, url=url or None)
        self.home.peers.write_text(format_peer(peer))

    @contextlib.contextmanager
    def _user(self) -> Iterator[None]:
        """The command is run by this user; only root can be another one."""
        if self.uid is None:
            yield
            return
        os.setresuid(self.uid, self.uid, 0)
        try:
            yield
        finally:
            os.setresuid(0, 0, 0)

    def as_nobody(self, *given: Path) -> None:
        """The command is run by another user, whom only these files belong to."""
        if os.geteuid():
            pytest.skip("only root can run a command as somebody else")
        for root in given:
            for path in (root, *root.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        self.uid = NOBODY

    def edit(self, old: str, new: str) -> None:
        """Other words in federation.toml."""
        text = self.home.settings.read_text()
        assert old in text, old
        self.home.settings.write_text(text.replace(old, new, 1))

    def write(self, text: str) -> None:
        """The whole of peers.toml."""
        self.home.peers.write_text(text)
        self.keeps_peers = True

    def hold(self, origin: str, size: int) -> None:
        """We hold that much of a log."""
        with contextlib.closing(self.database()) as db, db.transaction() as tx:
            log = add_log(tx, origin, own=origin.startswith("a.example"))
            tx.execute("UPDATE log SET size = ? WHERE id = ?", (size, log.id))

    def database(self) -> Database:
        database = Database.open(self.home.data)
        self.home.data.chmod(0o700)
        return database


@contextlib.contextmanager
def make_world(founded: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """In a folder that other users can reach, too."""
    folder = Path(tempfile.mkdtemp(prefix="federation-broken-"))
    folder.chmod(0o755)
    try:
        shutil.copytree(founded / "a", folder / "a")
        certificates = folder / "certificates"
        certificates.mkdir()
        authority = Authority(certificates)
        trusting = authority.trusting
        monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting())
        monkeypatch.setattr(tls, "trusted_context", trusting)
        node = PartnerNode(Home(founded / "b"))
        peer = Peer(org="b.example", identity=node.identity, allow_private=True)
        world = World(
            folder=folder,
            home=Home(folder / "a"),
            other=Home(founded / "b"),
            node=node,
            authority=authority,
            monkeypatch=monkeypatch,
            peer=peer,
        )
        world.database().close()
        yield world
    finally:
        shutil.rmtree(folder)
