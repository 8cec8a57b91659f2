"""Is this the photo? The page says what the command says, and sends nothing."""

import hashlib
import io

import pytest
from PIL import Image

from federation.feeds.bundle import write_bundle
from federation.photos.likeness import LIKE, distance, likeness_of
from federation.records.result import Evidence
from tests.browser.conftest import Scene
from tests.browser.test_agreement import items_of
from tests.drawn import drawn

pytestmark = pytest.mark.asyncio(loop_scope="session")
SIZES = [(600, 800), (1440, 1920), (333, 517), (100, 90)]


def jpeg(image, quality=90):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return file.getvalue()


def opened(data):
    return Image.open(io.BytesIO(data))


@pytest.fixture
def photo():
    return jpeg(drawn("form", (900, 1200)))


@pytest.fixture
def scene(photo):
    """The third record names this photo."""
    scene = Scene()
    named = Evidence(
        media_type="image/jpeg",
        sha256=hashlib.sha256(photo).hexdigest(),
        size=len(photo),
        likeness=likeness_of(opened(photo)),
    )
    scene.tree.grow([scene.org.result(7, evidence=(named,))])
    return scene


@pytest.fixture(params=["receipt", "bundle"])
def source(request, scene, put, tmp_path):
    """What the record comes in."""
    if request.param == "receipt":
        return put("receipt.txt", scene.receipt(scene.tree.size - 1))
    path = tmp_path / "data.zip"
    write_bundle(path, sorted(items_of(scene).items()))
    return path


def one_of(report):
    [photo] = report["photos"]
    return photo


async def test_the_very_file_is_named_with_who_signed_it(
    tab, scene, photo, put, source
):
    await tab.type_fingerprint(scene.fingerprint)
    report = await tab.give(source, put("IMG_1.jpg", photo))
    assert report["verdict"] == "proved"
    found = one_of(report)
    assert found["sha256"] == hashlib.sha256(photo).hexdigest()
    [named] = found["named"]
    assert (named["org"], named["bits"]) == ("jagasuara.example", None)
    assert not found["like"]
    said = await tab.text()
    assert "signed that exactly this file is its photograph of" in said
    assert "Not proved: that the form is genuine" in said
    assert "does not leave this device" in said


async def test_a_copy_of_a_messenger_only_looks_like_it(tab, photo, put, source):
    copy = jpeg(opened(photo).reduce(2), 65)
    found = one_of(await tab.give(put("WA0001.jpg", copy), source))
    assert not found["named"]
    [like] = found["like"]
    assert 0 <= like["bits"] <= LIKE
    assert "Looks like the photograph of" in await tab.text()


async def test_another_photo_is_unknown_and_so_is_one_alone(tab, put, source, photo):
    found = one_of(await tab.give(source, put("x.jpg", jpeg(drawn("other")))))
    assert not found["named"]
    assert not found["like"]
    assert "none a photograph that looks like it" in await tab.text()


async def test_a_photo_that_cannot_be_opened_is_compared_by_its_bytes(tab, put, photo):
    found = one_of(await tab.give(put("cut.jpg", photo[:700])))
    assert found["why"] == "unseen"
    assert found["sha256"] == hashlib.sha256(photo[:700]).hexdigest()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
async def test_the_page_and_the_node_see_the_same(tab, put, size, form):
    file = io.BytesIO()
    drawn(f"{size}", size).save(file, form)
    found = one_of(await tab.give(put("photo", file.getvalue())))
    ours = likeness_of(opened(file.getvalue()))
    apart = distance(ours, found["likeness"])
    assert apart == 0 if form == "PNG" else apart <= 4


async def test_what_shows_nothing_has_no_likeness_here_either(tab, put):
    blank = jpeg(Image.new("RGB", (400, 300), "white"))
    assert not one_of(await tab.give(put("blank.jpg", blank)))["likeness"]
