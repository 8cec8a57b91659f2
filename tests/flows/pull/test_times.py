"""A partner cannot fill a node, and its vector, with names of logs that wait."""

from federation.flows.pull.context import MAX_GENERATIONS
from federation.flows.pull.times import WaitedTimes

ORG = "a.example/pemilu-2024"


def waits(minute: int, more: str = "") -> str:
    return f"{ORG}/from-2024-02-14T11{minute:02}Z{more}"


def test_of_one_organisation_and_election_so_many_times_are_taken_and_no_more():
    times = WaitedTimes([ORG, f"{ORG}/2", waits(0)])
    taken = [waits(minute) for minute in range(60) if times.admits(waits(minute))]
    # The one that waits for none counts as one of them, the held one only once.
    assert taken == [waits(minute) for minute in range(MAX_GENERATIONS - 1)]
    assert times.admits(waits(3, "/2"))
    assert times.admits(ORG)
    assert times.admits("b.example/pemilu-2024/from-2024-02-14T1150Z")
    assert times.admits("a.example/pilpres-2019/from-2024-02-14T1150Z")


def test_what_is_held_is_never_too_much():
    held = [waits(minute) for minute in range(30)]
    times = WaitedTimes(held)
    assert all(map(times.admits, held))
    assert not times.admits(waits(31))
