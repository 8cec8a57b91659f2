"""One contract over every store of bytes: a folder, and an object store."""

import asyncio
import hashlib
import os
import shutil
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from obstore.store import MemoryStore

from federation.blobs import below, folder, objects
from federation.blobs.blobs import open_blobs
from federation.blobs.objects import ObjectBlobs
from federation.errors import NotFoundError
from federation.text.cause import is_of_store, tell_refusal
from tests.blobs.fake_s3 import EVERYTHING, FakeS3

DATA = bytes(range(256)) * 4
DIGEST = hashlib.sha256(DATA).hexdigest()
OTHER = b"another"
OTHERS = hashlib.sha256(OTHER).hexdigest()
NOBODYS = hashlib.sha256(b"").hexdigest()


SECRET = "a-secret-of-the-store"


@pytest.fixture
async def s3(monkeypatch):
    """An object store on loopback, its address and credentials in the environment."""
    fake = FakeS3()
    async with TestServer(fake.app()) as server:
        for name, value in (
            ("ACCESS_KEY_ID", "a-key"),
            ("SECRET_ACCESS_KEY", SECRET),
            ("ENDPOINT", f"http://127.0.0.1:{server.port}"),
            ("ALLOW_HTTP", "true"),
            ("REGION", "here"),
        ):
            monkeypatch.setenv(f"AWS_{name}", value)
        yield fake


@pytest.fixture(params=["folder", "memory", "s3"])
async def blobs(request, tmp_path, s3):
    if request.param == "folder":
        return open_blobs("below/blobs", tmp_path)
    if request.param == "memory":
        return ObjectBlobs("memory://", MemoryStore())
    return open_blobs("s3://bucket/below", tmp_path)


async def listed(blobs, prefix=""):
    return {digest: size async for digest, size in blobs.list(prefix)}


async def test_what_was_put_is_there_whole_and_said_to_be_there_once(blobs):
    assert await blobs.put(DIGEST, DATA)
    assert not await blobs.put(DIGEST, DATA)
    assert await blobs.get(DIGEST) == DATA
    assert await blobs.size(DIGEST) == len(DATA)


async def test_what_was_never_put_is_not_there(blobs):
    for _ in range(2):
        assert await blobs.size(NOBODYS) is None
        assert not await blobs.delete(NOBODYS)
        assert await listed(blobs) == {}
        for range_ in ((), (0, 0), (5,), (5, 0)):
            with pytest.raises(NotFoundError, match=NOBODYS):
                await blobs.get(NOBODYS, *range_)
        await blobs.put(DIGEST, DATA)
        await blobs.delete(DIGEST)


async def test_a_part_is_what_a_slice_is(blobs):
    short = b"0123456789"
    await blobs.put(DIGEST, short)
    for start in range(13):
        assert await blobs.get(DIGEST, start) == short[start:]
        for length in range(13):
            got = await blobs.get(DIGEST, start, length)
            assert got == short[start : start + length], (start, length)


async def test_pieces_are_a_part_and_none_come_of_what_has_another_size(
    blobs, monkeypatch
):
    for module in (objects, folder):
        monkeypatch.setattr(module, "PIECE_BYTES", 3)
    await blobs.put(DIGEST, b"0123456789")

    def read(start, end, size=10):
        pieces = blobs.pieces(DIGEST, start, end, size)
        return [bytes(piece) for piece in pieces]

    assert await asyncio.to_thread(read, 0, 10) == [b"012", b"345", b"678", b"9"]
    assert await asyncio.to_thread(read, 4, 8) == [b"456", b"7"]
    for size in (9, 11):
        came = b"".join(await asyncio.to_thread(read, 0, size, size))
        assert len(came) < size
    await blobs.delete(DIGEST)
    assert await asyncio.to_thread(read, 0, 10) == []


async def test_what_was_deleted_is_gone_and_can_be_put_again(blobs):
    await blobs.put(DIGEST, DATA)
    assert await blobs.delete(DIGEST)
    assert not await blobs.delete(DIGEST)
    assert await blobs.size(DIGEST) is None
    assert await blobs.put(DIGEST, DATA)
    assert await blobs.get(DIGEST) == DATA


async def test_each_is_listed_once_by_how_it_begins(blobs):
    held = {f"{n:02x}{'0' * 61}{m}": n + m for n in (0, 1, 16, 255) for m in range(3)}
    for digest, size in held.items():
        await blobs.put(digest, b"x" * size)
    assert await listed(blobs) == held
    for prefix in ("0", "00", "01", "010", "ff" + "0" * 61 + "2", "ee"):
        wanted = {d: s for d, s in held.items() if d.startswith(prefix)}
        assert await listed(blobs, prefix) == wanted


async def test_bytes_that_a_crash_cut_off_are_written_again(blobs):
    for torn in (b"", DATA[:100], DATA[:-1] + b"!", DATA + b"more"):
        await asyncio.to_thread(blobs._write, DIGEST, torn)
        assert await blobs.put(DIGEST, DATA)
        assert await blobs.get(DIGEST) == DATA


async def test_two_who_put_and_delete_the_same_wait_for_each_other(blobs):
    async with blobs.alone(DIGEST), blobs.alone(OTHERS):
        assert blobs._locks[DIGEST].locked()
    assert not blobs._locks


async def test_who_is_stopped_amid_a_put_lets_nobody_in_before_it_is_done(
    tmp_path, monkeypatch
):
    blobs = open_blobs("blobs", tmp_path)
    begun, go_on = threading.Event(), threading.Event()
    write = blobs._write

    def slowly(digest, data):
        begun.set()
        assert go_on.wait(10)
        write(digest, data)

    monkeypatch.setattr(blobs, "_write", slowly)

    async def put():
        async with blobs.alone(DIGEST):
            await blobs.put(DIGEST, DATA)

    async def remove():
        async with blobs.alone(DIGEST):
            await blobs.delete(DIGEST)

    putting = asyncio.create_task(put())
    await asyncio.to_thread(begun.wait, 10)
    putting.cancel()
    removing = asyncio.create_task(remove())
    await asyncio.sleep(0.05)
    go_on.set()
    await asyncio.wait([putting, removing])
    await asyncio.sleep(0.05)
    assert putting.cancelled()
    assert await blobs.size(DIGEST) is None


async def test_a_file_that_is_put_is_the_blob_and_stays(blobs, tmp_path):
    path = tmp_path / "came"
    path.write_bytes(DATA)
    assert await blobs.put_file(DIGEST, path)
    assert not await blobs.put_file(DIGEST, path)
    assert await blobs.get(DIGEST) == DATA
    path.unlink()
    assert await blobs.get(DIGEST) == DATA
    with pytest.raises(FileNotFoundError):
        await blobs.put_file(DIGEST, path)


async def test_a_file_replaces_bytes_that_a_crash_spoilt(tmp_path):
    blobs, path = open_blobs("blobs", tmp_path), tmp_path / "came"
    await blobs.put(DIGEST, DATA)
    (tmp_path / "blobs" / DIGEST[:2] / DIGEST).write_bytes(bytes(len(DATA)))
    path.write_bytes(DATA)
    assert await blobs.put_file(DIGEST, path)
    assert await blobs.get(DIGEST) == DATA


async def test_a_file_of_another_disk_is_copied(tmp_path, monkeypatch):
    blobs, path = open_blobs("blobs", tmp_path), tmp_path / "came"
    path.write_bytes(DATA)

    def refuse(*_paths):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert await blobs.put_file(DIGEST, path)
    path.write_bytes(b"other")
    assert await blobs.get(DIGEST) == DATA


async def test_a_file_that_the_disk_did_not_take_is_not_believed_again(
    tmp_path, monkeypatch
):
    """The system calls it written when it is asked a second time."""
    blobs, path, sync = open_blobs("blobs", tmp_path), tmp_path / "came", os.fsync
    path.write_bytes(DATA)

    def fail(handle):
        if DIGEST in str(Path(f"/proc/self/fd/{handle}").readlink()):
            raise OSError(5, "Input/output error")
        sync(handle)

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Input/output"):
        await blobs.put_file(DIGEST, path)
    assert await blobs.size(DIGEST) is None
    assert not path.exists()


async def test_nothing_is_made_before_something_is_put(tmp_path):
    blobs = open_blobs("below/blobs", tmp_path)
    assert await listed(blobs) == {}
    assert list(tmp_path.iterdir()) == []
    await blobs.put(DIGEST, DATA)
    folder = tmp_path / "below" / "blobs"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / DIGEST[:2] / DIGEST).read_bytes() == DATA


async def test_what_is_no_blob_is_not_listed(tmp_path):
    blobs = open_blobs(str(tmp_path), tmp_path / "ignored")
    await blobs.put(DIGEST, DATA)
    for name in ("README", f"{DIGEST[:2]}/{OTHERS}", f"{DIGEST[:2]}/{DIGEST}#1"):
        (tmp_path / name).write_bytes(b"?")
    (tmp_path / "ab" / "abcd").mkdir(parents=True)
    assert await listed(blobs) == {DIGEST: len(DATA)}


async def test_what_a_killed_process_left_amid_a_put_goes_at_the_next(tmp_path):
    await open_blobs("blobs", tmp_path).put(DIGEST, DATA)
    part = tmp_path / "blobs" / DIGEST[:2] / f"{OTHERS}#1"
    part.write_bytes(b"half")
    blobs = open_blobs("blobs", tmp_path)
    assert await listed(blobs) == {DIGEST: len(DATA)}
    assert not await blobs.put(DIGEST, DATA)
    assert await blobs.put(OTHERS, OTHER)
    assert not part.exists()
    assert await listed(blobs) == {DIGEST: len(DATA), OTHERS: len(OTHER)}


async def test_bytes_are_synced_before_names_and_all_before_it_is_said(
    tmp_path, monkeypatch
):
    blobs, synced = open_blobs("blobs", tmp_path), []
    sync = os.fsync

    def note(handle):
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", note)
    top = tmp_path / "blobs"
    await blobs.put(DIGEST, DATA)
    path = top / DIGEST[:2] / DIGEST
    part = f"{path}#1"  # no crash leaves a name whose bytes are not there
    assert synced == [str(tmp_path), part, str(path.parent), str(top)]
    synced.clear()
    # It may be what a killed process has put and not synced.
    await blobs.put(DIGEST, DATA)
    assert synced == [str(path), str(path.parent)]


@pytest.mark.parametrize("failing", ["file", "folder"])
async def test_what_the_disk_did_not_take_is_not_taken_for_written_later(
    failing, tmp_path, monkeypatch
):
    blobs, sync = open_blobs("blobs", tmp_path), os.fsync

    def fail(handle):
        place = str(Path(f"/proc/self/fd/{handle}").readlink())
        if place.endswith(f"{DIGEST}#1" if failing == "file" else f"/{DIGEST[:2]}"):
            raise OSError(5, "Input/output error", place)
        sync(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            await blobs.put(DIGEST, DATA)
    assert await blobs.size(DIGEST) is None
    assert await blobs.put(DIGEST, DATA)


@pytest.mark.parametrize("failing", ["file", "folder"])
@pytest.mark.parametrize("as_file", [False, True])
async def test_a_disk_that_fails_takes_nothing_away_that_is_held(
    as_file, failing, tmp_path, monkeypatch
):
    blobs, came, sync = open_blobs("blobs", tmp_path), tmp_path / "came", os.fsync
    await blobs.put(DIGEST, DATA)
    came.write_bytes(DATA)

    def fail(handle):
        place = str(Path(f"/proc/self/fd/{handle}").readlink())
        if place.endswith(DIGEST if failing == "file" else f"/{DIGEST[:2]}"):
            raise OSError(5, "Input/output error", place)
        sync(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            await (blobs.put_file(DIGEST, came) if as_file else blobs.put(DIGEST, DATA))
    assert await blobs.get(DIGEST) == DATA
    assert came.read_bytes() == DATA


async def test_spoilt_bytes_are_replaced_by_what_the_disk_took_only(
    tmp_path, monkeypatch
):
    blobs = open_blobs("blobs", tmp_path)
    await blobs.put(DIGEST, DATA)
    path = tmp_path / "blobs" / DIGEST[:2] / DIGEST
    path.write_bytes(b"a part of it")

    def fail(_handle):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match="Input/output"):
            await blobs.put(DIGEST, DATA)
    assert path.read_bytes() == b"a part of it"
    assert [one.name for one in path.parent.iterdir()] == [DIGEST]
    assert await blobs.put(DIGEST, DATA)
    assert await blobs.get(DIGEST) == DATA


async def test_a_link_under_the_name_of_a_blob_is_none(tmp_path):
    blobs, secret = open_blobs("blobs", tmp_path), tmp_path / "secret"
    await blobs.put(OTHERS, OTHER)
    secret.write_bytes(DATA)
    path = tmp_path / "blobs" / DIGEST[:2] / DIGEST
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(secret)
    assert await blobs.size(DIGEST) is None
    assert await listed(blobs) == {OTHERS: len(OTHER)}
    assert not await blobs.delete(DIGEST)
    with pytest.raises(NotFoundError, match=DIGEST):
        await blobs.get(DIGEST)
    # Put, it is a file of its own, and what the link led to is as it was.
    assert await blobs.put(DIGEST, DATA)
    secret.write_bytes(b"changed")
    assert await blobs.get(DIGEST) == DATA
    assert await listed(blobs, DIGEST[:4]) == {DIGEST: len(DATA)}
    assert not path.is_symlink()
    assert await blobs.delete(DIGEST)
    assert secret.read_bytes() == b"changed"


async def test_a_file_where_a_folder_should_be_is_told_by_its_number(tmp_path):
    blobs = open_blobs("blobs", tmp_path)
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / DIGEST[:2]).write_bytes(b"")
    for work in (blobs.put(DIGEST, DATA), blobs.size(DIGEST), blobs.get(DIGEST)):
        with pytest.raises(NotADirectoryError) as caught:
            await work
        assert str(caught.value.filename).endswith(f"/{DIGEST[:2]}/{DIGEST}")


async def test_a_folder_that_somebody_removed_is_made_again(tmp_path):
    blobs = open_blobs("blobs", tmp_path)
    await blobs.put(DIGEST, DATA)
    shutil.rmtree(tmp_path / "blobs" / DIGEST[:2])
    with pytest.raises(FileNotFoundError, match=DIGEST):
        await blobs.put(DIGEST, DATA)
    assert await blobs.put(DIGEST, DATA)
    assert await blobs.get(DIGEST) == DATA


async def test_what_a_disk_does_not_take_leaves_nothing_half_written(
    tmp_path, monkeypatch
):
    blobs = open_blobs("blobs", tmp_path)

    def fill(part, data):
        part.write_bytes(data[:100])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(blobs, "_write_part", fill)
        with pytest.raises(OSError, match=f"No space.*{DIGEST}'"):
            await blobs.put(DIGEST, DATA)
    assert list((tmp_path / "blobs" / DIGEST[:2]).iterdir()) == []
    assert await blobs.put(DIGEST, DATA)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("Unable to copy data to file: No space left on device (os error 28)", 28),
        ("Unable to open file /x: Read-only file system (os error 30)", 30),
        ("Error performing PUT https://u:p@s3/ab?X-Signature=abc in 1s: no", 5),
    ],
)
async def test_refusals_of_the_library_are_errors_of_the_disk_and_give_nothing_away(
    words, number, monkeypatch
):
    def refuse(*_, **__):
        raise below.obstore.exceptions.GenericError(words + "\n\nDebug source: secret")

    monkeypatch.setattr(below.obstore, "put", refuse)
    blobs = ObjectBlobs("memory://", MemoryStore())
    with pytest.raises(OSError, match=DIGEST) as caught:
        await blobs.put(DIGEST, DATA)
    assert caught.value.errno == number
    told = str(caught.value)
    for secret in ("u:p", "X-Signature", "Debug"):
        assert secret not in told


def test_an_address_is_shown_without_what_opens_it():
    blobs = ObjectBlobs("s3://key:secret@bucket/below?token=abc", MemoryStore())
    assert blobs.address == "s3://bucket/below"


async def test_an_object_store_is_asked_with_credentials_that_nobody_is_shown(
    s3, tmp_path
):
    blobs = open_blobs("s3://bucket/below", tmp_path)
    await blobs.put(DIGEST, DATA)
    assert s3.objects == {f"below/{DIGEST[:2]}/{DIGEST}": DATA}
    assert all("a-key" in signed for signed in s3.signed)
    s3.refuses = EVERYTHING
    with pytest.raises(OSError, match="bucket/below") as caught:
        await blobs.put(OTHERS, OTHER)
    told = f"{caught.value} {tell_refusal(caught.value)}"
    for secret in ("a-key", SECRET, "Signature", "Authorization"):
        assert secret not in told
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "code", "key"),
    [
        (403, "AccessDenied", "store-refuses"),
        (403, "QuotaExceeded", "store-full"),
        (507, "XMinioStorageFull", "store-full"),
        (507, "", "store-full"),
        (500, "InternalError", "store-failed"),
        (404, "NoSuchBucket", "store-no-bucket"),
        (409, "OperationAborted", "no-store"),
    ],
)
async def test_what_a_store_refuses_with_says_what_to_mend(
    status, code, key, s3, tmp_path, monkeypatch
):
    blobs = open_blobs("s3://bucket/below", tmp_path)
    s3.refuses, s3.refusal = frozenset({"PUT"}), (status, code)
    with pytest.raises(OSError, match="bucket/below") as caught:
        await blobs.put(DIGEST, DATA)
    cause = caught.value.strerror
    assert cause.key == f"blobs.{key}"
    assert is_of_store(caught.value)
    told = cause.values["words"]
    assert (str(status) in told, code in told) == (True, True)
    assert not {"<", ">"} & set(told)


async def test_a_store_that_refused_is_tried_anew_until_it_takes_something(
    s3, tmp_path
):
    blobs = open_blobs("s3://bucket/below", tmp_path)
    found = await blobs.traits()
    s3.refuses, s3.refusal = frozenset({"PUT"}), (507, "")
    # What was found a moment ago is believed, until it is known better.
    assert await blobs.traits() == found
    with pytest.raises(OSError, match="bucket/below"):
        await blobs.put(DIGEST, DATA)
    assert blobs.has_refused
    with pytest.raises(OSError, match="bucket/below"):
        await blobs.traits()
    s3.refuses = frozenset()
    assert await blobs.traits() == found
    assert not blobs.has_refused


async def test_a_store_that_stands_still_is_asked_once_and_told_as_a_store(
    tmp_path, monkeypatch
):
    asked, gone = [], asyncio.Semaphore(0)

    async def stand_still(reader, writer):
        asked.append(await reader.readline())
        await reader.read()  # till whoever asked has gone
        writer.close()
        await writer.wait_closed()
        gone.release()

    monkeypatch.setattr(below, "_RETRY_FOR", timedelta(milliseconds=1))
    monkeypatch.setenv("AWS_TIMEOUT", "200ms")
    server = await asyncio.start_server(stand_still, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for name, value in (
        ("ACCESS_KEY_ID", "a-key"),
        ("SECRET_ACCESS_KEY", SECRET),
        ("ENDPOINT", url),
        ("ALLOW_HTTP", "true"),
        ("REGION", "here"),
    ):
        monkeypatch.setenv(f"AWS_{name}", value)
    blobs = open_blobs("s3://bucket/below", tmp_path)
    for ask in (blobs.put(DIGEST, DATA), blobs.traits()):
        asked.clear()
        with pytest.raises(OSError, match="object store") as failed:
            await ask
        assert is_of_store(failed.value)
        assert len(asked) == 1
        await gone.acquire()
    server.close()
    await server.wait_closed()
