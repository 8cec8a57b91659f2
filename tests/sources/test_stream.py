"""sources/stream.py"""

import codecs
import contextlib
import gzip
import os
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError
from federation.sources import stream
from federation.sources.stream import LONG_LINE, SourceFile


def lines_of(path):
    with SourceFile(path) as source:
        return list(source.lines())


@given(content=st.binary(max_size=300), block=st.integers(1, 40))
def test_lines_are_the_file_whatever_the_block_size(tmp_path_factory, content, block):
    path = tmp_path_factory.mktemp("s") / "f"
    body = content.replace(b"\0", b"-").replace(b"\r", b"-")
    path.write_bytes(b"x" + body)  # a first byte that is no mark and no magic number
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "BLOCK_BYTES", block)
        if block < 4:
            patch.setattr(stream, "BLOCK_BYTES", 4)
        got = lines_of(path)
    assert b"".join(got) == b"x" + body
    assert all(line.endswith(b"\n") for line in got[:-1])


@given(
    parts=st.lists(st.sampled_from(["a", "\r", "\n", "\r\n", "\r\r\n"]), max_size=20),
    block=st.integers(4, 9),
)
def test_any_line_end_is_one_whatever_the_block_size(tmp_path_factory, parts, block):
    path = tmp_path_factory.mktemp("s") / "f"
    text = "x" + "".join(parts)
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream, "BLOCK_BYTES", block)
        with SourceFile(path) as source:
            got = b"".join(source.lines(any_end=True)).decode()
    assert got == text.replace("\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")


def test_a_file_without_any_lf_has_the_lines_of_an_old_macintosh(put):
    assert lines_of(put(b"{}\r{}\r")) == [b"{}\n", b"{}\n"]
    assert lines_of(put(b"{}\r{}\n")) == [b"{}\r{}\n"]


def test_marks_of_files_that_were_put_together_are_all_taken_off(put):
    assert lines_of(put(codecs.BOM_UTF8 * 2 + b"tps\n")) == [b"tps\n"]


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_known_by_its_zeros(put, name):
    assert lines_of(put("Kode;é\n".encode(name))) == ["Kode;é\n".encode()]


@pytest.mark.parametrize("content", [b"a\0b\n", b"\0\0\0\0", b"kode,01\0\n", b"a\0"])
def test_a_few_zeros_do_not_make_utf16(put, content):
    assert b"".join(lines_of(put(content))) == content


@pytest.fixture
def piped():
    """Gives the path of a pipe that bytes come through, as `<(…)` does."""
    with contextlib.ExitStack() as stack:

        def start(data):
            out, into = os.pipe()
            stack.callback(os.close, out)

            def write():
                with contextlib.suppress(BrokenPipeError), os.fdopen(into, "wb") as end:
                    end.write(data)

            thread = Thread(target=write)
            thread.start()
            stack.callback(thread.join)
            return Path(f"/dev/fd/{out}")

        yield start


@pytest.mark.parametrize(
    "data",
    [b"a\nb\n", gzip.compress(b"a\nb\n", mtime=0), codecs.BOM_UTF8 + b"a\nb\n"],
    ids=["plain", "gzip", "mark"],
)
def test_a_pipe_is_read_as_a_file_is(piped, data):
    with SourceFile(piped(data)) as source:
        assert source.peek() == b"a\nb\n"
        assert list(source.lines()) == [b"a\n", b"b\n"]
        assert source.done == source.total == len(data)


def test_a_named_pipe_is_read(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    thread = Thread(target=lambda: path.write_bytes(b"a\n" * 100_000))
    thread.start()
    with SourceFile(path) as source:
        assert len(list(source.lines())) == 100_000
    thread.join()


def test_a_pipe_beyond_the_size_bound_is_refused(piped, monkeypatch):
    monkeypatch.setattr(stream, "MAX_BYTES", 100)
    with pytest.raises(FormatError, match="larger than 100 bytes"):
        SourceFile(piped(b"x\n" * 100))


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_standard_input_is_read_and_named_so(name):
    code = (
        "from federation.sources.stream import SourceFile\n"
        f"with SourceFile({name!r}) as s: print(s.label, list(s.lines()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=b"a\nb", capture_output=True, check=True
    )
    assert done.stdout.decode() == "standard input [b'a\\n', b'b']\n"


def test_a_terminal_is_not_waited_for():
    master, slave = os.openpty()
    try:
        with pytest.raises(FormatError, match="this is a terminal"):
            SourceFile(os.ttyname(slave))
    finally:
        os.close(master)
        os.close(slave)


def test_what_has_no_end_and_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(FormatError, match="this is a device"):
        SourceFile("/dev/zero")
    with pytest.raises(FormatError, match="this is a folder"):
        SourceFile(tmp_path)
    with SourceFile("/dev/null") as source:
        assert source.peek() == b""


def test_gzip_is_known_by_its_content_and_unpacked(put):
    assert lines_of(put("a\nb", "f.csv", zipped=True)) == [b"a\n", b"b"]


def test_a_mark_of_utf8_is_not_part_of_the_text(put):
    assert lines_of(put(codecs.BOM_UTF8 + b"tps\n")) == [b"tps\n"]


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be"])
def test_utf16_with_a_mark_reads_as_the_same_text(put, monkeypatch, name):
    monkeypatch.setattr(stream, "BLOCK_BYTES", 3)  # every block cuts a character
    data = ("\ufeff" + "Kode;Sah\n1;2\n" * 5).encode(name)
    assert b"".join(lines_of(put(data))) == b"Kode;Sah\n1;2\n" * 5


def test_utf16_that_ends_within_a_character_is_refused(put):
    with pytest.raises(FormatError, match="not UTF-16"):
        lines_of(put(codecs.BOM_UTF16_LE + b"a\0b"))


def test_a_line_without_end_costs_bounded_memory_and_is_named(put, monkeypatch):
    monkeypatch.setattr(stream, "MAX_LINE_BYTES", 1000)
    monkeypatch.setattr(stream, "BLOCK_BYTES", 64)
    got = lines_of(put(b"a\n" + b"x" * 10_000 + b"\nb\n" + b"y" * 5_000))
    assert got == [b"a\n", LONG_LINE, b"b\n", LONG_LINE]


def test_a_gzip_bomb_stops_before_it_fills_the_machine(put, monkeypatch):
    monkeypatch.setattr(stream, "FREE_BYTES", 1 << 20)
    path = put(b"\n" * (8 << 20), zipped=True)
    with pytest.raises(FormatError, match="unfolds to more than 200 times"):
        lines_of(path)


def test_a_file_beyond_the_size_bound_is_refused(put, monkeypatch):
    monkeypatch.setattr(stream, "MAX_BYTES", 100)
    with pytest.raises(FormatError, match="larger than 100 bytes"):
        lines_of(put(b"x\n" * 100))


@pytest.mark.parametrize("cut", [5, 15, -1, -4])
def test_a_cut_gzip_file_is_an_error_not_an_end(put, cut):
    data = gzip.compress(b"1371011001001,1\n" * 100)
    with pytest.raises(FormatError, match="damaged gzip"):
        lines_of(put(data[:cut]))


def test_every_flipped_byte_of_a_gzip_file_is_noticed_or_harmless(put):
    text = b"1371011001001,1\n" * 20
    data = bytearray(gzip.compress(text, mtime=0))
    for at in range(10, len(data)):
        data[at] ^= 0xFF
        with contextlib.suppress(FormatError):
            assert b"".join(lines_of(put(bytes(data)))) == text
        data[at] ^= 0xFF


@pytest.mark.parametrize(
    ("magic", "kind"),
    [
        (b"PK\x03\x04", "Excel workbook: save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0", "old Excel"),
        (b"%PDF-1.4", "a PDF"),
        (b"\xff\xd8\xff\xe0", "a photo"),
        (b"\x89PNG\r\n", "a picture"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"BZh9", "bzip2"),
        (b"\xfd7zXZ\0", "xz"),
        (b"SQLite format 3\0", "a database"),
    ],
)
def test_what_is_no_text_is_named(put, magic, kind):
    with pytest.raises(FormatError, match=kind):
        SourceFile(put(magic + b"1234567890123456"))


def test_a_peeked_block_is_read_again(put):
    with SourceFile(put("a\nb\n")) as source:
        assert source.peek() == b"a\nb\n"
        assert list(source.lines()) == [b"a\n", b"b\n"]
        assert source.done == source.total == 4
