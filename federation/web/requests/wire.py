"""Requests as they are sent: which there are, by their name, and their bodies."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from federation.decoding import explain
from federation.errors import NotFoundError
from federation.records.register import Register, decode_register, encode_register
from federation.text import Sentence
from federation.web.requests.annexes import (
    PurgeAnnex,
    PurgeDueAnnexes,
    SaveAnnex,
    UseAnnex,
)
from federation.web.requests.incidents import StateIncident
from federation.web.requests.mail import EndMail, PurgeMail, UseMail
from federation.web.requests.partners import IgnoreStrangers, Sync, TakeFiles
from federation.web.requests.people import AddPerson, ForgetActions, RevokePerson
from federation.web.requests.photos import (
    AddEvidence,
    ExpirePhotos,
    FetchPhotos,
    ListRemovals,
    RemovePhoto,
    TakePhoto,
)
from federation.web.requests.records import (
    Close,
    GoAlone,
    ReadRules,
    SaveRegister,
    Withdraw,
    WithdrawEmptied,
)
from federation.web.requests.referrals import (
    ApproveReferral,
    HandOverReferral,
    PrepareNote,
    PrepareReferral,
    ResolveReferral,
    WithdrawReferral,
)
from federation.web.requests.request import R, Request
from federation.web.requests.upkeep import AddToken, ClearAlarm, RemoveToken

#: What an operator's command may ask, by its name on the wire.
_CONTROL: Final[Mapping[str, type[Request[Any]]]] = {
    kind.route.rpartition("/")[2]: kind
    for kind in (
        *(SaveRegister, ReadRules, GoAlone, Withdraw, WithdrawEmptied, Close),
        *(Sync, TakeFiles, IgnoreStrangers),
        *(AddEvidence, FetchPhotos, RemovePhoto, ExpirePhotos, ListRemovals),
        *(AddPerson, RevokePerson, ForgetActions),
        *(SaveAnnex, UseAnnex, PurgeAnnex, PurgeDueAnnexes),
        *(PrepareReferral, PrepareNote, ApproveReferral, HandOverReferral),
        *(ResolveReferral, WithdrawReferral),
        *(UseMail, EndMail, PurgeMail),
        *(StateIncident, ClearAlarm, AddToken, RemoveToken),
    )
}


def encode_request(request: Request[Any]) -> bytes:
    """The body of a request, as it is sent."""
    if isinstance(request, TakePhoto):
        return request.original
    return msgspec.json.encode(request, enc_hook=_to_wire)


def read_control(command: str, members: Mapping[str, Any]) -> Request[Any]:
    """The request that an operator's command has sent.

    Raises:
        NotFoundError: there is no such command.
        FormatError: these are not its members.
    """
    if command not in _CONTROL:
        raise NotFoundError(Sentence("asked.no-command", command=f"{command!r}"))
    return check_request(_CONTROL[command], members)


def check_request(kind: type[R], members: Mapping[str, Any]) -> R:
    """The request with these members, which somebody has typed or sent.

    Raises:
        FormatError: one is not of its form.
    """
    try:
        request: R = msgspec.convert(members, kind, dec_hook=_from_wire)
    except msgspec.ValidationError as error:
        raise explain(error, at="body") from None
    return request


def _to_wire(value: object) -> bytes:
    assert isinstance(value, Register)
    return encode_register(value)


def _from_wire(kind: type, value: object) -> Register:
    assert kind is Register
    try:
        data = msgspec.convert(value, bytes)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None  # msgspec adds which member it is
    return decode_register(data)
