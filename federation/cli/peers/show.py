"""`federation peers show`: how it stands with each partner, as `/mitra` says."""

import click
from msgspec import UNSET

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import OK
from federation.cli.peers.pin import find_peer
from federation.cli.show.asking import print_asking
from federation.flows.query.partners import (
    TURNS_SHOWN,
    HeldOfOurs,
    PartnersAnswer,
    PartnerView,
    partners,
)
from federation.node.diskroom import see_room
from federation.records.readers import THIS_MACHINE
from federation.records.timezones import tell_here
from federation.store.pulls import KEPT_TURNS


@click.command("show", cls=Command, help="peers.help-show")
@click.argument("org", required=False, default="")
@command_options
def show_partners(run: Run, *, org: str) -> int | None:
    """All of them; of one, all visits that are kept."""
    chosen = [find_peer(run, org)] if org else run.peers
    peers = {peer.org: peer for peer in chosen}
    room = see_room(run.home, run.settings.disk.reserve_mb << 20, run.clock())
    with run.open_database().view() as view:
        answer = partners(
            view,
            THIS_MACHINE,
            peers,
            int(run.clock()),
            further=room,
            turns=KEPT_TURNS if org else TURNS_SHOWN,
        )
    run.out.show(answer, lambda: _print(run, answer, is_one=bool(org)))
    return OK


def _print(run: Run, answer: PartnersAnswer, *, is_one: bool) -> None:
    t, out = run.t, run.out
    if not answer.partners:
        out.line(t("partners.none"))
    for view in answer.partners:
        _print_one(run, view)
    if not is_one:
        print_asking(run, answer.asking)
    if answer.ignored and not is_one:
        out.line(t("partners.ignored", count=t.number(len(answer.ignored))) + ":")
        for one in answer.ignored:
            said = t("partners.asking-key", key=one.key_id)
            out.line(f"  {one.org} ({said})")


def _print_one(run: Run, view: PartnerView) -> None:
    t, out = run.t, run.out
    told = [t.say(view.tell(one, tell_here)) for one in (view.state, *view.also)]
    out.line(f"{view.org}: {'; '.join(told)}")
    answered = view.answered_at
    at = t("partners.never") if answered is UNSET else tell_here(answered)
    facts = [f"{t('partners.answered')}: {at}"]
    facts.append(f"{t('partners.entries')}: {t.number(view.rows)}")
    if view.missing:
        facts.append(t("partners.missing", count=t.number(view.missing)))
    facts.append(f"{t('partners.room')}: {t.number(-(-(view.bytes or 0) // 1000))} kB")
    out.line("  " + " · ".join(facts))
    for held in view.holds:
        out.line(f"  {held.origin}: {_held(run, held)}")
    for alarm in view.alarms:
        out.line(f"  ! {alarm.code}: {t.say(alarm.detail)}")
        if t.has(f"alarms.do-{alarm.code}"):
            out.line(f"    → {t(f'alarms.do-{alarm.code}')}")
    if not view.turns:
        return
    names = ("turn-at", "turn-outcome", "turn-new", "turn-seconds", "turn-reason")
    rows = [
        (
            tell_here(turn.at),
            t.word(f"sync.outcome-{turn.outcome}", turn.outcome),
            turn.new or 0,
            round(turn.seconds),
            turn.reason or "",
        )
        for turn in view.turns
    ]
    out.table([t(f"partners.{name}") for name in names], rows, right=(2, 3))


def _held(run: Run, held: HeldOfOurs) -> str:
    t, size = run.t, run.t.number(held.size)
    if not held.held or held.since is UNSET:
        return t("partners.holds-none", size=size)
    since = tell_here(held.since)
    if held.held >= held.size:
        return t("partners.holds-all", size=size, since=since)
    return t("partners.holds-some", held=t.number(held.held), size=size, since=since)
