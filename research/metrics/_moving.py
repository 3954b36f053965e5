"""Moments over moving windows: updated from row to row where that is safe, and from blocks of sums where it is not.

The fast form is right because updating a window by one arriving and one leaving value commits an error of a few units
in the last place of that window's sum of squares, so that what gathers over a column is at most that much of all its
squares: a column whose smallest window variance is not negligible beside them keeps nine digits, and every other column
is computed again. There a window's sum is the tail of one block plus the head of the next, blocks as long as the
window: nothing is ever subtracted from a running total, and a value that has left the window cannot leave its rounding
error behind.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import bottleneck as bn
import numpy as np

from research.errors import ParameterError
from research.metrics import _sample as sample
from research.metrics._sample import Array

__all__ = [
    "check_min_count",
    "check_window",
    "expanding_variance",
    "moving_covariance",
    "moving_deviation",
    "moving_mean",
    "moving_sum",
    "moving_variance",
]

COLUMNS = 32  # columns handled at once: their running sums stay in the processor's cache
TILE = 128  # rows and columns turned at once: fewer pages of memory in use than the processor keeps addresses for
LARGE = 1 << 20  # values from which blocks of columns are handled side by side
THREADS = 4
SPREAD = 4e-8  # smallest window variance over the column's sum of squares below which an update may have lost digits
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
    origin = sample.mean(x)
    shifted = np.nan_to_num(x - origin, nan=0.0)
    return np.where(n >= min_count, origin + moving_sum(shifted, window) / np.maximum(n, 1), np.nan)


def moving_variance(x: Array, window: int, min_count: int) -> Array:
    """Return the variance (n − 1) of the last `window` rows, NaN with fewer than `min_count` (and two) values."""
    out = np.empty(x.shape[::-1])  # a column after the other, as both the update and pandas have them

    def fill(part: slice, block: Array) -> None:
        _turn(x[:, part], None, block)
        deviation = _updated(block, window, max(min_count, 2))
        np.multiply(deviation, deviation, out=out[part])

    _for_blocks(fill, x)
    return out.T


def moving_deviation(x: Array, minus: Array, window: int, min_count: int, scale: float) -> Array:
    """Return `scale` times the deviation of `x` less `minus` over the last `window` rows, in one pass."""
    out = np.empty(x.shape[::-1])

    def fill(part: slice, block: Array) -> None:
        _turn(x[:, part], minus[:, part], block)
        np.multiply(_updated(block, window, max(min_count, 2)), scale, out=out[part])

    _for_blocks(fill, x)
    return out.T


def _for_blocks(fill: Callable[[slice, Array], None], x: Array) -> None:
    """Call `fill` with blocks of columns, side by side where the table is large: nothing in it holds Python's lock."""
    rows, columns = x.shape
    parts = [slice(start, min(start + TILE, columns)) for start in range(0, columns, TILE)]
    workers = min(len(parts), os.cpu_count() or 1, THREADS) if x.size >= LARGE else 1
    queue = iter(parts)  # whoever is free takes the next one

    def work(_: int) -> None:
        room = np.empty((min(TILE, columns), rows))  # once: memory given back is memory that has to be mapped again
        for part in queue:
            fill(part, room[: part.stop - part.start])

    if workers < 2:
        work(0)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, range(workers)))


def _turn(x: Array, minus: Array | None, block: Array) -> None:
    """Write the columns into `block` as contiguous rows, less those of `minus`: by tiles, in a fraction of the time."""
    for start in range(0, len(x), TILE):
        rows = slice(start, start + TILE)
        if minus is None:
            block[:, rows] = x[rows].T
        else:
            np.subtract(x[rows].T, minus[rows].T, out=block[:, rows])


def _updated(block: Array, window: int, needed: int) -> Array:
    """Return window deviations of each row of `block`: updated where that keeps its digits, else from block sums."""
    rows = block.shape[1]
    if needed > rows:
        return np.full(block.shape, np.nan)
    deviation: Array = bn.move_std(block, min(window, rows), min_count=needed, axis=1, ddof=1)
    least = np.fmin.reduce(deviation, axis=1) ** 2
    squares = np.einsum("ij,ij->i", block, block)
    holes = np.isnan(squares)
    if holes.any():
        squares[holes] = np.nansum(block[holes] ** 2, axis=1)
    kept = least > SPREAD * squares
    for start in range(0, int((~kept).sum()), COLUMNS):
        again = np.flatnonzero(~kept)[start : start + COLUMNS]
        values = block[again].T
        values = np.ascontiguousarray(values - sample.mean(values))
        deviation[again] = np.sqrt(_variance(values, window, needed)).T
    return deviation


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
    shifted = np.where(present, x - sample.mean(x), 0.0)
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
        squares[start : start + WINDOWS] = np.nansum(sample.deviations(values.T) ** 2, axis=0)
    return squares
