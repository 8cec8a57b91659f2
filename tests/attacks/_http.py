"""A running node as a door: spoilt requests over a socket, answers that are declared.

The node is a process of its own, on loopback, and ends with the attack. No answer may
be 500 (an error of ours), and nothing that it writes may be a trace.
"""

# ruff: noqa: E501  a row of a table stays on one line

import contextlib
import hashlib
import json
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.attacks._commands import home
from tests.fakes import ELECTION

REQUESTS = runpy.run_path(str(Path(__file__).parents[1] / "hostile" / "requests.py"))
_START_S = 30
_HEADERS = (
    b"GET /logs HTTP/1.1\r\nHost: n\r\nIf-None-Match: \"abc\", W/\"d\"\r\nRange: bytes=0-5\r\nAccept-Encoding: zstd;q=0.5, gzip\r\nAccept-Language: id;q=0.9\r\nConnection: close\r\n\r\n",
    b"GET /v1/changes?since=abc.17&limit=5&wait=0&format=csv HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n",
    b"GET /wilayah/13?election=pemilu-2024&lang=en HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n",
    b"GET /v1/tally/13?contest=ppwp HTTP/1.1\r\nHost: n\r\nCookie: a=b\r\nConnection: close\r\n\r\n",
)  # fmt: skip


class AnswerError(Exception):
    """An answer of 500, or none from a node that is gone."""


class Node:
    """A node that runs, and how to speak with it."""

    def __init__(self, url: str, token: str, log: Path) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        self._address, self._token, self._log = (host, int(port)), token, log

    def seeds(self) -> Sequence[bytes]:
        """Good and bad requests, filled in."""
        name = hashlib.sha256(f"jagapemilu.example/{ELECTION}".encode()).hexdigest()
        given = [case[2] for case in REQUESTS["CASES"] if len(case[2]) < 100_000]
        return [
            one.replace(b"{token}", self._token.encode()).replace(b"{log}", name.encode())
            for one in (*given, *_HEADERS)
        ]  # fmt: skip

    def send(self, data: bytes) -> bytes:
        """What it answers until it hangs up, or says nothing for a while."""
        with socket.create_connection(self._address, timeout=10) as connection:
            connection.settimeout(0.25)
            answer = b""
            with contextlib.suppress(ConnectionError, TimeoutError):
                connection.sendall(data)
                while part := connection.recv(65536):
                    answer += part
        return answer

    def take(self, data: bytes) -> None:
        """Send it; see that the answer is declared.

        Raises:
            AnswerError: 500.
        """
        answer = self.send(data)
        if answer.startswith(b"HTTP/1.1 500"):
            raise AnswerError(repr(answer[-300:]))

    def check(self) -> None:
        """See that it still serves, and wrote no trace.

        Raises:
            AnswerError: it does not, or did.
        """
        if b" 200 OK" not in self.send(
            b"GET /logs HTTP/1.1\r\nHost: n\r\nConnection: close\r\n\r\n"
        ):
            raise AnswerError("it does not serve any more")
        if "Traceback" in (said := self._log.read_text(errors="replace")):
            raise AnswerError(said[said.index("Traceback") :][-1500:])


@contextlib.contextmanager
def serving() -> Iterator[Node]:
    """A node of the home of `_commands.py`, for the block."""
    here = Path(home())
    control, log = here / "data" / "control.json", here / "serve.log"
    words = [sys.executable, "-m", "federation", "serve", "--home", str(here)]
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, stdout=out, stderr=out, stdin=subprocess.DEVNULL
        )
    try:
        until = time.monotonic() + _START_S
        while not control.exists():
            if process.poll() is not None or time.monotonic() > until:
                raise AnswerError(log.read_text())
            time.sleep(0.02)
        said = json.loads(control.read_text())
        yield Node(said["url"], said["token"], log)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
