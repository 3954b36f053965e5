"""Moments down the columns of an array with missing values, without a warning and without a surprise.

Every function takes an array of shape (observations, columns), counts the values that are there, and returns NaN for a
column with fewer than `minimum` of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from research.metrics._pair import Array

__all__ = ["count", "covariance", "deviations", "mean", "negligible", "ratio", "total", "variance"]


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
