"""A process that is killed, or a disk that takes no more, amid photos coming in."""

import asyncio
import errno
import hashlib
import random
import signal
import subprocess
import sys

import pytest

from federation.blobs.blobs import open_blobs
from federation.flows.photos.held import Photo, finish_drops, keep_photo
from federation.store import blobs as held
from federation.store.db import Database

pytestmark = pytest.mark.slow

TAKING = """
import asyncio, hashlib, random, resource, sys
from pathlib import Path
from federation.blobs.blobs import open_blobs
from federation.flows.photos.held import Photo, drop_photo, keep_photo
from federation.store.db import Database

async def main(folder, seed, most):
    if most:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    rng, blobs = random.Random(seed), open_blobs("blobs", folder)
    db = Database.open(folder / "data")
    for number in range(200):
        data = rng.randbytes(rng.randrange(1, 300_000))
        photo = Photo(hashlib.sha256(data).hexdigest(), data, "image/jpeg")
        try:
            await keep_photo(db, blobs, photo, is_own=True, now=number)
            print("kept", photo.digest, flush=True)
            if number % 5 == 4:
                await drop_photo(db, blobs, photo.digest)
                print("gone", photo.digest, flush=True)
        except OSError as error:
            print("refused", photo.digest, error.errno, flush=True)

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
"""


def start(folder, seed, most=0):
    words = [sys.executable, "-c", TAKING, str(folder), str(seed), str(most)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def said(output):
    """What was told of each photo last."""
    lines = [line.split() for line in output.splitlines(keepends=True) if "\n" in line]
    return {digest: (word, *rest) for word, digest, *rest in lines}


async def rows_and_bytes(db, blobs):
    rows = {row.digest: row for row in await db.read(held.list_blobs)}
    found = {digest async for digest, _ in blobs.list()}
    for digest in found & rows.keys():
        data = await blobs.get(digest)
        assert hashlib.sha256(data).hexdigest() == digest
    return set(rows), found


@pytest.mark.parametrize("seed", range(6))
async def test_what_was_acknowledged_before_a_kill_is_there_and_no_row_is_untrue(
    seed, tmp_path
):
    process = start(tmp_path, seed)
    assert process.stdout is not None
    first = process.stdout.readline()
    await asyncio.sleep(random.Random(seed).random() * 0.4)
    process.send_signal(signal.SIGKILL)
    told = said(first + process.communicate()[0])
    db, blobs = Database.open(tmp_path / "data"), open_blobs("blobs", tmp_path)
    rows, found = await rows_and_bytes(db, blobs)
    kept = {digest for digest, (word,) in told.items() if word == "kept"}
    gone = {digest for digest, (word,) in told.items() if word == "gone"}
    # The last may have been about to go, or to be told of.
    assert len(kept - rows) <= 1
    assert rows <= found
    assert not rows & gone
    await finish_drops(db, blobs)
    rows, found = await rows_and_bytes(db, blobs)
    assert rows <= found
    assert len(found - rows) <= 1  # bytes whose row was not written: taken over
    for digest in found - rows:
        data = await blobs.get(digest)
        if hashlib.sha256(data).hexdigest() == digest:
            photo = Photo(digest, data, "image/jpeg")
            assert await keep_photo(db, blobs, photo, is_own=True, now=1)
    db.close()


@pytest.mark.of_file  # it finds no room, either
async def test_a_disk_that_takes_no_more_refuses_what_it_lacks_room_for(tmp_path):
    """A file can have no more than 200 KB: the larger ones of all find no room."""
    with Database.open(tmp_path / "data").transaction():
        pass
    process = start(tmp_path, 1, 200_000)
    told = said(process.communicate()[0])
    refused = {d: rest for d, (word, *rest) in told.items() if word == "refused"}
    assert refused
    # The log of the database finds no room, either.
    numbers = {int(number) for (number,) in refused.values()}
    assert errno.EFBIG in numbers <= {errno.EFBIG, errno.EIO}
    db, blobs = Database.open(tmp_path / "data"), open_blobs("blobs", tmp_path)
    rows, found = await rows_and_bytes(db, blobs)
    assert rows == {d for d, (word, *_) in told.items() if word == "kept"}
    assert rows <= found <= rows | refused.keys()
    db.close()
