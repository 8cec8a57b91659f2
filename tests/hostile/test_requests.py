"""Every hostile request gets the answer of the table, from a node that runs."""

import hashlib
import json
import runpy
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.indonesian import find_english
from tests.waiting import LIMIT_S, wait_until

TABLE = runpy.run_path(str(Path(__file__).with_name("requests.py")))


READY = b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Node:
    """A node process and how to reach it."""

    def __init__(self, home: Path, control: dict[str, str]) -> None:
        host, _, port = control["url"].removeprefix("http://").partition(":")
        self.address, self.token = (host, int(port)), control["token"]
        self.home = home

    def send(self, data: bytes) -> bytes:
        """What the node answers to these bytes, until it hangs up."""
        with socket.create_connection(self.address, timeout=LIMIT_S) as connection:
            try:
                connection.sendall(data)
                return b"".join(iter(lambda: connection.recv(65536), b""))
            except (BrokenPipeError, ConnectionResetError):
                return b""

    def fill(self, data: bytes) -> bytes:
        log = hashlib.sha256(b"jagasuara.example/pemilu-2024").hexdigest()
        filled = data.replace(b"{token}", self.token.encode())
        return filled.replace(b"{log}", log.encode())


@pytest.fixture(scope="session")
def node(home):
    """A node of that home, until the end of the tests."""
    control = home / "data" / "control.json"
    words = [sys.executable, "-m", "federation", "serve", "--home", str(home)]
    with (home / "serve.log").open("wb") as log:
        process = subprocess.Popen(
            words, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
    try:

        def serves():
            assert process.poll() is None, (home / "serve.log").read_text()
            return control.exists()

        wait_until(serves, "the node starts")
        found = Node(home, json.loads(control.read_text()))
        wait_until(lambda: b" 200 OK" in found.send(READY), "the node gets ready")
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(LIMIT_S)


def answer_of(node, data) -> str:
    """What the node says, as the table writes it."""
    said = node.send(node.fill(data))
    head, _, body = said.partition(b"\r\n\r\n")
    if not head:
        return "closed"
    status = head.split(b" ", 2)[1].decode()
    if b"application/problem+json" not in head:
        return _plain(status, body)
    problem = json.loads(body)
    assert problem["status"] == int(status)
    return f"{status} {problem['code']}: {problem['detail']}"


def _plain(status: str, body: bytes) -> str:
    if body.startswith(b'{"verdicts":'):
        (verdict,) = json.loads(body)["verdicts"]
        return f"{status}, row {verdict['outcome']}: {verdict['reason']}"
    return status


@pytest.mark.parametrize("case", TABLE["CASES"], ids=lambda case: " - ".join(case[:2]))
def test_a_hostile_request_gets_its_answer(node, case):
    door, name, data = case
    expected = TABLE["ANSWERS"][door][name]
    assert answer_of(node, data) == expected
    head, line, rest = data.partition(b"\r\n")
    told = answer_of(node, head + line + b"Accept-Language: id\r\n" + rest)
    # 429: it came again too soon for one who may ask so often.
    assert told[:3] in {expected[:3], "429"}
    assert find_english(told.partition(": ")[2]) == [], told


def test_no_request_leaves_a_trace_in_the_log(node):
    """A log that strangers can fill is a disk that strangers can fill."""
    for _, _, data in TABLE["CASES"]:
        node.send(node.fill(data))
    assert "Traceback" not in (node.home / "serve.log").read_text()


def test_a_notice_may_come_in_pieces(node):
    body = b'{"org":"kawalpemilu.example"}'
    head = (
        b"POST /notify HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    with socket.create_connection(node.address, timeout=LIMIT_S) as connection:
        for piece in (head, body[:10], body[10:]):
            connection.sendall(piece)
            time.sleep(0.05)
        said = connection.recv(65536)
    # 429: other tests have given notice already. Never 400: it is whole.
    assert said.split()[1] in {b"202", b"429"}
