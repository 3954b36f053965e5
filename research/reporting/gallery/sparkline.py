"""A series as a drawing of the size of a word: the geometry, and the words for those who do not see it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from research.reporting.gallery.shown import number_text

__all__ = ["Sparkline", "sparkline"]

WIDTH: Final = 104.0
HEIGHT: Final = 28.0
_EDGE: Final = 3.0
_MOST: Final = 60


@dataclass(frozen=True)
class Sparkline:
    """A drawing in user units of SVG.

    Parameters
    ----------
    lines : tuple of str
        Points of each stretch without a gap, as a polyline has them.
    dots : tuple of (str, str)
        Values between two gaps, which a line would not show.
    end : tuple of (str, str)
        The last value.
    zero : str or None
        Height of zero; None where the series stays on one side of it.
    text : str
        What it shows, in words.
    last : str
        The last value.
    """

    lines: tuple[str, ...]
    dots: tuple[tuple[str, str], ...]
    end: tuple[str, str]
    zero: str | None
    text: str
    last: str


def sparkline(label: str, unit: str, values: Sequence[float | None]) -> Sparkline | None:
    """Return a series as a drawing, or None where it has no value.

    Parameters
    ----------
    label, unit : str
        What it is; stands in the words.
    values : sequence of float or None
        None is a gap. Of more than 60, 60 evenly spread are drawn.

    Examples
    --------
    >>> drawn = sparkline("Premium", "bp", [0.0, -2.0, None, 4.0])
    >>> drawn.lines, drawn.dots
    (('3,17.7 35.7,25',), (('101', '3'),))
    >>> drawn.text
    'Premium: from 0.00 to 4.00 bp, lowest -2.00, highest 4.00'
    """
    if len(values) > _MOST:
        values = [values[round(place * (len(values) - 1) / (_MOST - 1))] for place in range(_MOST)]
    known = [value for value in values if value is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    scale = max(abs(low), abs(high))
    # Scaled before subtracting: the span of two finite numbers may not be.
    bottom, span = (low / scale, high / scale - low / scale) if scale else (0.0, 0.0)

    def height(value: float) -> str:
        share = (value / scale - bottom) / span if span else 0.5
        return _plain(HEIGHT - _EDGE - share * (HEIGHT - 2 * _EDGE))

    def across(place: int) -> str:
        return _plain(_EDGE + place * (WIDTH - 2 * _EDGE) / max(len(values) - 1, 1))

    points = [None if value is None else (across(place), height(value)) for place, value in enumerate(values)]
    runs = [[p for p in run if p] for there, run in itertools.groupby(points, key=bool) if there]
    words = f"{label}: from {number_text(known[0])} to {number_text(known[-1])} {unit}".rstrip()
    return Sparkline(
        lines=tuple(" ".join(map(",".join, run)) for run in runs if len(run) > 1),
        dots=tuple(run[0] for run in runs if len(run) == 1),
        end=runs[-1][-1],
        zero=height(0.0) if low < 0 < high else None,
        text=f"{words}, lowest {number_text(low)}, highest {number_text(high)}",
        last=number_text(known[-1]),
    )


def _plain(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
