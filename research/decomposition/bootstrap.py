"""The stationary bootstrap of a regression decomposition in changes: coefficients, contributions and shares at once.

The fast form is right because least squares, its contributions and its shares of variance are functions of the cross
products of [1, ΔX, d] alone: resampling these, summed block by block from running sums, gives every replicate the very
numbers that resampling the rows and fitting again would give it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.conventions import BASIS_POINT, SESSIONS_PER_YEAR, check_confidence, check_periods, years_between
from research.decomposition.estimates import UNEXPLAINED
from research.decomposition.local_level import check_sample
from research.errors import AlignmentError, DataError, IdentificationError, ParameterError, SampleError
from research.metrics.blocks import Resampling, choose_block_length, stationary_blocks
from research.tables import Result, Table

__all__ = ["BootstrapDecomposition", "bootstrap_decomposition"]

Array = npt.NDArray[np.float64]

_DEGENERATE = 1e-12  # determinant of a replicate's standardised regressors below which it cannot tell them apart


@dataclass(frozen=True, eq=False)
class BootstrapDecomposition(Result):
    """A regression decomposition with percentile intervals of the stationary bootstrap.

    Parameters
    ----------
    estimates : pandas.DataFrame
        Rows ``(quantity, term)``, columns ``estimate``, ``std_error``, ``lower``, ``upper``. Quantities are
        ``coefficient``, ``contribution`` (log a year), ``euler_share``, ``r_squared`` and ``tracking_error``.
    replicates : pandas.DataFrame, shape (draws, rows of `estimates`)
        The same quantities in each replicate; NaN where a replicate cannot tell the drivers apart.
    confidence : float
        Nominal coverage of the intervals.
    method : str
        What was done.
    block_length : float
        Expected block length, sessions.
    draws, nobs : int
        Replicates; differences in the sample.
    degenerate : int
        Replicates that could not tell the drivers apart, left out of the intervals.
    seed : int or None
        Seed of the generator; None where the indices were given.
    """

    estimates: pd.DataFrame
    replicates: pd.DataFrame = field(repr=False)
    confidence: float
    method: str
    block_length: float
    draws: int
    nobs: int
    degenerate: int
    seed: int | None

    @property
    def params(self) -> pd.Series:
        """Coefficients, the constant (drift per session) last."""
        return self._column("coefficient", "estimate")

    @property
    def std_errors(self) -> pd.Series:
        """Bootstrap standard errors of the coefficients."""
        return self._column("coefficient", "std_error")

    @property
    def contributions(self) -> pd.DataFrame:
        """Contributions to the log tracking difference a year, with errors and intervals; they sum to it."""
        return pd.DataFrame(self.estimates.loc["contribution"])

    def _column(self, quantity: str, column: str) -> pd.Series:
        return self.estimates.loc[quantity][column].rename(column)

    def summary(self) -> Table:
        """Return coefficients, contributions in basis points a year and shares, each with its interval."""
        shown = self.estimates.copy()
        in_bp = shown.index.get_level_values(0).isin(["contribution", "tracking_error"])
        shown.loc[in_bp] /= BASIS_POINT
        labels = {"contribution": "contribution, bp", "tracking_error": "tracking error, bp"}
        pairs = [(str(quantity), str(term)) for quantity, term in shown.index.to_list()]
        names = [labels.get(a, a.replace("_", " ")) + (f": {b}" if b else "") for a, b in pairs]
        notes = (
            f"{self.method}; expected block {self.block_length:.1f} sessions, {self.draws} draws, seed {self.seed}, "
            f"{self.nobs} differences",
        )
        formats = dict.fromkeys(shown.columns, ".4f")
        return Table(
            shown.set_axis(names), f"Decomposition in changes, {self.confidence:.0%} intervals", formats, notes
        )

    def to_dict(self) -> dict[str, object]:
        """Return the estimates as plain numbers, ready for JSON."""
        pairs = [f"{quantity}:{term}" for quantity, term in self.estimates.index.to_list()]
        rows = self.estimates.to_dict("records")
        return {
            "estimates": dict(zip(pairs, rows, strict=True)),
            "confidence": self.confidence,
            "method": self.method,
            "block_length": self.block_length,
            "draws": self.draws,
            "nobs": self.nobs,
            "degenerate": self.degenerate,
            "seed": self.seed,
        }


@dataclass(frozen=True, eq=False)
class _Sample:
    """Differences in units of their own deviation about their own mean, and what turns results back."""

    names: list[str]
    change: Array
    mean: Array
    scale: Array
    totals: Array
    years: float
    drift: float
    periods: float

    @property
    def nobs(self) -> int:
        return len(self.change)

    def labels(self) -> pd.MultiIndex:
        """Return the rows of the result."""
        rows = [("coefficient", name) for name in [*self.names, "constant"]]
        rows += [("contribution", name) for name in [*self.names, UNEXPLAINED]]
        rows += [("euler_share", name) for name in [*self.names, UNEXPLAINED]]
        return pd.MultiIndex.from_tuples([*rows, ("r_squared", ""), ("tracking_error", "")], names=["quantity", "term"])

    def products(self) -> Array:
        """Return the standardised differences and their outer products, packed."""
        rows, cols = np.triu_indices(self.change.shape[1])
        return np.hstack([self.change, self.change[:, rows] * self.change[:, cols]])

    def decompose(self, means: Array) -> tuple[Array, npt.NDArray[np.bool_]]:
        """Return every quantity from means of `products` (draws, ·), and which rows are degenerate."""
        width = self.change.shape[1]
        count = width - 1
        rows, cols = np.triu_indices(width)
        first = means[:, :width]
        covariance = np.empty((len(means), width, width))
        covariance[:, rows, cols] = means[:, width:] - first[:, rows] * first[:, cols]
        covariance[:, cols, rows] = covariance[:, rows, cols]
        design, target = covariance[:, :count, :count], covariance[:, :count, count]
        degenerate = ~(np.linalg.det(design) > _DEGENERATE) if count else np.zeros(len(means), dtype=np.bool_)
        safe = np.where(degenerate[:, None, None], np.eye(count), design)
        beta = np.linalg.solve(safe, target[:, :, None])[:, :, 0]
        variance = np.maximum(covariance[:, count, count], 0.0)
        share = beta * target / np.where(variance > 0, variance, np.nan)[:, None]
        params = beta * self.scale[count] / self.scale[:count]
        at = self.mean + first * self.scale
        constant = at[:, count] - (params * at[:, :count]).sum(axis=1)
        contribution = params * self.totals / self.years
        explained = share.sum(axis=1)
        error = self.scale[count] * np.sqrt(variance * self.nobs / (self.nobs - 1) * self.periods)
        parts = [
            params,
            constant,
            contribution,
            self.drift - contribution.sum(axis=1),
            share,
            1.0 - explained,
            explained,
        ]
        table = np.column_stack([*parts, error])
        table[degenerate] = np.nan
        return table, degenerate

    def scores(self) -> Array:
        """Return residual, and residual times each regressor: the series whose means the estimates vary with."""
        x, d = self.change[:, :-1], self.change[:, -1]
        residual = d - x @ np.linalg.lstsq(x, d, rcond=None)[0]
        return np.column_stack([residual, x * residual[:, None]])


def bootstrap_decomposition(
    level: pd.Series,
    drivers: pd.DataFrame,
    *,
    draws: int = 1000,
    seed: int = 0,
    block_length: float | None = None,
    confidence: float = 0.95,
    years: float | None = None,
    periods_per_year: float = SESSIONS_PER_YEAR,
    indices: npt.ArrayLike | None = None,
) -> BootstrapDecomposition:
    """Bootstrap the regression of a divergence's changes on its drivers' changes, with all that follows from it.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level g in logs.
    drivers : pandas.DataFrame of float, shape (T + 1, K)
        Cumulated log returns X of the drivers, with the labels of `level`.
    draws : int
        Replicates.
    seed : int
        Seed of the generator.
    block_length : float, optional
        Expected block length, sessions; by default the longest that Politis and White's rule gives for the residual
        and its products with the drivers, at least 1.
    confidence : float
        Nominal coverage of the intervals.
    years : float, optional
        Elapsed years; by default those between the first and last label, Act/365.
    periods_per_year : float
        Sessions a year, for the tracking error.
    indices : array_like of int, shape (draws, nobs), optional
        Observations of each replicate where they come from another program; `draws`, `seed` and `block_length` are
        then not used.

    Returns
    -------
    BootstrapDecomposition
        Coefficients, contributions, Euler shares, R² and tracking error with standard errors and intervals.

    Raises
    ------
    AlignmentError
        If the labels of `level` and `drivers` differ.
    DataError
        If a driver is NaN where the level is not, or the level does not vary.
    IdentificationError
        If the drivers cannot be told apart.
    ParameterError
        If a parameter cannot be, or `years` is not given and the labels are no dates.
    SampleError
        If fewer than three more differences than drivers remain.

    Notes
    -----
    NaN in `level`: the changes from and to it are left out.

    ``d = α + ΔX·β + e`` by least squares. Contributions are ``β·(X_T − X_0)/years``, given the drivers as they were;
    Euler shares ``β_k·Cov(ΔX_k, d)/Var(d)``. Intervals are percentiles (BCa's jackknife would assume independence).
    Slow drivers such as fees are estimated far better by `local_level`; this is the model-free check beside it.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> days = pd.bdate_range("2024-01-01", periods=253)
    >>> premium = pd.DataFrame({"premium": 0.003 * rng.standard_normal(253)}, days)
    >>> level = premium["premium"] + np.cumsum(1e-4 * rng.standard_normal(253))
    >>> found = bootstrap_decomposition(level, premium, draws=200)
    >>> round(float(found.params["premium"]), 1), found.draws, found.nobs
    (1.0, 200, 252)
    """
    sample = _sample(level, drivers, years, check_periods(periods_per_year))
    nominal = check_confidence(confidence)
    if indices is not None:
        blocks = Resampling.of_indices(indices)
    else:
        length = choose_block_length(sample.scores()) if block_length is None else float(block_length)
        blocks = stationary_blocks(sample.nobs, draws=draws, block_length=length, seed=seed)
    products = sample.products()
    estimate, none = sample.decompose(products.mean(axis=0)[None])
    if none[0]:
        raise IdentificationError("the drivers are collinear in changes: impose or leave out one", tuple(sample.names))
    replicates, degenerate = sample.decompose(blocks.means(products))
    kept = replicates[~degenerate]
    if len(kept) < 2:
        raise IdentificationError("no two replicates can tell the drivers apart: impose one", tuple(sample.names))
    bounds = np.quantile(kept, [0.5 - nominal / 2, 0.5 + nominal / 2], axis=0)
    labels = sample.labels()
    frame = {"estimate": estimate[0], "std_error": kept.std(axis=0, ddof=1), "lower": bounds[0], "upper": bounds[1]}
    return BootstrapDecomposition(
        estimates=pd.DataFrame(frame, labels),
        replicates=pd.DataFrame(replicates, columns=labels),
        confidence=nominal,
        method="least squares in changes, stationary bootstrap, percentile intervals",
        block_length=blocks.block_length,
        draws=blocks.draws,
        nobs=sample.nobs,
        degenerate=int(degenerate.sum()),
        seed=blocks.seed,
    )


def _sample(level: pd.Series, drivers: pd.DataFrame, years: float | None, periods: float) -> _Sample:
    """Return the checked and standardised differences."""
    if not drivers.index.equals(level.index):
        raise AlignmentError("level and drivers carry different labels")
    y, x = level.to_numpy(dtype=float), drivers.to_numpy(dtype=float)
    known = np.flatnonzero(~np.isnan(y))
    if known.size == 0:
        raise SampleError("the level has no value")
    if not (np.isfinite(x[known]).all() and np.isfinite(y[known]).all()):
        raise DataError("a driver has no finite value at a row where the level has one, or the level is infinite")
    change = np.diff(np.column_stack([x, y]), axis=0)
    change = change[np.isfinite(change).all(axis=1)]
    names = [str(name) for name in drivers.columns]
    check_sample(len(change), len(names))
    if years is None:
        if not isinstance(level.index, pd.DatetimeIndex):
            raise ParameterError("the labels are no dates: give the elapsed years")
        years = years_between(level.index[known[0]], level.index[known[-1]])
    if not 0.0 < years < float("inf"):
        raise ParameterError(f"years is {years!r}: give the elapsed time in years")
    mean, scale = change.mean(axis=0), change.std(axis=0)
    for name, deviation in zip([*names, "the divergence level"], scale, strict=True):
        if deviation <= 1e-12 * np.abs(change).max():
            kind = DataError if name == "the divergence level" else IdentificationError
            raise kind(f"the changes of {name!r} do not vary: impose it or leave it out")
    total = x[known[-1]] - x[known[0]]
    drift = (y[known[-1]] - y[known[0]]) / years
    return _Sample(names, (change - mean) / scale, mean, scale, total, float(years), float(drift), periods)
