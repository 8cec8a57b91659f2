"""The usual form of a signed request: what the package would write, and would take."""

import itertools
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from federation.errors import FederationError
from federation.feeds import signature as module
from federation.feeds.signature import (
    RequestHead,
    RequestSigner,
    SharedSecret,
    open_request,
)
from federation.feeds.usualform import LABEL, TAG, UsualForm, is_usual, read_fields
from tests.fakes import FixedClock, signer

NOW = 1_707_915_900
KEY = signer("kawalpemilu.example/node")
URL = f"https://data.jagasuara.example/blob/{'0' * 64}"
NONCES = st.text("0123456789abcdefXYZ", min_size=8, max_size=64)


def signed(clock=None, url=URL, method="GET"):
    clock = clock or FixedClock(float(NOW))
    return RequestSigner(KEY, clock, Random(1)).sign(method, url)


def judged(headers, *, method="GET", url=URL, now=NOW, package_only=False):
    """What is taken in, or why it is refused."""
    with pytest.MonkeyPatch.context() as patched:
        if package_only:
            patched.setattr(module, "_open_usual", lambda _head, _now: None)
        try:
            return open_request(method, url, headers, now)
        except FederationError as error:
            return type(error), str(error)


def is_read(headers, method="GET", url=URL):
    return read_fields(method, url, headers.items()) is not None


@given(
    url=st.from_regex(
        r"https?://[a-z0-9.:-]{1,9}/[0-9A-Za-z/._~?&=,+:%\[ -]{0,30}", fullmatch=True
    ),
    method=st.sampled_from(["GET", "HEAD", "POST", "DELETE"]),
    created=st.integers(0, 10**11),
    nonce=NONCES,
)
def test_what_is_written_by_hand_is_what_the_package_writes(
    url, method, created, nonce
):
    assume(is_usual(method, url))
    form = UsualForm(str(KEY.key), created, created + 60, nonce)
    sealer = RequestSigner(KEY, FixedClock(0.0), Random(1))._sealer
    prepared = sealer.prepare(
        RequestHead(method, url, {}),
        key_id=form.key_id,
        created=module._moment(form.created),
        expires=module._moment(form.expires),
        nonce=nonce,
        label=LABEL,
        tag=TAG,
        covered_component_ids=module.COVERED,
        body=None,
    )
    assert form.params == prepared.signature_params
    assert form.base(method, url) == prepared.signature_base


@given(
    moment=st.integers(NOW - 130, NOW + 130),
    method=st.sampled_from(["GET", "HEAD", "DELETE"]),
    url=st.sampled_from([URL, "http://127.0.0.1:8080/logs?a=b", "https://x.example"]),
)
def test_what_is_taken_in_at_sight_is_what_the_package_makes_of_it(moment, method, url):
    headers = signed(FixedClock(float(moment)), url, method)
    package = judged(headers, method=method, url=url, package_only=True)
    assert judged(headers, method=method, url=url) == package


def test_no_change_of_one_character_is_taken_in_that_the_package_refuses():
    """Each place of both fields, replaced, dropped and doubled."""
    headers, opened = signed(), 0
    for name, text in headers.items():
        for at in range(len(text)):
            for other in ("", text[at] * 2, "0", "A", '"', " ", "=", "\\", "é", "\n"):
                changed = {**headers, name: text[:at] + other + text[at + 1 :]}
                ours = judged(changed)
                assert ours == judged(changed, package_only=True), changed
                opened += not isinstance(ours, tuple)
    # Written as it was: a character replaced by itself.
    assert opened


def test_what_is_written_otherwise_is_for_the_package():
    headers = signed()
    said, text = headers["Signature-Input"], headers["Signature"]
    others = [
        {**headers, "Signature-Input": said.replace(";created", "; created")},
        {**headers, "Signature-Input": said.replace(LABEL, "other")},
        {**headers, "Signature-Input": said.replace("created=", "created=0")},
        {**headers, "Signature-Input": f"{said}, b=()"},
        {**headers, "Signature": text.replace("==:", "=:")},
        {"Signature-Input": said},
        {"Signature": text},
        {**headers, "signature-input": said},
        {**headers, "SIGNATURE": text},
    ]
    assert is_read(headers)
    assert not any(map(is_read, others))
    assert not is_read(headers, url=f"{URL} ")
    assert not is_read(headers, method="get")
    assert is_read({name.lower(): value for name, value in headers.items()})


@pytest.mark.parametrize("lacking", ["method", "url", "key", "signature"])
def test_what_does_not_hold_is_refused_with_the_words_of_the_package(lacking):
    headers, asked = signed(), {"method": "GET", "url": URL}
    if lacking in asked:
        asked[lacking] = {"method": "HEAD", "url": URL + "1"}[lacking]
    elif lacking == "key":
        other = str(signer("jagapemilu.example/node").key)
        said = headers["Signature-Input"].replace(str(KEY.key), other)
        headers["Signature-Input"] = said
    else:
        headers["Signature"] = f"{LABEL}=:{'A' * 86}==:"
    assert is_read(headers, **asked)
    refusal = judged(headers, **asked)
    assert isinstance(refusal, tuple)
    assert refusal == judged(headers, package_only=True, **asked)


def test_a_body_and_a_shared_secret_are_signed_by_the_package():
    clock = FixedClock(float(NOW))
    posted = RequestSigner(KEY, clock, Random(1)).sign("POST", URL, b"abc")
    assert "content-digest" in posted["Signature-Input"]
    shared = RequestSigner(SharedSecret("a hook", b"secret"), clock, Random(1))
    assert 'alg="hmac-sha256"' in shared.sign("GET", URL)["Signature-Input"]
    assert not is_read(posted)


def test_a_body_that_nobody_signed_is_refused_where_the_head_is_usual():
    opened = judged(signed(method="POST"), method="POST")
    opened.check_body(b"")
    with pytest.raises(FederationError):
        opened.check_body(b"abc")


def test_every_base64_with_stray_bits_is_for_the_package():
    headers, seen = signed(), 0
    text = headers["Signature"]
    for last in itertools.chain("ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        changed = f"{text[: -len('A==:')]}{last}==:"
        seen += is_read({**headers, "Signature": changed})
    assert 0 < seen < 5
