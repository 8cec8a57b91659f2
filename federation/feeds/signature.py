"""A request that says who asks: HTTP Message Signatures by the `node` key.

Rule: what is signed is the method, the whole address, the digest of the body where
there is one, and when and by which key. `open_request` is the only way in, and refuses
whatever is not exactly that, with the reason. It believes the key that the request
names; whose key that is must be asked of the key chains (`flows/partners.py`). In this
order nobody finds out by guessing who is a partner here. The form: `usualform.py`.

`keyid` is the vkey of the node key; `expires` is at most 60 s after `created`. What is
signed with another `tag` is somebody else's, and such a request is a stranger's; one
without any tag is taken for one of ours, and its tag is missed.

An agency that shares a secret with us signs its answers with that (`open_shared`),
under another tag: what we sign with the same secret is never taken for its word.

Source: RFC 9421, RFC 9530; docs/reference/protocol.md, "Who asks"; docs/adr/0019
"""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    VerifyResult,
    algorithms,
)

from federation.errors import (
    ClockError,
    FederationError,
    NotFoundError,
    RequestSignatureError,
)
from federation.feeds.answer import show
from federation.feeds.usualform import (
    COVERED,
    LABEL,
    TAG,
    UsualForm,
    is_usual,
    read_fields,
    write_fields,
)
from federation.text import Sentence
from federation.tlog.keys import Signer, VerifierKey, parse_vkey, verify

#: Of what an agency signs with the secret that it shares with us.
ANSWER_TAG: Final = "tps-federation-answer"
#: A signature is good for so long, and a clock may be wrong by as much.
WINDOW_S: Final = 60
#: What a request without a good signature is told to send.
ACCEPTED: Final = (
    f'{LABEL}=("@method" "@target-uri");created;expires;keyid;alg="ed25519";nonce;'
    f'tag="{TAG}"'
)
ANSWER_ACCEPTED: Final = (
    f'{LABEL}=("@method" "@target-uri" "content-digest");created;expires;keyid;'
    f'alg="hmac-sha256";nonce;tag="{ANSWER_TAG}"'
)

_PARAMETERS: Final = ("created", "expires", "nonce", "keyid", "alg", "tag")
_NONCE_CHARS: Final = range(8, 65)
_PORTS: Final = {"http": "80", "https": "443"}
# A quote inside of a structured string is escaped: this stands in none.
_TAGGED: Final = re.compile(r';\s*tag="([^"]*)"')


class Headers(Protocol):
    """The fields of a message, each line of them."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Name and value of each."""


@dataclass(frozen=True)
class RequestHead:
    """What is signed of a request, beside its body; `url` as `target_of` gives it."""

    method: str
    url: str
    headers: Headers


@dataclass(frozen=True)
class SignedRequest:
    """A request that holds.

    `key_id`: by what it says that it was signed; whose a vkey is must be asked of the
    key chains.
    """

    key_id: str
    nonce: str
    created: int
    expires: int
    _head: RequestHead
    _result: VerifyResult

    @property
    def key(self) -> VerifierKey:
        """The key of a node that signed it."""
        return parse_vkey(self.key_id)

    def check_body(self, body: bytes) -> None:
        """Refuse a body that is not the one that was signed.

        Raises:
            RequestSignatureError: it is another, or no digest of it is signed.
        """
        try:
            _verifier(0).verify_body(self._head, [self._result], body)
        except HTTPMessageSignaturesException as error:
            raise RequestSignatureError(
                Sentence("signature.body", said=show(str(error)))
            ) from error


def target_of(url: str) -> str:
    """An address as it is signed: the same, however its host and port are written.

    Source: RFC 9110 section 4.2.3
    """
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), parts.netloc.lower()
    host = host.removesuffix(f":{_PORTS.get(scheme, '')}").removesuffix(":")
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{host}{parts.path or '/'}{query}"


class SharedSecret:
    """Signs for one receiver who has the same secret, under the name of `key`."""

    def __init__(self, key: str, secret: bytes) -> None:
        self.key, self._secret = key, secret

    def sign(self, message: bytes) -> bytes:
        """HMAC-SHA256 (`alg="hmac-sha256"`)."""
        return hmac.digest(self._secret, message, "sha256")


class RequestSigner:
    """Signs what this node asks of its partners."""

    def __init__(
        self,
        signer: Signer | SharedSecret,
        wall: Callable[[], float],
        random: Random,
    ) -> None:
        """`signer` is our node key, or a secret; `wall` gives Unix seconds."""
        self._signer, self._wall, self._random = signer, wall, random
        self._is_shared = isinstance(signer, SharedSecret)
        algorithm = algorithms.HMAC_SHA256 if self._is_shared else _Libsodium
        self._sealer = HTTPMessageSigner(signature_algorithm=algorithm)

    def sign(self, method: str, url: str, body: bytes | None = None) -> dict[str, str]:
        """The header fields that say who asks, and when."""
        now, key = self._wall(), str(self._signer.key)
        # The time as well: a program that starts again may begin with the same random
        # numbers, and would be taken for somebody who repeats it.
        nonce = f"{int(now * 1e6):x}{self._random.getrandbits(64):016x}"
        form = UsualForm(key, int(now), int(now) + WINDOW_S, nonce)
        target = target_of(url)
        if body is None and not self._is_shared and is_usual(method, target):
            return write_fields(
                form.params, self._signer.sign(form.base(method, target))
            )
        headers: dict[str, str] = {}
        prepared = self._sealer.prepare(
            RequestHead(method, target, headers),
            key_id=key,
            created=_moment(form.created),
            expires=_moment(form.expires),
            nonce=nonce,
            label=LABEL,
            tag=TAG,
            covered_component_ids=COVERED,
            body=body,
        )
        signature = self._signer.sign(prepared.signature_base)
        # By hand: `apply` would read and build all of it again, in twice the time.
        return headers | write_fields(prepared.signature_params, signature)


def is_signed(headers: Mapping[str, str]) -> bool:
    """Whether somebody says by this who asks: with our tag, or without any."""
    given = headers.get("Signature-Input")
    if given is None:
        return False
    tags = _TAGGED.findall(given)
    return TAG in tags or not tags


def open_request(method: str, url: str, headers: Headers, now: int) -> SignedRequest:
    """A request that was signed, for this address, a moment ago.

    Args:
        method: Of the request.
        url: What was asked for, by the address that this node goes by.
        headers: Of the request.
        now: Unix seconds by the clock of this node.

    Raises:
        ClockError: it was signed too early or too late for this clock.
        RequestSignatureError: it is not signed as it must be, or does not hold.
    """
    head = RequestHead(method, target_of(url), headers)
    return _open_usual(head, now) or _open(_verifier(now), head, TAG)


def open_shared(
    method: str,
    url: str,
    headers: Headers,
    now: int,
    secret_of: Callable[[str], bytes],
) -> SignedRequest:
    """A request that was signed with a secret we share, for this address, just now.

    Args:
        method: Of the request.
        url: What was asked for, by the address that this node goes by.
        headers: Of the request.
        now: Unix seconds by the clock of this node.
        secret_of: The secret of whoever the request names; raises NotFoundError.

    Raises:
        ClockError: it was signed too early or too late for this clock.
        RequestSignatureError: it is not signed as it must be, or does not hold; of
            somebody who is not known here, it does not hold.
    """
    verifier = _RequestVerifier(
        signature_algorithm=_Hmac, key_resolver=_NamedSecret(secret_of)
    )
    verifier.now, verifier.tag = now, ANSWER_TAG
    return _open(verifier, RequestHead(method, target_of(url), headers), ANSWER_TAG)


def _open(verifier: "_RequestVerifier", head: RequestHead, tag: str) -> SignedRequest:
    try:
        results = verifier.verify(
            head, max_age=None, expect_tag=tag, require_components=COVERED
        )
    except HTTPMessageSignaturesException as error:
        raise RequestSignatureError(_why(error, head)) from error
    if len(results) != 1:
        raise RequestSignatureError(Sentence("signature.several"))
    given: Mapping[str, Any] = results[0].parameters
    return SignedRequest(
        given["keyid"],
        given["nonce"],
        given["created"],
        given["expires"],
        head,
        results[0],
    )


def _open_usual(head: RequestHead, now: int) -> SignedRequest | None:
    """A request that is written as ours are, and holds; None: let the package judge."""
    read = read_fields(head.method, head.url, head.headers.items())
    if read is None:
        return None
    form, signature = read
    base = form.base(head.method, head.url)
    try:
        key = parse_vkey(form.key_id)
        check_window(form.created, form.expires, now)
    except FederationError:
        return None
    if not verify(key.public, base, signature):
        return None
    covered = {'"@method"': head.method, '"@target-uri"': head.url}
    covered['"@signature-params"'] = form.params
    given: dict[str, int | str] = {
        "created": form.created,
        "keyid": form.key_id,
        "alg": _Libsodium.algorithm_id,
        "expires": form.expires,
        "nonce": form.nonce,
        "tag": TAG,
    }
    result = VerifyResult(LABEL, _Libsodium, covered, given, None, form.nonce)
    return SignedRequest(
        form.key_id, form.nonce, form.created, form.expires, head, result
    )


def _why(error: HTTPMessageSignaturesException, head: RequestHead) -> Sentence:
    """What is wrong with a signature, in words of ours where it is told apart."""
    if isinstance(error, _WrongSignatureError):
        asked = f"{head.method} {show(head.url)}"
        return Sentence("signature.wrong", asked=asked)
    if isinstance(error.__cause__, FederationError):
        return Sentence("signature.no-key", said=show(str(error.__cause__)))
    return Sentence("signature.malformed", said=show(str(error)))


class _WrongSignatureError(InvalidSignature):
    """The bytes of a signature are not those of this key over this request."""


class _Libsodium(algorithms.ED25519):
    """Ed25519 as everything else here is verified: by the strictest of verifiers."""

    def __init__(self, public_key: bytes | None = None) -> None:
        self._public = public_key or b""

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return if it holds.

        Raises:
            _WrongSignatureError: it does not.
        """
        if not verify(self._public, message, signature):
            raise _WrongSignatureError


class _Hmac(algorithms.HMAC_SHA256):
    """HMAC-SHA256; a wrong one is told as any wrong signature is."""

    def __init__(self, public_key: bytes | None = None) -> None:
        self._secret = public_key or None

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return if it holds.

        Raises:
            _WrongSignatureError: it does not.
        """
        # Without a secret the work is the same: nobody finds out who shares one.
        expected = hmac.digest(self._secret or b"\0" * 32, message, "sha256")
        if not hmac.compare_digest(signature, expected) or self._secret is None:
            raise _WrongSignatureError


class _NamedSecret(HTTPSignatureKeyResolver):
    """The secret is the one that we share with whoever the request names."""

    def __init__(self, secret_of: Callable[[str], bytes]) -> None:
        self._secret_of = secret_of

    def resolve_public_key(self, key_id: str) -> bytes:
        """The secret; "" stands for none."""
        try:
            return self._secret_of(key_id)
        except NotFoundError:
            return b""


class _NamedKey(HTTPSignatureKeyResolver):
    """The key is the one that the request names."""

    def resolve_public_key(self, key_id: str) -> bytes:
        """The 32 bytes of it.

        Raises:
            FormatError: it is no vkey.
        """
        return parse_vkey(key_id).public


class _RequestVerifier(HTTPMessageVerifier):
    """Asks for every parameter, and compares both clocks."""

    now, tag = 0, TAG

    def validate_created_and_expires(
        self,
        sig_input: Any,  # noqa: ANN401  the library's
        max_age: object = None,  # noqa: ARG002  the library's
    ) -> None:
        """Return if the parameters are those that are needed, and of this moment.

        Raises:
            ClockError: of another moment.
            RequestSignatureError: one is missing, or is not as it must be.
        """
        given = sig_input.params
        for name in _PARAMETERS:
            if name not in given:
                algorithm = str(self.signature_algorithm.algorithm_id)
                needed = {"alg": algorithm, "tag": self.tag}
                why = Sentence("signature.missing", name=name, **needed)
                raise RequestSignatureError(why)
        if len(given["nonce"]) not in _NONCE_CHARS:
            raise RequestSignatureError(Sentence("signature.nonce"))
        check_window(given["created"], given["expires"], self.now)


def check_window(created: int, expires: int, now: int) -> None:
    """Refuse what is good for longer than a minute, or was signed at another time.

    Raises:
        ClockError: see `check_moment`.
        RequestSignatureError: it is good for too long, or for no time.
    """
    if not 0 <= expires - created <= WINDOW_S:
        seconds = expires - created
        raise RequestSignatureError(Sentence("signature.too-long", seconds=seconds))
    check_moment(created, expires, now)


def check_moment(created: int, expires: int, now: int) -> None:
    """Refuse what was signed at another time than now; both clocks are named.

    Raises:
        ClockError: it was signed later than now, or is good no longer.
    """
    if created <= now + WINDOW_S and now <= expires:
        return
    name = "signature.ahead" if created > now else "signature.behind"
    clocks = {"theirs": tell_moment(created), "ours": tell_moment(now)}
    raise ClockError(Sentence(name, seconds=abs(created - now), **clocks))


def _verifier(now: int) -> _RequestVerifier:
    verifier = _RequestVerifier(
        signature_algorithm=_Libsodium, key_resolver=_NamedKey()
    )
    verifier.now = now
    return verifier


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def tell_moment(seconds: int) -> str:
    """A time, however far from now it may be."""
    try:
        return _moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return str(seconds)
