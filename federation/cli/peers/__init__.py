"""`federation peers`: whom we know, and by which key.

Rule: nothing is trusted before people have compared a fingerprint: with `--expect`,
or by answering the question on the terminal. Then the key is pinned in peers.toml.
"""

import asyncio
from dataclasses import replace

import click

from federation.cli.context import Run, command_options
from federation.cli.help import CommandGroup
from federation.cli.output import NEGATIVE, OK
from federation.cli.peers.circle import import_circle, write_circle
from federation.cli.peers.ignore import ignore_asking
from federation.cli.peers.pin import compare_key, find_peer, pin_again, pin_peers
from federation.cli.peers.show import show_partners
from federation.cli.peers.test import test_peers
from federation.cli.show.asking import list_asking, print_asking
from federation.config.fingerprint import fingerprint, parse_fingerprint
from federation.config.member import URL, check_member
from federation.config.peers import Peer
from federation.config.rewrite import remove_peer, set_flag, set_paused
from federation.errors import ConflictError
from federation.flows.visit import introduce, with_feed
from federation.text import Sentence
from federation.tlog.keys import VerifierKey


@click.group("peers", cls=CommandGroup, help="peers.help")
def peers() -> None:
    """Partners."""


for _command in (import_circle, write_circle, test_peers, show_partners, ignore_asking):
    peers.add_command(_command)


@peers.command("add", help="peers.help-add")
@click.argument("url")
@click.option("--expect", help="peers.option-expect")
@click.option("--allow-private", is_flag=True, help="peers.option-allow-private")
@command_options
def add(run: Run, *, url: str, expect: str | None, allow_private: bool) -> int | None:
    """Add one partner by its address."""
    url = url.rstrip("/")
    check_member("URL", url, URL)
    expected = parse_fingerprint(expect) if expect else None
    org, t = run.settings.org, run.t
    unknown = Peer(org=url, identity=_nobody(), url=url, allow_private=allow_private)
    about, identity = asyncio.run(with_feed(unknown, introduce, run.clock))
    if about.org == org:
        raise ConflictError(Sentence("peers.ourselves", org=org))
    if any(peer.org == about.org for peer in run.peers):
        raise ConflictError(_exists(run, about.org, identity))
    who = t("peers.who", name=about.name, org=about.org, url=url)
    if not compare_key(run, who, identity, expected):
        return NEGATIVE
    peer = replace(unknown, org=about.org, name=about.name, identity=identity)
    pin_peers(run, [peer])
    value = {"org": peer.org, "name": peer.name, "url": url}
    value["fingerprint"] = fingerprint(identity)
    run.out.show(value, lambda: run.out.line(t("peers.added", org=peer.org)))
    return OK


@peers.command("re-pin", help="peers.help-re-pin")
@click.argument("org")
@click.option("--expect", help="peers.option-expect")
@command_options
def re_pin(run: Run, *, org: str, expect: str | None) -> int | None:
    """Know a partner by another key from now on: it has lost the one before."""
    expected, t = parse_fingerprint(expect) if expect else None, run.t
    peer = find_peer(run, org)
    about, identity = asyncio.run(with_feed(peer, introduce, run.clock))
    if about.org != org:
        raise ConflictError(Sentence("peers.answers-other", org=org, found=about.org))
    who = t("peers.who", name=about.name, org=org, url=peer.url)
    if not compare_key(run, who, identity, expected):
        return NEGATIVE
    is_other = identity != peer.identity
    if is_other:
        pin_again(run, peer, identity)
    value = {"org": org, "fingerprint": fingerprint(identity), "changed": is_other}
    key = "peers.pinned-again" if is_other else "peers.pinned-already"
    run.out.show(value, lambda: run.out.line(t(key, org=org)))
    return OK


@peers.command("list", help="peers.help-list")
@command_options
def list_peers(run: Run) -> int | None:
    """All partners, with their state and fingerprint."""
    t, out, asking = run.t, run.out, list_asking(run)
    rows = [
        {
            "org": peer.org,
            "name": peer.name,
            "url": peer.url,
            "state": _state(peer),
            "logs": list(peer.logs),
            "may_have_photos": peer.may_have_photos,
            "may_relay": peer.may_relay,
            "fingerprint": fingerprint(peer.identity),
        }
        for peer in run.peers
    ]

    def human() -> None:
        if not rows:
            out.line(t("peers.none"))
            print_asking(run, asking)
            return
        names = ("org", "name", "url", "state", "may", "fingerprint")
        cells = [
            {**row, "state": t(f"peers.state-{row['state']}"), "may": _may(run, peer)}
            for row, peer in zip(rows, run.peers, strict=True)
        ]
        headers = [t(f"peers.{name}") for name in names]
        out.table(headers, [[row[name] for name in names] for row in cells])
        print_asking(run, asking)

    out.show({"peers": rows, "asking": asking}, human)
    return OK


@peers.command("pause", help="peers.help-pause")
@click.argument("org")
@command_options
def pause(run: Run, *, org: str) -> int | None:
    """Ask a partner for nothing for a while."""
    return _set_paused(run, org, paused=True)


@peers.command("resume", help="peers.help-resume")
@click.argument("org")
@command_options
def resume(run: Run, *, org: str) -> int | None:
    """Ask a paused partner again."""
    return _set_paused(run, org, paused=False)


@peers.command("remove", help="peers.help-remove")
@click.argument("org")
@click.option("--keep", is_flag=True, help="peers.option-keep")
@click.option("--hide", is_flag=True, help="peers.option-hide")
@command_options
def remove(run: Run, *, org: str, keep: bool, hide: bool) -> int | None:
    """Part from a partner."""
    if keep == hide:
        raise click.UsageError(run.t("peers.keep-or-hide"))
    if hide:
        # Hidden and paused: what is not shown need not be fetched either.
        set_flag(run.home.peers, org, "hidden", value=True)
        set_paused(run.home.peers, org, paused=True)
    else:
        remove_peer(run.home.peers, org)
    key = "peers.removed-hide" if hide else "peers.removed-keep"
    value = {"org": org, "removed": "hide" if hide else "keep"}
    run.out.show(value, lambda: run.out.line(run.t(key, org=org)))
    return OK


def _set_paused(run: Run, org: str, *, paused: bool) -> int:
    set_paused(run.home.peers, org, paused=paused)
    key = "peers.paused" if paused else "peers.resumed"
    value = {"org": org, "paused": paused}
    run.out.show(value, lambda: run.out.line(run.t(key, org=org)))
    return OK


def _exists(run: Run, org: str, identity: VerifierKey) -> Sentence:
    same = find_peer(run, org).identity == identity
    return Sentence("peers.exists" if same else "peers.other-key", org=org)


def _nobody() -> VerifierKey:
    """The identity of a partner that is not known yet: matches no key."""
    return VerifierKey("", 0, b"")


def _may(run: Run, peer: Peer) -> str:
    """What a partner may have of ours that is not for everybody."""
    t = run.t
    given = [*peer.logs, *(["photos"] if peer.may_have_photos else [])]
    given += ["relays"] if given and peer.may_relay else []
    return ", ".join(t(f"peers.gives-{name}") for name in given) or t(
        "peers.gives-nothing"
    )


def _state(peer: Peer) -> str:
    if peer.hidden:
        return "hidden"
    if peer.paused:
        return "paused"
    return "active" if peer.url else "relayed"
