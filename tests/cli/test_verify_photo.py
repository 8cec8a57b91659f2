"""`federation verify PHOTO`: is this the photo, by whom, and what is not proved."""

import hashlib
import io
import json
from types import SimpleNamespace

import pytest
from PIL import Image

from federation.cli.output import OK, USAGE
from federation.photos.draw import draw_anew
from tests.cli.filled_home import federation
from tests.cli.test_photos_alike import FIRST, SECOND, _index, _photo
from tests.homes import draft, make_home

NO = 1
ORG = "jagasuara.example"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = make_home(tmp_path_factory.mktemp("named"))
    path = home.folder / "rows.ndjson"
    copy = draw_anew(_photo("own", 90)[0])
    shared = {
        "media_type": "image/jpeg",
        "sha256": hashlib.sha256(copy.data).hexdigest(),
        "size": len(copy.data),
    }
    entries = {FIRST: _photo("one", 90)[1], SECOND: shared}
    lines = [json.dumps(draft(tps, evidence=[one])) for tps, one in entries.items()]
    path.write_text("\n".join(lines) + "\n")
    code, out, err = federation(home, "import", path, "--alone")
    assert code == OK, out + err
    _index(home)
    return home


@pytest.fixture(scope="module")
def bundle(home):
    path = home.folder.parent / "handed.zip"
    code, out, err = federation(home, "export", "--bundle", path)
    assert code == OK, out + err
    return path


@pytest.fixture
def photo(tmp_path):
    """Writes a photo under a name that says nothing."""

    def write(name="one", quality=90, edge=None):
        data, _ = _photo(name, quality)
        if edge:
            image = Image.open(io.BytesIO(data)).reduce(edge)
            file = io.BytesIO()
            image.save(file, "JPEG", quality=65)
            data = file.getvalue()
        path = tmp_path / f"{name}-{quality}-{edge}"
        path.write_bytes(data)
        return path

    return write


@pytest.fixture(params=["home", "bundle"])
def where(request, bundle):
    """Asked of the own home, or of a bundle whose key one was told."""
    return [] if request.param == "home" else [bundle]


def ask(home, photo, where, **options):
    code, out, err = federation(home, "verify", photo, *where, **options)
    return code, out, err


def only(out):
    [verdict] = json.loads(out)["photos"]
    return verdict


def pinned(home, where):
    if not where:
        return []
    vkey = federation(home, "keys", "show")[1]
    return ["--fingerprint", json.loads(vkey)["fingerprint"]]


def test_the_very_file_is_found_with_who_signed_it(home, photo, where):
    words = [*where, *pinned(home, where)]
    code, out, err = ask(home, photo(), words)
    assert code == OK, out + err
    verdict = only(out)
    [named] = verdict["named"]
    assert (named["org"], named["tps"], named["bits"]) == (ORG, FIRST, None)
    assert named["sha256"] == verdict["sha256"]
    assert not verdict["like"]


def test_a_copy_of_a_messenger_only_looks_like_it(home, photo, where):
    words = [*where, *pinned(home, where)]
    code, out, _ = ask(home, photo(edge=2), words)
    assert code == NO
    verdict = only(out)
    assert not verdict["named"]
    assert [like["tps"] for like in verdict["like"]] == [FIRST]


def test_who_has_the_original_is_told_of_the_copy_that_is_drawn_of_it(
    home, photo, where
):
    words = [*where, *pinned(home, where)]
    code, out, err = ask(home, photo("own"), words)
    assert code == OK, out + err
    verdict = only(out)
    [named] = verdict["named"]
    assert named["tps"] == SECOND
    assert named["sha256"] != verdict["sha256"]
    _, out, _ = ask(home, photo("own"), words, is_json=False)
    assert "signed the copy that is drawn of this file here" in " ".join(out.split())


def test_another_photo_is_unknown(home, photo, where):
    words = [*where, *pinned(home, where)]
    code, out, _ = ask(home, photo("three"), words)
    assert code == NO
    verdict = only(out)
    assert not verdict["named"]
    assert not verdict["like"]


def test_people_are_told_what_is_proved_and_what_is_not(home, photo, where):
    words = [*where, *pinned(home, where)]
    _, out, _ = ask(home, photo(), words, is_json=False)
    told = " ".join(out.split())
    assert f"{ORG} signed that exactly this file is its photograph of" in told
    assert "Not proved by anything here: that the form is genuine" in told
    _, out, _ = ask(home, photo(edge=2), words, is_json=False, language="id")
    told = " ".join(out.split())
    assert "tidak ada catatan di sini yang menyebut persis berkas ini" in told
    assert f"mirip foto TPS {FIRST}" in told
    assert "Mirip bukan bukti" in told


def test_what_does_not_hold_is_the_verdict_and_names_nobody(home, photo, bundle):
    damaged = bundle.with_name("damaged.zip")
    data = bytearray(bundle.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    code, out, _ = ask(home, photo(), [damaged, *pinned(home, [damaged])])
    assert code >= 20
    assert code == json.loads(out)["exit"]


def test_a_file_that_cannot_be_opened_is_still_known_by_its_bytes(home, tmp_path):
    path = tmp_path / "cut.jpg"
    path.write_bytes(_photo("one", 90)[0][:3000])
    code, out, _ = ask(home, path, [])
    assert code == NO
    verdict = only(out)
    assert verdict["why"]
    assert not verdict["likeness"]


def test_without_a_node_or_a_source_one_is_told_what_to_add(photo, tmp_path):
    nowhere = SimpleNamespace(folder=tmp_path / "none")
    code, _, err = federation(nowhere, "verify", photo())
    assert code == USAGE
    assert "a folder or a bundle" in err


def test_a_report_about_no_photo_says_nothing_of_photos(home, bundle):
    _, out, _ = federation(home, "verify", bundle)
    assert "photos" not in json.loads(out)
