"""The local-level regression of a whole panel of funds: the numbers of `local_level`, thousands of funds at a time.

The fast form is right because evenly spaced samples of one length share the transform that diagonalises their error
covariance, whatever its parameters: cross products at all λ are one matrix product. As functions of log λ/(1 − λ)
these have no singularity nearer than π to the real line, so that 36 Chebyshev nodes carry them over three units to
either side to the last digits of float64, and the search inside a cell of the grid costs nothing that grows with the
sample. Funds whose sample has holes share no transform, and are fitted one at a time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.fft import dst
from scipy.special import expit

from research.conventions import BASIS_POINT, DAYS_PER_YEAR
from research.decomposition.covariance import eigenvalues, log_determinant
from research.decomposition.local_level import COLLINEAR, LOGITS, check_sample, local_level
from research.errors import AlignmentError, DataError, IdentificationError, ParameterError, SampleError
from research.tables import Result, Table

__all__ = [
    "LocalLevelPanel",
    "PanelDrivers",
    "changes_of",
    "checked_drivers",
    "checked_levels",
    "local_level_panel",
    "rates_of",
    "unbroken_samples",
]

Array = npt.NDArray[np.float64]

_NODES = 36
_HALF = 3.0  # half an interpolated piece: two of the grid's units of λ's logit and one more for the neighbours
_ROUNDS, _POINTS = 3, 17
_SAME = 1e-7  # a likelihood that exceeds an end's by less differs from it by rounding only
_CHUNK_BYTES = 96 << 20  # transformed products held at once


@dataclass(frozen=True, eq=False)
class LocalLevelPanel(Result):
    """Local-level regressions of many funds, one row for each.

    Parameters
    ----------
    params, std_errors : pandas.DataFrame, shape (N, K)
        Coefficients β and their standard errors.
    covariances : numpy.ndarray, shape (N, K, K)
        Covariances of the coefficients, funds and drivers in the order of `params`.
    noise : pandas.DataFrame, shape (N, 6)
        ``sd_permanent`` and ``sd_transitory`` (log, per session), ``permanent_share`` (λ), ``variance`` (σ²),
        ``log_likelihood`` and ``nobs``.
    tracking_difference : pandas.Series, shape (N,)
        Change of the divergence level a year, log, Act/365; NaN where labels are no dates.
    contributions : pandas.DataFrame, shape (N, K)
        β·ΔX a year, log, Act/365.
    method : str
        What was done, for the record.
    """

    params: pd.DataFrame
    std_errors: pd.DataFrame
    covariances: Array = field(repr=False)
    noise: pd.DataFrame
    tracking_difference: pd.Series
    contributions: pd.DataFrame
    method: str = "restricted maximum likelihood, sine transform, grid of λ refined by Chebyshev interpolation"

    @property
    def unexplained(self) -> pd.Series:
        """Tracking difference that no driver accounts for, log a year."""
        return (self.tracking_difference - self.contributions.sum(axis=1)).rename("unexplained")

    def summary(self) -> Table:
        """Return coefficients with errors, contributions and noise, one row for each fund."""
        columns: dict[str, pd.Series] = {"tracking difference, bp": self.tracking_difference / BASIS_POINT}
        formats = {"tracking difference, bp": "+.2f"}
        for name in self.params.columns:
            shown = {f"{name} β": ".4f", f"{name} se": ".4f", f"{name}, bp": "+.2f"}
            parts = (self.params[name], self.std_errors[name], self.contributions[name] / BASIS_POINT)
            columns |= dict(zip(shown, parts, strict=True))
            formats |= shown
        for kind in ("permanent", "transitory"):
            columns[f"{kind}, bp a session"] = self.noise[f"sd_{kind}"] / BASIS_POINT
            formats[f"{kind}, bp a session"] = ".4f"
        return Table(pd.DataFrame(columns), f"Local-level regressions of {len(self.params)} funds", formats)

    def to_dict(self) -> dict[str, object]:
        """Return the estimates as plain numbers, ready for JSON."""
        frames = {"params": self.params, "std_errors": self.std_errors, "contributions": self.contributions}
        plain: dict[str, object] = {
            name: {str(fund): {str(k): float(v) for k, v in row.items()} for fund, row in frame.iterrows()}
            for name, frame in (frames | {"noise": self.noise}).items()
        }
        return plain | {"method": self.method}


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
    values, known = checked_levels(levels)
    given = checked_drivers(levels, known, drivers)
    store = _Store.empty(len(levels.columns), len(given.names))
    for (first, last, full), funds in unbroken_samples(known).items():
        if full:
            _fit_group(store, values, given, slice(first, last + 1), funds)
        else:
            _fit_each(store, levels, given, funds)
    return store.result(levels, values, known, given)


def checked_levels(levels: pd.DataFrame) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return the values of a panel's levels, and which of them are known.

    Raises
    ------
    AlignmentError, DataError, ParameterError, SampleError
        As `local_level_panel` does.
    """
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


def checked_drivers(
    levels: pd.DataFrame, known: npt.NDArray[np.bool_], drivers: pd.DataFrame | Mapping[str, pd.DataFrame] | None
) -> PanelDrivers:
    """Return the drivers of a panel as one array.

    Raises
    ------
    AlignmentError, DataError
        As `local_level_panel` does.
    """
    if drivers is None:
        return PanelDrivers([], np.empty((0, len(levels))))
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
    return PanelDrivers(names, values)


def _where(levels: pd.DataFrame, bad: npt.NDArray[np.bool_]) -> str:
    row, column = (int(i) for i in np.argwhere(bad)[0])
    return f"{levels.columns[column]!r} at {levels.index[row]}"


@dataclass(frozen=True, eq=False)
class PanelDrivers:
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
        self, levels: pd.DataFrame, values: Array, known: npt.NDArray[np.bool_], given: PanelDrivers
    ) -> LocalLevelPanel:
        funds, names = levels.columns, given.names
        drift, gains = rates_of(levels, values, known, given)
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
        return LocalLevelPanel(
            params=pd.DataFrame(self.params, funds, names),
            std_errors=pd.DataFrame(errors, funds, names),
            covariances=self.cov,
            noise=pd.DataFrame(columns, funds),
            tracking_difference=drift,
            contributions=gains * self.params,
        )


def rates_of(
    levels: pd.DataFrame, values: Array, known: npt.NDArray[np.bool_], given: PanelDrivers
) -> tuple[pd.Series, pd.DataFrame]:
    """Return what each fund's level and drivers gained a year, log, Act/365; NaN where labels are no dates."""
    first, last = ends_of(known)
    at = np.arange(len(levels.columns))
    years = np.full(at.size, np.nan)
    if isinstance(levels.index, pd.DatetimeIndex):
        days = (levels.index - levels.index[0]).to_numpy() / np.timedelta64(1, "D")
        years = (days[last] - days[first]) / DAYS_PER_YEAR
    if given.levels.ndim == 2:
        change = (given.levels[:, last] - given.levels[:, first]).T
    else:
        change = (given.levels[:, last, at] - given.levels[:, first, at]).T
    drift = pd.Series((values[last, at] - values[first, at]) / years, levels.columns, name="tracking_difference")
    return drift, pd.DataFrame(change / years[:, None], levels.columns, given.names)


def unbroken_samples(known: npt.NDArray[np.bool_]) -> dict[tuple[int, int, bool], npt.NDArray[np.intp]]:
    """Return columns by first row, last row and whether nothing is missing between."""
    first, last = ends_of(known)
    full = known.sum(axis=0) == last - first + 1
    keys = np.column_stack([first, last, full])
    kinds, kind = np.unique(keys, axis=0, return_inverse=True)
    return {(int(a), int(b), bool(c)): np.flatnonzero(kind.ravel() == i) for i, (a, b, c) in enumerate(kinds)}


def ends_of(known: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first and the last known row of each column."""
    rows, funds = known.shape
    if known[[0, -1]].all():
        return np.zeros(funds, dtype=np.intp), np.full(funds, rows - 1, dtype=np.intp)
    return known.argmax(axis=0), rows - 1 - known[::-1].argmax(axis=0)


def _fit_group(store: _Store, values: Array, given: PanelDrivers, rows: slice, funds: npt.NDArray[np.intp]) -> None:
    """Fit funds with one unbroken sample, a chunk at a time."""
    nobs, count = rows.stop - rows.start - 1, len(given.names)
    packed = 3 if given.levels.ndim == 2 else (count + 1) * (count + 2) // 2
    for part, change, x in changes_of(values, given, rows, funds, max(1, _CHUNK_BYTES // (8 * nobs * packed))):
        fit = _fit_block(change, x)
        store.params[part] = fit.params
        store.cov[part] = fit.inverse * fit.variance[:, None, None]
        ones = np.full(part.size, float(nobs))
        store.noise[part] = np.column_stack([fit.share, fit.variance, fit.log_likelihood, ones])


def changes_of(
    values: Array, given: PanelDrivers, rows: slice, funds: npt.NDArray[np.intp], chunk: int
) -> Iterator[tuple[npt.NDArray[np.intp], Array, Array]]:
    """Yield funds, `chunk` at a time, with the changes of their levels (F, T) and of their drivers (1 or F, K, T).

    Raises
    ------
    DataError
        If a level never changes.
    IdentificationError
        If drivers do not vary or add up to one another.
    SampleError
        If the sample is too short.
    """
    check_sample(rows.stop - rows.start - 1, len(given.names))
    shared = given.of(rows, funds) if given.levels.ndim == 2 else None
    if shared is not None:
        _check_rank(shared, given.names, [])
    for start in range(0, funds.size, chunk):
        part = funds[start : start + chunk]
        change = np.diff(np.ascontiguousarray(values[rows, part].T), axis=1)
        still = ~change.any(axis=1)
        if still.any():
            raise DataError(f"the level of column {int(part[still][0])} never changes: fund and benchmark are the same")
        x = given.of(rows, part) if shared is None else shared
        if shared is None:
            _check_rank(x, given.names, list(part))
        yield part, change, x


def _fit_each(store: _Store, levels: pd.DataFrame, given: PanelDrivers, funds: npt.NDArray[np.intp]) -> None:
    """Fit funds whose sample has holes, one at a time."""
    for fund in funds:
        frame = pd.DataFrame(given.one(int(fund)), levels.index, given.names)
        fit = local_level(levels.iloc[:, int(fund)], frame)
        store.params[fund], store.cov[fund] = fit.params, fit.cov
        store.noise[fund] = fit.permanent_share, fit.variance, fit.log_likelihood, fit.nobs


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
    low = least[:, 0] < COLLINEAR
    if low.any():
        fund = int(np.flatnonzero(low)[0])
        involved = tuple(name for name, weight in zip(names, vectors[fund, :, 0], strict=True) if abs(weight) > 1e-3)
        message = f"drivers {', '.join(involved)} are collinear{where(fund)}: impose or leave out one"
        raise IdentificationError(message, involved)


def _fit_block(change: Array, drivers: Array) -> _BlockFit:
    """Fit each row of `change` (F, T; of levels) on the changes of `drivers` (1 or F, K, T), as `local_level` fits one.

    Drivers are shared where their first dimension is 1. All columns must vary.
    """
    nobs, count = change.shape[1], drivers.shape[1]
    scale_x = np.sqrt((drivers**2).sum(axis=2))
    x = drivers / scale_x[:, :, None]
    gram = x @ x.transpose(0, 2, 1)
    scale_y = np.sqrt((change**2).sum(axis=1))
    y = change / scale_y[:, None]
    # What least squares explains is taken out first: the search then works with what is left, and keeps its digits.
    start = _start(gram, x, y)
    y = y - (start @ x[0] if x.shape[0] == 1 else (start[:, None, :] @ x)[:, 0])
    products = _SharedProducts.of(y, x) if len(x) == 1 else _OwnProducts.of(y, x)
    search = _Search(products, nobs, count, np.linalg.slogdet(gram)[1], scale_y)
    share, value, design, target = search.best()
    inverse = np.linalg.inv(_unpack(design, count)) if count else np.zeros((1, 0, 0))
    inverse = np.broadcast_to(inverse, (len(y), count, count))
    change = (inverse @ target[:, :count, None])[:, :, 0]
    rest = np.maximum(target[:, count] - (change * target[:, :count]).sum(axis=1), 0.0)
    variance = rest / (nobs - count) * scale_y**2
    ratio = scale_y[:, None] / scale_x
    cov_scale = np.broadcast_to(scale_x, (len(y), count))
    return _BlockFit(
        params=(start + change) * ratio,
        inverse=inverse / (cov_scale[:, :, None] * cov_scale[:, None, :]),
        variance=variance,
        share=share,
        log_likelihood=value,
    )


@dataclass(frozen=True, eq=False)
class _BlockFit:
    """Estimates of a block of funds: shapes (F, K), (F, K, K) and (F,)."""

    params: Array
    inverse: Array
    variance: Array
    share: Array
    log_likelihood: Array


def _start(gram: Array, x: Array, y: Array) -> Array:
    if not x.shape[1]:
        return np.zeros((len(y), 0))
    cross = y @ x[0].T if x.shape[0] == 1 else (x @ y[:, :, None])[:, :, 0]
    return np.asarray(np.linalg.solve(gram, cross[:, :, None])[:, :, 0], dtype=float)


def _unpack(packed: Array, count: int) -> Array:
    matrix = np.empty((packed.shape[0], count, count))
    rows, cols = np.triu_indices(count)
    matrix[:, rows, cols] = packed
    matrix[:, cols, rows] = packed
    return matrix


class _Products(Protocol):
    """Whatever yields packed cross products: drivers among themselves, and with the response, its own square last."""

    def weigh(self, weights: Array, funds: slice | npt.NDArray[np.intp]) -> tuple[Array, Array]:
        """Return sums with each row of `weights`: (1 or F, K(K+1)/2, weights) and (F, K + 1, weights)."""
        ...


@dataclass(frozen=True, eq=False)
class _SharedProducts:
    """Drivers that all funds share: they are multiplied into the weights, and no product is formed per fund."""

    drivers: Array
    response: Array
    square: Array

    @classmethod
    def of(cls, y: Array, x: Array) -> _SharedProducts:
        response = _sines(y)
        return cls(_sines(x[0]), response, response * response)

    def weigh(self, weights: Array, funds: slice | npt.NDArray[np.intp]) -> tuple[Array, Array]:
        """Return the cross products at each row of `weights`."""
        rows, cols = np.triu_indices(len(self.drivers))
        design = (self.drivers[rows] * self.drivers[cols]) @ weights.T
        square = self.square[funds]
        target = np.empty((len(square), len(self.drivers) + 1, len(weights)))
        weighted = (self.drivers[:, None, :] * weights).reshape(-1, weights.shape[1])
        target[:, :-1] = (self.response[funds] @ weighted.T).reshape(len(square), -1, len(weights))
        target[:, -1] = square @ weights.T
        return design[None], target


@dataclass(frozen=True, eq=False)
class _OwnProducts:
    """Drivers of each fund's own: every product of two columns, once."""

    design: Array
    target: Array

    @classmethod
    def of(cls, y: Array, x: Array) -> _OwnProducts:
        response, drivers = _sines(y), _sines(x)
        rows, cols = np.triu_indices(x.shape[1])
        target = np.empty((len(y), x.shape[1] + 1, y.shape[1]))
        np.multiply(drivers, response[:, None, :], out=target[:, :-1])
        np.multiply(response, response, out=target[:, -1])
        return cls(drivers[:, rows] * drivers[:, cols], target)

    def weigh(self, weights: Array, funds: slice | npt.NDArray[np.intp]) -> tuple[Array, Array]:
        """Return the cross products at each row of `weights`."""
        design, target = (
            (part.reshape(-1, part.shape[2]) @ weights.T).reshape(*part.shape[:2], len(weights))
            for part in (self.design[funds], self.target[funds])
        )
        return design, target


def _sines(columns: Array) -> Array:
    return np.asarray(dst(columns, type=1, axis=-1, norm="ortho", workers=os.cpu_count()), dtype=float)


@dataclass(frozen=True, eq=False)
class _Search:
    """The search for each fund's permanent share, step for step that of `local_level`."""

    products: _Products
    nobs: int
    count: int
    log_det_gram: Array
    scale: Array

    def weights(self, shares: Array) -> Array:
        """Return 1/(λ + (1 − λ)ω), shape (λ, T)."""
        return np.asarray(1.0 / (shares[:, None] + (1.0 - shares)[:, None] * eigenvalues(self.nobs)), dtype=float)

    def criterion(self, design: Array, target: Array, shares: Array) -> Array:
        """Return restricted log likelihoods (F, λ) from packed cross products (·, packed, λ)."""
        log_det_design, residual = _eliminate(design, target, self.count)
        df = self.nobs - self.count
        variance = np.maximum(residual, np.finfo(float).tiny) / df * (self.scale**2)[:, None]
        log_det = log_determinant(shares, self.nobs) + log_det_design - self.log_det_gram[:, None]
        return np.asarray(-0.5 * (df * (np.log(2 * np.pi * variance) + 1.0) + log_det), dtype=float)

    def best(self) -> tuple[Array, Array, Array, Array]:
        """Return share, likelihood and the packed cross products at the share, for each fund."""
        shares = np.concatenate([[0.0], expit(LOGITS), [1.0]])
        design, target = self.products.weigh(self.weights(shares), slice(None))
        values = self.criterion(design, target, shares)
        cells = _Cells.of(self, np.argmax(values[:, 1:-1], axis=1))
        share, inner_design, inner_target = self.climb(cells)
        value = top = self.criterion(inner_design, inner_target, share[:, None])[:, 0]
        at_design, at_target = inner_design[:, :, 0], inner_target[:, :, 0]
        for end, column in ((1.0, -1), (0.0, 0)):  # the lower end last: where both are flat, it is the answer
            flat = top - values[:, column] < _SAME
            share, value = np.where(flat, end, share), np.where(flat, values[:, column], value)
            at_design = np.where(flat[:, None], design[:, :, column], at_design)
            at_target = np.where(flat[:, None], target[:, :, column], at_target)
        return share, value, at_design, at_target

    def climb(self, cells: _Cells) -> tuple[Array, Array, Array]:
        """Return the best share inside each fund's cell, and the packed cross products there."""
        low, high = cells.low, cells.high
        rows = np.arange(low.size)
        for _ in range(_ROUNDS):
            points = np.linspace(low, high, _POINTS, axis=1)
            values = self.criterion(*cells.at(points), expit(points))
            best = np.clip(np.argmax(values, axis=1), 1, _POINTS - 2)
            low, high = points[rows, best - 1], points[rows, best + 1]
        left, top, right = (values[rows, best + side] for side in (-1, 0, 1))
        curvature = left - 2.0 * top + right
        bent = curvature < 0.0
        shift = np.where(bent, 0.5 * (left - right) / np.where(bent, curvature, 1.0), 0.0)
        point = points[rows, best] + np.clip(shift, -1.0, 1.0) * (points[:, 1] - points[:, 0])
        return np.asarray(expit(point)), *cells.at(point[:, None])


@dataclass(frozen=True, eq=False)
class _Cells:
    """Each fund's cell of the grid, and Chebyshev coefficients (F, packed, nodes) of its cross products around it."""

    low: Array
    high: Array
    middle: Array
    coefficients: Array
    packed: int

    @classmethod
    def of(cls, search: _Search, cell: npt.NDArray[np.intp]) -> _Cells:
        """Evaluate the cross products at the nodes: one matrix product for all funds whose cells lie in one piece."""
        angles = np.pi * (np.arange(_NODES) + 0.5) / _NODES
        to_coefficients = np.cos(np.arange(_NODES) * angles[:, None]) * (2.0 / _NODES)
        to_coefficients[:, 0] /= 2.0
        low, high = LOGITS[np.maximum(cell - 1, 0)], LOGITS[np.minimum(cell + 1, LOGITS.size - 1)]
        piece = 2.0 * (_HALF - 1.0)
        middle = (np.floor(LOGITS[cell] / piece) + 0.5) * piece
        packed = search.count * (search.count + 1) // 2
        coefficients = np.empty((cell.size, packed + search.count + 1, _NODES))
        for centre in np.unique(middle):
            funds = np.flatnonzero(middle == centre)
            nodes = expit(centre + _HALF * np.cos(angles))
            design, target = search.products.weigh(search.weights(nodes), funds)
            coefficients[funds, :packed] = design @ to_coefficients
            coefficients[funds, packed:] = target @ to_coefficients
        return cls(low, high, middle, coefficients, packed)

    def at(self, points: Array) -> tuple[Array, Array]:
        """Return the packed cross products of design and target at `points` (F, ·) on the logit scale."""
        angles = np.arccos(np.clip((points - self.middle[:, None]) / _HALF, -1.0, 1.0))
        polynomials = np.cos(np.arange(_NODES)[:, None] * angles[:, None, :])
        values = self.coefficients @ polynomials
        return values[:, : self.packed], values[:, self.packed :]


def _eliminate(design: Array, target: Array, count: int) -> tuple[Array, Array]:
    """Return log|A| and c − b'A⁻¹b of packed cross products, by elimination across all funds and λ at once."""
    pairs = [(i, j) for i in range(count) for j in range(i, count)]
    a = {pair: design[:, at] for at, pair in enumerate(pairs)}
    b = [target[:, i] for i in range(count)]
    rest = target[:, count]
    log_det = np.zeros((1, 1))
    for k in range(count):
        pivot = a[k, k]
        log_det = log_det + np.log(pivot)
        rest = rest - b[k] ** 2 / pivot
        for i in range(k + 1, count):
            factor = a[k, i] / pivot
            b[i] = b[i] - factor * b[k]
            for j in range(i, count):
                a[i, j] = a[i, j] - factor * a[k, j]
    return log_det, rest
