"""Spans across one axis, one under another, each with its words above it and a mark."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from federation.web.charts.frame import WIDTH

_ROW: Final = 46
_BELOW: Final = 18


class Span(NamedTuple):
    """What lies between `low` and `high`; `mark`, which lies between them, too."""

    name: str
    told: str
    low: int
    high: int
    mark: int


class DrawnSpan(NamedTuple):
    """A span: where its words stand, from where to where it goes, where its mark is."""

    name: str
    told: str
    y: int
    x: float
    width: float
    mark: float


class SpanChart(NamedTuple):
    """The spans, where zero is, and how high they are together."""

    spans: tuple[DrawnSpan, ...]
    zero: float
    height: int


def draw_spans(spans: Sequence[Span]) -> SpanChart:
    """The chart of these spans, in their order, on one axis that has zero."""
    low = min([0, *(span.low for span in spans)])
    high = max([0, *(span.high for span in spans)])

    def at(value: int) -> float:
        return round(WIDTH * (value - low) / ((high - low) or 1), 1)

    drawn = tuple(
        DrawnSpan(
            name=span.name,
            told=span.told,
            y=place * _ROW,
            x=at(span.low),
            width=max(1.0, round(at(span.high) - at(span.low), 1)),
            mark=at(span.mark),
        )
        for place, span in enumerate(spans)
    )
    return SpanChart(drawn, at(0), len(drawn) * _ROW + _BELOW)
