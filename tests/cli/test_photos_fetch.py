"""`federation photos fetch`, `photos missing`, `export --photos`: two organisations."""

import asyncio
import contextlib
import json
import time

import pytest

from federation.blobs.blobs import open_blobs
from federation.cli.output import NEGATIVE, NOT_FOUND, OK, PEER, USAGE
from federation.flows.photos.held import keep_photo
from federation.store.db import Database
from tests.cli.filled_home import federation, files
from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.reading import PHOTOS, READERS, SECOND, THIRD, TPS, photo_of, photographed

BOTH = [photo_of(TPS).digest, photo_of(SECOND).digest]
FETCH = ("photos", "fetch")


async def take_in(home, *stations):
    """The photographs of these are here, taken in by ourselves."""
    blobs, now = open_blobs(home.blobs, home.folder), int(time.time())
    with contextlib.closing(Database.open(home.data)) as db:
        for tps in stations:
            await keep_photo(db, blobs, photo_of(tps), is_own=True, now=now)


async def at(home, *words, language="en", is_json=False):
    """Exit code and what was printed; partners answer meanwhile."""
    given = {"language": language, "is_json": is_json}
    return await asyncio.to_thread(federation, home, *words, **given)


async def asked(home, *words):
    """Exit code and the JSON that was printed."""
    code, out, _ = await at(home, *words, is_json=True)
    return code, json.loads(out)


async def introduce(home, other):
    """The other one knows the keys by which this home signs what it asks."""
    path, rows = home.folder / "keys.zip", home.folder / "rows.ndjson"
    rows.write_text(json.dumps(draft(THIRD)) + "\n")
    for where, *words in (
        (home, "import", rows, "--alone"),
        (home, "export", "--bundle", path),
        (other, "import", path),
    ):
        code, _, err = await at(where, *words)
        assert code == OK, err


@pytest.fixture
async def home(tmp_path):
    """Who wants photographs; a partner names two, and has that of the first station."""
    here, there = make_home(tmp_path, READERS), make_home(tmp_path, PHOTOS)
    await take_in(there, TPS)
    add_peer(there, here)
    await introduce(here, there)
    async with serving(there, alone=True) as node:
        rows = [photographed(TPS), photographed(SECOND)]
        body = {"election": ELECTION, "records": rows}
        assert (await node.post("/v1/records", body))[0] == 200
        add_peer(here, there, node.url)
        code, _, err = await at(here, "sync", "now")
        assert code == OK, err
        yield here


async def test_what_a_partner_has_is_fetched_once(home):
    for language, told in (("en", "1 of 1 photographs"), ("id", "1 dari 1 foto")):
        code, out, _ = await at(home, *FETCH, "--tps", TPS, language=language)
        assert (code, told in out) == (OK, True)
    one = {"asked": 1, "held": 1, "more": False}
    assert await asked(home, *FETCH, BOTH[0].upper()) == (OK, one)
    assert await open_blobs(home.blobs, home.folder).size(BOTH[0])


@pytest.mark.slow
async def test_what_could_not_be_had_is_told_with_who_said_to_have_it(home):
    some = {"asked": 2, "held": 1, "more": False}
    assert await asked(home, *FETCH, "--region", "1371") == (PEER, some)
    for language, told, cause in (
        ("en", "1 of 2 photographs", "has it not, or may not give it to us"),
        ("id", "1 dari 2 foto", "tidak memilikinya, atau tidak boleh"),
    ):
        code, out, _ = await at(home, *FETCH, "--region", "1371", language=language)
        assert code == PEER
        assert told in out
        assert "federation photos missing" in out
        code, out, _ = await at(home, "photos", "missing", language=language)
        assert code == OK
        shown = "".join(out.split())
        for word in (BOTH[1], SECOND, PHOTOS, cause):
            assert "".join(word.split()) in shown
        assert BOTH[0] not in shown
    code, said = await asked(home, "photos", "missing")
    [photo] = said["photos"]
    [tried] = photo.pop("asked")
    assert (code, said["next"]) == (OK, "")
    assert photo == {
        "digest": BOTH[1],
        "stations": [SECOND],
        "named_by": [PHOTOS],
        "is_opened": True,
    }
    assert (tried["org"], tried["cause"]) == (PHOTOS, "absent")
    _, said = await asked(home, "photos", "missing", "--limit", "1")
    assert said["next"] == BOTH[1]
    _, said = await asked(home, "photos", "missing", "--after", BOTH[1])
    assert said == {"photos": [], "next": ""}
    # Over HTTP the same, byte for byte, for the operator.
    _, printed, _ = await at(home, "photos", "missing", is_json=True)
    async with serving(home, alone=True) as node:
        ours = {"Authorization": f"Bearer {node.token}"}
        status, body, _ = await node.get("/v1/photos/missing", headers=ours)
        assert (status, body.decode()) == (200, printed.rstrip("\n"))


@pytest.mark.parametrize(
    ("language", "none", "which", "nothing"),
    [
        ("en", "No photograph is wanted", "which photographs?", "No record of a par"),
        ("id", "Tidak ada foto yang diingin", "foto yang mana?", "Tidak ada catatan"),
    ],
)
async def test_what_nobody_names_and_what_is_no_question(
    home, language, none, which, nothing
):
    code, out, _ = await at(home, "photos", "missing", language=language)
    assert (code, none in out) == (OK, True)
    code, out, err = await at(home, *FETCH, language=language)
    assert (code, out, which in err) == (USAGE, "", True)
    code, out, _ = await at(home, *FETCH, "0" * 64, language=language)
    assert (code, nothing in out) == (NEGATIVE, True)
    for words in ((*FETCH, "x"), (*FETCH, "--tps", "12"), (*FETCH, "--region", "a-b")):
        code, out, err = await at(home, *words, language=language)
        assert (code, out) == (USAGE, ""), words
        assert err


def photos_in(path):
    """The photographs in a bundle file."""
    return {name.removeprefix("blob/") for name in files(path) if "blob/" in name}


@pytest.mark.slow
async def test_photos_are_handed_on_to_whom_they_may_be(tmp_path):
    """In the home of who took them: everybody gets records, a partner photos, too."""
    home, partner = make_home(tmp_path, PHOTOS), make_home(tmp_path, READERS)
    await take_in(home, TPS, SECOND)
    rows = home.folder / "rows.ndjson"
    lines = [json.dumps(photographed(tps)) for tps in (TPS, SECOND)]
    rows.write_text("\n".join(lines) + "\n")
    code, _, err = await at(home, "import", rows, "--alone")
    assert code == OK, err
    add_peer(home, partner)
    for name, words, expected in (
        ("records", (), set()),
        ("anybody", ("--photos",), set()),
        ("partner", ("--photos", "--for", READERS), set(BOTH)),
    ):
        path = tmp_path / f"{name}.zip"
        code, said = await asked(home, "export", "--bundle", path, *words)
        assert (code, said["records"] > 0) == (OK, True)
        assert photos_in(path) == expected, name
        for language, told in (("en", "records of"), ("id", "catatan dari")):
            path = tmp_path / f"{name}.{language}.zip"
            given = ("export", "--bundle", path, *words)
            code, out, _ = await at(home, *given, language=language)
            assert (code, told in out, photos_in(path)) == (OK, True, expected)
    # The partner takes them in, and lacks nothing.
    add_peer(partner, home)
    code, _, err = await at(partner, "import", tmp_path / "partner.zip")
    assert code == OK, err
    both = {"asked": 2, "held": 2, "more": False}
    assert await asked(partner, *FETCH, "--region", "1371") == (OK, both)


async def test_a_folder_for_everybody_has_what_everybody_may_have(tmp_path):
    home = make_home(tmp_path, PHOTOS)
    await take_in(home, TPS)
    rows = home.folder / "rows.ndjson"
    rows.write_text(json.dumps(photographed(TPS)) + "\n")
    assert (await at(home, "import", rows, "--alone"))[0] == OK
    blob = f"blob/{BOTH[0]}"
    for public in (False, True):
        if public:
            text = home.settings.read_text()
            assert "# public = false" in text
            home.settings.write_text(text.replace("# public = false", "public = true"))
        folder = tmp_path / f"public-{public}"
        code, _, err = await at(home, "export", "--static", folder, "--photos")
        assert code == OK, err
        assert (folder / blob).exists() == public


@pytest.mark.parametrize("language", ["en", "id"])
async def test_photos_go_into_bundles_and_folders_only(tmp_path, language):
    home = make_home(tmp_path, PHOTOS)
    path, needs = tmp_path / "out", {"en": "needs", "id": "memerlukan"}[language]
    for words in (
        ("--photos",),
        ("--bundle", path, "--for", READERS),
        ("--static", path, "--photos", "--for", READERS),
    ):
        code, out, err = await at(home, "export", *words, language=language)
        assert (code, out) == (USAGE, ""), words
        assert needs in err or "--for" in err
    words = ("export", "--bundle", path, "--photos", "--for", "x.example")
    code, out, err = await at(home, *words, language=language)
    assert (code, out, "x.example" in err) == (NOT_FOUND, "", True)
    assert not path.exists()
