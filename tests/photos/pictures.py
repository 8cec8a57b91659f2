"""Pictures to draw anew, and how they are made."""

import io

from PIL import Image

#: One colour for each corner: which way up a copy is shows in them.
CORNERS = ((255, 0, 0), (0, 160, 0), (0, 0, 255), (230, 200, 0))


def quarters(size=(160, 120), mode="RGB"):
    """A picture of four coloured quarters, in the order of reading."""
    width, height = size
    half = (width // 2, height // 2)
    picture = Image.new("RGB", size)
    for at, colour in zip(range(4), CORNERS, strict=True):
        place = (at % 2 * half[0], at // 2 * half[1])
        picture.paste(colour, (*place, place[0] + half[0], place[1] + half[1]))
    return picture.convert(mode)


def encode(picture, kind="JPEG", **options):
    """The picture as a file of this kind."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def photo(kind="JPEG", size=(160, 120), mode="RGB", **options):
    """A file of this kind with four coloured quarters."""
    return encode(quarters(size, mode), kind, **options)


def decode(data):
    """The picture in a file."""
    with Image.open(io.BytesIO(data)) as picture:
        picture.load()
        return picture.copy()


def corners(picture):
    """The numbers of the colours in its corners, in the order of reading."""
    width, height = picture.size
    places = [(width // 4 + x * width // 2, height // 4 + y * height // 2)
              for y in (0, 1) for x in (0, 1)]  # fmt: skip
    seen = [picture.convert("RGB").getpixel(place) for place in places]
    return [min(range(4), key=lambda n: _far(colour, CORNERS[n])) for colour in seen]


def _far(one, other):
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
