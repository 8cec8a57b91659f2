"""The about document: signed by the node key of the organisation it is about."""

import pytest
from msgspec.structs import replace

from federation.errors import FederationError, FormatError, RecordError, SignatureError
from federation.records.about import (
    About,
    OfferedLog,
    open_about,
    open_about_unpinned,
    sign_about,
)
from federation.records.canonical import encode
from federation.tlog.note import sign_note


@pytest.fixture
def about(jaga):
    return About(
        attribution="Jaga Suara",
        audience=("jagapemilu.example",),
        contact="https://jagasuara.example/",
        identity=str(jaga.identity.key),
        issue=3,
        licence="CC-BY-4.0",
        logs=(OfferedLog(origin=jaga.origin, visibility="public"),),
        name="Jaga Suara",
        org=jaga.org,
        versions=(1,),
    )


def test_a_signed_document_opens_to_itself(jaga, about):
    note = sign_about(about, jaga.node)
    assert open_about(note, jaga.chain.node_keys()) == about
    assert open_about_unpinned(note) == about
    assert note.startswith(b'{"attribution":"Jaga Suara","audience":["jagapemilu')
    assert note.split(b"\n")[0].endswith(b'"type":"about/1","versions":[1]}')


def test_an_organisation_may_have_nothing_to_offer_yet(jaga, about):
    bare = replace(
        about, logs=(), audience=(), attribution="", licence="", contact="", issue=0
    )
    assert open_about(sign_about(bare, jaga.node), [jaga.node.key]) == bare


def test_every_flipped_bit_of_the_document_is_refused(jaga, about):
    note = sign_about(about, jaga.node)
    for bit in range(8 * len(note)):
        damaged = bytearray(note)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FederationError):
            open_about(bytes(damaged), [jaga.node.key])


def test_only_the_node_key_of_the_organisation_speaks_for_it(
    jaga, about, make_organisation
):
    other = make_organisation("b.example")
    for signer in (jaga.identity, jaga.records, other.node):
        with pytest.raises(SignatureError):
            sign_about(about, signer)
        note = sign_note(encode(about) + b"\n", signer)
        for keys in ([jaga.node.key], [signer.key]):
            with pytest.raises(SignatureError):
                open_about(note, keys)


@pytest.mark.parametrize(
    "changes",
    [
        {"identity": "x"},
        {"identity": "b.example/identity+00000000+AA=="},
        {"name": ""},
        {"org": "Jaga"},
        {"versions": ()},
        {"versions": (0,)},
        {"audience": ("x",)},
        {"logs": (OfferedLog(origin="b.example/x", visibility="public"),)},
        {"logs": (OfferedLog(origin="b.example", visibility="public"),)},
        {"logs": (OfferedLog(origin="jagasuara.example/x", visibility="all"),)},
        {"issue": -1},
        {"contact": "x" * 301},
    ],
)
def test_a_document_that_breaks_a_rule_is_neither_signed_nor_opened(
    jaga, about, changes
):
    wrong = replace(about, **changes)
    with pytest.raises(RecordError):
        sign_about(wrong, jaga.node)
    note = sign_note(encode(wrong) + b"\n", jaga.node)
    for read in (lambda n: open_about(n, [jaga.node.key]), open_about_unpinned):
        with pytest.raises(RecordError):
            read(note)


def test_the_identity_key_is_the_organisations_own(jaga, about, make_organisation):
    for key in (make_organisation("b.example").identity.key, jaga.node.key):
        with pytest.raises(RecordError, match="the key of"):
            sign_about(replace(about, identity=str(key)), jaga.node)


def test_text_that_hides_something_is_refused(jaga, about):
    with pytest.raises(FormatError):
        sign_about(replace(about, name="Jaga\u202eSuara"), jaga.node)


def test_what_is_no_note_is_refused(jaga):
    for data in (b"", b"{}\n", b"x" * 100_000):
        with pytest.raises(FormatError):
            open_about_unpinned(data)
