"""docs/examples run as they stand: what they publish, a node takes in whole."""

import contextlib
import csv
import functools
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from federation.config.fingerprint import fingerprint
from federation.feeds.resource import log_path
from federation.records.keychain import decode_keys, open_chain
from federation.store import logs, quarantine
from federation.store.db import Database
from federation.tlog.keys import format_vkey, parse_vkey
from tests.homes import make_home, serving
from tests.interop.checker import compile_checker
from tests.waiting import until

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = PROJECT / "docs" / "examples" / "publisher"
PROGRAMS = {"publisher.py": sys.executable, "publisher.mjs": "node"}
ORG, ORIGIN = "kawalpemilu.example", "kawalpemilu.example/pilpres-2019"


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_is_short_and_uses_nothing_of_ours(name):
    lines = (EXAMPLE / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) < 150
    assert max(map(len, lines)) <= 100
    asked = [x for x in lines if re.match(r"import|from", x)]
    allowed = r"(import|from) (\w+|cryptography\S*)( import .*)?|.*\"node:\w+\";"
    assert asked
    assert all(re.fullmatch(allowed, x) and "federation" not in x for x in asked)


def _rows(shared, most):
    path = shared / "data" / "pilpres2019" / "sample-a-plano.csv"
    with path.open(newline="") as lines:
        return list(itertools.islice(csv.DictReader(lines), most))


def _document(row):
    """A row as Firestore's REST interface lists it."""

    def integer(name):
        return {"integerValue": row[name]}

    votes = {"01": integer("paslon_01"), "02": integer("paslon_02")}
    tps = f"{row['kode_kelurahan']}{row['no_tps']}"
    return {
        "name": f"projects/demo/databases/(default)/documents/results/{tps}",
        "fields": {
            "kelurahan": {"stringValue": row["kode_kelurahan"]},
            "tps": integer("no_tps"),
            "paslon": {"mapValue": {"fields": votes}},
            "sah": integer("sah"),
            "tidakSah": integer("tidak_sah"),
        },
        "createTime": row["diunggah"],
        "updateTime": row["diunggah"],
    }


class Publisher:
    """An organisation that has none of our code: a program, two folders."""

    def __init__(self, folder, program):
        if shutil.which(PROGRAMS[program]) is None:
            say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            say(f"{PROGRAMS[program]} is not installed")
        self.program = program
        self.private, self.public = folder / "private", folder / "public"
        self.private.mkdir(exist_ok=True)
        shutil.copy(EXAMPLE / "publisher.json", self.private)

    @property
    def log(self):
        return self.public / log_path(ORIGIN, "")

    def run(self, rows):
        """What the program printed, and its exit code."""
        export = self.private.parent / "export"
        if self.program.endswith(".mjs"):
            export.write_text(json.dumps({"documents": list(map(_document, rows))}))
        else:
            with export.open("w", newline="") as lines:
                out = csv.DictWriter(lines, rows[0])
                out.writeheader()
                out.writerows(rows)
        done = subprocess.run(
            [
                PROGRAMS[self.program],
                EXAMPLE / self.program,
                self.private,
                export,
                self.public,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def publish(self, rows):
        code, said = self.run(rows)
        assert code == 0, said
        return said

    def log_key(self):
        """The log's key, as its own identity key vouches for it."""
        notes = decode_keys((self.log / "keys").read_bytes())
        identity = parse_vkey(json.loads(notes[0].split(b"\n")[0])["identity"])
        return format_vkey(open_chain(notes, identity).log_key(1))

    def files(self):
        return {
            path.relative_to(self.public): path.read_bytes()
            for path in self.public.rglob("*")
            if path.is_file()
        }


@pytest.fixture(params=PROGRAMS)
def publisher(tmp_path, request):
    return Publisher(tmp_path, request.param)


@pytest.fixture
def address(publisher):
    """A plain web server for the public folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=publisher.public)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
async def test_a_node_takes_in_all_that_an_example_publishes_and_what_is_added(
    tmp_path, shared, publisher, address
):
    rows = _rows(shared, 600)
    said = publisher.publish(rows[:300])
    home = make_home(tmp_path)
    # The lines are what a partner pastes; only the address is the partner's to fill in.
    lines = said[said.index("[[peer]]") :].replace("https://…", address)
    with home.peers.open("a") as peers:
        peers.write(f"\n{lines}allow_private = true\n")
    async with serving(home) as node:

        async def log_of(size):
            status, body, _ = await node.get("/v1/status")
            assert status == 200
            logs = json.loads(body)["logs"]
            return any(x["origin"] == ORIGIN and x["merged"] == size for x in logs)

        await until(lambda: log_of(301))
        publisher.publish(rows)
        await until(lambda: log_of(601))
        tps = f"{rows[-1]['kode_kelurahan']}{int(rows[-1]['no_tps']):03}"
        _, body, _ = await node.get(f"/v1/tps/{tps}")
        (group,) = json.loads(body)["contests"][0]["groups"]
        votes = {"01": int(rows[-1]["paslon_01"]), "02": int(rows[-1]["paslon_02"])}
        assert group["votes"] == votes
    with contextlib.closing(Database.open(home.data)) as db, db.view() as view:
        log = logs.get_log(view, ORIGIN)
        assert quarantine.list_rejected(view, log.id) == []
        assert (log.size, log.stalled, log.frozen) == (601, None, None)


@pytest.fixture(scope="session")
def checker(tmp_path_factory):
    return compile_checker(tmp_path_factory.mktemp("go"))


@pytest.mark.slow
async def test_tools_of_others_follow_an_example_from_run_to_run(
    tmp_path, shared, publisher, checker
):
    rows = _rows(shared, 520)
    older = []
    for size in (2, 200, 255, 256, 520):
        publisher.publish(rows[:size])
        vkey = publisher.log_key()
        answer = await checker.run(publisher.public, ORIGIN, vkey, older=older)
        assert (answer.verdict, answer.size) == ("proved", size + 1), answer.text
        older.append(tmp_path / f"checkpoint-{size}")
        shutil.copy(publisher.log / "checkpoint", older[-1])


@pytest.mark.slow
def test_our_own_audit_accepts_what_an_example_publishes(shared, publisher):
    said = publisher.publish(_rows(shared, 300))
    vkey = re.search('identity = "(.*)"', said)[1]
    words = ["--fingerprint", fingerprint(parse_vkey(vkey)), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "federation", "verify", publisher.public, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )
    report = json.loads(done.stdout)
    assert (done.returncode, report["verdict"]) == (0, "proved"), report
    (log,) = report["logs"]
    assert (log["size"], log["records"], log["refused"]) == (301, 301, 0)


@pytest.mark.slow
def test_an_example_says_only_what_is_new(shared, publisher):
    rows = _rows(shared, 20)
    publisher.publish(rows)
    once = publisher.files()
    publisher.publish(rows)
    assert publisher.files() == once
    rows[3]["paslon_01"] = str(int(rows[3]["paslon_01"]) + 1)
    assert "# 21 results" in publisher.publish(rows)
    assert "# 21 results" in publisher.publish(rows)
    rows[3]["paslon_01"] = str(int(rows[3]["paslon_01"]) - 1)
    assert "# 22 results" in publisher.publish(rows)


@pytest.mark.slow
def test_one_example_goes_on_where_the_other_stopped(tmp_path, shared):
    rows = _rows(shared, 30)
    both = [Publisher(tmp_path, program) for program in PROGRAMS]
    for end, one in zip((10, 20, 30), itertools.cycle(both), strict=False):
        assert f"# {end} results" in one.publish(rows[:end])
        assert f"# {end} results" in both[1].publish(rows[:end])


@pytest.mark.slow
def test_an_example_never_signs_a_second_history(shared, publisher):
    """Of a private folder restored from an old copy, or lost, nothing is signed."""
    rows = _rows(shared, 20)
    publisher.publish(rows[:10])
    old = (publisher.private / "leaves.json").read_bytes()
    publisher.publish(rows[:15])
    shown = publisher.files()
    (publisher.private / "leaves.json").write_bytes(old)
    other = [*rows[:10], *rows[16:]]
    for change in (lambda: None, (publisher.private / "leaves.json").unlink):
        change()
        code, said = publisher.run(other)
        assert code != 0
        assert "is of another history" in said
        assert publisher.files() == shown


@pytest.mark.slow
def test_an_example_goes_on_after_it_was_stopped_before_it_published(shared, publisher):
    rows = _rows(shared, 20)
    publisher.publish(rows[:5])
    before = publisher.files()
    publisher.publish(rows[:10])
    shutil.rmtree(publisher.public)
    for path, data in before.items():
        (publisher.public / path).parent.mkdir(parents=True, exist_ok=True)
        (publisher.public / path).write_bytes(data)
    assert "# 12 results" in publisher.publish(rows[:12])


@pytest.mark.slow
def test_an_example_keeps_its_keys_to_itself(shared, publisher):
    publisher.publish(_rows(shared, 3))
    keys = list(publisher.private.glob("*.pem"))
    assert len(keys) == 4
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    assert not any(b"PRIVATE" in data for data in publisher.files().values())
    # The key of keys is needed once; what is lost of the others is never made anew.
    (publisher.private / "identity.pem").unlink()
    publisher.publish(_rows(shared, 4))
    (publisher.private / "records.pem").unlink()
    code, _ = publisher.run(_rows(shared, 5))
    assert code != 0
    assert len(list(publisher.private.glob("*.pem"))) == 2
