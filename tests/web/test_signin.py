"""In by a link, out by a button: pages, cookies, and what is refused."""

import re

import pytest

from federation.records.readers import Person
from federation.store import people
from federation.web.sessions import SEEN_EVERY_S
from tests.browsing import Browser
from tests.peoplenode import DOOR, END, LINK, OTHER, said


async def test_a_link_signs_in_by_one_button_and_out_by_another(node, browser):
    page = await browser.open(DOOR)
    assert page.status == 200
    assert "Masuk sebagai Pembaca" in page.text
    page = await browser.send(page, page.form("/masuk"))
    assert (page.status, page.url) == (200, f"{browser.url}masuk")
    assert "Anda sudah masuk" in page.text
    assert await said(browser) == repr(Person("Pembaca", "editor"))
    page = await browser.sign_out()
    assert (page.status, page.url) == (200, f"{browser.url}masuk?keluar=1")
    assert "Anda sudah keluar" in page.text
    assert (await said(browser)).startswith("Nobody(sees_partners=False")
    assert node.actions() == [
        ("", "machine", "add"),
        ("Pembaca", "editor", "sign-in"),
        ("Pembaca", "editor", "sign-out"),
    ]


async def test_looking_at_a_link_changes_nothing(node, browser):
    before = node.state()
    for _ in range(3):
        for method in ("get", "head"):
            async with browser.session.request(method, browser.url + DOOR[1:]) as got:
                assert got.status == 200
                assert not [one for one in browser.cookies() if "door" not in one]
    assert node.state() == before
    assert node.asked == []


@pytest.mark.parametrize("lang", ["id", "en"])
async def test_no_page_of_the_way_in_gives_the_secret_away(browser, lang):
    page = await browser.open(f"{DOOR}&lang={lang}")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "private, no-store"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert LINK not in re.sub(r'(value|href)="[^"]*"', "", page.text)
    [title] = re.findall("<title>(.*)</title>", page.text)
    assert "Pembaca" not in title, "messengers show it"
    page = await browser.send(page, page.form("/masuk"))
    assert LINK not in page.url + page.text + str(page.headers)


async def test_not_even_a_bug_writes_a_secret_into_the_log(
    node, browser, caplog, monkeypatch
):
    await browser.sign_in(DOOR)
    [secret] = [v for k, v in browser.cookies().items() if "door" not in k]
    for number, at in enumerate((f"{DOOR}&lang=en", "/probe/who"), 1):

        async def broken(*_):
            raise RuntimeError("a bug of ours")

        monkeypatch.setattr(node.db, "read", broken)
        assert (await browser.open(at)).status == 500
        assert caplog.text.count("RuntimeError: a bug of ours") == number
    assert LINK not in caplog.text
    assert secret not in caplog.text


async def test_one_link_opens_several_devices_each_with_its_own_session(node, url):
    async with Browser(url) as one, Browser(url) as two:
        await one.sign_in(DOOR)
        await two.sign_in(DOOR)
        assert set(one.cookies().values()).isdisjoint(two.cookies().values())
        assert node.sessions() == 2
        await one.sign_out()
        assert "Pembaca" in await said(two)
        assert "Pembaca" not in await said(one)


async def test_a_revoked_person_is_out_at_once_everywhere(node, url):
    async with Browser(url) as one, Browser(url) as two:
        for browser in (one, two):
            await browser.sign_in(DOOR)
        with node.db.transaction() as tx:
            people.revoke_person(tx, "Pembaca", node.now)
        for browser in (one, two):
            assert "Pembaca" not in await said(browser)
            page = await browser.open("/probe/may/see")
            assert page.status == 403
            assert "mengakhiri akses" in page.text
        page = await one.open(DOOR)
        assert page.status == 404
        assert "dicabut" in page.text


def revoke(node):
    with node.db.transaction() as tx:
        people.revoke_person(tx, "Pembaca", node.now)


REFUSED = {
    "unknown": (lambda node: node.add(link=OTHER), "tidak dikenal"),
    "ended": (lambda node: setattr(node, "now", END), "berlaku sampai 1970-04-26"),
    "revoked": (revoke, "sudah dicabut"),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_a_link_that_lets_nobody_in_says_why_and_what_to_do(node, browser, why):
    change, words = REFUSED[why]
    page = await browser.open(DOOR)
    change(node)
    for got in (
        await browser.open(DOOR),
        await browser.send(page, page.form("/masuk")),
    ):
        assert got.status == 404
        assert words in got.text
        assert "koordinator" in got.text
        assert "Pembaca" not in got.text
    assert "Pembaca" not in await said(browser)


@pytest.mark.parametrize("link", ["", "x", LINK[:-1], LINK + "x", "\x00", "%F0", "é"])
async def test_what_is_no_link_is_answered_as_one_that_is_unknown(browser, link):
    async with browser.session.get(f"{browser.url}masuk", params={"k": link}) as got:
        assert got.status == (404 if link else 200)
        assert "Pembaca" not in await got.text()


async def test_who_is_signed_in_is_told_when_it_ends(node, browser):
    await browser.sign_in(DOOR)
    node.now = END - 1
    assert "Pembaca" in await said(browser)
    node.now = END
    assert "Pembaca" not in await said(browser)
    page = await browser.open("/masuk")
    assert "berlaku sampai" in page.text


async def test_another_link_of_the_same_browser_takes_the_place_of_the_first(
    node, browser
):
    node.add("Anggota", "viewer", OTHER)
    await browser.sign_in(DOOR)
    page = await browser.open(f"/masuk?k={OTHER}")
    assert "Pembaca sedang masuk" in page.text
    await browser.send(page, page.form("/masuk"))
    assert await said(browser) == repr(Person("Anggota", "viewer"))
    assert (node.sessions("Pembaca"), node.sessions("Anggota")) == (0, 1)


async def test_ones_own_link_once_more_is_no_second_session(node, browser):
    await browser.sign_in(DOOR)
    page = await browser.open(DOOR)
    assert "Anda sudah masuk" in page.text
    assert node.sessions() == 1


async def test_signing_out_twice_is_no_mistake(node, browser):
    await browser.sign_in(DOOR)
    page = await browser.open("/masuk")
    out = page.form("/keluar")
    for _ in range(2):
        assert (await browser.send(page, out)).status == 200
    assert node.actions()[-1][2] == "sign-out"
    assert [what for _, _, what in node.actions()].count("sign-out") == 1


async def test_when_somebody_was_last_seen_is_kept_seldom(node, browser):
    await browser.sign_in(DOOR)
    node.asked.clear()
    for _ in range(5):
        node.now += SEEN_EVERY_S // 4
        await said(browser)
    assert node.asked == ["SeeSession"]
    node.now = 5  # a clock that was set back
    await said(browser)
    assert node.asked == ["SeeSession"] * 2


async def test_a_disk_that_takes_nothing_keeps_nobody_out(node, browser):
    await browser.sign_in(DOOR)

    async def full(request):
        raise OSError(28, "full")

    node.run = full
    node.now += SEEN_EVERY_S
    assert "Pembaca" in await said(browser)


async def test_a_link_signs_in_so_often_and_then_waits(node, url):
    for number in range(21):
        async with Browser(url) as browser:
            page = await browser.sign_in(DOOR)
            assert page.status == (200 if number < 20 else 429)
    assert page.headers["Retry-After"] == "60"
    assert "tunggu" in page.text
    node.now += 60
    async with Browser(url) as browser:
        assert (await browser.sign_in(DOOR)).status == 200


async def test_a_damaged_row_is_nobody(node, browser):
    await browser.sign_in(DOOR)
    with node.db.transaction() as tx:
        tx.execute("UPDATE person SET role = 'admin'")
    assert "Pembaca" not in await said(browser)
    page = await browser.open(DOOR)
    assert page.status == 500
    assert "federation doctor" in page.text
