"""What somebody may do is what the gate says of their role; the rest is told."""

from typing import get_args

import pytest

from federation.records.readers import ROLES, Act, Person, may_do
from federation.text import Text
from federation.web.signin import _ACTS as ACTS
from tests.peoplenode import DOOR


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("act", ACTS)
async def test_each_role_may_what_the_gate_says_and_is_told_the_rest(
    node, browser, role, act
):
    node.add(role=role)
    await browser.sign_in(DOOR)
    page = await browser.open(f"/probe/may/{act}")
    may = may_do(Person("Pembaca", role), act)
    assert page.status == (200 if may else 403)
    assert ("it is here" in page.text) == may
    if not may:
        assert "peran lain" in page.text
    account = await browser.open("/masuk?lang=en")
    assert (act_words(act) in account.text) == may
    reads = may_do(Person("Pembaca", role), "read-forms")
    head = account.text.partition("</header>")[0]
    for shown in (head, account.text.removeprefix(head)):
        assert ('href="./antrean?' in shown) == reads


def act_words(act):
    return Text("en")(f"people.may-{act}")


@pytest.mark.parametrize("act", ACTS)
async def test_a_stranger_is_told_where_to_get_a_link_and_nothing_else(browser, act):
    for lang, words in (("id", "minta"), ("en", "coordinator makes a link")):
        page = await browser.open(f"/probe/may/{act}?lang={lang}")
        assert page.status == 403
        assert words in page.text or "koordinator" in page.text
        assert "it is here" not in page.text


async def test_the_commands_of_the_machine_may_do_all_without_a_session(browser):
    headers = {"Authorization": f"Bearer {'c' * 40}"}
    for act in ACTS:
        assert (await browser.open(f"/probe/may/{act}", **headers)).status == 200


def test_what_a_person_may_do_is_listed_in_full():
    assert set(ACTS) == set(get_args(Act))
