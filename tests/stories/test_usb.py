"""A laptop that never serves: its records go out, and come back, on a stick."""

import csv
import json
import shutil
import subprocess
import sys

import pytest

from tests.homes import ELECTION
from tests.stories.nodes import PROJECT, start_all, station
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
RESULTS = ("--election", ELECTION, "--contest", "ppwp")


def typed(node, *words):
    """A command in this home, as an operator types it: how it ended."""
    line = [*map(str, words), "--home", str(node.home.folder), "--json"]
    return subprocess.run(
        [sys.executable, "-m", "federation", *line],
        capture_output=True, cwd=PROJECT, text=True, check=False,
    )  # fmt: skip


def federation(node, *words):
    """A command that ends well; what it said, as JSON."""
    done = typed(node, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def table_of(folder, start, end):
    """The results of these stations, as a table."""
    path = folder / f"{start}.csv"
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["tps", "01", "02"])
        for number in range(start, end):
            one = station(number)
            table.writerow([one["tps"], *one["candidates"].values()])
    return path


def enter(node, folder, start, end, *flags):
    """Type the results of these stations into a table and import it."""
    path = table_of(folder, start, end)
    said = federation(node, "import", path, *RESULTS, *flags)
    assert said["rows"]["logged"] == end - start, said


def export(node, path, *words):
    federation(node, "export", "--bundle", path, *words)
    return path


def lose_disk(node):
    """Its data are gone, and what was known of what it signed."""
    node.lose_data()
    shutil.rmtree(node.home.guard)


def bring(node, path):
    """What came of each log, by origin, and who holds ours."""
    [file] = federation(node, "import", path)["files"]
    return {one["origin"]: one for one in file["logs"]}, file["held_by"]


@pytest.fixture
def stick(tmp_path):
    path = tmp_path / "stick"
    path.mkdir()
    return path


@pytest.fixture
def laptop(pemilu, suara, kawal):
    """It knows two partners and has the address of neither; nobody has its own."""
    for other in (suara, kawal):
        pemilu.trust(other)
        other.trust(pemilu)
    kawal.trust(suara, suara.url)
    return pemilu


@pytest.mark.long
def test_a_laptop_takes_part_by_stick_and_survives_the_loss_of_its_disk(
    laptop, suara, kawal, stick
):
    start_all(suara, kawal)
    enter(laptop, stick, 0, 300)

    # Out: a partner takes it in while it serves, and others get it from there.
    mine = export(laptop, stick / "laptop.zip")
    came, _ = bring(suara, mine)
    assert came[laptop.origin]["after"] == 301
    wait_until(lambda: kawal.size(laptop.origin) == 301, "it reaches the third")
    assert kawal.leaves(laptop.origin) == laptop.leaves(laptop.origin)
    assert suara.ask("/v1/status")[1]["peers"] == []  # a stick is nobody's peer

    # And back: what the partner has, and its word on what it holds.
    suara.take(0, 50)
    came, held_by = bring(laptop, export(suara, stick / "suara.zip"))
    assert came[suara.origin]["after"] == 51
    assert held_by[laptop.origin] == {suara.org: 301}
    assert laptop.leaves(suara.origin) == suara.leaves(suara.origin)

    # The next time only what is new.
    enter(laptop, stick, 300, 700)
    words = ("--since", stick / "suara.zip")
    more = export(laptop, stick / "more.zip", *words)
    assert more.stat().st_size < mine.stat().st_size * 2
    bring(suara, more)
    wait_until(lambda: kawal.size(laptop.origin) == 701, "the rest")
    saved = export(suara, stick / "saved.zip")

    # The disk is lost, with all that was known of what was signed.
    before = laptop.leaves(laptop.origin)
    lose_disk(laptop)
    came, held_by = bring(laptop, saved)
    assert came[laptop.origin]["outcome"] == "restored"
    assert laptop.leaves(laptop.origin) == before
    assert held_by[laptop.origin] == {suara.org: 701}
    # That nothing newer was signed no file can say: the operator does, once.
    rows = table_of(stick, 700, 710)
    done = typed(laptop, "import", rows, *RESULTS)
    assert done.returncode != 0
    assert "unknown-past" in done.stdout + done.stderr
    enter(laptop, stick, 700, 710, "--alone")
    enter(laptop, stick, 710, 750)
    bring(suara, export(laptop, stick / "on.zip"))
    wait_until(lambda: kawal.size(laptop.origin) == 751, "and on")
    assert kawal.leaves(laptop.origin)[:701] == before
    assert laptop.doctor()[0] == 0
    for node in (laptop, suara, kawal):
        assert not node.is_frozen(laptop.origin)
    assert laptop.alarms() == kawal.alarms() == set()
    # Kawal asks suara as a partner does, and suara has added nobody.
    asked = {("asks-unknown", suara.org)}
    wait_until(lambda: suara.alarms() == asked, "it is told who asks")


@pytest.mark.long
def test_an_old_copy_of_a_laptop_signs_nothing_before_it_is_brought_up_to_date(
    laptop, suara, stick
):
    """The guard outlived the data: what it remembers is found on the stick."""
    enter(laptop, stick, 0, 20)
    backup = laptop.save(laptop.home.data, stick / "backup")
    enter(laptop, stick, 20, 40)
    bring(suara, export(laptop, stick / "laptop.zip"))
    saved = export(suara, stick / "saved.zip")
    laptop.put_back(backup)
    before = suara.leaves(laptop.origin)
    came, _ = bring(laptop, saved)
    assert (came[laptop.origin]["before"], came[laptop.origin]["after"]) == (21, 41)
    enter(laptop, stick, 40, 60)
    assert laptop.leaves(laptop.origin)[:41] == before
    came, _ = bring(suara, export(laptop, stick / "on.zip"))
    assert came[laptop.origin]["after"] == 61
    assert laptop.alarms() == suara.alarms() == set()


@pytest.mark.long
def test_an_import_that_is_killed_goes_on_where_it_stopped(laptop, suara, stick):
    """Somebody pulls the plug of the partner's machine, again and again."""
    enter(laptop, stick, 0, 900)
    path = export(laptop, stick / "laptop.zip")
    delays = iter((1.0, 1.5, 2.0, 2.5, 3.0))
    for delay in delays:
        words = ["import", str(path), "--home", str(suara.home.folder)]
        process = subprocess.Popen(
            [sys.executable, "-m", "federation", *words],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=PROJECT,
        )  # fmt: skip
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        else:
            break
    came, _ = bring(suara, path)
    assert came[laptop.origin]["after"] == 901
    assert suara.leaves(laptop.origin) == laptop.leaves(laptop.origin)
    assert suara.doctor()[0] == 0
    assert suara.alarms() == set()


@pytest.mark.long
def test_restored_keys_sign_nothing_before_the_partners_file_is_taken_in(
    laptop, suara, kawal, stick
):
    enter(laptop, stick, 0, 20)
    bring(suara, export(laptop, stick / "laptop.zip"))
    saved = export(suara, stick / "saved.zip")
    enter(kawal, stick, 100, 101, "--alone")
    strange = export(kawal, stick / "kawal.zip")
    before = laptop.leaves(laptop.origin)
    lose_disk(laptop)

    # What does not bring it back does not open the door either.
    federation(laptop, "init", "--yes")
    bring(laptop, strange)
    mine = table_of(stick, 20, 30)
    refused = typed(laptop, "import", mine, *RESULTS)
    assert refused.returncode == 6
    assert '"unknown-past"' in refused.stderr
    assert laptop.size(laptop.origin) == 0
    assert laptop.alarms() == {("own-log-past-unknown", laptop.origin)}

    came, _ = bring(laptop, saved)
    assert came[laptop.origin]["outcome"] == "restored"
    refused = typed(laptop, "import", mine, *RESULTS)
    assert refused.returncode == 6
    enter(laptop, stick, 20, 30, "--alone")
    assert laptop.leaves(laptop.origin)[:21] == before
    came, _ = bring(suara, export(laptop, stick / "on.zip"))
    assert came[laptop.origin]["after"] == 31
    assert not suara.is_frozen(laptop.origin)
    assert laptop.alarms() == suara.alarms() == set()


def test_keys_that_never_signed_are_used_by_the_operators_word(laptop, stick):
    lose_disk(laptop)
    refused = typed(laptop, "import", table_of(stick, 0, 5), *RESULTS)
    assert refused.returncode == 6
    enter(laptop, stick, 0, 5, "--alone")
    enter(laptop, stick, 5, 9)
    assert laptop.size(laptop.origin) == 10
    assert laptop.alarms() == set()
