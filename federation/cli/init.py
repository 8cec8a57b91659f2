"""`federation init`: from an empty folder to a node that can be started.

Rule: asks on a terminal, takes flags without one; every answer is checked before
anything is written. What exists is kept and named, so it may be run again at any time.
"""

import secrets

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.passphrase import OPTION, check_length, read_passphrase
from federation.cli.questions import Questions, check_folder
from federation.config.disk import create_file, make_folder
from federation.config.fingerprint import fingerprint
from federation.config.founding import Founder, FoundingReport, load_identity_key
from federation.config.home import Home
from federation.config.recovery import format_recovery, save_recovery
from federation.config.settings import Settings, parse_settings
from federation.config.settings_text import PEERS_TEXT, format_settings
from federation.errors import ConfigError, ConflictError
from federation.node.guards import open_guard
from federation.store.enginechoice import engine_at
from federation.text import Sentence


@click.command("init", cls=Command, help="init.help")
@click.option("--org", help="init.option-org")
@click.option("--name", help="init.option-name")
@click.option("--contact", help="init.option-contact")
@click.option("--licence", help="init.option-licence")
@click.option("--attribution", help="init.option-attribution")
@click.option("--election", "elections", multiple=True, help="init.option-election")
@click.option("--incidents", is_flag=True, help="init.option-incidents")
@click.option("--host", help="init.option-host")
@click.option("--port", type=click.IntRange(0, 65_535), help="init.option-port")
@click.option("--public-url", help="init.option-public-url")
@click.option("--guard", help="init.option-guard")
@click.option("--database", help="init.option-database")
@click.option(OPTION, "passphrase_file", help="init.option-passphrase-file")
@click.option("--yes", is_flag=True, help="cli.option-yes")
@command_options
def init(
    run: Run, *, passphrase_file: str | None, yes: bool, **flags: object
) -> int | None:
    """Set up a node."""
    home = Home(run.folder)
    if home.settings.exists():
        settings = run.settings
        _check_same(home, settings, flags["org"])
        text = ""
    else:
        check_folder(home)
        questions = Questions(run, home, flags, yes=yes)
        text = format_settings(questions.ask())
        settings = parse_settings(text, str(home.settings))
        questions.check_known(settings.elections)
        _check_database(home, settings)
    home = Home.of(run.folder, settings)
    report = FoundingReport()
    _found(run, home, settings, (text, passphrase_file, yes), report)
    _print(run, home, settings, report)
    return None


def _check_same(home: Home, settings: Settings, org: object) -> None:
    """Refuse to go on in another organisation's folder.

    Raises:
        ConflictError: the folder belongs to another organisation than the flag says.
    """
    if org is not None and org != settings.org:
        other = Sentence("init.other-org", org=settings.org)
        raise ConflictError(Sentence("machine.at", place=home.settings, cause=other))


def _check_database(home: Home, settings: Settings) -> None:
    """Refuse a server that is none, does not answer, or has the tables of a node.

    Raises:
        ConfigError: it is none; nothing here speaks to it; it has.
        OSError: it does not answer, or refuses us.
    """
    if settings.database is None:
        return
    try:
        is_used = engine_at(home.data, settings.database).exists()
    except ConfigError as error:
        raise ConfigError("--database", "", error.reason) from error
    if is_used:
        raise ConfigError("--database", "", Sentence("init.database-used"))


def _found(
    run: Run,
    home: Home,
    settings: Settings,
    given: tuple[str, str | None, bool],
    report: FoundingReport,
) -> None:
    """Make whatever is missing.

    Args:
        run: this command.
        home: where.
        settings: for whom.
        given: the text of federation.toml ("" where it exists), the passphrase's
            file, and whether nobody may be asked.
        report: takes what was made.
    """
    text, file, yes = given
    passphrase = ""
    if _needs_identity(home, settings):
        if yes and file is None:
            raise click.UsageError(run.t("init.needs", option=OPTION))
        passphrase = read_passphrase(run, file, new=not home.identity.exists())
        if (reason := check_length(passphrase)) is not None:
            raise ConfigError(str(home.identity), "", reason)
    make_folder(home.folder, 0o755)
    settings_data, peers_data = text.encode(), PEERS_TEXT.encode()
    report.ensure(home.settings, lambda: create_file(home.settings, settings_data))
    report.ensure(home.peers, lambda: create_file(home.peers, peers_data))
    make_folder(home.keys)
    guard = open_guard(home)
    founder = Founder(home, settings.org, secrets.token_bytes, report, guard.found)
    founder.found_keys(settings.origins)
    if passphrase:
        identity = founder.found_identity(passphrase)
        # Before the chains: once they are signed nobody is asked for the passphrase
        # again, and a sheet that is missing then would never be made.
        report.ensure(home.recovery, lambda: _save_sheet(run, home, settings))
        for origin in settings.origins:
            founder.found_chain(origin, identity, run.now())
    make_folder(home.data)
    make_folder(home.guard)


def _needs_identity(home: Home, settings: Settings) -> bool:
    """Whether the identity key has something to sign here, or has to be made."""
    chains = map(home.chain, settings.origins)
    return not all(path.exists() for path in (home.vkey(settings.org), *chains))


def _save_sheet(run: Run, home: Home, settings: Settings) -> None:
    identity = load_identity_key(home, settings.org)
    pem = home.identity.read_text(encoding="ascii")
    sheet = format_recovery(identity, pem, settings.name, run.t.language)
    save_recovery(home.recovery, sheet)


def _print(run: Run, home: Home, settings: Settings, report: FoundingReport) -> None:
    """Say what was made, the fingerprint, and what comes next."""
    t, out = run.t, run.out
    print_ = fingerprint(load_identity_key(home, settings.org))

    def human() -> None:
        rows = [(path, t("init.made")) for path in report.made]
        rows += [(path, t("init.kept")) for path in report.kept]
        out.table((t("init.file"), t("init.what")), rows)
        if not report.made:
            out.line(t("init.nothing"))
        out.line(t("init.fingerprint"))
        out.line(f"  {print_}")
        out.line(t("init.next", recovery=home.recovery))

    value = {
        "org": settings.org,
        "fingerprint": print_,
        "home": str(home.folder),
        "made": [str(path) for path in report.made],
        "kept": [str(path) for path in report.kept],
    }
    out.show(value, human)
