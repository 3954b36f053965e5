"""Moments over moving windows: a window's sum is the tail of one block plus the head of the next.

Blocks are as long as the window, so every window is exactly one suffix and one prefix of running sums. Nothing is ever
subtracted from a running total: a value that has left the window cannot leave its rounding error behind.
"""

from __future__ import annotations

import numpy as np

from research.errors import ParameterError
from research.metrics import _moments as moments
from research.metrics._pair import Array

__all__ = [
    "check_min_count",
    "check_window",
    "expanding_variance",
    "moving_covariance",
    "moving_mean",
    "moving_sum",
    "moving_variance",
]

COLUMNS = 32  # columns handled at once: their running sums stay in the processor's cache
DIGITS_LOST = 1e-6  # a variance this small beside its mean square has lost six digits and is computed again
WINDOWS = 1 << 15  # windows computed again at once, to bound memory


def check_window(window: int, min_count: int | None, least: int = 2) -> tuple[int, int]:
    """Return window and minimum count as integers, the count being the window where none is given."""
    if not _is_whole(window) or window < least:
        raise ParameterError(f"window is {window!r}: give a whole number of observations, {least} or more")
    if min_count is None:
        return int(window), int(window)
    if not _is_whole(min_count) or not 1 <= min_count <= window:
        raise ParameterError(f"min_count is {min_count!r}: give a whole number from 1 to the window, {window}")
    return int(window), max(int(min_count), least)


def check_min_count(min_count: int) -> int:
    """Return the minimum count of a growing window as an integer, at least 2."""
    if not _is_whole(min_count) or min_count < 2:
        raise ParameterError(f"min_count is {min_count!r}: give a whole number of observations, 2 or more")
    return int(min_count)


def _is_whole(number: float) -> bool:
    return not isinstance(number, bool) and bool(np.isfinite(number)) and int(number) == number


def moving_sum(x: Array, window: int) -> Array:
    """Return the sum of the last `window` rows at each row, of fewer at the beginning; `x` has no NaN."""
    rows, columns = x.shape
    blocks = -(-rows // window)
    padded = np.zeros((blocks * window, columns))
    padded[:rows] = x
    cut = padded.reshape(blocks, window, columns)
    sums = np.cumsum(cut, axis=1)
    if blocks > 1 and window > 1:
        tails = np.cumsum(cut[:-1, :0:-1], axis=1)[:, ::-1]
        sums[1:, :-1] += tails
    return np.asarray(sums.reshape(blocks * window, columns)[:rows])


def moving_mean(x: Array, window: int, min_count: int) -> Array:
    """Return the mean of the last `window` rows, NaN with fewer than `min_count` values."""
    n = moving_sum((~np.isnan(x)).astype(np.float64), window)
    origin = moments.mean(x)
    shifted = np.nan_to_num(x - origin, nan=0.0)
    return np.where(n >= min_count, origin + moving_sum(shifted, window) / np.maximum(n, 1), np.nan)


def moving_variance(x: Array, window: int, min_count: int) -> Array:
    """Return the variance (n − 1) of the last `window` rows, NaN with fewer than `min_count` (and two) values."""
    out = np.empty(x.shape)
    centred = x - moments.mean(x)
    for start in range(0, x.shape[1], COLUMNS):
        part = slice(start, start + COLUMNS)
        out[:, part] = _variance(np.ascontiguousarray(centred[:, part]), window, max(min_count, 2))
    return out


def moving_covariance(x: Array, y: Array, window: int, min_count: int) -> Array:
    """Return the covariance (n − 1) of the last `window` rows of columns that are missing at the same rows."""
    # By polarisation, so that it inherits the care that is taken with variances.
    plus, minus = (moving_variance(z, window, min_count) for z in (x + y, x - y))
    return np.asarray((plus - minus) / 4)


def expanding_variance(x: Array, min_count: int) -> Array:
    """Return the variance (n − 1) of all rows so far, NaN with fewer than `min_count` (and two) values."""
    # Welford's recursion in closed form: the squares about the running mean are sums of terms that are not negative.
    present = ~np.isnan(x)
    n = np.cumsum(present, axis=0).astype(np.float64)
    shifted = np.where(present, x - moments.mean(x), 0.0)
    running = np.cumsum(shifted, axis=0) / np.maximum(n, 1)
    before = np.vstack([np.zeros((1, x.shape[1])), running[:-1]])[: len(x)]
    step = np.where(present, (shifted - before) * (shifted - running), 0.0)
    squares = np.cumsum(np.where(n > 1, np.maximum(step, 0.0), 0.0), axis=0)
    return np.where(n >= max(min_count, 2), squares / np.maximum(n - 1, 1), np.nan)


def _variance(y: Array, window: int, needed: int) -> Array:
    missing = np.isnan(y)
    if missing.any():
        y[missing] = 0.0
        n = moving_sum(1.0 - missing, window)
    else:
        n = np.minimum(np.arange(1.0, len(y) + 1), window)[:, None]
    sums, mean_squares = moving_sum(y, window), moving_sum(y * y, window)
    squares = mean_squares - sums * sums / np.maximum(n, 1)
    enough = n >= needed
    doubtful = (squares < DIGITS_LOST * mean_squares) & enough
    if doubtful.any():
        squares[doubtful] = _again(y, missing, window, *np.nonzero(doubtful))
    return np.where(enough, squares / np.maximum(n - 1, 1), np.nan)


def _again(y: Array, missing: np.ndarray, window: int, rows: np.ndarray, columns: np.ndarray) -> Array:
    """Sum of squares about the window's own mean, for the windows that end at `rows`."""
    squares = np.empty(len(rows))
    back = np.arange(window)
    for start in range(0, len(rows), WINDOWS):
        row, column = rows[start : start + WINDOWS], columns[start : start + WINDOWS]
        at = row[:, None] - back
        outside = (at < 0) | missing[at, column[:, None]]
        values = np.where(outside, np.nan, y[at, column[:, None]])
        squares[start : start + WINDOWS] = np.nansum(moments.deviations(values.T) ** 2, axis=0)
    return squares
