"""Tracking error by horizon: noise that comes back fades with the horizon, what accumulates does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.errors import ParameterError
from research.metrics import _sample as sample
from research.metrics import forms
from research.metrics._sample import Array, Returns, Values, check_pair, check_values
from research.metrics.docstrings import documented
from research.metrics.forms import Form, Options
from research.metrics.registry import A_YEAR, measured

__all__ = ["HORIZONS", "horizon_tracking_error", "horizon_tracking_error_of_level"]

HORIZONS = (1, 5, 21, 63)
"""A day, a week, a month and a quarter, in sessions."""


def _overlapping(r: Array, b: Array, o: Options) -> Array:
    d, h = r - b, int(o["horizon"])
    if len(d) < h:
        return np.empty((0, 2))
    total = np.convolve(np.where(np.isnan(d), 0.0, d), np.ones(h), mode="valid")
    crossed = np.convolve(np.isnan(d), np.ones(h), mode="valid") > 0.5
    sums = forms.centred(total[~crossed])
    return forms.columns(sums, sums * sums)


def _horizon(m: Array, n: int, o: Options) -> Array:
    return np.asarray(np.sqrt(forms.variance(m[..., 0], m[..., 1], n) * o["periods_per_year"] / o["horizon"]))


@overload
def horizon_tracking_error(
    fund_returns: pd.Series,
    benchmark_returns: pd.Series,
    *,
    periods_per_year: float,
    horizons: Sequence[int] = ...,
) -> pd.Series: ...
@overload
def horizon_tracking_error(
    fund_returns: pd.DataFrame,
    benchmark_returns: Returns,
    *,
    periods_per_year: float,
    horizons: Sequence[int] = ...,
) -> pd.DataFrame: ...
@measured(
    "tracking error by horizon",
    also=(
        "term structure of tracking error",
        "multi-period tracking error",
        "overlapping tracking error",
    ),
    unit=A_YEAR,
    formula="sd(g_{t+h} − g_t)·√(m/h), divisor n − 1, overlapping",
    form=Form(_overlapping, _horizon, scale="log", rows="sums", one_of=("horizon", lambda h: {"horizons": (h,)})),
)
def horizon_tracking_error(
    fund_returns: Returns,
    benchmark_returns: Returns,
    *,
    periods_per_year: float,
    horizons: Sequence[int] = HORIZONS,
) -> pd.Series | pd.DataFrame:
    """Return the annualised tracking error of overlapping divergences over several horizons.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction a year, indexed by horizon (index name ``"horizon"``), one column for each fund. NaN at a horizon with
        fewer than two overlapping divergences.

    Raises
    ------
    ParameterError
        If a horizon is not a positive whole number, or `periods_per_year` not positive and finite.

    Notes
    -----
    At h = 1 it is `tracking_error`. A sum of h periods in which one is NaN is NaN and left out. Where the *level* has
    gaps, `horizon_tracking_error_of_level` loses less.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.001, -0.001, 0.001, -0.002]), pd.Series([0.0, 0.0, 0.0, 0.0])
    >>> horizon_tracking_error(fund, benchmark, periods_per_year=252, horizons=(1, 2)).round(6).to_dict()
    {1: 0.023812, 2: 0.006481}
    """
    pair = check_pair(fund_returns, benchmark_returns)
    # The running sum from the first gap on would be NaN: cumulate what is there and mark the sums that cross a gap.
    gaps = np.isnan(pair.difference)
    level = _from_zero(np.cumsum(np.where(gaps, 0.0, pair.difference), axis=0))
    crossed = _from_zero(np.cumsum(gaps, axis=0).astype(np.float64))
    rows = [
        _deviation(level, h, periods_per_year, skip=(crossed[h:] - crossed[:-h]) > 0 if h < len(level) else None)
        for h in _check_horizons(horizons)
    ]
    return _by_horizon(pair, rows, horizons)


@overload
def horizon_tracking_error_of_level(
    divergence: pd.Series, *, periods_per_year: float, horizons: Sequence[int] = ...
) -> pd.Series: ...
@overload
def horizon_tracking_error_of_level(
    divergence: pd.DataFrame, *, periods_per_year: float, horizons: Sequence[int] = ...
) -> pd.DataFrame: ...
@documented
def horizon_tracking_error_of_level(
    divergence: Returns, *, periods_per_year: float, horizons: Sequence[int] = HORIZONS
) -> pd.Series | pd.DataFrame:
    """Return the annualised tracking error over several horizons from the divergence level itself.

    Returns
    -------
    pandas.Series or pandas.DataFrame
        Fraction a year, indexed by horizon (index name ``"horizon"``), one column for each fund. NaN at a horizon with
        fewer than two differences.

    Raises
    ------
    ParameterError
        If a horizon is not a positive whole number, or `periods_per_year` not positive and finite.

    Notes
    -----
    sd(g_{t+h} − g_t)·√(periods/h), divisor n − 1. A level that is NaN takes only the two differences that touch it out
    of each horizon.

    Examples
    --------
    >>> import pandas as pd
    >>> level = pd.Series([0.0, 0.001, 0.0, 0.001, -0.001])
    >>> horizon_tracking_error_of_level(level, periods_per_year=252, horizons=(1, 2)).round(6).to_dict()
    {1: 0.023812, 2: 0.006481}
    """
    values = check_values(divergence, "the divergence level")
    rows = [_deviation(values.array, h, periods_per_year) for h in _check_horizons(horizons)]
    return _by_horizon(values, rows, horizons)


def _deviation(level: Array, horizon: int, periods: float, skip: np.ndarray | None = None) -> Array:
    scale = check_periods(periods) / horizon
    if horizon >= len(level):
        return np.full(level.shape[1], np.nan)
    change = level[horizon:] - level[:-horizon]
    if skip is not None:
        change = np.where(skip, np.nan, change)
    return np.sqrt(sample.variance(change) * scale)


def _from_zero(sums: Array) -> Array:
    return np.vstack([np.zeros((1, sums.shape[1])), sums])


def _check_horizons(horizons: Sequence[int]) -> list[int]:
    for horizon in horizons:
        if isinstance(horizon, bool) or int(horizon) != horizon or horizon < 1:
            raise ParameterError(f"horizon {horizon!r} is not a positive whole number of periods")
    if len(set(horizons)) != len(horizons) or not len(horizons):
        raise ParameterError(f"horizons are {tuple(horizons)!r}: give at least one, each once")
    return [int(horizon) for horizon in horizons]


def _by_horizon(source: Values, rows: list[Array], horizons: Sequence[int]) -> pd.Series | pd.DataFrame:
    return source.like(np.vstack(rows), index=pd.Index([int(h) for h in horizons], name="horizon"))
