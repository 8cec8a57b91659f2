"""What a node serves, read with the libraries of Go's checksum database (check.go)."""

import asyncio
import contextlib
import csv
import itertools

import pytest

from federation.cli import run
from federation.cli.output import Output
from federation.feeds.resource import log_path
from federation.records.keychain import decode_keys, open_chain
from federation.text import Text
from federation.tlog.keys import format_vkey, parse_vkey
from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.waiting import until

ORGS = ("jagapemilu.example", "jagasuara.example", "kawalpemilu.example")
ORIGIN = f"{ORGS[0]}/{ELECTION}"
ROWS = 1000


def rows_of(shared, most=ROWS):
    """The first rows of a real export, as a platform hands them in."""
    path = shared / "data" / "pilpres2019" / "sample-a-plano.csv"
    with path.open(newline="") as lines:
        for row in itertools.islice(csv.DictReader(lines), most):
            yield draft(
                f"{row['kode_kelurahan']}{int(row['no_tps']):03}",
                int(row["paslon_01"]),
                int(row["paslon_02"]),
                figures={"suara_sah": int(row["sah"])},
            )


@contextlib.asynccontextmanager
async def three_nodes(folder):
    homes = [make_home(folder, org) for org in ORGS]
    async with contextlib.AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(serving(home)) for home in homes]
        for one, other in itertools.permutations(nodes, 2):
            add_peer(one.home, other.home, other.url)
        yield nodes


async def log_key(node):
    """The log's key, as whoever knows the operator's identity key reads it."""
    notes = decode_keys(await get(node, "keys"))
    identity = parse_vkey(node.home.vkey(ORGS[0]).read_text().strip())
    return format_vkey(open_chain(notes, identity).log_key(1))


async def mirror_key(node):
    """The key with which a partner confirms what it holds."""
    org = node.home.folder.name
    keys = log_path(f"{org}/{ELECTION}", "keys")
    _, body, _ = await node.get(f"/{keys}")
    identity = parse_vkey(node.home.vkey(org).read_text().strip())
    return format_vkey(open_chain(decode_keys(body), identity).mirror_keys()[0])


async def get(node, path):
    status, body, _ = await node.get("/" + log_path(ORIGIN, path))
    assert status == 200, path
    return body


@pytest.mark.slow
async def test_go_follows_a_served_log_from_every_older_size(tmp_path, shared, checker):
    rows = list(rows_of(shared))
    assert len(rows) == ROWS
    async with three_nodes(tmp_path) as nodes:
        node, older = nodes[0], list[str]()
        key = await log_key(node)
        ends = (0, 1, 2, 7, 254, 255, 256, 511, 767, 1000)
        for start, end in itertools.pairwise(ends):
            body = {"election": ELECTION, "records": rows[start:end]}
            status, said = await node.post("/v1/records", body)
            assert (status, len(said["verdicts"])) == (200, end - start)
            answer = await checker.run(node.url, ORIGIN, key, older=older)
            assert answer.verdict == "proved", answer.text
            assert answer.size == end + 1
            assert all(answer.checks.values())
            held = tmp_path / f"checkpoint-{end}"
            held.write_bytes(await get(node, "checkpoint"))
            older.append(str(held))

        async def cosigned():
            return (await get(node, "checkpoint")).count("— ".encode()) == 3

        await until(cosigned)
        partners = [await mirror_key(one) for one in nodes[1:]]
        answer = await checker.run(node.url, ORIGIN, key, mirrors=partners)
        assert answer.verdict == "proved"
        for org in ORGS[1:]:
            assert f'"by {org}/mirror, 20' in answer.text
        for shower in nodes:
            answer = await checker.run(shower.url, ORIGIN, key, older=older)
            assert answer.verdict == "proved", answer.text
            assert answer.checks == dict.fromkeys(
                (
                    "keys",
                    "checkpoint",
                    "consistency",
                    "records",
                    "root",
                    "tiles",
                    "inclusion",
                    "signed",
                ),
                True,
            )
        for index in (0, 1, 255, 256, ROWS):
            answer = await checker.run(node.url, ORIGIN, key, index=index)
            assert (answer.exit, answer.checks["record"]) == (0, True), answer.text


@pytest.mark.slow
async def test_go_accepts_what_a_node_writes_as_plain_files(tmp_path, shared, checker):
    home = make_home(tmp_path, ORGS[0])
    async with serving(home, alone=True) as node:
        body = {"election": ELECTION, "records": list(rows_of(shared, 300))}
        assert (await node.post("/v1/records", body))[0] == 200
        key = await log_key(node)
    folder = tmp_path / "static"
    words = ["export", "--static", str(folder), "--home", str(home.folder), "--json"]
    with contextlib.redirect_stdout(None):
        assert await asyncio.to_thread(run, words, Output(Text("en"))) == 0
    answer = await checker.run(folder, ORIGIN, key)
    assert (answer.verdict, answer.size) == ("proved", 301), answer.text
