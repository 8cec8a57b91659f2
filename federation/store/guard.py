"""The guard: the highest size and root ever signed, outside the database.

Rule: it is raised after a checkpoint is stored and before anything above it is shown.
A database restored from a backup is older than the guard, and so is found out before
it signs a second history. It never goes down, and one size keeps one root.

One Protocol, two that keep it: a folder (`folderguard.py`), and an object in a bucket
that is changed by compare-and-swap (`flows/ownlog/bucketguard.py`), which several
machines share. Which of the two a home has, its settings say (`node/guards.py`).
"""

from pathlib import Path
from typing import Final, Protocol

from federation.errors import (
    FormatError,
    ProofError,
    RollbackError,
    VerificationError,
)
from federation.text import Sentence
from federation.tlog.checkpoint import Checkpoint, parse_checkpoint

#: How the line begins that says where what stands above it was written.
HERE: Final = b"here "


class Guard(Protocol):
    """What was signed at most, of each log of ours.

    Every method may raise `GuardUnreachableError` where it is not on this machine.
    """

    def read(self, origin: str) -> tuple[int, bytes] | None:
        """The highest size and its root that were signed, or None for a new log.

        Raises:
            VerificationError: it is damaged; it must not be guessed.
        """

    def found(self, origin: str) -> Path | str:
        """Remember, durably, that the keys of this log are made here, now: the place.

        Raises:
            OSError: the disk failed.
        """

    def is_founded(self, origin: str) -> bool:
        """Whether `found` was told of this log, here, and nothing was signed since.

        Raises:
            OSError: it is there and cannot be read.
        """

    def was_founded(self, origin: str) -> bool:
        """Whether a copy of the mark is here: nothing was signed when it was made.

        Raises:
            OSError: it is there and cannot be read.
        """

    def is_here(self, origin: str) -> bool:
        """Whether what `read` gives was written here, and is no copy.

        Raises:
            VerificationError: it is damaged; it must not be guessed.
        """

    def raised_at(self, origin: str) -> float | None:
        """When the newest size was signed: Unix seconds; None: a new log, or unknown.

        Asked for whoever looks at the node, so nobody waits for a network; `look_again`
        finds out what is not known.
        """

    def look_again(self, *, writes: bool) -> None:
        """Ask it anew, beside whoever signs; nothing of it changes.

        Args:
            writes: Also whether it could be raised: to read it is not enough to sign.

        Raises:
            VerificationError: it is damaged; it must not be guessed.
        """

    def raise_to(
        self, origin: str, size: int, root: bytes, *, after: tuple[int, bytes] | None
    ) -> None:
        """Remember, durably, that this size was signed here with this root.

        Args:
            origin: Of the log.
            size: That was signed.
            root: Of its leaves.
            after: What `read` gave, and these leaves continue. Of another state, even
                a smaller one, nobody has seen whether they do.

        Raises:
            RollbackError: a larger size was signed before.
            ProofError: this size was signed with another root, or it was raised since.
            OSError: the disk failed; the guard is the old or the new one.
        """

    def learn(self, origin: str, size: int, root: bytes) -> None:
        """Remember, durably, that somebody holds this size, signed by our key.

        That was signed without our knowledge, so that more may have been: until
        `confirm` this is nothing that was written here.

        Raises:
            ProofError: this size was signed with another root.
            OSError: the disk failed; the guard is the old or the new one.
        """

    def confirm(self, origin: str, size: int, root: bytes) -> None:
        """Remember, durably, that nothing was signed but these `size` leaves.

        Raises:
            RollbackError: a larger size was signed before.
            ProofError: this size was signed with another root.
            OSError: the disk failed; the guard is the old or the new one.
        """


def split_line(data: bytes) -> tuple[bytes, bytes]:
    """What is said, and the line that says where it was written, if there is one.

    Raises:
        FormatError: the line is cut short.
    """
    at = data.rfind(b"\n" + HERE) + 1
    if at and not data.endswith(b"\n"):
        raise FormatError(Sentence("held.line-cut-short"))
    return (data[:at], data[at:]) if at else (data, b"")


def parse_held(data: bytes, origin: str, place: Path | str) -> tuple[int, bytes]:
    """The size and root that a guard says were signed.

    Args:
        data: All that lies there.
        origin: Of the log that it should be of.
        place: Names it in errors.

    Raises:
        VerificationError: it is damaged; it must not be guessed.
    """
    try:
        checkpoint = parse_checkpoint(split_line(data)[0])
    except FormatError as error:
        raise VerificationError(
            Sentence("held.guard-damaged", path=place, error=error.told)
        ) from error
    if checkpoint.origin != origin:
        raise VerificationError(
            Sentence("held.guard-of-other", path=place, origin=checkpoint.origin)
        )
    return checkpoint.size, checkpoint.root


def format_founded(origin: str) -> bytes:
    """What stands in the place of a checkpoint until there is one."""
    return f"{origin}\n".encode()


def is_raise(
    held: tuple[int, bytes] | None,
    after: tuple[int, bytes] | None,
    signed: Checkpoint,
) -> bool:
    """Whether this is more than a guard holds; False: it holds just this.

    Args:
        held: What it holds.
        after: What was held when `signed` was seen to continue it.
        signed: What is to be held.

    Raises:
        RollbackError: a larger size was signed before.
        ProofError: this size was signed with another root, or it was raised since.
    """
    origin, size, root = signed
    # A backup of the database, or a second process: whoever comes with less than
    # was signed would sign that much again.
    if held is not None and size < held[0]:
        raise RollbackError(held[0], size)
    if held is not None and size == held[0] and root != held[1]:
        raise ProofError(Sentence("held.guard-other-root", origin=origin, size=size))
    if held not in {(size, root), after}:
        # Also a smaller size may be of another history: by whom, we cannot know.
        raise ProofError(Sentence("held.guard-raised", origin=origin))
    return held != (size, root)
