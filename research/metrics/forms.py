"""A measure as a smooth function of means: what the delta method differentiates and the bootstrap resamples.

A form turns one fund's returns into a table of moments, one row for each period, and the means of that table into the
measure. It stands beside the measure's own function; its estimate is, to rounding, what that function returns, and a
test says so for each. Here is what forms share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from research.metrics._sample import Array

__all__ = ["Form", "Options", "columns", "dispersion", "divergence", "spread", "variance"]

Options: TypeAlias = Mapping[str, Any]
Moments: TypeAlias = Callable[[Array, Array, Options], Array]
Value: TypeAlias = Callable[[Array, int, Options], Array]


@dataclass(frozen=True)
class Form:
    """A measure as a function of means.

    Parameters
    ----------
    moments : callable
        From fund, benchmark and options to moments of shape (n, k). A premium comes with a benchmark of zeros.
    value : callable
        From means of shape (..., k), n and options to the measure, analytic in the means.
    scale : {"linear", "log", "fisher"}
        On which scale a normal interval is drawn: dispersions on the log's, correlations on Fisher's.
    rows : {"complete", "all", "sums"}
        What a row of moments is: a complete period; any period in its place, zeros where it is missing, for a measure
        in which neighbours enter together; or a sum over as many periods as the option that `one_of` names.
    one_of : tuple of str and callable, optional
        For a measure that answers for several lags or horizons at once: the option that asks for one of them, and what
        keywords of its function that is.
    """

    moments: Moments
    value: Value
    scale: Literal["linear", "log", "fisher"] = "linear"
    rows: Literal["complete", "all", "sums"] = "complete"
    one_of: tuple[str, Callable[[int], Options]] | None = None

    def table(self, fund: Array, benchmark: Array, options: Options) -> tuple[Array, int]:
        """Return the moments of one fund, and how many complete periods (or overlapping sums) they are made of."""
        there = ~(np.isnan(fund) | np.isnan(benchmark))
        if self.rows == "complete":
            fund, benchmark = fund[there], benchmark[there]
        else:
            fund, benchmark = np.where(there, fund, np.nan), np.where(there, benchmark, np.nan)
        if not there.any():
            return np.empty((0, 1)), 0
        table = self.moments(fund, benchmark, options)
        return table, int(there.sum()) if self.rows == "all" else len(table)


def columns(*parts: Array) -> Array:
    """Return moments side by side, one column each."""
    return np.column_stack(parts)


def centred(x: Array) -> Array:
    """Return values less their mean: squares of what is small keep their digits."""
    return np.asarray(x - x.mean())


def divergence(r: Array, b: Array, _: Options) -> Array:
    """Return the divergence as the only moment."""
    return (r - b)[:, None]


def spread(r: Array, b: Array, _: Options) -> Array:
    """Return the divergence about the sample's mean, and its square."""
    d = centred(r - b)
    return columns(d, d * d)


def variance(first: Array, second: Array, n: int, ddof: int = 1) -> Array:
    """Return the variance from the means of x and x²; zero or more for real means."""
    squares = second - first * first
    if not np.iscomplexobj(squares):
        squares = np.maximum(squares, 0.0)
    return np.asarray(squares * (n / (n - ddof)))


def dispersion(m: Array, n: int, o: Options) -> Array:
    """Return the annualised standard deviation from the means of x and x²."""
    return np.asarray(np.sqrt(variance(m[..., 0], m[..., 1], n) * o["periods_per_year"]))
