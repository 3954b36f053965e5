"""Day counts, periods and units: one place where a number's convention is decided.

Inside the package a return is a fraction (log unless a name says otherwise) and a rate is a fraction per year. A name
ends in ``_bp`` when it is in basis points. Dispersion is annualised with an explicit number of observations a year,
drift with elapsed calendar time, Act/365.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

from research.errors import ParameterError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BASIS_POINT",
    "DAYS_PER_YEAR",
    "PERIODS",
    "SESSIONS_PER_YEAR",
    "Frequency",
    "basis_points",
    "check_confidence",
    "check_periods",
    "periods_per_year",
    "years_between",
]

BASIS_POINT: Final = 1e-4
"""One basis point as a fraction."""

DAYS_PER_YEAR: Final = 365.0
"""Calendar days in a year: fees accrue on every one of them (Act/365)."""

SESSIONS_PER_YEAR: Final = 252.0
"""Exchange sessions in a year, the convention for annualising the dispersion of daily returns."""


Frequency = Literal["daily", "weekly", "monthly"]
"""How often a fund is looked at: at every session, or at the last one of each week or month."""

PERIODS: Final[Mapping[Frequency, str]] = {"daily": "session", "weekly": "week", "monthly": "month"}
"""What one observation is called."""

_EVERY_DAY: Final = frozenset({"24/7"})
_SPACED: Final = {"weekly": 52.0, "monthly": 12.0}


def periods_per_year(calendar: str, frequency: Frequency = "daily") -> float:
    """Return the observations a year by which the dispersion of a fund's returns is annualised.

    Parameters
    ----------
    calendar : str
        Exchange calendar of the fund.
    frequency : {"daily", "weekly", "monthly"}
        Spacing of its observations.

    Returns
    -------
    float
        365 for sessions of a market that never closes, 252 for those of an exchange, 52 for weeks, 12 for months.

    Examples
    --------
    >>> periods_per_year("XNYS"), periods_per_year("24/7"), periods_per_year("24/7", "weekly")
    (252.0, 365.0, 52.0)
    """
    if frequency in _SPACED:
        return _SPACED[frequency]
    return DAYS_PER_YEAR if calendar in _EVERY_DAY else SESSIONS_PER_YEAR


def basis_points(fraction: float) -> float:
    """Return a fraction in basis points.

    Examples
    --------
    >>> basis_points(0.002)
    20.0
    """
    return fraction / BASIS_POINT


def years_between(start: pd.Timestamp, end: pd.Timestamp) -> float:
    """Return the calendar time from `start` to `end` in years of 365 days.

    Examples
    --------
    >>> import pandas as pd
    >>> years_between(pd.Timestamp("2024-07-23"), pd.Timestamp("2025-07-23"))
    1.0
    """
    return float((end - start).days / DAYS_PER_YEAR)


def check_confidence(confidence: float) -> float:
    """Return `confidence` where it lies strictly between 0 and 1.

    Raises
    ------
    ParameterError
        Otherwise; 95 instead of 0.95 is the usual cause.
    """
    if not 0.0 < confidence < 1.0:
        raise ParameterError(f"confidence is {confidence!r}: give a number between 0 and 1, such as 0.95")
    return float(confidence)


def check_periods(periods_per_year: float) -> float:
    """Return `periods_per_year` as a float; raise where it is not a positive finite number.

    Raises
    ------
    ParameterError
        If the value is zero, negative, NaN or infinite.
    """
    value = float(periods_per_year)
    if not 0 < value < float("inf"):
        raise ParameterError(f"periods_per_year is {periods_per_year!r}: give observations a year, such as 252 or 12")
    return value
