"""`federation doctor --online` behind a real proxy, as it is handed out and spoilt."""

import time
from contextlib import asynccontextmanager
from random import Random
from urllib.parse import urlsplit

import aiohttp
import pytest

from federation.node.house import addresses, streams, waiting
from federation.node.house.house import look_around
from tests.certificates import Authority
from tests.homes import add_peer, make_home, serving
from tests.proxies import NAME, PROGRAMS, free_port, replaced, running, site_file
from tests.waiting import until

#: What an operator, or whoever set the proxy up before, may have done to it.
SHORT = {"proxy_read_timeout 90s;": "proxy_read_timeout 2s;"}
BUFFERS = {"proxy_http_version 1.1;": "proxy_ignore_headers X-Accel-Buffering;"}
MUTE = {
    "        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n": "",
    "proxy_set_header Host $http_host;": "proxy_set_header Host localhost;",
}


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """Whom this process believes, in place of the system's."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    made = Authority(folder)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", made.trusting())
    return made


@asynccontextmanager
async def house_behind(program, folder, authority, changes, base=""):
    """The house of a node that runs behind this proxy."""
    port = free_port()
    home = make_home(folder)
    add_peer(home, make_home(folder, "jagapemilu.example"), "http://127.0.0.1:1")
    url = f"https://{NAME}:{port}{base}"
    given = {"# public_url =": f'public_url = "{url}" #'}
    given["# trusted_proxies = []"] = 'trusted_proxies = ["127.0.0.1"]'
    home.settings.write_text(replaced(home.settings.read_text(), given))
    certificate = authority.server_file(NAME, days=(-1, 60))
    async with serving(home, alone=True) as node:
        node_port = urlsplit(node.url).port
        text = site_file(program, port, node_port, certificate, below=bool(base))
        with running(program, folder / "proxy", replaced(text, changes), port):
            yield look_around(home.folder, time.time, Random(1))


async def asked(house):
    async def known():
        step = await addresses.see_addresses(house)
        return None if step.seen.key == "steps.addresses-unknown" else step

    return {
        "addresses": (await until(known)).problem,
        "streams": (await streams.see_stream(house, 3)).problem,
        "waiting": (await waiting.wait_through_proxy(house, 3)).problem,
    }


WELL = {"addresses": "", "streams": "", "waiting": ""}


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("base", ["", "/federation"], ids=["name", "path"])
@pytest.mark.parametrize("program", PROGRAMS)
async def test_behind_the_files_that_are_handed_out_all_is_well(
    tmp_path, authority, program, base
):
    async with house_behind(program, tmp_path, authority, {}, base) as house:
        assert await asked(house) == WELL


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (SHORT, {"waiting": "waiting-cut"}),
        (BUFFERS, {"streams": "streams-held"}),
        (MUTE, {"addresses": "addresses-lost"}),
    ],
    ids=["short", "buffers", "mute"],
)
async def test_a_proxy_that_cuts_holds_back_or_hides_is_told(
    tmp_path, authority, changes, found
):
    async with house_behind("nginx", tmp_path, authority, changes) as house:
        assert await asked(house) == WELL | found


async def test_without_an_address_no_stream_is_asked_for(tmp_path):
    step = await streams.see_stream(
        look_around(make_home(tmp_path).folder, time.time, Random(1))
    )
    assert (step.state, step.seen.key) == ("ok", "steps.waiting-unasked")


async def test_what_is_no_stream_is_told(tmp_path):
    home = make_home(tmp_path)
    given = {"# public_url =": f'public_url = "http://127.0.0.1:{free_port()}" #'}
    home.settings.write_text(replaced(home.settings.read_text(), given))
    step = await streams.see_stream(look_around(home.folder, time.time, Random(1)))
    assert (step.state, step.problem) == ("warning", "streams-none")
    assert "X-Accel-Buffering" in step.mend
