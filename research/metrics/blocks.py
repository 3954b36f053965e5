"""The stationary bootstrap (Politis and Romano 1994) by blocks: resampled sums without resampled series.

The fast form is right because every statistic here is a function of sums over the resampled observations, and the sum
over a block of neighbours is a difference of two running sums: a replicate costs as many subtractions as it has blocks,
whatever its length. The series is wrapped into a circle, as the stationary bootstrap does, by running through it twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from research.errors import ParameterError, SampleError

__all__ = ["Resampling", "choose_block_length", "stationary_blocks"]

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Resampling:
    """Which blocks of a sample make up each replicate.

    Parameters
    ----------
    nobs, draws : int
        Observations of the sample, and of each replicate; replicates.
    block_length : float
        Expected length of a block, in observations.
    seed : int or None
        Seed that it was drawn with; None where the indices came from elsewhere.
    starts, lengths : numpy.ndarray of int, shape (blocks,)
        First observation and number of observations of each block, replicate after replicate.
    first : numpy.ndarray of int, shape (draws,)
        Where in `starts` each replicate begins.
    """

    nobs: int
    draws: int
    block_length: float
    seed: int | None
    starts: Integers = field(repr=False)
    lengths: Integers = field(repr=False)
    first: Integers = field(repr=False)

    @classmethod
    def of_indices(cls, indices: npt.ArrayLike) -> Resampling:
        """Return the resampling that draws exactly the observations `indices`, shape (draws, nobs)."""
        table = np.asarray(indices, dtype=np.intp)
        if table.ndim != 2 or not table.size or table.min() < 0 or table.max() >= table.shape[1]:
            raise ParameterError("indices must be a table of one row for each replicate, each a draw of 0 … n − 1")
        draws, nobs = table.shape
        return cls(nobs, draws, 1.0, None, table.ravel(), np.ones(table.size, dtype=np.intp), np.arange(draws) * nobs)

    def block_sums(self, values: Array) -> Array:
        """Return the sums of `values` (nobs, columns) over each block, shape (blocks, columns)."""
        running = _running(values)
        return np.asarray(running[self.starts + self.lengths] - running[self.starts])

    def sums(self, values: Array) -> Array:
        """Return the sums of `values` (nobs, columns) over each replicate, shape (draws, columns)."""
        if len(values) != self.nobs:
            raise ParameterError(f"the resampling is of {self.nobs} observations, the values are {len(values)}")
        centre = values.mean(axis=0)  # running sums of deviations do not grow, and so keep their digits
        # A sparse matrix with +1 at the end and −1 at the start of each block adds without writing the blocks down.
        edges = np.column_stack([self.starts + self.lengths, self.starts]).ravel()
        signs = np.tile([1.0, -1.0], self.starts.size)
        rows = np.append(2 * self.first, edges.size)
        pick = csr_array((signs, edges, rows), shape=(self.draws, 2 * self.nobs + 1))
        sums: Array = np.asarray(pick @ _running(values - centre)) + self.nobs * centre
        return sums

    def means(self, values: Array) -> Array:
        """Return the means of `values` (nobs, columns) over each replicate, shape (draws, columns)."""
        return np.asarray(self.sums(values) / self.nobs)

    def indices(self) -> Integers:
        """Return the observations of each replicate, shape (draws, nobs): what other programs resample with."""
        offset = np.arange(self.draws * self.nobs) - np.repeat(np.cumsum(self.lengths) - self.lengths, self.lengths)
        return ((np.repeat(self.starts, self.lengths) + offset) % self.nobs).reshape(self.draws, self.nobs)


def _running(values: Array) -> Array:
    """Return running sums of the series gone through twice, from zero, shape (2·nobs + 1, columns)."""
    running = np.zeros((2 * len(values) + 1, values.shape[1]))
    np.cumsum(np.concatenate([values, values]), axis=0, out=running[1:])
    return running


def stationary_blocks(nobs: int, *, draws: int, block_length: float, seed: int) -> Resampling:
    """Draw a stationary bootstrap: blocks from uniform starts, geometric lengths, on a circle.

    Parameters
    ----------
    nobs : int
        Observations.
    draws : int
        Replicates.
    block_length : float
        Expected block length, at least 1; 1 is the bootstrap of independent observations.
    seed : int
        Seed of the generator.

    Returns
    -------
    Resampling
        The blocks of each replicate.

    Raises
    ------
    ParameterError
        If a number cannot be.

    Notes
    -----
    Politis and Romano (1994). Values with a NaN have to be left out before: a NaN spoils every sum after it.

    Examples
    --------
    >>> import numpy as np
    >>> blocks = stationary_blocks(100, draws=500, block_length=5, seed=1)
    >>> x = np.arange(100.0)[:, None]
    >>> bool(np.allclose(blocks.means(x)[:, 0], x[blocks.indices(), 0].mean(axis=1)))
    True
    """
    for value, name in ((nobs, "nobs"), (draws, "draws")):
        if isinstance(value, bool) or int(value) != value or value < 1:
            raise ParameterError(f"{name} is {value!r}: give a positive whole number")
    if not 1.0 <= block_length < float("inf"):
        raise ParameterError(f"block_length is {block_length!r}: give an expected length of 1 or more observations")
    rng = np.random.default_rng(seed)
    expected = nobs / block_length
    columns = int(expected + 7.0 * expected**0.5 + 8.0)
    lengths = _lengths(rng, draws, columns, block_length)
    while (lengths.sum(axis=1) < nobs).any():  # one time in a billion
        lengths = np.hstack([lengths, _lengths(rng, draws, columns, block_length)])
    ends = np.minimum(np.cumsum(lengths, axis=1), nobs)
    lengths = np.diff(ends, axis=1, prepend=0)
    used = lengths > 0
    counts = used.sum(axis=1)
    starts = rng.integers(nobs, size=int(counts.sum()))
    first = np.cumsum(counts) - counts
    return Resampling(nobs, draws, float(block_length), seed, starts.astype(np.intp), lengths[used], first)


def _lengths(rng: np.random.Generator, draws: int, columns: int, block_length: float) -> Integers:
    """Draw geometric lengths: whole parts of exponential ones, a tenth of the time of a direct draw."""
    if block_length == 1.0:
        return np.ones((draws, columns), dtype=np.intp)
    rate = -np.log1p(-1.0 / block_length)
    return np.asarray((rng.standard_exponential((draws, columns)) / rate).astype(np.intp) + 1)


def choose_block_length(values: Array) -> float:
    """Return the Politis-White block length for the stationary bootstrap of the mean of a series.

    Parameters
    ----------
    values : numpy.ndarray, shape (nobs,) or (nobs, columns)
        Series whose mean is bootstrapped, without NaN; of several columns the longest length counts.

    Returns
    -------
    float
        Expected length between 1 and nobs; 1 where a series does not vary or is too short to tell (below 8).

    Notes
    -----
    Politis and White (2004) as corrected by Patton, Politis and White (2009), from `arch`. Its answer may lie below 1
    for independent or alternating series, where it is no length: it is raised to 1.

    Examples
    --------
    >>> import numpy as np
    >>> fading = np.convolve(np.random.default_rng(1).standard_normal(520), 0.7 ** np.arange(20), mode="valid")
    >>> 5 < choose_block_length(fading) < 50, choose_block_length(np.full(100, 0.1))
    (True, 1.0)
    """
    table = values if values.ndim == 2 else values[:, None]
    if not len(table):
        raise SampleError("there is no observation to choose a block length from")
    spread = np.ptp(table, axis=0)
    size = np.abs(table).max(axis=0)
    varies = spread > 1e-12 * size
    if len(table) < 8 or not varies.any():
        return 1.0
    from arch.bootstrap import optimal_block_length  # noqa: PLC0415 - a slow import, used only here

    chosen = np.asarray(optimal_block_length(table[:, varies] / spread[varies])["stationary"], dtype=float)
    chosen = chosen[np.isfinite(chosen)]
    return float(np.clip(chosen.max(), 1.0, len(table))) if chosen.size else 1.0
