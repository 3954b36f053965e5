"""The tracking error that printing a price with few decimals creates by itself."""

from __future__ import annotations

from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.errors import DataError, ParameterError
from research.metrics import _moments as moments
from research.metrics._pair import Returns, check_values

__all__ = ["rounding_floor"]


@overload
def rounding_floor(price: float | pd.Series, tick: float, *, periods_per_year: float) -> float: ...
@overload
def rounding_floor(price: pd.DataFrame, tick: float, *, periods_per_year: float) -> pd.Series: ...
def rounding_floor(price: float | Returns, tick: float, *, periods_per_year: float) -> float | pd.Series:
    """Return the annualised tracking error of a perfect fund whose price is rounded to a tick.

    Parameters
    ----------
    price : float, pandas.Series or pandas.DataFrame
        Printed price or net asset value, in the unit of `tick`; one column for each fund.
    tick : float
        Distance between neighbouring printed values: 0.01 for cents, 0.0001 for four decimals.
    periods_per_year : float
        Observations a year: 252 for sessions.

    Returns
    -------
    float or pandas.Series
        Fraction a year. NaN where a fund has no price.

    Raises
    ------
    DataError
        If a price is zero, negative or infinite, or labels are unsorted or repeated.
    ParameterError
        If `tick` is negative or not finite, or `periods_per_year` not positive and finite.

    Notes
    -----
    tick/(N·√12) is the standard deviation of a rounding error that is uniform over one tick; a return carries two of
    them, hence ·√2·√periods. A changing price enters by the root mean square of 1/N. Missing prices are left out. No
    measured tracking error below this floor means anything.

    Examples
    --------
    >>> round(rounding_floor(25.0, 0.01, periods_per_year=252) / 1e-4, 1)
    25.9
    """
    periods = check_periods(periods_per_year)
    step = float(tick)
    if not 0 <= step < float("inf"):
        raise ParameterError(f"tick is {tick!r}: give the distance between printed values, such as 0.01")
    values = check_values(pd.Series([price]) if isinstance(price, int | float) else price, "the price")
    bad = np.argwhere(values.array <= 0)
    if len(bad):
        row, column = (int(i) for i in bad[0])
        raise DataError(f"the price is {values.array[row, column]:g} at {values.index[row]!r}: prices are positive")
    return values.result(step * np.sqrt(moments.mean(values.array**-2.0) * 2 / 12 * periods))
