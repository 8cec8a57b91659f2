"""Our database in Datasette, in a browser: facets by province and status that count."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager

import aiohttp
import pytest

from tests import sample_map as sample
from tests.bench.node import free_port
from tests.browser.test_signin import Reader
from tests.cli.filled_home import federation
from tests.cli.test_export_package import Folder
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

FACET = """
JSON.stringify(
  [...document.querySelectorAll("[data-column={column}] li a:first-of-type")]
    .map((one) => [one.textContent, one.href]))
"""
ROWS = "document.querySelectorAll('table.rows-and-columns tbody tr').length"


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    folder = sample.make_home(tmp_path_factory.mktemp("home"))
    sample.build(folder / "data").close()
    words = ("export", "--datasette", tmp_path_factory.mktemp("datasette") / "data")
    code, out, err = federation(Folder(folder), *words)
    assert code == 0, err
    return words[-1], json.loads(out)["path"]


@contextmanager
def datasette(folder, path, port):
    words = ("serve", path, "--metadata", str(folder / "metadata.json"))
    with subprocess.Popen(
        [sys.executable, "-m", "datasette", *words, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        yield
        process.terminate()


async def answers(url):
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(url) as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False


async def test_a_reader_narrows_stations_down_by_province_and_by_status(
    chromium, database
):
    folder, path = database
    url = f"http://127.0.0.1:{free_port()}"
    with datasette(folder, path, url.rpartition(":")[2]):
        await until(lambda: answers(url))
        tab = await chromium.tab()
        reader = Reader(tab)
        for column in ("province", "status"):
            await reader.open(f"{url}/pemilu-uji-ppwp/stations")
            facets = json.loads(await tab.run(FACET.replace("{column}", column)))
            with closing(sqlite3.connect(path)) as connection:
                query = f"SELECT {column}, count(*) FROM stations GROUP BY {column}"
                counts = dict(connection.execute(query))
            assert {name for name, _ in facets} == counts.keys()
            for name, address in facets:
                await reader.open(address)
                assert await tab.run(ROWS) == counts[name]
        assert len(await tab.picture()) > 10_000
        await tab.close()
