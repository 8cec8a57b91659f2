"""Only the database is damaged: the backup is older, and no partner holds more."""

import contextlib
import shutil
import sqlite3

from federation.cli.output import OK
from federation.flows.ownlog.reconcile import LOST
from tests.cli.filled_home import federation, rows
from tests.flows.backup.commands import answer, made


def damage(home, table):
    """Overwrite the page at which a table begins."""
    path = home.data / "federation.db"
    with contextlib.closing(sqlite3.connect(path)) as db:
        asked = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        [(page,)] = db.execute(asked, (table,)).fetchall()
        [(width,)] = db.execute("PRAGMA page_size").fetchall()
    with path.open("r+b") as file:
        file.seek((page - 1) * width)
        file.write(b"\xff" * width)


def test_what_no_backup_and_no_partner_has_comes_back_out_of_the_damaged_database(
    home, tmp_path
):
    """Step by step as docs/how-to/back-up-and-restore.md says."""
    path = made(home, tmp_path / "to")
    assert federation(home, "import", rows(home, range(40, 50)), "--alone")[0] == OK
    damage(home, "rollup")
    answer(home, "backup", "restore", path, tmp_path / "restored")
    home.data.rename(home.folder / "data.damaged")
    shutil.move(tmp_path / "restored/data", home.data)

    federation(home, "sync", "now")
    codes = [one["code"] for one in answer(home, "status")["alarms"]]
    assert LOST in codes

    home.data.rename(home.folder / "data.restored")
    shutil.copytree(home.folder / "data.damaged", home.data)
    answer(home, "export", "--bundle", tmp_path / "ours.zip")
    shutil.rmtree(home.data)
    (home.folder / "data.restored").rename(home.data)
    answer(home, "import", tmp_path / "ours.zip")

    code, out, err = federation(home, "import", rows(home, range(50, 52)))
    assert code == OK, out + err
    assert answer(home, "status")["logs"][0]["size"] == 52
    answer(home, "doctor", "--deep")
