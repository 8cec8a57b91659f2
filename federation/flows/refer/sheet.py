"""What the pages of a dossier have in common: sizes, letters, tables, margins.

Rule: nothing here is taken from this machine: the fonts come with the library.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Table, TableStyle

from federation.text import Text

PaperRows: TypeAlias = list[list[Any]]

MARGIN: Final = 22 * mm
_PADDING: Final = 6  # points, that the library leaves inside of the margins
WIDTH: Final = A4[0] - 2 * MARGIN - 2 * _PADDING
GREY: Final = HexColor("#777777")
_LINE: Final = HexColor("#bbbbbb")
_SHADE: Final = HexColor("#f0f0f0")
_RED: Final = HexColor("#a00000")
PHOTO: Final = (52 * mm, 52 * mm)
FONTS: Final = {"Vera": "Vera.ttf", "VeraBd": "VeraBd.ttf", "VeraIt": "VeraIt.ttf"}

BODY: Final = ParagraphStyle("body", fontName="Vera", fontSize=9.5, leading=13.5)
SMALL: Final = ParagraphStyle("small", BODY, fontSize=8, leading=11)
TINY: Final = ParagraphStyle("tiny", SMALL, fontSize=7, textColor=GREY)
CODE: Final = ParagraphStyle("code", SMALL, wordWrap="CJK", fontSize=6.6)
BOLD: Final = ParagraphStyle("bold", BODY, fontName="VeraBd")
LETTERHEAD: Final = ParagraphStyle("letterhead", BOLD, fontSize=13, leading=17)
RIGHT: Final = ParagraphStyle("right", BODY, alignment=TA_RIGHT)
MISSING: Final = ParagraphStyle("missing", BODY, fontName="VeraBd", textColor=_RED)
TITLE: Final = ParagraphStyle("title", BOLD, fontSize=13, leading=18, spaceAfter=6)
HEAD: Final = ParagraphStyle("head", BOLD, fontSize=10.5, leading=15, spaceBefore=9)


class NumberedCanvas(Canvas):  # type: ignore[misc]  # the library has no types
    """Pages that know how many there are; header and footer of each."""

    def __init__(
        self, *args: object, margins: tuple[str, str, str], t: Text, **more: object
    ) -> None:
        super().__init__(*args, **more)
        self._margins, self._words = margins, t
        self._pages: list[dict[str, object]] = []

    def showPage(self) -> None:  # noqa: N802  # the library's name
        """Keep the page until it is known how many follow."""
        self._pages.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write all pages, each with its number."""
        pages = self._pages
        for number, page in enumerate(pages, 1):
            self.__dict__.update(page)
            self._draw_margins(number, len(pages))
            super().showPage()
        super().save()

    def _draw_margins(self, number: int, count: int) -> None:
        head, label, foot = self._margins
        self.setFont("Vera", 7.5)
        self.setFillColor(GREY)
        self.drawString(MARGIN, 14 * mm, foot)
        told = self._words("dossier.page", number=number, count=count)
        self.drawRightString(A4[0] - MARGIN, 14 * mm, told)
        self.drawString(MARGIN, A4[1] - 14 * mm, head[:90])
        if label:
            self.setFont("VeraBd", 9)
            self.setFillColor(_RED)
            self.drawRightString(A4[0] - MARGIN, A4[1] - 14 * mm, label)


def lay_table(rows: PaperRows, widths: Sequence[float], style: TableStyle) -> Flowable:
    """A table of these widths, whose rows may go on on the next page."""
    # A row may be longer than a page: an address may have as many lines as letters.
    return Table(rows, widths, style=style, hAlign="LEFT", splitInRow=1)


def flat_style() -> TableStyle:
    """Cells without lines."""
    return TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ]
    )


def ruled_style() -> TableStyle:
    """Cells with lines, the first column shaded."""
    return TableStyle(
        [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("GRID", (0, 0), (-1, -1), 0.4, _LINE),
            ("BACKGROUND", (0, 0), (0, -1), _SHADE),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
        ]
    )
