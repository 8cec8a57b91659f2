"""A signed request without a body, in the form in which our nodes write it.

Rule: pure. The form is what the package would write, held by a test; by hand it takes a
fifth of the time to write, and a third to take in, and each photograph that goes from
one node to another is such a request. Only what holds is taken in here: whatever is
written otherwise, or does not hold, is left to the package, which says why.

    Signature-Input: federation=("@method" "@target-uri");created=1707915900;
        keyid="jagasuara.example/node+1a2b3c4d+AY…";alg="ed25519";
        expires=1707915960;nonce="…";tag="tps-federation"
    Signature: federation=:<base64>:

Source: RFC 9421 sections 2.5, 3.1, 3.2 and 4; docs/adr/0019
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from federation.errors import FormatError
from federation.tlog.keys import decode_base64, encode_base64

TAG: Final = "tps-federation"
LABEL: Final = "federation"
#: What is signed of each request.
COVERED: Final = ("@method", "@target-uri")

_INPUT, _SIGNATURE = "signature-input", "signature"
# Of integers and strings only what is written in one way: no sign, no escape.
_FORM: Final = re.compile(
    rf'{LABEL}=(\("@method" "@target-uri"\);created=(0|[1-9][0-9]{{0,14}});'
    r'keyid="([!#-\[\]-~]{1,500})";alg="ed25519";expires=(0|[1-9][0-9]{0,14});'
    rf'nonce="([0-9A-Za-z]{{8,64}})";tag="{TAG}")'
)
_BYTES: Final = re.compile(rf"{LABEL}=:([0-9A-Za-z+/]{{86}}==):")
_METHOD: Final = re.compile("[A-Z]+")
_ADDRESS: Final = re.compile(
    r"https?://[a-z0-9.-]+(:[0-9]{1,5})?/([0-9A-Za-z/._~?&=,+:-]|%[0-9A-Fa-f]{2})*"
)


class UsualForm(NamedTuple):
    """What is said beside the request itself: by which key, when, until when."""

    key_id: str
    created: int
    expires: int
    nonce: str

    @property
    def params(self) -> str:
        """As it is written in `Signature-Input`."""
        return (
            f'("@method" "@target-uri");created={self.created};keyid="{self.key_id}"'
            f';alg="ed25519";expires={self.expires};nonce="{self.nonce}";tag="{TAG}"'
        )

    def base(self, method: str, url: str) -> bytes:
        """What is signed; `url` as `target_of` gives it."""
        said = f'"@method": {method}\n"@target-uri": {url}\n'
        return f'{said}"@signature-params": {self.params}'.encode()


def is_usual(method: str, url: str) -> bool:
    """Whether a request with this method and address is written and taken in here."""
    return bool(_METHOD.fullmatch(method) and _ADDRESS.fullmatch(url))


def write_fields(params: str, signature: bytes) -> dict[str, str]:
    """The two header fields."""
    return {
        "Signature-Input": f"{LABEL}={params}",
        "Signature": f"{LABEL}=:{encode_base64(signature)}:",
    }


def read_fields(
    method: str, url: str, headers: Iterable[tuple[str, str]]
) -> tuple[UsualForm, bytes] | None:
    """What is said, and the 64 bytes that are to hold for its `base`.

    None: it is written in another form, or of another request than is taken in here.
    """
    given = [(name.lower(), value) for name, value in headers]
    inputs = [value for name, value in given if name == _INPUT]
    signatures = [value for name, value in given if name == _SIGNATURE]
    if len(inputs) != 1 or len(signatures) != 1:
        return None
    form, text = _FORM.fullmatch(inputs[0]), _BYTES.fullmatch(signatures[0])
    if form is None or text is None:
        return None
    if not is_usual(method, url):
        return None
    try:
        signature = decode_base64(text[1])
    except FormatError:
        return None
    return UsualForm(form[3], int(form[2]), int(form[4]), form[5]), signature
