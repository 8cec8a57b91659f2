"""The page that needs no software of ours, typed as it stands; good and damaged."""

import os
import re
import shutil
import subprocess
import time
import urllib.request
from random import Random

import pytest

from federation.config.fingerprint import fingerprint
from federation.tlog.note import decode_notes, encode_notes
from federation.tlog.proof import parse_proof
from tests.docs.places import KAWAL, PEMILU, SUARA, Place, script_of
from tests.docs.receipts import (
    DAMAGED,
    RECEIPT,
    SIGNERS,
    Mirror,
    flipped,
    keys_path,
    record_of,
    serving_of,
    serving_renewed,
)
from tests.fakes import FakeOrg, flip_bit

TOOLS = ("bash", "base32", "curl", "openssl", "sha256sum", "xxd")
ENGLISH, INDONESIAN = "verify-without-us.md", "verify-without-us.id.md"
VERIFIED = "Signature Verified Successfully"
STEPS = (
    "asked",
    "keys",
    "record",
    "total",
    "place",
)  # nothing is said after one that fails
HOLDERS = {"pemilu", "kawal"}  # each says it by itself
ALL = {*STEPS, *HOLDERS}
NOT = {ENGLISH: "NOT PROVED: ", INDONESIAN: "TIDAK TERBUKTI: "}


def script(page: str, place: Place) -> str:
    """What a stranger types who has been told the place's values."""
    prints = place.prints
    values = {"node": place.url, "record": place.record, "fingerprint": prints[SUARA]}
    text = script_of(page, values)
    for org in (PEMILU, KAWAL):
        held = f"held {org} {prints[org]}"
        text, count = re.subn(rf"(?m)^held {org} .*$", held, text)
        assert count == 1, org
    return text


def sentences(said: str) -> dict[str, str]:
    """Name of a conclusion → the line that the page prints when it holds."""
    history = f"{SUARA}/pilpres-2019"
    lines = {
        "en": {
            "asked": "it is the record that was asked for",
            "keys": f"the keys are those of {SUARA}",
            "record": f"{SUARA} said this",
            "total": f"{SUARA} signed this total",
            "place": rf"it is entry \d+ of {history}, unchanged",
            "pemilu": f"{PEMILU} has held it since .* WIB",
            "kawal": f"{KAWAL} has held it since .* WIB",
        },
        "id": {
            "asked": "itulah catatan yang diminta",
            "keys": f"kuncinya memang milik {SUARA}",
            "record": f"{SUARA} menyatakan ini",
            "total": f"{SUARA} menandatangani jumlah ini",
            "place": rf"catatan nomor \d+ dalam {history}, tidak berubah",
            "pemilu": f"{PEMILU} memegangnya sejak .* WIB",
            "kawal": f"{KAWAL} memegangnya sejak .* WIB",
        },
    }
    return lines[said]


def unsaid(missing: set[str]) -> set[str]:
    """What is not said where this does not hold: it, and every later step."""
    failed = [at for at, name in enumerate(STEPS) if name in missing]
    return missing | {*STEPS[min(failed) :], *HOLDERS} if failed else missing


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read()


@pytest.fixture
def stranger(tmp_path):
    """Types a page in an empty folder: exit code, conclusions reached, output."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    count = 0

    def follow(
        place: Place, page: str = ENGLISH, shell: str = "bash -c", *, used=False
    ):
        nonlocal count
        count += not used
        folder = tmp_path / f"stranger-{count}"
        folder.mkdir(exist_ok=used)
        done = subprocess.run(
            [*shell.split(), script(page, place)],
            cwd=folder,
            env={**os.environ, "TZ": "UTC"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        output = done.stdout.decode(errors="replace")
        said = "id" if page == INDONESIAN else "en"
        found = {
            name
            for name, line in sentences(said).items()
            if re.search(rf"(?m)^{line}$", output)
        }
        lacking = output.count(NOT[page])
        assert len(ALL - found) <= lacking <= len(ALL - found) + 2, output
        return done.returncode, found, output

    return follow


@pytest.fixture(scope="module")
def files():
    """Those of the fourth record of seven."""
    return serving_of(7, 3)


@pytest.fixture
def serve(files):
    """What serves these files with some of them changed, as a lying node would.

    Asked for is the fourth record of seven, or `record`.
    """
    opened = []

    def changed(changes: dict[str, bytes], *, record: str = "", **prints: str) -> Place:
        record = record or record_of(files[RECEIPT])
        opened.append(Mirror({**files, **changes}, record))
        of = {org: fingerprint(one.identity.key) for org, one in SIGNERS.items()}
        return Place(opened[-1].url, {**of, **prints}, record)

    yield changed
    for one in opened:
        one.close()


@pytest.mark.slow
@pytest.mark.parametrize("page", [ENGLISH, INDONESIAN])
def test_the_page_leads_from_an_address_and_a_fingerprint_to_the_sentence(
    place, stranger, page
):
    code, found, output = stranger(place, page, "bash -ec")
    assert code == 0, output
    assert found == ALL, output
    assert output.count(VERIFIED) == 7
    station = place.url + "/tps/1371011001003"
    assert place.receipt_path in fetch(station).decode()
    today = time.strftime("%d-%m-%Y", time.gmtime(time.time() + 7 * 3600))
    assert output.count(f" {today} ") == 2


@pytest.mark.parametrize("shell", ["bash -ec", "sh -ec"])
@pytest.mark.parametrize("page", [ENGLISH, INDONESIAN])
def test_the_page_says_the_sentence_of_good_files(stranger, serve, page, shell):
    code, found, output = stranger(serve({}), page, shell)
    assert (code, found) == (0, ALL), output
    assert output.count(VERIFIED) == 7
    assert output.count("14-02-2024 21:14 WIB") == 2


@pytest.mark.parametrize("part", DAMAGED)
def test_one_flipped_bit_takes_away_what_it_belongs_to(stranger, serve, files, part):
    damage, missing = DAMAGED[part]
    damaged = damage(files[RECEIPT])
    assert damaged != files[RECEIPT]
    _, found, output = stranger(serve({RECEIPT: damaged}))
    assert ALL - found == unsaid(missing), output


def test_a_flipped_bit_in_a_partners_keys_takes_away_that_it_holds(
    stranger, serve, files
):
    path = keys_path(PEMILU)
    notes = flipped(decode_notes(files[path], 10), 0, b'"recorded_at":"20')
    _, found, output = stranger(serve({path: encode_notes(notes)}))
    assert ALL - found == {"pemilu"}, output


@pytest.mark.parametrize(
    ("org", "name"), [(SUARA, "keys"), (PEMILU, "pemilu"), (KAWAL, "kawal")]
)
def test_another_fingerprint_is_nobodys(stranger, serve, org, name):
    other = fingerprint(FakeOrg("other.example").identity.key)
    _, found, output = stranger(serve({}, **{org: other}))
    assert ALL - found == unsaid({name}), output


def test_after_keys_were_replaced_the_new_fingerprint_counts_and_the_old_does_not(
    stranger, serve
):
    renewed, print_ = serving_renewed()
    _, found, output = stranger(serve(renewed, **{SUARA: print_}))
    assert found == ALL, output
    assert '"from":5,"reason":"the laptop was stolen"' in output
    _, found, output = stranger(serve(renewed))
    assert ALL - found == unsaid({"keys"}), output


@pytest.mark.parametrize("page", [ENGLISH, INDONESIAN])
def test_the_good_receipt_of_another_record_proves_nothing_of_this_one(
    stranger, serve, page
):
    """Signed by the same organisation, in the same history: only its id tells."""
    other = serving_of(7, 4)
    _, found, output = stranger(serve({RECEIPT: other[RECEIPT]}), page)
    assert not found, output
    assert VERIFIED not in output
    place = serve(other, record=record_of(other[RECEIPT]))
    assert stranger(place, page)[1] == ALL


def test_a_receipt_that_is_not_there_proves_nothing(stranger, serve):
    _, found, output = stranger(serve({RECEIPT: b""}))
    assert not found, output


@pytest.mark.parametrize("page", [ENGLISH, INDONESIAN])
def test_nothing_of_an_earlier_record_is_said_of_one_that_is_not_there(
    stranger, serve, page
):
    place = serve({})
    assert stranger(place, page)[1] == ALL
    place.record = "b6" * 32
    code, found, output = stranger(place, page, "bash -ec", used=True)
    assert not found, output
    assert (code, output.count(NOT[page])) == (0, 2 + len(ALL)), output
    assert VERIFIED not in output


def test_no_line_of_a_receipt_stands_alone_like_a_sentence(stranger, serve, files):
    sentence = f"{PEMILU} has held it since 14-02-2024 21:14 WIB"
    lie = f"\nindex {sentence}\n{sentence}\n\n".encode()
    lied = files[RECEIPT].replace(b"\n\n", lie, 1)
    _, found, output = stranger(serve({RECEIPT: lied}))
    assert sentence in output
    assert "pemilu" not in found, output


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_bit_turned_anywhere_never_makes_it_say_so_of_anything_else(
    stranger, serve, files, tmp_path, seed
):
    good = files[RECEIPT]
    damaged = flip_bit(good, Random(seed).randrange(8 * len(good)))
    _, found, _ = stranger(serve({RECEIPT: damaged}))
    record = decode_notes(parse_proof(good).extra, 10)[0]
    if found & {"total", "pemilu", "kawal"}:
        checkpoint = (tmp_path / "stranger-1" / "checkpoint").read_bytes()
        assert checkpoint.partition(b"\n\n")[0] in good
    if found & {"record", "place"}:
        said = (tmp_path / "stranger-1" / "record").read_bytes()
        assert said.partition(b"\n")[0] == record.partition(b"\n")[0]


@pytest.mark.slow
def test_the_hashes_lead_to_the_total_from_every_place(stranger, serve):
    for size in (2, 3, 6, 7):
        for index in range(1, size):
            other = serving_of(size, index)
            place = serve(other, record=record_of(other[RECEIPT]))
            _, found, output = stranger(place)
            assert found == ALL, f"{index} of {size}: {output}"
