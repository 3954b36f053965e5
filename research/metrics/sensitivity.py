"""One fund against several benchmarks: how much of what is measured belongs to the choice of benchmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from research.conventions import check_periods
from research.errors import ParameterError, SampleError
from research.metrics._sample import check_same_labels, check_values
from research.metrics.difference import tracking_difference_log
from research.metrics.error import tracking_error
from research.metrics.registry import measure
from research.tables import Result, Table

__all__ = ["BenchmarkSensitivity", "benchmark_sensitivity"]

MEASURES = (
    "tracking_difference_log",
    "tracking_difference_ratio",
    "tracking_difference_arithmetic",
    "tracking_error",
    "root_mean_square_divergence",
    "mean_absolute_divergence",
    "downside_tracking_error",
    "residual_tracking_error",
    "beta",
    "correlation",
)


@dataclass(frozen=True, eq=False)
class BenchmarkSensitivity(Result):
    """Measures of one fund against each of several benchmarks, and of the benchmarks against each other.

    Parameters
    ----------
    measures : pandas.DataFrame
        One row for each benchmark, one column for each measure; fractions, a year where the measure is annualised.
    mismatch : pandas.DataFrame
        Log tracking difference a year of the row's benchmark against the column's. Antisymmetric, and additive: the
        fund's tracking difference against the column's is that against the row's plus this.
    mismatch_error : pandas.DataFrame
        Tracking error a year between row and column. Symmetric.
    nobs : int
        Periods complete for the fund and every benchmark.
    years, periods_per_year : float
        As given.
    """

    measures: pd.DataFrame
    mismatch: pd.DataFrame
    mismatch_error: pd.DataFrame
    nobs: int
    years: float
    periods_per_year: float

    @property
    def spread(self) -> pd.Series:
        """Largest less smallest value of each measure over the benchmarks."""
        return (self.measures.max() - self.measures.min()).rename("spread")

    def summary(self) -> Table:
        """Return the measures against each benchmark, and their spread, in basis points where they have that unit."""
        frame = pd.concat([self.measures, self.spread.to_frame().T])
        units = {name: measure(name).unit for name in frame.columns}
        labels = {name: f"{name.replace('_', ' ')}, bp" if unit.shown else name for name, unit in units.items()}
        shown = (frame / pd.Series({name: unit.size for name, unit in units.items()})).rename(columns=labels)
        formats = {labels[name]: ".2f" if unit.shown else ".4f" for name, unit in units.items()}
        notes = (f"{self.nobs} periods complete for the fund and every benchmark",)
        return Table(shown, f"One fund against {len(self.measures)} benchmarks", formats, notes)

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain numbers, ready for JSON."""

        def plain(frame: pd.DataFrame) -> dict[str, dict[str, float]]:
            return {str(i): {str(k): float(v) for k, v in row.items()} for i, row in frame.iterrows()}

        tables = {"measures": self.measures, "mismatch": self.mismatch, "mismatch_error": self.mismatch_error}
        rest: dict[str, object] = {"nobs": self.nobs, "years": self.years, "periods_per_year": self.periods_per_year}
        return rest | {name: plain(frame) for name, frame in tables.items()}


def benchmark_sensitivity(
    fund_returns: pd.Series, benchmarks: pd.DataFrame, *, years: float, periods_per_year: float
) -> BenchmarkSensitivity:
    """Measure one fund against each of several benchmarks, and the benchmarks against each other.

    Parameters
    ----------
    fund_returns : pandas.Series
        Log returns per period, fraction.
    benchmarks : pandas.DataFrame
        Log returns per period of two benchmarks or more, on the same labels.
    years : float
        Elapsed time that the returns cover, Act/365.
    periods_per_year : float
        Observations a year: 252 for sessions.

    Returns
    -------
    BenchmarkSensitivity
        Matrices of measures and of mismatch terms.

    Raises
    ------
    AlignmentError
        If labels differ.
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If there are fewer than two benchmarks, two share a name, or `years` or `periods_per_year` cannot be.
    SampleError
        If no period is complete.

    Notes
    -----
    Every number is over the same periods, those complete for the fund and all benchmarks (a NaN anywhere leaves the
    period out), so that TD(fund, j) = TD(fund, i) + TD(i, j) holds exactly: a row of `mismatch` is what a change of
    benchmark does to the tracking difference.

    Examples
    --------
    >>> fund = pd.Series([0.011, -0.020, 0.004])
    >>> references = pd.DataFrame({"A": [0.010, -0.018, 0.004], "B": [0.012, -0.018, 0.004]})
    >>> found = benchmark_sensitivity(fund, references, years=1.0, periods_per_year=252)
    >>> found.measures["tracking_difference_log"].round(6).to_dict(), found.mismatch.loc["B", "A"].round(6)
    ({'A': -0.001, 'B': -0.003}, np.float64(0.002))
    """
    periods = check_periods(periods_per_year)
    fund, references = check_values(fund_returns, "the fund"), check_values(benchmarks, "the benchmarks")
    if fund.columns is not None or references.columns is None:
        raise ParameterError("give one fund as a Series and the benchmarks as a DataFrame")
    if len(references.columns) < 2 or not references.columns.is_unique:
        raise ParameterError("give two benchmarks or more, each under a name of its own")
    check_same_labels(fund.index, references.index, "the fund", "the benchmarks")
    kept = ~(np.isnan(fund.array[:, 0]) | np.isnan(references.array).any(axis=1))
    if not kept.any():
        raise SampleError("no period is complete for the fund and every benchmark")
    names = references.columns
    index = fund.index[kept]
    levels = pd.DataFrame(references.array[kept], index, names)
    copies = pd.DataFrame(np.repeat(fund.array[kept], len(names), axis=1), index, names)
    given = {"years": years, "periods_per_year": periods}
    measured = {
        one.name: one.function(copies, levels, **{name: given[name] for name in one.needs})
        for one in map(measure, MEASURES)
    }
    between = {name: tracking_difference_log(levels, levels[name], years=years) for name in names}
    apart = {name: tracking_error(levels, levels[name], periods_per_year=periods) for name in names}
    return BenchmarkSensitivity(
        measures=pd.DataFrame(measured, index=names),
        mismatch=pd.DataFrame(between, index=names, columns=names),
        mismatch_error=pd.DataFrame(apart, index=names, columns=names),
        nobs=int(kept.sum()),
        years=float(years),
        periods_per_year=periods,
    )
