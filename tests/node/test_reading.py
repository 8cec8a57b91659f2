"""Editors read forms: two nodes, pages without script, and what comes to be signed."""

import asyncio
import json
import re
import time
from urllib.parse import urlsplit

import pytest

from federation.errors import ConflictError
from federation.flows.query.scope import QueryScope
from federation.node import reading
from federation.store import actions, leases, leaves, logs, photoanswers
from federation.store.photoanswers import FormPlace
from tests.browsing import Browser
from tests.homes import ELECTION, NAMES, draft
from tests.reading import (
    PHOTOS,
    READERS,
    RIGHT,
    SECOND,
    THIRD,
    TPS,
    answer,
    begin,
    evidence,
    form_of,
    photographed,
    two_nodes,
)
from tests.waiting import until


@pytest.fixture
async def two(tmp_path):
    async with two_nodes(tmp_path) as nodes:
        yield nodes


async def test_what_an_editor_reads_credits_both_on_every_node(two):
    [cited] = await two.share(photographed(TPS))
    async with two.editor() as browser:
        listed = await browser.open("/antrean")
        assert TPS in listed.text
        page = await begin(browser, "/antrean/baca?queue=unread")
        assert f"/antrean/baca/{TPS}" in page.url
        assert NAMES[PHOTOS] in page.text
        done = await answer(browser, page, **RIGHT)
        assert "Tersimpan" in done.text or "signed" in done.text
    said = await two.reading()
    assert said["votes"] == {"01": 127, "02": 27}
    assert said["figures"]["suara_total"] == 157
    assert said["files"] == [evidence(TPS)[0]["sha256"]]
    assert (said["derived"], said["review"]) == (True, "unreviewed")
    credit = {"record": cited, "org": PHOTOS, "photos": 1}
    assert said["cites"] == credit
    await two.sync(two.photos)
    assert (await two.reading(two.photos))["cites"] == credit
    for node in (two.photos, two.readers):
        _, body, _ = await node.get(f"/tps/{TPS}?lang=id")
        assert f"foto: {NAMES[PHOTOS]} · dibaca: {NAMES[READERS]}" in body.decode()
    # One photograph and one reading of it are one source.
    _, body, _ = await two.photos.get(f"/v1/tps/{TPS}")
    assert json.loads(body)["contests"][0]["status"] == "single"
    assert await two.queue("unread") == []


async def test_what_was_done_is_written_down_here(two):
    await two.share(photographed(TPS), photographed(SECOND), photographed(THIRD))
    async with two.editor() as browser:
        page = await begin(browser)
        page = await answer(browser, page, **RIGHT)
        page = await answer(browser, page, answer="unreadable")
        await answer(browser, page, answer="elsewhere", elsewhere="1371.01.1001.009")
    with two.looking() as view:
        done = actions.read_actions(view, 1 << 40, 10)
        place = FormPlace(ELECTION, "ppwp", THIRD)
        [noted] = photoanswers.answers_at(view, place).values()
    assert [(one.person, one.role, one.what, one.subject) for one in done[:3]] == [
        ("Rina", "editor", "wrong-station", f"{ELECTION} ppwp {THIRD} 1371011001009"),
        ("Rina", "editor", "cannot-read", f"{ELECTION} ppwp {SECOND}"),
        ("Rina", "editor", "read", f"{ELECTION} ppwp {TPS}"),
    ]
    assert (noted.answer, noted.elsewhere) == ("elsewhere", "1371011001009")
    await two.reading()
    assert await two.queue("unread") == []


async def test_a_form_shows_no_numbers_of_others(two):
    await two.hand_in(two.readers, draft(TPS, 131, 29, review="reviewed"))
    await two.share(photographed(SECOND))
    await two.hand_in(two.photos, draft(TPS, 113, 37, evidence=evidence(TPS)))
    await two.sync(two.readers)
    await two.hold(TPS)
    await until(lambda: two.waits(TPS, queue="differs"))
    async with two.editor() as browser:
        page = await begin(browser, "/antrean/baca?queue=differs")
        assert TPS in page.url
        shown = re.sub(
            r"[0-9a-f]{64}", "", page.text.replace(TPS, "")
        )  # a digest may hold any digits
        for number in ("131", "29<", "113", "37<"):
            assert number not in shown


async def test_a_wrong_form_is_asked_about_once_and_saved_as_written(two):
    await two.share(photographed(TPS))
    wrong = {**RIGHT, "c.02": "28"}
    async with two.editor() as browser:
        page = await begin(browser)
        asked = await answer(browser, page, **wrong)
        assert asked.status == 422
        assert 'value="28"' in asked.text
        assert "tidak sama dengan suara sah" in asked.text
        asked = await answer(browser, asked, **{**wrong, "c.01": ""})
        assert "belum semua calon" in asked.text
        asked = await answer(browser, page, **wrong)
        done = await answer(browser, asked, **wrong)
        assert done.status == 200
    said = await two.reading()
    assert said["rules"] == ["votes_sum"]


@pytest.fixture
async def two_of_parties(tmp_path):
    """Both with an election in which parties stand, and their candidates."""
    async with two_nodes(tmp_path, "pemilu-2024", "pdpr") as nodes:
        yield nodes


@pytest.mark.slow
async def test_candidates_of_parties_are_read_and_signed(two_of_parties):
    two = two_of_parties
    await two.share(photographed(TPS, contest="pdpr"))
    party = {"p.1.jumlah": "9", "p.1.partai": "4", "p.1.caleg.1": "3"}
    async with two.editor() as browser:
        page = await begin(browser, "/antrean/baca?contest=pdpr")
        names = re.findall(r'name="(p[.]1[.][a-z0-9.]+)"', page.text)
        caleg = [f"p.1.caleg.{number}" for number in range(1, 11)]
        assert names == ["p.1.jumlah", "p.1.partai", *caleg]
        asked = await answer(browser, page, **party)
        assert asked.status == 422
        assert "<li>suara partai dan calegnya" in asked.text
        # What was typed is seen: closed is what nobody has typed into.
        assert asked.text.count('<details class="below" open>') == 1
        right = {**party, "p.1.caleg.10": "2"}
        asked = await answer(browser, asked, **right, accepted="")
        assert "<li>suara partai dan calegnya" not in asked.text
        done = await answer(browser, asked, **right)
        assert done.status == 200
    await two.reading(votes={"1": 9})
    with two.looking() as view:
        [own] = [one for one in logs.list_logs(view) if one.own]
        result = leaves.read_record(view, own.id, own.size - 1).statement
    [part] = result.parties.values()
    assert (part.jumlah, part.partai, part.caleg) == (9, 4, {"1": 3, "10": 2})


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"c.01": "-5", "c.02": "1"},
        {"c.01": "seratus"},
        {"c.01": "1" * 7},
        {"c.99": "5"},
        {"c.01": "٣"},
        {"parties": "1", "org": "x", "tps": SECOND},
    ],
)
async def test_what_is_no_number_is_not_signed_and_not_lost(two, typed):
    await two.share(photographed(TPS))
    async with two.editor() as browser:
        page = await begin(browser)
        refused = await answer(browser, page, **typed)
        assert refused.status == 422
        for name in ("c.01", "c.02"):
            if typed.get(name):
                assert f'value="{typed[name]}"' in refused.text
    assert await two.claim(two.readers, READERS) is None


async def test_what_is_not_here_is_not_read_until_it_is(two):
    await two.share(photographed(TPS), held=False)
    async with two.editor() as browser:
        page = await begin(browser)
        assert page.status == 200
        assert 'name="c.01"' not in page.text
        assert (await answer(browser, page, **RIGHT)).status == 409
        await two.hold(TPS)
        again = await browser.open(page.url)
        assert f'src="../../blob/{evidence(TPS)[0]["sha256"]}"' in again.text
        await answer(browser, again, **RIGHT)
    assert (await two.reading())["votes"] == {"01": 127, "02": 27}


async def test_where_nothing_may_be_signed_now_nothing_typed_is_lost(two, monkeypatch):
    await two.share(photographed(TPS))

    def refuse(*_given, **_more):
        raise ConflictError("this log must not be signed now")

    async with two.editor() as browser:
        page = await begin(browser)
        with monkeypatch.context() as patch:
            patch.setattr("federation.flows.ownlog.ingest.append", refuse)
            told = await answer(browser, page, **RIGHT)
        assert told.status == 422
        assert "must not be signed now" in told.text
        assert form_of(told).fields["c.01"] == "127"
        await answer(browser, told, **RIGHT)
    assert (await two.reading())["votes"] == {"01": 127, "02": 27}


async def test_two_editors_at_once_get_different_forms(two):
    await two.share(photographed(TPS), photographed(SECOND))
    async with two.editor("Rina") as rina, two.editor("Sari") as sari:
        pages = await asyncio.gather(begin(rina), begin(sari))
        assert {page.url.partition("/baca/")[2][:13] for page in pages} == {TPS, SECOND}
        mine = pages[0].url.partition("/baca/")[2][:13]
        taken = await sari.open(f"/antrean/baca/{mine}")
        assert taken.status == 409
        fields = {**taken.form("/antrean/baca").fields, "tps": mine}
        assert (await sari.post("/antrean/baca", fields)).status == 409
        # A form of another's page: the one who has it is asked for, not the page.
        forged = await answer(sari, pages[1], **RIGHT)
        assert forged.status == 200
        stolen = form_of(pages[1])._replace(action=f"/antrean/baca/{mine}")
        refused = await sari.send(pages[1], stolen, answer="read", **RIGHT)
        assert refused.status == 409
        # A third finds nothing, until one gives up.
        async with two.editor("Tuti") as tuti:
            none = await begin(tuti)
            assert none.url.partition("?")[0].endswith("/antrean")
            await answer(rina, pages[0], answer="skip")
            assert mine in (await begin(tuti)).url


async def test_who_comes_back_too_late_has_lost_nothing_typed(two):
    await two.share(photographed(TPS))
    async with two.editor("Rina") as rina, two.editor("Sari") as sari:
        page = await begin(rina)
        gone = FormPlace(ELECTION, "ppwp", TPS), "Rina", int(time.time())
        await two.parts.db.write(leases.end_lease, *gone, rest=False)
        theirs = await begin(sari)
        assert TPS in theirs.url
        late = await answer(rina, page, **RIGHT)
        assert late.status == 409
        assert "sedang dibaca orang lain" in late.text
        assert form_of(late).fields["c.01"] == "127"
        assert await two.claim(two.readers, READERS) is None
        await answer(sari, theirs, answer="skip")
        assert (await answer(rina, late, **RIGHT)).status == 200
    assert (await two.reading())["votes"] == {"01": 127, "02": 27}


async def test_nobody_gets_a_form_by_looking(two):
    """A link on another site opens pages of a signed-in editor; it presses nothing."""
    await two.share(photographed(TPS))
    place = FormPlace(ELECTION, "ppwp", TPS)

    def held():
        with two.looking() as view:
            return leases.holders(view, [place], int(time.time()))

    async with two.editor() as browser:
        for path in ("/antrean", "/antrean/baca", f"/antrean/baca/{TPS}?at=x"):
            for headers in ({}, {"Sec-Fetch-Site": "cross-site"}):
                page = await browser.open(path, **headers)
                assert page.status == 200
                assert 'name="c.01"' not in page.text
        button = page.form("/antrean/baca").fields
        assert (button["tps"], button["at"]) == (TPS, "x")
        for token in ({}, {"form_token": ""}, {"form_token": "0" * 64}):
            for fields in ({"tps": TPS}, {}):
                refused = await browser.post("/antrean/baca", fields | token)
                assert refused.status == 403
        foreign = {"Sec-Fetch-Site": "cross-site"}
        refused = await browser.post("/antrean/baca", button, **foreign)
        assert refused.status == 403
        assert held() == {}
        page = await browser.post("/antrean/baca", button)
        assert 'name="c.01"' in page.text
        assert held() == {place: "Rina"}
        # Whoever has it finds it at its address; looking prolongs nothing.
        assert 'name="c.01"' in (await browser.open(page.url)).text


async def test_the_list_has_a_button_for_each_form(two):
    await two.share(photographed(TPS), photographed(SECOND))
    async with two.editor("Rina") as rina, two.editor("Sari") as sari:
        page = await rina.open("/antrean")
        forms = {one.fields.get("tps"): one for one in page.forms()}
        opened = await rina.send(page, forms[SECOND])
        assert f"/antrean/baca/{SECOND}" in opened.url
        # Who answers the last one goes back to the list: the first is left behind.
        done = await answer(rina, opened, answer="skip")
        assert urlsplit(done.url).path == "/antrean"
        both = {one.fields.get("tps") for one in (await sari.open("/antrean")).forms()}
        assert {TPS, SECOND} < both


async def test_who_is_still_at_it_keeps_the_form(two):
    await two.share(photographed(TPS))
    async with two.editor("Rina") as rina, two.editor("Sari") as sari:
        page = await begin(rina)
        form = form_of(page)
        still = await rina.post(f"/antrean/masih/{TPS}", form.fields)
        assert still.status == 204
        fields = dict(form.fields)
        other = await sari.open("/antrean")
        fields["form_token"] = other.form("/keluar").fields["form_token"]
        assert (await sari.post(f"/antrean/masih/{TPS}", fields)).status == 409


async def test_a_second_person_reads_without_seeing_the_first(two):
    await two.share(photographed(TPS))
    async with two.editor("Rina") as rina:
        await answer(rina, await begin(rina), **RIGHT)
        await two.reading(review="unreviewed")
        # Whoever read it is not offered it again.
        none = await begin(rina, "/antrean/baca?queue=single")
        assert "/antrean/baca/" not in none.url
    with two.looking() as view:
        place = FormPlace(ELECTION, "ppwp", TPS)
        resting = leases.holders(view, [place], int(time.time()))
    assert resting == {place: leases.NOBODY}
    async with two.editor("Sari") as sari:
        await two.end_rest()
        page = await begin(sari, "/antrean/baca?queue=single")
        assert TPS in page.url
        assert not re.search(r"\b127\b", page.text)  # nor within a digest
        await answer(sari, page, **RIGHT)
    said = await two.reading(review="reviewed")
    assert said["derived"]
    assert await two.queue("single") == []


async def test_who_reads_other_numbers_sees_both_and_decides(two):
    await two.hand_in(two.readers, draft(TPS, 126, 27))
    await two.share(photographed(SECOND))
    await two.hand_in(two.photos, draft(TPS, 127, 27, evidence=evidence(TPS)))
    await two.sync(two.readers)
    await two.hold(TPS)
    await until(lambda: two.waits(TPS, queue="differs"))
    async with two.editor() as browser:
        page = await begin(browser, "/antrean/baca?queue=differs")
        both = await answer(browser, page, **RIGHT)
        assert both.status == 422
        assert "126" in both.text
        assert await two.claim(two.readers, READERS)
        done = await answer(browser, both, decision="mine", **RIGHT)
        assert done.status == 200
    said = await two.reading(review="reviewed")
    assert said["votes"] == {"01": 127, "02": 27}
    assert said["cites"]["org"] == PHOTOS
    assert await two.queue("differs") == []


async def test_what_we_have_said_since_is_not_signed_over_unseen(two, monkeypatch):
    """The map is behind our log while much is imported; a reading waits for it."""
    await two.share(photographed(TPS))
    async with two.editor() as browser:
        page = await begin(browser)
        with two.looking() as view:
            scope = QueryScope(ELECTION, "ppwp", two.parts.profiles[ELECTION])
            before = reading._look(view, scope, TPS, READERS)
        ours = draft(TPS, 126, 27, review="reviewed", evidence=evidence(SECOND))
        await two.hand_in(two.readers, ours)
        with monkeypatch.context() as patch:
            patch.setattr(reading, "_look", lambda *_: before)
            refused = await answer(browser, page, **RIGHT)
        assert refused.status == 422
        assert "simpan sekali lagi" in refused.text
        assert 'value="127"' in refused.text
        said = await two.reading()
        assert (said["votes"], said["derived"]) == ({"01": 126, "02": 27}, False)
        both = await answer(browser, refused, **RIGHT)
        assert both.status == 422
        assert "126" in both.text
        done = await answer(browser, both, decision="mine", **RIGHT)
        assert done.status == 200
    said = await two.reading(derived=True)
    files = {evidence(of)[0]["sha256"] for of in (TPS, SECOND)}
    assert set(said["files"]) == files


async def test_nothing_is_taken_without_the_proof_of_a_form(two):
    await two.share(photographed(TPS))
    async with two.editor() as browser:
        page = await begin(browser)
        form = form_of(page)
        fields = {**form.fields, "answer": "read", **RIGHT}
        for token in ("", "0" * 64, "é"):
            sent = {**fields, "form_token": token}
            assert (await browser.post(form.action, sent)).status == 403
        foreign = {"Sec-Fetch-Site": "cross-site"}
        assert (await browser.post(form.action, fields, **foreign)).status == 403
    assert await two.claim(two.readers, READERS) is None


@pytest.mark.parametrize("role", ["", "viewer"])
async def test_whoever_reads_no_forms_sees_nothing_of_them(two, role):
    await two.share(photographed(TPS))
    paths = ["/antrean", "/antrean/baca", f"/antrean/baca/{TPS}"]

    async def look(browser):
        for path in paths:
            page = await browser.open(path)
            assert page.status == 403, path
            assert PHOTOS not in page.text
            # Whose news the public map shows stands at the foot of every page.
            assert NAMES[PHOTOS] not in page.text.partition("<footer")[0]
            assert (await browser.post(path, {"answer": "read"})).status in {403, 405}

    if role:
        async with two.editor(role=role) as browser:
            await look(browser)
    else:
        async with Browser(two.readers.url) as browser:
            await look(browser)


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        (f"/antrean/baca/{TPS}?election=pemilu-1945", {}, 404),
        (f"/antrean/baca/{TPS}?contest=pdpr", {}, 404),
        ("/antrean/baca/123", {}, 400),
        ("/antrean/baca/1371011001009", {}, 409),
        (f"/antrean/baca/{TPS}", {"record": "0" * 64}, 409),
        (f"/antrean/baca/{TPS}", {"record": ""}, 409),
        (f"/antrean/baca/{TPS}", {"record": "x"}, 409),
        (f"/antrean/baca/{TPS}", {"answer": "withdraw"}, 400),
        (f"/antrean/baca/{TPS}", {"answer": "elsewhere", "elsewhere": "x"}, 400),
        (f"/antrean/baca/{TPS}?at=x:y", {"answer": "unreadable"}, 400),
        (f"/antrean/baca/{TPS}?lang=xx&queue=yy&region=zz", {"answer": "read"}, 422),
    ],
)
async def test_hostile_answers_are_refused_and_nothing_is_signed(
    two, path, fields, status
):
    await two.share(photographed(TPS))
    async with two.editor() as browser:
        page = await begin(browser, f"/antrean/baca/{TPS}")
        form = form_of(page)
        sent = {**form.fields, "answer": "read", **RIGHT, **fields}
        if status == 422:
            sent = {**form.fields, "answer": "read"}
        got = await browser.post(path, sent)
        assert got.status == status, got.text
    assert await two.claim(two.readers, READERS) is None
