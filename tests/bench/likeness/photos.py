"""The photos of one measurement, named by what they are a copy of.

Rule: a seed makes the same photos again. Three quarters are copies of a photo as people
make them; the others are there to be told apart: sheets from one scanner's app, and
sheets under one camera on a stand, that differ in what is written by hand, or in their
digits only.
"""

import random
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from PIL import Image

from tests.bench.likeness import camera
from tests.bench.likeness.sheet import LAYOUTS, Written, sheet_of

_Change = Callable[[Image.Image, random.Random], Image.Image]

# What happens to a photo on its way to another organisation.
COPIES: Final[dict[str, _Change]] = {
    "sent twice by a messenger": camera.send,
    "brighter or darker": camera.brighten,
    "turned by a quarter": camera.turn,
    "cropped by 2 %": lambda photo, chance: camera.crop(photo, chance, 0.02),
    "cropped by 5 %": lambda photo, chance: camera.crop(photo, chance, 0.05),
    "cropped by 10 %": lambda photo, chance: camera.crop(photo, chance, 0.10),
    "cropped by 15 %": lambda photo, chance: camera.crop(photo, chance, 0.15),
    "set straight by 1°": lambda photo, chance: camera.tilt(photo, chance, 1),
    "set straight by 3°": lambda photo, chance: camera.tilt(photo, chance, 3),
    "set straight by 5°": lambda photo, chance: camera.tilt(photo, chance, 5),
}
SHOT_TWICE: Final = "taken a second time"
SCANNED_DIGITS: Final = "scanner, digits only"
STAND_DIGITS: Final = "stand, digits only"
KINDS: Final = (*COPIES, SHOT_TWICE)


class FormPhoto(NamedTuple):
    """A photo, and what it shows.

    `made`: "camera", "scanner", SCANNED_DIGITS or STAND_DIGITS.
    """

    form: str  # the sheet that it shows: two photos of one `form` show one sheet
    made: str
    kind: str  # one of KINDS; empty: nothing was done to it
    image: Image.Image


def groups_of(scale: int) -> list[tuple[str, int]]:
    """What is photographed, a sheet at a time: how it is made, and a number.

    Args:
        scale: 20 makes 3,600 photos.
    """
    sizes = {"camera": 8, "scanner": 5, SCANNED_DIGITS: 16, STAND_DIGITS: 8}
    return [
        (made, number) for made, size in sizes.items() for number in range(size * scale)
    ]


def photos_of(seed: int, group: tuple[str, int]) -> Iterator[FormPhoto]:
    """The photos of one sheet: the first, and its copies where it has some.

    Args:
        seed: Another seed, other hands and cameras; what is printed stays.
        group: Of `groups_of`.
    """
    made, number = group
    # Eight stations for each set of signatures, all on the same page.
    same = number // 8
    if made == SCANNED_DIGITS:
        yield _alike(made, camera.scan, seed, number, f"{number}")
    elif made == STAND_DIGITS:
        yield _alike(made, _on_a_stand, seed, number, f"{same}")
    else:
        take = camera.shoot if made == "camera" else camera.scan
        yield from _with_copies(made, take, seed, number)


def _with_copies(
    made: str, take: _Change, seed: int, number: int
) -> Iterator[FormPhoto]:
    form = f"{made} {seed} {number}"
    sheet = sheet_of(Written(number % LAYOUTS, _whole(form), _whole(form)))
    photo = take(sheet, random.Random(f"{form} first"))
    yield FormPhoto(form, made, "", photo)
    yield FormPhoto(
        form, made, SHOT_TWICE, take(sheet, random.Random(f"{form} second"))
    )
    for kind, change in COPIES.items():
        yield FormPhoto(
            form, made, kind, change(photo, random.Random(f"{form} {kind}"))
        )


def _alike(made: str, take: _Change, seed: int, number: int, moved: str) -> FormPhoto:
    group = number // 8
    form = f"{made} {seed} {number}"
    written = Written(
        group % LAYOUTS, _whole(form), _whole(f"{made} {seed} signers {group}")
    )
    chance = random.Random(f"{made} {seed} moved {moved}")
    return FormPhoto(form, made, "", take(sheet_of(written), chance))


def _on_a_stand(sheet: Image.Image, chance: random.Random) -> Image.Image:
    """One place, one light, one table for all; the noise is of each photo."""
    return camera.shoot(sheet, chance, random.Random(sheet.tobytes()))


def _whole(text: str) -> int:
    return random.Random(text).getrandbits(32)
