"""A machine that dies in the middle of an import, and a backup of the minute before."""

import itertools
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from signal import SIGKILL

import pytest

from federation.config.home import Home
from tests.stories.nodes import PROJECT, start_all
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

PASSPHRASE = "only for the tests"


def backup(home, *words):
    """What `federation backup` says, by a process of its own."""
    command = [sys.executable, "-m", "federation", "backup", *map(str, words)]
    command += ["--home", str(home.folder), "--json"]
    done = subprocess.run(
        command, cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_machine_that_died_amid_an_import_comes_back_without_a_second_history(
    pemilu, suara, kawal, tmp_path
):
    """Made while records come in; killed; put back elsewhere; nothing held is lost."""
    secret = tmp_path / "passphrase"
    secret.touch(0o600)
    secret.write_text(PASSPHRASE)
    for other in (suara, kawal):
        pemilu.trust(other, other.url)
        other.trust(pemilu, pemilu.url)
    start_all(pemilu, suara, kawal)
    backup(pemilu.home, "key", "--passphrase-file", secret)
    pemilu.take(0, 100)
    with ThreadPoolExecutor() as threads:
        coming = [threads.submit(pemilu.take, n, n + 20) for n in range(100, 200, 20)]
        made = backup(pemilu.home, "create", tmp_path / "backups")
        for one in coming:
            one.result()
    [log] = [one for one in made["manifest"]["logs"] if one["own"]]
    assert 101 <= log["signed"] <= 201
    pemilu.take(200, 220)
    wait_until(lambda: suara.size(pemilu.origin) == 221, "a partner holds all")
    acknowledged = pemilu.leaves(pemilu.origin)
    # The stick with the private half was in a safe, and all else is lost.
    stick = shutil.copy(pemilu.home.backup_private, tmp_path / "stick.pem")
    pemilu.stop(SIGKILL)
    shutil.rmtree(pemilu.home.folder)
    again = Home(tmp_path / "again")
    key = ["--key", stick, "--passphrase-file", secret]
    backup(again, "restore", made["path"], *key)

    # Of two partners one is silent: that may be the one that holds the newest.
    kawal.stop()
    pemilu.home = again
    pemilu.start()
    wait_until(lambda: ("own-log-past-unknown", pemilu.origin) in pemilu.alarms())
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(pemilu.take, 220, 230)
        assert pemilu.why_not()
        kawal.start()
        waiting.result()
    assert pemilu.leaves(pemilu.origin)[:221] == acknowledged
    for other in (suara, kawal):
        wait_until(
            lambda other=other: other.size(pemilu.origin) == 231, "partners go on"
        )
        assert not other.is_frozen(pemilu.origin)
    code, said = pemilu.doctor()
    assert code == 0, said


@pytest.mark.long
def test_who_has_only_the_keys_takes_back_from_partners_what_they_hold(
    pemilu, suara, kawal, tmp_path
):
    """The disk is lost with its guard; nothing is signed until both have answered."""
    for one, other in itertools.permutations((pemilu, suara, kawal), 2):
        one.trust(other, other.url)
    start_all(pemilu, suara, kawal)
    pemilu.take(0, 40)
    for other in (suara, kawal):
        wait_until(lambda other=other: other.size(pemilu.origin) == 41, "both hold all")
    acknowledged, known = pemilu.leaves(pemilu.origin), pemilu.home.folder
    pemilu.stop(SIGKILL)
    pemilu.lose_data()
    again = replace(pemilu.home, folder=tmp_path / "again")
    again.folder.mkdir(0o700)
    shutil.copytree(pemilu.home.keys, again.keys)
    for name in ("federation.toml", "peers.toml"):
        shutil.copy(known / name, again.folder)
    shutil.rmtree(known)

    kawal.stop()
    pemilu.home = again
    pemilu.start()
    wait_until(lambda: pemilu.size(pemilu.origin) == 41, "one gives all of it back")
    assert pemilu.why_not()
    kawal.start()
    pemilu.take(40, 45)
    assert pemilu.leaves(pemilu.origin)[:41] == acknowledged
    for other in (suara, kawal):
        wait_until(lambda other=other: other.size(pemilu.origin) == 46, "they go on")
        assert not other.is_frozen(pemilu.origin)
        wait_until(lambda other=other: other.digest() == pemilu.digest(), "one map")
    code, said = pemilu.doctor()
    assert code == 0, said
