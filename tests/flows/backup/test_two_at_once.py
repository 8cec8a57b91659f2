"""A backup is put back while the node that it is of still runs."""

import asyncio
import contextlib

import pytest

from federation.config.home import Home
from federation.store import leaves as stored
from federation.store import logs
from federation.store.db import Database
from tests.cli.filled_home import LOG
from tests.flows.backup.commands import answer, give_key, key_words, made
from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.waiting import until

pytestmark = pytest.mark.slow  # turns are a second apart


def log_of(home):
    with (
        contextlib.closing(Database.open(home.data, readonly=True)) as db,
        db.view() as view,
    ):
        return next((log for log in logs.list_logs(view) if log.origin == LOG), None)


def leaves(home, size):
    """The first leaves of our log, as this home holds them."""
    with (
        contextlib.closing(Database.open(home.data, readonly=True)) as db,
        db.view() as view,
    ):
        [log] = [log for log in logs.list_logs(view) if log.origin == LOG]
        return stored.read_leaves(view, log.id, 0, size)


async def reaches(home, size):
    async def held():
        log = log_of(home)
        return log is not None and log.size == size

    return await until(held)


async def freezes(home):
    async def frozen():
        log = log_of(home)
        return log is not None and log.frozen is not None

    return await until(frozen)


async def hand_in(node, number):
    rows = {"election": ELECTION, "records": [draft(f"1371011001{number:03}")]}
    return await node.post("/v1/records", rows)


async def test_the_copy_signs_behind_what_a_partner_has_and_then_all_find_out(
    home, tmp_path
):
    """That both go on nobody can prevent; what was confirmed is not signed again."""
    await asyncio.to_thread(give_key, home)
    other = make_home(tmp_path / "others", "jagapemilu.example")
    async with contextlib.AsyncExitStack() as running:
        partner = await running.enter_async_context(serving(other, alone=True))
        add_peer(home, other, partner.url)
        node = await running.enter_async_context(serving(home, alone=True))
        add_peer(other, home, node.url)
        path = await asyncio.to_thread(made, home, tmp_path / "to")
        size = log_of(home).size + 1
        assert (await hand_in(node, 900))[0] == 200
        await reaches(other, size)
        words = ["backup", "restore", path, tmp_path / "again", *key_words(home)]
        await asyncio.to_thread(answer, home, *words)
        back = Home(tmp_path / "again")
        assert log_of(back).size == size - 1

        # Asked at once, it answers when its partner has: behind all that this one has.
        copy = await running.enter_async_context(serving(back))
        assert (await hand_in(copy, 902))[0] == 200
        assert log_of(back).size == size + 1
        assert leaves(back, size) == leaves(home, size) == leaves(other, size)

        # The first signs that size, too; the copy hears it from the partner, and ends.
        assert (await hand_in(node, 901))[0] == 200
        await freezes(back)
        # Who asks the copy has the proof; the first gets it with the partner's news.
        text = other.peers.read_text()
        other.peers.write_text(text.replace(node.url, copy.url))
        await freezes(other)
        assert (await hand_in(partner, 905))[0] == 200
        await freezes(home)
        assert (await hand_in(node, 904))[0] == 409
