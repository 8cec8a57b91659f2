"""A history that has ended is continued by another, and partners follow unasked."""

import json
import subprocess
import sys

import pytest

from federation.flows.audit.report import EXITS
from tests.homes import ELECTION
from tests.stories.nodes import PROJECT, start_all, station
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


OWN = {
    (code, f"jagapemilu.example/{ELECTION}")
    for code in ("own-fork", "own-log-successor-needed")
}


def federation(node, *words, code=0):
    """What a command of this node prints as JSON."""
    words = [*words, "--home", str(node.home.folder), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "federation", *map(str, words)],
        capture_output=True, cwd=PROJECT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    is_answer = code in {0, EXITS["forked"]}
    return json.loads(done.stdout) if is_answer else done.stderr + done.stdout


def go_on(node, *words, code=0):
    secret = ["--passphrase-file", node.home.folder / "passphrase"]
    words = ["election", "continue", ELECTION, "--yes", *secret, *words]
    return federation(node, *words, code=code)


def hand_in(node, start, end):
    """What became of each of these results."""
    drafts = [station(number) for number in range(start, end)]
    status, said = node.post("/v1/records", {"election": ELECTION, "records": drafts})
    assert status == 200, said
    return [one["outcome"] for one in said["verdicts"]]


def covered(node):
    """How many stations the map has a result of."""
    return node.ask("/v1/summary")[1]["status"]["single"]


def marks(node, count):
    """Of each station whether its result is marked; None: there is none."""
    found = []
    for number in range(count):
        contests = node.ask(f"/v1/tps/{station(number)['tps']}")[1]["contests"]
        said = [one for contest in contests for one in contest["monitors"]]
        found.append(said[0].get("forked", False) if said else None)
    return found


def prove(node, new):
    """What an auditor is told: the fork, and that the successor holds."""
    said = federation(node, "verify", node.url, code=EXITS["forked"])
    logs = {log["origin"]: log for log in said["logs"]}
    told = [logs[new][key] for key in ("size", "continues", "counted")]
    assert told == [9, new.removesuffix("/2"), 6]
    errors = [one for one in said["findings"] if one["level"] == "error"]
    # Whose keys these are the auditor of this test has asked nobody.
    found = {one["kind"]: one["origin"] for one in errors if one["kind"] != "unpinned"}
    assert found == {"forked": new.removesuffix("/2")}
    assert [one["equal"] for one in said["maps"]] == [True]


def fork(pemilu, suara, kawal, backup, apart):
    """The disk died; an old backup is put back, and forced to sign at once."""
    pemilu.put_back(backup)
    apart.cut()
    kawal.start()
    pemilu.start("--alone").take(20, 23)
    wait_until(lambda: kawal.size(pemilu.origin) == 9, "the other has the second")
    suara.start()
    apart.mend()
    for one in (pemilu, suara, kawal):
        wait_until(lambda one=one: one.is_frozen(pemilu.origin), f"{one.org} freezes")
    assert OWN & pemilu.alarms(), "by whichever way it heard of it"
    assert covered(suara) == 10
    assert covered(kawal) == 8


@pytest.mark.long
def test_a_restored_backup_forks_and_a_successor_goes_on(
    pemilu, suara, kawal, wire, tmp_path
):
    """`pemilu` ran twice: its newer half is with `suara`, the second with `kawal`."""
    apart = wire(suara)
    pemilu.trust(suara, suara.url)
    pemilu.trust(kawal, kawal.url)
    suara.trust(pemilu, pemilu.url)
    suara.trust(kawal, kawal.url)
    kawal.trust(pemilu, pemilu.url)
    kawal.trust(suara, apart.url)
    start_all(pemilu, suara, kawal)
    pemilu.take(0, 5)
    for one in (suara, kawal):
        wait_until(lambda one=one: one.size(pemilu.origin) == 6, "both hold it")
    pemilu.stop()
    backup = pemilu.save(pemilu.home.folder, pemilu.home.folder.parent / "backup")
    kawal.stop()
    pemilu.start().take(5, 10)
    wait_until(lambda: suara.size(pemilu.origin) == 11, "one partner has the newer")
    pemilu.stop()
    suara.stop()

    fork(pemilu, suara, kawal, backup, apart)
    for one in (suara, kawal):
        proof = tmp_path / f"proof-{one.org}"
        federation(one, "export", "--forks", proof)
        federation(one, "verify", proof, code=EXITS["forked"])
    assert marks(suara, 12) == [False] * 5 + [True] * 5 + [None] * 2
    assert marks(kawal, 23) == [False] * 5 + [None] * 15 + [True] * 3
    assert "systemctl stop" in go_on(pemilu, code=6)
    pemilu.stop()
    assert "too much" in go_on(pemilu, "--size", 7, code=6)
    [said] = go_on(pemilu)["continued"]
    assert (said["size"], said["left_out"]) == (6, 3)
    assert said["partners"] == {suara.org: 6, kawal.org: 9}
    assert go_on(pemilu)["continued"] == []
    pemilu.start()
    new = said["origin"]
    # What was lost is said again, what counts still is not.
    assert hand_in(pemilu, 0, 10) == ["held"] * 5 + ["logged"] * 5
    assert hand_in(pemilu, 20, 23) == ["logged"] * 3
    for one in (pemilu, suara, kawal):
        wait_until(lambda one=one: covered(one) == 13, f"{one.org} shows all")
        assert (one.size(new), one.digest()) == (9, pemilu.digest())
        code, told = one.doctor()
        assert code == 0, told
        prove(one, new)


@pytest.mark.long
def test_a_lost_identity_key_is_pinned_anew_and_the_history_goes_on(pemilu, suara):
    pemilu.trust(suara, suara.url)
    suara.trust(pemilu, pemilu.url)
    start_all(pemilu, suara)
    pemilu.take(0, 5)
    wait_until(lambda: suara.size(pemilu.origin) == 6, "it is held")
    pemilu.stop()
    (pemilu.home.identity).unlink()
    key = pemilu.home.folder / "new" / "identity.pem"
    [said] = go_on(pemilu, "--new-identity", key)["continued"]
    assert (said["size"], said["left_out"]) == (6, 0)
    assert go_on(pemilu, "--new-identity", key)["continued"] == []
    pemilu.start().take(5, 9)
    new = said["origin"]
    print_ = federation(pemilu, "keys", "show")["fingerprint"]
    words = ["peers", "re-pin", pemilu.org, "--expect", print_]
    assert federation(suara, *words)["changed"] is True
    assert federation(suara, *words)["changed"] is False
    wait_until(lambda: suara.size(new) == 5, "the partner follows")
    wait_until(lambda: covered(suara) == 9, "and shows all of it")
    wait_until(lambda: suara.digest() == pemilu.digest(), "one map")
    pemilu.stop()
    assert go_on(pemilu, "--new-identity", key)["continued"] == []
    pemilu.start()
    wait_until(lambda: not suara.alarms(), str(suara.alarms()))
    for one in (pemilu, suara):
        code, told = one.doctor()
        assert code == 0, told
