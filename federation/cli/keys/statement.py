"""`federation keys statement`: other keys, named by the identity key that lies offline.

    prepare   on the node: makes the new keys, writes what is to be signed to a file
    show      anywhere: what a file would change
    sign      where the identity key is: shows it, asks, signs into the same file
    publish   on the node, while it is stopped: puts chains and keys in their places

The node carries the statement into its logs at its next start, as every start does
with what a log does not hold yet (`flows/ownlog/begin.py`), and partners follow.
"""

import contextlib
import functools
from collections.abc import Iterable, Iterator
from pathlib import Path
from secrets import token_bytes

import click
from msgspec import structs

from federation.cli.context import Run, command_options
from federation.cli.help import CommandGroup
from federation.cli.keys.companions import Identity, prepare_for, sign_companions
from federation.cli.passphrase import OPTION, read_passphrase
from federation.config import keychange
from federation.config.companionchange import check_statements, publish_companions
from federation.config.fingerprint import fingerprint
from federation.config.home import Home
from federation.config.keychange import KeyChangeFile, Prepared
from federation.config.keystore import check_identity, save_identity
from federation.config.lastsigned import remember_signed
from federation.config.peers import load_vkey_text
from federation.config.pkcs8 import SALT_BYTES
from federation.config.rewrite import add_election
from federation.errors import ConfigError, ConflictError, FormatError, NotFoundError
from federation.node.guards import open_guard
from federation.records.canonical import format_time
from federation.records.keychain import (
    KeyChain,
)
from federation.records.keychange import (
    KeyChange,
    RevokedFrom,
    find_key,
    next_statement,
)
from federation.records.keysigning import check_begins, check_continues, sign_statement
from federation.records.keystatement import KeyStatement, Role
from federation.store import logs
from federation.store.lock import hold
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.keys import Signer, VerifierKey, parse_vkey

ROLES: tuple[Role, ...] = ("log", "records", "node", "mirror")
FILE = "key-statements.json"
NEW_OPTION = "--new-passphrase-file"


@click.group("statement", cls=CommandGroup, help="change.help")
def statement() -> None:
    """The verbs hang here."""


@statement.command("prepare", help="change.help-prepare")
@click.option(
    "--replace", "replaced", multiple=True, type=click.Choice([*ROLES, "all"]),
    help="change.option-replace",
)  # fmt: skip
@click.option(
    "--add", "added", multiple=True, metavar="VKEY|FILE", help="change.option-add"
)
@click.option(
    "--revoke", "revoked", multiple=True, metavar="KEY", help="change.option-revoke"
)
@click.option("--from", "start", type=click.IntRange(0), help="change.option-from")
@click.option("--reason", default="", help="change.option-reason")
@click.option(
    "--post-quantum/--no-post-quantum", "post_quantum", default=None,
    help="change.option-post-quantum",
)  # fmt: skip
@click.option("--identity-only", is_flag=True, help="change.option-identity-only")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path(FILE),
    help="change.option-out", show_default=True,
)  # fmt: skip
@command_options
def prepare(  # noqa: PLR0913  one argument an option
    run: Run,
    *,
    replaced: tuple[str, ...],
    added: tuple[str, ...],
    revoked: tuple[str, ...],
    start: int | None,
    reason: str,
    post_quantum: bool | None,
    identity_only: bool,
    out: Path,
) -> None:
    """Make the keys, and the file to be signed."""
    is_of_keys = bool(replaced or added or revoked or identity_only)
    if not is_of_keys and post_quantum is None:
        raise click.UsageError(run.t("change.nothing"))
    roles = ROLES if "all" in replaced else tuple(r for r in ROLES if r in replaced)
    why = reason or run.t("change.replaced")
    home, org = run.home, run.settings.org
    desks = [_parse_desk(one, f"{org}/records") for one in added]
    prepared, companions, unknown = [], [], set(revoked)
    with run.open_database().view() as view:
        for origin in run.settings.origins:
            size = _open_size(view, origin)
            if size is None:
                # Nothing can be added to it, and its keys sign nothing any more.
                run.out.note(run.t("change.ended", origin=origin))
                continue
            chain = keychange.load_chain(home, org, origin)
            companions += prepare_for(
                run, chain, wanted=post_quantum, is_replaced="log" in roles
            )
            if not is_of_keys:
                continue
            new = [
                (role, keychange.prepare_key(home, org, role, origin, token_bytes))
                for role in roles
            ]
            found = _find_keys(chain, revoked)
            unknown -= found.keys()
            since = size if start is None else start
            gone = [RevokedFrom(key, since) for key in found.values()]
            now = format_time(run.now().timestamp())
            asked = KeyChange(new, desks, gone, why, start)
            after = next_statement(chain, size, asked, now)
            prepared.append(keychange.as_prepared(chain, size, after))
    if not (prepared or companions):
        raise NotFoundError(Sentence("change.no-log"))
    if unknown:
        raise NotFoundError(Sentence("change.no-key", key=min(unknown), origin=org))
    change = KeyChangeFile(
        org=org, statements=tuple(prepared), companions=tuple(companions)
    )
    keychange.save_change(out, change)
    _show(run, change, out, "change.prepared")


@statement.command("show", help="change.help-show")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@command_options
def show(run: Run, *, file: Path) -> None:
    """Say what a file would change."""
    change = keychange.load_change(file)
    key = "change.is-signed" if change.is_signed else "change.not-signed"
    _show(run, change, file, key)


@statement.command("sign", help="change.help-sign")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--identity", "identity_file", type=click.Path(dir_okay=False, path_type=Path),
    help="change.option-identity",
)  # fmt: skip
@click.option(
    "--new-identity", type=click.Path(dir_okay=False, path_type=Path),
    help="change.option-new-identity",
)  # fmt: skip
@click.option(OPTION, "passphrase_file", help="init.option-passphrase-file")
@click.option(NEW_OPTION, "new_passphrase_file", help="change.option-new-passphrase")
@click.option("--yes", is_flag=True, help="change.option-yes")
@command_options
def sign(  # noqa: PLR0913  one argument an option
    run: Run,
    *,
    file: Path,
    identity_file: Path | None,
    new_identity: Path | None,
    passphrase_file: str | None,
    new_passphrase_file: str | None,
    yes: bool,
) -> int | None:
    """Show what the file changes, and sign that; this machine needs nothing else."""
    change = keychange.load_change(file)
    # Without settings: the machine of the identity key need not be set up as a node.
    path = identity_file or Home(run.folder).identity
    check_identity(path)
    if new_identity is not None and new_identity.exists():
        check_identity(new_identity)
    for sentence in change.tell():
        run.out.note(run.t.say(sentence))
    if not yes and not run.confirm(run.t("change.ask-sign")):
        return 1
    passphrase = read_passphrase(run, passphrase_file)
    identities = [Identity.load(path, change.org, passphrase)]
    if new_identity is not None:
        identities.append(
            make_identity(run, change.org, new_identity, new_passphrase_file)
        )
    signers = [one.signer for one in identities]
    companions = sign_companions(change, identities)
    named = str(signers[-1].key)
    meant = [structs.replace(one.read(), identity=named) for one in change.statements]
    for one, after in zip(change.statements, meant, strict=True):
        _check_meant(one, after, signers)
    # Before anything signed leaves: also where this ends in the middle.
    remember_signed(path, meant)
    if new_identity is not None:
        remember_signed(new_identity, meant)
    statements = []
    for one, after in zip(change.statements, meant, strict=True):
        # The first of a chain has no identity key before it.
        note = sign_statement(after, *(signers if one.before else signers[-1:]))
        statements.append(structs.replace(one, note=note.decode()))
    change = structs.replace(
        change, statements=tuple(statements), companions=companions
    )
    keychange.save_change(file, change)
    _show(run, change, file, "change.signed")
    return None


@statement.command("publish", help="change.help-publish")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@command_options
def publish(run: Run, *, file: Path) -> None:
    """Put what is signed in its place; the node must be stopped for it."""
    home, org = run.home, run.settings.org
    change = keychange.load_change(file)
    if change.org != org:
        raise ConflictError(Sentence("change.of-other", org=change.org, ours=org))
    with standing_still(home), run.open_database().view() as view:
        sizes = {one.origin: _open_size(view, one.origin) for one in change.statements}
        chains = keychange.check_publishable(home, change, lambda o: sizes[o] or 0)
        held = functools.partial(keychange.load_chain, home, org)
        by_origin = {chain.origin: chain for chain in chains}
        beside = [
            check_statements(home, by_origin.get(one.origin) or held(one.origin), one)
            for one in change.companions
        ]
        begun = [one.origin for one in change.statements if not one.before]
        for origin in begun:
            # Before its chain, as every log of ours is founded.
            if not home.chain(origin).exists():
                open_guard(home).found(origin)
        keychange.publish(home, org, chains)
        for one, statements in zip(change.companions, beside, strict=True):
            publish_companions(home, one.origin, statements)
        # Last: a node that starts in between must find the keys of what is named.
        for origin in begun:
            add_election(home.settings, origin.partition("/")[2], "successors")
    _show(run, change, file, "change.published")


@contextlib.contextmanager
def standing_still(home: Home) -> Iterator[None]:
    """Nothing is signed meanwhile: the size that a statement names must stay."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(home.lock))
        except ConflictError as error:
            raise ConflictError(Sentence("change.running")) from error
        yield


def _check_meant(one: Prepared, after: KeyStatement, signers: list[Signer]) -> None:
    """Refuse to sign what is not the change that was shown.

    Raises:
        FederationError: it does not continue what came with it, or begin a successor;
            or it would begin one by a new identity key, which no file can name.
    """
    if one.before:
        # What was shown is the difference to this, which came with the file.
        check_continues(one.before.encode(), after, signers[0].key)
        return
    check_begins(after)
    if len(signers) > 1:
        raise ConflictError(Sentence("change.begun-by-new"))


def _find_keys(chain: KeyChain, names: Iterable[str]) -> dict[str, VerifierKey]:
    """The keys of a log that are named, as far as it has them."""
    found: dict[str, VerifierKey] = {}
    for name in names:
        with contextlib.suppress(NotFoundError):
            found[name] = find_key(chain, name)
    return found


def _parse_desk(named: str, name: str) -> VerifierKey:
    """A records key that lies elsewhere: its text, or the file that holds it."""
    path = Path(named)
    text = load_vkey_text(path, named, "") if path.exists() else named
    try:
        key = parse_vkey(text)
    except FormatError as error:
        raise ConfigError(named, "", Sentence("machine.vkey-bad")) from error
    if key.name != name:
        raise ConfigError(named, "", Sentence("change.desk-name", name=name))
    return key


def make_identity(
    run: Run, org: str, path: Path, passphrase_file: str | None
) -> Identity:
    """The identity key that takes the place of the one we have; made unless it is."""
    is_new = not path.exists()
    words = read_passphrase(
        run, passphrase_file, new=is_new, ask="change.ask-new-passphrase"
    )
    if is_new:
        save_identity(path, token_bytes(32), words, token_bytes(SALT_BYTES))
    identity = Identity.load(path, org, words)
    run.out.note(
        run.t("change.new-fingerprint", print=fingerprint(identity.signer.key))
    )
    return identity


def _show(run: Run, change: KeyChangeFile, file: Path, key: str) -> None:
    told = [run.t.say(sentence) for sentence in change.tell()]

    def human() -> None:
        for sentence in told:
            run.out.line(sentence)
        run.out.line(run.t(key, file=file))

    signed = change.is_signed
    run.out.show({"file": str(file), "changes": told, "signed": signed}, human)


def _open_size(view: View, origin: str) -> int | None:
    """How many leaves a log of ours has; None: it has ended."""
    try:
        log = logs.get_log(view, origin)
    except NotFoundError:
        return 0
    has_ended = log.closed_at is not None or log.frozen is not None
    return None if has_ended else log.size
