"""Hostile HTTP requests, byte by byte, and what a running node answers.

A case is (door, what is hostile about it, the bytes that are sent). `{token}` stands
for the operator's token, `{log}` for the hex name of the node's log. The answer is
"<status> <code>: <detail>"; "<status>" alone where there is no Problem Details, and
"closed" where the node hangs up.
"""

# ruff: noqa: E501  a row of the table stays on one line

import gzip
import json
from typing import Final

from federation.records.canonical import encode

MAX_BODY_BYTES: Final = 8_388_608
PATH: Final = "path"
READ: Final = "question"
NEWS: Final = "POST /notify"
WITNESS: Final = "POST /add-checkpoint"
INTAKE: Final = "POST /v1/records"
CONTROL: Final = "POST /v1/control"
PEOPLE: Final = "people of ours"
FRAMING: Final = "HTTP itself"
SITE: Final = "another site"

_HOST: Final = b"Host: 127.0.0.1\r\nConnection: close\r\n"
_JSON: Final = b"Content-Type: application/json\r\n"
_FORM: Final = b"Content-Type: application/x-www-form-urlencoded\r\n"
_TOKEN: Final = b"Authorization: Bearer {token}\r\n"


def _get(path: str, headers: bytes = b"") -> bytes:
    return b"GET %s HTTP/1.1\r\n%s%s\r\n" % (path.encode(), _HOST, headers)


def _post(path: str, body: bytes, headers: bytes = _JSON + _TOKEN) -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST %s HTTP/1.1\r\n%s%s%s\r\n%s" % (
        path.encode(),
        _HOST,
        headers,
        length,
        body,
    )


def _records(body: bytes, headers: bytes = _JSON + _TOKEN) -> bytes:
    return _post("/v1/records", body, headers)


def _offer(body: bytes) -> bytes:
    return _post("/add-checkpoint", body, b"Content-Type: text/plain\r\n")


def _form(body: bytes, headers: bytes = b"") -> bytes:
    return _post("/masuk", body, _FORM + headers)


def _take(path: str) -> bytes:
    return _post("/v1/control/take", json.dumps({"path": path}).encode())


def _named(host: str, path: str = "/logs") -> bytes:
    """A question to a node of another name, as a browser sends it for a website."""
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


def _batch(**members: object) -> bytes:
    return _records(json.dumps({"election": "pemilu-2024", **members}).encode())


_HASH: Final = b"A" * 43 + b"=\n"
_NOTE: Final = (
    (b"x.example/pemilu-2029\n5\n" + _HASH + "\n— x.example/pemilu-2029 ".encode())
    + b"A" * 88
    + b"\n"
)

_DRAFT: Final[dict[str, object]] = {
    "candidates": {"01": 1},
    "contest": "ppwp",
    "form": "plano",
    "review": "reviewed",
    "round": "reguler",
    "source": "observer",
    "tps": "1371011001001",
}


_RECORD: Final[dict[str, object]] = _DRAFT | {
    "election": "pemilu-2024",
    "org": "jagasuara.example",
    "recorded_at": "2024-02-14T10:00:00Z",
    "type": "tps-result/1",
}


def _draft(**members: object) -> bytes:
    return _batch(records=[_DRAFT | members])


CASES: Final[list[tuple[str, str, bytes]]] = [
    # Where there is nothing
    (PATH, "a path that there is not", _get("/admin")),
    (PATH, "a folder above", _get("/../../etc/passwd")),
    (PATH, "a folder above, escaped", _get("/%2e%2e/%2e%2e/etc/passwd")),
    (PATH, "the node's own settings", _get("/federation.toml")),
    (PATH, "the control file", _get("/data/control.json")),
    (PATH, "a folder above the static files", _get("/static/../page.py")),
    (PATH, "a folder above, as a static file", _get("/static/..%2fpage.py")),
    (PATH, "a log that is not held", _get(f"/{'0' * 64}/checkpoint")),
    (PATH, "a log's name in capitals", _get(f"/{'A' * 64}/checkpoint")),
    (PATH, "a NUL in a path", _get("/v1/tps/%00")),
    (PATH, "bytes that are not UTF-8", _get("/v1/tps/%ff%fe")),
    (PATH, "a tile path that climbs", _get("/{log}/tile/0/..%2f..%2fcheckpoint")),
    (PATH, "a tile beyond the log", _get("/{log}/tile/0/999")),
    (PATH, "a tile of width 0", _get("/{log}/tile/0/000.p/0")),
    (PATH, "a tile of width 257", _get("/{log}/tile/0/000.p/257")),
    (PATH, "a tile that is not canonical", _get("/{log}/tile/00/000")),
    (PATH, "a tile of level 99", _get("/{log}/tile/99/000")),
    (PATH, "a bundle beyond the log", _get("/{log}/tile/entries/x999/x999/999")),
    (PATH, "a method that the path has not", b"DELETE /logs HTTP/1.1\r\n" + _HOST + b"\r\n"),
    (PATH, "reading where one writes", _get("/v1/records")),
    # Another site
    (SITE, "a name that leads to this machine", _named("evil.example")),
    (SITE, "the same, with the port", _named("evil.example:8470")),
    (SITE, "a name that begins like ours", _named("localhost.evil.example")),
    (SITE, "our name before an @", _named("localhost@evil.example")),
    (SITE, "its name before an @", _named("evil.example@localhost")),
    (SITE, "an address of the network", _named("192.168.0.1:8470")),
    (SITE, "no name", _named("")),
    (SITE, "a page", _named("evil.example", "/")),
    # Questions
    (READ, "a parameter twice", _get("/v1/gaps?limit=5&limit=6")),
    (READ, "a misspelt parameter", _get("/v1/gaps?limt=5")),
    (READ, "a limit of 0", _get("/v1/gaps?limit=0")),
    (READ, "a limit of a million", _get("/v1/gaps?limit=1000000")),
    (READ, "a limit of 5,000 digits", _get("/v1/gaps?limit=" + "9" * 5000)),
    (READ, "a limit in full-width digits", _get("/v1/gaps?limit=%EF%BC%91")),
    (READ, "SQL for a region", _get("/v1/gaps?region=13'%20OR%201=1--")),
    (READ, "a region of 3 digits", _get("/v1/regions/137")),
    (READ, "an election that there is not", _get("/v1/gaps?election=pilkada-1945")),
    (READ, "a contest that there is not", _get("/v1/gaps?contest=ketua-rt")),
    (READ, "a station of 12 digits", _get("/v1/tps/137101100100")),
    (READ, "a receipt by 63 digits", _get("/v1/records/" + "0" * 63 + "/receipt")),
    (READ, "a receipt in capitals", _get("/v1/records/" + "A" * 64 + "/receipt")),
    (READ, "SQL for a receipt", _get("/v1/records/0'%20OR%201=1--/receipt")),
    (READ, "a receipt that nobody has", _get("/v1/records/" + "0" * 64 + "/receipt")),
    (READ, "a cursor of another node", _get("/v1/changes?since=abc")),
    (READ, "a cursor from the future", _get("/v1/changes?since=" + "9" * 40)),
    (READ, "a wait of an hour", _get("/v1/changes?wait=3600")),
    (READ, "a format that there is not", _get("/v1/export?format=ods")),
    # News
    (NEWS, "not JSON", _post("/notify", b"hello")),
    (NEWS, "nothing", _post("/notify", b"")),
    (NEWS, "a number for an organisation", _post("/notify", b'{"org":5}')),
    (NEWS, "an unknown member", _post("/notify", b'{"org":"a.example","url":"http://169.254.169.254/"}')),
    (NEWS, "a megabyte", _post("/notify", b'{"org":"' + b"x" * 1_000_000 + b'"}')),
    (NEWS, "an organisation that nobody knows", _post("/notify", b'{"org":"nobody.example"}')),
    (NEWS, "no media type", _post("/notify", b'{"org":"a.example"}', b"")),
    (NEWS, "bytes", _post("/notify", b'{"org":"a.example"}', b"Content-Type: application/octet-stream\r\n")),
    (NEWS, "sent by a page of another site", _post("/notify", b'{"org":"a.example"}', _JSON + b"Origin: https://evil.example\r\n")),
    (NEWS, "sent by a page of nowhere", _post("/notify", b'{"org":"a.example"}', _JSON + b"Origin: null\r\n")),
    (NEWS, "another media type", _post("/notify", b'{"org":"a.example"}', b"Content-Type: text/plain\r\n")),
    # A total for a witness
    (WITNESS, "nothing", _offer(b"")),
    (WITNESS, "not an offer", _offer(b"hello\n")),
    (WITNESS, "no checkpoint", _offer(b"old 0\n\n")),
    (WITNESS, "a log that nobody knows", _offer(b"old 0\n\n" + _NOTE)),
    (WITNESS, "an old size above the new one", _offer(b"old 6\n\n" + _NOTE)),
    (WITNESS, "a leading zero", _offer(b"old 00\n\n" + _NOTE)),
    (WITNESS, "a size of twenty digits", _offer(b"old " + b"9" * 20 + b"\n\n" + _NOTE)),
    (WITNESS, "64 hashes", _offer(b"old 1\n" + _HASH * 64 + b"\n" + _NOTE)),
    (WITNESS, "a hash of 31 bytes", _offer(b"old 1\n" + b"A" * 41 + b"A==\n\n" + _NOTE)),
    (WITNESS, "a hundred signatures more than a note has", _offer(b"old 0\n\n" + _NOTE + _NOTE.splitlines(keepends=True)[-1] * 100)),
    (WITNESS, "a line more in the checkpoint", _offer(b"old 0\n\n" + _NOTE.replace(b"=\n\n", b"=\nmore\n\n", 1))),
    (WITNESS, "bytes that are no text", _offer(b"old 0\n\n" + bytes(range(256)))),
    (WITNESS, "a megabyte", _offer(b"old 0\n\n" + b"x" * 1_000_000)),
    (WITNESS, "gzip", _post("/add-checkpoint", gzip.compress(b"old 0\n\n" + _NOTE), b"Content-Encoding: gzip\r\n")),
    # Records
    (INTAKE, "no token", _records(b"{}", _JSON)),
    (INTAKE, "a token that is none", _records(b"{}", _JSON + b"Authorization: Bearer guess\r\n")),
    (INTAKE, "a token that is not UTF-8", _records(b"{}", _JSON + b"Authorization: Bearer \xff\xfe\r\n")),
    (INTAKE, "a name and password", _records(b"{}", _JSON + b"Authorization: Basic YTpi\r\n")),
    (INTAKE, "an empty token", _records(b"{}", _JSON + b"Authorization: Bearer \r\n")),
    (INTAKE, "another media type", _records(b"{}", _TOKEN + b"Content-Type: text/csv\r\n")),
    (INTAKE, "not JSON", _records(b"tps,01\n")),
    (INTAKE, "cut off", _records(b'{"election":"pemilu-2024","records":[{')),
    (INTAKE, "a list", _records(b"[]")),
    (INTAKE, "an unknown member", _batch(trust=True)),
    (INTAKE, "nested 100,000 deep", _records(b'{"election":"pemilu-2024","records":[' + b'{"a":' * 100_000)),
    (INTAKE, "bytes that are not UTF-8", _records(b'{"election":"\xff"}')),
    (INTAKE, "half a surrogate pair", _records(b'{"election":"pemilu-2024","leaves":["\\ud800"]}')),
    (INTAKE, "an election of somebody else", _records(b'{"election":"pilpres-2019","records":[{}]}')),
    (INTAKE, "an election with a line feed", _records(b'{"election":"a\\nb","records":[{}]}')),
    (INTAKE, "5,001 rows", _batch(records=[{}] * 5001)),
    (INTAKE, "a body beyond the limit", _records(b" " * (MAX_BODY_BYTES + 1))),
    (INTAKE, "an empty row", _batch(records=[{}])),
    (INTAKE, "a row with another's name", _draft(org="kawalpemilu.example")),
    (INTAKE, "a row with a time of its own", _draft(recorded_at="2024-02-14T00:00:00Z")),
    (INTAKE, "a vote of -1", _draft(candidates={"01": -1})),
    (INTAKE, "a vote of 5,000 digits", _records(b'{"election":"pemilu-2024","records":[{"candidates":{"01":' + b"9" * 5000 + b"}}]}")),
    (INTAKE, "a vote that is a fraction", _draft(candidates={"01": 1.5})),
    (INTAKE, "a candidate in full-width digits", _draft(candidates={"\uff10\uff11": 1})),
    (INTAKE, "a NUL in a text", _draft(note="a\x00b")),
    (INTAKE, "text that reads right to left", _draft(note="\u202eoname")),
    (INTAKE, "a note of 70,000 characters", _draft(note="x" * 70_000)),
    (INTAKE, "a station in full-width digits", _draft(tps="\uff11371011001001")),
    (INTAKE, "the scheme in lower case, far from its token", _records(b"{}", _JSON + b"Authorization:  bearer \t guess \r\n")),
    (INTAKE, "the scheme written together with its token", _records(b"{}", _JSON + b"Authorization: Bearerguess\r\n")),
    (INTAKE, "a row that is a number", _batch(records=[5])),
    (INTAKE, "everything wrong at once", _draft(tps="x", form="kertas", candidates={"01": -1, "04": 2}, figures={"sah": 1})),
    (INTAKE, "nobody's votes", _draft(candidates={"04": 1})),
    (INTAKE, "one candidate twice", _draft(candidates={"1": 1, "01": 2})),
    (INTAKE, "no votes at all", _draft(candidates={})),
    (INTAKE, "parties where candidates stand", _draft(candidates=None, parties={"1": {"partai": 1}})),
    (INTAKE, "10,000 members that there are not", _draft(**{f"m{n}": 1 for n in range(10_000)})),
    (INTAKE, "10,000 candidates that there are not", _draft(candidates={f"c{n}": 1 for n in range(10_000)})),
    (INTAKE, "a name of 100,000 characters", _draft(**{"x" * 100_000: 1})),
    (INTAKE, "a province that there is not", _draft(tps="2871011001001")),
    (INTAKE, "a code of the bureau of statistics", _draft(tps="1371010001001")),
    (INTAKE, "a leaf that is none", _batch(leaves=["hello"])),
    (INTAKE, "a leaf that somebody else signed", _batch(leaves=[encode(_RECORD).decode() + "\n\n— kawalpemilu.example/records " + "A" * 91 + "=\n"])),
    # The operator's commands
    (CONTROL, "no token", _post("/v1/control/sync", b"{}", _JSON)),
    (CONTROL, "a command that there is not", _post("/v1/control/shutdown", b"{}")),
    (CONTROL, "a command that climbs", _post("/v1/control/..%2fsync", b"{}")),
    (CONTROL, "an unknown argument", _post("/v1/control/sync", b'{"url":"http://169.254.169.254/"}')),
    (CONTROL, "a partner that is none", _post("/v1/control/sync", b'{"orgs":["nobody.example"]}')),
    (CONTROL, "a list of stations that is none", _post("/v1/control/register", b'{"register":"AAAA","source":"x"}')),
    (CONTROL, "a station that is none", _post("/v1/control/withdraw", b'{"election":"pemilu-2024","contest":"ppwp","tps":"x","round":"reguler","reason":"x"}')),
    (CONTROL, "files at a path of 5,000 characters", _take("/" + "a" * 5000)),
    (CONTROL, "files at a name of 300 characters", _take("/tmp/" + "a" * 300)),
    (CONTROL, "files at a path with a NUL", _take("/tmp/a\0b")),
    (CONTROL, "files at a path with half a surrogate pair", _post("/v1/control/take", b'{"path":"/tmp/\\ud800"}')),
    (CONTROL, "files at a path with a line feed and an escape", _take("/tmp/a\n\x1b[2Jb")),
    (CONTROL, "files at a path that is not whole", _take("tmp")),
    (CONTROL, "files on a device", _take("/dev/zero")),
    (CONTROL, "files in a folder without any", _take("/dev")),
    (CONTROL, "files below a file", _take("/dev/null/x")),
    (CONTROL, "an election of somebody else", _post("/v1/control/close", b'{"election":"pilpres-2019","reason":"x"}')),
    # People who sign in
    (PEOPLE, "a link that is none", _get("/masuk?k=guess")),
    (PEOPLE, "a link of 7,000 characters", _get("/masuk?k=" + "a" * 7000)),
    (PEOPLE, "a link with a NUL", _get("/masuk?k=%00")),
    (PEOPLE, "a link that is not UTF-8", _get("/masuk?k=%ff%fe")),
    (PEOPLE, "a cookie that is none", _get("/masuk", b"Cookie: federation-00000000=guess; =; \xff=\xff\r\n")),
    (PEOPLE, "a form without a cookie", _form(b"k=guess")),
    (PEOPLE, "a form of another site", _form(b"k=guess", b"Origin: https://evil.example\r\n")),
    (PEOPLE, "a form that says it is of another site", _form(b"k=guess", b"Sec-Fetch-Site: cross-site\r\n")),
    (PEOPLE, "a form that is JSON", _post("/masuk", b'{"k":"guess"}', _JSON)),
    (PEOPLE, "a form with a file", _post("/masuk", b"--x--", b"Content-Type: multipart/form-data; boundary=x\r\n")),
    (PEOPLE, "a form with a field twice", _form(b"k=a&k=b")),
    (PEOPLE, "a form that is not text", _form(b"k=\xff")),
    (PEOPLE, "a form of 70,000 bytes", _form(b"k=" + b"a" * 70_000)),
    (PEOPLE, "out, and never in", _post("/keluar", b"", _FORM)),
    (PEOPLE, "out by an address", _get("/keluar")),
    # HTTP itself
    (FRAMING, "not HTTP", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    (FRAMING, "two lengths", b"POST /notify HTTP/1.1\r\n" + _HOST + b"Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}"),
    (FRAMING, "a length and chunks", b"POST /notify HTTP/1.1\r\n" + _HOST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    (FRAMING, "a negative length", b"POST /notify HTTP/1.1\r\n" + _HOST + b"Content-Length: -1\r\n\r\n"),
    (FRAMING, "a header of 100,000 bytes", _get("/logs", b"X: " + b"x" * 100_000 + b"\r\n")),
    (FRAMING, "a path of 100,000 bytes", _get("/" + "x" * 100_000)),
    (FRAMING, "a line feed in a header", _get("/logs", b"X: a\rb\r\n")),
    (FRAMING, "a body that unfolds 10,000 times", _post("/notify", gzip.compress(gzip.compress(bytes(10_000_000), mtime=0), mtime=0), _JSON + b"Content-Encoding: gzip\r\n")),
]  # fmt: skip

# What each gets.
ANSWERS: Final[dict[str, dict[str, str]]] = {
    "path": {
        "a path that there is not": "404 not-found: nothing is at this path",
        "a folder above": "404 not-found: nothing is at this path",
        "a folder above, escaped": "404 not-found: nothing is at this path",
        "the node's own settings": "404 not-found: nothing is at this path",
        "the control file": "404 not-found: nothing is at this path",
        "a folder above the static files": "404 not-found: nothing is at this path",
        "a folder above, as a static file": "404 not-found: no such file",
        "a log that is not held": "404 not-found: no such log is held here: see /logs",
        "a log's name in capitals": "404 not-found: nothing is at this path",
        "a NUL in a path": "400 format: not a TPS code of 13 characters: '\\x00'",
        "bytes that are not UTF-8": "400 format: not a TPS code of 13 characters: '%ff%fe'",
        "a tile path that climbs": "400 format: not the path of a tile",
        "a tile beyond the log": "404 not-found: no hashes 0/999.p/256",
        "a tile of width 0": "400 format: the path of a tile that is not canonical",
        "a tile of width 257": "400 format: the path of a tile that is not canonical",
        "a tile that is not canonical": "400 format: the path of a tile that is not canonical",
        "a tile of level 99": "400 format: no tile has level 99",
        "a bundle beyond the log": "404 not-found: no bundle 999999999.p/256",
        "a method that the path has not": "405 method-not-allowed: this path takes what `Allow` lists",
        "reading where one writes": "405 method-not-allowed: this path takes what `Allow` lists",
    },
    "another site": {
        "a name that leads to this machine": "421 misdirected: this node does not go by the name 'evil.example'. If it should, name it in listen.public_url or listen.hosts of federation.toml and start it again; or let the proxy before it send `Host: 127.0.0.1`",
        "the same, with the port": "421 misdirected: this node does not go by the name 'evil.example:8470'. If it should, name it in listen.public_url or listen.hosts of federation.toml and start it again; or let the proxy before it send `Host: 127.0.0.1`",
        "a name that begins like ours": "421 misdirected: this node does not go by the name 'localhost.evil.example'. If it should, name it in listen.public_url or listen.hosts of federation.toml and start it again; or let the proxy before it send `Host: 127.0.0.1`",
        "our name before an @": "421 misdirected: this node does not go by the name 'localhost@evil.example'. If it should, name it in listen.public_url or listen.hosts of federation.toml and start it again; or let the proxy before it send `Host: 127.0.0.1`",
        "its name before an @": "421 misdirected: this node does not go by the name 'evil.example@localhost'. If it should, name it in listen.public_url or listen.hosts of federation.toml and start it again; or let the proxy before it send `Host: 127.0.0.1`",
        "an address of the network": "421 misdirected: this node does not go by the name '192.168.0.1:8470'. If it should, name it in listen.public_url or listen.hosts of federation.toml and start it again; or let the proxy before it send `Host: 127.0.0.1`",
        "no name": "421 misdirected: this node does not go by the name ''. If it should, name it in listen.public_url or listen.hosts of federation.toml and start it again; or let the proxy before it send `Host: 127.0.0.1`",
        "a page": "421 misdirected: this node does not go by the name 'evil.example'. If it should, name it in listen.public_url or listen.hosts of federation.toml and start it again; or let the proxy before it send `Host: 127.0.0.1`",
    },
    "question": {
        "a parameter twice": "400 format: parameter given twice (query parameter 'limit')",
        "a misspelt parameter": "400 format: unknown parameter; this path takes: after, contest, election, format, limit, region (query parameter 'limt')",
        "a limit of 0": "400 format: should be at least 1 (query parameter 'limit')",
        "a limit of a million": "400 format: should be at most 1000 (query parameter 'limit')",
        "a limit of 5,000 digits": "400 format: is a number that is too large (query parameter 'limit')",
        "a limit in full-width digits": "400 format: should be a whole number without quotes, and is text (query parameter 'limit')",
        "SQL for a region": '400 format: not a region: it has 2, 4, 6 or 10 characters ("13\' OR 1=1--")',
        "a region of 3 digits": "400 format: not a region: it has 2, 4, 6 or 10 characters ('137')",
        "an election that there is not": "404 not-found: no election 'pilkada-1945' here; there are: pemilu-2024",
        "a contest that there is not": "404 not-found: there is no contest 'ketua-rt' in this election; there are: ppwp, pdpr, pdpd, pdprdk, pdprdp",
        "a station of 12 digits": "400 format: not a TPS code of 13 characters: '137101100100'",
        "a receipt by 63 digits": "400 format: a record id is 64 hex digits (record)",
        "a receipt in capitals": "400 format: a record id is 64 hex digits (record)",
        "SQL for a receipt": "400 format: a record id is 64 hex digits (record)",
        "a receipt that nobody has": "404 not-found: no record 0000000000000000000000000000000000000000000000000000000000000000",
        "a cursor of another node": "400 format: not a cursor of this API ('abc')",
        "a cursor from the future": "400 format: not a cursor of this API ('9999999999999999999999999999999999999999')",
        "a wait of an hour": "400 format: should be at most 60 (query parameter 'wait')",
        "a format that there is not": "400 format: is \"ods\", which is not one of the values allowed (query parameter 'format')",
    },
    "POST /add-checkpoint": {
        "nothing": "400 format: not an old size, at most 63 lines of proof, an empty line and a signed total",
        "not an offer": "400 format: not an old size, at most 63 lines of proof, an empty line and a signed total",
        "no checkpoint": "400 format: a note without text, empty line and signatures",
        "a log that nobody knows": "404 not-found: we are no witness for x.example/pemilu-2029",
        "an old size above the new one": "400 format: the old size is above that of the signed total",
        "a leading zero": "400 format: a number that is too large or not canonical",
        "a size of twenty digits": "400 format: not a decimal number",
        "64 hashes": "400 format: not an old size, at most 63 lines of proof, an empty line and a signed total",
        "a hash of 31 bytes": "400 format: a hash has 32 bytes",
        "a hundred signatures more than a note has": "400 format: a note with more than 100 signatures",
        "a line more in the checkpoint": "400 format: a checkpoint is three lines",
        "bytes that are no text": "400 format: a control character in a note",
        "a megabyte": "413 too-large: more than 65536 bytes",
        "gzip": "415 media-type: a body is taken as it is, without Content-Encoding",
    },
    "POST /notify": {
        "no media type": "415 media-type: needs Content-Type: application/json",
        "bytes": "415 media-type: needs Content-Type: application/json",
        "sent by a page of another site": "403 forbidden: a page of another site brings no news",
        "sent by a page of nowhere": "403 forbidden: a page of another site brings no news",
        "not JSON": "400 format: is not JSON: byte 0 is a character that cannot stand there (body)",
        "nothing": "400 format: is JSON that is cut off (body)",
        "a number for an organisation": '400 format: should be text in "quotes", and is a whole number (org)',
        "an unknown member": '400 format: there is no member "url" here (body)',
        "a megabyte": "400 format: longer than 1024 bytes (body)",
        "an organisation that nobody knows": "202",
        "another media type": "415 media-type: needs Content-Type: application/json",
    },
    "POST /v1/records": {
        "no token": "401 unauthorized: no token was sent: `Authorization: Bearer <token>` is needed. `federation keys token add` on the node makes one",
        "a token that is none": "401 unauthorized: this node knows no such token: it was copied wrongly, removed, or made on another node. `federation keys token add` on the node makes one",
        "a token that is not UTF-8": "401 unauthorized: this node knows no such token: it was copied wrongly, removed, or made on another node. `federation keys token add` on the node makes one",
        "a name and password": "401 unauthorized: `Authorization` has no token in the form `Bearer <token>`, but another scheme. `federation keys token add` on the node makes one",
        "an empty token": "401 unauthorized: no token stands behind `Bearer`. `federation keys token add` on the node makes one",
        "another media type": "415 media-type: needs Content-Type: application/json",
        "not JSON": "400 format: is not JSON: byte 4 is a character that cannot stand there (body)",
        "cut off": "400 format: is JSON that is cut off (body)",
        "a list": "400 format: should be a table, and is a list (body)",
        "an unknown member": '400 format: there is no member "trust" here (body)',
        "nested 100,000 deep": "400 format: is nested too deep (body)",
        "bytes that are not UTF-8": "400 format: not UTF-8 (body)",
        "half a surrogate pair": "400 format: is JSON that is cut off (body)",
        "an election of somebody else": "404 not-found: no election 'pilpres-2019' here; there are: pemilu-2024",
        "an election with a line feed": "404 not-found: no election 'a\\nb' here; there are: pemilu-2024",
        "5,001 rows": "400 format: more than 5000 rows in one batch (records)",
        "a body beyond the limit": "413 too-large: Maximum request body size 8388608 exceeded.",
        "an empty row": "422, row refused: contest: no contest is said; there are pdpd, pdpr, pdprdk, pdprdp, ppwp; tps: no tps, nor kelurahan and number",
        "a row with another's name": "422, row refused: org: this node says it when it signs: a draft does not",
        "a row with a time of its own": "422, row refused: recorded_at: this node says it when it signs: a draft does not",
        "a vote of -1": "422, row refused: candidates.01: '-1' is negative",
        "a vote of 5,000 digits": "400 format: is a number that is too large (records[0][...][...])",
        "a vote that is a fraction": "422, row refused: candidates.01: '1.5' is not a whole number",
        "a candidate in full-width digits": "422, row refused: candidates.'\\uff10\\uff11': '\\uff10\\uff11' is no candidate of ppwp in Indonesia (pemilu-2024); standing there: 01 Anies Baswedan – Muhaimin Iskandar; 02 Prabowo Subianto – Gibran Rakabuming Raka; 03 Ganjar Pranowo – Mahfud MD",
        "a NUL in a text": "422, row refused: note: code point U+0000 is not allowed",
        "text that reads right to left": "422, row refused: note: code point U+202E is not allowed",
        "a note of 70,000 characters": "422, row refused: note: 70000 characters, 300 at most",
        "a station in full-width digits": "422, row refused: tps: '\\uff11371011001001' has characters that are not plain 0-9",
        "the scheme in lower case, far from its token": "401 unauthorized: this node knows no such token: it was copied wrongly, removed, or made on another node. `federation keys token add` on the node makes one",
        "the scheme written together with its token": "401 unauthorized: `Authorization` has no token in the form `Bearer <token>`, but another scheme. `federation keys token add` on the node makes one",
        "a row that is a number": "422, row refused: a row is a JSON object with the members of a result",
        "everything wrong at once": "422, row refused: tps: 'x' is not a TPS code of 13 characters; candidates.01: '-1' is negative; candidates.04: '04' is no candidate of ppwp in Indonesia (pemilu-2024); standing there: 01 Anies Baswedan – Muhaimin Iskandar; 02 Prabowo Subianto – Gibran Rakabuming Raka; 03 Ganjar Pranowo – Mahfud MD; form: 'kertas' is none of plano, salinan, unknown; figures.sah: 'sah' is no figure of the form",
        "nobody's votes": "422, row refused: candidates.04: '04' is no candidate of ppwp in Indonesia (pemilu-2024); standing there: 01 Anies Baswedan – Muhaimin Iskandar; 02 Prabowo Subianto – Gibran Rakabuming Raka; 03 Ganjar Pranowo – Mahfud MD",
        "one candidate twice": "422, row refused: candidates: '01' is 01, who stands there twice",
        "no votes at all": "422, row refused: no votes, no figures and no photo stand in it: there is nothing to publish",
        "parties where candidates stand": "422, row refused: parties.1: votes of ppwp go to candidates, not to parties",
        "10,000 members that there are not": "422, row refused: m0: a result has no member of this name; m1: a result has no member of this name; m2: a result has no member of this name; m3: a result has no member of this name; m4: a result has no member of this name; and 27 more",
        "10,000 candidates that there are not": "422, row refused: candidates.c0: 'c0' is no candidate of ppwp in Indonesia (pemilu-2024); standing there: 01 Anies Baswedan – Muhaimin Iskandar; 02 Prabowo Subianto – Gibran Rakabuming Raka; 03 Ganjar Pranowo – Mahfud MD; candidates.c1: 'c1' is no candidate of ppwp in Indonesia (pemilu-2024); standing there: 01 Anies Baswedan – Muhaimin Iskandar; 02 Prabowo Subianto – Gibran Rakabuming Raka; 03 Ganjar Pranowo – Mahfud MD; candidates.c2: 'c2' is no candidate of ppwp in Indonesia (pemilu-2024); standing there: 01 Anies Baswedan – Muhaimin Iskandar; 02 Prabowo Subianto – Gibran Rakabuming Raka; 03 Ganjar Pranowo – Mahfud MD; candidates.c3: 'c3' is no candidate of ppwp in Indonesia (pemilu-2024); standing there: 01 Anies Baswedan – Muhaimin Iskandar; 02 Prabowo Subianto – Gibran Rakabuming Raka; 03 Ganjar Pranowo – Mahfud MD; candidates.c4: 'c4' is no candidate of ppwp in Indonesia (pemilu-2024); standing there: 01 Anies Baswedan – Muhaimin Iskandar; 02 Prabowo Subianto – Gibran Rakabuming Raka; 03 Ganjar Pranowo – Mahfud MD; and 27 more",
        "a name of 100,000 characters": "422, row refused: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...': a result has no member of this name",
        "a province that there is not": '422, row refused: tps: 2871011001001: there is no province 28 in pemilu-2024. If it exists all the same, say --allow-unlisted (in the API `"unlisted": true`)',
        "a code of the bureau of statistics": '422, row refused: tps: 1371010001001: the seventh digit is 0, but in codes of Kemendagri and KPU it is 1 (kelurahan), 2 (desa) or 3 (desa adat); this looks like a code of BPS. If it exists all the same, say --allow-unlisted (in the API `"unlisted": true`)',
        "a leaf that is none": "422, row refused: a leaf without an empty line",
        "a leaf that somebody else signed": "422, row refused: kawalpemilu.example/records 00000000 is not a records key of this log",
    },
    "POST /v1/control": {
        "files at a path of 5,000 characters": "400 format: this name is longer than the disk's file system allows; choose a shorter one (/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…)",
        "files at a name of 300 characters": "400 format: this name is longer than the disk's file system allows; choose a shorter one (/tmp/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…)",
        "files at a path with a NUL": "400 format: no file can have this name ('/tmp/a\\x00b')",
        "files at a path with half a surrogate pair": "400 format: is JSON that is cut off (body)",
        "files at a path with a line feed and an escape": "404 not-found: no file: '/tmp/a\\n\\x1b[2Jb'",
        "files at a path that is not whole": "400 format: not an absolute path (tmp)",
        "files on a device": "400 unreadable: it cannot be read: not a regular file (/dev/zero)",
        "files in a folder without any": "400 format: there are no logs in it (/dev)",
        "files below a file": "404 not-found: no file: /dev/null/x",
        "no token": "401 unauthorized: no token was sent: `Authorization: Bearer <token>` is needed. It is that of data/control.json on the node's machine",
        "a command that there is not": "404 not-found: no command 'shutdown'",
        "a command that climbs": "404 not-found: no command '../sync'",
        "an unknown argument": '400 format: there is no member "url" here (body)',
        "a partner that is none": "404 not-found: nobody.example is no partner with an address in peers.toml",
        "a list of stations that is none": "400 format: not a register: Error -3 while decompressing data: unknown compression method",
        "a station that is none": "400 format: not a TPS code of 13 characters: 'x'",
        "an election of somebody else": "404 not-found: no election 'pilpres-2019' here; there are: pemilu-2024",
    },
    "people of ours": {
        "a link that is none": "404",
        "a link of 7,000 characters": "404",
        "a link with a NUL": "404",
        "a link that is not UTF-8": "404",
        "a cookie that is none": "200",
        "a form without a cookie": "403",
        "a form of another site": "403",
        "a form that says it is of another site": "403",
        "a form that is JSON": "415 media-type: needs Content-Type: application/x-www-form-urlencoded",
        "a form with a file": "415 media-type: needs Content-Type: application/x-www-form-urlencoded",
        "a form with a field twice": "400",
        "a form that is not text": "400",
        "a form of 70,000 bytes": "400",
        "out, and never in": "303",
        "out by an address": "405 method-not-allowed: this path takes what `Allow` lists",
    },
    "HTTP itself": {
        "not HTTP": "400",
        "two lengths": "400",
        "a length and chunks": "400",
        "a negative length": "400",
        "a header of 100,000 bytes": "400",
        "a path of 100,000 bytes": "400",
        "a line feed in a header": "400",
        "a body that unfolds 10,000 times": "415 media-type: a body is taken as it is, without Content-Encoding",
    },
}
