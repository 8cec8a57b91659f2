"""`federation status`: how this node is, its history, its partners, its alarms."""

from datetime import datetime
from functools import partial
from random import SystemRandom

import click
from msgspec import UnsetType, to_builtins

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import OK, clean_line
from federation.cli.show.asking import print_asking
from federation.cli.show.observed import print_seen, see_node
from federation.cli.show.readers import print_readers, see_readers
from federation.cli.times import tell_second
from federation.config.home import Home
from federation.errors import ConfigError, FederationError
from federation.flows.photos.ownroom import OwnRoomSeen, limits_of, see_own_room
from federation.flows.query import answers, state
from federation.flows.query.partners import partners
from federation.node.diskroom import SILENT_S, see_room
from federation.node.house.house import House, look_around
from federation.records.alarmhelp import where_to_read
from federation.records.readers import THIS_MACHINE
from federation.records.severity import ORDER, severity_of
from federation.records.timezones import tell_moment
from federation.store.alarms import Alarm
from federation.store.db import Database
from federation.store.engine import DatabaseWriter
from federation.store.lock import Writer, see_writer
from federation.text import Sentence


@click.command("status", cls=Command, help="views.help-status")
@click.option("--clear", "code", help="views.option-clear")
@click.option("--reader", "readers", multiple=True, help="views.option-reader")
@command_options
def status(run: Run, *, code: str | None, readers: tuple[str, ...]) -> int | None:
    """How this node is; with `--clear`, after its alarms of a code are taken away."""
    if code is not None:
        _clear_alarms(run, code)
    house = look_around(run.folder, run.clock, SystemRandom())
    if _is_broken(house, run):
        from federation.cli.show.broken import show_broken  # noqa: PLC0415  # start-up

        return show_broken(run, house, partial(_print_status, is_well=False))
    settings, peers = run.settings, {peer.org: peer for peer in run.peers}
    # A full disk may not keep that it is full; and no node need be there to say so.
    room = see_room(run.home, settings.disk.reserve_mb << 20, run.clock())
    db = _open_database(run, readers)
    held, weak = db.see_writer(), db.list_weaknesses()
    with db.view() as view:
        answer = state.status(view, THIS_MACHINE, settings, list(peers), further=room)
        told = partners(view, THIS_MACHINE, peers, int(run.clock()), turns=0)
        seen = see_node(run, view, told)
        taken = see_own_room(view, limits_of(settings.photos))
    asking, writer = told.asking, see_writer(run.home.lock)
    # An optional member is absent when there is nothing to say.
    known = to_builtins(answer, enc_hook=str)
    whole = {**known, "observed": seen, "asking": asking, "own_photos": taken}
    if weak:
        whole["weak"] = [str(one) for one in weak]
    if held is not None:
        writer = held.who if held.is_writing else None
        whole["lease"] = {"term": held.term, "age_s": round(held.age_s, 1)}
        whole["commit_waits_s"] = round(held.waits_s, 1)
    whole |= {"writer": writer, "guard": run.home.guard_bucket or str(run.home.guard)}
    if read := see_readers(readers):
        whole["readers"] = read

    def tell() -> None:
        _print_status(run, answer)
        _print_writer(run, writer, held)
        for one in weak:
            run.out.line(run.t.say(one))
        print_seen(run, seen)
        _print_room(run, taken)
        print_asking(run, asking)
        print_readers(run, read)

    run.out.show(whole, tell)
    return OK


def _open_database(run: Run, readers: tuple[str, ...]) -> Database:
    """The database; where it does not answer, what its readers say is told first."""
    try:
        return run.open_database()
    except (FederationError, OSError):
        # Just then somebody asks for them: what they keep they answer still.
        if read := see_readers(readers):
            run.out.show({"readers": read}, lambda: print_readers(run, read))
        raise


def _clear_alarms(run: Run, code: str) -> None:
    # Imported here: who only looks need not pay for a node.
    from federation.cli.client import hand_in  # noqa: PLC0415  # start-up time
    from federation.web.requests.upkeep import ClearAlarm  # noqa: PLC0415  # start-up

    hand_in(run, ClearAlarm(code=code))
    run.finish(Sentence("cli.done-unsaid"))


def _is_broken(house: House, run: Run) -> bool:
    """Whether a file is there and cannot be used; without any, this is no node."""
    return not house.is_readable and Home(run.folder).settings.exists()


def _print_status(
    run: Run, answer: answers.StatusAnswer, *, is_well: bool = True
) -> None:
    """`is_well`: nothing else that is wrong was told before."""
    t, out = run.t, run.out
    out.line(t("views.node", name=answer.name, org=answer.org))
    headers = ("history", "entries", "on-map", "held-by", "state")
    rows = [
        (
            log.origin,
            log.size,
            log.merged,
            _holders(run, log, answer.quorum),
            _log_state(run, log, answer.alarms),
        )
        for log in answer.logs
    ]
    if rows:
        out.table([t(f"views.{key}") for key in headers], rows, right=(1, 2))
    else:
        out.line(t("views.no-histories"))
    for log in answer.logs:
        _print_log(run, log)
    _print_peers(run, answer.peers)
    for offer in answer.offered:
        out.line(t("views.offered", peer=offer.peer, history=offer.origin))
    if answer.alarms:
        _print_alarms(run, answer.alarms)
    elif is_well:
        out.line(t("views.no-alarms"))
    for election, cursor in answer.cursors.items():
        out.line(t("views.cursor", election=election, cursor=cursor))


def _print_writer(run: Run, writer: Writer | None, held: DatabaseWriter | None) -> None:
    """Who writes since when, and what keeps two from doing so."""
    if writer is None and held is not None and held.is_ended:
        run.out.line(run.t("views.writer-ended"))
    elif writer is None and held is not None:
        age = run.t.number(round(held.age_s))
        run.out.line(run.t("views.writer-gone", **held.tell(), age=age))
    elif writer is None:
        run.out.line(run.t("views.writer-none"))
    elif not writer.pid:
        run.out.line(run.t("views.writer-unsaid", since=tell_second(writer.since)))
    else:
        told = {"pid": writer.pid, "host": writer.host}
        since = tell_second(writer.since)
        run.out.line(run.t("views.writer", **told, since=since))
    if held is not None and held.waits_s >= SILENT_S:
        seconds = run.t.number(round(held.waits_s))
        run.out.line(run.t("machine.standby-waited", seconds=seconds))
    if run.home.guard_bucket is not None:
        run.out.line(run.t("views.guard", place=run.home.guard_bucket))


def _print_room(run: Run, taken: OwnRoomSeen) -> None:
    """How much of a bound our own photographs take, where there is one."""
    if taken.percent is not None:
        run.out.line(run.t.say(taken.tell()))


def _print_log(run: Run, log: answers.LogStatus) -> None:
    """What there is to say of one history beside its row."""
    if log.witnesses:
        told = {"history": log.origin, "names": ", ".join(log.witnesses)}
        run.out.line(run.t("views.witnessed", **told))
    if log.unknown:
        told = {"history": log.origin, "count": str(log.unknown)}
        run.out.line(run.t("views.unknown", **told))


def _holders(run: Run, log: answers.LogStatus, quorum: int) -> str:
    """Who signed that they hold all of it, and how many lack."""
    told = run.t("views.held-by-others", count=log.held_by)
    if log.holders:
        told = f"{told}: {', '.join(log.holders)}"
    needed = run.t("views.held-needed", quorum=quorum)
    return told if log.held else f"{told} ({needed})"


def _log_state(run: Run, log: answers.LogStatus, raised: list[Alarm]) -> str:
    """In a word: why a history stands still is told by its alarm, if there is one."""
    if log.frozen:
        return run.t("views.state-frozen")
    if log.stalled:
        told = ((log.origin, log.stalled), (log.org, f"{log.origin}: {log.stalled}"))
        codes = [a.code for a in raised if (a.subject, a.detail) in told]
        return run.t("views.state-stalled", reason=codes[0] if codes else log.stalled)
    if log.closed:
        return run.t("views.state-closed")
    if log.public_from and (at := _seconds(log.public_from)) > run.clock():
        moment = tell_moment(at, int(run.clock()), "")
        return run.t("views.state-early", moment=moment)
    return run.t("views.state-own") if log.own else ""


def _seconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp())


def _print_peers(run: Run, peers: list[answers.PeerStatus]) -> None:
    if not peers:
        return
    t = run.t
    headers = ("partner", "last-turn", "outcome", "new", "next-turn", "failures")
    rows = [
        (
            peer.org,
            _when(peer.last_at) or t("views.never"),
            _outcome(run, peer),
            peer.new or 0,
            _when(peer.next_at),
            peer.failures,
        )
        for peer in peers
    ]
    run.out.table([t(f"views.{key}") for key in headers], rows, right=(3, 5))


def _outcome(run: Run, peer: answers.PeerStatus) -> str:
    """How the last turn went, in the words of `federation sync`."""
    code = peer.outcome or ""
    words = run.t.word(f"sync.outcome-{code}", code)
    return ": ".join(filter(None, (words, run.t.say(peer.reason or ""))))


def _print_alarms(run: Run, alarms: list[Alarm]) -> None:
    """Print each alarm with what it means, what to do, and where its page is.

    Details are sentences, of a page sometimes: they stand below, as a table in a file
    or a pipe is as wide as the longest cell.
    """
    t = run.t
    columns = ("alarm", "severity", "subject", "since")
    headers = [t(f"views.{key}") for key in columns]
    # The worst first; of one severity the newest, as they come.
    ranked = sorted(alarms, key=lambda a: -ORDER.index(severity_of(a.code)))
    rows = [
        (
            a.code,
            t(f"notices.severity-{severity_of(a.code)}"),
            a.subject,
            _when(a.first_at),
        )
        for a in ranked
    ]
    run.out.table(headers, rows, title=t("views.alarms"))
    for code in sorted({alarm.code for alarm in alarms}):
        # A database that a newer version wrote may hold codes without words here.
        is_known = t.has(f"alarms.{code}")
        run.out.line(f"{code}: {t(f'alarms.{code}')}" if is_known else f"{code}:")
        for one in ranked:
            if one.code == code:
                run.out.line(f"  {clean_line(f'{one.subject}: {t.say(one.detail)}')}")
        if is_known:
            run.out.line(f"  → {t(f'alarms.do-{code}')}")
            where = where_to_read(code, _public_url(run))
            run.out.line(f"  {t('alarmhelp.read-more', where=where)}")


def _public_url(run: Run) -> str | None:
    """Our address, if the settings that say it can be read."""
    try:
        return run.settings.listen.public_url
    except ConfigError:
        return None


def _when(seconds: int | UnsetType) -> str:
    """A time for people; "" where there is none."""
    return tell_second(seconds) if seconds else ""
