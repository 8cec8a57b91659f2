"""Photographs of nothing in particular: each seed another one, the same every time."""

import random

from PIL import Image, ImageDraw


def drawn(seed, size=(600, 800)):
    """Boxes of all sizes, as irregular as what a hand writes on a form."""
    chance = random.Random(seed)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for _ in range(150):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        edge = (x + chance.randint(5, 60), y + chance.randint(5, 60))
        draw.rectangle((x, y, *edge), fill=chance.choice(("black", "grey", "white")))
    return image
