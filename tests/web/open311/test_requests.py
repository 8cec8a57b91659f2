"""Reports that other systems hand in, at a node that signs them."""

import asyncio
import io
import json
import warnings
from urllib.parse import urlencode
from xml.etree.ElementTree import fromstring

import aiohttp
import pytest
from PIL import Image

from federation.config.sealingkey import load_sealing_key
from federation.flows.annex.sealing import open_sealed
from federation.node import handedin
from federation.store.annex import AnnexFolder
from federation.store.papers import PapersFolder
from federation.web.open311 import posting
from tests.annexed import PASSPHRASE, give_key
from tests.homes import ELECTION, make_home, serving
from tests.incidents import found_incidents
from tests.parts import NO_PARTS
from tests.refer import HAND, PAPERS, ask

V2 = "/open311/v2"
KEYS = {name: f"{name}-".ljust(40, "x") for name in ("qlue", "kota", "hasil")}
FORM = {
    "service_code": "politik_uang",
    "address_id": "1371011001001",
    "description": "Amplop dibagikan di depan balai warga",
}
REPORTER = {
    "first_name": "Zulkifli",
    "last_name": "Manurung",
    "phone": "0813-5555-0117",
    "email": "zul@contoh.example",
    "device_id": "tt222111",
    "account_id": "9123456",
    "lat": "-1.395127",
    "long": "120.754318",
    "attribute[accused]": "Hendrawan Tobing",
}


class Client:
    """Asks a node as other systems do."""

    def __init__(self, node):
        self.node, self._session = node, node._session

    async def post(self, fields, form="json", headers=None, **files):
        body = aiohttp.FormData(list(fields.items())) if files else urlencode(fields)
        for data in files.get("media", ()):
            body.add_field("media", data, filename="foto.jpg")
        kind = {} if files else {"Content-Type": "application/x-www-form-urlencoded"}
        async with self._session.post(
            f"{self.node.url}{V2}/requests.{form}",
            data=body,
            headers={"Accept-Language": "en"} | kind | (headers or {}),
        ) as answer:
            said = await answer.read()
            return answer.status, json.loads(said) if form == "json" else said

    async def report(self, key="qlue", **more):
        """The id of a report that is taken."""
        status, said = await self.post({**FORM, "api_key": KEYS[key], **more})
        assert status == 200, said
        return said[0]["service_request_id"]

    async def get(self, path, key="qlue", **query):
        asked = urlencode(({"api_key": KEYS[key]} if key else {}) | query)
        status, said, _ = await self.node.get(f"{V2}/{path}?{asked}")
        return status, json.loads(said) if ".json" in path else said

    async def records(self):
        """What partners are told, and how many reports that is."""
        headers = {"Authorization": f"Bearer {self.node.token}"}
        _, said, _ = await self.node.get("/v1/incidents", headers=headers)
        return said.decode(), len(json.loads(said)["incidents"])


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    found_incidents(found)
    give_key(found)
    return found


async def begin(node):
    for _ in range(100):
        if (await node.get("/readyz"))[0] == 200:
            break
        await asyncio.sleep(0.05)
    for name, secret in KEYS.items():
        scope = "intake" if name == "hasil" else "reports"
        token = {"name": name, "secret": secret, "scope": scope}
        assert (await node.post("/v1/control/add-token", token))[0] == 200
    return Client(node)


@pytest.fixture
async def client(home):
    async with serving(home, alone=True) as node:
        yield await begin(node)


def a_photo():
    with io.BytesIO() as file:
        exif = Image.Exif()
        exif[0x010E] = "Zulkifli Manurung"
        Image.new("RGB", (640, 480), (90, 50, 50)).save(file, "JPEG", exif=exif)
        return file.getvalue()


async def test_a_report_is_signed_when_it_is_answered(client):
    report = await client.report()
    said, count = await client.records()
    assert count == 1
    assert report in said
    assert FORM["description"] in said
    status, [found] = await client.get(f"requests/{report}.json")
    assert status == 200
    assert found["status"] == "open"
    assert found["status_notes"] == "received: diterima"
    assert found["address_id"] == FORM["address_id"]
    assert found["service_name"] == "Politik uang"


async def test_both_forms_are_answered_in_xml(client):
    status, said = await client.post({**FORM, "api_key": KEYS["qlue"]}, "xml")
    assert status == 200
    report = fromstring(said).findtext("request/service_request_id")
    status, said = await client.get("requests.xml")
    [found] = fromstring(said)
    assert found.findtext("service_request_id") == report
    assert found.findtext("lat") == ""


async def test_who_reports_is_sealed_and_comes_back_nowhere(client, home):
    report = await client.report(**REPORTER)
    annex = AnnexFolder(home.annex).load(ELECTION, report)
    private = load_sealing_key(home.annex_private, PASSPHRASE)
    contents = open_sealed(annex, private)
    assert contents.reporter.name == "Zulkifli Manurung"
    assert contents.accused[0].name == "Hendrawan Tobing"
    assert contents.position.lat == -1.395127
    shown = [json.dumps(await client.get(f"requests/{report}.json"))]
    shown += [(await client.records())[0], str(await client.get("requests.xml"))]
    for path in home.folder.rglob("*"):
        if path.is_file():
            shown.append(path.read_bytes().decode("latin-1"))
    for value in REPORTER.values():
        assert not [said for said in shown if value in said], value


async def test_without_a_key_for_annexes_nothing_personal_is_taken(tmp_path):
    home = make_home(tmp_path)
    found_incidents(home)
    async with serving(home, alone=True) as node:
        client = await begin(node)
        status, [fault] = await client.post(
            {**FORM, **REPORTER, "api_key": KEYS["qlue"]}
        )
        assert status == 400
        assert "federation annex key" in fault["description"]
        assert (await client.records())[1] == 0
        await client.report()


async def test_the_same_sent_again_is_the_same_report(client):
    first = await client.report(**REPORTER)
    assert await client.report(**REPORTER) == first
    assert await client.report(key="kota", **REPORTER) != first
    assert await client.report(**REPORTER, description="lain") != first
    assert (await client.records())[1] == 3


async def test_the_same_words_another_day_are_another_report(client, monkeypatch):
    async def at(now, **more):
        where = "federation.web.open311.posting.format_time"
        with monkeypatch.context() as patch:
            patch.setattr(where, lambda _: f"2025-11-{now}Z")
            return await client.report(**more)

    # Days end at 17:00 UTC, in Jakarta.
    first = await at("01T17:00:00")
    assert await at("02T16:59:59") == first
    assert await at("02T17:00:00") != first
    assert await at("22T18:00:00") != first
    assert (await client.records())[1] == 3
    then = {"attribute[happened_at]": "2025-10-31T10:00:00Z"}
    assert await at("01T18:00:00", **then) == await at("22T18:00:00", **then)


async def test_the_same_sent_many_times_at_once_is_one_report(client):
    reports = await asyncio.gather(*(client.report() for _ in range(8)))
    assert len(set(reports)) == 1
    assert (await client.records())[1] == 1


async def test_a_sender_may_choose_what_is_the_same(client):
    fields = {**FORM, "api_key": KEYS["qlue"]}
    answers = [
        await client.post(
            {**fields, "description": words}, headers={"Idempotency-Key": key}
        )
        for key, words in (("a", "satu"), ("a", "dua"), ("b", "satu"))
    ]
    first, again, other = (said[0]["service_request_id"] for _, said in answers)
    assert first == again != other


async def test_a_retry_leaves_the_annex_that_a_coordinator_has_completed(client, home):
    report = await client.report(**REPORTER)
    before = AnnexFolder(home.annex).load(ELECTION, report)
    await client.report(**REPORTER)
    assert AnnexFolder(home.annex).load(ELECTION, report) == before


#: Who asks for another's report, or for all, gets nothing of it.
async def test_a_sender_follows_its_own_reports_and_no_others(client):
    own, other = await client.report(), await client.report(key="kota")
    for path in (f"requests/{other}.json", f"requests/{'0' * 32}.json"):
        status, [fault] = await client.get(path)
        assert status == 404
        assert fault["code"] == 404
    _, found = await client.get("requests.json")
    assert [one["service_request_id"] for one in found] == [own]
    both = f"{own},{other}"
    _, found = await client.get("requests.json", service_request_id=both)
    assert [one["service_request_id"] for one in found] == [own]


async def test_without_a_good_key_nothing_is_told(client):
    report = await client.report()
    for path in ("requests.json", f"requests/{report}.json", "requests/x.json"):
        for key in ({}, {"api_key": "y" * 40}):
            status, said = await client.get(path, key=None, **key)
            assert (status, said[0]["code"]) == (403, 403)
    assert (await client.post(FORM))[0] == 403
    assert (await client.post({**FORM, "api_key": "y" * 40}))[0] == 403
    assert (await client.records())[1] == 1


async def test_a_key_may_stand_in_the_form_the_header_or_the_query(client):
    header = {"Authorization": f"Bearer {KEYS['qlue']}"}
    assert (await client.post(FORM, headers=header))[0] == 200
    assert (await client.post({**FORM, "api_key": KEYS["hasil"]}))[0] == 200
    path = f"{client.node.url}{V2}/requests.json?api_key={KEYS['kota']}"
    async with client._session.post(path, data=FORM) as answer:
        assert answer.status == 200


async def test_a_key_for_reports_hands_in_nothing_else(client):
    for path in ("/v1/records", "/v1/incidents", "/v1/evidence"):
        assert (await client.node.post(path, {}, KEYS["qlue"]))[0] == 403


async def test_what_is_refused_leaves_nothing_behind(client, home):
    fields = {**FORM, **REPORTER, "api_key": KEYS["qlue"]}
    nowhere = {"address_id": "0171011001001"}
    status, [fault] = await client.post({**fields, **nowhere})
    assert status == 400
    told = "address_id: the election has no such place as '0171011001001'"
    assert fault["description"].startswith(told)
    future = {"attribute[happened_at]": "2099-01-01T00:00:00Z"}
    status, faults = await client.post({**fields, **nowhere, **future})
    assert status == 400
    assert [one["description"].partition(":")[0] for one in faults] == [
        *("attribute[happened_at]", "address_id"),
    ]
    words = {"description": "Hubungi 0812-3456-7890"}
    status, [fault] = await client.post({**fields, **words})
    assert status == 400
    assert "0812-3456-7890" in fault["description"]
    assert list(AnnexFolder(home.annex).walk()) == []
    assert (await client.records())[1] == 0


async def test_words_are_redacted_where_the_settings_say_so(home):
    text = home.settings.read_text()
    home.settings.write_text(text.replace("# redact = false", "redact = true"))
    async with serving(home, alone=True) as node:
        client = await begin(node)
        report = await client.report(description="Hubungi 0812-3456-7890")
        [found] = (await client.get(f"requests/{report}.json"))[1]
        assert found["description"] == "Hubungi [nomor telepon]"


async def test_a_photograph_is_drawn_anew(client, home):
    photo = a_photo()
    fields = {**FORM, "api_key": KEYS["qlue"], "media_url": "http://x.example/a"}
    status, said = await client.post(fields, media=[photo, b""])
    assert status == 200, said
    assert "media_url" in said[0]["service_notice"]
    records, _ = await client.records()
    [shown] = json.loads(records)["incidents"]
    [entry] = shown["said"]["evidence"]
    assert entry["media_type"] == "image/jpeg"
    kept = [p.read_bytes() for p in home.folder.rglob(f"*{entry['sha256'][2:]}*")]
    assert kept
    assert b"Manurung" not in b"".join(kept)
    again, _ = await client.post(fields, media=[photo])
    assert again == 200
    assert (await client.records())[1] == 1


FORM_TYPE, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"
BOUND = f"{PARTS}; boundary=x"


def a_part(name, more="", end="\r\n--x--\r\n"):
    head = f"--x\r\nContent-Disposition: form-data; name={name}{more}\r\n\r\nx"
    return (head + end).encode()


#: Bodies that are no form, or hold what cannot be taken: what is sent, and its type.
BROKEN = [
    (b"{}", "application/json"),
    (b"description=%ff", FORM_TYPE),
    (b"a=1&a=2", FORM_TYPE),
    (b"&".join(b"a%d=1" % n for n in range(101)), FORM_TYPE),
    (b"a=" + b"x" * (1 << 17), FORM_TYPE),
    (b"x", PARTS),
    (b"--x\r\n", BOUND),
    (a_part("media", "; filename=a", end=""), BOUND),
    (a_part("a", "\r\nContent-Encoding: gzip"), BOUND),
    (a_part("a", "; filename=a"), BOUND),
    (a_part("media", "; filename=a"), BOUND),
    *((b"--x\r\n" + part, BOUND) for part in NO_PARTS),
]


@pytest.mark.parametrize(("body", "kind"), BROKEN)
async def test_what_is_no_form_is_refused_in_the_form_of_the_standard(
    client, body, kind
):
    headers = {"Content-Type": kind, "Authorization": f"Bearer {KEYS['qlue']}"}
    async with client._session.post(
        f"{client.node.url}{V2}/requests.json", data=body, headers=headers
    ) as answer:
        assert answer.status == 400
        [fault] = await answer.json()
        assert fault["code"] == 400


async def test_what_is_passed_over_in_a_form_is_printed_on_no_log(home):
    """As many letters as a stranger likes stood there."""
    field = b"--x\r\nContent-Disposition: form-data; name=a; b*=x''%ff" + b"Z" * 999
    with warnings.catch_warnings(record=True) as printed:
        warnings.simplefilter("always")
        async with (
            serving(home, alone=True) as node,
            node._session.post(
                f"{node.url}{V2}/requests.json",
                data=field + b"\r\n\r\nx\r\n--x--\r\n",
                headers={"Content-Type": BOUND},
            ) as answer,
        ):
            assert answer.status == 403
    assert [str(one.message) for one in printed] == []


async def test_a_photograph_before_the_key_is_not_read(client):
    body = aiohttp.FormData()
    body.add_field("media", a_photo(), filename="a.jpg")
    body.add_field("api_key", KEYS["qlue"])
    async with client._session.post(
        f"{client.node.url}{V2}/requests.json", data=body
    ) as answer:
        assert answer.status == 403


async def test_only_who_has_a_key_gets_more_time_for_a_photograph(client, monkeypatch):
    given = []
    monkeypatch.setattr(posting, "extend_deadline", lambda *it: given.append(it[1]))
    for key, times in (("nobody's", 0), (KEYS["qlue"], 1)):
        await client.post({**FORM, "api_key": key}, media=[a_photo()])
        assert given == [posting.DEADLINE_S] * times


async def test_what_we_say_of_a_report_is_told_to_its_sender(client):
    report = await client.report()
    name = {"id": report, "org": client.node.home.folder.name}
    steps = [
        ({"status": "verified"}, "open", "verified: terbukti"),
        ({"status": "referred", "agency": "bawaslu-13"}, "open", "referred: "),
        (
            {"status": "decided", "outcome": "violation"},
            "closed",
            "decided: diputus lembaga (pelanggaran)",
        ),
    ]
    for said, status, notes in steps:
        body = {"incident": name, **said}
        got = await client.node.post("/v1/control/incident-status", body)
        assert got[1]["outcome"] == "logged", got
        [found] = (await client.get(f"requests/{report}.json"))[1]
        assert found["status"] == status
        assert found["status_notes"].startswith(notes)
    assert found["updated_datetime"] >= found["requested_datetime"]
    for status, count in (("open", 0), ("closed", 1), ("open,closed", 1)):
        _, listed = await client.get("requests.json", status=status)
        assert len(listed) == count


async def test_an_agency_is_named_once_it_has_the_report(home):
    (home.folder / "agencies.toml").write_text(HAND)
    dossier = PapersFolder(home.outbox).save(PAPERS)
    steps = [
        ("prepare", {"dossier": dossier, "formal": "initial", "way": "by-hand"}, False),
        ("approve", {"dossier": dossier}, False),
        ("withdraw", {}, False),
        ("hand-over", {}, True),
    ]
    async with serving(home, alone=True) as node:
        client = await begin(node)
        report = await client.report()
        name = {"id": report, "org": home.folder.name}
        for command, members, is_there in steps:
            status, said = await ask(node, command, name, "gakkumdu", **members)
            assert status == 200, said
            assert said["due"] == "", said
            [found] = (await client.get(f"requests/{report}.json"))[1]
            assert (found.get("agency_responsible") == "gakkumdu") is is_there, command


async def test_a_duplicate_is_closed_and_the_other_report_stays_open(client):
    org = client.node.home.folder.name
    first, second = await client.report(), await client.report(description="lagi")
    body = {
        "incident": {"id": second, "org": org},
        "status": "duplicate",
        "duplicate_of": {"id": first, "org": org},
    }
    for said, status in (("duplicate", "closed"), ("not_duplicate", "open")):
        got = await client.node.post(
            "/v1/control/incident-status", body | {"status": said}
        )
        assert got[1]["outcome"] == "logged", got
        _, found = await client.get("requests.json")
        states = {one["service_request_id"]: one["status"] for one in found}
        assert states == {first: "open", second: status}


#: What is asked of the list, and the status, or how many are found.
ASKED = [
    ({}, 2),
    ({"service_code": "politik_uang"}, 1),
    ({"service_code": "politik_uang,intimidasi"}, 2),
    ({"start_date": "2019-01-01T00:00:00Z", "end_date": "2019-02-01T00:00:00Z"}, 0),
    ({"end_date": "2019-02-01T00:00:00+07:00"}, 0),
    ({"page_size": "1"}, 1),
    ({"page_size": "1", "page": "3"}, 0),
    ({"service_code": "001"}, 404),
    ({"status": "done"}, 400),
    ({"start_date": "2019-13-01T00:00:00Z"}, 400),
    ({"start_date": "2019-01-01T00:00:00Z", "end_date": "2019-12-01T00:00:00Z"}, 400),
    ({"start_date": "2019-02-01T00:00:00Z", "end_date": "2019-01-01T00:00:00Z"}, 400),
    ({"page_size": "1001"}, 400),
    ({"statsu": "open"}, 400),
    ({"jurisdiction_id": "city.gov"}, 404),
    ({"jurisdiction_id": ELECTION}, 2),
]


async def test_a_list_is_asked_as_the_standard_says(client):
    await client.report()
    await client.report(service_code="intimidasi")
    for query, expected in ASKED:
        status, said = await client.get("requests.json", **query)
        got = len(said) if status == 200 else status
        assert got == expected, query


async def test_where_signing_fails_the_annex_is_there_and_a_retry_is_one_report(
    client, home, monkeypatch
):
    async def failing(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(handedin, "add_incidents", failing)
        status, _ = await client.post({**FORM, **REPORTER, "api_key": KEYS["qlue"]})
        assert status == 507
    [sealed] = AnnexFolder(home.annex).walk()
    assert (await client.records())[1] == 0
    assert await client.report(**REPORTER) == sealed.incident
    assert [one.incident for one in AnnexFolder(home.annex).walk()] == [sealed.incident]
    assert (await client.records())[1] == 1


async def test_a_report_is_followed_after_the_node_has_begun_again(home):
    async with serving(home, alone=True) as node:
        report = await (await begin(node)).report()
    async with serving(home, alone=True) as node:
        client = Client(node)
        [found] = (await client.get(f"requests/{report}.json"))[1]
        assert found["service_request_id"] == report
        for _ in range(100):
            if (await node.get("/readyz"))[0] == 200:
                break
            await asyncio.sleep(0.05)
        assert await client.report() == report


async def test_a_key_that_comes_too_often_waits_and_nobody_else_does(home):
    text = home.settings.read_text()
    home.settings.write_text(text.replace("# per_hour = 3600", "per_hour = 2"))
    async with serving(home, alone=True) as node:
        client = await begin(node)
        for number in range(2):
            await client.report(description=f"Amplop dibagikan {number}")
        third = {**FORM, "description": "Amplop", "api_key": KEYS["qlue"]}
        status, [fault] = await client.post(third)
        assert (status, fault["code"]) == (429, 429)
        assert "seconds" in fault["description"]
        body = urlencode(third)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        url = f"{node.url}{V2}/requests.xml"
        async with client._session.post(url, data=body, headers=kind) as answer:
            assert answer.status == 429
            assert 0 < int(answer.headers["Retry-After"]) <= 1800
            assert b"<code>429</code>" in await answer.read()
        # With a photograph: refused before one is drawn.
        status, _ = await client.post(third, media=[a_photo()])
        assert status == 429
        assert (await client.records())[1] == 2
        await client.report("kota", description="Amplop lain")
        # Whoever may hand in no more can still look.
        assert (await client.get("requests.json"))[0] == 200
        # A refused form counts, too: it is work.
        bad = {"service_code": "politik_uang", "api_key": KEYS["kota"]}
        assert (await client.post(bad))[0] == 400
        assert (await client.post(bad))[0] == 429
