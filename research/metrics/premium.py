"""How far the market price strays from net asset value, and how long it stays there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import pandas as pd

from research.conventions import basis_points
from research.errors import ParameterError
from research.metrics import _moments as moments
from research.metrics._pair import Array, Returns, check_values

__all__ = [
    "BANDS",
    "PERCENTILES",
    "days_outside",
    "premium_deviation",
    "premium_mean",
    "premium_percentiles",
    "premium_statistics",
]

PERCENTILES = (1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0)
BANDS = (0.001, 0.0025, 0.005, 0.01)
"""Bands around zero, as fractions: 10, 25, 50 and 100 basis points."""


@overload
def premium_mean(premium: pd.Series) -> float: ...
@overload
def premium_mean(premium: pd.DataFrame) -> pd.Series: ...
def premium_mean(premium: Returns) -> float | pd.Series:
    """Return the mean premium.

    Parameters
    ----------
    premium : pandas.Series or pandas.DataFrame
        Log premium ln price − ln net asset value, fraction; one column for each fund.

    Returns
    -------
    float or pandas.Series
        Fraction. NaN without a value.

    Raises
    ------
    DataError
        If a value is infinite or labels are unsorted or repeated.

    Notes
    -----
    Missing premiums are left out. A fund that alternates between premium and discount has a mean near zero; see
    `premium_deviation` and `days_outside`.

    Examples
    --------
    >>> import pandas as pd
    >>> round(premium_mean(pd.Series([0.002, -0.001, 0.002])), 6)
    0.001
    """
    values = check_values(premium, "the premium")
    return values.result(moments.mean(values.array))


@overload
def premium_deviation(premium: pd.Series) -> float: ...
@overload
def premium_deviation(premium: pd.DataFrame) -> pd.Series: ...
def premium_deviation(premium: Returns) -> float | pd.Series:
    """Return the standard deviation of the premium, not annualised: it is a level and not a return.

    Parameters
    ----------
    premium : pandas.Series or pandas.DataFrame
        Log premium, fraction; one column for each fund.

    Returns
    -------
    float or pandas.Series
        Fraction (divisor n − 1). NaN for fewer than two values.

    Raises
    ------
    DataError
        If a value is infinite or labels are unsorted or repeated.

    Notes
    -----
    Missing premiums are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> round(premium_deviation(pd.Series([0.002, -0.001, 0.002])), 6)
    0.001732
    """
    values = check_values(premium, "the premium")
    return values.result(np.sqrt(moments.variance(values.array)))


@overload
def premium_percentiles(premium: pd.Series, percentiles: Sequence[float] = ...) -> pd.Series: ...
@overload
def premium_percentiles(premium: pd.DataFrame, percentiles: Sequence[float] = ...) -> pd.DataFrame: ...
def premium_percentiles(premium: Returns, percentiles: Sequence[float] = PERCENTILES) -> pd.Series | pd.DataFrame:
    """Return percentiles of the premium.

    Parameters
    ----------
    premium : pandas.Series or pandas.DataFrame
        Log premium, fraction; one column for each fund.
    percentiles : sequence of float
        Between 0 and 100.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction, indexed by percentile (index name ``"percentile"``). NaN without a value.

    Raises
    ------
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If a percentile lies outside 0 to 100.

    Notes
    -----
    Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996). Missing premiums are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> premium_percentiles(pd.Series([0.002, -0.001, 0.003]), (0, 50, 100)).to_dict()
    {0.0: -0.001, 50.0: 0.002, 100.0: 0.003}
    """
    values = check_values(premium, "the premium")
    wanted = [float(p) for p in percentiles]
    for p in wanted:
        if not 0 <= p <= 100:
            raise ParameterError(f"percentile {p!r} lies outside 0 to 100")
    table = pd.DataFrame(values.array).quantile([p / 100 for p in wanted]).to_numpy(dtype=np.float64)
    return values.like(table, index=pd.Index(wanted, name="percentile"))


@overload
def days_outside(premium: pd.Series, band: float) -> float: ...
@overload
def days_outside(premium: pd.DataFrame, band: float) -> pd.Series: ...
def days_outside(premium: Returns, band: float) -> float | pd.Series:
    """Return on how many sessions the premium lay outside ± `band`.

    Parameters
    ----------
    premium : pandas.Series or pandas.DataFrame
        Log premium, fraction; one column for each fund.
    band : float
        Half width as a fraction: 0.005 for half a percent.

    Returns
    -------
    float or pandas.Series
        Number of sessions. NaN without a value.

    Raises
    ------
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If `band` is negative or not finite.

    Notes
    -----
    A premium exactly on the band counts as inside. Missing premiums are left out: they are neither in nor out.

    Examples
    --------
    >>> import pandas as pd
    >>> days_outside(pd.Series([0.002, -0.006, 0.007]), 0.005)
    2.0
    """
    values = check_values(premium, "the premium")
    return values.result(_outside(values.array, band))


@overload
def premium_statistics(
    premium: pd.Series, *, percentiles: Sequence[float] = ..., bands: Sequence[float] = ...
) -> pd.Series: ...
@overload
def premium_statistics(
    premium: pd.DataFrame, *, percentiles: Sequence[float] = ..., bands: Sequence[float] = ...
) -> pd.DataFrame: ...
def premium_statistics(
    premium: Returns, *, percentiles: Sequence[float] = PERCENTILES, bands: Sequence[float] = BANDS
) -> pd.Series | pd.DataFrame:
    """Return the premium's count, mean, deviation, extremes, percentiles and sessions outside bands in one table.

    Parameters
    ----------
    premium : pandas.Series or pandas.DataFrame
        Log premium, fraction; one column for each fund.
    percentiles : sequence of float
        Between 0 and 100.
    bands : sequence of float
        Half widths as fractions.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Rows ``count``, ``mean``, ``mean_absolute``, ``sd``, ``min``, ``p1`` …, ``max`` (fractions) and
        ``days_outside_10bp`` … (sessions); one column for each fund. NaN where there are too few values.

    Raises
    ------
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If a percentile or a band cannot be.

    Notes
    -----
    Missing premiums are left out of every row; ``count`` says how many remain.

    Examples
    --------
    >>> import pandas as pd
    >>> table = premium_statistics(pd.Series([0.002, -0.006, 0.007]), percentiles=(50,), bands=(0.005,))
    >>> table.round(4).to_dict()
    {'count': 3.0, 'mean': 0.001, 'mean_absolute': 0.005, 'sd': 0.0066, 'min': -0.006, 'p50': 0.002, 'max': 0.007,
     'days_outside_50bp': 2.0}
    """
    values = check_values(premium, "the premium")
    wanted = [float(p) for p in percentiles]
    frame = pd.DataFrame(values.array, index=values.index)
    quantiles = premium_percentiles(frame, (0.0, *wanted, 100.0)).to_numpy(dtype=np.float64)
    rows: dict[str, Array] = {
        "count": moments.count(values.array).astype(np.float64),
        "mean": moments.mean(values.array),
        "mean_absolute": moments.mean(np.abs(values.array)),
        "sd": np.sqrt(moments.variance(values.array)),
        "min": quantiles[0],
        **{f"p{p:g}": quantiles[i] for i, p in enumerate(wanted, start=1)},
        "max": quantiles[-1],
        **{f"days_outside_{basis_points(band):g}bp": _outside(values.array, band) for band in bands},
    }
    return values.like(np.vstack(list(rows.values())), index=pd.Index(list(rows)))


def _outside(premium: Array, band: float) -> Array:
    width = float(band)
    if not 0 <= width < float("inf"):
        raise ParameterError(f"band is {band!r}: give half a width as a fraction, such as 0.005")
    outside = (np.abs(premium) > width).sum(axis=0)
    return np.where(moments.count(premium) > 0, outside, np.nan)
