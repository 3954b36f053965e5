"""How a premium closes: how fast (autoregression, half-life), by whom (price or NAV), on both sides alike or not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import overload

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from research.conventions import check_confidence
from research.errors import AlignmentError, ParameterError, SampleError, former_field, renamed
from research.metrics import _sample as sample
from research.metrics._sample import Array, Returns, check_values
from research.metrics.registry import NUMBER, SESSIONS, measured
from research.tables import Result, Table, p_value

__all__ = [
    "ClosingSides",
    "PremiumClosing",
    "PremiumReversion",
    "closing_sides",
    "half_life",
    "premium_autoregression",
    "premium_closing",
    "premium_half_life",
    "premium_reversion",
]


_FEWEST = 30


@dataclass(frozen=True, eq=False)
class PremiumReversion(Result):
    """First-order autoregression of one premium.

    Attributes
    ----------
    coefficient : float
        Share of a premium that is still there one session later, bias corrected.
    least_squares : float
        The same before the correction.
    std_error : float
        Standard error of `coefficient`.
    interval : tuple of float
        Confidence interval of `coefficient`, clipped to −1 … 1.
    half_life : float
        Sessions until half a premium is gone; infinite at a coefficient of 1 or more, 0 at one of 0 or less.
    half_life_interval : tuple of float
        The interval carried over to the half-life.
    confidence : float
        Nominal coverage of the intervals.
    pairs : int
        Neighbouring sessions with both premiums.
    method : str
        What was done, for a table's note.
    """

    coefficient: float
    least_squares: float
    std_error: float
    interval: tuple[float, float]
    half_life: float
    half_life_interval: tuple[float, float]
    confidence: float
    pairs: int
    method: str = "least squares with constant, bias corrected to first order (Kendall 1954, Marriott and Pope 1954)"
    level = former_field("level", "confidence")

    def summary(self) -> Table:
        """Return coefficient and half-life with their intervals."""
        ends = (self.interval, self.half_life_interval)
        columns = {
            "estimate": (self.coefficient, self.half_life),
            "std error": (self.std_error, math.nan),
            "lower": tuple(low for low, _ in ends),
            "upper": tuple(high for _, high in ends),
        }
        frame = pd.DataFrame(columns, index=["coefficient", "half-life, sessions"])
        notes = (f"{self.method}; {self.pairs} neighbouring sessions; least squares {self.least_squares:.4f}",)
        caption = f"Autoregression of the premium, {self.confidence:.0%} intervals"
        return Table(frame, caption, dict.fromkeys(frame.columns, ".3f"), notes)


@dataclass(frozen=True, eq=False)
class PremiumClosing(Result):
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

    @renamed("level", "confidence")
    def interval(self, value: float, std_error: float, confidence: float = 0.95) -> tuple[float, float]:
        """Return the two-sided interval of one share (Student t)."""
        half = float(stdtrit(self.pairs - 2, 0.5 + confidence / 2)) * std_error
        return value - half, value + half

    def summary(self) -> Table:
        """Return the three shares, and the share that the close had missed, with their standard errors."""
        shares = {
            "the NAV catches up": (self.nav_catches_up, self.std_errors[0]),
            "the price comes back": (self.price_comes_back, self.std_errors[1]),
            "remains": (self.remains, self.std_errors[2]),
            "missed by the close": (self.missed_by_close, self.missed_std_error),
        }
        frame = pd.DataFrame.from_dict(shares, orient="index", columns=["share", "std error"])
        notes = (f"HC3 errors; {self.pairs} neighbouring sessions; the first three add up to one",)
        return Table(
            frame, "What becomes of a premium by the next session", {"share": ".3f", "std error": ".3f"}, notes
        )


@dataclass(frozen=True, eq=False)
class ClosingSides(Result):
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

    def summary(self) -> Table:
        """Return both sides: what is left a session later, and the half-life."""
        sides = {
            "premium": (self.premium, self.premium_std_error, self.premium_half_life, self.premiums),
            "discount": (self.discount, self.discount_std_error, self.discount_half_life, self.discounts),
        }
        columns = ["left a session later", "std error", "half-life, sessions", "sessions"]
        frame = pd.DataFrame.from_dict(sides, orient="index", columns=columns)
        notes = (f"HC3 errors; p of both sides closing alike {p_value(self.p_value_equal)}",)
        formats = dict.fromkeys(columns[:3], ".3f") | {"sessions": "d"}
        return Table(frame, "What is left of a premium and of a discount", formats, notes)


def half_life(coefficient: float) -> float:
    """Return the sessions until half of a premium is gone under a first-order autoregression.

    Parameters
    ----------
    coefficient : float
        Autoregressive coefficient.

    Returns
    -------
    float
        ln ½ / ln coefficient, in sessions; 0 where the coefficient is 0 or negative (gone, or beyond, within a
        session), infinite where it is 1 or more, NaN where it is NaN.

    Examples
    --------
    >>> half_life(0.5), half_life(-0.2), half_life(1.0)
    (1.0, 0.0, inf)
    """
    if math.isnan(coefficient):
        return math.nan
    if coefficient <= 0:
        return 0.0
    return math.log(0.5) / math.log(coefficient) if coefficient < 1 else math.inf


@overload
def premium_autoregression(premium: pd.Series) -> float: ...
@overload
def premium_autoregression(premium: pd.DataFrame) -> pd.Series: ...
@measured(
    "autoregression of the premium",
    also=("premium persistence", "AR(1) coefficient of the premium", "persistence of the premium"),
    unit=NUMBER,
    formula="(n·ρ̂ + 1)/(n − 3), ρ̂ the slope of π_t on a constant and π_{t−1}",
    source="Kendall 1954; Marriott and Pope 1954",
)
def premium_autoregression(premium: Returns) -> float | pd.Series:
    """Return the first-order autoregressive coefficient of the premium, corrected for small-sample bias.

    Returns
    -------
    float or pandas.Series
        Coefficient, no unit. NaN for fewer than five pairs of neighbouring premiums or a premium that does not vary.

    Notes
    -----
    Least squares of π_t on a constant and π_{t−1} underestimates by (1 + 3ρ)/n to first order (Kendall 1954, Marriott
    and Pope 1954); solving for ρ gives (n·ρ̂ + 1)/(n − 3), which may exceed 1. Only neighbouring rows with both
    premiums enter. Noise in the closing price that lasts one session pulls the coefficient towards zero; the correction
    does not undo that.

    Examples
    --------
    >>> import pandas as pd
    >>> premium = pd.Series([0.004, 0.002, 0.001, -0.002, -0.001, 0.001, 0.002, 0.0])
    >>> round(premium_autoregression(premium), 4)
    0.8333
    """
    values = check_values(premium, "the premium")
    least_squares, _, pairs = _fit(values.array)
    return values.result(_correct(least_squares, pairs))


@overload
def premium_half_life(premium: pd.Series) -> float: ...
@overload
def premium_half_life(premium: pd.DataFrame) -> pd.Series: ...
@measured(
    "half-life of the premium",
    also=("half-life of a premium or discount",),
    unit=SESSIONS,
    formula="ln ½ / ln ρ with ρ of `premium_autoregression`",
)
def premium_half_life(premium: Returns) -> float | pd.Series:
    """Return the sessions until half of a premium is gone, from the bias-corrected autoregression.

    Returns
    -------
    float or pandas.Series
        Sessions; see `half_life` for 0 and infinity. NaN where `premium_autoregression` is.

    Notes
    -----
    The same rows enter as in `premium_autoregression`: only neighbours of which neither is NaN.

    Examples
    --------
    >>> import pandas as pd
    >>> round(premium_half_life(pd.Series([0.004, 0.0, 0.001, -0.002, -0.001, 0.003, 0.001, -0.001])), 2)
    0.34
    """
    values = check_values(premium, "the premium")
    least_squares, _, pairs = _fit(values.array)
    return values.result(np.array([half_life(float(c)) for c in _correct(least_squares, pairs)]))


@renamed("level", "confidence")
def premium_reversion(premium: pd.Series, *, confidence: float = 0.95) -> PremiumReversion:
    """Return the autoregression of one premium with standard error, half-life and intervals.

    Parameters
    ----------
    premium : pandas.Series
        Log premium, one row for each session.
    confidence : float
        Nominal coverage between 0 and 1.

    Returns
    -------
    PremiumReversion
        Everything is NaN where there are fewer than five pairs of neighbouring premiums or the premium does not vary.

    Raises
    ------
    DataError
        If a value is infinite or labels are unsorted or repeated.
    ParameterError
        If `premium` is no Series or `confidence` lies outside 0 to 1.

    Notes
    -----
    Coefficient as `premium_autoregression`. Its standard error is the one of least squares times n/(n − 3), as the
    correction stretches it; the interval is normal and is carried over to the half-life, which rises with the
    coefficient. In simulations its 95 % interval covers 93 to 96 % up to a coefficient of 0.97 with 540 sessions and up
    to 0.6 with 100, and 88 to 91 % nearer to a unit root. Missing premiums: only neighbouring rows with both enter.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> noise = np.random.default_rng(2).normal(size=500)
    >>> level = pd.Series(noise).ewm(alpha=0.5, adjust=False).mean()
    >>> fit = premium_reversion(level)
    >>> round(fit.coefficient, 2), round(fit.half_life, 1), fit.pairs
    (0.49, 1.0, 499)
    """
    if not isinstance(premium, pd.Series):
        raise ParameterError("premium_reversion takes one Series; premium_half_life takes a DataFrame of funds")
    check_confidence(confidence)
    raw, error, pairs = (x[0] for x in _fit(check_values(premium, "the premium").array))
    coefficient = float(_correct(raw, pairs))
    stretched = float(error * pairs / (pairs - 3)) if pairs > 3 else math.nan
    margin = NormalDist().inv_cdf((1 + confidence) / 2) * stretched
    low, high = (float(np.clip(coefficient + side * margin, -1.0, 1.0)) for side in (-1, 1))
    return PremiumReversion(
        coefficient=coefficient,
        least_squares=float(raw),
        std_error=stretched,
        interval=(low, high),
        half_life=half_life(coefficient),
        half_life_interval=(half_life(low), half_life(high)),
        confidence=confidence,
        pairs=int(pairs),
    )


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


def _fit(premium: Array) -> tuple[Array, Array, Array]:
    """Least squares of each column on a constant and itself one row earlier: slope, standard error, pairs."""
    now, before = premium[1:], premium[:-1]
    missing = np.isnan(now) | np.isnan(before)
    now, before = np.where(missing, np.nan, now), np.where(missing, np.nan, before)
    pairs = sample.count(now).astype(np.float64)
    variance = sample.variance(before)
    flat = sample.negligible(variance, before) | (pairs < 5)
    slope = sample.ratio(sample.covariance(now, before), variance, flat)
    residual = sample.deviations(now) - slope * sample.deviations(before)
    error = np.sqrt(sample.ratio(sample.variance(residual, ddof=2), variance * np.maximum(pairs - 1, 1), flat))
    return slope, error, pairs


def _correct(slope: Array, pairs: Array) -> Array:
    return np.asarray((pairs * slope + 1) / np.where(pairs > 3, pairs - 3, np.nan))
