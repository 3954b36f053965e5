"""The averaged local-level regression of a panel of funds: the numbers of `averaged_level`, thousands at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.conventions import BASIS_POINT, check_confidence
from research.decomposition.averaged import averaged_level
from research.decomposition.mixture import StudentMixture
from research.decomposition.noise_grid import AveragedBlock, average_block, grid_points, robust_covariances
from research.decomposition.panel import (
    LocalLevelPanel,
    PanelDrivers,
    changes_of,
    checked_drivers,
    checked_levels,
    rates_of,
    unbroken_samples,
)
from research.tables import Table

__all__ = ["AveragedPanel", "averaged_panel"]

Array = npt.NDArray[np.float64]

_CHUNK_BYTES = 48 << 20  # the grid's cross products held at once
_NOISE = (
    "sd_permanent",
    "sd_transitory",
    "permanent_share",
    "phi",
    "plain_noise",
    "variance",
    "log_likelihood",
    "nobs",
)


@dataclass(frozen=True, eq=False, kw_only=True)
class AveragedPanel(LocalLevelPanel):
    """Averaged regressions of many funds, one row for each.

    Parameters
    ----------
    lower, upper : pandas.DataFrame, shape (N, K)
        Ends of the coefficients' intervals: quantiles of their mixtures.
    p_values : pandas.DataFrame, shape (N, K)
        Of each β = 1.
    confidence : float
        Nominal coverage of the intervals.
    """

    lower: pd.DataFrame = field(repr=False)
    upper: pd.DataFrame = field(repr=False)
    p_values: pd.DataFrame = field(repr=False)
    confidence: float

    def summary(self) -> Table:
        """Return coefficients with their intervals, contributions and noise, one row for each fund."""
        columns: dict[str, pd.Series] = {"tracking difference, bp": self.tracking_difference / BASIS_POINT}
        formats = {"tracking difference, bp": "+.2f"}
        for name in self.params.columns:
            shown = {f"{name} β": ".4f", "lower": ".4f", "upper": ".4f"}
            shown = {label if "β" in label else f"{name} {label}": how for label, how in shown.items()}
            parts = (self.params[name], self.lower[name], self.upper[name])
            columns |= dict(zip(shown, parts, strict=True))
            columns[f"{name}, bp"] = self.contributions[name] / BASIS_POINT
            formats |= shown | {f"{name}, bp": "+.2f"}
        for kind in ("permanent", "transitory"):
            columns[f"{kind}, bp a session"] = self.noise[f"sd_{kind}"] / BASIS_POINT
            formats[f"{kind}, bp a session"] = ".4f"
        caption = f"Averaged local-level regressions of {len(self.params)} funds, {self.confidence:.0%} intervals"
        return Table(pd.DataFrame(columns), caption, formats)


@dataclass(frozen=True, eq=False)
class _Found:
    """What is stored of every fund; groups fill in their rows."""

    params: Array
    std_errors: Array
    cov: Array
    lower: Array
    upper: Array
    p_values: Array
    noise: Array

    @classmethod
    def empty(cls, funds: int, count: int) -> _Found:
        by_driver = (np.empty((funds, count)) for _ in range(5))
        params, std_errors, lower, upper, p_values = by_driver
        cov = np.empty((funds, count, count))
        return cls(params, std_errors, cov, lower, upper, p_values, np.empty((funds, len(_NOISE))))

    def put(self, funds: npt.NDArray[np.intp], mixture: StudentMixture, cov: Array, noise: Array, level: float) -> None:
        """Store the funds' rows; `mixture` has a leading shape (funds, K)."""
        self.params[funds], self.std_errors[funds], self.cov[funds] = mixture.mean, mixture.sd, cov
        self.lower[funds], self.upper[funds] = mixture.interval(level)
        self.p_values[funds] = mixture.p_value(np.ones(mixture.mean.shape))
        self.noise[funds] = noise


def averaged_panel(
    levels: pd.DataFrame,
    drivers: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None,
    *,
    confidence: float = 0.95,
) -> AveragedPanel:
    """Estimate the averaged local-level regression of every column of a panel.

    Parameters
    ----------
    levels : pandas.DataFrame of float, shape (T + 1, N)
        Divergence levels g in logs, one column for each fund, one row a session.
    drivers : pandas.DataFrame or mapping of str to pandas.DataFrame, optional
        Cumulated log returns: a frame of shape (T + 1, K) that all funds share, or for each driver's name a frame with
        the labels and columns of `levels`. None estimates the noise alone.
    confidence : float
        Nominal coverage of the intervals.

    Returns
    -------
    AveragedPanel
        One row for each fund, the numbers of `averaged_level` with robust errors.

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
    NaN before a fund's first and after its last level shorten its sample; NaN inside are missing sessions, never
    filled, and send that fund to `averaged_level`. Memory beyond the input does not grow with the number of funds.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> days = pd.bdate_range("2024-01-01", periods=253)
    >>> fee = pd.DataFrame({"fee": -0.0025 * (days - days[0]).days / 365}, days)
    >>> levels = pd.DataFrame({name: fee["fee"] + 1e-5 * rng.standard_normal(253) for name in "AB"})
    >>> panel = averaged_panel(levels, fee)
    >>> panel.params.round(1).to_dict()
    {'fee': {'A': 1.0, 'B': 1.0}}
    """
    check_confidence(confidence)
    values, known = checked_levels(levels)
    given = checked_drivers(levels, known, drivers)
    found = _Found.empty(len(levels.columns), len(given.names))
    for (first, last, full), funds in unbroken_samples(known).items():
        if full:
            _fit_group(found, values, given, slice(first, last + 1), funds, confidence)
        else:
            _fit_each(found, levels, given, funds, confidence)
    return _result(found, levels, values, known, given, confidence)


def _fit_group(
    found: _Found, values: Array, given: PanelDrivers, rows: slice, funds: npt.NDArray[np.intp], confidence: float
) -> None:
    """Fit funds with one unbroken sample, a chunk at a time."""
    nobs, count = rows.stop - rows.start - 1, len(given.names)
    # Some ten arrays of the grid's size pass through the arithmetic for every column of a fund.
    chunk = max(1, _CHUNK_BYTES // (80 * grid_points(nobs + 1) * (count + 1)))
    for part, change, x in changes_of(values, given, rows, funds, chunk):
        block = average_block(change, x)
        robust = robust_covariances(change, x, block.share[block.mode], block.phi[block.mode], np.ones(nobs))
        found.put(part, *_mixtures(block, robust), _noise(block, nobs), confidence)


def _mixtures(block: AveragedBlock, robust: Array) -> tuple[StudentMixture, Array]:
    """Return the funds' mixtures, leading shape (F, K), and the covariances of their coefficients (F, K, K)."""
    most = int(np.count_nonzero(block.weights, axis=1).max())
    kept = np.argpartition(-block.weights, most - 1, axis=1)[:, :most]
    weights = np.take_along_axis(block.weights, kept, axis=1)
    funds = np.arange(len(weights))
    owner = funds if len(block.inverse) == len(funds) else np.zeros_like(funds)  # of the drivers
    params = block.params[funds[:, None], kept]
    cov = block.inverse[owner[:, None], kept] * block.variance[funds[:, None], kept][..., None, None]
    at_mode = np.diagonal(block.inverse[owner, block.mode], axis1=1, axis2=2)
    classical = at_mode * block.variance[funds, block.mode][:, None]
    widening = np.sqrt(np.maximum(1.0, np.diagonal(robust, axis1=1, axis2=2) / classical))
    spreads = np.sqrt(np.diagonal(cov, axis1=2, axis2=3)).transpose(0, 2, 1) * widening[..., None]
    by_driver = np.broadcast_to(weights[:, None], spreads.shape)
    mixture = StudentMixture(by_driver, params.transpose(0, 2, 1), spreads, float(block.df))
    within = np.einsum("fp,fpij->fij", weights, cov) * (widening[:, :, None] * widening[:, None, :])
    apart = params - mixture.mean[:, None]
    between = np.einsum("fp,fpi,fpj->fij", weights, apart, apart, optimize=True)
    return mixture, within * (block.df / (block.df - 2.0)) + between


def _noise(block: AveragedBlock, nobs: int) -> Array:
    """Return the averaged noise of each fund, columns as `_NOISE` names them."""
    weights, share, phi = block.weights, block.share, block.phi
    weighted = weights * block.variance
    top = block.log_posterior.max(axis=1)
    columns = (
        np.sqrt(weighted @ share),
        np.sqrt(weighted @ ((1.0 - share) / (1.0 - phi**2))),
        weights @ share,
        weights @ phi,
        weights @ (phi == 0.0),
        weighted.sum(axis=1),
        top + np.log(np.exp(block.log_posterior - top[:, None]).sum(axis=1)),
        np.full(len(weights), float(nobs)),
    )
    return np.column_stack(columns)


def _fit_each(
    found: _Found, levels: pd.DataFrame, given: PanelDrivers, funds: npt.NDArray[np.intp], confidence: float
) -> None:
    """Fit funds whose sample has holes, one at a time."""
    for fund in funds:
        fit = averaged_level(
            levels.iloc[:, int(fund)], pd.DataFrame(given.one(int(fund)), levels.index, columns=given.names)
        )
        noise = [
            float(fit.phi_posterior.get(0.0, 0.0)) if name == "plain_noise" else float(getattr(fit, name))
            for name in _NOISE
        ]
        found.put(np.array([fund]), _one(fit.coefficients), fit.cov.to_numpy()[None], np.array([noise]), confidence)


def _one(mixture: StudentMixture) -> StudentMixture:
    """Return a mixture with one more leading axis, of length one."""
    return StudentMixture(mixture.weights[None], mixture.centres[None], mixture.scales[None], mixture.df)


def _result(
    found: _Found,
    levels: pd.DataFrame,
    values: Array,
    known: npt.NDArray[np.bool_],
    given: PanelDrivers,
    confidence: float,
) -> AveragedPanel:
    funds, names = levels.columns, given.names
    drift, gains = rates_of(levels, values, known, given)
    return AveragedPanel(
        params=pd.DataFrame(found.params, funds, names),
        std_errors=pd.DataFrame(found.std_errors, funds, names),
        covariances=found.cov,
        noise=pd.DataFrame(found.noise, funds, list(_NOISE)).astype({"nobs": np.int64}),
        tracking_difference=drift,
        contributions=gains * found.params,
        method="averaged over λ and φ, sine transform",
        lower=pd.DataFrame(found.lower, funds, names),
        upper=pd.DataFrame(found.upper, funds, names),
        p_values=pd.DataFrame(found.p_values, funds, names),
        confidence=confidence,
    )
