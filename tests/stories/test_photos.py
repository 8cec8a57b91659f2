"""The photo of a station that two organisations read differently, from a third.

A has the photo, and cannot be reached. B holds it, for A's records name it and A lets B
hand it on. C wants it, as B's figures and its own differ there, and gets it from B.
"""

import contextlib
import hashlib
import os
import signal
import urllib.error
import urllib.request

import pytest

from federation.blobs.blobs import open_blobs
from federation.flows.photos.held import Photo, keep_photo
from federation.store import blobs as held
from federation.store import wanted
from tests.browsing import Browser
from tests.fetching import photo
from tests.stories.nodes import free_port, start_all, station
from tests.stories.test_people import command
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

#: Of the station that is read differently, and of one that is not.
#: A partner is asked again after some seconds, more than once.
LONG_S = 240.0
DOUBTED, AGREED = photo(1, 300_000), photo(2, 200_000)


async def take_in(node, *photos):
    """These photos, as ones that this organisation has taken in."""
    with contextlib.closing(node.open()) as db:
        blobs = open_blobs(node.home.blobs, node.home.folder)
        for data in photos:
            kept = Photo(digest_of(data), data, "image/jpeg")
            await keep_photo(db, blobs, kept, is_own=True, now=1)


def digest_of(data):
    return hashlib.sha256(data).hexdigest()


def named(number, data):
    """A record that has a photo."""
    entry = {"media_type": "image/jpeg", "sha256": digest_of(data), "size": len(data)}
    return station(number, first=100) | {"evidence": [entry]}


def open_photo(node, data, cookies):
    """Status, bytes and caching of the answer to a browser with these cookies."""
    request = urllib.request.Request(f"{node.url}/blob/{digest_of(data)}")
    request.add_header("Cookie", "; ".join(f"{k}={v}" for k, v in cookies.items()))
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read(), answer.headers["Cache-Control"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, b"", error.headers["Cache-Control"]


def log(node, *rows):
    body = {"election": node.origin.partition("/")[2], "records": list(rows)}
    status, said = node.post("/v1/records", body)
    assert status == 200, said
    assert {one["outcome"] for one in said["verdicts"]} == {"logged"}, said


def has(node, data):
    return digest_of(data) in node.read(_held)


def _held(view):
    return {one.digest for one in held.list_blobs(view)}


def is_whole(node, data):
    """Whether the bytes lie there that the record names."""
    digest = digest_of(data)
    lying = node.home.data / "blobs" / digest[:2] / digest
    return digest_of(lying.read_bytes()) == digest


def policy(node, other, which):
    """Which of a partner's photos come by themselves."""
    text = node.home.peers.read_text()
    org = f'org = "{other.org}"\n'
    assert org in text
    node.home.peers.write_text(text.replace(org, f'{org}photos = "{which}"\n'))


async def test_c_gets_the_photo_of_a_from_b_while_a_is_down(pemilu, suara, kawal):
    pemilu.trust(suara, suara.url)
    pemilu.trust(kawal)
    suara.trust(pemilu, pemilu.url)
    suara.trust(kawal, kawal.url)
    policy(suara, pemilu, "all")
    # Nobody ever answers where C looks for A.
    kawal.trust(pemilu, f"http://127.0.0.1:{free_port()}")
    kawal.trust(suara, suara.url)
    policy(kawal, pemilu, "disputed")
    await take_in(pemilu, DOUBTED, AGREED)
    start_all(pemilu, suara)
    wait_until(lambda: not pemilu.why_not())
    log(pemilu, named(1, DOUBTED), named(2, AGREED))
    wait_until(
        lambda: has(suara, DOUBTED) and has(suara, AGREED), "B holds them", LONG_S
    )
    pemilu.stop(signal.SIGKILL)
    wait_until(lambda: not suara.why_not())
    log(suara, station(1, first=100), station(2, first=100))
    kawal.start("--alone")
    log(kawal, station(1, first=101), station(2, first=100))
    wait_until(lambda: has(kawal, DOUBTED), "C has it from B", LONG_S)
    assert is_whole(kawal, DOUBTED)
    # Nobody doubts the other: it comes when somebody opens it.
    assert not has(kawal, AGREED)
    said = command(kawal, "photos", "fetch", "--tps", str(station(2)["tps"]))
    assert said == {"asked": 1, "held": 1, "more": False}
    assert is_whole(kawal, AGREED)
    assert command(kawal, "photos", "missing") == {"photos": [], "next": ""}
    made = command(kawal, "people", "add", "pembaca 1", "--role", "viewer")
    async with Browser(kawal.url) as viewer:
        await viewer.sign_in(made["link"])
        seen = open_photo(kawal, DOUBTED, viewer.cookies())
    assert seen == (200, DOUBTED, "private, no-store")
    assert open_photo(kawal, DOUBTED, {})[0] == 404


@pytest.mark.long
async def test_killed_at_any_moment_it_goes_on_and_all_is_held(pemilu, suara):
    """Every photo whole in the end; what had come stays, whatever killed the node."""
    photos = [b"\xff\xd8\xff" + os.urandom(900_000) for _ in range(12)]
    pemilu.trust(suara, suara.url)
    suara.trust(pemilu, pemilu.url)
    policy(suara, pemilu, "all")
    # Slow enough that it is killed in the middle of some.
    text = suara.home.peers.read_text()
    suara.home.peers.write_text(f"{text}max_kbit_s = 16000\n")
    await take_in(pemilu, *photos)
    start_all(pemilu, suara)
    wait_until(lambda: not pemilu.why_not())
    log(pemilu, *(named(number, data) for number, data in enumerate(photos)))
    for count in (2, 5, 8):
        wait_until(
            lambda count=count: len(suara.read(_held)) >= count,
            f"{count} are held",
            LONG_S,
        )
        suara.stop(signal.SIGKILL)
        suara.spawn()
        suara.started()
    wait_until(lambda: all(has(suara, data) for data in photos), "all are held", LONG_S)
    assert all(is_whole(suara, data) for data in photos)
    assert suara.read(wanted.count_wanted) == 0
    # All that lay there in part has gone with the last.
    partial = suara.home.data / "partial"
    wait_until(
        lambda: not partial.exists() or not list(partial.iterdir()), "parts gone"
    )
    code, said = suara.doctor()
    assert code == 0, said
