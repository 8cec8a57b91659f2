"""A process that pulls until it is killed: see test_kill.py.

    python pulling.py FOLDER URL

prints "READY", then after each turn the next index that is committed for good.
"""

import asyncio
import sys
from pathlib import Path

from federation.feeds.http import HttpFeed
from federation.feeds.sessions import Sessions
from federation.flows.pull import extend, pull
from federation.store.db import Database

sys.path.insert(0, str(Path(__file__).parents[3]))  # run as a script

from tests.fakes import FakeOrg
from tests.flows.pull.conftest import Puller


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(folder: str, url: str) -> None:
    owner = FakeOrg("jagasuara.example")
    extend.STEP_LEAVES = 256
    puller = Puller(Database.open(Path(folder)))
    puller.trust(owner, allow_private=True, max_rows_per_turn=700)
    say("READY")
    async with Sessions() as sessions:
        session = sessions.session(allow_private=True)
        feed = HttpFeed(session, owner.org, url)
        while True:
            report = await pull(puller.ctx, puller.peers[owner.org], feed, 1)
            say(str(puller.log(owner).next_index))
            if report.unchanged:
                return


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
