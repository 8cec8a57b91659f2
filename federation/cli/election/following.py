"""`federation election next`: a further election, with the partners of one before.

Rule: what one election needs is done in one go, and again without harm: its rules, our
keys for it, and a place in each partner's list of peers.toml that names the one before.
A partner without a list is asked for all that it offers, and stays as it is; nobody is
added, and nobody gets more than before, since what a partner may have of ours is said
of all elections.
"""

from pathlib import Path
from typing import Any

import click

from federation.cli.context import Run, command_options
from federation.cli.election.candidates import follow_rules
from federation.cli.help import Command
from federation.cli.keys.chain import chain_log
from federation.cli.passphrase import OPTION
from federation.config.disk import make_folder, read_bounded, replace_file
from federation.config.home import Home
from federation.config.member import ELECTION, check_member
from federation.config.peers import Peer, load_peers
from federation.config.rewrite import follow_election
from federation.errors import ConflictError, NotFoundError
from federation.profiles import load_profiles, load_shipped, read_profile
from federation.records.profile import Profile
from federation.text import Sentence

MAX_PROFILE_BYTES = 4 << 20


def take_rules(run: Run, file: Path) -> tuple[Profile, Path]:
    """Take in the rules of an election from a file, and where they are now.

    Raises:
        ConflictError: they come with the program, or newer ones are here.
        FederationError: the file cannot be read, or says no rules.
    """
    data = read_bounded(file, MAX_PROFILE_BYTES)
    profile = read_profile(data, str(file))
    if profile.election in load_shipped():
        raise ConflictError(Sentence("election.is-shipped", election=profile.election))
    before = load_profiles(run.home.elections).get(profile.election)
    if before is not None and profile.version < before.version:
        raise ConflictError(Sentence("election.is-older", version=before.version))
    make_folder(run.home.elections, 0o755)
    path = run.home.elections / f"{profile.election}.json"
    replace_file(path, data)
    is_newer = before is not None and profile.digest != before.digest
    if is_newer and profile.election in run.settings.elections:
        follow_rules(run)
    return profile, path


@click.command("next", cls=Command, help="election.help-next")
@click.argument("name", metavar="ELECTION")
@click.option("--after", required=True, help="election.option-after")
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False),
    help="election.option-rules",
)
@click.option("--incidents", is_flag=True, help="election.option-next-incidents")
@click.option(OPTION, "passphrase_file", help="init.option-passphrase-file")
@command_options
def follow_next(
    run: Run,
    *,
    name: str,
    after: str,
    rules: str | None,
    incidents: bool,
    passphrase_file: str | None,
) -> None:
    """Take part in a further election, with the partners of one before."""
    check_member("ELECTION", name, ELECTION)
    settings = run.read_settings(coming=name)
    peers = Home.of(run.folder, settings).peers
    if after not in settings.elections:
        raise NotFoundError(Sentence("election.not-ours", election=after))
    # A mistake in peers.toml is told before anything is made.
    partners = [peer for peer in load_peers(peers) if _follows(peer, after)]
    profile = _rules(run, name, rules)
    made = chain_log(run, settings, name, passphrase_file, incidents=incidents)
    listed = follow_election(peers, after, name)
    orgs = sorted(peer.org for peer in partners)
    value: dict[str, Any] = {
        "election": name,
        "digest": profile.digest,
        "made": [str(path) for path in made],
        "partners": orgs,
        "listed": listed,
    }

    def human() -> None:
        out, t = run.out, run.t
        out.line(t("election.followed" if made else "election.follows", election=name))
        out.line(t("election.digest", digest=profile.digest))
        key = "election.next-partners" if orgs else "election.next-nobody"
        out.line(t(key, election=name, orgs=", ".join(orgs)))
        out.note(t("election.next-steps", election=name))

    run.out.show(value, human)


def _rules(run: Run, name: str, file: str | None) -> Profile:
    if file is not None:
        profile = read_profile(read_bounded(Path(file), MAX_PROFILE_BYTES), file)
        if profile.election != name:
            said = Sentence(
                "election.other-rules", file=file, election=profile.election
            )
            raise ConflictError(said)
        return take_rules(run, Path(file))[0]
    known = load_profiles(run.home.elections)
    if name not in known:
        raise NotFoundError(Sentence("election.no-rules", election=name))
    return known[name]


def _follows(peer: Peer, election: str) -> bool:
    return peer.elections is None or election in peer.elections
