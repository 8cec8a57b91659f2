"""A node that publishes to a bucket: killed amid it, read by partners and auditors."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import obstore
import pytest

from federation.blobs.bucket import open_store
from federation.config.fingerprint import fingerprint
from federation.config.founding import load_identity_key
from federation.feeds.resource import LOGS, log_path
from tests.bucketserver import BUCKET, OURS, PUBLIC
from tests.homes import ELECTION
from tests.stories.nodes import PROJECT
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.long]

TO = f"s3://{BUCKET}/{PUBLIC}/site"
RECORDS = 1_500


def command(*words):
    return [sys.executable, "-m", "federation", *map(str, words), "--json"]


def said(*words, given=None, code=0):
    """What a command answers, in an environment of its own."""
    done = subprocess.run(
        command(*words),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | (given or {}),
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert OURS.secret not in done.stdout + done.stderr
    return json.loads(done.stdout or done.stderr.splitlines()[-1])


def objects(store):
    found = [one["path"] for page in obstore.list(store) for one in page]
    return {path: bytes(obstore.get(store, path).bytes()) for path in found}


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def say(home, before, after):
    text = home.settings.read_text()
    assert before in text
    home.settings.write_text(text.replace(before, after))


def kill_amid(home, store, given, count):
    """Publish, and end the process with SIGKILL when there are so many objects."""
    with subprocess.Popen(
        command("export", "--static", TO, "--home", home.folder),
        cwd=PROJECT,
        env=os.environ | given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            listed = [one["path"] for page in obstore.list(store) for one in page]
            if len([name for name in listed if "-probe-" not in name]) >= count:
                process.kill()
                break
            time.sleep(0.001)
    return process.returncode


def test_what_was_killed_amid_publishing_is_taken_up_and_partners_read_it(
    bucket_store, pemilu, suara, tmp_path
):
    given = bucket_store.environment()
    store, url = open_store(TO, given), f"{bucket_store.url}/{BUCKET}/{PUBLIC}/site"
    pemilu.start()
    for first in range(0, RECORDS, 500):
        pemilu.take(first, first + 500)
    pemilu.stop()

    # By hand, killed at its beginning and again somewhat later.
    assert kill_amid(pemilu.home, store, given, 1) == -signal.SIGKILL
    assert LOGS.path not in objects(store)
    assert log_path(pemilu.origin, "checkpoint") not in objects(store)
    kill_amid(pemilu.home, store, given, 9)
    ours = ["--home", pemilu.home.folder]
    done = said("export", "--static", TO, *ours, given=given)
    assert (done["path"], done["files"] > 0) == (TO, True)
    said("export", "--static", tmp_path / "site", *ours)
    there = objects(store)
    records = {p: data for p, data in there.items() if not p.startswith("map/")}
    assert records == files(tmp_path / "site")
    assert f"map/{ELECTION}/news.json" in there
    again = said("export", "--static", TO, *ours, given=given)
    assert again == {"path": TO, "files": 0, "bytes": 0, "removed": 0}

    _read_by_anybody(pemilu, url)
    _kept_by_the_node(pemilu, suara, given, url)


def _read_by_anybody(pemilu, url):
    """With what a cache is told of each."""
    with urllib.request.urlopen(
        f"{url}/{log_path(pemilu.origin, 'tile/0/000')}"
    ) as got:
        assert got.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    with urllib.request.urlopen(f"{url}/{LOGS.path}") as got:
        assert got.headers["Cache-Control"] == "no-cache"
        assert got.headers["Content-Type"] == "application/json"
    print_ = fingerprint(load_identity_key(pemilu.home, pemilu.org))
    report = said("verify", url, "--fingerprint", print_)
    assert report["verdict"] == "proved", report["findings"]
    assert [log["records"] for log in report["logs"]] == [RECORDS + 1]


def _kept_by_the_node(pemilu, suara, given, url):
    """By a file of who asks; nobody can reach the node."""
    access = pemilu.home.keys / "site-store.env"
    access.touch(0o600)
    access.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
    # Its interval is five minutes: what is new is there by the change of the map.
    say(pemilu.home, '# to = "site"', f'to = "{TO}"')
    say(pemilu.home, '# store_access = "keys/site', 'store_access = "keys/site')
    suara.trust(pemilu, url)
    suara.start()
    wait_until(lambda: suara.size(pemilu.origin) == RECORDS + 1, "a partner has all")
    pemilu.start("--log", "json")
    pemilu.take(RECORDS, RECORDS + 10)
    wait_until(lambda: suara.size(pemilu.origin) == RECORDS + 11, "and what is new")
    log = pemilu.home.folder / "serve.log"

    def is_told():
        lines = log.read_text().splitlines()
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return any(one["event"] == "published" and one["to"] == TO for one in told)

    wait_until(is_told, "what was published is told")
    assert '"event":"store-tried"' in log.read_text()
    assert OURS.secret not in log.read_text()
    assert pemilu.told("static") == ""
