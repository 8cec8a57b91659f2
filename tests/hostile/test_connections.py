"""Good clients beside connections that never end, in small: see `tests/attacks`."""

import argparse
import errno
import sys

import pytest

from federation.web import api
from tests.attacks import connections
from tests.homes import make_home, serving


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts in /proc")
@pytest.mark.parametrize(
    ("kind", "places", "files"),
    [
        ("mixed", 128, None),
        pytest.param("bodies", 512, 160, marks=pytest.mark.long),
    ],
)
def test_good_clients_are_answered_beside_connections_that_never_end(
    capsys, kind, places, files
):
    asked = argparse.Namespace(
        kind=kind, sockets=300, rate=100, seconds=2.0, places=places, files=files
    )
    assert connections.run(asked) == 0, capsys.readouterr().out
    *_, last = [
        line for line in capsys.readouterr().out.splitlines() if "bytes" in line
    ]
    # The words with which it starts and ends, and no more for each connection.
    assert int(last.rpartition(", ")[2].split()[0]) < 2_000


async def test_a_machine_without_descriptors_is_busy_and_has_no_bug(
    tmp_path, monkeypatch, caplog
):
    def full(*_, **__):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(api, "_ask", full)
    async with serving(make_home(tmp_path), alone=True) as node:
        status, body, headers = await node.get("/v1/gaps")
    assert (status, b'"busy"' in body) == (503, True)
    assert "Retry-After" in headers
    assert "Traceback" not in caplog.text
