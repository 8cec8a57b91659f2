"""A partner's node whose every answer a test can replace, in a thread of its own."""

import asyncio
import email.utils
import hashlib
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from aiohttp import web

from federation.config.founding import load_chain_notes, load_identity_key
from federation.config.keystore import load_node_keys
from federation.feeds.status import NO_DIGEST, StatusEntry, format_status
from federation.records.about import About, OfferedLog, sign_about
from federation.records.keychain import encode_keys
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.keys import Signer


class PartnerNode:
    """What its node answers, each answer replaceable by a test."""

    def __init__(self, home, org="b.example", election="pemilu-2024"):
        origin = f"{org}/{election}"
        keys = load_node_keys(home, org, [origin])
        self.identity = load_identity_key(home, org)
        self.about = About(
            attribution="",
            audience=(),
            contact="x",
            identity=str(self.identity),
            issue=1,
            licence="CC-BY-4.0",
            logs=(OfferedLog(origin=origin, visibility="public"),),
            name="Jaga B",
            org=org,
            versions=(1,),
        )
        digest = hashlib.sha256(origin.encode()).hexdigest()
        self.well_known = "/.well-known/tps-federation"
        self.keys_path = f"/{digest}/keys"
        self.origin, self.log_key = origin, keys.log[origin]
        self.answers = {
            self.well_known: sign_about(self.about, keys.node),
            self.keys_path: encode_keys(load_chain_notes(home, origin)),
            "/logs": self.heads(),
        }
        self.instead = None  # status, body, header fields: the answer to everything
        self.skew, self.disbelief, self.signer = 0.0, None, keys.node

    def heads(self, size=0, signer=None):
        """The status vector: its own log, signed, and one of a stranger."""
        mine = self._head(self.origin, size, signer or self.log_key)
        other = Signer.from_seed("x.example/pemilu-2024", bytes([3]) * 32)
        return format_status([mine, self._head(other.name, 7, other)])

    def _head(self, origin, size, signer):
        head = Checkpoint(origin, size, hashlib.sha256(b"").digest())
        note = sign_checkpoint(head, signer).decode()
        return StatusEntry(
            origin=origin, about=NO_DIGEST, checkpoint=note, keys=NO_DIGEST
        )

    def _date(self):
        # A partner's clock is the machine's own: nothing here could be fixed.
        now = datetime.now(UTC)  # to compare with it
        later = now + timedelta(seconds=self.skew)
        return email.utils.format_datetime(later, usegmt=True)

    async def handle(self, request):
        if self.instead is not None:
            status, body, fields = self.instead
            return web.Response(status=status, body=body, headers=fields)
        path = "/" + request.match_info["path"]
        body = self.answers.get(path)
        date = "soon" if self.skew is None else self._date()
        if self.disbelief and "Signature-Input" in request.headers:
            return web.json_response(self.disbelief, status=401)
        status = 404 if body is None else 200
        return web.Response(body=body or b"", status=status, headers={"Date": date})


@contextmanager
def serve(node, context=None, prefix=""):
    """The address at which the node answers, in a thread of its own.

    With `context` over TLS; with `prefix` below that path.
    """
    started = Future()
    scheme = "https" if context else "http"

    async def run():
        stop = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", prefix + "/{path:.*}", node.handle)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        started.set_result((runner.addresses[0][1], asyncio.get_running_loop(), stop))
        await stop.wait()
        await runner.cleanup()

    # A daemon: a server that does not end fails its test, it must not hold up all.
    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    port, loop, stop = started.result(10)
    try:
        yield f"{scheme}://127.0.0.1:{port}{prefix}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
    assert not thread.is_alive()
