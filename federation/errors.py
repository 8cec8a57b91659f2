"""What can go wrong, named by whose fault it is.

Rule: an error says what is wrong, where, and (where a person can act) how to mend
it. It knows nothing of HTTP or of exit codes: `web/problem.py` and `cli/output.py` each
hold one table. What is wrong is a `Sentence`, never text that one language was put
into: `Text.say(error.told)` is the whole of it in the reader's, `str(error)` in
English. Our own bugs are assertions, never one of these.

`code` is stable and documented (`docs/reference/errors.md`): programs may rely on it.
"""

from typing import ClassVar, Final, Literal, Self

from federation.text import Sentence

#: What a peer's failure means. Only `absent` says that something is not there, only
#: `wrong` and `cut-off` that what came is not what it should be; of all others nothing
#: follows but that nobody could be asked.
Cause = Literal[
    "absent",  # it says that there is no such thing
    "wrong",  # bytes came, and are not what they should be
    "cut-off",  # bytes came, and end too early
    "login",  # it, or what stands before it, wants to know who asks
    "unbelieved",  # it does not know who asks, or does not believe it
    "refused",  # it does not let us ask
    "busy",  # it asks to wait
    "failing",  # a fault on its side
    "moved",  # it is to be asked elsewhere
    "page",  # a web page for people stands in the place of the file
    "garbled",  # an answer in a form that nobody asked for
    "tls",  # the secure connection cannot be trusted
    "silent",  # no answer, or not the whole of it
    "unreadable",  # a file that is there, and cannot be read
]


class FederationError(Exception):
    """Root of every error that this package raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, told: Sentence) -> None:
        """`told` is what is wrong, where, and how to mend it."""
        self.told = told
        super().__init__(told)


class ConfigError(FederationError):
    """A configuration file, or a key file, that cannot be used as it is."""

    code = "config"

    def __init__(self, path: str, key: str, reason: Sentence) -> None:
        """`key` is the dotted key inside the file, or "" for the whole file."""
        self.path, self.key, self.reason = path, key, reason
        place = f"{path}: {key}" if key else path
        super().__init__(Sentence("machine.at", place=place, cause=reason))


class FormatError(FederationError):
    """Bytes that are not in the one form that the specification allows."""

    code = "format"
    #: What it means that a peer has handed over such bytes.
    cause: Cause = "wrong"

    def __init__(
        self, what: Sentence, at: str = "", *, cause: Cause | None = None
    ) -> None:
        """`what` is wrong; `at` says where: "line 2", "byte 17", a path.

        `cause` is "cut-off" for the beginning of something that is in the form.
        """
        self.what, self.at, self.cause = what, at, cause or self.cause
        super().__init__(Sentence("machine.where", what=what, at=at) if at else what)


class UnreadableError(FormatError):
    """A file that is there, and whose bytes this machine does not hand over."""

    code = "unreadable"
    cause = "unreadable"


class PhotoError(FormatError):
    """A file that cannot be shared as a photograph: not one, damaged, or too large."""

    code = "photo"


class PhotoRoomError(FederationError):
    """Our own photographs take all the room that the settings give them.

    Nothing of the one that is refused is kept; what was taken in before is.
    """

    code = "photos-full"


class StoredError(FormatError):
    """Bytes of our own database that are not what was written: our disk is to blame."""

    code = "stored"


class RecordError(FederationError):
    """A record that breaks a rule of its type."""

    code = "record"

    def __init__(self, rule: Sentence, field: str = "") -> None:
        """`rule` that is broken; `field` is the dotted member, or ""."""
        self.rule, self.field = rule, field
        at = Sentence("machine.at", place=field, cause=rule)
        super().__init__(at if field else rule)


class VerificationError(FederationError):
    """Somebody signed or served something that does not hold."""

    code = "verification"


class SignatureError(VerificationError):
    """A signature is missing, unknown, bad, or by a key not valid there."""

    code = "signature"


class OtherKeyError(SignatureError):
    """A history that somebody signs, and not by the identity key that is pinned."""


class ProofError(VerificationError):
    """Hashes that do not lead to the signed root."""

    code = "proof"


class RollbackError(VerificationError):
    """A log is offered smaller than what was already signed and held."""

    code = "rollback"

    def __init__(self, known: int, offered: int) -> None:
        """Both are tree sizes; `offered` < `known`."""
        self.known, self.offered = known, offered
        super().__init__(Sentence("held.rollback", offered=offered, known=known))


class ForkError(VerificationError):
    """Proof, checkable by anyone, that an origin signed two histories."""

    code = "fork"

    def __init__(
        self, origin: str, old: bytes, new: bytes, hashes: tuple[bytes, ...] = ()
    ) -> None:
        """`old`, `new`: the two signed checkpoint notes; `hashes`: ≤ 64, 32 bytes each.

        Without hashes both notes have one size. See `tlog/fork.py`.
        """
        self.origin, self.old, self.new, self.hashes = origin, old, new, hashes
        super().__init__(Sentence("held.fork", origin=origin))


class ConflictError(FederationError):
    """Somebody else was first: a lock is held, a size has moved on."""

    code = "conflict"

    def __init__(self, what: Sentence, known_size: int | None = None) -> None:
        """`known_size`: what the size is now, where the conflict is about one."""
        self.known_size = known_size
        super().__init__(what)


class GuardAboveError(ConflictError):
    """More was signed than is here, as the guard knows: by another signer, or earlier.

    What this database holds is an older copy, or somebody else signs with our keys.
    """

    def __init__(self, told: Sentence, origin: str, known_size: int) -> None:
        """`origin` is the log; `known_size` what this database has of it."""
        self.origin = origin
        super().__init__(told, known_size)


class UnknownPastError(ConflictError):
    """Keys may have signed a log of which nothing is left here."""

    code = "unknown-past"


class DatabaseBusyError(ConflictError):
    """Another process, or connection, writes to the database just now."""

    @property
    def outside(self) -> Sentence:
        """What others are told: where the database lies is nobody's business."""
        return Sentence("held.database-busy")


class RecoveryConflictError(DatabaseBusyError):
    """A standby had to apply what a read still needed, and has broken it off."""

    @property
    def outside(self) -> Sentence:
        """What others are told."""
        return Sentence("held.read-broken-off")


class FencedError(ConflictError):
    """Another process has taken over the database to which this one wrote.

    This one writes and signs no more. Of a step that is refused so nothing is kept.
    """

    code = "fenced"

    @property
    def outside(self) -> Sentence:
        """What others are told: which machine writes is nobody's business."""
        return Sentence("held.fenced-away")

    @property
    def cause(self) -> Sentence:
        """The same, where something was kept, or nobody knows, for that reason."""
        return Sentence("held.fenced-cause")


class HeldError(ConflictError):
    """Another process writes to this database, and has said so a moment ago."""

    def __init__(self, told: Sentence, pid: int, host: str, since: int) -> None:
        """`since`: Unix seconds."""
        self.pid, self.host, self.since = pid, host, since
        super().__init__(told)


class KeptError(FederationError):
    """Records that are durable and signed here, and that nobody is shown yet.

    No acknowledgement, and no refusal: they are shown as soon as the disk lets us, and
    whoever hands them in again is then told that they are `held`.
    """

    code = "kept"


class GuardUnreachableError(FederationError):
    """The guard is not on this machine, and cannot be asked, or does not answer.

    Nothing is signed before it can be: until then nobody knows what was.
    """

    code = "guard-unreachable"

    def __init__(self, cause: Sentence) -> None:
        """`cause` has where it is and why; it is for those who run this node."""
        self.cause = cause
        super().__init__(Sentence("held.guard-unreachable", cause=cause))

    @classmethod
    def answered(cls, said: Sentence) -> Self:
        """The same as another process has told it: the whole of it."""
        error = cls(said)
        error.told, error.args = said, (said,)
        return error

    @property
    def outside(self) -> Sentence:
        """What others are told: where our guard lies is nobody's business."""
        return Sentence("held.guard-away")


class DoubtError(FederationError):
    """Records of which the disk does not say whether it has kept them.

    Handed in again they are `held`, or taken in: once in either case.
    """

    code = "in-doubt"


class ReadOnlyError(FederationError):
    """Something that a reader, which changes nothing, leaves to the node itself."""

    code = "read-only"


class RequestSignatureError(FederationError):
    """A request that says who asks, and does not prove it."""

    code = "request-signature"


class ClockError(RequestSignatureError):
    """A request that was signed at another time than now, by one of two clocks."""

    code = "request-clock"


class ReplayError(RequestSignatureError):
    """A signed request that was seen before."""

    code = "request-replayed"


class UnknownSignerError(RequestSignatureError):
    """A request that is signed well, by a key that is no partner's here."""

    code = "request-unknown-key"


class NotFoundError(FederationError):
    """There is no such thing here."""

    code = "not-found"


class UploadAwaitedError(NotFoundError):
    """A photograph that has not come into the bucket yet; its address holds still."""

    code = "upload-awaited"


class UploadEndedError(NotFoundError):
    """A photograph that did not come into the bucket while its address held."""

    code = "upload-ended"


class PeerError(FederationError):
    """A peer did not answer, or not as the protocol says."""

    code = "peer"

    def __init__(
        self,
        origin: str,
        url: str,
        status: int | None = None,
        reason: Sentence | None = None,
        cause: Cause | None = None,
        retry_after: float | None = None,
    ) -> None:
        """`origin` is a log or an organisation; `status` the HTTP status, if any.

        `cause` is what it means, by default what the status says; `retry_after` the
        seconds that the peer asked to wait, if it did.
        """
        self.origin, self.url, self.status, self.reason = origin, url, status, reason
        self.cause: Cause = cause or _cause_of(status)
        self.retry_after = retry_after
        key = "errors.answered" if status else "errors.silent"
        if self.is_of_file:
            key = "network.place"
        told = Sentence(key, origin=origin, url=url, status=status)
        at = Sentence("machine.at", place=told, cause=reason)
        super().__init__(at if reason else told)

    @property
    def is_of_file(self) -> bool:
        """Whether it was a file that did not come as it should: none answers."""
        is_known = self.is_wrong or self.cause in {"absent", "unreadable"}
        return self.status is None and is_known

    @property
    def is_absent(self) -> bool:
        """Whether it says that there is no such thing."""
        return self.cause == "absent"

    @property
    def is_wrong(self) -> bool:
        """Whether bytes came, and are not what they should be."""
        return self.cause in {"wrong", "cut-off"}

    @property
    def is_unasked(self) -> bool:
        """Whether nothing follows but that nobody could be asked."""
        return not (self.is_absent or self.is_wrong)


_CAUSES: Final[dict[int | None, Cause]] = {
    None: "silent",
    200: "wrong",
    304: "garbled",
    401: "login",
    404: "absent",
    407: "login",
    410: "absent",
    429: "busy",
    503: "busy",
    511: "login",
}
_CAUSES_BY_HUNDRED: Final[dict[int, Cause]] = {3: "moved", 4: "refused", 5: "failing"}


def _cause_of(status: int | None) -> Cause:
    """What an HTTP status means by itself."""
    known = _CAUSES.get(status)
    return known or _CAUSES_BY_HUNDRED.get((status or 0) // 100, "garbled")
