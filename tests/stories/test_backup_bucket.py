"""Backups in a bucket of a real object store, from the first one to a new machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import obstore
import pytest

from federation.blobs.bucket import open_store
from federation.config.home import Home
from tests.bucketserver import BUCKET, OURS, READER
from tests.homes import ELECTION
from tests.stories.nodes import LOOPBACK, PROJECT, free_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.long]

PASSPHRASE = "only for the tests"
TO = f"s3://{BUCKET}/nodes/pemilu"


def command(home, *words):
    program = [sys.executable, "-m", "federation", "backup", *map(str, words)]
    return [*program, "--home", str(home.folder), "--json"]


def backup(home, *words, given, code=0):
    """What `federation backup` answers in an environment of its own."""
    done = subprocess.run(
        command(home, *words),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | given,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert OURS.secret not in done.stdout + done.stderr
    # Where an endpoint is no address, the library says so in its own words first.
    return json.loads(done.stdout or done.stderr.splitlines()[-1])


def say(home, before, after):
    text = home.settings.read_text()
    assert before in text
    home.settings.write_text(text.replace(before, after))


def access_file(home, bucket_store):
    file = home.keys / "store.env"
    file.touch(0o600)
    lines = (f"{name}={value}\n" for name, value in bucket_store.environment().items())
    file.write_text("".join(lines))
    return file


def test_a_node_whose_backups_lie_in_a_bucket_comes_back_on_another_machine(
    bucket_store, pemilu, suara, tmp_path
):
    """By the clock, with who asks in a file; the folder is lost; partners have more."""
    secret = tmp_path / "passphrase"
    secret.touch(0o600)
    secret.write_text(PASSPHRASE)
    pemilu.trust(suara, suara.url)
    suara.trust(pemilu, pemilu.url)
    access = access_file(pemilu.home, bucket_store)
    backup(pemilu.home, "key", "--passphrase-file", secret, given={})
    suara.start()
    pemilu.start()
    pemilu.take(0, 50)
    pemilu.stop()
    say(
        pemilu.home,
        '# to = "/mnt/backup/node"',
        f'to = "{TO}"\nstore_access = "keys/store.env"',
    )
    pemilu.start()
    wait_until(pemilu.home.last_backup.exists, "one is made by the clock")
    last = json.loads(pemilu.home.last_backup.read_text())
    assert last["path"].startswith(f"{TO}/")
    pemilu.take(50, 60)
    wait_until(lambda: suara.size(pemilu.origin) == 61, "a partner holds all")
    acknowledged = pemilu.leaves(pemilu.origin)

    stick = shutil.copy(pemilu.home.backup_private, tmp_path / "stick.pem")
    own = shutil.copy(access, tmp_path / "store.env")
    Path(own).chmod(0o600)
    tmp_path.chmod(0o700)
    pemilu.stop(signal.SIGKILL)
    shutil.rmtree(pemilu.home.folder)
    again = Home(tmp_path / "again")
    words = ["--key", stick, "--passphrase-file", secret, "--store-access", own]
    seen = backup(again, "verify", last["path"], *words, given={})
    [log] = [one for one in seen["manifest"]["logs"] if one["own"]]
    assert (log["signed"], seen["photos_missing"]) == (51, 0)
    backup(again, "restore", last["path"], *words, given={})
    pemilu.home = again
    pemilu.start()
    wait_until(lambda: pemilu.size(pemilu.origin) == 61, "what a partner held is back")
    pemilu.take(60, 62)
    assert pemilu.leaves(pemilu.origin)[:61] == acknowledged
    wait_until(lambda: suara.size(pemilu.origin) == 63, "the partner goes on")
    code, said = pemilu.doctor()
    assert code == 0, said


def test_what_a_bucket_refuses_is_told_with_what_to_mend(bucket_store, pemilu):
    pemilu.start()
    pemilu.stop()
    gone = bucket_store.environment()
    said = backup(pemilu.home, "create", "s3://nowhere/x", given=gone, code=74)
    assert "no such bucket" in said["error"]["message"]
    said = backup(
        pemilu.home, "create", TO, given=bucket_store.environment(READER), code=74
    )
    assert "AWS_ACCESS_KEY_ID" in said["error"]["message"]
    away = bucket_store.environment(AWS_ENDPOINT_URL=f"http://{LOOPBACK}:{free_port()}")
    said = backup(pemilu.home, "create", TO, given=away, code=74)
    assert "cannot be reached" in said["error"]["message"]
    wrong = bucket_store.environment(AWS_ENDPOINT_URL="store.example")
    said = backup(pemilu.home, "create", TO, given=wrong, code=74)
    assert "https://" in said["error"]["message"]


def test_one_that_is_killed_while_it_is_sent_is_no_backup(bucket_store, pemilu):
    """Its name is taken, and no more; the next one is made beside it."""
    pemilu.start()
    pemilu.stop()
    to, given = f"s3://{BUCKET}/killed", bucket_store.environment()
    store = open_store(to, given)
    large = pemilu.home.annex / ELECTION / "large"
    large.parent.mkdir(parents=True, mode=0o700)
    large.write_bytes(os.urandom(96 << 20))
    with subprocess.Popen(
        command(pemilu.home, "create", to, "--with-annex"),
        cwd=PROJECT,
        env=os.environ | given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_until(lambda: names_in(store), "its name is taken")
        process.kill()
    assert process.returncode == -signal.SIGKILL
    [taken] = names_in(store)
    assert taken.endswith(".backup.making")
    large.unlink()
    made = backup(pemilu.home, "create", to, given=given)
    assert names_in(store) == {taken, made["path"].rpartition("/")[2]}
    backup(pemilu.home, "verify", made["path"], given=given)


def names_in(store):
    found = obstore.list_with_delimiter(store)["objects"]
    return {one["path"] for one in found}
