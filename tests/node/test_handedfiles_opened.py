"""Whatever lies where a bundle file should: the node that is told of it goes on."""

import asyncio
import os
import threading

import pytest

from federation.errors import FormatError
from federation.feeds import bundle
from federation.node import handedfiles
from tests.fakes import FakeOrg, FakePeer, Tree
from tests.handed import bundle_of
from tests.homes import ELECTION, make_home, serving

JAGA = FakeOrg("jagapemilu.example", ELECTION)


async def opened(path):
    async with handedfiles.open_files(path) as files:
        return sorted(files.names())


async def test_a_node_that_is_told_of_a_pipe_answers(tmp_path):
    path = tmp_path / "f.zip"
    os.mkfifo(path)
    async with serving(make_home(tmp_path)) as node:
        async with asyncio.timeout(10):
            status, said = await node.post("/v1/control/take", {"path": str(path)})
            assert status == 400, said
            assert "not a regular file" in said["detail"]
            assert (await node.get("/v1/status"))[0] == 200


async def test_files_are_opened_and_walked_beside_what_the_node_serves(
    tmp_path, monkeypatch
):
    tree = Tree(JAGA).grow(JAGA.results(0, 9))
    path = bundle_of(tmp_path / "b.zip", FakePeer("x").show(tree))
    threads = set()
    for name in ("_open", "_read_vector", "_begins"):
        real = getattr(handedfiles, name)

        def seen(*given, real=real, name=name):
            threads.add((name, threading.current_thread() is threading.main_thread()))
            return real(*given)

        monkeypatch.setattr(handedfiles, name, seen)
    async with serving(make_home(tmp_path)) as node:
        body = {"path": str(path), "dry_run": True}
        assert (await node.post("/v1/control/take", body))[0] == 200
    assert threads == {("_open", False), ("_read_vector", False)}


async def test_a_bundle_of_too_many_names_is_refused(tmp_path, monkeypatch):
    tree = Tree(JAGA).grow(JAGA.results(0, 9))
    path = bundle_of(tmp_path / "b.zip", FakePeer("x").show(tree))
    names = await opened(path)
    monkeypatch.setattr(bundle, "MAX_NAMES", len(names) - 1)
    with pytest.raises(FormatError, match="more than"):
        await opened(path)
