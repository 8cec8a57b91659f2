"""A folder of KPU's documents that somebody else fills, taken in round after round."""

import errno
import json
import os
import time

import pytest

from federation.cli.watch import command
from federation.cli.watch import folder as looking
from federation.cli.watch.folder import look, make_groups
from federation.cli.watch.memory import TakenFile, WatchMemory
from federation.errors import ConflictError
from federation.text import Sentence
from tests.cli.test_kpu import CODE, OTHER, THERE, document

LONG_AGO = 1_700_000_000


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "crawled"
    made.mkdir()
    return made


@pytest.fixture
def watch(federation, folder):
    """One round; what it says, without what is 0."""

    def run(code=0):
        ended = federation(
            "watch", "kpu", folder, "--election", "pemilu-2024", "--once",
            "--allow-unlisted", "--json",
        )  # fmt: skip
        assert ended.code == code, ended
        told = json.loads(ended.out)
        told["rows"] = {name: count for name, count in told["rows"].items() if count}
        return told

    return run


def put(folder, name, value, at=LONG_AGO):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    os.utime(path, (at, at))
    return path


def test_each_round_takes_what_changed_and_says_what_it_changed_of_kpus(
    own_home, folder, watch
):
    put(folder, f"{CODE}.json", document(THERE))
    put(folder, f"a/{OTHER}.json", document((1, 2, 3), code=OTHER))
    first = watch()
    assert (first["taken"], first["rows"]) == (2, {"logged": 2})
    assert first["changed"]["kinds"]["appeared"] == 2
    assert watch()["taken"] == 0
    # Fetched again and the same: nothing is read, nothing is said.
    put(folder, f"{CODE}.json", document(THERE), LONG_AGO + 60)
    assert watch()["taken"] == 0
    later = "2024-02-18 10:00:00"
    put(folder, f"{CODE}.json", document(None, later), LONG_AGO + 90)
    (folder / f"a/{OTHER}.json").unlink()
    last = watch()
    assert (last["taken"], last["rows"]) == (1, {"withdrawn": 1})
    assert last["changed"]["kinds"]["withdrawn"] == 1
    assert last["changed"]["kinds"]["appeared"] == 0


def test_several_snapshots_at_once_are_a_history_in_the_order_of_their_files(
    own_home, folder, watch, federation
):
    for day, votes in ((3, (7, 8, 9)), (1, THERE), (2, (54, 78, 18))):
        taken = {CODE: document(votes, f"2024-02-2{day} 10:00:00")}
        put(folder, f"z{9 - day}.json", taken, LONG_AGO + day)
    assert watch()["rows"] == {"logged": 3}
    told = json.loads(federation("kpu", "--json", "--election", "pemilu-2024").out)
    assert [one["now"]["01"] for one in told["changes"]] == [7, 54, 44]


def test_what_is_amiss_of_the_node_is_said_once_however_many_are_imported(
    own_home, folder, federation
):
    for day in (1, 2, 3):
        taken = {CODE: document(THERE, f"2024-02-2{day} 10:00:00")}
        put(folder, f"z{day}.json", taken, LONG_AGO + day)
    words = ("watch", "kpu", folder, "--election", "pemilu-2024", "--once")
    said = federation(*words, "--allow-unlisted", "--lang", "en").err
    assert said.count("there is no list of them") == 1


def test_a_file_that_is_written_to_waits_and_one_that_cannot_be_read_stops_no_other(
    own_home, folder, watch
):
    put(folder, f"{CODE}.json", document(THERE), LONG_AGO)
    broken = put(folder, "broken.json", '{"3171011001001": {"chart"')
    put(folder, f"{OTHER}.json.part", "{")
    put(folder, f"{OTHER}.json", document((1, 2, 3), code=OTHER), time.time())
    told = watch(code=1)
    assert (told["taken"], told["waiting"]) == (2, 1)
    assert told["rows"] == {"logged": 1, "refused": 1}
    [refused] = told["refused"]
    assert refused["file"].endswith("broken.json")
    assert refused["reason"]
    # It is told once; mended it is taken.
    assert watch()["taken"] == 0
    put(folder, broken.name, {CODE: document((5, 5, 5), "2024-02-19 10:00:00")})
    assert watch()["rows"] == {"logged": 1}


def test_a_file_that_goes_away_or_is_closed_to_us_while_it_is_looked_at_stops_no_other(
    own_home, folder, watch, monkeypatch
):
    put(folder, f"{CODE}.json", document(THERE))
    put(folder, "gone.json", document(THERE))
    put(folder, "closed\nto us.json", document(THERE))
    whole = looking.digest_file

    def digest(path):
        if path.name == "gone.json":
            path.unlink()
        if path.name.startswith("closed"):
            raise PermissionError(errno.EACCES, "closed", str(path))
        return whole(path)

    monkeypatch.setattr(looking, "digest_file", digest)
    told = watch(code=1)
    assert told["rows"] == {"logged": 1, "refused": 1}
    [refused] = told["refused"]
    assert refused["file"].endswith("to us.json")


def test_a_file_that_goes_away_before_it_is_imported_stops_no_other(
    own_home, folder, watch, federation, monkeypatch
):
    gone = put(folder, f"{CODE}.json", document(THERE))
    put(folder, "later.json", {OTHER: document((1, 2, 3), code=OTHER)}, LONG_AGO + 1)
    monkeypatch.setattr(
        command, "make_groups", lambda due: gone.unlink() or make_groups(due)
    )
    assert watch()["rows"] == {"logged": 1}


def test_a_name_of_two_lines_is_told_in_one(own_home, folder, federation):
    put(folder, "a\n2024: 9 files taken.json", "{")
    words = "watch", "kpu", folder, "--election", "pemilu-2024", "--once"
    told = federation(*words, "--allow-unlisted").err
    assert "\n2024: 9 files" not in told
    assert "a\\n2024: 9 files taken.json" in told


def test_killed_behind_the_log_and_before_its_memory_it_signs_nothing_twice(
    own_home, folder, watch, monkeypatch
):
    put(folder, f"{CODE}.json", document(THERE))

    class KilledError(BaseException):
        pass

    def killed(self, files, log_size):
        raise KilledError

    with monkeypatch.context() as broken:
        broken.setattr(WatchMemory, "note", killed)
        with pytest.raises(KilledError):
            watch()
    assert watch()["rows"] == {"held": 1}


def test_of_a_line_that_was_cut_off_only_that_file_is_read_again(tmp_path):
    path = tmp_path / "memory.taken"
    one, two = (TakenFile(f"{n}" * 64, n, n) for n in (1, 2))
    WatchMemory.open(path, 9).note([("a b.json", one), ("c.json", two)], 9)
    whole = path.read_bytes()
    for end in range(len(whole) + 1):
        path.write_bytes(whole[:end])
        memory = WatchMemory.open(path, 9)
        known = dict(memory.taken)
        assert known.items() <= {"a b.json": one, "c.json": two}.items()
        memory.note([("d.json", one)], 9)
        assert WatchMemory.open(path, 9).taken == {**known, "d.json": one}


def test_where_an_older_log_came_back_all_is_read_again(tmp_path):
    path = tmp_path / "memory.taken"
    WatchMemory.open(path, 0).note([("a.json", TakenFile("1" * 64, 1, 1))], 9)
    assert list(WatchMemory.open(path, 12).taken) == ["a.json"]
    assert WatchMemory.open(path, 8).taken == {}
    assert WatchMemory.open(path, 12).taken == {}


def test_documents_of_one_station_each_go_together_one_of_each_at_a_time(folder):
    for day in (1, 2):
        for code in (CODE, OTHER):
            put(folder, f"{day}/{code}.json", "{}", LONG_AGO + day)
    put(folder, "all.json", "{}", LONG_AGO + 3)
    memory = WatchMemory.open(folder.parent / "m.taken", 0)
    found = look(folder, memory, LONG_AGO + 100.0, 5.0)
    groups = [[one.name for one in group] for group in make_groups(found.due)]
    assert groups == [
        [f"1/{CODE}.json", f"1/{OTHER}.json"],
        [f"2/{CODE}.json", f"2/{OTHER}.json"],
        ["all.json"],
    ]


def test_a_node_that_cannot_sign_now_is_asked_again_in_the_next_round(
    own_home, folder, watch, monkeypatch
):
    put(folder, f"{CODE}.json", document(THERE))

    def refuse(self, tell):
        raise ConflictError(Sentence("held.no-log", log=1))

    with monkeypatch.context() as broken:
        broken.setattr(command.Import, "take_in", refuse)
        told = watch(code=1)
        assert (told["taken"], bool(told["failed"])) == (0, True)
    assert watch()["rows"] == {"logged": 1}
