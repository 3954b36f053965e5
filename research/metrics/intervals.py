"""Confidence intervals for every measure: by the delta method with a long-run variance, and by stationary bootstrap.

Daily divergences are autocorrelated (premium noise comes back) and fat-tailed, so that no interval here assumes
independence. Each carries what it was made with: method, lags or block length, draws, seed, observations.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from research.errors import ParameterError
from research.metrics._pair import Returns, check_pair
from research.metrics.blocks import choose_block_length, stationary_blocks
from research.metrics.interval_request import Measure, Request, Statistic, difference_of
from research.metrics.interval_result import MeasureInterval
from research.metrics.longrun import Bandwidth, bandwidth_lags, bartlett_covariance, critical_value

__all__ = ["bootstrap_interval", "hac_interval", "paired_interval"]

NOTHING = (np.nan,) * 3
HAC, BOOTSTRAP = "HAC", "stationary bootstrap"


def hac_interval(
    measure: Measure,
    fund_returns: Returns,
    benchmark_returns: Returns | None = None,
    *,
    level: float = 0.95,
    bandwidth: Bandwidth = "lazarus",
    **options: object,
) -> MeasureInterval:
    """Return confidence intervals by the delta method with a Newey-West long-run variance.

    Parameters
    ----------
    measure : str or callable
        A measure of this package or its name: ``"tracking_error"``.
    fund_returns : pandas.Series or pandas.DataFrame
        What the measure takes: returns per period, or a premium; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame, optional
        The benchmark on the same labels; None for a measure of a premium.
    level : float
        Nominal coverage.
    bandwidth : {"lazarus", "newey-west"} or int
        Lag rule, see `bandwidth_lags`. Overlapping sums of h periods get h lags more.
    **options
        Keyword arguments of the measure, such as `periods_per_year` or `years`; for an autocorrelation `lag`, for a
        horizon `horizon`.

    Returns
    -------
    MeasureInterval
        Estimate, standard error and interval for each fund. NaN where the measure is NaN or fewer than four periods
        are complete.

    Raises
    ------
    AlignmentError, DataError
        As the measure.
    ParameterError
        If an option is missing or unknown, or `level` or `bandwidth` cannot be.
    UnknownNameError
        If the measure has no interval.

    Notes
    -----
    The measure is f(mean of moments m_t); its influence is ∇f·(m_t − m̄), whose long-run variance over n is the squared
    standard error (Bartlett kernel). Critical values are those of fixed-b asymptotics, wider than normal. Dispersions
    get their interval on the log scale, correlations on Fisher's. In simulations of 250 and 504 daily divergences -
    normal, autocorrelated, premium noise, Student t with five degrees - 95 % intervals of the tracking error cover
    92 to 95 %; with volatility that clusters for months 83 %. For a drift (tracking difference) of premium noise they
    are far too wide, since such noise telescopes: use the local-level regression there. Periods with a NaN on either
    side are left out.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> benchmark = pd.Series(0.03 * rng.standard_normal(250))
    >>> fund = benchmark + 1e-3 * rng.standard_normal(250)
    >>> found = hac_interval("tracking_error", fund, benchmark, periods_per_year=252)
    >>> found.lower < found.estimate < found.upper
    True
    """
    asked = Request.of(measure, fund_returns, benchmark_returns, level, options)
    rows = []
    for statistic, estimate in asked.statistics():
        if statistic is None or not np.isfinite(estimate):
            rows.append((estimate, *NOTHING, 0 if statistic is None else statistic.nobs, np.nan))
            continue
        lags = bandwidth_lags(bandwidth, len(statistic.table) - statistic.overlap) + statistic.overlap
        rows.append((estimate, *_hac(statistic, estimate, level, lags), statistic.nobs, lags))
    rule = bandwidth if isinstance(bandwidth, str) else "given"
    method = f"{HAC} delta method, Bartlett kernel, lag rule {rule}, fixed-b critical values"
    return asked.result(rows, "lags", method)


def bootstrap_interval(
    measure: Measure,
    fund_returns: Returns,
    benchmark_returns: Returns | None = None,
    *,
    level: float = 0.95,
    draws: int = 1999,
    seed: int = 0,
    block_length: float | None = None,
    expanded: bool = True,
    **options: object,
) -> MeasureInterval:
    """Return percentile intervals by the stationary bootstrap.

    Parameters
    ----------
    measure, fund_returns, benchmark_returns, level, **options
        As `hac_interval`.
    draws : int
        Replicates.
    seed : int
        Seed of the generator, the same for each fund.
    block_length : float, optional
        Expected block length in periods; by default Politis and White's for the measure's influence values, at least 1.
    expanded : bool
        Whether percentiles are taken further out, as far as a fixed-b critical value lies beyond the normal one:
        plain percentiles forget that the spread of the replicates is itself estimated.

    Returns
    -------
    MeasureInterval
        Estimate, standard deviation of the replicates and interval for each fund. NaN where the measure is NaN or
        fewer than four periods are complete.

    Raises
    ------
    AlignmentError, DataError, ParameterError, UnknownNameError
        As `hac_interval`.

    Notes
    -----
    Politis and Romano (1994); block length Politis and White (2004), corrected 2009. Percentile intervals, not BCa,
    whose jackknife assumes independence; expanded percentiles after Hesterberg (2015), with the critical value that
    `hac_interval` uses. Moments are resampled, which for smooth measures is resampling the returns and measuring
    again. In the simulations named at `hac_interval` 95 % intervals of the tracking error cover 91 to 97 % (plain
    percentiles 87 to 95 %); with volatility that clusters for months 77 %. Periods with a NaN on either side are left
    out, and their neighbours become neighbours.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> benchmark = pd.Series(0.03 * rng.standard_normal(250))
    >>> fund = benchmark + 1e-3 * rng.standard_normal(250)
    >>> found = bootstrap_interval("tracking_error", fund, benchmark, periods_per_year=252, draws=500)
    >>> found.lower < found.estimate < found.upper, found.draws, found.seed
    (True, 500, 0)
    """
    asked = Request.of(measure, fund_returns, benchmark_returns, level, options)
    rows = []
    for statistic, estimate in asked.statistics():
        if statistic is None or not np.isfinite(estimate):
            rows.append((estimate, *NOTHING, 0 if statistic is None else statistic.nobs, np.nan))
            continue
        found, length = _bootstrap(statistic, level, draws, seed, block_length, expanded)
        rows.append((estimate, *found, statistic.nobs, length))
    return asked.result(rows, "block_length", _bootstrap_method(expanded), draws, seed)


def paired_interval(
    measure: Measure,
    first_returns: pd.Series,
    second_returns: pd.Series,
    benchmark_returns: pd.Series | None = None,
    *,
    second_benchmark_returns: pd.Series | None = None,
    method: str = "hac",
    level: float = 0.95,
    bandwidth: Bandwidth = "lazarus",
    draws: int = 1999,
    seed: int = 0,
    block_length: float | None = None,
    **options: object,
) -> MeasureInterval:
    """Return an interval for the difference of a measure between two funds over the same periods.

    Parameters
    ----------
    measure, benchmark_returns, level, bandwidth, draws, seed, block_length, **options
        As `hac_interval` and `bootstrap_interval`.
    first_returns, second_returns : pandas.Series
        The two funds on the same labels; the first less the second is reported.
    second_benchmark_returns : pandas.Series, optional
        The second fund's own benchmark, where it is another.
    method : {"hac", "bootstrap"}
        Delta method with a long-run variance, or stationary bootstrap.

    Returns
    -------
    MeasureInterval
        One row: the difference, its standard error and interval.

    Raises
    ------
    AlignmentError, DataError, ParameterError, UnknownNameError
        As `hac_interval`.

    Notes
    -----
    Both funds are measured over the periods that are complete for both, and their moments are differentiated or
    resampled together, so that what moves both cancels. The interval is on the linear scale. Periods with a NaN
    anywhere are left out.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> benchmark = pd.Series(0.03 * rng.standard_normal(250))
    >>> near, far = (benchmark + scale * rng.standard_normal(250) for scale in (1e-3, 2e-3))
    >>> paired_interval("tracking_error", near, far, benchmark, periods_per_year=252).upper < 0
    True
    """
    if method not in {"hac", "bootstrap"}:
        raise ParameterError(f"method is {method!r}: give 'hac' or 'bootstrap'")
    for series, what in ((first_returns, "first_returns"), (second_returns, "second_returns")):
        if not isinstance(series, pd.Series):
            raise ParameterError(f"{what} is a {type(series).__name__}: give one fund as a Series")
    other = benchmark_returns if second_benchmark_returns is None else second_benchmark_returns
    check_pair(first_returns, second_returns)
    sides = [
        Request.of(measure, fund, reference, level, options)
        for fund, reference in ((first_returns, benchmark_returns), (second_returns, other))
    ]
    statistic = difference_of(*sides)
    names = [side.pair.name if side.pair.name is not None else place for side, place in zip(sides, "12", strict=True)]
    label = f"{names[0]} − {names[1]}"
    estimate = np.nan if statistic is None else statistic.estimate()
    if statistic is None or not np.isfinite(estimate):
        row: tuple[float, ...] = (np.nan, *NOTHING, 0 if statistic is None else statistic.nobs, np.nan)
    elif method == "hac":
        lags = bandwidth_lags(bandwidth, len(statistic.table) - statistic.overlap) + statistic.overlap
        row = (estimate, *_hac(statistic, estimate, level, lags), statistic.nobs, lags)
    else:
        found, length = _bootstrap(statistic, level, draws, seed, block_length, expanded=True)
        row = (estimate, *found, statistic.nobs, length)
    if method == "hac":
        text = f"paired {HAC} delta method, Bartlett kernel, fixed-b critical values"
        return sides[0].result([row], "lags", text, funds=pd.Index([label]))
    text = f"paired {_bootstrap_method(expanded=True)}"
    return sides[0].result([row], "block_length", text, draws, seed, funds=pd.Index([label]))


def _hac(statistic: Statistic, estimate: float, level: float, lags: int) -> tuple[float, float, float]:
    nobs = len(statistic.table)
    influence = statistic.influence()
    error = float(np.sqrt(bartlett_covariance(influence[:, None], lags)[0, 0] / nobs))
    half = critical_value(level, min((lags + 1) / nobs, 1.0)) * error
    if statistic.scale == "log" and estimate > 0:
        factor = float(np.exp(half / estimate))
        return error, estimate / factor, estimate * factor
    if statistic.scale == "fisher" and abs(estimate) < 1:
        centre, width = np.arctanh(estimate), half / (1 - estimate**2)
        return error, float(np.tanh(centre - width)), float(np.tanh(centre + width))
    return error, estimate - half, estimate + half


def _bootstrap(
    statistic: Statistic, level: float, draws: int, seed: int, block_length: float | None, expanded: bool
) -> tuple[tuple[float, float, float], float]:
    nobs = len(statistic.table)
    length = choose_block_length(statistic.influence()) if block_length is None else float(block_length)
    length = max(length, float(statistic.overlap + 1)) if block_length is None else length
    replicates = statistic.value(
        stationary_blocks(nobs, draws=draws, block_length=length, seed=seed).means(statistic.table)
    )
    kept = replicates[np.isfinite(replicates)]
    if len(kept) < 2 or len(kept) < draws / 2:
        return NOTHING, length
    tail = 0.5 - level / 2
    if expanded:
        from scipy.special import ndtr  # noqa: PLC0415 - slow to import, used only here

        fraction = (bandwidth_lags("lazarus", nobs) + 1) / nobs
        tail = float(ndtr(-critical_value(level, min(fraction, 1.0))))
    low, high = np.quantile(kept, [tail, 1 - tail])
    return (float(kept.std(ddof=1)), float(low), float(high)), length


def _bootstrap_method(expanded: bool) -> str:
    kind = "expanded percentiles" if expanded else "percentiles"
    return f"{BOOTSTRAP}, {kind}, block length by Politis and White unless given"
