"""The guard in a bucket: an object for each log, changed by compare-and-swap.

Rule: as of every guard (`store/guard.py`), and of whoever raises it at the same time
from another machine one is told that it came too late. What a request came to that got
no answer is read back: ours stands there, and all is well; the old one, and it is tried
again; another one, and somebody else signs, so we stop. Where nobody answers, nothing
is signed. So it lies where the database does not: what takes one leaves the other.

One object for each origin, named by SHA-256 of the origin and `.guard`. Until a size
was signed it has the first and the last of these lines, and says that the log's keys
were made here:

    jagasuara.example/pemilu-2024
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
    here s3://bucket/below node-a

The last line says at which address it was written, and by which machine. All who sign
with it ask the same object, so no copy of a home brings back an older one, and none has
to be told from it: a database from a backup, or a machine that was cloned, finds what
the other has signed. An object that was copied to another address says so; so does one
that says what partners showed and we did not know (`learn`), by having no such line.
Whoever puts an older object back at the same address takes away what it knew, and that
is not found out: it is no part of any backup, and nobody but the node may write there.
"""

import hashlib
from collections.abc import Callable
from typing import Final

from federation.blobs.register import SwapEntry, SwapRegister
from federation.errors import (
    FormatError,
    GuardUnreachableError,
    ProofError,
)
from federation.store.guard import (
    HERE,
    format_founded,
    is_raise,
    parse_held,
    split_line,
)
from federation.text import Sentence
from federation.text.cause import tell_refusal
from federation.tlog.checkpoint import Checkpoint, format_checkpoint

#: So often one change is tried: each time anew from what is there.
_TRIES: Final = 4


class BucketGuard:
    """The guard objects below one address; its methods are those of `Guard`."""

    def __init__(self, register: SwapRegister, machine: str) -> None:
        """`machine` is the name of this one, for people."""
        self._register = register
        name = "-".join(machine.split()) or "-"
        self._line = HERE + f"{register.address} {name}\n".encode()
        #: What was there when this process last looked, or what it put there.
        self._seen: dict[str, SwapEntry] = {}
        #: The newest time at which the store has one of ours, as far as it was asked.
        self._written: dict[str, float] = {}
        self._is_proved = False

    def read(self, origin: str) -> tuple[int, bytes] | None:
        """See `Guard.read`.

        Raises:
            GuardUnreachableError: it cannot be asked.
            VerificationError: it is damaged; it must not be guessed.
        """
        return self._held(origin, self._look(origin))

    def found(self, origin: str) -> str:
        """See `Guard.found`; of a log that was founded or signed nothing changes.

        Raises:
            GuardUnreachableError: it cannot be asked.
            VerificationError: it is damaged; it must not be guessed.
        """
        # Once for each log, when there is time for it.
        self._prove(races=True)

        def wanted(entry: SwapEntry | None) -> bytes | None:
            if self._held(origin, entry) or (entry and self._is_ours(entry)):
                return None
            return format_founded(origin) + self._line

        self._change(origin, wanted)
        return self._register.place(_key(origin))

    def is_founded(self, origin: str) -> bool:
        """See `Guard.is_founded`.

        Raises:
            GuardUnreachableError: it cannot be asked.
        """
        entry = self._look(origin)
        return entry is not None and _founds(entry, origin) and self._is_ours(entry)

    def was_founded(self, origin: str) -> bool:
        """See `Guard.was_founded`.

        Raises:
            GuardUnreachableError: it cannot be asked.
        """
        entry = self._look(origin)
        return entry is not None and _founds(entry, origin)

    def is_here(self, origin: str) -> bool:
        """See `Guard.is_here`.

        Raises:
            GuardUnreachableError: it cannot be asked.
            VerificationError: it is damaged; it must not be guessed.
        """
        entry = self._look(origin)
        if entry is None or self._held(origin, entry) is None:
            return False
        return self._is_ours(entry)

    def raised_at(self, origin: str) -> float | None:
        """See `Guard.raised_at`: by the store's clock."""
        entry = self._seen.get(origin)
        if entry is None or _founds(entry, origin):
            return None
        return entry.written_at or self._written.get(origin)

    def look_again(self, *, writes: bool) -> None:
        """See `Guard.look_again`.

        Raises:
            GuardUnreachableError: it cannot be asked, or may not be written.
        """
        if writes:
            self._is_proved = False
            self._prove(races=False)
        for origin, entry in list(self._seen.items()):
            if entry.written_at is None:
                # What was put there has its time from the store, which says it later.
                found = self._look(origin)
                if found is not None and found.written_at is not None:
                    self._written[origin] = found.written_at

    def raise_to(
        self, origin: str, size: int, root: bytes, *, after: tuple[int, bytes] | None
    ) -> None:
        """See `Guard.raise_to`.

        Args:
            origin: Of the log.
            size: That was signed.
            root: Of its leaves.
            after: What `read` gave, and these leaves continue.

        Raises:
            RollbackError: a larger size was signed before.
            ProofError: this size was signed with another root, or it was raised since.
            GuardUnreachableError: it cannot be asked; it is the old or the new one.
            VerificationError: it is damaged; it must not be guessed.
        """
        signed = Checkpoint(origin, size, root)
        body = format_checkpoint(signed) + self._line

        def wanted(entry: SwapEntry | None) -> bytes | None:
            held = self._held(origin, entry)
            return body if is_raise(held, after, signed) else None

        seen = self._seen.get(origin)
        # Somebody else may have looked meanwhile, at what others have raised.
        is_same = seen is not None and self._held(origin, seen) == after
        self._change(origin, wanted, seen if is_same else None)

    def learn(self, origin: str, size: int, root: bytes) -> None:
        """See `Guard.learn`.

        Raises:
            ProofError: this size was signed with another root.
            GuardUnreachableError: it cannot be asked; it is the old or the new one.
            VerificationError: it is damaged; it must not be guessed.
        """
        body = format_checkpoint(Checkpoint(origin, size, root))

        def wanted(entry: SwapEntry | None) -> bytes | None:
            held = self._held(origin, entry)
            if held is not None and size == held[0] and root != held[1]:
                told = {"origin": origin, "size": size}
                raise ProofError(Sentence("held.guard-other-root", **told))
            return body if held is None or size > held[0] else None

        self._change(origin, wanted)

    def confirm(self, origin: str, size: int, root: bytes) -> None:
        """See `Guard.confirm`.

        Raises:
            RollbackError: a larger size was signed before.
            ProofError: this size was signed with another root.
            GuardUnreachableError: it cannot be asked; it is the old or the new one.
            VerificationError: it is damaged; it must not be guessed.
        """
        if size == 0:
            self.found(origin)
            return
        signed = Checkpoint(origin, size, root)
        body = format_checkpoint(signed) + self._line
        first = self.read(origin)

        def wanted(entry: SwapEntry | None) -> bytes | None:
            is_raised = is_raise(self._held(origin, entry), first, signed)
            return None if not is_raised and entry and self._is_ours(entry) else body

        self._change(origin, wanted)

    def _look(self, origin: str) -> SwapEntry | None:
        try:
            entry = self._register.read(_key(origin))
        except OSError as error:
            raise GuardUnreachableError(tell_refusal(error)) from error
        if entry is None:
            self._seen.pop(origin, None)
        else:
            self._seen[origin] = entry
        return entry

    def _change(
        self,
        origin: str,
        wanted: Callable[[SwapEntry | None], bytes | None],
        entry: SwapEntry | None = None,
    ) -> None:
        """Have an object hold what is wanted of it, whatever it holds by then.

        Args:
            origin: Of the log.
            wanted: Gives the bytes for what is there; None: that is well as it is. It
                raises where nothing may come in its place.
            entry: What was there when somebody looked; None: it is looked at first.
        """
        # Before anything is kept that cannot be taken back: `settle` comes here, too.
        self._prove(races=False)
        why = Sentence("held.guard-moving", place=self._register.place(_key(origin)))
        for number in range(_TRIES):
            if number or entry is None:
                entry = self._look(origin)
            body = wanted(entry)
            if body is None:
                return
            try:
                made = self._register.swap(_key(origin), body, entry)
            except OSError as error:
                # Perhaps it was done: the next look says.
                why = tell_refusal(error)
                continue
            if made is not None:
                self._seen[origin] = made
                return
        raise GuardUnreachableError(why)

    def _prove(self, *, races: bool) -> None:
        """Before the first change: that this store keeps its word."""
        if self._is_proved:
            return
        try:
            self._register.prove(races=races)
        except OSError as error:
            raise GuardUnreachableError(tell_refusal(error)) from error
        self._is_proved = True

    def _held(self, origin: str, entry: SwapEntry | None) -> tuple[int, bytes] | None:
        if entry is None or _founds(entry, origin):
            return None
        return parse_held(entry.body, origin, self._register.place(_key(origin)))

    def _is_ours(self, entry: SwapEntry) -> bool:
        """Whether it was written at this address, by whichever machine."""
        try:
            words = split_line(entry.body)[1].split()
        except FormatError:
            return False
        return len(words) == 3 and words[1] == self._register.address.encode()


def _founds(entry: SwapEntry, origin: str) -> bool:
    """Whether it says that keys were made, and nothing was signed by them yet."""
    try:
        text, line = split_line(entry.body)
    except FormatError:
        return False
    return text == format_founded(origin) and bool(line)


def _key(origin: str) -> str:
    return f"{hashlib.sha256(origin.encode()).hexdigest()}.guard"
