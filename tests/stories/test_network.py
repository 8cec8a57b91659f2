"""Nodes that cannot always reach each other: relays, cut wires, restarts."""

import pytest

from tests.stories.nodes import is_level, start_all
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


def test_a_relay_joins_two_that_never_connect(pemilu, suara, kawal, wire):
    """pemilu ← suara ← kawal: neither end has an address of the other."""
    ends = {pemilu: wire(pemilu), kawal: wire(kawal)}
    pemilu.trust(suara, suara.url)
    pemilu.trust(kawal)
    kawal.trust(suara, suara.url)
    kawal.trust(pemilu)
    for node, way in ends.items():
        suara.trust(node, way.url)
    start_all(pemilu, suara, kawal)
    for at, node in enumerate((pemilu, suara, kawal)):
        node.take(at * 300, at * 300 + 300)
    wait_until(lambda: is_level(pemilu, suara, kawal), "the same map everywhere")
    assert kawal.leaves(pemilu.origin) == pemilu.leaves(pemilu.origin)
    assert len(pemilu.leaves(kawal.origin)) == 301
    asked = {one["org"] for one in pemilu.ask("/v1/status")[1]["peers"]}
    assert asked == {suara.org}
    assert pemilu.alarms() == kawal.alarms() == set()


def test_a_partition_stops_nobody_and_heals_by_itself(pemilu, suara, wire):
    to_suara, to_pemilu = wire(suara), wire(pemilu)
    pemilu.trust(suara, to_suara.url)
    suara.trust(pemilu, to_pemilu.url)
    start_all(pemilu, suara)
    for at, node in enumerate((pemilu, suara)):
        node.take(at * 100, at * 100 + 50)
    wait_until(lambda: is_level(pemilu, suara), "level before")
    to_suara.cut()
    to_pemilu.cut()
    for at, node in enumerate((pemilu, suara)):
        node.take(at * 100 + 50, at * 100 + 100)

    def has_failed():
        (peer,) = pemilu.ask("/v1/status")[1]["peers"]
        return peer["failures"]

    wait_until(has_failed, "the partition is noticed")
    assert (pemilu.size(pemilu.origin), pemilu.size(suara.origin)) == (101, 51)
    to_suara.mend()
    to_pemilu.mend()
    wait_until(lambda: is_level(pemilu, suara), "level after")
    assert suara.size(pemilu.origin) == 101
    assert pemilu.alarms() == suara.alarms() == set()


@pytest.mark.long
def test_a_pull_goes_on_where_a_restart_cut_it(pemilu, suara):
    """Paced, so that it takes many short turns; none begins again at nothing."""
    suara.trust(pemilu, pemilu.url)
    with suara.home.peers.open("a") as peers:
        peers.write("max_kbit_s = 600\ndeadline_s = 2\n")
    pemilu.start()
    for start in range(0, 5000, 1000):
        pemilu.take(start, start + 1000)
    suara.start()
    reached = [0]

    def has_more():
        log = suara.state(pemilu.origin)
        return log is not None and log.next_index > reached[-1]

    while len(reached) < 4 and reached[-1] < 5001:
        wait_until(has_more, f"more than {reached[-1]}")
        suara.stop()
        held = suara.state(pemilu.origin).next_index
        assert held > reached[-1]
        reached.append(held)
        suara.start()
    assert reached[1] < 5001, "it was over before the first restart"
    wait_until(lambda: suara.size(pemilu.origin) == 5001, "all of it")
    assert suara.leaves(pemilu.origin) == pemilu.leaves(pemilu.origin)


@pytest.mark.long
def test_partners_change_without_a_restart_and_a_slip_of_the_pen_cuts_nobody_off(
    pemilu, suara, kawal
):
    pemilu.trust(suara, suara.url)
    start_all(pemilu, suara, kawal)
    suara.take(0, 10)
    kawal.take(20, 30)
    wait_until(lambda: pemilu.size(suara.origin) == 11, "the first partner")
    good = pemilu.home.peers.read_text()
    pemilu.home.peers.write_text(good + "\n[[peer]\norg = 5\n")
    alarm = ("peers-file", str(pemilu.home.peers))
    wait_until(lambda: alarm in pemilu.alarms(), "the alarm")
    suara.take(10, 15)
    wait_until(lambda: pemilu.size(suara.origin) == 16, "the old partners stay")
    pemilu.home.peers.write_text(good)
    wait_until(lambda: alarm not in pemilu.alarms(), "the end of the alarm")
    pemilu.trust(kawal, kawal.url)
    wait_until(lambda: pemilu.size(kawal.origin) == 11, "the new partner")
