"""What an agency answers by a program: signed by it, of what it got, once."""

import json
import re

import aiohttp
import pytest

from federation.config.settings import load_settings
from federation.node.resources import open_resources
from federation.store.agencyanswers import list_answers
from federation.store.outbox import OutboxItem, save_item
from tests.answering import AGENCY, SECRET, an_answer, share_secret, sign
from tests.homes import ELECTION, make_home, serving
from tests.refer import (
    all_said,
    ask,
    find_row,
    forget_items,
    history,
    is_in,
    make_referring,
    opened,
    write_reports,
)
from tests.waiting import until

PATH = "/v1/agency-answers"


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    make_referring(found, AGENCY)
    share_secret(found)
    return found


async def hand_over(node, incident, agency="program"):
    status, said = await ask(node, "hand-over", incident, agency, reference=None)
    assert status == 200, said


async def post(node, body, headers=None, **signing):
    """The status and what was answered; signed unless `headers` are given."""
    fields = sign(node.url + PATH, body, **signing) if headers is None else headers
    async with (
        aiohttp.ClientSession() as session,
        session.post(node.url + PATH, data=body, headers=fields) as answer,
    ):
        return answer.status, json.loads(await answer.read())


def statuses(home, incident):
    """What we said became of it, in order."""
    return [one for one in all_said(home, incident) if "status" in one]


async def test_what_it_answers_is_signed_as_the_command_signs_it(home):
    [incident] = write_reports(home, 1)
    async with serving(home, alone=True) as node:
        await hand_over(node, incident)
        body = an_answer(incident, status="decided", outcome="violation")
        assert (await post(node, body))[1]["outcome"] == "logged"
    said = statuses(home, incident)[-1]
    assert (said["status"], said["outcome"]) == ("decided", "violation")
    assert (said["agency"], said["reference"]) == ("program", "012/LP/2019")


async def test_the_same_once_more_is_held_whatever_was_said_since(home):
    [incident] = write_reports(home, 1)
    first, second = an_answer(incident), an_answer(incident, id="2", status="decided")
    async with serving(home, alone=True) as node:
        await hand_over(node, incident)
        answered = [(await post(node, body))[1]["outcome"] for body in (first, second)]
        assert answered == ["logged", "logged"]
        assert (await post(node, first))[1]["outcome"] == "held"
        changed = an_answer(incident, reference="013/LP/2019")
        status, said = await post(node, changed)
        assert (status, said["code"]) == (409, "conflict")
    said = [one["status"] for one in statuses(home, incident)]
    assert said == ["referred", "registered", "decided"]
    with opened(home) as view:
        assert [(one.way, one.agency) for one in list_answers(view)] == [
            ("program", "program")
        ] * 2


async def test_of_what_it_did_not_get_nothing_is_taken(home):
    first, second = write_reports(home, 2)
    async with serving(home, alone=True) as node:
        await hand_over(node, first, "gakkumdu")
        unknown = {"org": first["org"], "id": "0" * 32}
        for incident in (first, second, unknown):
            status, said = await post(node, an_answer(incident))
            assert (status, said["code"]) == (404, "not-found")
    assert "registered" not in history(home, first)


UNSIGNED = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "signing",
    [
        {"secret": "0" * 64},
        {"secret": ""},
        {"key": "bawaslu"},
        {"key": "nobody"},
        {"tag": "tps-federation"},
        {"ago": 600},
        {"ago": -600},
        {"window": 6_000},
        {"nonce": "short"},
        {"headers": UNSIGNED},
    ],
    ids=str,
)
async def test_who_does_not_prove_the_secret_now_is_refused(home, signing):
    [incident] = write_reports(home, 1)
    async with serving(home, alone=True) as node:
        await hand_over(node, incident)
        status, said = await post(node, an_answer(incident), **signing)
        assert status == 401, said
        assert SECRET not in json.dumps(said)
    assert history(home, incident)[-1] == "referred"


@pytest.mark.parametrize("name", ["alg", "nonce"])
async def test_who_forgets_a_parameter_is_told_what_an_answer_needs(home, name):
    async with serving(home, alone=True) as node:
        fields = sign(node.url + PATH, b"{}")
        given = fields["Signature-Input"]
        fields["Signature-Input"] = re.sub(f';{name}="[^"]*"', "", given)
        status, said = await post(node, b"{}", fields)
    assert (status, said["code"]) == (401, "request-signature")
    for part in (f"`{name}`", 'alg="hmac-sha256"', 'tag="tps-federation-answer"'):
        assert part in said["detail"]


async def test_a_signed_answer_is_taken_once_and_for_these_bytes_alone(home):
    [incident] = write_reports(home, 1)
    body = an_answer(incident)
    async with serving(home, alone=True) as node:
        await hand_over(node, incident)
        fields = sign(node.url + PATH, body)
        other = an_answer(incident, status="decided")
        assert (await post(node, other, fields))[0] == 401
        elsewhere = sign(node.url + "/v1/records", body)
        assert (await post(node, body, elsewhere))[0] == 401
        assert (await post(node, body, fields))[0] == 200
        status, said = await post(node, body, fields)
        assert (status, said["code"]) == (401, "request-replayed")


@pytest.mark.parametrize("secret", ["", "short"])
async def test_a_secret_that_can_be_guessed_opens_nothing(home, secret):
    share_secret(home, secret)
    [incident] = write_reports(home, 1)
    async with serving(home, alone=True) as node:
        await hand_over(node, incident)
        assert (await post(node, an_answer(incident), secret=secret))[0] == 401


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"agency": "gakkumdu"}, 400),
        ({"status": "verified"}, 400),
        ({"status": "referred"}, 400),
        ({"outcome": "guilty"}, 400),
        ({"reference": ""}, 400),
        ({"text": "Bapak Sutrisno"}, 400),
        ({"id": "x" * 101}, 400),
        ({"reference": "Bapak Sutrisno 0812-3456-7890"}, 422),
    ],
    ids=str,
)
async def test_an_answer_is_of_one_form_and_nobodys_number(home, changes, status):
    [incident] = write_reports(home, 1)
    async with serving(home, alone=True) as node:
        await hand_over(node, incident)
        assert (await post(node, an_answer(incident, **changes)))[0] == status
        twice = b'{"status":"decided",' + an_answer(incident)[1:]
        assert (await post(node, twice))[0] == 400
        assert (await post(node, b"x" * 70_000))[0] == 401
    assert history(home, incident)[-1] == "referred"
    with opened(home) as view:
        assert list_answers(view) == []


async def test_an_answer_proves_that_what_was_unsure_arrived(home):
    [incident] = write_reports(home, 1)
    item = OutboxItem(
        incident=f"{incident['org']}/{incident['id']}",
        agency="program",
        election=ELECTION,
        way="webhook",
        state="unsure",
        dossier="0c" * 32,
        tries=1,
    )
    with (
        open_resources(home, load_settings(home.settings)) as resources,
        resources.db.transaction() as tx,
    ):
        save_item(tx, item)
    async with serving(home, alone=True) as node:
        assert (await post(node, an_answer(incident)))[1]["outcome"] == "logged"
        await until(is_in(home, incident, "acknowledged", "program"))
    row = find_row(home, incident, "program")
    assert (row.state, row.reference) == ("acknowledged", "012/LP/2019")
    stages = history(home, incident)
    assert {"registered", "acknowledged"} <= set(stages)
    assert "referred" not in stages[stages.index("registered") :]


async def test_what_our_log_says_was_handed_over_is_answered_by_an_older_database(home):
    [incident] = write_reports(home, 1)
    async with serving(home, alone=True) as node:
        await hand_over(node, incident)
    forget_items(home)
    async with serving(home, alone=True) as node:
        assert (await post(node, an_answer(incident)))[1]["outcome"] == "logged"
    assert history(home, incident)[-1] == "registered"
