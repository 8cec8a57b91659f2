"""What an examination found.

Rule: `error` is a difference between what is stored and what was signed or follows
from it; `note` is what an operator should know and may be as it should. Codes are
stable: programs rely on them.
"""

from typing import Literal, TypeAlias

import msgspec

from federation.errors import FederationError
from federation.store.engine import SqlError
from federation.text import Sentence

Level: TypeAlias = Literal["error", "note"]

MAX_FINDINGS = 1_000

# What reading damaged rows may end in: nothing here is more than a comparison, so that
# whatever stops it is a difference. Assertions too: they are about stored values.
DAMAGE = (
    SqlError,
    FederationError,
    msgspec.MsgspecError,
    ArithmeticError,
    AssertionError,
    LookupError,
    TypeError,
    ValueError,
)


class DoctorFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was found; `subject` is an origin, an election or a file.

    `detail` is a `Sentence` until it is sent.
    """

    level: Level
    code: str
    subject: str
    detail: str


class DoctorReport(msgspec.Struct, kw_only=True):
    """Everything that was found; beyond `MAX_FINDINGS` they are only counted.

    `leaves` and `stations`: how many were recomputed, `photos`: looked at. `is_deep`:
    whether they were.
    """

    is_deep: bool
    findings: list[DoctorFinding] = []
    errors: int = 0
    logs: int = 0
    leaves: int = 0
    checkpoints: int = 0
    stations: int = 0
    photos: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs."""
        return self.errors == 0

    def error(self, code: str, subject: str, detail: Sentence) -> None:
        """Add a difference."""
        self.errors += 1
        self._add("error", code, subject, detail)

    def note(self, code: str, subject: str, detail: Sentence) -> None:
        """Add something to know."""
        self._add("note", code, subject, detail)

    def _add(self, level: Level, code: str, subject: str, detail: Sentence) -> None:
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(
                DoctorFinding(level=level, code=code, subject=subject, detail=detail)
            )
