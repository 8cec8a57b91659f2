"""What is written beside the pixels leaves in nothing: copy, record, database, log."""

import asyncio
import io
import json
import logging
from pathlib import Path

import pytest
from PIL import Image

from federation.cli import run as run_command
from federation.cli.output import Output
from federation.photos.draw import draw_anew
from federation.photos.plainjpeg import measure_plain_jpeg
from federation.text import Text
from tests.homes import ELECTION, make_home, serving
from tests.photos.pictures import corners, decode
from tests.photos.plants import PACKED, WAYS, make_table, plant, spellings

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "photos-privacy.md"


@pytest.fixture(autouse=True)
def heic_writer():
    pytest.importorskip("pillow_heif").register_heif_opener()


def found_in(data, secrets):
    return [said for said in secrets if any(s in data for s in spellings(said))]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_planted_is_in_the_file_and_not_in_its_copy(way):
    data, secrets = plant(way)
    assert secrets
    if way not in PACKED:
        assert found_in(data, secrets) == secrets
    copy = draw_anew(data).data
    assert found_in(copy, secrets) == []
    assert measure_plain_jpeg(copy)
    assert corners(decode(copy)) == [0, 1, 2, 3]
    with Image.open(io.BytesIO(copy)) as opened:
        assert set(opened.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def everything_below(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def all_planted(folder):
    """A folder with a file of each way in, and all secrets."""
    every = []
    for number, way in enumerate(WAYS, 1):
        data, secrets = plant(way)
        name = "-".join(secrets) if way == "name" else "foto"
        (folder / f"1371011001{number:03d}_{name}").write_bytes(data)
        every += secrets
    return every


def test_nothing_of_it_is_in_anything_that_a_node_keeps(tmp_path, capsys):
    home, photos = make_home(tmp_path), tmp_path / "photos"
    photos.mkdir()
    secrets = all_planted(photos)
    words = ["photos", "import", str(photos), "--pattern", "{tps}_{any}", "--json"]
    words += ["--home", str(home.folder), "--election", ELECTION]
    words += ["--report", str(tmp_path / "report.csv")]
    code = run_command(words, Output(Text("en")))
    assert code == 0, capsys.readouterr()
    said = capsys.readouterr()
    assert json.loads(said.out)["photos"]["taken"] == len(WAYS)
    kept = everything_below(home.folder)
    assert len([path for path in kept if path.parent.parent.name == "blobs"]) > 2
    for path, data in kept.items():
        assert found_in(data, secrets) == [], path
    told = said.out + said.err + (tmp_path / "report.csv").read_text()
    assert found_in(told.encode(), secrets) == []


async def test_nothing_of_it_is_in_what_a_node_answers_or_writes_down(tmp_path, caplog):
    home = make_home(tmp_path)
    planted = [plant(way) for way in WAYS]  # Pillow tells of what it writes here
    every = [said for _, secrets in planted for said in secrets]
    caplog.clear()
    caplog.set_level(logging.DEBUG)
    async with serving(home) as node:
        answers = []
        for data, _ in planted:
            for body in (data, data[: len(data) // 2]):
                headers = {"Authorization": f"Bearer {node.token}"}
                async with node._session.post(
                    node.url + "/v1/evidence", data=body, headers=headers
                ) as answer:
                    answers.append(await answer.read())
        await asyncio.sleep(0)
    told = b"".join(answers) + caplog.text.encode()
    assert found_in(told, every) == []
    for path, data in everything_below(home.folder).items():
        assert found_in(data, every) == [], path


def test_the_page_says_what_leaves():
    text = PAGE.read_text(encoding="utf-8")
    assert make_table() in text, "python -m tests.photos.plants"
