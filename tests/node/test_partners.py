"""What is for partners goes to those whom its origin lets have it, and no further."""

import contextlib
import json
import re
import time
from random import Random

import pytest

from federation.config.keystore import load_signer
from federation.feeds.resource import log_path
from federation.feeds.signature import RequestSigner
from tests.homes import add_peer, make_home, serving
from tests.incidents import begin_incidents
from tests.waiting import until

pytestmark = pytest.mark.slow  # turns are a second apart
A, B, C = ORGS = ("jagapemilu.example", "jagasuara.example", "kawalpemilu.example")


def tables_of(home):
    """The text before the partners' tables, and these by organisation."""
    head, *tables = re.split(r"(?m)^\[\[peer\]\]\n", home.peers.read_text())
    return head, {re.search(r'(?m)^org = "(.*)"', one)[1]: one for one in tables}


def write_tables(home, head, tables):
    home.peers.write_text(head + "".join(f"[[peer]]\n{one}" for one in tables.values()))


def may(home, org, **keys):
    """Set keys of a partner's table, as an operator does in an editor."""
    head, tables = tables_of(home)
    for key, value in keys.items():
        kept = re.sub(rf"(?m)^{key} = .*\n", "", tables[org]).rstrip("\n")
        tables[org] = f"{kept}\n{key} = {json.dumps(value)}\n\n"
    write_tables(home, head, tables)


def drop(home, org):
    """Take a partner's table away."""
    head, tables = tables_of(home)
    del tables[org]
    write_tables(home, head, tables)


class Three:
    """A has what is for partners; B asks A and C, C asks B; A and C never meet."""

    def __init__(self, homes, nodes, origin):
        self.homes, self.nodes, self.origin = homes, nodes, origin
        self.paths = [
            "/" + log_path(origin, name)
            for name in ("checkpoint", "keys", "about", "tile/0/000.p/4", "cosigned")
        ]

    async def ask(self, asked, path, by=None):
        """The status of an answer of a node, asked by a partner or a stranger."""
        node, headers = self.nodes[asked], {"X-Forwarded-For": "198.51.100.7"}
        if by:
            key = load_signer(self.homes[by].role_key("node"), f"{by}/node")
            url = node.url + path
            headers |= RequestSigner(key, time.time, Random()).sign("GET", url)
        status, body, got = await node.get(path, headers=headers)
        return status, body, got

    async def statuses(self, asked, by=None):
        """What the paths of the log answer, and whether the vector has it."""
        found = {(await self.ask(asked, path, by))[0] for path in self.paths}
        status, body, headers = await self.ask(asked, "/logs", by)
        assert status == 200, body
        assert by is None or headers["Cache-Control"].startswith("private")
        is_listed = self.origin in body.decode()
        return found, is_listed

    async def gets(self, asked, by=None):
        return await self.statuses(asked, by) == ({200}, True)

    async def gets_nothing(self, asked, by=None):
        return await self.statuses(asked, by) == ({404}, False)


@pytest.fixture
async def three(tmp_path):
    homes = {org: make_home(tmp_path, org) for org in ORGS}
    origin = begin_incidents(homes[A])
    async with contextlib.AsyncExitStack() as stack:
        nodes = {
            org: await stack.enter_async_context(serving(home))
            for org, home in homes.items()
        }
        for one, other in ((A, B), (B, A), (B, C), (C, B)):
            add_peer(homes[one], homes[other], nodes[other].url)
        for one, other in ((A, C), (C, A)):
            add_peer(homes[one], homes[other])
        may(homes[A], B, logs=["incidents"])
        yield Three(homes, nodes, origin)


async def held(three, org):
    status, body, _ = await three.nodes[org].get(
        "/v1/status",
        headers={"Authorization": f"Bearer {three.nodes[org].token}"},
    )
    assert status == 200
    sizes = {one["origin"]: one["size"] for one in json.loads(body)["logs"]}
    return sizes.get(three.origin, 0)


async def test_a_log_for_partners_goes_as_far_as_its_origin_has_signed(three):
    async def relay_has_it():
        return await held(three, B) == 4

    await until(relay_has_it)
    # The relay has it; who is not named gets it from neither, whoever it is.
    await until(lambda: three.gets(A, by=B))
    await until(lambda: knows(three, A, C))
    await until(lambda: knows(three, B, C))
    for asked in (A, B):
        assert await three.gets_nothing(asked, by=C)
        assert await three.gets_nothing(asked)
    assert await three.gets(B, by=A), "its origin"

    # Named by the origin, it gets it from the relay, and so its node takes it in.
    may(three.homes[A], C, logs=["incidents"])
    await until(lambda: three.gets(A, by=C))
    await until(lambda: three.gets(B, by=C))

    async def third_has_it():
        return await held(three, C) == 4

    await until(third_has_it)
    assert await three.gets_nothing(C), "strangers get it nowhere"

    # A relay that may not hand it on hands it to its origin only.
    may(three.homes[A], B, may_relay=False)
    await until(lambda: three.gets_nothing(B, by=C))
    assert await three.gets(A, by=C)
    assert await three.gets(A, by=B)
    may(three.homes[A], B, may_relay=True)
    await until(lambda: three.gets(B, by=C))

    # Who drops out of the audience gets nothing from then on, from either.
    may(three.homes[A], C, logs=[])
    await until(lambda: three.gets_nothing(A, by=C))
    await until(lambda: three.gets_nothing(B, by=C))

    # Whom its origin knows no longer is told so.
    drop(three.homes[A], C)
    await until(lambda: told(three, A, C, "request-unknown-key"))


async def told(three, asked, by, code):
    status, body, _ = await three.ask(asked, "/logs", by)
    return status == 401 and json.loads(body)["code"] == code


async def knows(three, asked, by):
    return (await three.ask(asked, "/logs", by))[0] == 200
