"""The shape of a curve: annualised basis, slope, and how often it was in contango."""

from __future__ import annotations

import numpy as np
import pandas as pd

from research.conventions import DAYS_PER_YEAR
from research.drivers.futures.curve import FuturesCurve
from research.errors import AlignmentError, DataError, ParameterError, SampleError

__all__ = ["annualised_basis", "annualised_slope", "backwardation_share", "contango_share"]


def annualised_basis(futures: pd.Series, spot: pd.Series, days: pd.Series | float) -> pd.Series:
    """Return the log premium of a futures price over spot per year; positive in contango.

    Parameters
    ----------
    futures, spot : pandas.Series of float
        Prices at one clock with identical labels.
    days : pandas.Series or float
        Calendar days to expiry.

    Returns
    -------
    pandas.Series of float
        Fraction a year; NaN where a price is NaN.

    Raises
    ------
    AlignmentError
        If labels differ.
    DataError
        If a price or the number of days is not positive.

    Notes
    -----
    ``c = ln(F/S)·365/τ``, Act/365. A long position earns ``−c`` a year while the curve stays.

    Examples
    --------
    >>> day = pd.to_datetime(["2024-01-15"])
    >>> annualised_basis(pd.Series([101.0], day), pd.Series([100.0], day), 36.5).round(6).tolist()
    [0.099503]
    """
    runs = days if isinstance(days, pd.Series) else pd.Series(float(days), index=futures.index)
    for name, other in (("spot", spot), ("days", runs)):
        if not futures.index.equals(other.index):
            raise AlignmentError(f"futures and {name} differ in their labels: bring both to the same sessions")
    for name, values in (("futures price", futures), ("spot price", spot), ("number of days", runs)):
        bad = values[values <= 0]
        if len(bad):
            raise DataError(f"the {name} is {bad.iloc[0]:g} at {bad.index[0]}: it must be positive")
    return pd.Series(np.log(futures / spot) * DAYS_PER_YEAR / runs, name="annualised_basis")


def annualised_slope(curve: FuturesCurve, near: int = 1, far: int = 2) -> pd.Series:
    """Return the log spread between two ranks of a curve per year; positive in contango.

    Parameters
    ----------
    curve : FuturesCurve
        Settlement prices.
    near, far : int
        Ranks, 1 the contract that expires next.

    Returns
    -------
    pandas.Series of float
        Fraction a year; NaN where one of the two is not listed or has no price.

    Raises
    ------
    ParameterError
        If `far` is not above `near`, or `near` below 1.

    Notes
    -----
    ``ln(F_far/F_near)·365/(τ_far − τ_near)``: the carry between the two, which needs no spot price (volatility has
    none that can be held).

    Examples
    --------
    >>> expiries = pd.to_datetime(["2024-01-17", "2024-02-14"])
    >>> curve = FuturesCurve(pd.DataFrame([[10.0, 11.0]], index=pd.to_datetime(["2024-01-15"]), columns=expiries))
    >>> annualised_slope(curve).round(4).tolist()
    [1.2424]
    """
    if far <= near:
        raise ParameterError(f"the slope from rank {near} to rank {far}: the second rank must be the later one")
    first, second = curve.by_rank(near), curve.by_rank(far)
    apart = (second["expiry"] - first["expiry"]).dt.days
    return pd.Series(np.log(second["price"] / first["price"]) * DAYS_PER_YEAR / apart, name="annualised_slope")


def contango_share(basis: pd.Series) -> float:
    """Return the share of observations with a positive basis (or slope), a fraction; NaN is left out.

    Raises
    ------
    SampleError
        If there is no observation.

    Examples
    --------
    >>> contango_share(pd.Series([0.1, 0.0, -0.1, 0.2]))
    0.5
    """
    return _share(basis, 1.0)


def backwardation_share(basis: pd.Series) -> float:
    """Return the share of observations with a negative basis (or slope), a fraction; NaN is left out.

    Raises
    ------
    SampleError
        If there is no observation.

    Examples
    --------
    >>> backwardation_share(pd.Series([0.1, 0.0, -0.1, 0.2]))
    0.25
    """
    return _share(basis, -1.0)


def _share(basis: pd.Series, sign: float) -> float:
    known = basis.dropna()
    if known.empty:
        raise SampleError("there is no basis to count: give at least one session with both prices")
    return float((known * sign > 0).mean())
