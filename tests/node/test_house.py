"""The house of a node: whatever is wrong with it is told, and what to do about it."""

import contextlib
import os
import resource
import socket
import sqlite3
import time
from pathlib import Path
from random import Random

import pytest

from federation.config.keystore import save_signer
from federation.config.places import guess_home
from federation.config.settings import load_settings
from federation.errors import ConfigError
from federation.flows.steps import StepPlan, not_tried, run_steps, warned, well
from federation.node.house import (
    filesystem,
    library,
    limits,
    owner,
    room,
    settings,
)
from federation.node.house.examining import OFFLINE, examine_house
from federation.node.house.house import look_around
from federation.node.resources import open_resources
from federation.node.submitting import ALARM
from federation.store import alarms
from federation.store.db import Database
from federation.store.folderguard import FolderGuard
from federation.store.lock import hold
from federation.store.sqlite import SqliteLibrary
from federation.text import LANGUAGES, Sentence, Text, load_topic
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from tests.guards import lift
from tests.homes import ELECTION, make_home

MOUNTS = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
31 27 0:40 / /srv rw - nfs4 server:/data rw
32 27 0:41 / /srv/fast\040disk rw - xfs /dev/vdb rw
33 27 0:42 / /tmp rw - tmpfs tmpfs rw
""".strip().splitlines()


@pytest.fixture
def home(tmp_path):
    made = make_home(tmp_path)
    Database.open(made.data).close()
    made.data.chmod(0o700)
    return made


async def steps_of(home):
    found = await examine_house(look_around(home.folder, time.time, Random(1)))
    assert all(one.mend for one in found if one.problem)
    return {one.code: one for one in found}


async def test_a_house_that_is_well_has_no_step_that_failed(home):
    steps = await steps_of(home)
    assert list(steps) == [plan.code for plan in OFFLINE]
    assert {one.state for one in steps.values()} <= {"ok", "warning"}
    assert steps["node"].facts["running"] is False


async def test_broken_settings_keep_back_only_what_needs_them(home):
    text = home.settings.read_text()
    home.settings.write_text(f'{text}\nkeys_folder = "elsewhere\n')
    steps = await steps_of(home)
    assert steps["settings"].state == "failed"
    assert "line" in steps["settings"].seen
    skipped = {code for code, one in steps.items() if one.state == "skipped"}
    assert skipped == {
        "rules",
        "keys",
        "photo-room",
        "node",
        "callers",
        "limits",
        "early",
        "witness",
        "backup",
    }
    assert all(one.after in {"", "settings"} for one in steps.values())
    assert steps["database"].state == "ok", "it lies where it lies by default"


WITNESSES = f"""
[[witness.outside]]
url = "https://w.example"
vkey = "{Signer.from_seed("w.example/1", bytes(32), ALG_COSIGNATURE).key}"
[[witness.for]]
origin = "log.example/pemilu-2029"
vkey = "{Signer.from_seed("log.example/pemilu-2029", bytes(32)).key}"
"""


async def test_a_witness_that_fails_is_told_until_its_alarm_is_settled(home):
    outside, _, _ = WITNESSES.partition("[[witness.for]]")
    home.settings.write_text(home.settings.read_text() + outside)
    steps = await steps_of(home)
    assert steps["witness"].state == "ok"
    assert steps["witness"].facts == {"outside": ["w.example/1"], "for": []}
    why = Sentence("network.because", said="w.example/1", reason="unreachable")
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        alarms.raise_alarm(tx, ALARM, "w.example/1", why, 1)
        alarms.raise_alarm(tx, ALARM, "gone.example/1", why, 1)
    step = (await steps_of(home))["witness"]
    assert step.state == "warning"
    assert "w.example/1" in step.seen
    assert "gone.example/1" not in step.seen, "it is named no more"
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        alarms.clear_alarm(tx, ALARM, "w.example/1")
    assert (await steps_of(home))["witness"].state == "ok"


async def test_who_is_a_witness_without_a_key_is_told_how_to_make_it(home):
    home.settings.write_text(home.settings.read_text() + WITNESSES)
    step = (await steps_of(home))["witness"]
    assert step.state == "failed"
    assert "federation witness key" in step.seen + step.mend
    assert step.facts["for"] == ["log.example/pemilu-2029"]
    save_signer(home.witness_key, bytes(32))
    assert (await steps_of(home))["witness"].state == "ok"
    home.witness_key.chmod(0o644)
    step = (await steps_of(home))["witness"]
    assert step.state == "failed"
    assert "chmod 0600" in step.seen


def test_of_broken_settings_what_can_be_read_is_believed(tmp_path):
    (tmp_path / "federation.toml").write_text('data_folder = "d"\nkeys_folder = 3\n')
    assert guess_home(tmp_path).data == tmp_path / "d"
    assert guess_home(tmp_path).keys == tmp_path / "keys"
    (tmp_path / "federation.toml").write_text("data_folder = [")
    assert guess_home(tmp_path).data == tmp_path / "data"


async def test_every_key_that_is_open_to_others_is_named_with_the_command(home):
    for name in ("node.pem", "records.pem"):
        (home.keys / name).chmod(0o644)
    step = (await steps_of(home))["keys"]
    assert step.state == "failed"
    assert len(step.facts["files"]) == 2
    assert step.seen.count("chmod 0600") == 2
    home.keys.chmod(0o755)
    step = (await steps_of(home))["keys"]
    assert step.seen.count("chmod 0700") == 1, "once, not for each file in it"


def wait_until_2092(home):
    """The line that the how-to says, above the first table."""
    moment = f'public_from = {{ "{ELECTION}" = 2092-02-14T18:00:00+07:00 }}\n'
    home.settings.write_text(moment + home.settings.read_text())


async def test_keys_that_were_never_made_are_not_looked_for_in_a_backup(home):
    wait_until_2092(home)
    step = (await steps_of(home))["keys"]
    assert step.state == "failed"
    assert f"{ELECTION}/from-2092-02-14T1100Z" in step.seen
    assert f"federation keys chain --election {ELECTION}" in step.mend
    assert "--replace" not in step.mend
    # And the node, which does not start, says the same.
    settings = load_settings(home.settings)
    with (
        pytest.raises(ConfigError, match=f"keys chain --election {ELECTION}"),
        open_resources(home, settings),
    ):
        pass


async def test_keys_of_a_log_that_was_signed_are_looked_for_in_a_backup(home):
    wait_until_2092(home)
    origin = load_settings(home.settings).origins[0]
    lift(FolderGuard(home.guard), origin, 3, bytes(32))
    step = (await steps_of(home))["keys"]
    assert "keys chain" not in step.mend
    assert "backup" in step.mend
    # The same where it is not the first file of the node that is gone.
    (home.guard / FolderGuard(home.guard)._path(origin).name).unlink()
    home.role_key("records").unlink()
    assert "backup" in (await steps_of(home))["keys"].mend


async def test_a_slip_in_the_name_of_the_organisation_replaces_no_key(home):
    text = home.settings.read_text()
    org = load_settings(home.settings).org
    home.settings.write_text(text.replace(f'org = "{org}"', f'org = "x{org}"'))
    step = (await steps_of(home))["keys"]
    assert step.state == "failed"
    assert f"x{org}" in step.seen
    assert f'`org = "{org}"`' in step.mend
    assert "--replace" not in step.mend


async def test_data_that_is_gone_is_not_taken_for_a_new_node(home, tmp_path):
    (home.guard / "x.guard").write_bytes(b"")
    assert (await steps_of(home))["folders"].state == "ok"
    home.data.rename(tmp_path / "away")
    steps = await steps_of(home)
    assert steps["folders"].problem == "data-gone"
    assert steps["database"].after == "folders"


async def test_a_schema_of_a_newer_version_is_told_and_one_of_an_older_is_well(home):
    with contextlib.closing(sqlite3.connect(home.data / "federation.db")) as db, db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('federation.logs', '9999-later', '2030-01-01')"
        )
    step = (await steps_of(home))["database"]
    assert (step.problem, step.facts["unknown"]) == (
        "schema-newer",
        ["federation.logs 9999-later"],
    )
    with contextlib.closing(sqlite3.connect(home.data / "federation.db")) as db, db:
        db.execute("DELETE FROM _sqlite_migrations WHERE name = '9999-later'")
        db.execute(
            "DELETE FROM _sqlite_migrations WHERE migration_set = 'federation.outbox'"
        )
    step = (await steps_of(home))["database"]
    assert (step.state, bool(step.facts["due"])) == ("ok", True)


async def test_a_lock_that_is_held_and_a_port_that_is_taken_are_told(home):
    with hold(home.lock):
        step = (await steps_of(home))["node"]
        assert (step.state, step.problem) == ("warning", "lock-held")
        home.control.write_text('{"url": "http://127.0.0.1:1", "token": "x"}')
        home.control.chmod(0o600)
        step = (await steps_of(home))["node"]
        assert (step.state, step.problem) == ("failed", "node-silent")
    home.control.unlink()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        text = home.settings.read_text().replace("port = 0", f"port = {port}")
        home.settings.write_text(text)
        step = (await steps_of(home))["node"]
        assert (step.state, step.problem) == ("failed", "port-used")


@pytest.mark.parametrize(
    ("folder", "kind", "verdict"),
    [
        ("/home/node/data", "ext4", ""),
        ("/srv/data", "nfs4", "network"),
        ("/srv/fast disk/data", "xfs", ""),
        ("/tmp/x", "tmpfs", "memory"),
        ("/tmpx", "ext4", ""),
    ],
)
def test_what_a_folder_lies_on_is_read_from_the_kernels_list(folder, kind, verdict):
    mount = filesystem.find_mount(filesystem.parse_mounts(MOUNTS), Path(folder))
    assert mount is not None
    assert (mount.kind, filesystem.judge(mount.kind)) == (kind, verdict)


@pytest.mark.parametrize(
    ("kind", "state", "problem"),
    [
        ("nfs", "failed", "filesystem-network"),
        ("fuse.sshfs", "failed", "filesystem-network"),
        ("tmpfs", "warning", "filesystem-memory"),
        ("overlay", "warning", "filesystem-layers"),
        ("vfat", "warning", "filesystem-modes"),
        ("btrfs", "ok", ""),
    ],
)
async def test_each_kind_of_file_system_is_judged(
    home, monkeypatch, kind, state, problem
):
    mounts = [filesystem.Mount(Path("/"), kind)]
    monkeypatch.setattr(filesystem, "read_mounts", lambda _: mounts)
    step = (await steps_of(home))["filesystem"]
    assert (step.state, step.problem) == (state, problem)


async def test_where_the_kernel_has_no_list_nothing_is_claimed(home, monkeypatch):
    monkeypatch.setattr(filesystem, "read_mounts", lambda _: [])
    assert (await steps_of(home))["filesystem"].state == "ok"
    assert filesystem.read_mounts(Path("/nowhere")) == []


@pytest.mark.parametrize(
    ("version", "lacks", "problem"),
    [
        ("3.36.0", (), "sqlite-old"),
        ("3.45.1", (), "sqlite-slow"),
        ("3.53.0", ("OMIT_JSON",), "sqlite-lacks"),
        ("3.53.0", (), ""),
    ],
)
async def test_each_sqlite_is_judged(home, monkeypatch, version, lacks, problem):
    numbers = tuple(map(int, version.split(".")))
    found = SqliteLibrary(version, numbers, lacks)
    monkeypatch.setattr(library, "describe_library", lambda: found)
    assert (await steps_of(home))["library"].problem == problem


@pytest.mark.parametrize(
    ("free", "state"), [(1 << 40, "ok"), (1 << 29, "warning"), (1 << 10, "failed")]
)
async def test_room_is_judged_by_the_reserve(home, monkeypatch, free, state):
    monkeypatch.setattr(room, "free_bytes", lambda _: free)
    assert (await steps_of(home))["room"].state == state


@pytest.mark.parametrize(
    ("hard", "state"), [(639, "warning"), (640, "ok"), (resource.RLIM_INFINITY, "ok")]
)
def test_the_limit_of_open_files_is_judged_by_max_connections(hard, state):
    assert limits.judge_limit(512, hard).state == state


async def test_ourselves_as_a_partner_is_told(home):
    org = home.folder.name
    vkey = home.vkey(org).read_text().strip()
    home.peers.write_text(f'[[peer]]\norg = "{org}"\nidentity = "{vkey}"\n')
    step = (await steps_of(home))["peers-file"]
    assert (step.state, step.problem) == ("failed", "peer-ourselves")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_folder_of_somebody_else_is_told(home):
    home.data.chmod(0o500)
    try:
        assert (await steps_of(home))["folders"].problem == "folder-not-ours"
    finally:
        home.data.chmod(0o700)


async def test_a_command_of_another_user_is_told_as_whom_to_run_it(home, monkeypatch):
    keeper = owner.owner_of(home.folder)
    other = os.geteuid() + 1
    monkeypatch.setattr(owner.os, "geteuid", lambda: other)
    mend = owner.tell_owner(home, home.keys)
    assert f"sudo -u {keeper} federation doctor --home {home.folder}" in mend
    assert "chown" not in mend


async def test_a_step_that_needs_a_skipped_one_names_the_one_that_failed():
    seen = Sentence("steps.sqlite", version="1")

    async def fails(subject):
        return settings.failed("dns", seen, seen)

    async def never(subject):
        raise AssertionError

    async def fine(subject):
        return well("clock", seen)

    plans = [
        StepPlan("dns", (), fails),
        StepPlan("tcp", ("dns",), never),
        StepPlan("tls", ("tcp",), never),
        StepPlan("clock", (), fine),
    ]
    steps = await run_steps(plans, None)
    assert [one.state for one in steps] == ["failed", "skipped", "skipped", "ok"]
    assert [one.after for one in steps] == ["", "dns", "dns", ""]
    assert steps[2] == not_tried("tls", "dns", 1)
    assert warned("tcp", seen, seen).problem == "sqlite"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_has_a_name_and_a_remedy_in_both_languages(language):
    words = load_topic("steps")
    for plan in OFFLINE:
        assert Text(language)(f"steps.name-{plan.code}")
    for name, said in words.items():
        assert said[language].strip(), name
