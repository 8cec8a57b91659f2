"""Whatever is handed in as a photograph: a precise answer, and the parent lives on."""

import random
import re
from pathlib import Path

import pytest

from federation.errors import PhotoError
from federation.photos.child import MOST_MEMORY
from federation.photos.plainjpeg import measure_plain_jpeg
from federation.photos.redraw import Redrawer
from federation.text import LANGUAGES, Text
from tests.photos.imagecases import CASES, TAKEN, heic, make_table
from tests.photos.pictures import photo

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "photos-images.md"


@pytest.fixture(autouse=True)
def heic_writer():
    pytest.importorskip("pillow_heif").register_heif_opener()


async def answer(redrawer, data):
    """`TAKEN`, or the key of the sentence of the refusal."""
    try:
        drawn = await redrawer.redraw(data)
    except PhotoError as error:
        told = [Text(language).say(error.what) for language in LANGUAGES]
        return error.what.key if all(told) else ""
    assert measure_plain_jpeg(drawn.data) == (drawn.width, drawn.height)
    assert max(drawn.width, drawn.height) <= 2560
    return TAKEN


@pytest.mark.parametrize("case", [
    pytest.param(case, id=case.what, marks=[pytest.mark.slow] if case.is_slow else [])
    for case in CASES
])  # fmt: skip
async def test_each_file_gets_its_answer_and_the_next_one_is_drawn(case):
    async with Redrawer(1) as redrawer:
        assert await answer(redrawer, case.make()) in case.answers
        assert await answer(redrawer, photo()) == TAKEN


def test_the_page_says_what_becomes_of_each():
    text = PAGE.read_text(encoding="utf-8")
    assert make_table() in text, "python -m tests.photos.imagecases"


def peak_kib(pid):
    """The most memory that a process had in use, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1])


@pytest.mark.slow
async def test_the_memory_of_both_processes_is_bounded():
    before = peak_kib("self")
    largest = 0
    async with Redrawer(1) as redrawer:
        for case in CASES:
            await answer(redrawer, case.make())
            for child in redrawer._idle:
                largest = max(largest, peak_kib(child._process.pid))
    assert largest << 10 <= MOST_MEMORY
    # Ours made the pictures as well: the largest of 108 million pixels.
    assert peak_kib("self") - before < 400_000


FUZZED = {
    "JPEG": lambda: photo(size=(200, 150), progressive=True),
    "PNG": lambda: photo("PNG", size=(200, 150)),
    "WEBP": lambda: photo("WEBP", size=(200, 150)),
    "HEIC": lambda: heic(size=(200, 150)),
}


def mutate(data, choose):
    """The same with some bytes changed, moved or lost."""
    spoilt = bytearray(data)
    for _ in range(choose.randint(1, 12)):
        at = choose.randrange(len(spoilt))
        what = choose.randrange(4)
        if what == 0:
            spoilt[at] ^= 1 << choose.randrange(8)
        elif what == 1:
            spoilt[at : at + 4] = choose.choice((b"\xff" * 4, bytes(4), b"\x7f\xff"))
        elif what == 2:
            spoilt[at:at] = spoilt[at : at + choose.randint(1, 40)]
        else:
            del spoilt[at : at + choose.randint(1, 40)]
        spoilt = spoilt or bytearray(data)
    return bytes(spoilt)


@pytest.mark.slow
@pytest.mark.parametrize("kind", FUZZED)
async def test_spoilt_photographs_end_nothing_but_their_own_drawing(kind):
    choose = random.Random(kind)
    data = FUZZED[kind]()
    seen = set()
    async with Redrawer(2) as redrawer:
        for _ in range(300):
            seen.add(await answer(redrawer, mutate(data, choose)))
        assert await answer(redrawer, photo()) == TAKEN
    assert len(seen) > 1
