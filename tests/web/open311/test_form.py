"""What a form says: into the record, into the annex, or refused with the field."""

import pytest

from federation.flows.annex.contents import AnnexPerson, ExactPosition, IncidentAnnex
from federation.text import Text
from federation.web.open311.form import read_form
from federation.web.open311.refusals import Open311Refusal

NOW = "2024-02-14T05:00:00Z"
TPS = "3171010001001"
FORM = {
    "service_code": "politik_uang",
    "address_id": TPS,
    "description": "Amplop dibagikan di depan balai warga",
}
#: The published example's fields of a person, a place and a photograph.
PERSONAL = {
    "lat": "-6.178306",
    "long": "106.631889",
    "address_string": "1234 5th street",
    "email": "smit333@sfgov.edu",
    "device_id": "tt222111",
    "account_id": "123456",
    "first_name": "john",
    "last_name": "smith",
    "phone": "111111111",
    "media_url": "http://farm3.static.flickr.com/2002/2212426634_5ed477a060.jpg",
}


def read(*, redacts=False, **more):
    return read_form({**FORM, **more}, NOW, redacts=redacts)


def refused(**more):
    """What is told in English, and the status."""
    with pytest.raises(Open311Refusal) as caught:
        read(**more)
    said = [Text("en").say(cause) for cause in caught.value.causes]
    return int(caught.value.status), said


def test_a_form_becomes_a_report():
    form = read()
    assert form.draft == {
        "category": "politik_uang",
        "law": "pidana",
        "happened_at": NOW,
        "tps": TPS,
        "summary": FORM["description"],
    }
    assert form.personal is None
    assert form.untaken == ()


@pytest.mark.parametrize(
    ("place", "written", "utc"),
    [
        ("7202011001001", "2024-02-13 19:30", "2024-02-13T11:30:00Z"),
        ("7202", "2024-02-13T19:30", "2024-02-13T11:30:00Z"),
        ("3171010001001", "2024-02-13 19:30", "2024-02-13T12:30:00Z"),
        ("7202", "2024-02-13T19:30:00+07:00", "2024-02-13T12:30:00Z"),
        ("7202", "2024-02-13T19:30:00-03:00", "2024-02-13T22:30:00Z"),
        ("7202", "2024-02-13T19:30:00Z", "2024-02-13T19:30:00Z"),
        ("7202", "13-02-2024 19.30", "2024-02-13T11:30:00Z"),
    ],
)
def test_a_time_without_a_zone_is_that_of_the_place(place, written, utc):
    times = {f"attribute[{name}]": written for name in ("happened_at", "known_at")}
    draft = read(address_id=place, **times).draft
    assert (draft["happened_at"], draft["known_at"]) == (utc, utc)


def test_who_reports_goes_into_the_annex_and_nowhere_else():
    form = read(**PERSONAL, **{"attribute[accused]": "Budi", "locale": "id"})
    assert form.personal == IncidentAnnex(
        reporter=AnnexPerson(
            name="john smith",
            contact="111111111, smit333@sfgov.edu",
            about="account_id: 123456\ndevice_id: tt222111",
        ),
        accused=(AnnexPerson(name="Budi"),),
        position=ExactPosition(lat=-6.178306, lon=106.631889),
        notes=f"address_string: 1234 5th street\nmedia_url: {PERSONAL['media_url']}",
    )
    assert form.draft == read().draft
    assert form.untaken == ("locale",)


def test_what_is_said_of_a_report_wins():
    form = read(
        **{
            "attribute[law]": "kode_etik",
            "attribute[happened_at]": "2024-02-13T22:00:00+07:00",
            "attribute[known_at][]": "2024-02-14T01:00:00Z",
        }
    )
    assert form.draft["law"] == "kode_etik"
    assert form.draft["happened_at"] == "2024-02-13T15:00:00Z"
    assert form.draft["known_at"] == "2024-02-14T01:00:00Z"


#: How the place is said, and what the record has.
PLACES = [
    ({"address_id": "31.71.01.0001.001"}, {"tps": TPS}),
    ({"address_id": "31.71"}, {"region": "3171"}),
    ({"address_id": "", "attribute[tps]": TPS}, {"tps": TPS}),
    (
        {"address_id": "3171010001", "attribute[region]": "3171010001"},
        {"region": "3171010001"},
    ),
]


@pytest.mark.parametrize(("said", "place"), PLACES)
def test_a_place_is_the_code_of_a_station_or_a_region(said, place):
    draft = read(**said).draft
    assert {k: v for k, v in draft.items() if k in {"tps", "region"}} == place


#: What is sent beside the form, the status, and what the answer says.
REFUSED = [
    ({"service_code": ""}, 400, "service_code is missing"),
    ({"service_code": "001"}, 404, "no service_code 001"),
    ({"address_id": ""}, 400, "send address_id"),
    ({"address_id": "", "lat": "1", "long": "2"}, 400, "send address_id"),
    ({"address_id": "12345"}, 400, "address_id: "),
    ({"attribute[region]": "32"}, 400, "address_id, attribute[region] name"),
    ({"lat": "-6.2"}, 400, "lat and long must both"),
    ({"lat": "nan", "long": "1"}, 400, "lat and long must both"),
    ({"lat": "91", "long": "1"}, 400, "lat and long must both"),
    ({"phone": "1" * 91}, 400, "phone is longer than 90"),
    ({"description": "a " * 2001}, 400, "description is longer than 4000"),
    ({"attribute[law]": "adat"}, 400, "attribute[law]: "),
    ({"attribute[lw]": "pidana"}, 400, "no attribute lw; known: law"),
    ({"attribute[happened_at]": "kemarin"}, 400, "attribute[happened_at]: "),
    ({"description": "Amplop\u202e"}, 400, "description: code point U+202E"),
    ({"description": "hubungi 0812-3456-7890"}, 400, "0812-3456-7890"),
]


@pytest.mark.parametrize(("more", "status", "text"), REFUSED)
def test_a_refusal_names_the_field_and_says_what_to_send(more, status, text):
    got, said = refused(**more)
    assert got == status
    assert text in " ".join(said)


def test_all_that_is_wrong_is_told_at_once():
    _, said = refused(service_code="", address_id="", lat="x")
    assert len(said) == 3


def test_a_word_that_may_be_somebodys_is_named_once_with_its_place():
    words = "Dibagikan di tenda. " * 20 + "Hubungi 0812-3456-7890."
    _, [said] = refused(description=words)
    assert said.startswith("description: ")
    assert "'0812-3456-7890'" in said
    assert str(len("Dibagikan di tenda. " * 20) + 9) in said


def test_long_words_are_the_description_and_begin_the_summary():
    words = "Amplop dibagikan di tenda. " * 20
    draft = read(description=words).draft
    assert draft["description"] == words.strip()
    assert draft["summary"].endswith("…")
    assert 250 < len(draft["summary"]) <= 300
    assert words.startswith(draft["summary"][:-1])


def test_without_words_the_service_is_the_summary():
    assert read(description=" ").draft["summary"] == "Politik uang"


def test_what_is_redacted_is_sealed_as_it_came():
    words = "Amplop, hubungi 0812\n3456-7890"
    form = read(redacts=True, description=words)
    assert form.draft["summary"] == "Amplop, hubungi [nomor telepon]"
    assert form.personal == IncidentAnnex(notes=f"description: {words}")
    assert form.is_redacted


def test_what_is_redacted_can_always_be_signed():
    """Wherever the summary is cut off."""
    for length in range(270, 300, 3):
        words = "x" * length + " hubungi 0812-3456-7890 di Jl. Mawar No. 12 " + "y" * 99
        draft = read(redacts=True, description=words).draft
        assert "0812" not in str(draft)
        assert len(draft["summary"]) <= 300
