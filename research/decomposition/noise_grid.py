"""The averaged regression's arithmetic: generalised least squares at every way that a fund's noise may behave.

The local-level regression with an AR(1) in the place of plain noise has two parameters that no sample shows clearly: λ,
the permanent part's share of the variance, and φ, the autocorrelation of the part that comes back. Here it is solved at
every point of a grid of both, for many funds at once.

The fast form is right because, less φ times the row before, differences have a covariance that is tridiagonal Toeplitz
but for its first element. The type-I sine transform diagonalises every such matrix, and what (λ, φ) do to its
eigenvalues is, but for a factor, a shift ρ: cross products over the whole grid are one function of ρ, smooth in log ρ,
known from its values at some hundred Chebyshev nodes to the last digits of float64.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
from scipy.fft import dst
from scipy.linalg import lapack
from scipy.special import expit

from research.decomposition.covariance import QuasiDifference, eigenvalues, log_determinant, whiten

__all__ = [
    "AveragedBlock",
    "average_block",
    "average_sample",
    "draw_any",
    "grid_points",
    "noise_points",
    "robust_covariances",
    "weigh_any",
]

Array = npt.NDArray[np.float64]

# The prior. A walk that gathers less than 3.4 noises over the sample is no walk to anybody; one of λ = 0.999 is nothing
# but a walk; and beyond an autocorrelation of 0.9 noise and walk cannot be told apart in samples that exist.
_LEAST_WALK, _GREATEST_LOGIT, _GREATEST_PHI, _CHANCE_OF_PLAIN = 3.4, 7.0, 0.9, 0.5
# Its density grows as this power of λ/(1 − λ). Were it uniform, intervals would cover 89.8 % where an AR(1) of 0.8
# hides a walk of 0.1 bp a session (2,000 funds of 504 sessions); so they cover 94 and are 12 % wider where noise is
# plain. Were it to end at a logit of 4, a pure walk would be called more than chance in 8 % of funds.
_TILT = 0.2
_STEPS = (0.4, 0.05)  # of logit λ and φ, up to two years of sessions: the ends of intervals move by less than a percent
# Below a millionth of the greatest weight a point of the grid moves no interval in a digit that is printed.
_NEGLIGIBLE = 1e-6
_MOST_COLUMNS = 12  # missing sessions that are cheaper as columns than by a factorisation at every point of the grid


@dataclass(frozen=True, eq=False)
class _Grid:
    """Points (λ, φ), φ by φ, with the logarithm of their prior weights; flattened to length G."""

    share: Array
    phi: Array
    log_prior: Array

    @classmethod
    def of(cls, sessions: int, coarse: float = 1.0) -> _Grid:
        """Return the grid for a sample that spans `sessions`; its steps shrink with the likelihood's hill.

        Weights are those of the trapezium rule: half a step's at either end.
        """
        fine = coarse * min(1.0, np.sqrt(504.0 / sessions))
        ends = (2.0 * np.log(_LEAST_WALK / sessions), _GREATEST_LOGIT), (0.0, _GREATEST_PHI)
        logits, phis = (
            np.linspace(low, high, int(np.ceil((high - low) / (step * fine) - 1e-9)) + 1)
            for (low, high), step in zip(ends, _STEPS, strict=True)
        )
        along, across = (_trapezium(points.size) for points in (logits, phis))
        along *= np.exp(_TILT * logits)
        along /= along.sum()
        across *= 1.0 - _CHANCE_OF_PLAIN
        across[0] += _CHANCE_OF_PLAIN
        prior = across[:, None] * along
        shares = np.broadcast_to(expit(logits), prior.shape)
        return cls(shares.ravel(), np.repeat(phis, logits.size), np.log(prior).ravel())


def grid_points(sessions: int) -> int:
    """Return the number of points of the grid for a sample that spans `sessions`."""
    return int(_Grid.of(sessions).phi.size)


def noise_points(sessions: int, coarse: float) -> tuple[Array, Array, Array]:
    """Return λ, φ and log prior weight of a grid whose steps are `coarse` times those of the averaged regression."""
    grid = _Grid.of(sessions, coarse)
    return grid.share, grid.phi, grid.log_prior


def _trapezium(points: int) -> Array:
    weights = np.full(points, 1.0)
    weights[[0, -1]] = 0.5
    return np.asarray(weights / weights.sum(), dtype=float)


@dataclass(frozen=True, eq=False)
class _Sines:
    """What the grid does to the sine transforms of an unbroken sample of `nobs` differences.

    Notes
    -----
    Rows less φ times the row before are ``(1 − φ)·A + φ·D`` in the transform, A that of the columns and D that of their
    changes, and have eigenvalues ``c·(ρ + ω_j)`` with ``c = φλ + 1 − λ``, ``ρ = λ(1 − φ)²/c`` and
    ``ω_j = 2 − 2cos(πj/(n+1))``. That the transitory part starts stationary adds ``δ·e₁e₁'``,
    ``δ = −λφ² − 2(1 − λ)φ/(1 + φ)``.
    """

    grid: _Grid
    nodes: Array  # (T, N): 1/(ρ_n + ω_j) at the Chebyshev nodes
    squares: Array  # (3N, G): from the nodes of A·A, A·D + D·A and D·D to the points of the grid
    first: Array  # (2N, G): from the nodes of u·A and u·D, u the transform of e₁
    unit: Array  # (T,): u
    pull: Array  # (G,): −δ/(1 + δ·u'u), the weight of the rank-one term
    log_det: Array  # (G,)

    @classmethod
    def of(cls, nobs: int) -> _Sines:
        grid = _Grid.of(nobs + 1)
        share, phi = grid.share, grid.phi
        omega = eigenvalues(nobs)
        floor, curve = share * (1.0 - phi) ** 2, phi * share + 1.0 - share
        at = np.log(floor / curve)
        middle, half = 0.5 * (at.max() + at.min()), 0.5 * (at.max() - at.min())
        # Cross products have no singularity nearer than π to the real line of log ρ: the error falls by e in half/π
        # nodes. Times √ρ they stay within some orders of magnitude, so that no end of the line drowns in the other.
        count = int(np.ceil(12.0 * half)) + 8
        angles = np.pi * (np.arange(count) + 0.5) / count
        log_rho = middle + half * np.cos(angles)
        nodes = np.exp(0.5 * log_rho) / (np.exp(log_rho) + omega[:, None])
        to_grid = _interpolation(angles, (at - middle) / half) * (np.exp(-0.5 * at) / curve)
        unit = np.sqrt(2.0 / (nobs + 1)) * np.sin(np.pi * np.arange(1, nobs + 1) / (nobs + 1))
        delta = -share * phi**2 - 2.0 * (1.0 - share) * phi / (1.0 + phi)
        pivot = 1.0 + delta * ((unit * unit) @ nodes @ to_grid)
        log_det = nobs * np.log(floor + curve) + log_determinant(floor / (floor + curve), nobs) + np.log(pivot)
        return cls(
            grid=grid,
            nodes=nodes,
            squares=np.vstack([to_grid * weight for weight in ((1.0 - phi) ** 2, phi * (1.0 - phi), phi**2)]),
            first=np.vstack([to_grid * (1.0 - phi), to_grid * phi]),
            unit=unit,
            pull=-delta / pivot,
            log_det=log_det,
        )

    def cross(self, left: _Transformed, right: _Transformed) -> Array:
        """Return ``left'V⁻¹right`` at every point of the grid, shape (funds, rows, G), row by row of both."""
        products = (
            left.level * right.level,
            left.level * right.change + left.change * right.level,
            left.change * right.change,
        )
        return np.concatenate([each @ self.nodes for each in products], axis=-1) @ self.squares

    def of_first(self, columns: _Transformed) -> Array:
        """Return ``e₁'V⁻¹columns`` without the rank-one term, shape (funds, rows, G)."""
        parts = [(each * self.unit) @ self.nodes for each in (columns.level, columns.change)]
        return np.concatenate(parts, axis=-1) @ self.first


def _interpolation(angles: Array, points: Array) -> Array:
    """Return the matrix (nodes, points) that carries values at Chebyshev nodes to `points` in [−1, 1]."""
    orders = np.arange(angles.size)
    values = np.cos(orders[:, None] * angles) * (2.0 / angles.size)
    values[0] *= 0.5
    return np.asarray(values.T @ np.cos(orders[:, None] * np.arccos(np.clip(points, -1.0, 1.0))), dtype=float)


@lru_cache(maxsize=8)
def _sines_of(nobs: int) -> _Sines:
    return _Sines.of(nobs)


@dataclass(frozen=True, eq=False)
class _Transformed:
    """Sine transforms of rows (funds, rows, T) and of their changes along T, the first from zero."""

    level: Array
    change: Array

    @classmethod
    def of(cls, rows: Array) -> _Transformed:
        changes = np.diff(rows, axis=-1, prepend=0.0)
        return cls(*(np.asarray(dst(each, type=1, axis=-1, norm="ortho", workers=2)) for each in (rows, changes)))

    def take(self, rows: npt.NDArray[np.intp] | slice) -> _Transformed:
        return _Transformed(self.level[:, rows], self.change[:, rows])


@dataclass(frozen=True, eq=False)
class _Cross:
    """Cross products of drivers, with the level, of the level; and log|V|: at each of the G points of a grid."""

    design: Array  # (1 or F, G, K, K): one set of drivers may serve all funds
    target: Array  # (F, G, K)
    square: Array  # (F, G)
    log_det: Array  # (G,)


def _sine_cross(level: Array, drivers: Array) -> _Cross:
    """Return the cross products of unbroken samples: level (F, T), drivers (1 or F, K, T)."""
    sines = _sines_of(level.shape[1])
    y, x = _Transformed.of(level[:, None]), _Transformed.of(drivers)
    count = drivers.shape[1]
    rows, cols = np.triu_indices(count)
    y_first, x_first = sines.of_first(y), sines.of_first(x)
    packed = sines.cross(x.take(rows), x.take(cols)) + sines.pull * x_first[:, rows] * x_first[:, cols]
    design = np.empty((len(drivers), sines.pull.size, count, count))
    design[..., rows, cols] = design[..., cols, rows] = packed.transpose(0, 2, 1)
    target = sines.cross(x, y) + sines.pull * x_first * y_first
    square = sines.cross(y, y) + sines.pull * y_first * y_first
    return _Cross(design, target.transpose(0, 2, 1), square[:, 0], sines.log_det)


def _banded_cross(level: Array, drivers: Array, gaps: Array, grid: _Grid) -> _Cross:
    """Return the cross products of one sample with any gaps: level (1, T), drivers (1, K, T)."""
    columns = np.concatenate([level, drivers[0]]).T
    cross = np.empty((grid.phi.size, columns.shape[1], columns.shape[1]))
    log_det = np.empty(grid.phi.size)
    at = 0
    for phi in np.unique(grid.phi):
        shift = QuasiDifference.of(float(phi), gaps)
        rest = shift.less(columns)
        for share in grid.share[grid.phi == phi]:
            pivots, factors, _ = lapack.dpttrf(*shift.tridiagonal(float(share)))
            cross[at] = rest.T @ lapack.dpttrs(pivots, factors, rest)[0]
            log_det[at] = np.log(pivots).sum()
            at += 1
    return _Cross(cross[None, :, 1:, 1:], cross[None, :, 1:, 0], cross[None, :, 0, 0], log_det)


def weigh_any(columns: Array, share: float, phi: float, gaps: Array) -> tuple[Array, float]:
    """Return ``V(λ, φ)⁻¹·columns`` for rows (T, ·) in time, whatever sessions are missing, and log|V|."""
    shift = QuasiDifference.of(phi, gaps)
    pivots, factors, _ = lapack.dpttrf(*shift.tridiagonal(share))
    weighed = lapack.dpttrs(pivots, factors, shift.less(columns), overwrite_b=True)[0]
    if phi != 0.0:
        weighed[:-1] -= shift.carry[1:, None] * weighed[1:]
    return np.asarray(weighed, dtype=float), float(np.log(pivots).sum())


def draw_any(rng: np.random.Generator, share: Array, phi: Array, gaps: Array) -> Array:
    """Return columns of normal errors, shape (T, draws), with covariance V(λ, φ), a λ and a φ for each draw."""
    steps = np.sqrt(gaps[:, None] * share) * rng.standard_normal((gaps.size, share.size))
    fresh = rng.standard_normal((gaps.size + 1, share.size))
    transitory = np.empty_like(fresh)
    transitory[0] = fresh[0] / np.sqrt(1.0 - phi**2)
    for row, gap in enumerate(gaps):
        decay = phi**gap
        transitory[row + 1] = decay * transitory[row] + np.sqrt((1.0 - decay**2) / (1.0 - phi**2)) * fresh[row + 1]
    return np.asarray(steps + np.sqrt(1.0 - share) * np.diff(transitory, axis=0), dtype=float)


@dataclass(frozen=True, eq=False)
class AveragedBlock:
    """Regressions of a block of F funds at every point of a grid of (λ, φ).

    Parameters
    ----------
    share, phi : numpy.ndarray, shape (G,)
        The grid.
    log_prior : numpy.ndarray, shape (G,)
        Log of its prior weights, which sum to 1.
    log_likelihood : numpy.ndarray, shape (F, G)
        Restricted log likelihood.
    params : numpy.ndarray, shape (F, G, K)
        Coefficients by generalised least squares.
    inverse : numpy.ndarray, shape (1 or F, G, K, K)
        ``(X'V⁻¹X)⁻¹``; one for all funds where they share their drivers.
    variance : numpy.ndarray, shape (F, G)
        σ² = RSS/(T − K).
    df : int
        T − K.
    """

    share: Array
    phi: Array
    log_prior: Array
    log_likelihood: Array
    params: Array
    inverse: Array
    variance: Array
    df: int

    @cached_property
    def log_posterior(self) -> Array:
        """Log of prior weight times restricted likelihood, shape (F, G)."""
        return self.log_prior + self.log_likelihood

    @cached_property
    def weights(self) -> Array:
        """Posterior weights, shape (F, G): they sum to 1, and negligible ones are 0."""
        relative = np.exp(self.log_posterior - self.log_posterior.max(axis=1, keepdims=True))
        relative = np.where(relative > _NEGLIGIBLE, relative, 0.0)
        return np.asarray(relative / relative.sum(axis=1, keepdims=True), dtype=float)

    @cached_property
    def mode(self) -> npt.NDArray[np.intp]:
        """Point of greatest weight, shape (F,)."""
        return np.asarray(self.log_posterior.argmax(axis=1))


def average_block(level: Array, drivers: Array, gaps: Array | None = None) -> AveragedBlock:
    """Fit many funds at every point of the grid, from differences.

    Parameters
    ----------
    level : numpy.ndarray, shape (F, T)
        Differences of the divergence levels, none of them zero throughout.
    drivers : numpy.ndarray, shape (1 or F, K, T)
        Differences of the drivers; one set serves all funds where the first axis has length 1. They must vary, and not
        add up to one another.
    gaps : numpy.ndarray, shape (T,), optional
        Sessions that each difference spans, for a single fund; by default one each.

    Returns
    -------
    AveragedBlock

    Notes
    -----
    Units do not matter, and what least squares explains is taken out first: a premium may explain all but a millionth
    of the variance, and what is left must not be found by cancellation.
    """
    count, nobs = drivers.shape[1], level.shape[1]
    scale_x = np.sqrt((drivers**2).sum(axis=2))
    x = drivers / scale_x[..., None]
    gram = x @ x.transpose(0, 2, 1)
    near = np.linalg.solve(gram, x @ level[..., None])[..., 0]
    y = level - (near[:, None] @ x)[:, 0]
    scale_y = np.sqrt((y**2).sum(axis=1, keepdims=True))
    scale_y = np.where(scale_y > 0.0, scale_y, 1.0)
    y = y / scale_y
    if gaps is None:
        grid, cross = _sines_of(nobs).grid, _sine_cross(y, x)
    else:
        grid = _Grid.of(int(gaps.sum()) + 1)
        cross = _banded_cross(y, x, gaps, grid)
    inverse = np.linalg.inv(cross.design)
    beta = np.einsum("...ij,...j->...i", inverse, cross.target)
    rest = np.maximum(cross.square - (beta * cross.target).sum(axis=-1), np.finfo(float).tiny)
    df = nobs - count
    variance = rest / df * scale_y**2
    log_det = cross.log_det - np.linalg.slogdet(inverse)[1] - np.linalg.slogdet(gram)[1][:, None]
    return AveragedBlock(
        share=grid.share,
        phi=grid.phi,
        log_prior=grid.log_prior,
        log_likelihood=-0.5 * (df * (np.log(2.0 * np.pi * variance) + 1.0) + log_det),
        params=(near[:, None] + beta * scale_y[..., None]) / scale_x[:, None],
        inverse=inverse / (scale_x[:, None, :, None] * scale_x[:, None, None, :]),
        variance=variance,
        df=df,
    )


def robust_covariances(level: Array, drivers: Array, share: Array, phi: Array, gaps: Array) -> Array:
    """Return each fund's covariance of the coefficients that no constant variance is assumed for, at one (λ, φ) each.

    Parameters
    ----------
    level : numpy.ndarray, shape (F, T)
        Differences of the divergence levels.
    drivers : numpy.ndarray, shape (1 or F, K, T)
        Differences of the drivers.
    share, phi : numpy.ndarray, shape (F,)
        Where the funds' covariances of errors lie.
    gaps : numpy.ndarray, shape (T,)
        Sessions that each difference spans.

    Returns
    -------
    numpy.ndarray, shape (F, K, K)

    Notes
    -----
    HC3 of the whitened regression (MacKinnon & White 1985), which is invariant to the units of the columns. Funds that
    share a point of the grid share its factorisation.
    """
    found = np.empty((len(level), drivers.shape[1], drivers.shape[1]))
    for phi_share in np.unique(np.column_stack([phi, share]), axis=0):
        funds = np.flatnonzero((phi == phi_share[0]) & (share == phi_share[1]))
        own = drivers if len(drivers) == 1 else drivers[funds]
        stacked = np.concatenate([level[funds], own.reshape(-1, level.shape[1])]).T
        white = whiten(stacked, float(phi_share[1]), float(phi_share[0]), gaps).T
        y, x = white[: funds.size], white[funds.size :].reshape(own.shape)
        bread = np.linalg.inv(x @ x.transpose(0, 2, 1))
        solved = bread @ x
        errors = y - ((solved @ y[..., None]).transpose(0, 2, 1) @ x)[:, 0]
        leverage = (solved * x).sum(axis=1)
        weighted = errors / np.maximum(1.0 - leverage, 1e-8)
        found[funds] = (solved * weighted[:, None] ** 2) @ solved.transpose(0, 2, 1)
    return found


def average_sample(columns: Array, at: npt.NDArray[np.int64]) -> tuple[AveragedBlock, str]:
    """Fit one sample, some of whose sessions may be missing, at every point of the grid.

    Parameters
    ----------
    columns : numpy.ndarray, shape (T + 1, K + 1)
        Level and drivers.
    at : numpy.ndarray of int, shape (T + 1,)
        Session number of each row, strictly increasing.

    Returns
    -------
    tuple of AveragedBlock and str
        The fits, and the name of the algorithm. Coefficients after the K-th, where there are any, are those of missing
        sessions.
    """
    steps = np.diff(columns, axis=0).T
    gaps = np.diff(at).astype(float)
    missing = int(gaps.sum()) - gaps.size
    if missing > _MOST_COLUMNS:
        return average_block(steps[:1], steps[None, 1:], gaps), "banded Cholesky"
    if missing == 0:
        return average_block(steps[:1], steps[None, 1:]), "sine transform"
    # A session that is missing is one whose level a column of its own explains: 0 but on that session, and whatever
    # stands there does not matter. Integrated out like any coefficient, it leaves the likelihood of the others.
    whole = np.arange(at[0], at[-1] + 1)
    filled = np.column_stack([np.interp(whole, at, column) for column in columns.T])
    spikes = (whole[:, None] == np.setdiff1d(whole, at)).astype(float)
    full = np.diff(np.column_stack([filled, spikes]), axis=0).T
    block = average_block(full[:1], full[None, 1:])
    # log|X'X| counts these columns too, and they are no part of it: the likelihood is that of the sessions there are.
    surplus = np.linalg.slogdet(full[1:] @ full[1:].T)[1] - np.linalg.slogdet(steps[1:] @ steps[1:].T)[1]
    return replace(block, log_likelihood=block.log_likelihood - 0.5 * surplus), "sine transform"
