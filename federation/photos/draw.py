"""A photograph drawn anew: only its pixels go on, the right way up and not too large.

Rule: what is shared is saved from a canvas of our own that nothing but pixels was ever
pasted on. What a camera, a telephone or a program wrote beside them (place, name,
device, thumbnail, profile, what stands behind the end) has no way into it. Opened are
JPEG, PNG, WebP and, where `pillow_heif` is there, HEIC, each by its own reader, chosen
by the first bytes. The size is seen before a pixel is read.

    original → its kind → width and height → pixels → on white, RGB or grey
             → at most 2,560 on the long side → turned → JPEG

Runs in `child.py` only: decoders are written in C and read what strangers made. Colours
are taken as they stand. A profile is dropped, not applied: one more parser of
strangers' bytes would buy shades that no number is read by.

Source: docs/adr/0022-photographs-are-drawn-anew.md
"""

import importlib
import io
import warnings
from collections.abc import Callable
from typing import Final, NamedTuple

from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from federation.errors import PhotoError
from federation.photos.kind import Kind, kind_of
from federation.photos.likeness import likeness_of
from federation.text import Sentence

#: The long side of what is shared.
MOST_SIDE: Final = 2_560
#: The short side of what is shared: nothing of a form is read on less.
LEAST_SIDE: Final = 64
#: What the header of a JPEG may say: the largest that telephones take has 108 million.
#: It is drawn at 1/2, 1/4 or 1/8 while it is read.
MOST_PIXELS: Final = 128_000_000
#: What is decoded, and what the header of any other kind may say: 48 million of HEIC.
MOST_DECODED: Final = 52_000_000
#: What smaller numbers cost in strokes, and larger ones in bytes: docs/adr/0022.
QUALITY: Final = 80
#: Of what is shown in a list and opened to be read.
SMALL_QUALITY: Final = 70
SUBSAMPLING: Final = "4:2:0"

_WHITE: Final[dict[str, int | tuple[int, int, int]]] = {
    "L": 255,
    "RGB": (255, 255, 255),
}
_GREY: Final = frozenset({"1", "L", "LA"})
_ORIENTATION: Final = 0x0112
#: As Exif says it: what is to be done so that the picture stands upright.
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Readers that make room as they open ask this themselves; it refuses twice as much.
Image.MAX_IMAGE_PIXELS = MOST_DECODED // 2


class Drawn(NamedTuple):
    """The copy that may be shared: a JPEG, its width and height in pixels.

    `likeness`: see `likeness.py`, of the pixels before they were a JPEG.
    """

    data: bytes
    width: int
    height: int
    likeness: str


def draw_anew(original: bytes) -> Drawn:
    """The copy that may be shared.

    Raises:
        PhotoError: no photograph, or none that is opened here; says which and why.
    """
    return _opened(original, MOST_SIDE, _save)


def draw_small(photo: bytes, side: int) -> Drawn:
    """A photograph of at most `side` pixels on the long side, to be shown in a list.

    Raises:
        PhotoError: as `draw_anew`.
    """
    return _opened(photo, side, _save_small)


def _opened(original: bytes, side: int, save: Callable[[Image.Image], Drawn]) -> Drawn:
    kind = kind_of(original)
    try:
        with warnings.catch_warnings():
            # What Pillow finds odd beside the pixels is not taken along in any case.
            warnings.simplefilter("ignore")
            return save(_draw(original, kind, side))
    except PhotoError:
        raise
    except MemoryError:
        raise PhotoError(Sentence("photo.memory", kind=kind.value)) from None
    except Exception as error:
        _check_fault(error)
        # A reader raises whatever the bytes make it stumble over.
        raise PhotoError(_why(error, kind)) from error


def _draw(original: bytes, kind: Kind, side: int) -> Image.Image:
    with _READERS[kind](io.BytesIO(original)) as photo:
        _check_size(photo.size, kind)
        # A HEIC may hold more pictures by its nature, and says which is the photo.
        if kind is not Kind.HEIC and getattr(photo, "is_animated", False):
            raise PhotoError(Sentence("photo.moves", kind=kind.value))
        if kind is Kind.JPEG:
            # Others would take an embedded thumbnail for the photo.
            photo.draft(None, _fit(photo.size, side))
            _check_pixels(photo.size, MOST_DECODED)
        photo.load()
        turn = _turn_of(photo)
        canvas = _paint(photo)
    size = _fit(canvas.size, side)
    if size != canvas.size:
        canvas = canvas.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    return canvas if turn is None else canvas.transpose(turn)


def _check_size(size: tuple[int, int], kind: Kind) -> None:
    width, height = size
    _check_pixels(size, MOST_PIXELS if kind is Kind.JPEG else MOST_DECODED)
    if min(_fit(size, MOST_SIDE)) < LEAST_SIDE:
        raise PhotoError(
            Sentence("photo.small", width=width, height=height, least=LEAST_SIDE)
        )


def _check_pixels(size: tuple[int, int], most: int) -> None:
    width, height = size
    if width * height > most:
        raise PhotoError(
            Sentence("photo.pixels", width=width, height=height, most=most // 1_000_000)
        )


def _fit(size: tuple[int, int], side: int) -> tuple[int, int]:
    """The width and height of the copy: never larger than the photo."""
    width, height = size
    longest = max(size)
    if longest <= side:
        return size
    half = longest // 2  # to the nearest, in integers
    return (
        max(1, (width * side + half) // longest),
        max(1, (height * side + half) // longest),
    )


def _turn_of(photo: ImageFile) -> Image.Transpose | None:
    """How it is to be turned, as the camera says; None: not at all."""
    try:
        orientation = photo.getexif().get(_ORIENTATION)
    except Exception as error:  # noqa: BLE001  it parses what anybody may have written
        _check_fault(error)
        return None
    return _TURNS.get(orientation) if isinstance(orientation, int) else None


def _paint(photo: Image.Image) -> Image.Image:
    """Its pixels on a white canvas of ours, grey where it is grey."""
    if photo.mode.startswith("I"):
        # 16 bit: Pillow would cut off what is above 8.
        photo = photo.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    mode = "L" if photo.mode in _GREY else "RGB"
    canvas = Image.new(mode, photo.size, _WHITE[mode])
    if photo.has_transparency_data:
        photo = photo.convert("LA" if mode == "L" else "RGBA")
        canvas.paste(photo.convert(mode), mask=photo.getchannel("A"))
    else:
        canvas.paste(photo.convert(mode))
    return canvas


def _save(canvas: Image.Image) -> Drawn:
    data = _encode(canvas, QUALITY)
    return Drawn(data, *canvas.size, likeness=likeness_of(canvas))


def _save_small(canvas: Image.Image) -> Drawn:
    return Drawn(_encode(canvas, SMALL_QUALITY), *canvas.size, likeness="")


def _encode(canvas: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    canvas.save(out, "JPEG", quality=quality, subsampling=SUBSAMPLING, optimize=True)
    return out.getvalue()


def _check_fault(error: Exception) -> None:
    """Only what the photograph made its reader stumble over is its fault.

    Raises:
        OSError: the machine has refused something: readers' own have no number.
    """
    if isinstance(error, OSError) and error.errno is not None:
        raise error


def _why(error: Exception, kind: Kind) -> Sentence:
    if isinstance(error, Image.DecompressionBombError):
        most = MOST_DECODED // 1_000_000
        return Sentence("photo.too-many-pixels", kind=kind.value, most=most)
    if "truncated" in str(error).lower():
        return Sentence("photo.cut", kind=kind.value)
    return Sentence("photo.broken", kind=kind.value)


def _read_heic(file: io.BytesIO) -> ImageFile:
    """A HEIC, by a package that need not be there."""
    try:
        heif = importlib.import_module("pillow_heif")
        reader = importlib.import_module("pillow_heif.as_plugin").HeifImageFile
    except ImportError:
        raise PhotoError(Sentence("photo.no-heic")) from None
    heif.options.DECODE_THREADS = 1
    heif.options.THUMBNAILS = heif.options.DEPTH_IMAGES = False
    heif.options.AUX_IMAGES = False
    photo: ImageFile = reader(file)
    return photo


_READERS: Final[dict[Kind, Callable[[io.BytesIO], ImageFile]]] = {
    Kind.JPEG: JpegImageFile,
    Kind.PNG: PngImageFile,
    Kind.WEBP: WebPImageFile,
    Kind.HEIC: _read_heic,
}
