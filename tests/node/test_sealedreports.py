"""Reports with what is personal of them, by a program: sealed, and told nowhere."""

import json

import pytest

from federation.config.sealingkey import load_sealing_key
from federation.flows.annex.sealing import open_sealed
from federation.node import sealedreports
from federation.store.annex import AnnexFolder
from tests import annexed
from tests.homes import ELECTION, make_home, serving
from tests.incidents import found_incidents
from tests.searching import Search

PATH = "/v1/incidents"
REPORT = {
    "category": "politik_uang",
    "law": "pidana",
    "summary": "Amplop dibagikan di depan balai warga",
    "happened_at": "2019-04-16T22:00:00Z",
    "region": "3171",
    "ref": "QL-17",
}
ANNEX = {
    "reporter": {"name": "Zulkifli Manurung", "contact": "0813-5555-0117"},
    "accused": [{"name": "Hendrawan Tobing"}],
    "position": {"lat": -0.947083, "lon": 100.417181},
}
WORDS = ("Zulkifli", "Manurung", "5555-0117", "Hendrawan", "0.947083", "100.417181")


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    found_incidents(found)
    annexed.give_key(found)
    return found


async def post(node, *records):
    """The status and the answer to these reports."""
    return await node.post(PATH, {"election": ELECTION, "records": list(records)})


def kept(home, verdict):
    """What is sealed of a report; None: nothing is."""
    folder, incident = AnnexFolder(home.annex), verdict["incident"].rpartition("/")[2]
    if folder.look(ELECTION, incident) is None:
        return None
    private = load_sealing_key(home.annex_private, annexed.PASSPHRASE)
    return open_sealed(folder.load(ELECTION, incident), private)


def count(home) -> int:
    return len([*AnnexFolder(home.annex).walk()])


async def test_it_is_sealed_and_comes_back_nowhere(home):
    async with serving(home, alone=True) as node:
        status, told = await post(
            node, REPORT | {"annex": ANNEX}, REPORT | {"ref": "2"}
        )
        assert status == 200, told
        first, second = told["verdicts"]
        assert (first["row"], second["row"]) == (0, 1)
        paths = PATH, f"{PATH}/{first['incident']}", f"{PATH}/merged", "/metrics"
        shown = [told, *[(await node.get(path))[1] for path in paths]]
    annex = kept(home, first)
    assert annex.reporter.name == "Zulkifli Manurung"
    assert annex.position.lat == -0.947083
    assert kept(home, second) is None
    search = Search(WORDS)
    search.look(str(shown).encode(), "answers")
    for path in home.folder.rglob("*"):
        if path.is_file():
            search.look(path.read_bytes(), str(path))
    assert search.found == []


async def test_the_same_again_is_the_same_report_with_an_annex_or_without(home):
    plain = {name: REPORT[name] for name in REPORT if name != "ref"}
    async with serving(home, alone=True) as node:
        for report in (REPORT, plain):
            [first] = (await post(node, report))[1]["verdicts"]
            [again] = (await post(node, report | {"annex": ANNEX}))[1]["verdicts"]
            assert (first["outcome"], again["outcome"]) == ("logged", "held")
            assert again["incident"] == first["incident"]
            before = kept(home, again)
            assert before is not None
            # A coordinator may have completed it.
            other = {"reporter": {"name": "Lain"}}
            await post(node, report | {"annex": other})
            assert kept(home, again) == before
    assert count(home) == 2


@pytest.mark.parametrize(
    ("annex", "at"),
    [
        ({"reporter": {"name": "Zulkifli " * 30}}, "annex.reporter.name"),
        ({"nik": "3273012001980001"}, "annex"),
        ({"position": {"lat": 91, "lon": 0}}, "annex.position.lat"),
        ({}, "annex"),
        ("Zulkifli", "annex"),
        (None, "annex"),
    ],
    ids=["long", "member", "nowhere", "empty", "text", "null"],
)
async def test_what_no_annex_can_say_refuses_its_row_and_repeats_nothing(
    home, annex, at
):
    async with serving(home, alone=True) as node:
        bad, good = REPORT | {"annex": annex}, REPORT | {"ref": "2", "annex": ANNEX}
        status, told = await post(node, bad, good)
        assert status == 200
        verdicts = told["verdicts"]
        assert [one["outcome"] for one in verdicts] == ["refused", "logged"]
        assert [one["at"] for one in verdicts[0]["errors"]] == [at]
        assert not any(word in json.dumps(told) for word in ("Zulkifli", "3273012001"))
        assert (await post(node, bad))[0] == 422
    assert count(home) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"summary": "Pak Budi, 0812-3456-7890"},
        {"region": "31710"},
        {"happened_at": "2035-01-01T00:00:00Z"},
        {"category": "x"},
    ],
    ids=str,
)
async def test_a_report_that_is_refused_leaves_no_annex(home, wrong):
    async with serving(home, alone=True) as node:
        status, told = await post(node, REPORT | wrong | {"annex": ANNEX})
        assert (status, told["verdicts"][0]["outcome"]) == (422, "refused")
    assert count(home) == 0


async def test_without_a_key_what_is_personal_is_refused_and_the_rest_goes_in(home):
    home.annex_public.unlink()
    async with serving(home, alone=True) as node:
        _, told = await post(node, REPORT | {"annex": ANNEX}, REPORT | {"ref": "2"})
    first, second = told["verdicts"]
    assert (first["code"], second["outcome"]) == ("annex-key", "logged")


async def test_where_signing_fails_the_annex_is_there_and_a_retry_is_one_report(
    home, monkeypatch
):
    async def fail(*_):
        raise OSError(28, "No space left on device")

    async with serving(home, alone=True) as node:
        with monkeypatch.context() as patched:
            patched.setattr(sealedreports, "add_incidents", fail)
            assert (await post(node, REPORT | {"annex": ANNEX}))[0] == 507
        assert count(home) == 1
        [verdict] = (await post(node, REPORT | {"annex": ANNEX}))[1]["verdicts"]
        assert verdict["outcome"] == "logged"
    assert count(home) == 1
    assert kept(home, verdict).reporter.name == "Zulkifli Manurung"


async def test_so_many_have_an_annex_at_once(home, monkeypatch):
    monkeypatch.setattr(sealedreports, "MOST", 1)
    both = [REPORT | {"ref": ref, "annex": ANNEX} for ref in ("1", "2")]
    async with serving(home, alone=True) as node:
        assert (await post(node, *both))[0] == 400
        assert (await post(node, both[0]))[0] == 200
    assert count(home) == 1
