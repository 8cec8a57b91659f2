"""What a monitor is told of the database's server; who is not told."""

from types import SimpleNamespace

from federation.config.settings import load_settings
from federation.node.metrics import read_metrics
from federation.node.resources import open_resources
from federation.records.readers import THIS_MACHINE, Nobody
from federation.store.db import Database
from federation.store.engine import DatabaseWriter
from federation.store.lock import Writer
from federation.text import Sentence
from tests.homes import make_home

NOW = 1_707_900_000


async def test_a_monitor_is_told_who_writes_to_a_server_and_how_that_is_set(
    tmp_path, monkeypatch
):
    home = make_home(tmp_path)
    disk = SimpleNamespace(alarms=list, free=dict, commit_waits_s=0.0)
    held = DatabaseWriter(Writer(7, "a-host", NOW), 3, 1.5, is_ended=False)
    monkeypatch.setattr(Database, "see_writer", lambda _: held)
    monkeypatch.setattr(
        Database, "list_weaknesses", lambda _: [Sentence("machine.server-alone")] * 2
    )
    found = []
    with open_resources(home, load_settings(home.settings)) as resources:
        for caller in (THIS_MACHINE, Nobody(sees_partners=True)):
            gauges = await resources.db.read(read_metrics, caller, resources, disk)
            found.append({k: v for k, v in gauges.items() if "_database_" in k})
    waits = {"federation_database_commit_waits_seconds": 0.0}
    assert found[1] == waits
    assert found[0] == waits | {
        "federation_database_term": 3,
        "federation_database_lease_age_seconds": 1.5,
        "federation_database_weaknesses": 2,
    }
