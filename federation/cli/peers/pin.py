"""Agreeing on a key with people, and pinning it.

Rule: nothing is pinned before people have compared the fingerprint; the key file is
written before the entry that refers to it.
"""

from os.path import relpath

from federation.cli.context import Run
from federation.config.disk import create_file, make_folder, replace_file
from federation.config.fingerprint import differing, fingerprint
from federation.config.peers import Peer, load_vkey_text
from federation.config.rewrite import add_peers, set_identity
from federation.errors import ConfigError, NotFoundError, VerificationError
from federation.text import Sentence
from federation.tlog.keys import VerifierKey


def compare_key(
    run: Run, who: str, identity: VerifierKey, expected: str | None
) -> bool:
    """Whether people agree that this is the key they mean.

    Raises:
        VerificationError: the fingerprint is not the expected one.
    """
    theirs = fingerprint(identity)
    if expected is not None:
        if theirs == expected:
            return True
        groups = ", ".join(str(group) for group in differing(expected, theirs))
        # No signature is wrong: a person typed what another key's owner would read out.
        raise VerificationError(
            Sentence("peers.differs", expected=expected, found=theirs, groups=groups)
        )
    run.out.note(who)
    run.out.note(f"  {theirs}")
    agreed = run.confirm(run.t("peers.ask-compare"), "--expect")
    if not agreed:
        run.out.note(run.t("peers.declined"))
    return agreed


def pin_peers(run: Run, new: list[Peer]) -> None:
    """Write the keys and the entries of new partners; the entries last, all or none.

    Raises:
        ConfigError: a file cannot be written, or another key lies under that name.
        ConflictError: one of them is listed already.
    """
    home = run.home
    make_folder(home.keys)
    entries = []
    for peer in new:
        path = home.vkey(peer.org)
        if not path.exists():
            create_file(path, f"{peer.identity}\n".encode())
        elif load_vkey_text(path, str(path), "") != str(peer.identity):
            raise ConfigError(str(path), "", Sentence("peers.other-key", org=peer.org))
        entries.append((peer, relpath(path, home.peers.parent)))
    if entries:
        add_peers(home.peers, entries)


def pin_again(run: Run, peer: Peer, identity: VerifierKey) -> None:
    """Write another key for a partner; the file of the one before stays.

    Raises:
        ConfigError: a file cannot be written, or the list not be edited safely.
    """
    home = run.home
    make_folder(home.keys)
    # By another name, so that the list changes, too: that is what a node looks at.
    before = home.vkey(peer.org)
    path = before.with_name(f"{peer.org}.{identity.key_id.hex()}.vkey")
    replace_file(path, f"{identity}\n".encode())
    set_identity(home.peers, peer.org, relpath(path, home.peers.parent))


def find_peer(run: Run, org: str) -> Peer:
    """The partner of that name.

    Raises:
        NotFoundError: it is not listed.
    """
    for peer in run.peers:
        if peer.org == org:
            return peer
    raise NotFoundError(Sentence("machine.not-listed", org=org, path=run.home.peers))
