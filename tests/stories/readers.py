"""Readers (`serve --read-only`) as processes, and what comes from them."""

import contextlib
import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from tests.stories.nodes import ELECTION, PROJECT, free_port
from tests.waiting import LIMIT_S, unmeasured, wait_until


def get(url: str, path: str, data: bytes | None = None):
    """Status, body and headers; status 0 where nobody answers."""
    # Pages name the address by which they were asked.
    request = urllib.request.Request(url + path, data, {"Host": "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return answer.status, answer.read(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), error.headers
    except OSError:
        return 0, b"", {}


class ReaderProcess:
    """`federation serve --read-only` of a home, on a port of its own."""

    def __init__(self, home: Path, *more: str) -> None:
        self.port, self.log = free_port(), home / f"reader-{id(self)}.log"
        self.url = f"http://127.0.0.1:{self.port}"
        words = ["serve", "--read-only", "--port", str(self.port), "--home", str(home)]
        words += more
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "federation", *words],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=PROJECT, env=unmeasured(),
            )  # fmt: skip
        wait_until(self._answers, "a reader answers")

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.get("/livez")[0] == 200

    def get(self, path: str, data: bytes | None = None):
        """See `get`."""
        return get(self.url, path, data)

    def sizes(self) -> list[tuple[str, int, int]]:
        """How much of each log is held, and on the map."""
        logs = json.loads(self.get("/v1/status")[1])["logs"]
        return [(log["origin"], log["size"], log["merged"]) for log in logs]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(LIMIT_S)


@contextlib.contextmanager
def events(reader: ReaderProcess, since: str):
    """What comes over a stream of news, line by line."""
    url = f"{reader.url}/events?election={ELECTION}&since={since}"
    with urllib.request.urlopen(url, timeout=LIMIT_S) as stream:
        yield (line for line in stream if line.startswith(b"data: "))


def wait_shown(readers, origin: str, size: int) -> None:
    """Return when each reader has so much of a log on its map."""
    for reader in readers:
        wait_until(
            lambda reader=reader: (origin, size, size) in reader.sizes(), f"all {size}"
        )
