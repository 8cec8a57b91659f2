"""`federation photos upload`: a folder handed to a node on another machine."""

import asyncio
import csv
import hashlib
import json

import pytest
from aiohttp.test_utils import TestServer

from federation.cli import run
from federation.cli.output import Output
from federation.config.home import Home
from federation.config.settings import load_settings
from federation.text import Text
from tests.blobs import fake_s3
from tests.blobs.fake_s3 import FakeS3
from tests.homes import make_home, serving
from tests.photos.pictures import photo

TOKEN = "only-for-this-test-and-long-enough-0123456789"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "photos"
    for number in range(5):
        path = made / f"{number % 2}" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(size=(200 + number, 150)))
    (made / "note.txt").write_text("no photograph")
    return made


@pytest.fixture
async def s3(monkeypatch):
    fake = FakeS3()
    async with TestServer(fake.app()) as server:
        fake.url = f"http://127.0.0.1:{server.port}"
        monkeypatch.setattr(fake_s3, "TIME", "2124-02-14T08:40:00.000Z")
        for name, value in (
            ("AWS_ACCESS_KEY_ID", "a-key"),
            ("AWS_SECRET_ACCESS_KEY", "a-secret"),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ENDPOINT_URL", fake.url),
        ):
            monkeypatch.setenv(name, value)
        yield fake


def home_of(tmp_path, *lines):
    home = make_home(tmp_path)
    text = home.settings.read_text()
    named = "\n".join(["[photos]", *lines, ""])
    home.settings.write_text(text.replace("[photos]\n", named))
    return Home.of(home.folder, load_settings(home.settings))


async def upload(tmp_path, node, folder, capsys):
    """Exit code and answer of the command, as it is typed on another machine."""
    token = tmp_path / "token"
    token.touch(0o600)
    token.write_text(f"{TOKEN}\n")
    words = ["photos", "upload", str(folder), "--to", node.url, "--json"]
    words += ["--token-file", str(token), "--table", str(tmp_path / "table.csv")]
    out = Output(Text("en"), is_json=True)
    code = await asyncio.to_thread(run, words, out)
    said = capsys.readouterr()
    return code, json.loads(said.out), said.err


async def let_in(node):
    body = {"name": "a laptop", "secret": TOKEN, "scope": "intake"}
    status, said = await node.post("/v1/control/add-token", body)
    assert status == 200, said


def rows(tmp_path):
    with (tmp_path / "table.csv").open(newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("has_bucket", [True, False], ids=["bucket", "direct"])
async def test_a_folder_is_handed_over_once_and_gone_on_with(
    tmp_path, folder, s3, capsys, has_bucket
):
    lines = ['store = "s3://bucket/below"', f'uploads = "{s3.url}"']
    home = home_of(tmp_path, *(lines if has_bucket else ()))
    async with serving(home) as node:
        await let_in(node)
        code, said, _ = await upload(tmp_path, node, folder, capsys)
        assert (code, said["taken"], said["refused"], said["left"]) == (1, 5, 1, 0)
        assert [one["file"] for one in said["not_taken"]] == ["note.txt"]
        for file, row in rows(tmp_path).items():
            original = (folder / file).read_bytes()
            assert row["original"] == hashlib.sha256(original).hexdigest()
            path = f"/blob/{row['sha256']}"
            assert row["sha256"] != row["original"], path
        assert any("incoming/" in key for key in s3.objects) is has_bucket
        # Killed amid a line, and one more photograph came meanwhile.
        table = tmp_path / "table.csv"
        kept = table.read_bytes()
        table.write_bytes(kept[:-40])
        (folder / "6.jpg").write_bytes(photo(size=(260, 150)))
        code, said, _ = await upload(tmp_path, node, folder, capsys)
        assert (said["known"], said["taken"], said["left"]) == (4, 2, 0)
        assert len(rows(tmp_path)) == 6
        assert set(kept.splitlines()) < set(table.read_bytes().splitlines())


async def test_a_node_without_room_ends_it_and_what_was_taken_stands(
    tmp_path, folder, s3, capsys
):
    lines = ['store = "s3://bucket/below"', f'uploads = "{s3.url}"']
    async with serving(home_of(tmp_path, *lines, "own_max_photos = 3")) as node:
        await let_in(node)
        code, said, told = await upload(tmp_path, node, folder, capsys)
        assert (said["taken"], len(rows(tmp_path))) == (3, 3)
        assert said["left"] >= 1
        assert json.loads(told)["error"]["code"] == "photos-full"
        assert code == json.loads(told)["error"]["exit"]


def test_a_token_goes_over_no_open_line(tmp_path, folder, federation):
    token = tmp_path / "token"
    token.touch(0o600)
    words = ["photos", "upload", folder, "--to", "http://node.example"]
    words += ["--token-file", token, "--table", tmp_path / "t.csv"]
    ended = federation(*words)
    assert ended.code == 2
    assert "https" in ended.err
