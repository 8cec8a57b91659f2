"""What an audit found, for people: the gravest first, and nothing in silence.

Rule: an error for each kind that was found, and so a note; then of each as many as
there is room for, in the order of `flows/audit/report.py`. What is left is counted by
kind. Notes without which a verdict says more than it does are all printed: less was
shown than somebody has, and nobody vouches for it, or confirms it.
"""

from collections.abc import Mapping
from typing import Final

from federation.cli.output import Output, clean_line
from federation.flows.audit import AuditFinding, AuditReport

_ROOM: Final = 20  # lines for each level, where there are not more kinds
_WHOLE: Final = frozenset(
    {"behind", "no-cosignature", "no-map", "set-apart", "stranger"}
)
# Where the sentence, the place and the lines above do not say all: a path, a reason.
# Such reasons are for whoever mends it; `--json` has all of them.
_DETAILED: Final = frozenset(
    {"bad-record", "behind", "checkpoint", "cosignature", "cut-off", "damaged"}
    | {"extra-file", "foreign", "keys", "map", "missing", "no-map", "receipt"}
    | {"revoked", "set-apart", "tile", "unreachable"}
)


def say_line(out: Output, text: str) -> None:
    """Print one line: a name with a line feed in it must not print a verdict."""
    out.line(clean_line(text))


def print_findings(out: Output, report: AuditReport) -> None:
    """Print the errors, then the notes; nothing where there are none."""
    for level in ("error", "note"):
        kinds = dict[str, list[AuditFinding]]()
        for finding in report.findings:
            if finding.level == level:
                kinds.setdefault(finding.kind, []).append(finding)
        if kinds:
            out.line()
            say_line(out, out.t(f"verify.level-{level}"))
            _print_kinds(out, kinds, report.counts)


def _print_kinds(
    out: Output,
    kinds: Mapping[str, list[AuditFinding]],
    counts: Mapping[str, int],
) -> None:
    # One fork may be proved by keys, by checkpoints and by evidence.
    lines = {
        kind: list(dict.fromkeys(_tell(out, finding) for finding in findings))
        for kind, findings in kinds.items()
    }
    room = _ROOM - sum(_least(kind, told) for kind, told in lines.items())
    for kind, told in lines.items():
        least = _least(kind, told)
        shown = told[: least + max(0, room)]
        room -= len(shown) - least
        for line in shown:
            say_line(out, f"  - {line}")
        # Of each source and history the first hundred are kept.
        left = len(told) - len(shown) + counts.get(kind, 0) - len(kinds[kind])
        if left > 0:
            values = {"count": out.number(left), "kind": out.t(f"verify.kind-{kind}")}
            say_line(out, f"  {out.t('verify.more', **values)}")


def _least(kind: str, lines: list[str]) -> int:
    """How many lines are shown however little room there is."""
    return len(lines) if kind in _WHOLE else 1


def _tell(out: Output, finding: AuditFinding) -> str:
    sentence = out.t(f"verify.kind-{finding.kind}")
    where = [finding.source, finding.origin]
    if finding.index is not None:
        where.append(out.t("verify.at", index=out.number(finding.index)))
    at = ", ".join(filter(None, where))
    is_detailed = finding.detail and finding.kind in _DETAILED
    detail = f" ({out.t.say(finding.detail)})" if is_detailed else ""
    return f"{at}: {sentence}{detail}"
