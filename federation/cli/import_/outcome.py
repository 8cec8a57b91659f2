"""What an import says at its end: to people, and with `--json` to programs.

Rule: every row ended in one of `OUTCOMES`, and every column was read or left out for a
reason; here both are told. What a person should look at stands last.
"""

from collections.abc import Mapping
from typing import Any, Final

from federation.cli.context import Run
from federation.cli.import_.intake import (
    ALL_ZERO,
    PARTLY_READ,
    REPEATED,
    WITHDRAWN,
    WITHOUT_VOTES,
    Intake,
)
from federation.cli.report import RefusalReport, print_left_out
from federation.flows.listing import REGION, UNLISTED
from federation.records.kinds import place_of
from federation.sources.row import NO_NUMBERS, Use, clip

KPU_FORMATS: Final = frozenset({"rollup", "sirekap", "sirekap-one", "situng"})
OUTCOMES: Final = (
    "logged",
    "held",
    REPEATED,
    "stale",
    "kept-reviewed",
    "refused",
    WITHDRAWN,
    NO_NUMBERS,
)
MAX_HEADERS_SHOWN: Final = 3
MAX_REMARKS_SHOWN: Final = 5


class ImportOutcome:
    """What came of one import."""

    def __init__(  # noqa: PLR0913  all that is told of a run
        self,
        run: Run,
        intake: Intake,
        report: RefusalReport,
        *,
        election: str,
        kinds: dict[str, int],
        photos: Mapping[str, int] | None,
        is_dry: bool,
        is_hinted: bool,
    ) -> None:
        """Keep what is told.

        `kinds`: files by format; `photos`: taken, refused, unnamed; `is_hinted`:
        KPU's own documents may be meant.
        """
        self._run, self._intake, self._report = run, intake, report
        self._election, self._kinds = election, kinds
        self._photos = photos
        self._is_dry, self._is_hinted = is_dry, is_hinted

    def value(self) -> dict[str, Any]:
        """What happened, for a program."""
        intake, report = self._intake, self._report
        return {
            "election": self._election,
            "dry_run": self._is_dry,
            "formats": self._kinds,
            "rows": {name: intake.counts[name] for name in OUTCOMES},
            **({} if self._photos is None else self._photos_value(self._photos)),
            "implausible": intake.counts["implausible"],
            "without_votes": intake.counts[WITHOUT_VOTES],
            "partly_read": intake.counts[PARTLY_READ],
            "all_zero": intake.counts[ALL_ZERO],
            "outside_list": intake.counts[UNLISTED] + intake.counts[REGION],
            "flags": dict(sorted(intake.flags.items())),
            "columns": [
                {
                    "files": files,
                    "columns": [
                        {
                            "header": use.header,
                            "read_as": use.target or None,
                            "left_out": self._run.t.say(use.why) or None,
                        }
                        for use in uses
                    ],
                }
                for uses, files in intake.headers.items()
            ],
            "remarks": [remark._asdict() for remark in intake.remarks],
            "report": str(report.path) if report.path else None,
            "not_logged": [line._asdict() for line in report.shown],
        }

    def print(self) -> None:
        """What happened, for people."""
        out, t = self._run.out, self._run.t
        for kind, files in self._kinds.items():
            name = t(f"import.format-{kind}")
            out.line(t("import.recognised", format=name, files=out.number(files)))
        self._print_headers()
        self._print_counts()
        self._print_remarks()
        if self._is_hinted and KPU_FORMATS & self._kinds.keys():
            out.note(t("import.kpu-hint"))
        if self._photos is not None and not self._are_named(self._photos):
            out.note(t("photoimport.nothing-names"))
        self._print_findings()

    def _print_counts(self) -> None:
        out, t, intake = self._run.out, self._run.t, self._intake
        dry = self._is_dry
        rows = [
            (t("import.taken" if dry else "import.logged"), intake.counts["logged"])
        ]
        rows += [
            (t(f"import.{name}"), intake.counts[name])
            for name in OUTCOMES[1:]
            if intake.counts[name]
        ]
        for name in ("implausible", WITHOUT_VOTES, PARTLY_READ, ALL_ZERO):
            if intake.counts[name]:
                rows.append((t(f"import.{name}"), intake.counts[name]))
        for name, number in (self._photos or {}).items():
            if name == "unnamed":
                rows += [(t("photoimport.unnamed"), number)] if number else []
                continue
            label = "would" if dry and name == "taken" else name
            rows.append(
                (t("photoimport.of-photos", what=t(f"photoimport.{label}")), number)
            )
        key = "import.would" if dry else "import.what"
        out.table([t(key), t("import.rows")], rows, right=[1])
        if dry:
            self._print_preview()
            out.note(t("import.form-only"))
        for flag in ("suspected-echo", "several-refs", "time_past", "time_future"):
            if intake.flags[flag]:
                out.note(t(f"import.{flag}", rows=out.number(intake.flags[flag])))

    def _print_preview(self) -> None:
        """The first results as they would be signed: for somebody who knows them."""
        out, t = self._run.out, self._run.t
        rows = []
        for draft in self._intake.preview:
            votes = draft.fields.get("candidates") or {
                number: party.get("jumlah", "–")
                for number, party in draft.fields.get("parties", {}).items()
            }
            figures = draft.fields.get("figures", {})
            rows.append(
                (
                    place_of(draft.fields),
                    "  ".join(f"{who}: {count}" for who, count in votes.items()),
                    "  ".join(f"{name}: {count}" for name, count in figures.items()),
                )
            )
        if rows:
            heads = [t("import.station"), t("import.votes"), t("import.more-fields")]
            out.table(heads, rows, title=t("import.preview"))

    def _print_remarks(self) -> None:
        out, t, intake = self._run.out, self._run.t, self._intake
        for remark in intake.remarks[:MAX_REMARKS_SHOWN]:
            key = "import.remark-of-row" if remark.row else "import.remark"
            out.note(t(key, file=remark.file, row=remark.row, reason=remark.reason))
        if (more := intake.counts["remarks"] - MAX_REMARKS_SHOWN) > 0:
            out.note(t("import.more-remarks", number=out.number(more)))

    def _print_headers(self) -> None:
        """What became of every column: read as what, left out why."""
        out, t, intake = self._run.out, self._run.t, self._intake
        for uses, files in list(intake.headers.items())[:MAX_HEADERS_SHOWN]:
            read = [
                self._read_as(at, use) for at, use in enumerate(uses, 1) if use.target
            ]
            whose = files[0] if len(intake.headers) > 1 else ""
            out.line(t("import.columns-read", columns=", ".join(read), file=whose))
            by_reason: dict[str, list[str]] = {}
            for use in uses:
                if not use.target:
                    reason = t.say(use.why)
                    by_reason.setdefault(reason, []).append(clip(use.header))
            for reason, headers in by_reason.items():
                names = ", ".join(headers)
                out.line(t("import.columns-left-out", columns=names, reason=reason))
        if (more := len(intake.headers) - MAX_HEADERS_SHOWN) > 0:
            out.line(t("import.more-headers", number=out.number(more)))

    def _print_findings(self) -> None:
        out, t, report = self._run.out, self._run.t, self._report
        without = self._intake.counts[NO_NUMBERS]
        listed = [line for line in report.shown if line.code != NO_NUMBERS]
        if listed:
            names = ("file", "row", "column", "reason")
            headers = [t(f"import.{name}") for name in names]
            cells = [(line.file, line.row, line.column, line.reason) for line in listed]
            out.table(headers, cells)
        print_left_out(self._run, report.skipped)
        for advice in dict.fromkeys(f"import.advice-{line.code}" for line in listed):
            if t.has(advice):
                out.note(t(advice))
        if report.path:
            out.note(t("import.reported", path=report.path))
        else:
            self._print_more(report.size - without - len(listed))

    def _print_more(self, rows: int) -> None:
        out, t, report = self._run.out, self._run.t, self._report
        if rows > 0:
            out.note(t("import.more", rows=out.number(rows)))
        if files := report.skips - len(report.skipped):
            out.note(t("photoimport.more", number=out.number(files)))

    def _photos_value(self, photos: Mapping[str, int]) -> dict[str, Any]:
        unnamed = [line._asdict() for line in self._report.skipped]
        return {"photos": dict(photos), "unnamed": unnamed}

    @staticmethod
    def _are_named(photos: Mapping[str, int]) -> bool:
        return bool(photos["taken"] + photos["refused"])

    def _read_as(self, at: int, use: Use) -> str:
        header = clip(use.header) if use.header else f"#{at}"
        target = self._plain(use.target)
        return self._run.t("import.read-as", header=header, target=target)

    def _plain(self, target: str) -> str:
        """How `--map` calls it; what it cannot call is said in words."""
        bare = target.removeprefix("candidates.").removeprefix("figures.")
        return self._run.t.word(f"import.target-{target.replace('.', '-')}", bare)
