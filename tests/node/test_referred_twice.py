"""Two organisations and one agency: who goes, and what tells it that both are one."""

import asyncio
import contextlib

import pytest

from federation.flows.refer.holding import rank_of
from federation.node import referrals
from tests.homes import add_peer, make_home, serving
from tests.refer import (
    OTHER,
    approve,
    ask,
    by_mail,
    find_known,
    find_note,
    find_row,
    is_in,
    keep,
    make_referring,
    prepare,
    send,
    standing,
    write_report,
)
from tests.smtp import Postbox
from tests.waiting import until


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Turns that do not wait for five seconds."""
    monkeypatch.setattr(referrals, "INTERVAL_S", 0.2)


@pytest.fixture
def two(tmp_path):
    ours = make_home(tmp_path)
    theirs = make_home(tmp_path, "kawalpemilu.example")
    for home, other in ((ours, theirs), (theirs, ours)):
        make_referring(home)
        add_peer(home, other)
        with home.peers.open("a") as peers:
            peers.write('logs = ["incidents"]\n')
    return ours, theirs


async def listening(home, other_home, url):
    text = home.peers.read_text()
    home.peers.write_text(text + f'url = "{url}"\nallow_private = true\n')


@pytest.mark.slow
async def test_whoever_comes_second_is_told_by_whom_when_and_under_which_number(two):
    ours, theirs = two
    incident = write_report(theirs)
    async with serving(theirs, alone=True) as b:
        await listening(ours, theirs, b.url)
        async with serving(ours, alone=True) as a:
            await listening(theirs, ours, a.url)

            async def here():
                status, _ = await ask(
                    *(a, "prepare", incident), way="by-hand", dossier=keep(ours)
                )
                return status == 200

            await until(here)
            status, _ = await ask(b, "hand-over", incident, reference="7/PL/2019")
            assert status == 200

            async def is_held():
                status, said = await approve(a, incident)
                if status == 200:
                    await ask(a, "withdraw", incident)
                    await prepare(a, incident)
                return status == 409 and "7/PL/2019" in said["detail"]

            await until(is_held)
            _, said = await approve(a, incident)
            assert "kawalpemilu.example" in said["detail"]
            status, said = await approve(a, incident, anyway="lain berkas")
            assert (status, said["anyway"]) == (200, "lain berkas")
            await ask(a, "hand-over", incident, reference="8/PL/2019")

            async def both_know():
                return all("referred-twice" in standing(one) for one in two)

            await until(both_know)


async def heard(home, other_home, incident):
    """The other one's report came here."""

    async def here():
        return find_known(home, incident)

    await until(here)


@contextlib.asynccontextmanager
async def connected(two):
    """Two nodes that hear each other from now on, until the end of the block."""
    ours, theirs = two
    async with serving(theirs, alone=True) as b:
        await listening(ours, theirs, b.url)
        async with serving(ours, alone=True) as a:
            await listening(theirs, ours, a.url)
            yield a, b


@pytest.mark.slow
@pytest.mark.long
async def test_of_two_who_mean_to_at_once_one_goes_and_the_other_gives_way(two):
    ours, theirs = two
    incident = write_report(theirs)
    box = Postbox()
    async with box.open() as port:
        for home in two:
            by_mail(home, port, "plain")
            text = home.settings.read_text()
            home.settings.write_text(text.replace("hold_s = 0", "hold_s = 4"))
        async with connected(two) as nodes:
            await heard(ours, theirs, incident)
            await asyncio.gather(
                *(
                    send(node, incident, OTHER[:-1] + bytes([48 + n]))
                    for n, node in enumerate(nodes)
                )
            )

            async def both_ended():
                states = {find_row(home, incident).state for home in two}
                return states == {"sent", "withdrawn"}

            await until(both_ended)
    assert len(box.messages) == 1
    [gave_way] = [h for h in two if find_row(h, incident).state == "withdrawn"]
    [went] = [h for h in two if h is not gave_way]
    assert went.folder.name in find_row(gave_way, incident).answer


@pytest.mark.slow
@pytest.mark.long
async def test_cut_off_from_each_other_both_go_are_told_and_one_sends_a_note(two):
    ours, theirs = two
    incident = write_report(theirs)
    box = Postbox()
    async with box.open() as port:
        for home in two:
            by_mail(home, port, "plain")
        async with connected(two):
            await heard(ours, theirs, incident)
        for home in two:
            peers = home.peers.read_text().partition('\nurl = "http://127.')[0] + "\n"
            home.peers.write_text(peers)
        for number, home in enumerate(two):
            async with serving(home, alone=True) as node:
                await send(node, incident, OTHER[:-1] + bytes([48 + number]))

                async def is_there(home=home):
                    row = find_row(home, incident)
                    return row.state == "sent" and not row.due

                await until(is_there)
        assert len(box.messages) == 2
        async with connected(two) as nodes:

            async def both_know():
                return all("referred-twice" in standing(home) for home in two)

            await until(both_know)
            assert len(box.messages) == 2
            await say_once(two, nodes, incident, box)


async def say_once(two, nodes, incident, box):
    """Both have a note ready; the one whose turn it is sends it, once, for both."""
    orgs = {home.folder.name: home for home in two}
    name = f"{incident['org']}/{incident['id']}"
    first, second = sorted(orgs, key=lambda org: rank_of(org, name, "bawaslu"))
    by_org = {node.home.folder.name: node for node in nodes}
    for home in two:
        await until(is_in(home, incident, "prepared", kind="note"))
    drawn = {org: find_note(home, incident).dossier for org, home in orgs.items()}
    body = {"kind": "note", "dossier": drawn[second]}
    status, said = await ask(by_org[second], "approve", incident, **body)
    assert status == 409
    assert first in said["detail"]
    body["dossier"] = drawn[first]
    status, said = await ask(by_org[first], "approve", incident, **body)
    assert status == 200, said
    await until(is_in(orgs[first], incident, "sent", kind="note"))
    await until(is_in(orgs[second], incident, "withdrawn", kind="note"))
    assert first in find_note(orgs[second], incident).answer

    async def is_settled():
        return not any("referred-twice" in standing(home) for home in two)

    await until(is_settled)
    [note] = box.mails()[2:]
    text = note.get_body().get_content()
    for org, home in orgs.items():
        assert org in text
        assert find_row(home, incident).dossier[:16] in text
    assert not [*note.iter_attachments()]
    assert len(box.messages) == 3
