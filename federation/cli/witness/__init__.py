"""`federation witness`: whom we are a witness for, who is one for us."""

from secrets import token_bytes
from typing import Any

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command, CommandGroup
from federation.cli.times import tell_second
from federation.config.founding import load_chain_notes, load_identity_key
from federation.config.witness import OutsideWitness
from federation.errors import ConfigError, NotFoundError
from federation.node.witnesskey import load_witness_key, make_witness_key
from federation.records.keychain import LAST, open_chain
from federation.store import cosignatures, logs
from federation.store.folderguard import FolderGuard
from federation.store.logs import Log
from federation.store.view import View


@click.group("witness", cls=CommandGroup, help="witness.help")
def witness() -> None:
    """The verbs hang here."""


@witness.command("key", cls=Command, help="witness.help-key")
@command_options
def key(run: Run) -> None:
    """Make our witness key, once, and say by which it is known."""
    is_new = make_witness_key(run.home, token_bytes)
    vkey = str(load_witness_key(run.home, run.settings).key)
    url = run.settings.listen.public_url
    told = {"vkey": vkey, "url": url, "made": is_new}

    def tell() -> None:
        run.out.line(vkey)
        key = "key-made" if is_new else "key-was-there"
        run.out.note(run.t(f"witness.{key}", url=url or "https://…"))

    run.out.show(told, tell)


@witness.command("show", cls=Command, help="witness.help-show")
@command_options
def show(run: Run) -> None:
    """What a witness needs of us, who confirmed how much, whom we witness."""
    ours = [_own_log(run, origin) for origin in run.settings.origins]
    witnessed = [
        _witnessed(run, origin) for origin in run.settings.witness.witnessed_keys
    ]
    whole = {"logs": ours, "witnessed": witnessed}
    run.out.show(whole, lambda: _print(run, ours, witnessed))


def _own_log(run: Run, origin: str) -> dict[str, Any]:
    """By which key one of our logs is known, and what each witness signed of it."""
    identity = load_identity_key(run.home, run.settings.org)
    chain = open_chain(load_chain_notes(run.home, origin), identity)
    told = {"origin": origin, "vkey": str(chain.log_key(LAST))}
    try:
        # Before the first start there is none, and a witness needs the key by then.
        with run.open_database().view() as view:
            log = logs.get_log(view, origin)
            lines = [_line(view, log, one) for one in run.settings.witness.outside]
            return {**told, "size": log.size, "witnesses": lines}
    except NotFoundError:
        lines = [_line(None, None, one) for one in run.settings.witness.outside]
        return {**told, "size": 0, "witnesses": lines}


def _line(
    view: View | None, log: Log | None, outside: OutsideWitness
) -> dict[str, Any]:
    """What a witness signed last of a log; nothing where there is no log yet."""
    key, last = outside.key, None
    if view is not None and log is not None:
        last = cosignatures.newest_by(view, log.id, key)
    size, time = last or (0, None)
    return {"witness": key.name, "url": outside.url, "size": size, "time": time}


def _witnessed(run: Run, origin: str) -> dict[str, Any]:
    held = FolderGuard(run.home.witness).read(origin)
    return {"origin": origin, "size": held[0] if held else 0}


def _print(
    run: Run, ours: list[dict[str, Any]], witnessed: list[dict[str, Any]]
) -> None:
    t, out = run.t, run.out
    for log in ours:
        out.line(t("witness.log", origin=log["origin"], size=out.number(log["size"])))
        out.line(f"  {log['vkey']}")
        for one in log["witnesses"]:
            key = "confirmed" if one["time"] else "unconfirmed"
            when = tell_second(one["time"]) if one["time"] else ""
            told = {"name": one["witness"], "size": out.number(one["size"])}
            out.line("  " + t(f"witness.{key}", **told, when=when))
    for log in witnessed:
        size = out.number(log["size"])
        out.line(t("witness.witnessed", origin=log["origin"], size=size))
    if witnessed:
        try:
            vkey = load_witness_key(run.home, run.settings).key
            out.line(f"  {vkey}")
        except ConfigError as error:
            out.line(f"  {t.say(error.told)}")
