"""Spoilt photographs, without end: the process that draws may die, ours does not.

Good photographs of each kind with bytes changed, moved or lost, and each file of
`tests/photos/imagecases.py` in between. What must hold: every file gets its copy, which
is nothing but pixels, or a sentence that says why not; the process that draws never has
more memory than it may; ours stays as large as it was; a good photograph is drawn after
each thousand.

    make attack ARGS="photographs --cases 20000 --seed 7"
"""

# ruff: noqa: T201  an attack prints its figures

import argparse
import asyncio
import random
import time
from collections import Counter

from federation.errors import PhotoError
from federation.photos.child import MOST_MEMORY
from federation.photos.redraw import Redrawer
from tests.photos.imagecases import CASES, TAKEN, heic
from tests.photos.pictures import photo
from tests.photos.test_images import mutate, peak_kib

_GROWTH_KIB = 200_000
_CHECKED = 1_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How many, and where from."""
    parser.add_argument("--cases", type=int, default=400, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--whole", action="store_true", help="the table, too")


def run(asked: argparse.Namespace) -> int:
    """All kinds."""
    return asyncio.run(_play(asked))


def _good() -> dict[str, bytes]:
    made = {kind: photo(kind, size=(320, 240)) for kind in ("JPEG", "PNG", "WEBP")}
    made["JPEG, progressive"] = photo(size=(320, 240), progressive=True)
    try:
        import pillow_heif  # noqa: PLC0415  where it is there
    except ImportError:
        return made
    pillow_heif.register_heif_opener()
    return {**made, "HEIC": heic(size=(320, 240))}


async def _play(asked: argparse.Namespace) -> int:
    faults = 0
    for kind, data in _good().items():
        choose = random.Random(f"{asked.seed} {kind}")
        faults += await _spoil(kind, (mutate(data, choose) for _ in range(asked.cases)))
    if asked.whole:
        faults += await _spoil("the table", (case.make() for case in CASES))
    print(f"{faults} faults; this process was never larger than {peak_kib('self')} KiB")
    return min(faults, 1)


async def _spoil(kind: str, files) -> int:
    answers: Counter[str] = Counter()
    before, largest, start, faults = peak_kib("self"), 0, time.monotonic(), 0
    async with Redrawer(2) as redrawer:
        for number, data in enumerate(files, 1):
            answers[await _answer(redrawer, data)] += 1
            for child in redrawer._idle:
                largest = max(largest, peak_kib(child._process.pid))
            if number % _CHECKED == 0:
                faults += await _answer(redrawer, photo()) != TAKEN
        faults += await _answer(redrawer, photo()) != TAKEN
    faults += largest << 10 > MOST_MEMORY
    faults += kind != "the table" and peak_kib("self") - before > _GROWTH_KIB
    took = time.monotonic() - start
    told = ", ".join(f"{name} {count}" for name, count in answers.most_common())
    print(f"{kind:18} {took:6.1f} s  child {largest:7} KiB  {told}")
    return faults


async def _answer(redrawer: Redrawer, data: bytes) -> str:
    try:
        await redrawer.redraw(data)
    except PhotoError as error:
        return error.what.key
    return TAKEN
