"""Partners whose maps rest on something else than ours are told apart, by name."""

import msgspec
import pytest

from federation.errors import FormatError
from federation.feeds.resource import ELECTIONS
from federation.flows.pull.basis import ALARM, ask_basis, compare_basis
from federation.profiles import load_shipped
from federation.records.merge import RULES_VERSION
from federation.records.register import Register
from federation.records.tps import parse_tps
from federation.store import alarms, registers

ELECTION, ORG, NOW = "pilpres-2019", "kawalpemilu.example", 1_700_000_000
PROFILES = load_shipped()


class Says:
    """A partner that answers this."""

    def __init__(self, body):
        self._body = body

    async def fetch(self, resource):
        assert resource == ELECTIONS
        return self._body


def basis(**other):
    mine = {
        "election": ELECTION,
        "profile": PROFILES[ELECTION].digest,
        "register_digest": "",
        "rules": RULES_VERSION,
    }
    return Says(msgspec.json.encode({"elections": [mine | other]}))


async def compare(db, partner):
    said = await ask_basis(partner, ORG)
    return await compare_basis(db, said, ORG, PROFILES, NOW)


def standing(db):
    with db.view() as view:
        return [a for a in alarms.list_alarms(view) if a.code == ALARM]


async def test_equal_maps_rest_on_the_same_and_nothing_is_said(db):
    assert await compare(db, basis()) == []
    assert standing(db) == []


@pytest.mark.parametrize(
    ("other", "word"),
    [
        ({"profile": "0" * 64}, "profile"),
        ({"register_digest": "f" * 64}, "register"),
        ({"rules": RULES_VERSION + 1}, "rules"),
    ],
)
async def test_each_difference_is_an_alarm_that_ends_with_it(db, other, word):
    [found] = await compare(db, basis(**other))
    assert word in found
    [alarm] = standing(db)
    assert alarm.subject == f"{ORG} {ELECTION}"
    await compare(db, basis())
    assert standing(db) == []


async def test_our_register_is_what_theirs_is_compared_with(db):
    register = Register(ELECTION)
    register.add(parse_tps("1371011001001"))
    with db.transaction() as tx:
        registers.save_register(tx, register, "test")
    same = basis(register_digest=register.digest())
    assert await compare(db, same) == []
    assert await compare(db, basis())


async def test_elections_that_only_the_partner_has_are_its_own_business(db):
    other = basis(election="pemilu-1955", profile="x")
    assert await compare(db, other) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"elections":[{}]}',
        b"[" * 5000,
        b'{"elections":[{"election":"\xff"}]}',
        b'{"\xc3":1}',
        b"9" * 5000,
    ],
)
async def test_nonsense_is_refused(db, body):
    with pytest.raises(FormatError, match="not a list of elections"):
        await ask_basis(Says(body), ORG)
