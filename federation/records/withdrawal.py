"""Taking back what one's own log says for a slot.

Rule: a withdrawal empties the slot (nothing stands there; what lay below does not come
back) and erases nothing: a log cannot forget.

    {"contest":"ppwp","election":"pemilu-2024","official":0,"org":"jagasuara.example",
     "reason":"…","recorded_at":"2024-02-15T01:00:00Z","round":"reguler",
     "tps":"3171010001001","type":"withdrawal/1"}
"""

from typing import Literal

from msgspec import Struct

from federation.records.canonical import Org, ShortText, Time
from federation.records.profile import ContestId, Election, Round
from federation.records.tps import TpsCode


class Withdrawal(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="withdrawal/1",
):
    """One organisation no longer says anything for this slot.

    `official` is 1 for the slot that holds what it copied from KPU, else 0.
    """

    contest: ContestId
    election: Election
    official: Literal[0, 1]
    org: Org
    reason: ShortText
    recorded_at: Time
    round: Round
    tps: TpsCode
