"""The figures that a reader looks for first, and the small series that stands for a report among many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.analyses.measures import Measures
from research.analyses.phrases import both_intervals, bp, hours_text, plus_minus_bp
from research.conventions import BASIS_POINT
from research.decomposition import FeeRegimes, SlopeBreak
from research.decomposition.chance import Chance
from research.tables import plus_minus, unsigned_zero

__all__ = [
    "BP",
    "BP_A_YEAR",
    "DATE",
    "HOURS",
    "PERCENT",
    "SESSIONS",
    "Figure",
    "Spark",
    "break_day",
    "cumulated_divergence",
    "fee_measured",
    "in_bp",
    "spark",
    "tracking_difference_figure",
    "tracking_error_figure",
]

BP: Final = "bp"
BP_A_YEAR: Final = "bp a year"
PERCENT: Final = "%"
SESSIONS: Final = "sessions"
HOURS: Final = "hours"
DATE: Final = "date"
_POINTS: Final = 60


@dataclass(frozen=True)
class Figure:
    """One figure.

    Parameters
    ----------
    label : str
        What it is; the same label for the same thing in every report, so that reports can be ordered by it.
    value : float or str
        In `unit`; NaN or infinite where it does not exist for the sample; a text where it is no number.
    unit : str
        ``"bp"``, ``"bp a year"``, ``"sessions"``, ``"hours"``, ``"%"``, ``"date"``; empty for a plain number or a text.
    error : float
        Its standard error in the same unit; NaN where it has none.
    remark : str
        What a reader must know beside it, such as its interval in words.
    interval : tuple of float
        Ends of its interval in the same unit; NaN where it has none, or an end is open.
    """

    label: str
    value: float | str
    unit: str = ""
    error: float = math.nan
    remark: str = ""
    interval: tuple[float, float] = (math.nan, math.nan)

    @property
    def text(self) -> str:
        """The figure as it reads: with the decimals that its error or its size deserves, and its unit."""
        shown = self.value if isinstance(self.value, str) else _number(self.value, self.error, self.unit)
        return f"{shown} ({self.remark})" if self.remark else shown

    def to_dict(self) -> dict[str, object]:
        """Return the figure as plain values; a number that does not exist is None."""
        value = self.value if isinstance(self.value, str) else _finite(self.value)
        entry: dict[str, object] = {
            "label": self.label,
            "value": value,
            "unit": self.unit,
            "std_error": _finite(self.error),
        }
        ends = [_finite(end) for end in self.interval]
        return entry if ends == [None, None] else {**entry, "interval": ends}


@dataclass(frozen=True)
class Spark:
    """A series thinned for a small drawing.

    Parameters
    ----------
    label : str
        What it is.
    unit : str
        As in `Figure`.
    values : tuple of float
        At most 60, NaN where the series has no value.
    """

    label: str
    unit: str
    values: tuple[float, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the series as plain values."""
        return {"label": self.label, "unit": self.unit, "values": [_finite(value) for value in self.values]}


def spark(label: str, unit: str, series: pd.Series) -> Spark:
    """Return a series at 60 places or fewer, evenly spread, the first and the last among them.

    Parameters
    ----------
    label, unit : str
        As in `Spark`.
    series : pandas.Series
        In `unit`; NaN stays NaN: no value is moved to another place, and none is averaged away.

    Examples
    --------
    >>> spark("x", "bp", pd.Series(range(7))).values
    (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    >>> long = spark("x", "bp", pd.Series(range(500))).values
    >>> len(long), long[0], long[-1]
    (60, 0.0, 499.0)
    """
    places = np.linspace(0, len(series) - 1, min(len(series), _POINTS)).round().astype(int)
    return Spark(label, unit, tuple(series.to_numpy(dtype=float)[places].tolist()))


def cumulated_divergence(history: History) -> Spark:
    """Return how far net asset value has drifted from the benchmark since the first session, basis points of log."""
    level = history.divergence("nav")
    return spark("Cumulated divergence of net asset value", BP, (level - level.iloc[0]) / BASIS_POINT)


def in_bp(bounds: tuple[float, float]) -> tuple[float, float]:
    """Return the ends of an interval, fractions, in basis points."""
    return bounds[0] / BASIS_POINT, bounds[1] / BASIS_POINT


def tracking_error_figure(label: str, measures: Measures) -> Figure:
    """Return the daily tracking error of a basis; its interval is that of the sample, the remark has both."""
    found, value = measures.interval, measures.daily / BASIS_POINT
    if found is None:
        return Figure(label, value, BP_A_YEAR)
    return Figure(label, value, BP_A_YEAR, remark=both_intervals(found), interval=in_bp(found.period))


def tracking_difference_figure(label: str, difference: Chance) -> Figure:
    """Return a log tracking difference with the error and the interval that the noise of its ends gives it."""
    value, error = difference.value / BASIS_POINT, difference.std_error / BASIS_POINT
    return Figure(label, value, BP_A_YEAR, error, interval=in_bp(difference.interval))


def fee_measured(regimes: FeeRegimes | None) -> Figure:
    """Return the fee that the data show in the last period of the schedule, without a value where none is measured."""
    if regimes is None:
        return Figure("Fee measured", math.nan, BP_A_YEAR)
    last = regimes.regimes[-1]
    return Figure("Fee measured", last.estimated / BASIS_POINT, BP_A_YEAR, last.std_error / BASIS_POINT)


def break_day(found: SlopeBreak) -> Figure:
    """Return the day on which a drift changed, with its interval."""
    low, high = found.interval
    return Figure("Drift changed on", f"{found.date:%Y-%m-%d}", DATE, remark=f"{low:%Y-%m-%d} to {high:%Y-%m-%d}")


def _number(value: float, error: float, unit: str) -> str:
    if not math.isfinite(value):
        return "–"
    if unit in {BP, BP_A_YEAR}:
        said = bp(value * BASIS_POINT) if math.isnan(error) else plus_minus_bp(value * BASIS_POINT, error * BASIS_POINT)
        return said + unit.removeprefix(BP)
    if unit == HOURS:
        return hours_text(value, error)
    digits = 0 if value == round(value) and math.isnan(error) else 2 if abs(value) < 10 else 1
    shown = plus_minus(value, error, digits) if not math.isnan(error) else unsigned_zero(f"{value:,.{digits}f}")
    return f"{shown} {unit}".rstrip()


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def texts(figures: Sequence[Figure]) -> dict[str, str]:
    """Return what each figure is and how it reads."""
    return {figure.label: figure.text for figure in figures}
