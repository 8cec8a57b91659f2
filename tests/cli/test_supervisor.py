"""A service manager is told that the node is ready, that it lives, that it stops."""

import asyncio
import os
import signal
import socket
import subprocess
import sys

import pytest

from federation.cli.serve.supervisor import Supervisor
from federation.store.lock import hold
from tests.homes import make_home


@pytest.fixture
def manager(tmp_path):
    """The socket of a service manager, and what it has heard."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(60)
        yield heard


def hear(manager):
    lines = manager.recv(65_536).decode().splitlines()
    return dict(line.split("=", 1) for line in lines)


def hear_until(manager, name):
    """The first message with that field; those before it have others."""
    while name not in (said := hear(manager)):
        pass
    return said


@pytest.mark.parametrize(
    ("usec", "pid", "watchdog_s"),
    [
        ("2000000", "7", 2.0),
        ("2000000", None, 2.0),
        ("2000000", "8", None),
        ("0", "7", None),
        ("soon", "7", None),
        (None, None, None),
    ],
)
def test_a_watchdog_is_one_of_this_process_only(usec, pid, watchdog_s):
    said = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": usec, "WATCHDOG_PID": pid}
    environ = {name: value for name, value in said.items() if value is not None}
    assert Supervisor.from_environ(environ, 7).watchdog_s == watchdog_s


def test_nobody_is_told_where_nobody_asked(manager):
    for environ in ({}, {"NOTIFY_SOCKET": "relative"}, {"NOTIFY_SOCKET": ""}):
        Supervisor.from_environ(environ, 7).tell(READY=1)
    gone = Supervisor("/nowhere/notify", None)
    gone.tell(READY=1)
    manager.settimeout(0)
    with pytest.raises(BlockingIOError):
        manager.recv(1)


def test_a_socket_without_a_file_is_spoken_to():
    name = f"federation-{os.getpid()}-{id(object())}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(f"\0{name}")
        heard.settimeout(60)
        Supervisor(f"@{name}", None).tell(STATUS="two\nlines", READY=1)
        assert heard.recv(1000) == b"STATUS=two lines\nREADY=1"


async def test_a_process_whose_work_hangs_is_not_said_to_live(manager, tmp_path):
    hangs, beats = asyncio.Event(), 0

    async def look():
        nonlocal beats
        beats += 1
        if beats == 3:
            hangs.set()
            await asyncio.Event().wait()
        return "well"

    async with Supervisor(str(tmp_path / "notify"), 0.02).watching(look):
        async with asyncio.timeout(60):
            await hangs.wait()
    messages = [hear(manager) for _ in range(3)]
    assert messages == [
        {"READY": "1", "STATUS": "well"},
        {"WATCHDOG": "1", "STATUS": "well"},
        {"STOPPING": "1"},
    ]


@pytest.mark.slow
def test_a_node_tells_its_service_manager_from_start_to_stop(manager, tmp_path):
    home = make_home(tmp_path, "jagasuara.example")
    environ = dict(os.environ, NOTIFY_SOCKET=str(tmp_path / "notify"))
    environ |= {"WATCHDOG_USEC": "400000", "FEDERATION_LANG": "id"}
    environ.pop("WATCHDOG_PID", None)
    words = [sys.executable, "-m", "federation", "serve", "--home", str(home.folder)]
    with subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL) as node:
        try:
            assert "basis data" in hear(manager)["STATUS"]
            ready = hear(manager)
            assert ready["READY"] == "1"
            assert "http://127.0.0.1:" in ready["STATUS"]
            assert "peringatan: 0" in ready["STATUS"]
            for _ in range(2):
                assert hear_until(manager, "WATCHDOG")["WATCHDOG"] == "1"
            node.send_signal(signal.SIGTERM)
            assert hear_until(manager, "STOPPING") == {"STOPPING": "1"}
            assert node.wait(60) == 0
        finally:
            node.kill()
    with hold(home.lock):
        pass
