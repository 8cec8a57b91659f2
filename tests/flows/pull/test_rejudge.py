"""Records of a type that only a newer version can read."""

import pytest

from federation.config.settings import Settings
from federation.flows.merge import merge_once
from federation.flows.query import state
from federation.profiles import load_shipped
from federation.records import sealed
from federation.records.canonical import encode
from federation.records.kinds import UnknownStatement
from federation.records.readers import THIS_MACHINE
from federation.records.sealed import leaf_text
from federation.store import alarms, mapreading, quarantine
from federation.tlog.note import sign_note

ELECTION = "pemilu-2024"
SETTINGS = Settings(org="node.example", name="Node", contact="x", elections=[ELECTION])
CODE = "needs-newer-version"


def of_newer_type(owner, number):
    """A leaf of type tps-result/2: what no version knows yet."""
    return sign_note(
        encode(
            {
                "election": ELECTION,
                "org": owner.org,
                "recorded_at": "2024-02-14T13:05:00Z",
                "tps": f"11010100010{number:02d}",
                "turnout": 241,
                "type": "tps-result/2",
            }
        )
        + b"\n",
        owner.records,
    )


def unknown(puller, owner):
    with puller.db.view() as view:
        found = state.status(view, THIS_MACHINE, SETTINGS)
    return {log.origin: log.unknown for log in found.logs}[owner.origin]


def detail(puller):
    with puller.db.view() as view:
        return [one.detail for one in alarms.list_alarms(view) if one.code == CODE]


async def test_a_record_of_a_newer_type_is_kept_counted_and_told(puller, fakes, suara):
    puller.trust(suara)
    tree = fakes.Tree(suara).grow(suara.results(0, 3))
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    assert (unknown(puller, suara), detail(puller)) == (0, [])
    tree.grow([of_newer_type(suara, 1), suara.result(3), of_newer_type(suara, 2)])
    await puller.pull(feed)
    assert puller.leaves(suara) == tree.leaves
    assert puller.claimed(suara) == [1, 2, 3, 5]
    assert puller.rejected(suara) == []
    assert unknown(puller, suara) == 2
    assert detail(puller) == ["2 new records, from index 4 on"]


async def test_another_key_does_not_make_it_count_twice(puller, fakes, suara):
    puller.trust(suara)
    leaves = [suara.result(0), of_newer_type(suara, 1), suara.result(1)]
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(suara).grow(leaves))
    await puller.pull(feed)
    stolen = suara.records.key
    suara.statements.append(suara.restate(revoke=[(stolen, 3, "stolen")]))
    await puller.pull(feed)
    assert (unknown(puller, suara), len(detail(puller))) == (1, 1)
    suara.statements.append(suara.restate(revoke=[(stolen, 2, "stolen")]))
    await puller.pull(feed)
    # What the key had no right to sign is refused, whatever its type.
    assert (unknown(puller, suara), detail(puller)) == (0, [])
    assert [index for index, _ in puller.rejected(suara)] == [2, 3]


@pytest.fixture
def as_older(monkeypatch):
    """What lets a block run as a version that does not know results of one station."""
    parse = sealed.parse_statement

    def install(leaf):
        line = leaf_text(leaf)[:-1]

        def parse_as_older(text):
            if text != line:
                return parse(text)
            said = parse(text)
            return UnknownStatement(
                type="tps-result/1",
                org=said.org,
                election=said.election,
                text=text + b"\n",
            )

        monkeypatch.setattr(sealed, "parse_statement", parse_as_older)
        return monkeypatch.undo

    return install


async def test_a_newer_version_takes_in_what_the_older_one_kept(
    puller, fakes, suara, as_older
):
    puller.trust(suara)
    tree = fakes.Tree(suara).grow(suara.results(0, 4))
    feed = fakes.FakePeer(suara.org).show(tree)
    upgrade = as_older(tree.leaves[2])
    await puller.pull(feed)
    while merge_once(puller.db, load_shipped()):
        pass
    await puller.pull(feed)
    assert puller.claimed(suara) == [1, 3, 4]
    assert (unknown(puller, suara), len(detail(puller))) == (1, 1)
    upgrade()
    assert (await puller.pull(feed)).unchanged
    assert puller.claimed(suara) == [1, 2, 3, 4]
    assert (unknown(puller, suara), detail(puller)) == (0, [])
    while merge_once(puller.db, load_shipped()):
        pass
    with puller.db.view() as view:
        assert len(mapreading.list_rows(view, ELECTION, "ppwp")) == 4
        assert quarantine.first_unknown(view) == []
