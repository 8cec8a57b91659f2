"""`federation photos alike`: from an import to what people are told."""

import asyncio
import csv
import hashlib
import io
import json

import pytest

from federation.blobs.blobs import open_blobs
from federation.cli import main
from federation.cli.output import OK
from federation.flows.photos.held import Photo, keep_photo
from federation.flows.photos.index import index_all
from federation.photos.likeness import likeness_of
from federation.store.db import Database
from federation.store.evidence import clear_evidence
from federation.store.likenesses import clear_likenesses
from tests.cli.filled_home import federation
from tests.drawn import drawn
from tests.homes import draft, make_home

FIRST, SECOND, LIAR = (f"137101100100{n}" for n in (1, 2, 3))


def _photo(name, quality):
    """A file, and its entry of evidence."""
    image = drawn(name, (900, 1200))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    data = file.getvalue()
    return data, {
        "media_type": "image/jpeg",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "likeness": likeness_of(image),
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = make_home(tmp_path_factory.mktemp("alike"))
    shown, copy, other = _photo("one", 90), _photo("one", 70), _photo("other", 90)
    # Of the third station another photo is signed as if it looked like the first.
    lie = other[1] | {"likeness": shown[1]["likeness"]}
    entries = {FIRST: shown[1], SECOND: copy[1], LIAR: lie}
    path = home.folder / "rows.ndjson"
    lines = [json.dumps(draft(tps, evidence=[one])) for tps, one in entries.items()]
    path.write_text("\n".join(lines) + "\n")
    code, out, err = federation(home, "import", path, "--alone")
    assert code == OK, out + err
    db = Database.open(home.data)
    blobs = open_blobs(home.blobs, home.folder)
    for data, entry in (shown, copy, other):
        photo = Photo(entry["sha256"], data, "image/jpeg")
        asyncio.run(keep_photo(db, blobs, photo, is_own=True, now=0))
    db.close()
    return home


def _index(home):
    db = Database.open(home.data)
    index_all(db)
    db.close()


def test_what_was_not_looked_at_yet_is_said(home):
    db = Database.open(home.data)
    with db.transaction() as tx:
        clear_evidence(tx)
        clear_likenesses(tx)
    db.close()
    code, out, err = federation(home, "photos", "alike", is_json=False)
    assert code == OK
    assert "No photograph is said to look like another one." in " ".join(out.split())
    assert "federation serve" in err
    _index(home)
    _, _, err = federation(home, "photos", "alike", is_json=False)
    assert "federation serve" not in err


def test_pairs_are_listed_once_and_a_lie_is_found_out_where_both_are_here(home):
    _index(home)
    code, out, _ = federation(home, "photos", "alike")
    assert code == OK
    pairs = json.loads(out)["alike"]
    assert [(one["here"]["tps"], one["there"]["tps"]) for one in pairs] == [
        (FIRST, SECOND),
        (FIRST, LIAR),
        (SECOND, LIAR),
    ]
    assert not any("checked" in one for one in pairs)
    code, out, _ = federation(home, "photos", "alike", "--check")
    assert code == OK
    assert [one["checked"] for one in json.loads(out)["alike"]] == [True, False, False]


def test_people_are_told_that_it_is_no_verdict(home):
    _index(home)
    words = ("photos", "alike", "--check")
    _, out, err = federation(home, *words, language="id", is_json=False)
    assert "diperiksa di sini" in out
    assert "ya, TIDAK mirip" in out
    assert "Mirip bukan bukti" in err


def test_a_table_for_a_spreadsheet(home, capsysbinary):
    _index(home)
    words = ["photos", "alike", "--csv", "--region", "1371"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--home", str(home.folder)])
    assert not ended.value.code
    rows = csv.DictReader(io.StringIO(capsysbinary.readouterr().out.decode()))
    assert [(row["tps"], row["like_tps"]) for row in rows] == [
        (FIRST, SECOND),
        (FIRST, LIAR),
        (SECOND, LIAR),
    ]
