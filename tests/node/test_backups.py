"""Backups by the clock: when one is due, what becomes of older ones, what fails."""

import asyncio
import json
import resource
import shutil
from types import SimpleNamespace

import pytest

from federation.config.lastbackup import read_last
from federation.config.settings import load_settings
from federation.flows.backup.folder import LOCK, MAKING
from federation.node.backups import ALARM, backup_duties
from federation.node.metrics import read_metrics
from federation.node.resources import open_resources
from federation.records.readers import THIS_MACHINE, Nobody
from federation.store import alarms
from federation.text import Text
from tests.cli.filled_home import federation, fill
from tests.flows.backup.commands import listed
from tests.homes import make_home

HOUR = 3_600
NOW = 1_707_900_000


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    home = make_home(tmp_path_factory.mktemp("filled"))
    fill(home, range(1, 5))
    text = home.settings.read_text()
    home.settings.write_text(
        text.replace('# to = "/mnt/backup/node"', 'to = "to"')
        .replace("# every_h = 24", "every_h = 6")
        .replace("# keep = 7", "keep = 2")
    )
    return home


class Clock:
    now = float(NOW)

    def __call__(self):
        return self.now


@pytest.fixture
def home(filled, tmp_path):
    shutil.copytree(filled.folder, tmp_path / "home")
    return type(filled).of(tmp_path / "home", load_settings(filled.settings))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def resources(home):
    with open_resources(home, load_settings(home.settings)) as parts:
        yield parts


@pytest.fixture
def turn(resources, clock):
    [duty] = backup_duties(resources, clock)
    return duty.run


async def standing(resources):
    found = await resources.db.read(alarms.list_alarms)
    return [one.code for one in found]


async def test_one_is_made_when_it_is_due_and_none_before(turn, home, clock):
    to = home.folder / "to"
    assert (await turn()).outcome == "ok"
    assert (await turn()).outcome == "unchanged"
    clock.now += 6 * HOUR - 1
    assert (await turn()).outcome == "unchanged"
    clock.now += 1
    assert (await turn()).outcome == "ok"
    assert len(listed(to)) == 2
    assert read_last(home.last_backup).made_at == NOW + 6 * HOUR


async def test_a_restart_makes_none_and_a_clock_set_back_makes_one(
    turn, resources, clock
):
    await turn()
    [again] = backup_duties(resources, clock)
    assert (await again.run()).outcome == "unchanged"
    clock.now -= 30 * 24 * HOUR
    assert (await again.run()).outcome == "ok"


async def test_so_many_stay_as_the_settings_say(turn, home, clock):
    made = []
    for _ in range(4):
        await turn()
        made.append(listed(home.folder / "to")[0])
        clock.now += 6 * HOUR
    assert listed(home.folder / "to") == [made[3], made[2]]


async def test_one_made_after_a_clock_was_ahead_is_not_the_one_that_goes(
    turn, home, clock
):
    """Also with `keep = 1`, where it would be the only good one of its time."""
    to = home.folder / "to"
    await turn()
    before = listed(to)
    clock.now += 365 * 24 * HOUR
    await turn()
    [ahead] = set(listed(to)) - set(before)
    clock.now = NOW + 6.0 * HOUR
    await turn()
    assert ahead not in listed(to)
    assert len(listed(to)) == 2
    assert before[0] in listed(to)


async def test_what_fails_is_an_alarm_until_one_is_made_and_the_old_ones_stay(
    turn, resources, home, clock
):
    await turn()
    to = home.folder / "to"
    before = listed(to)
    clock.now += 6 * HOUR
    (to / "blobs").mkdir(exist_ok=True)
    (to / ".making").write_text("in the way of the folder")
    result = await turn()
    assert result.outcome == "failed"
    assert result.reason
    assert await standing(resources) == [ALARM]
    assert listed(to) == before
    (to / ".making").unlink()
    assert (await turn()).outcome == "ok"
    assert await standing(resources) == []


async def test_a_monitor_is_told_when_the_newest_was_made_and_whether_the_last_failed(
    turn, resources, home, clock
):
    disk = SimpleNamespace(alarms=list, free=dict, commit_waits_s=None)

    async def told(caller):
        gauges = await resources.db.read(read_metrics, caller, resources, disk)
        return {
            name.removeprefix("federation_backup_"): value
            for name, value in gauges.items()
            if name.startswith("federation_backup_")
        }

    assert await told(THIS_MACHINE) == {"failed": 0}
    await turn()
    assert await told(THIS_MACHINE) == {"failed": 0, "made_seconds": NOW}
    clock.now += 6 * HOUR
    (home.folder / "to" / ".making").write_text("in the way of the folder")
    await turn()
    assert await told(THIS_MACHINE) == {"failed": 1, "made_seconds": NOW}
    for stranger in (Nobody(), Nobody(sees_partners=True)):
        assert await told(stranger) == {}, "when it was is for ours to know"


async def test_a_disk_that_fills_while_the_database_is_copied_is_an_alarm(
    turn, resources, home, clock
):
    await turn()
    to = home.folder / "to"
    before = listed(to)
    clock.now += 6 * HOUR
    size = (home.data / "federation.db").stat().st_size
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file of this process gets larger: not the copy, and the log of ours is small.
    resource.setrlimit(resource.RLIMIT_FSIZE, (size - 8192, most[1]))
    try:
        result = await turn()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)
    assert (result.outcome, await standing(resources)) == ("failed", [ALARM])
    [alarm] = await resources.db.read(alarms.list_alarms)
    assert str(to) in Text("en").say(alarm.detail)
    assert listed(to) == before
    assert not (to / MAKING).exists()
    assert (await turn()).outcome == "ok"
    assert await standing(resources) == []


async def test_a_home_that_was_made_of_a_backup_goes_on_in_its_folder(
    home, clock, tmp_path
):
    """Also where only the file was brought there: that is no disk that is away."""
    disk, folder = tmp_path / "disk", tmp_path / "again"
    text = home.settings.read_text()
    home.settings.write_text(text.replace('to = "to"', f'to = "{disk}"'))
    secret = tmp_path / "passphrase"
    secret.touch(0o600)
    secret.write_text("only for the tests")
    words = ["--passphrase-file", secret]
    await asyncio.to_thread(federation, home, "backup", "key", *words)
    _, out, _ = await asyncio.to_thread(federation, home, "backup", "create")
    told = json.loads(out)
    (disk / LOCK).unlink()
    words += ["--key", home.backup_private, told["path"], folder]
    code, _, err = await asyncio.to_thread(
        federation, home, "backup", "restore", *words
    )
    assert code == 0, err
    settings = load_settings(folder / "federation.toml")
    with open_resources(type(home).of(folder, settings), settings) as parts:
        [duty] = backup_duties(parts, clock)
        clock.now = told["manifest"]["made_at"] + 60.0
        assert (await duty.run()).outcome == "unchanged"
        clock.now += 6 * HOUR
        assert (await duty.run()).outcome == "ok"
    assert len(listed(disk)) == 2


async def test_one_that_somebody_made_by_hand_settles_the_alarm(
    turn, resources, home, clock
):
    (home.folder / "to").write_text("no folder")
    assert (await turn()).outcome == "failed"
    assert await standing(resources) == [ALARM]
    (home.folder / "to").unlink()
    code, out, err = await asyncio.to_thread(federation, home, "backup", "create")
    assert code == 0, err
    clock.now = float(json.loads(out)["manifest"]["made_at"])
    assert (await turn()).outcome == "unchanged"
    assert await standing(resources) == []


async def test_a_disk_that_is_not_mounted_is_not_taken_for_an_empty_one(
    turn, resources, home, clock
):
    await turn()
    to = home.folder / "to"
    to.rename(home.folder / "unplugged")
    to.mkdir()
    clock.now += 6 * HOUR
    result = await turn()
    assert "mounted" in result.reason
    assert list(to.iterdir()) == []
    assert await standing(resources) == [ALARM]
    to.rmdir()
    (home.folder / "unplugged").rename(to)
    assert (await turn()).outcome == "ok"


async def test_status_and_doctor_tell_the_last_good_one_and_a_late_one(
    turn, resources, home
):
    code, out, _ = await asyncio.to_thread(federation, home, "status")
    assert (code, json.loads(out)["observed"]["backup"]) == (0, None)
    await turn()
    _, out, _ = await asyncio.to_thread(federation, home, "status")
    seen = json.loads(out)["observed"]["backup"]
    # By the clock of this test it was made years ago.
    assert (seen["made_at"], seen["is_late"]) == (NOW, True)
    _, out, _ = await asyncio.to_thread(federation, home, "status", is_json=False)
    assert "LATE" in out
    _, out, _ = await asyncio.to_thread(federation, home, "doctor")
    [step] = [one for one in json.loads(out)["steps"] if one["code"] == "backup"]
    assert (step["state"], step["problem"]) == ("warning", "backup-late")


async def test_no_folder_named_is_no_duty_and_a_public_one_is_refused(
    home, filled, clock
):
    text = home.settings.read_text()
    home.settings.write_text(text.replace('to = "to"', '# to = "to"'))
    with open_resources(home, load_settings(home.settings)) as parts:
        assert backup_duties(parts, clock) == ()
    text = text.replace('# to = "site"', 'to = "site"')
    home.settings.write_text(text.replace('to = "to"', 'to = "site/below"'))
    with open_resources(home, load_settings(home.settings)) as parts:
        [duty] = backup_duties(parts, clock)
        result = await duty.run()
    assert "everybody" in result.reason
    assert not (home.folder / "site").exists()


async def test_a_backup_by_hand_is_enough_for_the_clock(turn, home, clock):
    code, out, err = await asyncio.to_thread(federation, home, "backup", "create")
    assert code == 0, err
    made = json.loads(out)["manifest"]["made_at"]
    assert (home.folder / "to" / LOCK).exists()
    clock.now = made + 60.0
    assert (await turn()).outcome == "unchanged"


async def test_without_a_folder_the_command_says_what_to_name(home):
    text = home.settings.read_text()
    home.settings.write_text(text.replace('to = "to"', '# to = "to"'))
    code, _, err = await asyncio.to_thread(federation, home, "backup", "create")
    assert code == 2
    assert "FOLDER" in err
