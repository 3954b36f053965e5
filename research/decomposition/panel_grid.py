"""The likelihood of many local-level regressions at once: a matrix product over a grid of λ, refined by interpolation.

The fast form is right because the sine transform diagonalises the error covariance of every fund for every λ alike, so
that cross products at all λ are one matrix product; and because these, as functions of log λ/(1 − λ), have no
singularity nearer than π to the real line, so that 36 Chebyshev nodes carry them over three units to either side to
the last digits of float64, and the search inside a cell of the grid costs nothing that grows with the sample.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.fft import dst
from scipy.special import expit

from research.decomposition.covariance import eigenvalues, log_determinant
from research.decomposition.local_level import _GRID

__all__ = ["BlockFit", "fit_block"]

Array = npt.NDArray[np.float64]

_NODES = 36
_HALF = 3.0  # half an interpolated piece: two of the grid's units of λ's logit and one more for the neighbours
_ROUNDS, _POINTS = 3, 17
_SAME = 1e-7  # a likelihood that exceeds an end's by less differs from it by rounding only


@dataclass(frozen=True, eq=False)
class BlockFit:
    """Estimates of a block of funds: shapes (F, K), (F, K, K) and (F,)."""

    params: Array
    inverse: Array
    variance: Array
    share: Array
    log_likelihood: Array


class _Products(Protocol):
    """Whatever yields packed cross products: of drivers among themselves, and with the level, its own square last."""

    def weigh(self, weights: Array, funds: slice | npt.NDArray[np.intp]) -> tuple[Array, Array]:
        """Return sums with each row of `weights`: (1 or F, K(K+1)/2, weights) and (F, K + 1, weights)."""
        ...


@dataclass(frozen=True, eq=False)
class _SharedProducts:
    """Drivers that all funds share: they are multiplied into the weights, and no product is formed per fund."""

    drivers: Array
    level: Array
    square: Array

    @classmethod
    def of(cls, y: Array, x: Array) -> _SharedProducts:
        level = _sines(y)
        return cls(_sines(x[0]), level, level * level)

    def weigh(self, weights: Array, funds: slice | npt.NDArray[np.intp]) -> tuple[Array, Array]:
        """Return the cross products at each row of `weights`."""
        rows, cols = np.triu_indices(len(self.drivers))
        design = (self.drivers[rows] * self.drivers[cols]) @ weights.T
        square = self.square[funds]
        target = np.empty((len(square), len(self.drivers) + 1, len(weights)))
        weighted = (self.drivers[:, None, :] * weights).reshape(-1, weights.shape[1])
        target[:, :-1] = (self.level[funds] @ weighted.T).reshape(len(square), -1, len(weights))
        target[:, -1] = square @ weights.T
        return design[None], target


@dataclass(frozen=True, eq=False)
class _OwnProducts:
    """Drivers of each fund's own: every product of two columns, once."""

    design: Array
    target: Array

    @classmethod
    def of(cls, y: Array, x: Array) -> _OwnProducts:
        level, drivers = _sines(y), _sines(x)
        rows, cols = np.triu_indices(x.shape[1])
        target = np.empty((len(y), x.shape[1] + 1, y.shape[1]))
        np.multiply(drivers, level[:, None, :], out=target[:, :-1])
        np.multiply(level, level, out=target[:, -1])
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


def fit_block(level: Array, drivers: Array) -> BlockFit:
    """Fit each row of `level` (F, T; differences) on `drivers` (1 or F, K, T), as `local_level` fits one.

    Drivers are shared where their first dimension is 1. All columns must vary.
    """
    nobs, count = level.shape[1], drivers.shape[1]
    scale_x = np.sqrt((drivers**2).sum(axis=2))
    x = drivers / scale_x[:, :, None]
    gram = x @ x.transpose(0, 2, 1)
    scale_y = np.sqrt((level**2).sum(axis=1))
    y = level / scale_y[:, None]
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
    return BlockFit(
        params=(start + change) * ratio,
        inverse=inverse / (cov_scale[:, :, None] * cov_scale[:, None, :]),
        variance=variance,
        share=share,
        log_likelihood=value,
    )


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
        shares = np.concatenate([[0.0], expit(_GRID), [1.0]])
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
        low, high = _GRID[np.maximum(cell - 1, 0)], _GRID[np.minimum(cell + 1, _GRID.size - 1)]
        piece = 2.0 * (_HALF - 1.0)
        middle = (np.floor(_GRID[cell] / piece) + 0.5) * piece
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
