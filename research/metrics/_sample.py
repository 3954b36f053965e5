"""The sample that a measure is taken of: labels, columns and numbers checked, then its moments down the columns.

A measure calls `check_pair` (fund and benchmark) or `check_values` (one input), computes on float64 arrays of shape
(observations, funds) and hands the array back through `result` or `like`, which restore the labels. Moments count the
values that are there, and are NaN in a column with fewer than they need, without a warning and without a surprise.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TypeAlias, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from research.errors import AlignmentError, DataError, ParameterError

__all__ = [
    "Array",
    "Pair",
    "Returns",
    "Values",
    "check_pair",
    "check_premium",
    "check_returns",
    "check_same_labels",
    "check_values",
    "check_years",
    "count",
    "covariance",
    "deviations",
    "mean",
    "negligible",
    "ratio",
    "total",
    "variance",
]

Array: TypeAlias = NDArray[np.float64]
Returns: TypeAlias = pd.Series | pd.DataFrame

LEVEL = 0.5
"""A series that stays above this is none of returns: they would all be gains of more than half."""
PREMIUM = 3.0
"""No log premium stays above this: the market would pay twenty times net asset value."""
FEWEST = 6
"""Values that it takes to say so: more than a handful."""

PERCENT = 100.0
TOGETHER = 0.5
"""Correlation from which a fund that moves a hundred times as far as its benchmark is one in another unit."""
SCALED = 252
"""Rows of which that is asked."""

ADVICE = (
    "research.load and research.alignment.align put series on the same labels and say what was lost; nothing is filled"
)


@dataclass(frozen=True, eq=False)
class Values:
    """One checked input as an array of shape (observations, columns), with its labels.

    `complete` says that no value is missing, as far as that is known without looking twice.
    """

    array: Array
    index: pd.Index
    columns: pd.Index | None
    name: Hashable | None
    complete: bool = False

    def result(self, by_column: Array) -> float | pd.Series:
        """Return one number per column: a float for a Series, a labelled Series for a DataFrame."""
        if self.columns is None:
            return float(by_column[0])
        return pd.Series(by_column, index=self.columns)

    def like(self, table: Array, index: pd.Index | None = None) -> pd.Series | pd.DataFrame:
        """Return an array of one row per label, which it keeps, in the shape of the input: a Series or a DataFrame."""
        labels = self.index if index is None else index
        if self.columns is None:
            return pd.Series(table[:, 0], index=labels, name=self.name, copy=False)
        return pd.DataFrame(table, index=labels, columns=self.columns, copy=False)


@dataclass(frozen=True, eq=False)
class Pair(Values):
    """Fund and benchmark with identical labels; both are NaN wherever either was (pairwise complete)."""

    benchmark: Array = field(kw_only=True)

    @property
    def fund(self) -> Array:
        """Fund returns, shape (observations, funds)."""
        return self.array

    @property
    def difference(self) -> Array:
        """Fund minus benchmark, NaN where either is missing."""
        difference: Array = self.array - self.benchmark
        return difference


def check_pair(fund: Returns, benchmark: Returns) -> Pair:
    """Return fund and benchmark as checked arrays of the same shape.

    Raises
    ------
    AlignmentError
        If the labels or the columns differ, or one index knows its time zone and the other does not.
    DataError
        If a value is infinite or not a number, labels are unsorted or repeated, a series holds prices, or
        one is in percent and the other in fractions.
    ParameterError
        If an input is neither a Series nor a DataFrame, or the benchmark has columns and the fund has not.
    """
    left, right = check_returns(fund, "the fund"), check_returns(benchmark, "the benchmark")
    check_same_labels(left.index, right.index, "the fund", "the benchmark")
    if right.columns is not None:
        if left.columns is None:
            raise ParameterError(
                "the fund is a Series and the benchmark a DataFrame: select one benchmark column, "
                "or give the funds as a DataFrame with the benchmark's columns"
            )
        _check_columns(left.columns, right.columns)
    a, b = np.broadcast_arrays(left.array, right.array)
    complete = left.complete and right.complete
    if not complete:
        missing = np.isnan(left.array) | np.isnan(right.array)
        a, b = np.where(missing, np.nan, a), np.where(missing, np.nan, b)
    _check_scale(a, b, left.columns)
    return Pair(a, left.index, left.columns, left.name, complete, benchmark=b)


def check_returns(returns: Returns, what: str) -> Values:
    """Return returns per period as `check_values` does, and refuse prices, levels and gross returns.

    The one test is that every value lies above one half, and that there are more than a handful: no market gains half
    its value in six periods on end, while prices, index levels, growth of one unit and gross returns lie there always.
    Prices below one half are not told from returns.
    """
    values = check_values(returns, what)
    if len(values.array) < FEWEST:
        return values
    # The first row alone clears nearly every table of returns: only what it does not clear is looked at as a whole.
    suspect = np.flatnonzero(~(values.array[0] <= LEVEL))
    table = values.array[:, suspect]
    levels = np.flatnonzero((np.fmin.reduce(table, axis=0) > LEVEL) & (count(table) >= FEWEST))
    if levels.size:
        known = table[:, levels[0]]
        where = "" if values.columns is None else f", column {values.columns[int(suspect[levels[0]])]!r},"
        raise DataError(
            f"{what}{where} lies between {np.nanmin(known):g} and {np.nanmax(known):g}: prices or levels, no returns "
            "per period; log returns of prices are numpy.log(prices).diff().iloc[1:], and research.load gives a "
            "history with nav_returns, price_returns and benchmark_returns"
        )
    return values


def check_values(values: Returns, what: str) -> Values:
    """Return one Series or DataFrame as a checked float64 array of shape (observations, columns)."""
    if not isinstance(values, pd.Series | pd.DataFrame):
        advice = (
            "history.nav_returns, history.benchmark_returns"
            if hasattr(values, "nav_returns")  # a History, whose room metrics do without
            else "a pandas Series or DataFrame, whose labels say which observation belongs to which"
        )
        raise ParameterError(f"{what} is a {type(values).__name__}: give {advice}")
    try:
        array = values.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what} holds values that are not numbers: {error}") from error
    columns = values.columns if isinstance(values, pd.DataFrame) else None
    table = array if array.ndim == 2 else array[:, None]
    _check_order(values.index, what)
    with np.errstate(over="ignore", invalid="ignore"):
        complete = bool(np.isfinite(table.sum()))  # one pass: anything missing or infinite would show in the sum
    infinite = np.isinf(table) if not complete else np.zeros(0, dtype=np.bool_)
    if infinite.any():
        row, column = (int(i) for i in np.argwhere(infinite)[0])
        where = "" if columns is None else f", column {columns[column]!r}"
        raise DataError(
            f"{what} is infinite at {_show(values.index[row])}{where} ({int(infinite.sum())} in all): "
            "a price of zero? mark a missing value with NaN"
        )
    return Values(table, values.index, columns, values.name if isinstance(values, pd.Series) else None, complete)


def check_premium(premium: Returns) -> Values:
    """Return premiums as `check_values` does, and refuse prices: a column that stays above any premium."""
    values = check_values(premium, "the premium")
    high = (np.fmin.reduce(values.array, axis=0, initial=np.inf) > PREMIUM) & (count(values.array) >= FEWEST)
    if high.any():
        column = int(np.argmax(high))
        where = "" if values.columns is None else f", column {values.columns[column]!r},"
        known = values.array[:, column]
        raise DataError(
            f"the premium{where} lies between {np.nanmin(known):g} and {np.nanmax(known):g}: prices, no premium; give "
            "numpy.log(price / nav), a fraction, which a history of research.load has as history.premium"
        )
    return values


def check_same_labels(left: pd.Index, right: pd.Index, left_name: str, right_name: str) -> None:
    """Raise AlignmentError unless both indexes hold the same labels in the same order."""
    zones = ["none" if zone is None else str(zone) for zone in (getattr(left, "tz", None), getattr(right, "tz", None))]
    if zones[0] != zones[1]:
        raise AlignmentError(
            f"time zone of the labels: {zones[0]} in {left_name}, {zones[1]} in {right_name}; "
            f"label both by session (naive dates); {ADVICE}"
        )
    if left is right or left.equals(right):
        return
    only_left, only_right = left.difference(right), right.difference(left)
    shared = min(len(left), len(right))
    differs = np.flatnonzero(np.asarray(left[:shared] != right[:shared]))
    at = int(differs[0]) if len(differs) else shared
    first = [_show(index[at]) if at < len(index) else "nothing" for index in (left, right)]
    raise AlignmentError(
        f"labels differ first at row {at}: {first[0]} in {left_name}, {first[1]} in {right_name} "
        f"({len(left)} and {len(right)} labels; {len(only_left)} only in the first, {len(only_right)} only in the "
        f"second); {ADVICE}"
    )


@overload
def check_years(years: float, pair: Values) -> float: ...
@overload
def check_years(years: float | pd.Series, pair: Values) -> float | Array: ...
def check_years(years: float | pd.Series, pair: Values) -> float | Array:
    """Return elapsed years as a positive float, or one for each column."""
    if isinstance(years, pd.Series):
        if pair.columns is None:
            raise ParameterError("years is a Series but the fund is one Series: give one number")
        if not years.index.equals(pair.columns):
            raise AlignmentError("years is labelled otherwise than the funds' columns: reindex it by column")
        spans = years.to_numpy(dtype=np.float64)
        if not (np.isfinite(spans) & (spans > 0)).all():
            raise ParameterError("years has a value that is not positive and finite")
        return spans
    span = float(years)
    if not 0 < span < float("inf"):
        raise ParameterError(f"years is {years!r}: give the elapsed time in years, as conventions.years_between does")
    return span


def _check_order(index: pd.Index, what: str) -> None:
    if index.is_monotonic_increasing and index.is_unique:
        return
    if index.hasnans:
        raise DataError(f"{what} has a missing label at row {int(np.flatnonzero(index.isna())[0])}")
    if not index.is_unique:
        repeated = index[index.duplicated()][0]
        raise DataError(f"{what} has the label {_show(repeated)} more than once: remove or merge the duplicates")
    row = next(i for i in range(1, len(index)) if not index[i - 1] < index[i])
    raise DataError(
        f"{what} is not sorted: {_show(index[row])} at row {row} comes after {_show(index[row - 1])}; use sort_index()"
    )


def _check_columns(left: pd.Index, right: pd.Index) -> None:
    if left.equals(right):
        return
    shared = min(len(left), len(right))
    at = next((i for i in range(shared) if left[i] != right[i]), shared)
    first = [repr(index[at]) if at < len(index) else "nothing" for index in (left, right)]
    raise AlignmentError(
        f"columns differ first at position {at}: the fund has {first[0]}, the benchmark {first[1]} "
        f"({len(left)} and {len(right)} columns); give the benchmark as one Series, or with the funds' columns"
    )


def _check_scale(fund: Array, benchmark: Array, columns: pd.Index | None) -> None:
    """Raise DataError where one moves with the other and a hundred times as far: percent against fractions."""
    a, b = fund[:SCALED], benchmark[:SCALED]  # the first year says it, and costs nothing in a long panel
    n = count(a)
    var_a, var_b, shared = variance(a), variance(b), covariance(a, b)
    low, high = np.fmin(var_a, var_b), np.fmax(var_a, var_b)
    apart = (high > (PERCENT / 2) ** 2 * low) & (high < (PERCENT * 2) ** 2 * low)
    together = shared**2 > TOGETHER**2 * var_a * var_b
    found = np.flatnonzero(apart & together & (n >= FEWEST))
    if found.size:
        at = int(found[0])
        where = "" if columns is None else f", column {columns[at]!r},"
        larger, smaller = ("fund", "benchmark") if var_a[at] > var_b[at] else ("benchmark", "fund")
        raise DataError(
            f"the fund{where} and the benchmark have standard deviations of {var_a[at] ** 0.5:.3g} and "
            f"{var_b[at] ** 0.5:.3g}: the {larger} is in percent and the {smaller} in fractions; divide the {larger}'s "
            "returns by 100"
        )


def _show(label: object) -> str:
    if isinstance(label, pd.Timestamp):
        text = label.isoformat()
        return text[:10] if label == label.normalize() and label.tz is None else text
    return repr(label.item() if isinstance(label, np.generic) else label)


def count(x: Array) -> NDArray[np.int64]:
    """Return the number of values in each column."""
    return np.asarray((~np.isnan(x)).sum(axis=0), dtype=np.int64)


def total(x: Array, minimum: int = 1) -> Array:
    """Return the sum of each column."""
    return np.where(count(x) >= minimum, _sum(x), np.nan)


def mean(x: Array, minimum: int = 1) -> Array:
    """Return the mean of each column, exact for a column that is constant."""
    n = count(x)
    origin = _first(x)
    # Taking the first value away first makes the mean of equal values that value, to the last bit.
    centre = origin + _sum(x - origin) / np.maximum(n, 1)
    return np.where(n >= minimum, centre, np.nan)


def deviations(x: Array) -> Array:
    """Return each column less its mean; exactly zero where the column is constant."""
    shifted = x - _first(x)
    return np.asarray(shifted - mean(shifted))


def variance(x: Array, ddof: int = 1) -> Array:
    """Return the variance of each column with divisor n - ddof; NaN for fewer than ddof + 1 values."""
    n = count(x)
    squares = _sum(deviations(x) ** 2)
    return np.where(n > ddof, squares / np.maximum(n - ddof, 1), np.nan)


def covariance(x: Array, y: Array, ddof: int = 1) -> Array:
    """Return the covariance of matching columns that are missing at the same rows."""
    n = count(x)
    products = _sum(deviations(x) * deviations(y))
    return np.where(n > ddof, products / np.maximum(n - ddof, 1), np.nan)


def negligible(variances: Array, *sources: Array) -> NDArray[np.bool_]:
    """Return where a variance is no more than the rounding error of float64 numbers of the sources' size.

    A ratio to such a variance is noise of any size; the metrics answer NaN instead.
    """
    size = np.zeros_like(variances)
    for source in sources:
        if len(source):
            size = np.maximum(size, np.nanmax(np.where(np.isnan(source), 0.0, np.abs(source)), axis=0))
    return np.asarray(variances <= (4 * np.finfo(np.float64).eps * size) ** 2, dtype=np.bool_)


def ratio(numerator: Array, denominator: Array, undefined: NDArray[np.bool_] | None = None) -> Array:
    """Return the quotient, NaN where it is undefined or the denominator is zero."""
    bad = denominator == 0
    if undefined is not None:
        bad = bad | undefined
    return np.asarray(np.where(bad, np.nan, numerator / np.where(bad, 1.0, denominator)))


def _first(x: Array) -> Array:
    """Return the first value of each column that is there, 0 where none is."""
    if not len(x):
        return np.zeros(x.shape[1])
    present = ~np.isnan(x)
    row = present.argmax(axis=0)
    return np.where(present.any(axis=0), x[row, np.arange(x.shape[1])], 0.0)


def _sum(x: Array) -> Array:
    """Sum down each column, missing values left out: the same to the last bit in a panel as for one fund alone."""
    # NumPy sums pairwise only along contiguous memory, so the layout would show in the last digit.
    return np.asarray(np.nansum(np.asfortranarray(x), axis=0))
