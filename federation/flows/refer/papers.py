"""How a dossier is drawn: pages, tables, pictures.

Rule: whatever people wrote is escaped before it is laid out, and a letter that the font
has no picture for is printed as "?", which the page then says. No date, no number and
no name of a file is taken from this machine: the bytes follow from the input alone.
"""

import io
from collections.abc import Callable, Sequence
from datetime import datetime
from xml.sax.saxutils import escape

from msgspec import UNSET
from PIL import UnidentifiedImageError
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    HRFlowable,
    Image,
    KeepTogether,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
)

from federation.flows.annex.contents import AnnexPerson, IncidentAnnex
from federation.flows.refer.dossier import (
    FORMAL,
    REQUIREMENTS,
    DossierInput,
    find_missing,
    is_formal,
)
from federation.flows.refer.formal import write_label
from federation.flows.refer.sheet import (
    BODY,
    BOLD,
    CODE,
    FONTS,
    GREY,
    HEAD,
    LETTERHEAD,
    MARGIN,
    MISSING,
    PHOTO,
    RIGHT,
    SMALL,
    TINY,
    TITLE,
    WIDTH,
    NumberedCanvas,
    PaperRows,
    flat_style,
    lay_table,
    ruled_style,
)
from federation.records.result import Evidence
from federation.records.timezones import tell_clock, zone_of
from federation.records.tps import tps_number
from federation.text import Text


def draw_dossier(given: DossierInput) -> bytes:
    """The papers, as PDF on A4."""
    return _Papers(given).draw()


class _Papers:
    """One dossier on its way to paper."""

    def __init__(self, given: DossierInput) -> None:
        for name, file in FONTS.items():
            if name not in pdfmetrics.getRegisteredFontNames():
                pdfmetrics.registerFont(TTFont(name, file))
        pdfmetrics.registerFontFamily("Vera", "Vera", "VeraBd", "VeraIt", "VeraBd")
        self.given = given
        self.t = Text(given.agency.language)
        self.annex = given.annex or IncidentAnnex()
        self.missing = find_missing(given)
        self.zone = zone_of(given.incident.place)
        self._glyphs = pdfmetrics.getFont("Vera").face.charToGlyph
        self._unprinted = False

    def draw(self) -> bytes:
        """The bytes of the PDF."""
        file = io.BytesIO()
        incident = self.given.incident
        document = SimpleDocTemplate(
            file,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=24 * mm,
            bottomMargin=22 * mm,
            title=self.t(f"dossier.{self._kind}"),
            author=self._plain(self.given.sender),
            subject=f"{incident.org}/{incident.id}",
            keywords=write_label(self.given),
            lang=self.t.language,
            invariant=1,
        )
        document.build(
            [
                *self._letter(),
                *self._report(),
                *self._requirements(),
                *self._evidence(),
                *self._records(),
            ],
            canvasmaker=self._canvas(),
        )
        return file.getvalue()

    @property
    def _kind(self) -> str:
        return "report" if is_formal(self.given) else "initial"

    def _canvas(self) -> Callable[..., Canvas]:
        head = self._plain(self.given.sender)
        label = self.t("dossier.label-initial") if self._kind == "initial" else ""
        return lambda *args, **more: NumberedCanvas(
            *args,
            margins=(head, label, self.t("dossier.confidential")),
            t=self.t,
            **more,
        )

    # What stands on the pages, one method each.

    def _letter(self) -> list[Flowable]:
        given, t = self.given, self.t
        facts = [
            [t("dossier.number"), ": ………………………………"],
            [t("dossier.enclosed"), ": " + t("dossier.enclosed-what")],
            [
                t("dossier.subject"),
                f": <b>{t(f'dossier.{self._kind}')}</b> ({self._category()})",
            ],
        ]
        rows = [
            [Paragraph(name, BODY), Paragraph(value, BODY)] for name, value in facts
        ]
        address = "<br/>".join(
            map(self._text, (given.agency.address or "").splitlines())
        )
        return [
            Paragraph(self._text(given.sender), LETTERHEAD),
            Paragraph(self._text(given.contact), SMALL),
            HRFlowable(width="100%", color=GREY, spaceBefore=4, spaceAfter=8),
            Paragraph(self._day(given.written_at), RIGHT),
            Spacer(0, 3 * mm),
            lay_table(rows, (24 * mm, WIDTH - 24 * mm), flat_style()),
            Spacer(0, 5 * mm),
            Paragraph(t("dossier.to"), BODY),
            Paragraph(self._text(given.agency.name), BOLD),
            Paragraph(address, BODY),
            Spacer(0, 5 * mm),
            *self._body(),
            Spacer(0, 6 * mm),
            self._signatures("", "", "sender"),
        ]

    def _body(self) -> list[Flowable]:
        given, t = self.given, self.t
        said = {
            "election": self._text(given.election),
            "place": self._text(self._place()),
            "when": self._moment(given.incident.happened_at),
            "sender": self._text(given.sender),
        }
        told = [t("dossier.opening"), t(f"dossier.body-{self._kind}", **said)]
        told.append(f"<b>{self._text(given.incident.summary)}</b>")
        if self._kind == "initial":
            lacking = [t(f"dossier.need-{n}") for n in self.missing if n in FORMAL]
            told.append(t("dossier.lacking", what="; ".join(lacking)))
        told += self._clock()
        told.append(t("dossier.closing"))
        spaced: list[Flowable] = []
        for sentence in told:
            spaced += [Paragraph(sentence, BODY), Spacer(0, 2.5 * mm)]
        return spaced

    def _report(self) -> list[Flowable]:
        t, incident = self.t, self.given.incident
        description = incident.description
        account = incident.summary if description is UNSET else description
        event = [
            ("event", self._text(incident.summary)),
            ("category", self._text(self._category())),
            ("law", t(f"dossier.law-{incident.law}")),
            ("place", self._text(self._place())),
            ("happened", self._moment(incident.happened_at)),
            ("known", self._known()),
            ("reported", self._moment(incident.reported_at)),
        ]
        if self.annex.position is not None:
            spot = f"{self.annex.position.lat:.5f}, {self.annex.position.lon:.5f}"
            event.insert(4, ("position", spot))
        return [
            PageBreak(),
            Paragraph(t(f"dossier.{self._kind}"), TITLE),
            Paragraph(f"1. {t('dossier.part-reporter')}", HEAD),
            *self._people(
                [self.annex.reporter] if self.annex.reporter else [], "address"
            ),
            self._to_fill("born", "sex", "occupation", "citizenship"),
            Paragraph(f"2. {t('dossier.part-accused')}", HEAD),
            *self._people(self.annex.accused),
            Paragraph(f"3. {t('dossier.part-event')}", HEAD),
            self._facts(event),
            Paragraph(f"4. {t('dossier.part-witnesses')}", HEAD),
            *self._people(self.annex.witnesses),
            Paragraph(f"5. {t('dossier.part-evidence')}", HEAD),
            Paragraph(self._evidence_in_short(), BODY),
            Paragraph(f"6. {t('dossier.part-account')}", HEAD),
            *self._prose(account),
            *([] if description is not UNSET else [self._lack("account")]),
            *self._prose(self.annex.notes),
            KeepTogether(
                [
                    Spacer(0, 6 * mm),
                    self._to_fill("handed-in-at", "handed-in-on"),
                    Spacer(0, 3 * mm),
                    Paragraph(t("dossier.declaration"), BODY),
                    Spacer(0, 4 * mm),
                    self._signatures("reporter", "sender", "agency"),
                ]
            ),
        ]

    def _requirements(self) -> list[Flowable]:
        t, deadline = self.t, self.given.deadline
        law = "" if deadline is None else deadline.rule.law.partition(" ayat ")[0]
        rows: PaperRows = [
            [
                Paragraph(t(f"dossier.column-{name}"), BOLD)
                for name in ("requirement", "sort", "state")
            ]
        ]
        for name in REQUIREMENTS:
            state = "missing" if name in self.missing else "met"
            sort = "formal" if name in FORMAL else "supporting"
            style = MISSING if state == "missing" else BODY
            rows.append(
                [
                    Paragraph(t(f"dossier.need-{name}"), BODY),
                    Paragraph(t(f"dossier.{sort}"), BODY),
                    Paragraph(t(f"dossier.{state}"), style),
                ]
            )
        outcome = t(f"dossier.outcome-{self._kind}")
        made: list[Flowable] = [
            Spacer(0, 8 * mm),
            Paragraph(t("dossier.part-requirements"), TITLE),
            *(
                [Paragraph(t("dossier.by-law", law=self._text(law)), BODY)]
                if law
                else []
            ),
            Spacer(0, 3 * mm),
            lay_table(rows, (92 * mm, 32 * mm, WIDTH - 124 * mm), ruled_style()),
            Spacer(0, 4 * mm),
            Paragraph(outcome, BOLD),
            Spacer(0, 3 * mm),
            *(Paragraph(sentence, BODY) for sentence in self._clock()),
        ]
        return [KeepTogether(made)]

    def _evidence(self) -> list[Flowable]:
        evidence = self.given.incident.evidence
        if evidence is UNSET:
            return []
        t = self.t
        made: list[Flowable] = [
            PageBreak(),
            Paragraph(t("dossier.part-evidence-list"), TITLE),
            Paragraph(t("dossier.evidence-note"), SMALL),
            Spacer(0, 3 * mm),
        ]
        for number, one in enumerate(evidence, 1):
            facts = [
                ("kind", self._text(one.media_type)),
                ("size", t("dossier.bytes", size=t.number(one.size))),
                ("digest", one.sha256),
            ]
            told = [Paragraph(t("dossier.exhibit", number=number), BOLD)]
            for name, value in facts:
                told.append(Paragraph(f"{t(f'dossier.{name}')}:", SMALL))
                told.append(Paragraph(value, CODE))
            cells: PaperRows = [[self._picture(one), told]]
            width = PHOTO[0] + 6 * mm
            made.append(lay_table(cells, (width, WIDTH - width), ruled_style()))
        return made

    def _records(self) -> list[Flowable]:
        t, incident = self.t, self.given.incident
        rows: PaperRows = [
            [
                Paragraph(t(f"dossier.column-{name}"), BOLD)
                for name in ("record", "log", "index")
            ]
        ]
        rows += [
            [
                Paragraph(one.record, CODE),
                Paragraph(self._text(one.origin), CODE),
                Paragraph(str(one.index), SMALL),
            ]
            for one in self.given.receipts
        ]
        made: list[Flowable] = [
            Spacer(0, 8 * mm),
            Paragraph(t("dossier.part-records"), TITLE),
            Paragraph(
                t("dossier.records-note", name=f"{incident.org}/{incident.id}"), SMALL
            ),
            Spacer(0, 3 * mm),
        ]
        if self.given.receipts:
            widths = 101 * mm, 42 * mm, WIDTH - 143 * mm
            made.append(lay_table(rows, widths, ruled_style()))
        if self._unprinted:
            made.append(Paragraph(t("dossier.unprinted"), SMALL))
        return [KeepTogether(made)]

    # Parts of pages.

    def _signatures(self, *roles: str) -> Flowable:
        """Places to sign, side by side; an empty role is an empty place."""
        reporter = self.annex.reporter
        names = {"reporter": reporter.name if reporter else ""}
        cells = [self._signature(role, names.get(role, "")) for role in roles]
        return lay_table([cells], [WIDTH / len(roles)] * len(roles), flat_style())

    def _signature(self, role: str, name: str) -> list[Flowable]:
        if not role:
            return []
        sender = self._text(self.given.sender)
        return [
            Paragraph(self.t(f"dossier.sign-{role}", sender=sender), SMALL),
            Spacer(0, 16 * mm),
            Paragraph(self._text(name) or "………………………………", SMALL),
            Paragraph(self.t(f"dossier.sign-below-{role}"), TINY),
        ]

    def _people(
        self, people: Sequence[AnnexPerson], needed: str = ""
    ) -> list[Flowable]:
        if not people:
            return [Paragraph(self.t("dossier.not-stated"), MISSING)]
        tables: list[Flowable] = []
        for one in people:
            facts = [("name", self._text(one.name))]
            facts += [
                (name, self._lines(value))
                for name, value in (
                    ("address", one.address),
                    ("contact", one.contact),
                    ("about", one.about),
                )
                if value or name == needed
            ]
            tables += [self._facts(facts), Spacer(0, 2 * mm)]
        return tables

    def _facts(self, facts: Sequence[tuple[str, str]]) -> Flowable:
        t = self.t
        lack = f'<font name="VeraBd" color="#a00000">{t("dossier.not-stated")}</font>'
        rows = [
            [
                Paragraph(t(f"dossier.fact-{name}"), BODY),
                Paragraph(value or lack, BODY),
            ]
            for name, value in facts
        ]
        return lay_table(rows, (48 * mm, WIDTH - 48 * mm), ruled_style())

    def _to_fill(self, *names: str) -> Flowable:
        """What the agency's form asks for, too, and is written in by hand."""
        return self._facts([(name, "………………………………………………") for name in names])

    def _lack(self, name: str) -> Flowable:
        return Paragraph(
            self.t("dossier.lack", what=self.t(f"dossier.need-{name}")), MISSING
        )

    def _prose(self, text: str) -> list[Flowable]:
        lines = [line for line in text.splitlines() if line.strip()]
        return [Paragraph(self._text(line), BODY) for line in lines]

    def _picture(self, one: Evidence) -> Flowable:
        data = self.given.photos.get(one.sha256)
        if data is None:
            return Paragraph(self.t("dossier.no-picture"), SMALL)
        try:
            width, height = ImageReader(io.BytesIO(data)).getSize()
        except (OSError, UnidentifiedImageError):
            return Paragraph(self.t("dossier.no-picture"), SMALL)
        scale = min(PHOTO[0] / width, PHOTO[1] / height)
        return Image(io.BytesIO(data), width * scale, height * scale)

    def _evidence_in_short(self) -> str:
        evidence = self.given.incident.evidence
        if evidence is UNSET:
            return self.t("dossier.no-evidence")
        return self.t("dossier.evidence-count", count=len(evidence))

    def _category(self) -> str:
        return self.t(f"verifier.category_{self.given.incident.category}")

    def _place(self) -> str:
        incident = self.given.incident
        if incident.tps is UNSET:
            code = self.t("dossier.code-region", code=incident.place)
        else:
            # The number is what an officer knows it by.
            number = f"{tps_number(incident.tps):03d}"
            code = self.t("dossier.code-tps", code=incident.tps, number=number)
        return ", ".join((*self.given.place, code))

    def _known(self) -> str:
        known = self.given.incident.known_at
        if known is UNSET:
            return self.t("dossier.known-unstated")
        return self._moment(known)

    def _clock(self) -> list[str]:
        deadline = self.given.deadline
        if deadline is None:
            return []
        told = [self.t.say(one) for one in deadline.tell(self.given.written_at)]
        return [
            self.t(
                "dossier.clock",
                law=self._text(deadline.rule.law),
                date=self._day(deadline.ends),
                zone=str(deadline.zone),
                told=self._text("; ".join(told)),
            )
        ]

    def _moment(self, written: str) -> str:
        moment = datetime.fromisoformat(written).astimezone(self.zone)
        return f"{self._day(moment)}, {self.t.say(tell_clock(moment))}"

    def _day(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        return self.t(
            "dossier.date",
            weekday=self.t(f"dossier.weekday-{local.isoweekday()}"),
            day=local.day,
            month=self.t(f"dossier.month-{local.month}"),
            year=local.year,
        )

    def _lines(self, text: str) -> str:
        return "<br/>".join(map(self._text, text.splitlines()))

    def _text(self, text: str) -> str:
        """What people wrote, so that nothing of it is read as markup."""
        return escape(self._plain(text))

    def _plain(self, text: str) -> str:
        written = "".join(" " if c.isspace() else c for c in text)
        printable = "".join(c if ord(c) in self._glyphs else "?" for c in written)
        self._unprinted |= printable != written
        return printable
