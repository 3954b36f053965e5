"""Worlds of daily divergences whose tracking error is known: those that its interval is trained on, and is tried in.

A divergence here is a sum of shocks that stay, whose variance may change from session to session, and of changes of a
premium that comes back. Both parts know the variance of every session, so that the tracking error of *these* sessions
(period) and that of years to come (long run) are known at every horizon.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from research.simulation.noise import Shocks

__all__ = [
    "FAMILIES",
    "RANGES",
    "TRIED",
    "UNSEEN",
    "Divergences",
    "TrainingDraws",
    "training_draws",
    "worlds_fingerprint",
]

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]
Draw = Callable[[np.random.Generator, int, int], "Divergences"]

_BURN_IN = 800


@dataclass(frozen=True, eq=False)
class Divergences:
    """Simulated divergences of many funds, and what their tracking error is.

    Parameters
    ----------
    values : numpy.ndarray, shape (draws, sessions)
        Divergence of each session.
    staying : numpy.ndarray, shape (draws, sessions)
        Variance of the part that stays, session by session.
    population : numpy.ndarray, shape (draws,)
        Mean of that variance over all time; NaN where these sessions are all there is (a break, an outlier).
    premium : numpy.ndarray, shape (draws, sessions + 1), optional
        Variance of the premium given the past variances, one session before the sample to its last; None without one.
    persistence, premium_population : numpy.ndarray, shape (draws,), optional
        Autocorrelation of the premium, and its variance over all time.
    """

    values: Array
    staying: Array
    population: Array
    premium: Array | None = None
    persistence: Array = field(default_factory=lambda: np.zeros(1))
    premium_population: Array = field(default_factory=lambda: np.zeros(1))

    def period(self, horizon: int = 1) -> Array:
        """Return the root mean variance of the divergence over `horizon` sessions within the sample, shape (draws,).

        Notes
        -----
        With A_t = Σ_j φ^{2j}·v_{t−j} the variance of a premium given the past, that of its change over h sessions is
        A_{t+h} + (1 − 2φ^h)·A_t.
        """
        sums = np.cumsum(np.pad(self.staying, ((0, 0), (1, 0))), axis=1)
        variance = (sums[:, horizon:] - sums[:, :-horizon]).mean(axis=1)
        if self.premium is not None:
            past, now = self.premium[:, :-horizon].mean(axis=1), self.premium[:, horizon:].mean(axis=1)
            variance = variance + now + (1.0 - 2.0 * self.persistence**horizon) * past
        return np.asarray(np.sqrt(variance))

    def long_run(self, horizon: int = 1) -> Array:
        """Return the standard deviation of the divergence over `horizon` sessions in the long run, shape (draws,)."""
        returning = 2.0 * (1.0 - self.persistence**horizon) * self.premium_population
        known = np.sqrt(horizon * self.population + returning)
        return np.where(np.isnan(self.population), self.period(horizon), known)


def _student(rng: np.random.Generator, shape: tuple[int, int], inverse_df: Array) -> Array:
    """Return shocks of variance 1, a column for each fund; normal where the inverse degrees of freedom are 0."""
    shocks = rng.standard_normal(shape)
    fat = inverse_df > 0.0
    df = 1.0 / inverse_df[fat]
    chi_squared = 2.0 * rng.standard_gamma(np.broadcast_to(df / 2.0, (shape[0], len(df))))
    shocks[:, fat] *= np.sqrt((df - 2.0) / chi_squared)
    return shocks


def _garch(shocks: Array, arch: Array | float, garch: Array | float) -> Array:
    """Return the variance of each session, mean 1, that the shocks themselves drive; sessions run down the rows."""
    squares, variances = shocks**2, np.empty_like(shocks)
    variance, base = np.ones(shocks.shape[1]), 1.0 - np.asarray(arch) - np.asarray(garch)
    for t, square in enumerate(squares):
        variances[t] = variance
        variance = base + variance * (arch * square + garch)
    return variances


def _autoregression(shocks: Array, persistence: Array | float) -> Array:
    """Return first-order autoregressions of variance 1 down the rows, stationary from the first."""
    rest = np.sqrt(1.0 - np.asarray(persistence) ** 2)
    path, state = np.empty_like(shocks), shocks[0]
    path[0] = state
    for t in range(1, len(shocks)):
        state = persistence * state + rest * shocks[t]
        path[t] = state
    return path


def _with_premium(
    shocks: Array, variances: Array, persistence: Array, noise: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return the changes of a premium that the shocks move, plus noise that stays, and the premium's variance.

    Rows are sessions; the first row of shocks belongs to the session before the sample.
    """
    start = 1.0 / (1.0 - persistence**2)
    premium, variance = np.empty_like(shocks), np.empty_like(variances)
    premium[0], variance[0] = shocks[0] * np.sqrt(start), variances[0] * start
    for t in range(1, len(shocks)):
        premium[t] = persistence * premium[t - 1] + shocks[t]
        variance[t] = persistence**2 * variance[t - 1] + variances[t]
    staying = noise * rng.standard_normal((len(shocks) - 1, shocks.shape[1]))
    return np.diff(premium, axis=0) + staying, variance


# --------------------------------------------------------------------------------------------------------------------
# What the interval is trained on: every fund has parameters of its own.

FAMILIES: Final[Mapping[str, float]] = {
    "steady": 0.24,
    "premium": 0.10,
    "garch": 0.34,
    "stochastic_volatility": 0.16,
    "break": 0.06,
    "outliers": 0.05,
    "jumps": 0.05,
}
"""Kinds of training worlds, and their shares of the draws."""

RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "inverse_df": (0.03, 0.41),  # Student's t with 33 to 2.4 degrees of freedom
    "clustered_inverse_df": (0.03, 0.25),  # clusters multiply tails: 33 to 4
    "slowest_inverse_df": (0.03, 0.215),  # and slow ones more so: below `slow`
    "slow": (0.0085, 0.012),
    "forgetting": (0.0085, 0.35),  # 1 − α − β of a GARCH, 1 − φ of a log variance; drawn on the log scale
    "arch": (0.02, 0.28),
    "log_volatility": (0.2, 1.4),  # sd of the log variance
    "break_at": (0.1, 0.9),
    "break_ratio": (1.0 / 9.0, 9.0),  # log scale
    "outlier_size": (5.0, 15.0),
    "outlier_count": (1, 4),
    "jump_rate": (0.003, 0.05),  # log scale
    "jump_size": (3.0, 10.0),
    "persistence": (0.0, 0.98),
    "noise": (0.05, 2.0),  # sd of what stays beside a premium with shocks of sd 1; log scale
    "chance_normal": (0.35, 0.35),
    "chance_premium": (0.21, 0.21),  # that a fund of another kind has a premium too
}
"""What each parameter is drawn from."""


def worlds_fingerprint() -> str:
    """Return the hash of the training worlds' definition: coefficients carry the one that they were made with.

    Examples
    --------
    >>> len(worlds_fingerprint())
    64
    """
    text = json.dumps({"families": FAMILIES, "ranges": RANGES, "burn_in": _BURN_IN}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, eq=False)
class TrainingDraws:
    """Divergences of funds that all differ, with what kind each is.

    Parameters
    ----------
    divergences : Divergences
        The funds.
    family : numpy.ndarray of int, shape (draws,)
        Place in `FAMILIES`.
    kind : numpy.ndarray of int, shape (draws,)
        Family, and within it how slow, how fat-tailed and how jumpy the variance or the premium is: coverage is counted
        over the funds of one number.
    """

    divergences: Divergences
    family: Whole
    kind: Whole


class _Parameters:
    """Random parameters from the ranges, one for each fund."""

    def __init__(self, rng: np.random.Generator, count: int) -> None:
        self._rng, self._count = rng, count

    def __call__(self, name: str) -> Array:
        low, high = RANGES[name]
        return self._rng.uniform(low, high, self._count)

    def log(self, name: str) -> Array:
        low, high = RANGES[name]
        return np.asarray(np.exp(self._rng.uniform(math.log(low), math.log(high), self._count)))

    def chance(self, name: str) -> npt.NDArray[np.bool_]:
        return self._rng.random(self._count) < RANGES[name][0]


def training_draws(rng: np.random.Generator, draws: int, sessions: int) -> TrainingDraws:
    """Return funds of every family, each with parameters of its own.

    Parameters
    ----------
    rng : numpy.random.Generator
        What they are drawn with.
    draws, sessions : int
        Funds, and the length of each sample.

    Returns
    -------
    TrainingDraws

    Examples
    --------
    >>> training_draws(np.random.default_rng(0), 5, 63).divergences.values.shape
    (5, 63)
    """
    any_of = _Parameters(rng, draws)
    names = list(FAMILIES)
    family = rng.choice(len(names), draws, p=np.array(list(FAMILIES.values())))

    def belongs(*wanted: str) -> npt.NDArray[np.bool_]:
        return np.isin(family, [names.index(name) for name in wanted])

    forgetting = any_of.log("forgetting")
    normal, clustered = any_of.chance("chance_normal"), belongs("garch", "stochastic_volatility")
    tail = np.where(clustered, any_of("clustered_inverse_df"), any_of("inverse_df"))
    tail = np.where(clustered & (forgetting < RANGES["slow"][1]), any_of("slowest_inverse_df"), tail)
    tail = np.where(normal | belongs("jumps"), 0.0, tail)
    shocks = _student(rng, (_BURN_IN + sessions + 1, draws), tail)
    arch = np.where(belongs("garch"), np.minimum(any_of("arch"), 0.9 * (1.0 - forgetting)), 0.0)
    variances = _training_variances(rng, shocks, forgetting, arch, belongs, any_of)
    shocks = shocks[_BURN_IN:] * np.sqrt(variances)
    _jumps(rng, shocks, belongs("jumps"), any_of)
    steady = ~belongs("break", "outliers")
    divergences = _training_premium(rng, shocks, variances, steady, belongs("premium"), any_of)
    slow = np.where(clustered, np.digitize(forgetting, [0.015, 0.04, 0.12]), 0)
    slow = np.where(belongs("premium"), np.digitize(divergences.persistence, [0.5, 0.85]), slow)
    fat = np.where(clustered, np.digitize(tail, [0.02, 0.12]), np.digitize(tail, [0.02, 0.21, 0.3]))
    fat[belongs("jumps", "break", "outliers")] = 0
    kind = ((family * 4 + slow) * 4 + fat) * 2 + (arch > 0.07)
    return TrainingDraws(divergences, family, kind)


def _training_variances(
    rng: np.random.Generator,
    shocks: Array,
    forgetting: Array,
    arch: Array,
    belongs: Callable[..., npt.NDArray[np.bool_]],
    any_of: _Parameters,
) -> Array:
    """Return the variance of each session, one before the sample included, rows are sessions."""
    count, draws = len(shocks) - _BURN_IN, shocks.shape[1]
    variances = np.ones((count, draws))
    garch = belongs("garch")
    variances[:, garch] = _garch(shocks[:, garch], arch[garch], (1.0 - forgetting - arch)[garch])[_BURN_IN:]
    wandering = belongs("stochastic_volatility")
    spread = any_of("log_volatility")[wandering]
    path = _autoregression(rng.standard_normal((count, int(wandering.sum()))), 1.0 - forgetting[wandering])
    variances[:, wandering] = np.exp(spread * path - spread**2 / 2.0)
    broken = belongs("break")
    late = np.arange(count)[:, None] > any_of("break_at")[broken] * count
    variances[:, broken] = np.where(late, any_of.log("break_ratio")[broken], 1.0)
    size, (fewest, most) = any_of("outlier_size") ** 2, RANGES["outlier_count"]
    for fund in np.flatnonzero(belongs("outliers")):
        days = 1 + rng.choice(count - 1, int(rng.integers(int(fewest), int(most) + 1)), replace=False)
        variances[days, fund] = size[fund]
        # An outlier is a move of that size, not a draw from a wide law.
        shocks[_BURN_IN + days, fund] = rng.choice([-1.0, 1.0], len(days))
    return variances


def _jumps(rng: np.random.Generator, shocks: Array, jumping: npt.NDArray[np.bool_], any_of: _Parameters) -> None:
    """Scale a random few of the sessions up, the others down, so that the variance stays 1."""
    rate, size = any_of.log("jump_rate")[jumping], any_of("jump_size")[jumping]
    hit = rng.random((len(shocks), len(rate))) < rate
    shocks[:, jumping] *= np.where(hit, size, 1.0) / np.sqrt(1.0 + rate * (size**2 - 1.0))


def _training_premium(
    rng: np.random.Generator,
    shocks: Array,
    variances: Array,
    steady: npt.NDArray[np.bool_],
    always: npt.NDArray[np.bool_],
    any_of: _Parameters,
) -> Divergences:
    """Return divergences in which the shocks stay, or move a premium beside normal noise that stays."""
    draws = shocks.shape[1]
    with_premium = always | (any_of.chance("chance_premium") & steady)
    persistence = np.where(with_premium, any_of("persistence"), 0.0)
    noise = any_of.log("noise")
    values, staying = shocks[1:].copy(), variances[1:].copy()
    premium = np.zeros_like(variances)
    chosen = np.flatnonzero(with_premium)
    values[:, chosen], premium[:, chosen] = _with_premium(
        shocks[:, chosen], variances[:, chosen], persistence[chosen], noise[chosen], rng
    )
    staying[:, chosen] = noise[chosen] ** 2
    population = np.where(steady, 1.0, math.nan)
    population[chosen] = noise[chosen] ** 2
    returning = np.zeros(draws)
    returning[chosen] = 1.0 / (1.0 - persistence[chosen] ** 2)
    return Divergences(values.T.copy(), staying.T.copy(), population, premium.T.copy(), persistence, returning)


# --------------------------------------------------------------------------------------------------------------------
# What the interval is tried in: named worlds, each of one set of parameters.


def _shocks(rng: np.random.Generator, law: Shocks, sessions: int, draws: int) -> Array:
    tail = np.full(draws, 0.0 if law.df is None else 1.0 / law.df)
    return _student(rng, (sessions, draws), tail)


def _staying(values: Array, variances: Array | None = None, population: float = 1.0) -> Divergences:
    """Return divergences that stay; rows are sessions."""
    draws = values.shape[1]
    path = np.full(values.T.shape, population) if variances is None else variances.T.copy()
    return Divergences(values.T.copy(), path, np.full(draws, population))


def _law(df: float | None = None, arch: float = 0.0, garch: float = 0.0) -> Draw:
    law = Shocks(df, arch, garch)

    def draw(rng: np.random.Generator, draws: int, sessions: int) -> Divergences:
        if not law.is_clustered:
            return _staying(_shocks(rng, law, sessions, draws))
        shocks = _shocks(rng, law, _BURN_IN + sessions, draws)
        variances = _garch(shocks, law.arch, law.garch)[_BURN_IN:]
        return _staying(shocks[_BURN_IN:] * np.sqrt(variances), variances)

    return draw


def _premium(persistence: float, law: Shocks, noise: float) -> Draw:
    def draw(rng: np.random.Generator, draws: int, sessions: int) -> Divergences:
        shocks = _shocks(rng, law, sessions + 1, draws)
        slow, level = np.full(draws, persistence), np.full(draws, noise)
        values, variance = _with_premium(shocks, np.ones_like(shocks), slow, level, rng)
        staying = np.full((draws, sessions), noise**2)
        population = np.full(draws, 1.0 / (1.0 - persistence**2))
        return Divergences(values.T.copy(), staying, staying[:, 0], variance.T.copy(), slow, population)

    return draw


def _doubling(rng: np.random.Generator, draws: int, sessions: int) -> Divergences:
    variances = np.broadcast_to(np.where(np.arange(sessions) < sessions // 2, 1.0, 2.0)[:, None], (sessions, draws))
    return _staying(rng.standard_normal((sessions, draws)) * np.sqrt(variances), variances, math.nan)


def _outliers(rng: np.random.Generator, draws: int, sessions: int) -> Divergences:
    values, variances = rng.standard_normal((sessions, draws)), np.ones((sessions, draws))
    days = np.argsort(rng.random((sessions, draws)), axis=0)[:2]
    np.put_along_axis(values, days, 10.0 * rng.choice([-1.0, 1.0], (2, draws)), axis=0)
    np.put_along_axis(variances, days, 100.0, axis=0)
    return _staying(values, variances, math.nan)


def _laplace(rng: np.random.Generator, draws: int, sessions: int) -> Divergences:
    return _staying(rng.laplace(scale=math.sqrt(0.5), size=(sessions, draws)))


def _skewed(rng: np.random.Generator, draws: int, sessions: int) -> Divergences:
    return _staying(rng.exponential(size=(sessions, draws)) - 1.0)


def _regimes(rng: np.random.Generator, draws: int, sessions: int) -> Divergences:
    """Stay 60 sessions in a mean with deviation 1 and 20 with deviation 3."""
    leave, enter = 1.0 / 20.0, 1.0 / 60.0
    turns = rng.random((sessions + 1, draws))
    high, states = turns[0] < enter / (enter + leave), np.empty((sessions, draws), dtype=np.bool_)
    for t in range(sessions):
        states[t] = high
        high = np.where(high, turns[t + 1] > leave, turns[t + 1] < enter)
    variances = np.where(states, 9.0, 1.0)
    return _staying(rng.standard_normal((sessions, draws)) * np.sqrt(variances), variances, 3.0)


_EGARCH = (0.97, 0.2, -0.08)


def _egarch(rng: np.random.Generator, draws: int, sessions: int) -> Divergences:
    """Log variance of persistence 0.97 that a shock moves by its size, and more if it is negative (Nelson 1991)."""
    persistence, size, sign = _EGARCH
    shocks = rng.standard_normal((_BURN_IN + sessions, draws))
    news = size * (np.abs(shocks) - math.sqrt(2.0 / math.pi)) + sign * shocks
    logs, path = np.zeros(draws), np.empty_like(shocks)
    for t, change in enumerate(news):
        path[t] = logs
        logs = persistence * logs + change
    variances = np.exp(path[_BURN_IN:])
    return _staying(shocks[_BURN_IN:] * np.sqrt(variances), variances, _egarch_population())


def _egarch_population() -> float:
    """Return the mean variance: the product over past shocks of the mean of e^{φ^j·g(z)} (Nelson 1991, theorem A1.2).

    With c = φ^j, E e^{c·g} = e^{−cα√(2/π)}·(Φ(c(α + γ))·e^{c²(α + γ)²/2} + Φ(c(α − γ))·e^{c²(α − γ)²/2}).
    """
    persistence, size, sign = _EGARCH
    total = 0.0
    for j in range(2000):
        c = persistence**j
        sides = [c * (size + sign), c * (size - sign)]
        mean = sum(0.5 * math.erfc(-side / math.sqrt(2.0)) * math.exp(side**2 / 2.0) for side in sides)
        total += math.log(mean) - c * size * math.sqrt(2.0 / math.pi)
    return math.exp(total)


def _long_memory(rng: np.random.Generator, draws: int, sessions: int) -> Divergences:
    """Three components of log variance, the slowest with a half-life of 138 sessions, and t shocks of 5 degrees."""
    parts = [_autoregression(rng.standard_normal((sessions, draws)), slow) for slow in (0.5, 0.95, 0.995)]
    variances = np.exp(0.25 * np.sum(parts, axis=0))
    shocks = _shocks(rng, Shocks(df=5.0), sessions, draws)
    return _staying(shocks * np.sqrt(variances), variances, math.exp(3.0 * 0.25**2 / 2.0))


def _rounding(rng: np.random.Generator, draws: int, sessions: int) -> Divergences:
    """Differences of prices rounded to a step of √3, beside t shocks of 4 degrees: a third of it comes back."""
    errors = math.sqrt(3.0) * (rng.random((sessions + 1, draws)) - 0.5)
    values = np.diff(errors, axis=0) + _shocks(rng, Shocks(df=4.0), sessions, draws)
    ones, quarter = np.ones((draws, sessions)), np.full((draws, sessions + 1), 0.25)
    return Divergences(values.T.copy(), ones, ones[:, 0], quarter, np.zeros(draws), quarter[:, 0])


TRIED: Final[Mapping[str, Draw]] = {
    "independent normal": _law(),
    "Student t, 5": _law(5.0),
    "Student t, 4": _law(4.0),
    "Student t, 3": _law(3.0),
    "premium, 0.5": _premium(0.5, Shocks(), 0.2),
    "premium, 0.9": _premium(0.9, Shocks(), 0.2),
    "GARCH 0.15/0.80": _law(None, 0.15, 0.80),
    "GARCH 0.08/0.91": _law(None, 0.08, 0.91),
    "GARCH 0.15/0.80, t 5": _law(5.0, 0.15, 0.80),
    "GARCH 0.08/0.91, t 5": _law(5.0, 0.08, 0.91),
    "doubling variance": _doubling,
    "two outliers": _outliers,
}
"""Worlds of the kinds that the interval was trained on."""

UNSEEN: Final[Mapping[str, Draw]] = {
    "Laplace": _laplace,
    "two regimes": _regimes,
    "EGARCH": _egarch,
    "skewed": _skewed,
    "long memory": _long_memory,
    "rounding": _rounding,
}
"""Worlds of kinds that it was not trained on."""
