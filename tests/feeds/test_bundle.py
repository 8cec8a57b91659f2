"""Bundle files: written in one form, read with distrust."""

import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import FormatError, NotFoundError
from federation.feeds import bundle as bundles
from federation.feeds.bundle import BundleFile, is_bundle, write_bundle

HEX = "a" * 64
ITEMS = [
    (".well-known/tps-federation", b"about\n"),
    (f"{HEX}/checkpoint", b"note\n" * 100),
    (f"{HEX}/tile/0/000", bytes(range(256)) * 32),
    (f"{HEX}/tile/entries/000", b"leaf " * 1000),
    ("logs", b'{"logs":[]}'),
]


def written(path, items=ITEMS):
    assert write_bundle(path, items) == len(items)
    return path


def zipped(path, *entries, **infos):
    """A ZIP by the standard library: (name or ZipInfo, bytes), as they come."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **infos) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def patched(path, old, new, *, count=-1):
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new, count))
    return path


def test_what_was_written_is_read(tmp_path):
    with BundleFile(written(tmp_path / "b")) as bundle:
        assert list(bundle.names()) == [name for name, _ in ITEMS]
        for name, data in ITEMS:
            assert bundle.read(name, len(data)) == data
        with pytest.raises(NotFoundError):
            bundle.read("checkpoint", 100)
    assert [one.name for one in tmp_path.iterdir()] == ["b"]


def test_the_same_files_give_the_same_bytes(tmp_path):
    one, other = (written(tmp_path / name).read_bytes() for name in ("one", "other"))
    assert one == other
    assert len(one) < sum(len(data) for _, data in ITEMS)


def test_hashes_are_stored_and_all_else_is_packed(tmp_path):
    with zipfile.ZipFile(written(tmp_path / "b")) as archive:
        methods = {info.filename: info.compress_type for info in archive.infolist()}
        info = archive.getinfo("logs")
    stored = [name for name, how in methods.items() if how == zipfile.ZIP_STORED]
    assert stored == [f"{HEX}/tile/0/000"]
    assert info.date_time == (1980, 1, 1, 0, 0, 0)
    assert info.external_attr == 0o100644 << 16


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.text("abcdef0123456789/.-", min_size=1).filter(bundles.is_path),
        st.binary(max_size=300),
        max_size=6,
    )
)
def test_any_files_come_back_as_they_were(tmp_path_factory, files):
    path = tmp_path_factory.mktemp("bundle") / "b"
    write_bundle(path, sorted(files.items()))
    with BundleFile(path) as bundle:
        assert {name: bundle.read(name, 300) for name in bundle.names()} == files


def test_a_bundle_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    before = written(tmp_path / "b").read_bytes()

    def items():
        yield ITEMS[0]
        raise FormatError("no more")

    with pytest.raises(FormatError):
        write_bundle(tmp_path / "b", items())
    assert (tmp_path / "b").read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("items", [ITEMS[::-1], [ITEMS[0], ITEMS[0]], [("../a", b"")]])
def test_files_out_of_order_or_place_are_our_own_bug(tmp_path, items):
    with pytest.raises(AssertionError):
        write_bundle(tmp_path / "b", items)


BAD_NAMES = [
    "../logs",
    "/logs",
    "a/../logs",
    "a//b",
    "./logs",
    "a\\b",
    "C:logs",
    "a\nb",
]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_leads_elsewhere_refuses_the_whole(tmp_path, name):
    path = zipped(tmp_path / "b", ("logs", b""), (name, b"evil"))
    with pytest.raises(FormatError, match="with the name"):
        BundleFile(path)


def test_a_name_that_ends_at_a_nul_for_some_readers_is_refused(tmp_path):
    path = zipped(tmp_path / "b", ("logs", b""), ("logs2x", b"evil"))
    patched(path, b"logs2x", b"logs\0x")
    with pytest.raises(FormatError):
        BundleFile(path)


def test_a_name_that_stands_twice_is_refused(tmp_path):
    path = zipped(tmp_path / "b", ("logs", b"one"), ("logz", b"two"))
    patched(path, b"logz", b"logs")
    with pytest.raises(FormatError, match="logs twice"):
        BundleFile(path)


def test_an_encrypted_file_is_refused(tmp_path):
    path = zipped(tmp_path / "b", ("logs", b"secret"))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(FormatError, match="encrypted"):
        BundleFile(path)


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_methods_of_packing_are_refused(tmp_path, how):
    path = tmp_path / "b"
    with zipfile.ZipFile(path, "w", how) as archive:
        archive.writestr("logs", b"x" * 100)
    with pytest.raises(FormatError, match="not deflate"):
        BundleFile(path)


def test_a_file_that_unpacks_to_more_than_its_kind_may_have_is_not_unpacked(tmp_path):
    path = zipped(tmp_path / "b", ("logs", bytes(10_000_000)))
    with (
        BundleFile(path) as bundle,
        pytest.raises(FormatError, match="more than 1000 bytes"),
    ):
        bundle.read("logs", 1000)


def test_a_file_that_is_larger_than_it_says_is_damaged(tmp_path):
    size = 1_000_000
    path = zipped(tmp_path / "b", ("logs", bytes(size)))
    patched(path, size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    with BundleFile(path) as bundle, pytest.raises(FormatError, match="damaged"):
        bundle.read("logs", 1000)


def test_a_file_that_is_smaller_than_it_says_is_damaged(tmp_path):
    path = zipped(tmp_path / "b", ("logs", b"x" * 77))
    patched(path, (77).to_bytes(4, "little"), (87).to_bytes(4, "little"))
    with BundleFile(path) as bundle, pytest.raises(FormatError, match="damaged"):
        bundle.read("logs", 1000)


def test_a_bundle_inside_a_bundle_is_a_file_like_any_other(tmp_path):
    inner = written(tmp_path / "inner").read_bytes()
    with BundleFile(written(tmp_path / "b", [("inner.zip", inner)])) as bundle:
        assert not bundle.is_whole
        assert bundle.read("inner.zip", len(inner)) == inner


def test_every_bundle_that_ends_too_early_says_so(tmp_path):
    data = written(tmp_path / "b").read_bytes()
    for size in (*range(60, len(data), 97), len(data) - 1):
        (tmp_path / "b").write_bytes(data[:size])
        with pytest.raises(FormatError) as caught:
            BundleFile(tmp_path / "b")
        assert caught.value.what.startswith("the file is cut off")
        assert is_bundle(tmp_path / "b")


@pytest.mark.parametrize("extra", [b"x", b"\0" * 100, b"PK\x05\x06" + bytes(18)])
def test_nothing_stands_behind_the_end(tmp_path, extra):
    path = written(tmp_path / "b")
    path.write_bytes(path.read_bytes() + extra)
    with pytest.raises(FormatError, match="not a ZIP"):
        BundleFile(path)


def test_nothing_stands_before_the_beginning(tmp_path):
    path = written(tmp_path / "b")
    data = path.read_bytes()
    for before in (b"#!/bin/sh\n", zipped(tmp_path / "z", ("a", b"")).read_bytes()):
        path.write_bytes(before + data)
        with pytest.raises(FormatError, match="not a ZIP"):
            BundleFile(path)


def test_a_comment_is_refused(tmp_path):
    path = tmp_path / "b"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("logs", b"")
        archive.comment = b"hello"
    with pytest.raises(FormatError, match="behind its end"):
        BundleFile(path)


def test_a_bit_that_turned_is_found_in_every_byte_of_a_file(tmp_path):
    path = written(tmp_path / "b", [("logs", b"the status vector")])
    good = path.read_bytes()
    start = good.index(b"logs") + 4
    unnoticed = 0
    for at in range(start, good.index(b"PK\x01\x02")):
        path.write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :])
        with BundleFile(path) as bundle:
            try:
                assert bundle.read("logs", 1000) == b"the status vector"
                unnoticed += 1
            except FormatError:
                pass
    assert unnoticed <= 1  # the last byte has bits that nothing is packed into


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damage_anywhere_ends_in_an_error_of_ours_or_the_true_bytes(
    tmp_path_factory, data
):
    path = tmp_path_factory.mktemp("bundle") / "b"
    good = written(path).read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    path.write_bytes(good[:at] + data.draw(st.binary(max_size=8)) + good[at + 1 :])
    try:
        with BundleFile(path) as bundle:
            for name in bundle.names():
                found = bundle.read(name, 100_000)
                assert (name, found) in ITEMS or name not in dict(ITEMS)
    except (FormatError, NotFoundError):
        pass


def test_a_bundle_from_a_stream_with_data_descriptors_is_read(tmp_path):
    class Stream(io.RawIOBase):
        def __init__(self, path):
            self.file = path.open("wb")

        def writable(self):
            return True

        def write(self, data):
            return self.file.write(data)

    stream = Stream(tmp_path / "b")
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("logs", b"abc")
        archive.writestr("a/", b"")
        archive.writestr("a/keys", b"def")
    stream.file.close()
    with BundleFile(tmp_path / "b") as bundle:
        assert list(bundle.names()) == ["a/keys", "logs"]
        assert bundle.read("a/keys", 3) == b"def"


@pytest.mark.slow
def test_more_files_than_a_plain_zip_can_have_are_read(tmp_path):
    items = [(f"{number:06}", b"") for number in range(66_000)]
    with BundleFile(written(tmp_path / "b", items)) as bundle:
        assert sum(1 for _ in bundle.names()) == 66_000
        assert bundle.read("065999", 1) == b""


@pytest.mark.slow
def test_a_zip64_record_that_is_not_where_it_says_is_refused(tmp_path):
    items = [(f"{number:06}", b"") for number in range(66_000)]
    path = written(tmp_path / "b", items)
    good = path.read_bytes()
    for old, new in ((b"PK\x06\x06", b"PK\x06\x00"), (b"PK\x06\x07", b"PK\x06\x00")):
        path.write_bytes(good.replace(old, new))
        with pytest.raises(FormatError, match="not a ZIP"):
            BundleFile(path)
    at = good.index(b"PK\x06\x07") + 8
    path.write_bytes(good[:at] + bytes(8) + good[at + 8 :])
    with pytest.raises(FormatError, match="not a ZIP"):
        BundleFile(path)


def test_a_directory_too_large_for_memory_is_not_read(tmp_path, monkeypatch):
    path = written(tmp_path / "b")
    monkeypatch.setattr(bundles, "MAX_DIRECTORY_BYTES", 100)
    with pytest.raises(FormatError, match="a directory of"):
        BundleFile(path)


def test_more_names_than_a_country_has_are_not_read(tmp_path, monkeypatch):
    path = zipped(tmp_path / "b", *((f"v1/{n}", b"") for n in range(9)))
    with monkeypatch.context() as patch:
        patch.setattr(bundles, "MAX_NAMES", 9)
        with BundleFile(path) as bundle:
            assert len(list(bundle.names())) == 9
        patch.setattr(bundles, "MAX_NAMES", 8)
        with pytest.raises(FormatError, match="more than 8 files"):
            BundleFile(path)
        # Nor where the end tells of fewer.
        end = path.read_bytes()[-22:]
        fewer = end[:8] + b"\1\0\1\0" + end[12:]
        path.write_bytes(path.read_bytes()[:-22] + fewer)
        with pytest.raises(FormatError, match="more than 8 files"):
            BundleFile(path)
        with pytest.raises(FormatError, match="more than 8 files"):
            write_bundle(tmp_path / "c", [(f"v1/{n}", b"") for n in range(9)])
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(os.devnull)])
def test_a_pipe_or_a_device_is_no_bundle_and_is_not_waited_for(tmp_path, make):
    path = tmp_path / "b.zip"
    make(path)
    assert not is_bundle(path)
    with pytest.raises(FormatError, match="not a regular file"):
        BundleFile(path)


def test_a_bundle_is_recognised_by_what_is_in_it(tmp_path):
    assert is_bundle(written(tmp_path / "b.csv"))
    excerpt = zipped(tmp_path / "excerpt", ("receipts/a.example/e/1.txt", b""))
    assert is_bundle(excerpt)
    with BundleFile(excerpt) as bundle:
        assert bundle.is_excerpt
        assert not bundle.is_whole
    # Without its list: whoever opens it says what is missing.
    assert is_bundle(zipped(tmp_path / "unlisted", (f"{HEX}/keys", b"")))
    # A spreadsheet is a ZIP, too.
    sheet = zipped(tmp_path / "b.xlsx", ("xl/workbook.xml", b"<x/>" * 99))
    assert not is_bundle(sheet)
    sheet.write_bytes(sheet.read_bytes()[:60])
    assert not is_bundle(sheet)
    for name, data in (("csv", b"tps,01\n"), ("empty", b""), ("pk", b"PK")):
        (tmp_path / name).write_bytes(data)
        assert not is_bundle(tmp_path / name)
    assert not is_bundle(tmp_path)
    assert not is_bundle(tmp_path / "nothing")


def test_what_cannot_be_opened_says_why(tmp_path):
    with pytest.raises(NotFoundError):
        BundleFile(tmp_path / "nothing")
    with pytest.raises(FormatError, match="cannot be read"):
        BundleFile(tmp_path)


def test_no_handle_is_left_open_when_a_bundle_is_refused(tmp_path):
    path = zipped(tmp_path / "b", ("../x", b""))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(FormatError):
            BundleFile(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
