"""Whatever a photograph does to the process that draws it, ours goes on."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from PIL import Image

from federation.errors import ConfigError, PhotoError
from federation.photos import redraw
from federation.photos.draw import draw_anew
from federation.photos.plainjpeg import measure_plain_jpeg
from federation.photos.redraw import MOST_ORIGINAL_BYTES, Redrawer
from tests.photos.pictures import photo
from tests.photos.plants import WAYS, plant
from tests.waiting import until


def children():
    """The processes that this one has started and not reaped."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    return set(map(int, listed.split()))


@pytest.fixture
async def redrawer():
    async with Redrawer() as opened:
        yield opened


async def refused(redrawer, data):
    with pytest.raises(PhotoError) as caught:
        await redrawer.redraw(data)
    return caught.value.what.key


async def test_a_photo_is_drawn_in_a_process_that_serves_the_next_one_too(redrawer):
    before = children()
    first = await redrawer.redraw(photo())
    started = children() - before
    assert await redrawer.redraw(photo()) == first
    assert children() - before == started
    assert len(started) == 1
    assert measure_plain_jpeg(first.data) == (160, 120)
    assert (first.media_type, first.width, first.height) == ("image/jpeg", 160, 120)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
async def test_a_process_that_can_open_nothing_draws_what_one_that_can_does(
    redrawer, kind
):
    pytest.importorskip("pillow_heif").register_heif_opener()
    exif = Image.Exif()
    for orientation in range(1, 9):
        exif[0x0112] = orientation
        data = photo(kind, exif=exif.tobytes())
        assert (await redrawer.redraw(data)).data == draw_anew(data).data
    for way in WAYS:
        data, _ = plant(way)
        assert (await redrawer.redraw(data)).data == draw_anew(data).data, way


async def test_none_is_started_for_what_is_no_photo(redrawer):
    before = children()
    assert await refused(redrawer, b"%PDF-1.7") == "photo.other"
    assert await refused(redrawer, b"") == "photo.empty"
    too_large = photo() + bytes(MOST_ORIGINAL_BYTES)
    assert await refused(redrawer, too_large) == "photo.bytes"
    assert children() == before


async def test_a_refusal_crosses_with_its_sentence_and_spoils_nothing(redrawer):
    before = children()
    with pytest.raises(PhotoError) as caught:
        await redrawer.redraw(photo(size=(10, 12)))
    assert caught.value.what.key == "photo.small"
    assert caught.value.what.values == {"width": 10, "height": 12, "least": 64}
    assert await redrawer.redraw(photo())
    assert len(children() - before) == 1


async def test_a_process_that_dies_costs_one_photo_and_is_replaced(redrawer):
    before = children()
    await redrawer.redraw(photo())
    (child,) = children() - before
    os.kill(child, signal.SIGKILL)
    assert await refused(redrawer, photo()) == "photo.died"
    assert await redrawer.redraw(photo())


async def test_a_process_that_is_late_costs_one_photo_and_is_ended(
    redrawer, monkeypatch
):
    before = children()
    await redrawer.redraw(photo())
    (child,) = children() - before
    os.kill(child, signal.SIGSTOP)
    monkeypatch.setattr(redraw, "DEADLINE_S", 0.2)
    assert await refused(redrawer, photo()) == "photo.slow"
    assert child not in children()
    monkeypatch.undo()
    assert await redrawer.redraw(photo())


async def test_whoever_waits_no_more_leaves_no_process_behind(redrawer):
    before = children()
    await redrawer.redraw(photo())
    (child,) = children() - before
    os.kill(child, signal.SIGSTOP)
    task = asyncio.create_task(redrawer.redraw(photo()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == before


async def test_it_is_replaced_after_so_many(redrawer, monkeypatch):
    monkeypatch.setattr(redraw, "MOST_DRAWN", 2)
    before = children()
    seen = set()
    for _ in range(4):
        await redrawer.redraw(photo())
        seen |= children() - before
    assert not children() - before
    await redrawer.redraw(photo())
    assert not seen & children()


async def test_it_ends_when_nothing_comes(redrawer, monkeypatch):
    monkeypatch.setattr(redraw, "IDLE_S", 0.01)
    before = children()
    await redrawer.redraw(photo())

    async def ended():
        return children() == before

    await until(ended)
    assert await redrawer.redraw(photo())


async def test_as_many_are_drawn_at_a_time_as_there_are_seats():
    before = children()
    async with Redrawer(2) as redrawer:
        drawn = await asyncio.gather(*(redrawer.redraw(photo()) for _ in range(6)))
        assert len(children() - before) == 2
    assert len(set(drawn)) == 1
    assert children() == before


LIARS = {
    "nothing": "",
    "no length": "out.write(b'\\0')",
    "a head without end": "out.write(b'\\xff' * 100)",
    "no json": "out.write(b'\\0\\0\\0\\1x')",
    "a copy that is none": "head(b'{\"size\":4}'); out.write(b'JPEG')",
    "too large a copy": "head(b'{\"size\":99999999999}')",
    "another sentence": 'head(b\'{"key":"errors.format","values":{"detail":"x"}}\')',
    "no sentence": 'head(b\'{"key":"photo.none"}\')',
    "not all of one": 'head(b\'{"key":"photo.pixels"}\')',
}


@pytest.mark.parametrize("says", LIARS.values(), ids=LIARS)
async def test_what_a_process_says_that_was_taken_over_is_not_believed(
    redrawer, monkeypatch, tmp_path, says
):
    module = tmp_path / "liar.py"
    module.write_text(
        "import sys\nout = sys.stdout.buffer\nout.write(b'+'); out.flush()\n"
        "sys.stdin.buffer.read(8)\n"
        "def head(said): out.write(len(said).to_bytes(4) + said)\n"
        f"{says}\nout.flush()\n"
    )
    monkeypatch.setattr(redraw, "_CHILD", "liar")
    monkeypatch.syspath_prepend(tmp_path)
    assert await refused(redrawer, photo()) == "photo.died"


async def test_a_machine_that_cannot_start_it_is_to_blame_and_not_the_photo(
    redrawer, monkeypatch
):
    monkeypatch.setattr(redraw, "_CHILD", "federation.photos.none")
    with pytest.raises(ConfigError, match=r"federation\.photos\.child"):
        await redrawer.redraw(photo())
    monkeypatch.setattr(sys, "executable", "/none/python")
    with pytest.raises(ConfigError):
        await redrawer.redraw(photo())
