"""Intervals for percentiles of a premium, which are no smooth function of means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from research.errors import ParameterError
from research.metrics._pair import Array, check_values
from research.metrics.longrun import Bandwidth, bandwidth_lags, bartlett_covariance, critical_value
from research.metrics.premium import PERCENTILES

__all__ = ["premium_percentile_interval"]

_FEWEST = 10


def premium_percentile_interval(
    premium: pd.Series,
    percentiles: Sequence[float] = PERCENTILES,
    *,
    level: float = 0.95,
    bandwidth: Bandwidth = "lazarus",
) -> pd.DataFrame:
    """Return the percentiles of a premium with intervals that allow for its autocorrelation.

    Parameters
    ----------
    premium : pandas.Series
        Log premium of one fund, fraction; NaN is left out.
    percentiles : sequence of float
        Strictly between 0 and 100.
    level : float
        Nominal coverage.
    bandwidth : {"lazarus", "newey-west"} or int
        Lag rule, see `bandwidth_lags`.

    Returns
    -------
    pandas.DataFrame
        One row for each percentile: ``estimate``, ``lower``, ``upper`` (fractions), ``nobs``, ``lags``. An end is NaN
        where the sample is too short to have a value that far out, or fewer than ten values are there.

    Raises
    ------
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If a percentile, `level` or `bandwidth` cannot be, or a table is given.

    Notes
    -----
    Woodruff (1952): the share of sessions below q has the long-run variance of the indicator 1{premium <= q}, taken
    with a Bartlett kernel and fixed-b critical values; its interval p ± half is turned back into premiums through the
    empirical distribution. No density has to be estimated. The estimate interpolates as `premium_percentiles` does.
    In simulations of an AR(1) premium of 504 sessions the 95 % intervals of the 5th, 50th and 95th percentile cover 94
    to 97 % up to a coefficient of 0.6, and 89 to 90 % at 0.9, where four tail intervals in ten have an open end.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> found = premium_percentile_interval(pd.Series(0.002 * rng.standard_normal(500)), (50,))
    >>> bool(found.loc[50.0, "lower"] < 0 < found.loc[50.0, "upper"])
    True
    """
    if not isinstance(premium, pd.Series):
        raise ParameterError(f"the premium is a {type(premium).__name__}: give one fund as a Series")
    wanted = [float(item) for item in percentiles]
    for item in wanted:
        if not 0 < item < 100:
            raise ParameterError(f"percentile {item!r} has no interval: give one strictly between 0 and 100")
    values = check_values(premium, "the premium").array[:, 0]
    known = values[~np.isnan(values)]
    critical_value(level, 0.0)  # refuses a level that cannot be
    rows = [(*_interval(known, item / 100.0, level, bandwidth), len(known)) for item in wanted]
    frame = pd.DataFrame(rows, columns=["estimate", "lower", "upper", "lags", "nobs"], index=pd.Index(wanted))
    return frame.rename_axis("percentile")[["estimate", "lower", "upper", "nobs", "lags"]]


def _interval(known: Array, share: float, level: float, bandwidth: Bandwidth) -> tuple[float, float, float, float]:
    if len(known) == 0:
        return (np.nan,) * 4
    estimate = float(np.percentile(known, 100.0 * share))
    lags = bandwidth_lags(bandwidth, len(known))
    if len(known) < _FEWEST:
        return estimate, np.nan, np.nan, float(lags)
    below = (known <= estimate).astype(np.float64)
    error = float(np.sqrt(bartlett_covariance((below - below.mean())[:, None], lags)[0, 0] / len(known)))
    half = critical_value(level, min((lags + 1) / len(known), 1.0)) * error
    ordered = np.sort(known)
    return estimate, _quantile(ordered, share - half), _quantile(ordered, share + half), float(lags)


def _quantile(ordered: Array, share: float) -> float:
    """Return the value below which a share lies; NaN where the sample does not reach that far out."""
    if not 0.0 < share < 1.0:
        return float("nan")
    return float(np.quantile(ordered, share))
