"""What was said in HTTP over a tapped wire, opened: pieces joined, codings undone."""

import zlib
from collections.abc import Iterator

import zstandard

from tests.stories.nodes import Talk

_BODILESS = {b"204", b"304"}
_OPENERS = {
    b"gzip": lambda body: zlib.decompress(body, 47),
    b"deflate": zlib.decompress,
    b"zstd": lambda body: zstandard.ZstdDecompressor().decompressobj().decompress(body),
}


def read_talk(talk: Talk) -> Iterator[bytes]:
    """All bytes of both directions as they went, and every body that was coded."""
    yield bytes(talk.asked)
    yield bytes(talk.answered)
    asked = list(_messages(bytes(talk.asked), []))
    methods = [head.split(b" ", 1)[0] for head, _ in asked]
    for head, body in (*asked, *_messages(bytes(talk.answered), methods)):
        fields = _fields(head)
        coding = fields.get(b"content-encoding", b"identity")
        if coding != b"identity" or b"transfer-encoding" in fields:
            yield _OPENERS[coding](body) if coding in _OPENERS else body


def _messages(data: bytes, methods: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Head and body of each message; the last may be cut off.

    `methods`: of the requests, where `data` are the answers.
    """
    number = 0
    while (end := data.find(b"\r\n\r\n")) >= 0:
        head, data = data[:end], data[end + 4 :]
        status = head.split(b" ", 2)[1] if head.startswith(b"HTTP/") else b""
        if status.startswith(b"1"):
            yield head, b""
            continue
        is_head = number < len(methods) and methods[number] == b"HEAD"
        number += 1
        if is_head or status in _BODILESS:
            yield head, b""
            continue
        fields = _fields(head)
        if fields.get(b"transfer-encoding") == b"chunked":
            body, data = _joined(data)
        elif b"content-length" in fields:
            size = int(fields[b"content-length"])
            body, data = data[:size], data[size:]
        elif status:
            body, data = data, b""
        else:
            body = b""
        yield head, body


def _joined(data: bytes) -> tuple[bytes, bytes]:
    body = bytearray()
    while (end := data.find(b"\r\n")) >= 0:
        size = int(data[:end].split(b";")[0], 16)
        body += data[end + 2 : end + 2 + size]
        data = data[end + 4 + size :]
        if size == 0:
            break
    return bytes(body), data


def _fields(head: bytes) -> dict[bytes, bytes]:
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:])
    return {name.strip().lower(): value.strip().lower() for name, _, value in lines}
