"""Notes: the published example, one form only, and whom to believe."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import FormatError, SignatureError
from federation.tlog.keys import (
    ALG_COSIGNATURE,
    Signer,
    VerifierKey,
    check_key_name,
    parse_vkey,
)
from federation.tlog.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    Note,
    Signature,
    decode_notes,
    encode_notes,
    format_note,
    format_signature,
    open_note,
    parse_note,
    sign_note,
)

KEY = parse_vkey(
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
)
LINE = (
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZ"
    "XsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
TEXT = b"This is an example message.\n"
NOTE = TEXT + b"\n" + LINE.encode()

A = Signer.from_seed("a.example", b"\x0a" * 32)
B = Signer.from_seed("b.example", b"\x0b" * 32)


def test_the_check_value_of_the_protocol_opens():
    note, keys = open_note(NOTE, [KEY])
    assert (note.text, keys) == (TEXT, (KEY,))
    assert format_note(note) == NOTE
    assert format_signature(note.signatures[0]) == LINE.encode()


@pytest.mark.parametrize(
    "text",
    [b"\n", b"a\n", b"a\n\nb\n", b"\n\na\n", b"a\n\n\n", "é 𝄞\n".encode(), b"\x7f\n"],
)
def test_any_text_without_control_characters_is_signed_and_opened(text):
    note, keys = open_note(sign_note(text, A, B), [B.key, A.key])
    assert note.text == text
    assert keys == (A.key, B.key)


@pytest.mark.parametrize(
    "text", [b"", b"a", b"a\r\n", b"a\tb\n", b"\x00\n", b"\xff\n", b"\xed\xa0\x80\n"]
)
def test_a_text_that_no_note_can_have_is_not_signed(text):
    with pytest.raises(FormatError):
        sign_note(text, A)


INVALID = {
    "empty": b"",
    "no signature": TEXT,
    "no signature line": TEXT + b"\n",
    "no empty line": TEXT + LINE.encode(),
    "no text": b"\n" + LINE.encode(),
    "no final LF": NOTE[:-1],
    "trailing LF": NOTE + b"\n",
    "CR": NOTE.replace(b"\n", b"\r\n"),
    "tab": NOTE.replace(b"is an", b"is\tan"),
    "NUL": NOTE.replace(b"is an", b"is\x00an"),
    "not UTF-8 in the text": NOTE.replace(b"is an", b"is\xffan"),
    "not UTF-8 in a name": NOTE.replace(b"/foo", b"/f\xff"),
    "hyphen for dash": NOTE.replace("—".encode(), b"-"),
    "en dash": NOTE.replace("—".encode(), "\u2013".encode()),
    "no space after dash": NOTE.replace("— ".encode(), "—".encode()),
    "two spaces after dash": NOTE.replace("— ".encode(), "—  ".encode()),
    "two spaces before base64": NOTE.replace(b"/foo ", b"/foo  "),
    "space at the end": NOTE[:-1] + b" \n",
    "something after base64": NOTE[:-1] + b" more\n",
    "plus in a name": NOTE.replace(b"/foo", b"/f+o"),
    "wide space in a name": NOTE.replace(b"/foo", "/f\u2003o".encode()),
    "no name": NOTE.replace(b"example.com/foo", b""),
    "no base64": TEXT + b"\n" + "— example.com/foo \n".encode(),
    "name only": TEXT + b"\n" + "— example.com/foo\n".encode(),
    "key id only": TEXT + b"\n" + "— example.com/foo Uw2QOg==\n".encode(),
    "no padding": NOTE.replace(b"=\n", b"\n"),
    "url base64": NOTE.replace(b"Uw2Q", b"Uw-_"),
    "stray bits": NOTE.replace(b"aQM=", b"aQN="),
    "base64 in two": NOTE.replace(b"n8s", b"n=s"),
    "text after signatures": NOTE + b"more\n",
    "text between signatures": TEXT + b"\n" + (LINE + "x\n" + LINE).encode(),
    "101 signatures": TEXT + b"\n" + LINE.encode() * 101,
}


@pytest.mark.parametrize("data", INVALID.values(), ids=INVALID)
def test_a_note_in_any_other_form_is_refused(data):
    with pytest.raises(FormatError):
        parse_note(data)
    with pytest.raises(FormatError):
        open_note(data, [KEY])


def test_the_size_is_bounded_before_anything_is_parsed():
    with pytest.raises(FormatError, match="more than 9 bytes"):
        parse_note(NOTE, 9)
    parse_note(NOTE, len(NOTE))
    with pytest.raises(FormatError, match="more than"):
        open_note(b"\n" * (MAX_NOTE_BYTES + 1), [KEY])


def test_a_hundred_signatures_are_accepted():
    data = TEXT + b"\n" + LINE.encode() * MAX_SIGNATURES
    note, keys = open_note(data, [KEY])
    assert len(note.signatures) == MAX_SIGNATURES
    assert keys == (KEY,)


def test_every_one_bit_flip_of_a_signed_note_is_refused(flip):
    data = sign_note(b"origin\n12\nroot\n", A)
    for bit in range(len(data) * 8):
        with pytest.raises((FormatError, SignatureError)):
            open_note(flip(data, bit), [A.key])


def test_unknown_signatures_are_ignored_also_when_name_or_id_is_known():
    text = b"text\n"
    good = parse_note(sign_note(text, A)).signatures[0]
    strangers = (
        Signature(A.name, b"\x00" * 4, b"junk"),
        Signature("z.example", good.key_id, b"junk"),
        Signature("z.example", b"\x00" * 4, b"\x06" * 2420),
    )
    _, keys = open_note(format_note(Note(text, (*strangers, good))), [A.key, B.key])
    assert keys == (A.key,)
    with pytest.raises(SignatureError, match="no signature"):
        open_note(format_note(Note(text, strangers)), [A.key])
    with pytest.raises(SignatureError, match="any known key"):
        open_note(format_note(Note(text, strangers)), [])


def test_a_bad_signature_by_a_known_key_rejects_the_note_beside_a_good_one():
    text = b"text\n"
    good = parse_note(sign_note(text, A)).signatures[0]
    bad = Signature(B.name, B.key.key_id, B.sign(b"another text\n"))
    for lines in ((good, bad), (bad, good), (good, good._replace(payload=b"x"))):
        with pytest.raises(SignatureError, match="bad signature"):
            open_note(format_note(Note(text, lines)), [A.key, B.key])
    assert open_note(format_note(Note(text, (good, bad))), [A.key])[1] == (A.key,)


def test_two_known_keys_of_one_name_and_id_are_both_tried():
    class Colliding(VerifierKey):
        key_id = A.key.key_id

    other = Colliding(A.name, 1, B.key.public)
    data = sign_note(b"text\n", A)
    assert open_note(data, [other, A.key])[1] == (A.key,)


def test_a_cosigners_key_neither_signs_nor_opens_a_plain_note():
    cosigner = Signer.from_seed("c.example", b"\x0c" * 32, ALG_COSIGNATURE)
    with pytest.raises(AssertionError):
        sign_note(b"text\n", cosigner)
    line = Signature(cosigner.name, cosigner.key.key_id, cosigner.sign(b"text\n"))
    with pytest.raises(SignatureError):
        open_note(format_note(Note(b"text\n", (line,))), [cosigner.key])


_names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6)


def _is_name(name):
    try:
        check_key_name(name)
    except FormatError:
        return False
    return True


@given(
    st.text(st.characters(codec="utf-8", min_codepoint=0x20), max_size=20),
    st.lists(
        st.builds(
            Signature,
            _names.filter(_is_name),
            st.binary(min_size=4, max_size=4),
            st.binary(min_size=1, max_size=70),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_what_is_formatted_parses_to_the_same(text, signatures):
    note = Note(f"{text}\n".encode(), tuple(signatures))
    assert parse_note(format_note(note)) == note


@given(st.binary(max_size=40).map(lambda junk: TEXT + b"\n" + junk) | st.binary())
def test_what_parses_formats_to_the_same(data):
    try:
        note = parse_note(data)
    except FormatError:
        return
    assert format_note(note) == data


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (encode_notes([b"one", b"two"])[:-1], "cut-off"),
        (encode_notes([b"one", b"two"])[:6], "cut-off"),
        (encode_notes([b"one", b"two", b"three"]), "wrong"),
    ],
)
def test_notes_that_end_too_early_are_told_from_too_many(data, cause):
    with pytest.raises(FormatError) as caught:
        decode_notes(data, 2)
    assert caught.value.cause == cause
