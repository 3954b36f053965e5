"""Confidence intervals for every measure: by the delta method with a long-run variance, and by stationary bootstrap.

Daily divergences are autocorrelated (premium noise comes back) and fat-tailed, so that no interval here assumes
independence. Each carries what it was made with: method, lags or block length, draws, seed, observations.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from research.conventions import check_confidence
from research.errors import ParameterError, UnknownNameError, former_field, renamed
from research.metrics import registry
from research.metrics._sample import Array, Pair, Returns, check_pair, check_values
from research.metrics.blocks import choose_block_length, stationary_blocks
from research.metrics.forms import Form, Options
from research.metrics.longrun import Bandwidth, bandwidth_lags, bartlett_covariance, critical_value
from research.metrics.registry import Measure
from research.tables import Result, Table

__all__ = [
    "MeasureInterval",
    "Request",
    "Statistic",
    "bootstrap_interval",
    "difference_of",
    "hac_interval",
    "paired_interval",
]


@dataclass(frozen=True, eq=False)
class MeasureInterval(Result):
    """Estimates of one measure with confidence intervals, one row for each fund.

    Parameters
    ----------
    measure : str
        Name of the measure's function.
    frame : pandas.DataFrame
        One row for each fund: ``estimate``, ``std_error``, ``lower``, ``upper``, ``nobs`` and ``lags`` or
        ``block_length``.
    confidence : float
        Nominal coverage.
    method : str
        How the intervals were made.
    options : mapping
        The measure's own options.
    draws, seed : int or None
        Replicates and seed of a bootstrap.
    single : bool
        Whether one fund was asked for: then the properties are numbers, otherwise Series.
    """

    measure: str
    frame: pd.DataFrame
    confidence: float
    method: str
    options: Mapping[str, Any]
    draws: int | None = None
    seed: int | None = None
    single: bool = True
    level = former_field("level", "confidence")

    def _get(self, column: str) -> float | pd.Series:
        values = self.frame[column]
        return float(values.iloc[0]) if self.single else values

    @property
    def estimate(self) -> float | pd.Series:
        """The measure."""
        return self._get("estimate")

    @property
    def std_error(self) -> float | pd.Series:
        """Standard error of the measure."""
        return self._get("std_error")

    @property
    def lower(self) -> float | pd.Series:
        """Lower end of the interval."""
        return self._get("lower")

    @property
    def upper(self) -> float | pd.Series:
        """Upper end of the interval."""
        return self._get("upper")

    @property
    def interval(self) -> tuple[float | pd.Series, float | pd.Series]:
        """Both ends of the interval."""
        return self.lower, self.upper

    @property
    def nobs(self) -> float | pd.Series:
        """Complete periods (overlapping sums for a horizon)."""
        return self._get("nobs")

    @property
    def lags(self) -> float | pd.Series | None:
        """Lags of the long-run variance; None for a bootstrap."""
        return self._get("lags") if "lags" in self.frame.columns else None

    @property
    def block_length(self) -> float | pd.Series | None:
        """Expected block length in periods; None for the delta method."""
        return self._get("block_length") if "block_length" in self.frame.columns else None

    def summary(self) -> Table:
        """Return estimates and intervals as a table."""
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        drawn = "" if self.draws is None else f"; {self.draws} draws, seed {self.seed}"
        formats = dict.fromkeys(("estimate", "std_error", "lower", "upper"), ".6g")
        formats |= {"nobs": "d", "lags": ".0f", "block_length": ".1f"}
        caption = (
            f"{self.measure.replace('_', ' ')}{f' ({options})' if options else ''}, {self.confidence:.0%} intervals"
        )
        return Table(self.frame, caption, formats, (f"{self.method}{drawn}",))

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain numbers and words, ready for JSON."""
        rows = {str(fund): {k: float(v) for k, v in row.items()} for fund, row in self.frame.iterrows()}
        return {
            "measure": self.measure,
            "funds": rows,
            "confidence": self.confidence,
            "level": self.confidence,  # until research.result/2
            "method": self.method,
            "options": dict(self.options),
            "draws": self.draws,
            "seed": self.seed,
        }


NOTHING = (np.nan,) * 3
HAC, BOOTSTRAP = "HAC", "stationary bootstrap"
MeasureName: TypeAlias = str | Callable[..., object]


@dataclass(frozen=True, eq=False)
class Statistic:
    """A measure of one fund, or the difference of two, as a function of the means of one table of moments."""

    table: Array
    nobs: int
    value: Callable[[Array], Array]
    scale: str
    overlap: int

    def estimate(self) -> float:
        """Return the measure in the sample."""
        return float(self.value(self.table.mean(axis=0)))

    def influence(self) -> Array:
        """Return each row's effect on the measure: moments about their means times the gradient, from complex steps."""
        means = self.table.mean(axis=0)
        steps = means + 1e-30j * np.eye(means.size)
        gradient = np.imag(self.value(steps)) / 1e-30
        return np.asarray((self.table - means) @ gradient)


@dataclass(frozen=True, eq=False)
class Request:
    """A measure, what it is asked of, and its options."""

    measure: Measure
    form: Form
    pair: Pair
    confidence: float
    options: Mapping[str, Any]

    @classmethod
    def of(
        cls, wanted: MeasureName, fund: Returns, benchmark: Returns | None, confidence: float, options: Options
    ) -> Request:
        """Return a request whose measure, options and data have been checked."""
        found = registry.measure(wanted)
        if found.form is None:
            able = [one.name for one in registry.measures() if one.form]
            raise UnknownNameError("measure with an interval", found.name, able)
        taken = _options(found, found.form)
        given = {k: v for k, v in taken.items() if v is not Parameter.empty} | dict(options)
        if set(given) != set(taken):
            needed = ", ".join(taken) or "none"
            raise ParameterError(f"{found.name} takes the options {needed}; given were {', '.join(given) or 'none'}")
        if (benchmark is None) == found.benchmark:
            verb = "needs" if found.benchmark else "takes no"
            raise ParameterError(f"{found.name} {verb} benchmark returns")
        check_confidence(confidence)
        if benchmark is None:
            values = check_values(fund, "the premium")
            zero = np.zeros(values.array.shape)
            pair = Pair(values.array, values.index, values.columns, values.name, values.complete, benchmark=zero)
        else:
            pair = check_pair(fund, benchmark)
        asked = cls(found, found.form, pair, confidence, given)
        asked.measured(fund, benchmark)  # refuses what the measure refuses
        return asked

    def measured(self, fund: Returns, benchmark: Returns | None) -> Array:
        """Return what the measure's own function says of each fund."""
        data = (fund,) if benchmark is None else (fund, benchmark)
        options = dict(self.options)
        if self.form.one_of is None:
            return np.atleast_1d(np.asarray(self.measure.function(*data, **options)))
        one, ask = self.form.one_of
        wanted = options.pop(one)
        table = pd.DataFrame(self.measure.function(*data, **options, **ask(wanted)))
        return np.asarray(table.loc[wanted], dtype=np.float64)

    def own(self, column: int) -> dict[str, Any]:
        """Return the options of one fund, where some are given by fund."""
        return {k: v.iloc[column] if isinstance(v, pd.Series) else v for k, v in self.options.items()}

    def statistic(self, column: int, mask: np.ndarray | None = None) -> Statistic | None:
        """Return one fund's measure as a function of means; None with too few periods."""
        fund, benchmark = self.pair.fund[:, column], self.pair.benchmark[:, column]
        if mask is not None:
            fund = np.where(mask, fund, np.nan)
        options = self.own(column)
        table, nobs = self.form.table(fund, benchmark, options)
        if nobs < 4:
            return None
        overlap = int(options[self.form.one_of[0]]) - 1 if self.form.rows == "sums" and self.form.one_of else 0

        def value(means: Array) -> Array:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                return self.form.value(means, nobs, options)

        return Statistic(table, nobs, value, self.form.scale, min(overlap, nobs - 1))

    def statistics(self) -> list[tuple[Statistic | None, float]]:
        """Return each fund's measure as a function of means, and the number that its own function gives."""
        columns = self.pair.array.shape[1]
        index = self.pair.index
        names = pd.RangeIndex(columns) if self.pair.columns is None else self.pair.columns
        fund = pd.DataFrame(self.pair.fund, index, names, copy=False)
        reference = pd.DataFrame(self.pair.benchmark, index, names, copy=False) if self.measure.benchmark else None
        values = self.measured(fund, reference)
        return [(self.statistic(i), float(values[i])) for i in range(columns)]

    def result(
        self,
        rows: Sequence[tuple[float, ...]],
        width: str,
        method: str,
        draws: int | None = None,
        seed: int | None = None,
        funds: pd.Index | None = None,
    ) -> MeasureInterval:
        """Return the labelled result."""
        single = funds is not None or self.pair.columns is None
        if funds is None:
            name: Hashable = self.pair.name if self.pair.name is not None else "fund"
            funds = pd.Index([name]) if self.pair.columns is None else self.pair.columns
        columns = ["estimate", "std_error", "lower", "upper", "nobs", width]
        frame = pd.DataFrame(rows, index=funds, columns=columns).astype({"nobs": np.int64})
        shown = {k: v for k, v in self.options.items() if not isinstance(v, pd.Series)}
        return MeasureInterval(self.measure.name, frame, self.confidence, method, shown, draws, seed, single)


def _options(measure: Measure, form: Form) -> dict[str, object]:
    """Return what an interval of the measure takes, with defaults: of several lags or horizons it is asked for one."""
    if form.one_of is None:
        return measure.options
    one, ask = form.one_of
    return {name: default for name, default in measure.options.items() if name not in ask(1)} | {one: Parameter.empty}


def difference_of(first: Request, second: Request) -> Statistic | None:
    """Return one fund's measure less another's as a function of the means of both, over periods complete for both."""
    there = ~np.isnan(first.pair.difference[:, 0]) & ~np.isnan(second.pair.difference[:, 0])
    parts = [side.statistic(0, there) for side in (first, second)]
    one, two = parts
    if one is None or two is None:
        return None
    cut = one.table.shape[1]
    table = np.hstack([one.table, two.table])
    return Statistic(
        table, one.nobs, lambda m: one.value(m[..., :cut]) - two.value(m[..., cut:]), "linear", one.overlap
    )


@renamed("level", "confidence")
def hac_interval(
    measure: MeasureName,
    fund_returns: Returns,
    benchmark_returns: Returns | None = None,
    *,
    confidence: float = 0.95,
    bandwidth: Bandwidth = "lazarus",
    **options: object,
) -> MeasureInterval:
    """Return confidence intervals by the delta method with a Newey-West long-run variance.

    Parameters
    ----------
    measure : str or callable
        A measure by its function or by any of its names, see `research.measures`: ``"tracking_error"``, ``"ATD"``.
    fund_returns : pandas.Series or pandas.DataFrame
        What the measure takes: returns per period, or a premium; one column for each fund.
    benchmark_returns : pandas.Series or pandas.DataFrame, optional
        The benchmark on the same labels; None for a measure of a premium.
    confidence : float
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
        If an option is missing or unknown, or `confidence` or `bandwidth` cannot be.
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
    asked = Request.of(measure, fund_returns, benchmark_returns, confidence, options)
    rows = []
    for statistic, estimate in asked.statistics():
        if statistic is None or not np.isfinite(estimate):
            rows.append((estimate, *NOTHING, 0 if statistic is None else statistic.nobs, np.nan))
            continue
        lags = bandwidth_lags(bandwidth, len(statistic.table) - statistic.overlap) + statistic.overlap
        rows.append((estimate, *_hac(statistic, estimate, confidence, lags), statistic.nobs, lags))
    rule = bandwidth if isinstance(bandwidth, str) else "given"
    method = f"{HAC} delta method, Bartlett kernel, lag rule {rule}, fixed-b critical values"
    return asked.result(rows, "lags", method)


@renamed("level", "confidence")
def bootstrap_interval(
    measure: MeasureName,
    fund_returns: Returns,
    benchmark_returns: Returns | None = None,
    *,
    confidence: float = 0.95,
    draws: int = 1999,
    seed: int = 0,
    block_length: float | None = None,
    expanded: bool = True,
    **options: object,
) -> MeasureInterval:
    """Return percentile intervals by the stationary bootstrap.

    Parameters
    ----------
    measure, fund_returns, benchmark_returns, confidence, **options
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
    asked = Request.of(measure, fund_returns, benchmark_returns, confidence, options)
    rows = []
    for statistic, estimate in asked.statistics():
        if statistic is None or not np.isfinite(estimate):
            rows.append((estimate, *NOTHING, 0 if statistic is None else statistic.nobs, np.nan))
            continue
        found, length = _bootstrap(statistic, confidence, draws, seed, block_length, expanded)
        rows.append((estimate, *found, statistic.nobs, length))
    return asked.result(rows, "block_length", _bootstrap_method(expanded), draws, seed)


@renamed("level", "confidence")
def paired_interval(
    measure: MeasureName,
    first_returns: pd.Series,
    second_returns: pd.Series,
    benchmark_returns: pd.Series | None = None,
    *,
    second_benchmark_returns: pd.Series | None = None,
    method: str = "hac",
    confidence: float = 0.95,
    bandwidth: Bandwidth = "lazarus",
    draws: int = 1999,
    seed: int = 0,
    block_length: float | None = None,
    **options: object,
) -> MeasureInterval:
    """Return an interval for the difference of a measure between two funds over the same periods.

    Parameters
    ----------
    measure, benchmark_returns, confidence, bandwidth, draws, seed, block_length, **options
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
        Request.of(measure, fund, reference, confidence, options)
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
        row = (estimate, *_hac(statistic, estimate, confidence, lags), statistic.nobs, lags)
    else:
        found, length = _bootstrap(statistic, confidence, draws, seed, block_length, expanded=True)
        row = (estimate, *found, statistic.nobs, length)
    if method == "hac":
        text = f"paired {HAC} delta method, Bartlett kernel, fixed-b critical values"
        return sides[0].result([row], "lags", text, funds=pd.Index([label]))
    text = f"paired {_bootstrap_method(expanded=True)}"
    return sides[0].result([row], "block_length", text, draws, seed, funds=pd.Index([label]))


def _hac(statistic: Statistic, estimate: float, confidence: float, lags: int) -> tuple[float, float, float]:
    nobs = len(statistic.table)
    influence = statistic.influence()
    error = float(np.sqrt(bartlett_covariance(influence[:, None], lags)[0, 0] / nobs))
    half = critical_value(confidence, min((lags + 1) / nobs, 1.0)) * error
    if statistic.scale == "log" and estimate > 0:
        factor = float(np.exp(half / estimate))
        return error, estimate / factor, estimate * factor
    if statistic.scale == "fisher" and abs(estimate) < 1:
        centre, width = np.arctanh(estimate), half / (1 - estimate**2)
        return error, float(np.tanh(centre - width)), float(np.tanh(centre + width))
    return error, estimate - half, estimate + half


def _bootstrap(
    statistic: Statistic, confidence: float, draws: int, seed: int, block_length: float | None, expanded: bool
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
    tail = 0.5 - confidence / 2
    if expanded:
        from scipy.special import ndtr  # noqa: PLC0415 - slow to import, used only here

        fraction = (bandwidth_lags("lazarus", nobs) + 1) / nobs
        tail = float(ndtr(-critical_value(confidence, min(fraction, 1.0))))
    low, high = np.quantile(kept, [tail, 1 - tail])
    return (float(kept.std(ddof=1)), float(low), float(high)), length


def _bootstrap_method(expanded: bool) -> str:
    kind = "expanded percentiles" if expanded else "percentiles"
    return f"{BOOTSTRAP}, {kind}, block length by Politis and White unless given"
