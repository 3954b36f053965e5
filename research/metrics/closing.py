"""Who closes a premium, the price that comes back or the NAV that catches up; and whether both sides close alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from research.errors import AlignmentError, ParameterError, SampleError
from research.metrics._pair import Array
from research.metrics.reversion import half_life

__all__ = ["ClosingSides", "PremiumClosing", "closing_sides", "premium_closing"]

_FEWEST = 30


@dataclass(frozen=True)
class PremiumClosing:
    """What becomes of a premium by the next session: three shares that add up to one.

    Attributes
    ----------
    nav_catches_up : float
        Share that net asset value gains in the next session: the price knew what the NAV did not yet. A clock.
    price_comes_back : float
        Share that the price gives up: a premium that was paid, or a close that was stale.
    remains : float
        Share that is still there.
    std_errors : tuple of float
        Of the three, in this order; robust to a variance that changes.
    missed_by_close : float
        Share that the NAV had moved in the premium's own session and the close had not followed: a stale close;
        negative where price and NAV overshoot together.
    missed_std_error : float
        Its standard error.
    pairs : int
        Neighbouring sessions with both premiums.
    """

    nav_catches_up: float
    price_comes_back: float
    remains: float
    std_errors: tuple[float, float, float]
    missed_by_close: float
    missed_std_error: float
    pairs: int

    def interval(self, value: float, std_error: float, level: float = 0.95) -> tuple[float, float]:
        """Return the two-sided interval of one share (Student t)."""
        half = float(stdtrit(self.pairs - 2, 0.5 + level / 2)) * std_error
        return value - half, value + half


@dataclass(frozen=True)
class ClosingSides:
    """How much of a premium and of a discount is left one session later.

    Attributes
    ----------
    premium, discount : float
        Share that remains of a premium (above zero) and of a discount (below).
    premium_std_error, discount_std_error : float
        Their standard errors, robust to a variance that changes.
    p_value_equal : float
        Of both sides closing alike.
    premium_half_life, discount_half_life : float
        Sessions until half is gone; 0 where nothing is left by the next session.
    premiums, discounts : int
        Sessions that began on either side.
    """

    premium: float
    discount: float
    premium_std_error: float
    discount_std_error: float
    p_value_equal: float
    premium_half_life: float
    discount_half_life: float
    premiums: int
    discounts: int


def premium_closing(premium: pd.Series, nav_returns: pd.Series) -> PremiumClosing:
    """Return what becomes of a premium by the next session.

    Parameters
    ----------
    premium : pandas.Series of float, shape (T + 1,)
        Log premium; NaN where it is unknown or to be left out.
    nav_returns : pandas.Series of float, shape (T,)
        Log returns of net asset value, labelled by the session that ends each interval.

    Returns
    -------
    PremiumClosing

    Raises
    ------
    AlignmentError
        If the returns are not labelled by the premium's sessions from the second on.
    SampleError
        If fewer than 30 neighbouring sessions have a premium.

    Notes
    -----
    ``π_{t+1} = π_t + Δp_{t+1} − Δn_{t+1}``, so regressions of Δn_{t+1}, −Δp_{t+1} and π_{t+1} on π_t (with a constant)
    have slopes that add up to one exactly. Where the price is later than the NAV by any part of an hour, ``π_t`` holds
    a move that the NAV makes next session, and ``cov(π_t, Δn_{t+1})`` is the variance of that move: the slope of Δn is
    the share of the premium's variance that is nothing but clock, without a model of the window over which the NAV is
    struck. The slope of ``−Δn_t`` on π_t is that of a close which is earlier than the NAV. Both need a market whose
    next move cannot be foretold. They are blunt: an ether return of a day is ten times a premium. HC3 errors.

    Examples
    --------
    >>> rng = np.random.default_rng(4)
    >>> days = pd.bdate_range("2024-01-01", periods=2001)
    >>> late = pd.Series(rng.normal(0, 0.004, 2001), days)
    >>> moves = pd.Series(late.shift(1) + rng.normal(0, 0.01, 2001), days).iloc[1:]
    >>> closing = premium_closing(late, moves)
    >>> abs(closing.nav_catches_up - 1) < 3 * closing.std_errors[0]
    True
    """
    labels = premium.index
    if not labels[1:].equals(nav_returns.index):
        raise AlignmentError(
            "the returns of net asset value are not labelled by the premium's sessions from the second on"
        )
    pi, moves = premium.to_numpy(dtype=float), nav_returns.to_numpy(dtype=float)
    both = np.isfinite(pi[:-1]) & np.isfinite(pi[1:])
    if both.sum() < _FEWEST:
        raise SampleError(f"{int(both.sum())} neighbouring sessions have a premium: give at least {_FEWEST}")
    now, after, move = pi[:-1][both], pi[1:][both], moves[both]
    nav, nav_error = _slope(move, now)
    price, price_error = _slope(-(after - now + move), now)
    remains, remains_error = _slope(after, now)
    own = np.isfinite(pi[1:])
    missed, missed_error = _slope(-moves[own], pi[1:][own])
    return PremiumClosing(
        nav_catches_up=nav,
        price_comes_back=price,
        remains=remains,
        std_errors=(nav_error, price_error, remains_error),
        missed_by_close=missed,
        missed_std_error=missed_error,
        pairs=int(both.sum()),
    )


def closing_sides(premium: pd.Series) -> ClosingSides:
    """Return how much of a premium and of a discount is left one session later, and whether that differs.

    Parameters
    ----------
    premium : pandas.Series of float
        Log premium, one row for each session; NaN where it is unknown or to be left out.

    Returns
    -------
    ClosingSides

    Raises
    ------
    ParameterError
        If it is no Series.
    SampleError
        If fewer than 30 neighbouring sessions have a premium, or one side has fewer than ten.

    Notes
    -----
    Least squares of ``π_{t+1}`` on a constant, ``max(π_t, 0)`` and ``min(π_t, 0)`` with HC3 errors: a threshold
    autoregression with its threshold at the value that arbitrage defends. The small-sample bias of either share is
    about that of the whole, ``−(1 + 3ρ)/n``, and nearly cancels in their difference.

    Examples
    --------
    >>> rng = np.random.default_rng(6)
    >>> level = [0.0]
    >>> for shock in rng.normal(0, 0.003, 3000):
    ...     level.append((0.8 if level[-1] < 0 else 0.2) * level[-1] + shock)
    >>> sides = closing_sides(pd.Series(level))
    >>> sides.p_value_equal < 0.001, sides.discount_half_life > sides.premium_half_life
    (True, True)
    """
    if not isinstance(premium, pd.Series):
        raise ParameterError("closing_sides takes one Series of premiums")
    pi = premium.to_numpy(dtype=float)
    both = np.isfinite(pi[:-1]) & np.isfinite(pi[1:])
    now, after = pi[:-1][both], pi[1:][both]
    above, below = int((now > 0).sum()), int((now < 0).sum())
    if both.sum() < _FEWEST or min(above, below) < 10:
        raise SampleError(
            f"{above} premiums and {below} discounts with a session after them are too few to compare: give at least "
            f"{_FEWEST} sessions, ten on either side"
        )
    design = np.column_stack([np.ones(now.size), np.maximum(now, 0.0), np.minimum(now, 0.0)])
    beta, cov = _least_squares(after, design)
    apart = beta[1] - beta[2]
    spread = float(np.sqrt(cov[1, 1] + cov[2, 2] - 2.0 * cov[1, 2]))
    return ClosingSides(
        premium=float(beta[1]),
        discount=float(beta[2]),
        premium_std_error=float(np.sqrt(cov[1, 1])),
        discount_std_error=float(np.sqrt(cov[2, 2])),
        p_value_equal=float(2.0 * stdtr(now.size - 3, -abs(apart) / spread)),
        premium_half_life=half_life(float(beta[1])),
        discount_half_life=half_life(float(beta[2])),
        premiums=above,
        discounts=below,
    )


def _slope(y: Array, x: Array) -> tuple[float, float]:
    beta, cov = _least_squares(y, np.column_stack([np.ones(x.size), x]))
    return float(beta[1]), float(np.sqrt(cov[1, 1]))


def _least_squares(y: Array, design: Array) -> tuple[Array, Array]:
    """Return coefficients and their HC3 covariance (MacKinnon and White 1985)."""
    scale = np.sqrt((design**2).sum(axis=0))
    unit = design / scale
    inverse = np.linalg.inv(unit.T @ unit)
    beta = inverse @ (unit.T @ y)
    leverage = np.einsum("ij,jk,ik->i", unit, inverse, unit)
    scores = unit * ((y - unit @ beta) / np.maximum(1.0 - leverage, 1e-8))[:, None]
    cov = inverse @ (scores.T @ scores) @ inverse
    return beta / scale, cov / np.outer(scale, scale)
