"""The process that draws photographs anew, and nothing else: `python -m` this file.

Rule: it reads what strangers made with decoders written in C, so it is given nothing
that would be worth having: no name, no environment, no file (it can open none once it
draws), no network, little memory. What it hands back is believed as little
(`plainjpeg.py`). It ends when its standard input does, that is with its parent.

    out  "+" when it is ready
    in   8 bytes length · 2 bytes side · original: side 0 to be shared, else to be shown
    out  4 bytes length · head {"size","likeness"} · copy
         4 bytes length · head {"key","values"}: why not, as a sentence of `text/`
"""

import importlib
import io
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import BinaryIO, Final

import msgspec
from PIL import Image

from federation.errors import PhotoError
from federation.photos.draw import draw_anew, draw_small

#: Of everything: Python, the original, its pixels twice, the copy.
MOST_MEMORY: Final = 1 << 30
#: Of each photograph, of one core; 108 million pixels take 3 s.
MOST_CPU_S: Final = 20
#: The beginning of a HEIC: enough to have its reader imported.
_HEIC_HEAD: Final = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
#: What of the original's length comes first, and of the head's.
ORIGINAL_BYTES: Final = 8
HEAD_BYTES: Final = 4
#: Of how long the long side of a picture is that is only shown.
SIDE_BYTES: Final = 2


def confine() -> None:
    """Give up what drawing does not need; everything was imported before."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends it
    for what, most in (
        (resource.RLIMIT_AS, MOST_MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(what, (most, most))


def serve(given: BinaryIO, taken: BinaryIO) -> None:
    """Draw what comes, one after the other, until nothing does."""
    taken.write(b"+")
    taken.flush()
    while len(head := given.read(ORIGINAL_BYTES)) == ORIGINAL_BYTES:
        _limit_cpu()
        side = int.from_bytes(given.read(SIDE_BYTES))
        answer, data = _answer(given.read(int.from_bytes(head)), side)
        encoded = msgspec.json.encode(answer)
        taken.write(len(encoded).to_bytes(HEAD_BYTES) + encoded)
        taken.write(data)
        taken.flush()


def _answer(original: bytes, side: int) -> tuple[dict[str, object], bytes]:
    try:
        drawn = draw_small(original, side) if side else draw_anew(original)
    except PhotoError as error:
        return {"key": error.what.key, "values": error.what.values}, b""
    return {"size": len(drawn.data), "likeness": drawn.likeness}, drawn.data


def _limit_cpu() -> None:
    """So many seconds from now, and the kernel ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + 1 + MOST_CPU_S
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def _warm_up() -> None:
    """Have everything imported that reading any photograph imports.

    Pillow imports what it meets: what it did not meet here it could not open later.
    """
    for name in ("ImageColor", "ImageFilter", "ImagePalette", "TiffImagePlugin"):
        importlib.import_module(f"PIL.{name}")
    canvas = Image.new("RGB", (80, 80))
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "PNG", "WEBP"):
        file = io.BytesIO()
        canvas.save(file, kind, exif=exif.tobytes(), xmp=b"<x/>")
        draw_anew(file.getvalue())
    with suppress(PhotoError):
        draw_anew(_HEIC_HEAD)


if __name__ == "__main__":
    # Nobody else writes there, and nothing that is printed can.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _warm_up()
    confine()
    serve(sys.stdin.buffer, answers)
