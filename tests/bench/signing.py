"""What signing costs: a request, and a sync of public records beside one unsigned.

    python -m tests.bench.signing [RECORDS]

Rule: ratios within one run; both kinds of sync alternate, so that whatever else the
machine does meets both. The requests of both are counted, too.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from statistics import median

from aiohttp.test_utils import TestServer

from federation.config.peers import Peer
from federation.feeds.http import HttpFeed
from federation.feeds.introduction import Introduction
from federation.feeds.sessions import Sessions
from federation.feeds.signature import RequestSigner, open_request
from federation.flows.pull import PullContext, pull
from federation.profiles import load_shipped
from federation.store.db import Database
from tests.fakes import FakeOrg, FakePeer, Tree, app_of, signer

ROUNDS = 7
URL = f"https://data.jagasuara.example/blob/{'0' * 64}"
SIGNER = RequestSigner(signer("kawalpemilu.example/node"), time.time, Random(1))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def each(work, times: int = 2000) -> float:
    """Microseconds of processor time for one."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1e6


async def sync(sessions, url: str, owner: FakeOrg, introduction) -> float:
    """Seconds of processor time that a first sync takes, into a new database."""
    with tempfile.TemporaryDirectory() as folder:
        db = Database.open(Path(folder))
        with contextlib.closing(db):
            peer = Peer(org=owner.org, identity=owner.identity.key, url=url)
            ctx = PullContext(
                db=db,
                profiles=load_shipped(),
                peers={owner.org: peer},
                own={},
                workers=None,
                clock=time.monotonic,
            )
            session = sessions.session(allow_private=True)
            feed = HttpFeed(session, owner.org, url, introduction=introduction)
            began = time.process_time()
            report = await pull(ctx, peer, feed, int(time.time()))
            took = time.process_time() - began
            assert not report.failures, report
            return took


async def compare(records: int) -> None:
    """Print both kinds of sync beside each other."""
    owner = FakeOrg("jagasuara.example")
    tree = Tree(owner).grow(owner.results(0, records))
    peer = FakePeer(owner.org).show(tree)
    took: dict[bool, list[float]] = {False: [], True: []}
    asked: dict[bool, int] = {}
    async with TestServer(app_of(peer)) as server, Sessions() as sessions:
        url = str(server.make_url("")).rstrip("/")
        for turn in range(2 * ROUNDS + 2):
            is_signed = turn % 2 == 1
            introduction = Introduction(SIGNER, time.monotonic) if is_signed else None
            peer.asked.clear()
            seconds = await sync(sessions, url, owner, introduction)
            if turn > 1:  # the first of each warms up
                took[is_signed].append(seconds)
            asked[is_signed] = len(peer.asked)
    ratio = median(took[True]) / median(took[False])
    say(f"a sync of {records:,} records: requests {asked[False]}, signed {asked[True]}")
    say(f"processor time, signed / unsigned, median of {ROUNDS}: {ratio:.3f}")


def main() -> None:
    """Measure and print."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    headers = SIGNER.sign("GET", URL)
    now = int(time.time())
    say(f"sign a request: {each(lambda: SIGNER.sign('GET', URL)):.0f} µs")
    say(f"verify one: {each(lambda: open_request('GET', URL, headers, now)):.0f} µs")
    asyncio.run(compare(records))


if __name__ == "__main__":
    main()
