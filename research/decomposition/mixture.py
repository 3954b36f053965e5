"""Mixtures of Student t's: what is known of a number once parameters that nobody knows have been averaged out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, ndtr, stdtr, stdtrit

from research.conventions import check_confidence

__all__ = ["StudentMixture"]

Array = npt.NDArray[np.float64]

# From here on a transform to a normal deviate loses nothing, in a quarter of the incomplete beta function's time.
_MANY = 100.0
_ROUNDS = 60


@dataclass(frozen=True, eq=False)
class StudentMixture:
    """A weighted sum of Student t distributions with one number of degrees of freedom, or many such sums at once.

    Parameters
    ----------
    weights : numpy.ndarray, shape (..., n)
        Weight of each component, not negative; they sum to 1 along the last axis.
    centres, scales : numpy.ndarray, shape (..., n)
        Centre and scale of each component; scales are positive.
    df : float
        Degrees of freedom, above 2.

    Examples
    --------
    >>> one = StudentMixture(np.array([1.0]), np.array([0.0]), np.array([1.0]), 10.0)
    >>> [round(float(end), 3) for end in one.interval(0.95)]
    [-2.228, 2.228]
    """

    weights: Array
    centres: Array
    scales: Array
    df: float

    @property
    def mean(self) -> Array:
        """Mean, shape (...)."""
        return np.asarray((self.weights * self.centres).sum(axis=-1))

    @property
    def sd(self) -> Array:
        """Standard deviation, shape (...): what components know, and how far they disagree."""
        within = self.scales**2 * (self.df / (self.df - 2.0))
        apart = (self.centres - self.mean[..., None]) ** 2
        return np.asarray(np.sqrt((self.weights * (within + apart)).sum(axis=-1)))

    def cdf(self, value: npt.ArrayLike) -> Array:
        """Return the probability of at most `value`, which broadcasts against the leading axes."""
        t = (np.asarray(value, dtype=float)[..., None] - self.centres) / self.scales
        return np.asarray((self.weights * _student_cdf(self.df, t)).sum(axis=-1))

    def p_value(self, value: npt.ArrayLike) -> Array:
        """Return the two-sided p-value of `value`: below 1 − c where the interval of confidence c leaves it out."""
        t = (np.asarray(value, dtype=float)[..., None] - self.centres) / self.scales
        # Each tail from its own side: 1 − cdf would lose every digit of a small one.
        lower = (self.weights * _student_cdf(self.df, t)).sum(axis=-1)
        upper = (self.weights * _student_cdf(self.df, -t)).sum(axis=-1)
        return np.asarray(np.minimum(2.0 * np.minimum(lower, upper), 1.0))

    def interval(self, confidence: float) -> tuple[Array, Array]:
        """Return the two ends of the central interval, each of shape (...)."""
        tail = (1.0 - check_confidence(confidence)) / 2.0
        return self.quantile(tail), self.quantile(1.0 - tail)

    def quantile(self, probability: float) -> Array:
        """Return the value that is not exceeded with `probability`, shape (...).

        Notes
        -----
        Newton's method between the least and the greatest quantile of the components, where the mixture's must lie;
        halving where Newton would step outside.
        """
        normal = float(stdtrit(self.df, probability))
        ends = self.centres + normal * self.scales
        # A component without weight marks no end.
        low = np.where(self.weights > 0.0, ends, np.inf).min(axis=-1)
        high = np.where(self.weights > 0.0, ends, -np.inf).max(axis=-1)
        close = 1e-10 * (high - low + np.abs(self.scales).max(axis=-1))
        at = np.clip(self.mean + normal * self.sd, low, high)
        for _ in range(_ROUNDS):
            t = (at[..., None] - self.centres) / self.scales
            excess = (self.weights * _student_cdf(self.df, t)).sum(axis=-1) - probability
            density = (self.weights * _student_density(self.df, t) / self.scales).sum(axis=-1)
            low, high = np.where(excess < 0.0, at, low), np.where(excess < 0.0, high, at)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = at - excess / density
            following = np.where((step >= low) & (step <= high), step, 0.5 * (low + high))
            moved, at = np.abs(following - at), following
            if np.all(moved <= close):
                break
        return np.asarray(at)


def _student_cdf(df: float, t: Array) -> Array:
    """Return the distribution function of Student's t.

    Notes
    -----
    Hill's (1970) normal deviate, an expansion in 1/(df − ½) of the transform of Fisher and Wallace.
    """
    if df < _MANY:
        return np.asarray(stdtr(df, t))
    a = df - 0.5
    b = 48.0 * a * a
    w = a * np.log1p(t * t / df)
    tail = ((((-0.4 * w - 3.3) * w - 24.0) * w - 85.5) / (0.8 * w * w + 100.0 + b) + w + 3.0) / b + 1.0
    return np.asarray(ndtr(np.copysign(tail * np.sqrt(w), t)))


def _student_density(df: float, t: Array) -> Array:
    """Return the density of Student's t."""
    constant = gammaln((df + 1.0) / 2.0) - gammaln(df / 2.0) - 0.5 * np.log(df * np.pi)
    return np.asarray(np.exp(constant - 0.5 * (df + 1.0) * np.log1p(t * t / df)))
