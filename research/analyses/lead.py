"""What a reader of many reports wants first: a few figures of each, and its main series drawn small."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.conventions import BASIS_POINT
from research.decomposition import FeeRegimes

__all__ = [
    "BP",
    "BP_A_YEAR",
    "PERCENT",
    "Lead",
    "LeadFigure",
    "Spark",
    "cumulated_divergence",
    "fee_measured",
    "spark",
]

BP: Final = "bp"
BP_A_YEAR: Final = "bp a year"
PERCENT: Final = "%"
_POINTS: Final = 60


@dataclass(frozen=True)
class LeadFigure:
    """One figure.

    Parameters
    ----------
    label : str
        What it is; the same label for the same thing in every report, so that reports can be ordered by it.
    value : float
        In `unit`; NaN or infinite where it does not exist for the sample.
    unit : str
        ``"bp"``, ``"bp a year"``, ``"sessions"``, ``"hours"``, ``"%"``.
    std_error : float
        Its standard error in the same unit; NaN where it has none.
    """

    label: str
    value: float
    unit: str
    std_error: float = math.nan

    def to_dict(self) -> dict[str, object]:
        """Return the figure as plain values."""
        return {
            "label": self.label,
            "value": _finite(self.value),
            "unit": self.unit,
            "std_error": _finite(self.std_error),
        }


@dataclass(frozen=True)
class Spark:
    """A series thinned for a small drawing.

    Parameters
    ----------
    label : str
        What it is.
    unit : str
        As in `LeadFigure`.
    values : tuple of float
        At most 60, NaN where the series has no value.
    """

    label: str
    unit: str
    values: tuple[float, ...]

    def to_dict(self) -> dict[str, object]:
        """Return the series as plain values."""
        return {"label": self.label, "unit": self.unit, "values": [_finite(value) for value in self.values]}


@dataclass(frozen=True)
class Lead:
    """What stands for a report among many.

    Parameters
    ----------
    figures : tuple of LeadFigure
        Two to four, the first first.
    spark : Spark
        The main series.
    """

    figures: tuple[LeadFigure, ...]
    spark: Spark

    def to_dict(self) -> dict[str, object]:
        """Return ``headline`` and ``spark`` in the layout of ``research.result/1``."""
        return {"headline": [figure.to_dict() for figure in self.figures], "spark": self.spark.to_dict()}


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


def fee_measured(regimes: FeeRegimes | None) -> LeadFigure:
    """Return the fee that the data show in the last period of the schedule, without a value where none is measured."""
    if regimes is None:
        return LeadFigure("Fee measured", math.nan, BP_A_YEAR)
    last = regimes.regimes[-1]
    return LeadFigure("Fee measured", last.estimated / BASIS_POINT, BP_A_YEAR, last.std_error / BASIS_POINT)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
