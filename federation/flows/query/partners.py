"""The partners, one by one: how it stands with each, and who asks that is none.

Rule: everything told was measured or signed; what is not known is not told. Of what
holds of a partner the worst is its state, the rest stands beside it. Reasons name
addresses: they are for the machine and for who settles alarms (`records/readers.py`);
all of this is for whom the gate shows partners, `asking` and `settled` for people of
ours and whoever looks after the node.

`asking`: organisations that ask us with a signature that holds, by a key of nobody
here. The name is their own word and trusted in nothing; it says whom to call.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

from msgspec import UNSET, Struct, UnsetType

from federation.config.peers import Peer
from federation.flows.query.state import tell_alarms
from federation.records.keystatement import next_generation
from federation.records.readers import Caller, may_quote, may_read, may_see
from federation.store import alarms, cosignatures, logs, pulls, strangers, taken
from federation.store.alarms import Alarm, SettledAlarm
from federation.store.logs import Log
from federation.store.observations import Observation, load_observations
from federation.store.strangers import IgnoredStranger, awaits_turn
from federation.store.view import View
from federation.text import Sentence

#: From the worst on; `up-to-date` where nothing else holds.
PartnerCondition: TypeAlias = Literal[
    "forked",
    "other-key",
    "paused",
    "no-address",
    "never-asked",
    "unreachable",
    "trying-again",
    "refused",
    "full",
    "clock-differs",
    "disbelieves",
    "syncing",
    "up-to-date",
]
CONDITIONS: Final[tuple[PartnerCondition, ...]] = get_args(PartnerCondition)
TURNS_SHOWN: Final = 5
SETTLED_SHOWN: Final = 20
MAX_CLOCK_S: Final = 30
#: A measured clock older than this is not known any more.
_KNOWN_FOR_S: Final = 2 * 3_600
_CERTIFICATE_FOR_S: Final = 7 * 86_400
_UNANSWERED: Final = frozenset({"failed", "crashed"})
_REFUSED: Final = frozenset({"refused", "mismatch", "behind"})


class PartnerTurn(Struct, frozen=True, kw_only=True):
    """One visit to a partner; `at` is Unix seconds, `new` counts entries.

    `new` is not told where some may be of a log that is not there for the caller.
    """

    at: int
    seconds: float
    outcome: str
    new: int | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class HeldOfOurs(Struct, frozen=True, kw_only=True):
    """What a partner has confirmed, by its signature, to hold of a log of ours.

    `held` of `size` entries since `since`; confirmed last at `confirmed_at` (times are
    Unix seconds, as it says).
    """

    origin: str
    size: int
    held: int
    since: int | UnsetType = UNSET
    confirmed_at: int | UnsetType = UNSET


class PartnerView(Struct, frozen=True, kw_only=True):
    """One partner; what is absent is not known. Times are Unix seconds.

    Attributes:
        org: Which.
        state: How it stands, in a word.
        also: What else holds, the worst first.
        since: From when on it does not answer, where it does not.
        is_longer: It has not for longer than turns are kept.
        next_at: When it is asked next.
        failures: How many turns in a row have failed.
        answered_at: When it last answered as it should.
        percent: How much of what it has shown is here, while some is not.
        missing: How many entries of it are on their way.
        rows: How many entries of it are here.
        bytes: How much room they take; not told where a log of it is not there for the
            caller.
        clock_s: Seconds that its clock is ahead of ours.
        certificate_until: When its certificate ends.
        holds: What it holds of ours.
        turns: The newest visits, the newest first.
        alarms: Those that concern it.
    """

    org: str
    state: PartnerCondition
    also: list[PartnerCondition]
    failures: int
    missing: int
    rows: int
    bytes: int | UnsetType = UNSET
    holds: list[HeldOfOurs]
    turns: list[PartnerTurn]
    alarms: list[Alarm]
    is_longer: bool = False
    since: int | UnsetType = UNSET
    next_at: int | UnsetType = UNSET
    answered_at: int | UnsetType = UNSET
    percent: int | UnsetType = UNSET
    clock_s: int | UnsetType = UNSET
    certificate_until: int | UnsetType = UNSET

    def tell(self, condition: PartnerCondition, when: Callable[[int], str]) -> Sentence:
        """What holds of it, for people; `when` tells a time."""
        given: dict[str, object] = {}
        if condition == "syncing":
            given["percent"] = self.percent or 0
        elif condition == "clock-differs":
            given["seconds"] = abs(self.clock_s or 0)
            way = "ahead" if (self.clock_s or 0) > 0 else "behind"
            return Sentence(f"partners.clock-{way}", **given)
        elif condition in {"unreachable", "trying-again"}:
            given["next"] = when(self.next_at or 0)
            given["since"] = when(self.since or 0)
            if condition == "unreachable" and self.is_longer:
                return Sentence("partners.unreachable-longer", **given)
        return Sentence(f"partners.{condition}", **given)


class AskingStranger(Struct, frozen=True, kw_only=True):
    """Who asks and is no partner; see the head of this file.

    `is_partners_name`: the name is a partner's, the key is none that it has;
    `awaits_turn`: it may be its all the same, the next turn with it shows that.
    """

    org: str
    vkey: str
    first_at: int
    last_at: int
    times: int
    is_partners_name: bool
    awaits_turn: bool

    @property
    def key_id(self) -> str:
        """The short name of its key, to tell two apart; proves nothing."""
        return self.vkey.split("+")[1]


class PartnersAnswer(Struct, frozen=True, kw_only=True):
    """All partners as they are `at`; `alarms`: those that concern none of them.

    `ignored`: those who ask and are no partner, of whom nothing is told any more.
    """

    at: int
    partners: list[PartnerView]
    asking: list[AskingStranger]
    ignored: list[IgnoredStranger]
    alarms: list[Alarm]
    settled: list[SettledAlarm]


def partners(
    view: View,
    caller: Caller,
    peers: Mapping[str, Peer],
    now: int,
    *,
    further: Sequence[Alarm] = (),
    turns: int = TURNS_SHOWN,
) -> PartnersAnswer:
    """How it stands with each partner, as far as the caller is told.

    Args:
        view: The snapshot.
        caller: Who asks; whom the gate shows no partners gets none.
        peers: Those of peers.toml, by organisation.
        now: Unix seconds.
        further: Alarms that stand and may not be in the database.
        turns: How many visits of each.
    """
    if not may_see(caller, "partners"):
        peers = {}
    told = tell_alarms(view, caller, further)
    stored = logs.list_logs(view)
    all_logs = [log for log in stored if may_read(caller, log)]
    facts = _Facts(
        caller=caller,
        now=now,
        logs=all_logs,
        partly={log.org for log in stored if not may_read(caller, log)},
        due=pulls.load_turns(view),
        observed=load_observations(view),
        standing={(one.code, one.subject) for one in alarms.list_alarms(view)},
        confirmed={
            log.origin: cosignatures.confirmations(view, log.id, log.org)
            for log in all_logs
            if log.own
        },
    )
    views, concerned = [], set[tuple[str, str]]()
    for peer in peers.values():
        mine = [one for one in told if one.subject and _concerns(one, peer)]
        concerned |= {(one.code, one.subject) for one in mine}
        views.append(_partner(view, facts, peer, mine, turns))
    return PartnersAnswer(
        at=now,
        partners=views,
        asking=read_asking(view, peers) if may_see(caller, "asking") else [],
        ignored=strangers.list_ignored(view) if may_see(caller, "asking") else [],
        alarms=[one for one in told if (one.code, one.subject) not in concerned],
        settled=_settled(view, caller) if may_see(caller, "settled") else [],
    )


class _Facts(Struct, frozen=True, kw_only=True):
    """What is read once for all partners."""

    caller: Caller
    now: int
    logs: list[Log]
    #: Whose logs are not all among them: nothing is counted that would tell of those.
    partly: set[str]
    due: Mapping[str, pulls.PeerTurn]
    observed: Mapping[tuple[str, str], Observation]
    standing: set[tuple[str, str]]
    confirmed: Mapping[str, Mapping[str, cosignatures.ConfirmedSize]]

    def measured(self, what: str, subject: str | None, for_s: int) -> int | UnsetType:
        """What was measured not too long ago."""
        one = self.observed.get((what, subject or ""))
        if one is None or abs(self.now - one.at) > for_s:
            return UNSET
        return one.value


def _partner(
    view: View, facts: _Facts, peer: Peer, told: list[Alarm], turns: int
) -> PartnerView:
    turn = facts.due.get(peer.org, pulls.PeerTurn(org=peer.org))
    visits = pulls.list_turns(view, peer.org)
    theirs = [log for log in facts.logs if log.org == peer.org and not log.own]
    open_ = _going_on(theirs)
    missing, percent = _progress(open_)
    room = taken.read_taken(view, peer.org)
    clock = facts.measured("clock", peer.org, _KNOWN_FOR_S)
    host = host_of(peer.url)
    failing = visits[: turn.failures]
    last = visits[0] if visits else None
    holding = {
        _visited(peer, turn.failures, last),
        *_holding(facts, peer, open_, clock),
    }
    state, *also = [one for one in CONDITIONS if one in holding] or ["up-to-date"]
    is_detailed = may_see(facts.caller, "reasons")
    answered = [one.at for one in visits if one.outcome not in _UNANSWERED]
    # Of visits that are kept no longer, when it last had something.
    whole_at = pulls.answered_at(view, peer.org)
    answered += [] if whole_at is None else [whole_at]
    return PartnerView(
        org=peer.org,
        state=state,
        also=also,
        failures=turn.failures,
        since=failing[-1].at if failing else UNSET,
        is_longer=turn.failures > len(visits) > 0,
        next_at=int(turn.next_due) if turn.next_due else UNSET,
        answered_at=max(answered, default=UNSET),
        percent=percent,
        missing=missing,
        rows=sum(log.size for log in theirs),
        bytes=UNSET if peer.org in facts.partly else room.size,
        clock_s=clock,
        certificate_until=facts.measured("certificate", host, _CERTIFICATE_FOR_S),
        holds=[
            _held(log, facts.confirmed[log.origin].get(peer.org))
            for log in facts.logs
            if log.own
        ],
        turns=[
            PartnerTurn(
                at=one.at,
                seconds=round(one.seconds, 3),
                outcome=one.outcome,
                new=UNSET if peer.org in facts.partly else one.new_leaves,
                reason=(one.reason or UNSET) if is_detailed else UNSET,
            )
            for one in visits[:turns]
        ],
        alarms=told,
    )


def _going_on(theirs: Sequence[Log]) -> list[Log]:
    """Without those that another one continues: of them nothing more is awaited."""
    held = {log.origin for log in theirs}
    return [log for log in theirs if next_generation(log.origin) not in held]


def _holding(
    facts: _Facts, peer: Peer, theirs: Sequence[Log], clock: int | UnsetType
) -> Iterable[PartnerCondition]:
    """What holds of it beside how visits go, unsorted."""
    if any(log.frozen is not None for log in theirs):
        yield "forked"
    if ("partner-full", peer.org) in facts.standing:
        yield "full"
    if isinstance(clock, int) and abs(clock) > MAX_CLOCK_S:
        yield "clock-differs"
    if ("unbelieved", peer.org) in facts.standing:
        yield "disbelieves"
    if _progress(theirs)[0]:
        yield "syncing"


def _visited(
    peer: Peer, failures: int, last: pulls.Turn | None
) -> PartnerCondition | None:
    """How visits to it go; None: well."""
    rows: tuple[tuple[PartnerCondition, bool], ...] = (
        ("paused", peer.paused),
        ("no-address", peer.url is None),
        ("never-asked", last is None),
        ("other-key", last is not None and last.outcome == "other-key"),
        ("unreachable", failures > pulls.QUICK_FAILURES),
        ("trying-again", failures > 0),
        ("refused", last is not None and last.outcome in _REFUSED),
    )
    return next((condition for condition, holds in rows if holds), None)


def _progress(theirs: Sequence[Log]) -> tuple[int, int | UnsetType]:
    """How many entries of what it has shown are not here; and what share is."""
    wanted = sum(max(log.size, log.pending_size) for log in theirs)
    here = sum(
        log.next_index if log.pending is not None else log.size for log in theirs
    )
    missing = max(0, wanted - here)
    return missing, (100 * here // wanted if missing else UNSET)


def _held(log: Log, confirmed: cosignatures.ConfirmedSize | None) -> HeldOfOurs:
    if confirmed is None:
        return HeldOfOurs(origin=log.origin, size=log.size, held=0)
    return HeldOfOurs(
        origin=log.origin,
        size=log.size,
        held=confirmed.size,
        since=confirmed.first_at,
        confirmed_at=confirmed.last_at,
    )


def _concerns(alarm: Alarm, peer: Peer) -> bool:
    """Whether an alarm is about this partner, one of its logs, or its address."""
    org = peer.org
    return alarm.subject in {org, host_of(peer.url)} or alarm.subject.startswith(
        (f"{org}/", f"{org} ")
    )


def read_asking(view: View, peers: Mapping[str, Peer]) -> list[AskingStranger]:
    """Who asks and is no partner; `peers`: those that are, by organisation."""
    reachable = {org for org, peer in peers.items() if peer.url and not peer.paused}
    return [
        AskingStranger(
            org=one.org,
            vkey=one.vkey,
            first_at=one.first_at,
            last_at=one.last_at,
            times=one.times,
            is_partners_name=one.org in peers,
            awaits_turn=awaits_turn(view, one, reachable),
        )
        for one in strangers.list_strangers(view)
    ]


def _settled(view: View, caller: Caller) -> list[SettledAlarm]:
    return [
        one
        for one in alarms.list_settled(view, SETTLED_SHOWN)
        if may_quote(caller, one.subject)
    ]


def host_of(url: str | None) -> str | None:
    """The host of an address with TLS."""
    if url is None or not url.startswith("https://"):
        return None
    from yarl import URL  # noqa: PLC0415  # start-up time: most status has no partner

    return URL(url).host
