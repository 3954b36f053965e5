"""The local-level regression of a whole panel of funds: the numbers of `local_level`, thousands of funds at a time.

The fast form is right because evenly spaced samples of one length share the transform that diagonalises their error
covariance, whatever its parameters: see `research.decomposition.panel_grid`. Funds whose sample has holes do not, and
are fitted one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.conventions import DAYS_PER_YEAR
from research.decomposition.local_level import local_level
from research.decomposition.panel_grid import fit_block
from research.decomposition.panel_result import LocalLevelPanel
from research.errors import AlignmentError, DataError, IdentificationError, ParameterError, SampleError

__all__ = ["LocalLevelPanel", "local_level_panel"]

Array = npt.NDArray[np.float64]

_CHUNK_BYTES = 96 << 20  # transformed products held at once
_COLLINEAR = 1e-10


@dataclass(frozen=True, eq=False)
class _Drivers:
    """Drivers as one array: shared (K, T + 1), or per fund (K, T + 1, N)."""

    names: list[str]
    levels: Array

    def of(self, rows: slice, funds: npt.NDArray[np.intp]) -> Array:
        """Return differences of shape (1 or F, K, T)."""
        if self.levels.ndim == 2:
            return np.diff(self.levels[:, rows], axis=1)[None]
        return np.ascontiguousarray(np.diff(self.levels[:, rows, :][:, :, funds], axis=1).transpose(2, 0, 1))

    def one(self, fund: int) -> Array:
        """Return the levels of one fund's drivers, shape (T + 1, K)."""
        return self.levels.T if self.levels.ndim == 2 else self.levels[:, :, fund].T


def local_level_panel(
    levels: pd.DataFrame, drivers: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None
) -> LocalLevelPanel:
    """Estimate the local-level regression of every column of a panel.

    Parameters
    ----------
    levels : pandas.DataFrame of float, shape (T + 1, N)
        Divergence levels g in logs, one column for each fund, one row a session.
    drivers : pandas.DataFrame or mapping of str to pandas.DataFrame, optional
        Cumulated log returns: a frame of shape (T + 1, K) that all funds share, or for each driver's name a frame with
        the labels and columns of `levels`. None estimates the noise alone.

    Returns
    -------
    LocalLevelPanel
        One row for each fund, the numbers of `local_level`.

    Raises
    ------
    AlignmentError
        If labels or columns differ, are not sorted, or are duplicated.
    DataError
        If a value is infinite, a driver is NaN where a level is not, or a level never changes.
    IdentificationError
        If a fund's drivers do not vary or add up to one another.
    SampleError
        If a fund has fewer than three more differences than drivers.

    Notes
    -----
    The model, the likelihood and the search are those of `local_level`. NaN before a fund's first and after its last
    level shorten its sample; NaN inside are missing sessions, never filled, and send that fund to `local_level`.
    Memory beyond the input does not grow with the number of funds.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> days = pd.bdate_range("2024-01-01", periods=253)
    >>> fee = pd.DataFrame({"fee": -0.0025 * (days - days[0]).days / 365}, days)
    >>> levels = pd.DataFrame({name: fee["fee"] + 1e-5 * rng.standard_normal(253) for name in "AB"})
    >>> panel = local_level_panel(levels, fee)
    >>> panel.params.round(1).to_dict()
    {'fee': {'A': 1.0, 'B': 1.0}}
    """
    values, known = _checked_levels(levels)
    given = _checked_drivers(levels, known, drivers)
    store = _Store.empty(len(levels.columns), len(given.names))
    for (first, last, full), funds in _samples(known).items():
        if full:
            _fit_group(store, values, given, slice(first, last + 1), funds)
        else:
            _fit_each(store, levels, given, funds)
    return store.result(levels, values, known, given)


@dataclass(frozen=True, eq=False)
class _Store:
    """Arrays that the groups fill in."""

    params: Array
    cov: Array
    noise: Array

    @classmethod
    def empty(cls, funds: int, count: int) -> _Store:
        return cls(np.empty((funds, count)), np.empty((funds, count, count)), np.empty((funds, 4)))

    def result(
        self, levels: pd.DataFrame, values: Array, known: npt.NDArray[np.bool_], given: _Drivers
    ) -> LocalLevelPanel:
        funds, names = levels.columns, given.names
        first, last = _ends(known)
        at = np.arange(len(funds))
        years = np.full(len(funds), np.nan)
        if isinstance(levels.index, pd.DatetimeIndex):
            days = (levels.index - levels.index[0]).to_numpy() / np.timedelta64(1, "D")
            years = (days[last] - days[first]) / DAYS_PER_YEAR
        if given.levels.ndim == 2:
            change = (given.levels[:, last] - given.levels[:, first]).T
        else:
            change = (given.levels[:, last, at] - given.levels[:, first, at]).T
        share, variance, likelihood, nobs = self.noise.T
        columns = {
            "sd_permanent": np.sqrt(share * variance),
            "sd_transitory": np.sqrt((1.0 - share) * variance),
            "permanent_share": share,
            "variance": variance,
            "log_likelihood": likelihood,
            "nobs": nobs.astype(np.int64),
        }
        errors = np.sqrt(np.diagonal(self.cov, axis1=1, axis2=2))
        drift = pd.Series((values[last, at] - values[first, at]) / years, funds, name="tracking_difference")
        return LocalLevelPanel(
            params=pd.DataFrame(self.params, funds, names),
            std_errors=pd.DataFrame(errors, funds, names),
            covariances=self.cov,
            noise=pd.DataFrame(columns, funds),
            tracking_difference=drift,
            contributions=pd.DataFrame(self.params * change / years[:, None], funds, names),
        )


def _fit_group(store: _Store, values: Array, given: _Drivers, rows: slice, funds: npt.NDArray[np.intp]) -> None:
    """Fit funds with one unbroken sample, a chunk at a time."""
    nobs, count = rows.stop - rows.start - 1, len(given.names)
    _check_sample(nobs, count)
    packed = 3 if given.levels.ndim == 2 else (count + 1) * (count + 2) // 2
    chunk = max(1, _CHUNK_BYTES // (8 * nobs * packed))
    shared = given.of(rows, funds) if given.levels.ndim == 2 else None
    if shared is not None:
        _check_rank(shared, given.names, [])
    for start in range(0, funds.size, chunk):
        part = funds[start : start + chunk]
        level = np.diff(np.ascontiguousarray(values[rows, part].T), axis=1)
        still = ~level.any(axis=1)
        if still.any():
            raise DataError(f"the level of column {int(part[still][0])} never changes: fund and benchmark are the same")
        x = given.of(rows, part) if shared is None else shared
        if shared is None:
            _check_rank(x, given.names, list(part))
        fit = fit_block(level, x)
        store.params[part] = fit.params
        store.cov[part] = fit.inverse * fit.variance[:, None, None]
        ones = np.full(part.size, float(nobs))
        store.noise[part] = np.column_stack([fit.share, fit.variance, fit.log_likelihood, ones])


def _fit_each(store: _Store, levels: pd.DataFrame, given: _Drivers, funds: npt.NDArray[np.intp]) -> None:
    """Fit funds whose sample has holes, one at a time."""
    for fund in funds:
        frame = pd.DataFrame(given.one(int(fund)), levels.index, given.names)
        fit = local_level(levels.iloc[:, int(fund)], frame)
        store.params[fund], store.cov[fund] = fit.params, fit.cov
        store.noise[fund] = fit.permanent_share, fit.variance, fit.log_likelihood, fit.nobs


def _samples(known: npt.NDArray[np.bool_]) -> dict[tuple[int, int, bool], npt.NDArray[np.intp]]:
    """Return columns by first row, last row and whether nothing is missing between."""
    first, last = _ends(known)
    full = known.sum(axis=0) == last - first + 1
    keys = np.column_stack([first, last, full])
    kinds, kind = np.unique(keys, axis=0, return_inverse=True)
    return {(int(a), int(b), bool(c)): np.flatnonzero(kind.ravel() == i) for i, (a, b, c) in enumerate(kinds)}


def _ends(known: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first and the last known row of each column."""
    rows, funds = known.shape
    if known[[0, -1]].all():
        return np.zeros(funds, dtype=np.intp), np.full(funds, rows - 1, dtype=np.intp)
    return known.argmax(axis=0), rows - 1 - known[::-1].argmax(axis=0)


def _checked_levels(levels: pd.DataFrame) -> tuple[Array, npt.NDArray[np.bool_]]:
    if not isinstance(levels, pd.DataFrame):
        raise ParameterError(f"levels is a {type(levels).__name__}: give a DataFrame, one column for each fund")
    if not (levels.index.is_monotonic_increasing and levels.index.is_unique and levels.columns.is_unique):
        raise AlignmentError("the labels of the levels are not strictly increasing, or two funds share a name")
    values = levels.to_numpy(dtype=float)
    known = ~np.isnan(values)
    if np.isinf(values).any():
        raise DataError(f"the level of {_where(levels, np.isinf(values))} is infinite: look for a price of zero")
    empty = ~known.any(axis=0)
    if empty.any():
        raise SampleError(f"fund {levels.columns[empty][0]!r} has no level ({int(empty.sum())} such funds): drop it")
    return values, known


def _checked_drivers(
    levels: pd.DataFrame, known: npt.NDArray[np.bool_], drivers: pd.DataFrame | Mapping[str, pd.DataFrame] | None
) -> _Drivers:
    if drivers is None:
        return _Drivers([], np.empty((0, len(levels))))
    if isinstance(drivers, pd.DataFrame):
        if not drivers.index.equals(levels.index):
            raise AlignmentError("levels and drivers carry different labels")
        values = np.ascontiguousarray(drivers.to_numpy(dtype=float).T)
        bad, names = ~np.isfinite(values) & known.any(axis=1), [str(name) for name in drivers.columns]
    else:
        for name, frame in drivers.items():
            if not (frame.index.equals(levels.index) and frame.columns.equals(levels.columns)):
                raise AlignmentError(f"driver {name!r} has other labels or columns than the levels")
        names = [str(name) for name in drivers]
        values = np.stack([frame.to_numpy(dtype=float) for frame in drivers.values()])
        bad = ~np.isfinite(values) & known
    if bad.any():
        name = names[int(np.argwhere(bad)[0][0])]
        raise DataError(f"driver {name!r} has no finite value at a row where a level has one")
    return _Drivers(names, values)


def _check_sample(nobs: int, count: int) -> None:
    if nobs < count + 3:
        raise SampleError(f"{nobs} differences cannot carry {count} drivers: give at least {count + 3}")


def _check_rank(x: Array, names: list[str], funds: list[int]) -> None:
    """Raise where a driver does not vary or some drivers add up to another, naming drivers and column."""
    norms = np.sqrt((x**2).sum(axis=2))

    def where(fund: int) -> str:
        return f" in column {funds[fund]}" if funds else ""

    if (norms == 0.0).any():
        fund, driver = (int(i) for i in np.argwhere(norms == 0.0)[0])
        message = f"driver {names[driver]!r} does not vary over the sample{where(fund)}: impose it or leave it out"
        raise IdentificationError(message, (names[driver],))
    if not names:
        return
    unit = x / norms[:, :, None]
    least, vectors = np.linalg.eigh(unit @ unit.transpose(0, 2, 1))
    low = least[:, 0] < _COLLINEAR
    if low.any():
        fund = int(np.flatnonzero(low)[0])
        involved = tuple(name for name, weight in zip(names, vectors[fund, :, 0], strict=True) if abs(weight) > 1e-3)
        message = f"drivers {', '.join(involved)} are collinear{where(fund)}: impose or leave out one"
        raise IdentificationError(message, involved)


def _where(levels: pd.DataFrame, bad: npt.NDArray[np.bool_]) -> str:
    row, column = (int(i) for i in np.argwhere(bad)[0])
    return f"{levels.columns[column]!r} at {levels.index[row]}"
