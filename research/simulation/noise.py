"""Random shocks of a simulated world: normal or fat-tailed, steady or in clusters of volatility, white or reverting."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from research.errors import ParameterError
from research.simulation.checks import between

__all__ = ["NORMAL", "Shocks", "Streams", "autoregressive", "persistence", "reverting", "unit_shocks"]

Array = npt.NDArray[np.float64]

_BURN_IN = 400


@dataclass(frozen=True)
class Shocks:
    """The law of a shock of mean 0 and variance 1.

    Parameters
    ----------
    df : float, optional
        Degrees of freedom of a Student t scaled to variance 1, above 2; None for normal shocks.
    arch, garch : float
        Volatility clusters: weight of the last squared shock and of the last variance in today's variance; both from 0,
        together below 1. 0 and 0 for a steady variance.

    Raises
    ------
    ParameterError
        If a parameter is out of range.

    Notes
    -----
    ``x_t = √h_t·z_t`` with ``h_t = (1 − α − β) + α·x²_{t−1} + β·h_{t−1}`` (Bollerslev 1986), so that E h = 1: clusters
    change when the noise comes, not how much of it there is.

    Examples
    --------
    >>> Shocks(df=5).kurtosis
    9.0
    """

    df: float | None = None
    arch: float = 0.0
    garch: float = 0.0

    def __post_init__(self) -> None:
        if self.df is not None:
            between("df", self.df, 2.0, open_low=True, advice="at 2 and below a Student t has no variance")
        between("arch", self.arch, 0.0)
        between("garch", self.garch, 0.0)
        if self.arch + self.garch >= 1.0:
            raise ParameterError(
                f"arch + garch is {self.arch + self.garch:g}: keep the sum below 1, or the variance has no mean"
            )

    def __str__(self) -> str:
        tails = "normal" if self.df is None else f"Student t({self.df:g})"
        return f"{tails}, GARCH({self.arch:g}, {self.garch:g})" if self.is_clustered else tails

    @property
    def is_clustered(self) -> bool:
        """Whether the variance changes."""
        return self.arch > 0.0

    @property
    def kurtosis(self) -> float:
        """Fourth moment of the shocks; 3 for normal ones, infinite where it does not exist.

        Notes
        -----
        With κ the kurtosis of z, ``κ·(1 − (α + β)²)/(1 − κα² − 2αβ − β²)`` where the denominator is positive.
        """
        inner = 3.0 if self.df is None else (3.0 + 6.0 / (self.df - 4.0) if self.df > 4.0 else math.inf)
        if not self.is_clustered or math.isinf(inner):
            return inner
        rest = 1.0 - inner * self.arch**2 - 2.0 * self.arch * self.garch - self.garch**2
        return inner * (1.0 - (self.arch + self.garch) ** 2) / rest if rest > 0.0 else math.inf


NORMAL = Shocks()
"""Independent standard normal shocks."""


_SOURCES = (
    "market",
    "clock",
    "flows",
    "permanent",
    "transitory",
    "premium",
    "bounce",
    "missing",
    "rates",
    "curve",
    "reward",
    "share",
)


@dataclass(frozen=True)
class Streams:
    """Generators of random numbers, one for each fund and source of randomness.

    Parameters
    ----------
    seed : int
        Seed of the study.
    draws : tuple of int
        Number of each fund.

    Notes
    -----
    Sources have generators of their own, so that a change of the premium does not move the benchmark; funds have, so
    that fund 7 is the same fund in a panel of ten and of a thousand.

    Examples
    --------
    >>> one, other = Streams(1, (0,))("market")[0], Streams(1, (5, 0))("market")[1]
    >>> float(one.random()) == float(other.random())
    True
    """

    seed: int
    draws: tuple[int, ...]

    def __call__(self, source: str) -> list[np.random.Generator]:
        """Return a fresh generator for each fund."""
        number = _SOURCES.index(source)
        return [np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(d, number))) for d in self.draws]


def unit_shocks(rngs: list[np.random.Generator], count: int, law: Shocks = NORMAL) -> Array:
    """Return shocks of mean 0 and variance 1.

    Parameters
    ----------
    rngs : list of numpy.random.Generator, length D
        One generator for each row.
    count : int
        Shocks in a row.
    law : Shocks
        Their law.

    Returns
    -------
    numpy.ndarray, shape (D, count)

    Examples
    --------
    >>> unit_shocks(Streams(0, (0,))("market"), 3).shape
    (1, 3)
    """
    # Clusters need a past, so that the first session is as likely to lie in one as any other.
    total = count + (_BURN_IN if law.is_clustered else 0)
    if law.df is None:
        draws = np.array([rng.standard_normal(total) for rng in rngs]).reshape(len(rngs), total)
    else:
        scale = math.sqrt((law.df - 2.0) / law.df)
        draws = scale * np.array([rng.standard_t(law.df, total) for rng in rngs]).reshape(len(rngs), total)
    if not law.is_clustered:
        return draws
    variance = np.ones(len(rngs))
    for t in range(total):
        draws[:, t] *= np.sqrt(variance)
        variance = (1.0 - law.arch - law.garch) + law.arch * draws[:, t] ** 2 + law.garch * variance
    return draws[:, _BURN_IN:]


def persistence(half_life: float) -> float:
    """Return the autoregressive coefficient with a half-life in sessions; 0 where the half-life is 0.

    Examples
    --------
    >>> persistence(1.0)
    0.5
    """
    return 0.5 ** (1.0 / half_life) if half_life > 0.0 else 0.0


def autoregressive(shocks: Array, coefficient: float) -> Array:
    """Return a stationary first-order autoregression of variance 1 along the last axis.

    Parameters
    ----------
    shocks : numpy.ndarray, shape (D, n)
        Shocks of variance 1; the first of a row is the start.
    coefficient : float
        Autocorrelation at one session, between −1 and 1, both excluded.

    Returns
    -------
    numpy.ndarray, shape (D, n)

    Notes
    -----
    ``u_0 = x_0``, ``u_t = ρ·u_{t−1} + √(1 − ρ²)·x_t``: stationary from the first session, no burn-in.

    Examples
    --------
    >>> autoregressive(np.ones((1, 3)), 0.6).round(2).tolist()
    [[1.0, 1.4, 1.64]]
    """
    if coefficient == 0.0:
        return shocks
    scale = math.sqrt(1.0 - coefficient**2)
    path = np.empty_like(shocks)
    path[:, 0] = shocks[:, 0]
    for t in range(1, shocks.shape[1]):
        path[:, t] = coefficient * path[:, t - 1] + scale * shocks[:, t]
    return path


def reverting(rngs: list[np.random.Generator], count: int, mean: float, sd: float, half_life: float) -> Array:
    """Return rates that wander about a mean and come back, normal and stationary from the first session.

    Parameters
    ----------
    rngs : list of numpy.random.Generator, length D
        One generator for each row.
    count : int
        Sessions.
    mean, sd : float
        Mean and standard deviation.
    half_life : float
        Sessions until half a deviation is gone.

    Returns
    -------
    numpy.ndarray, shape (D, count)

    Examples
    --------
    >>> reverting(Streams(0, (0,))("rates"), 2, 0.05, 0.0, 10.0).tolist()
    [[0.05, 0.05]]
    """
    path = autoregressive(unit_shocks(rngs, count), persistence(half_life))
    return np.asarray(mean + sd * path)
