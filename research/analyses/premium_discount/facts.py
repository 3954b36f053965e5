"""How a premium behaves: how far it strays, how fast it closes, on which side, and what of it is only a clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import pandas as pd
from scipy.special import ndtri

from research.alignment.history import History
from research.analyses.measures import premium_intervals
from research.analyses.premium_discount.clock import ClockGroup, clock_groups, early_sessions, stale_sessions
from research.conventions import BASIS_POINT
from research.errors import MissingColumnError, SampleError
from research.metrics import PremiumReversion, days_outside, premium_mean, premium_percentiles, premium_reversion
from research.metrics.reversion import ClosingSides, PremiumClosing, closing_sides, premium_closing

__all__ = ["PremiumDiscountFacts"]

DOUBT = 0.05
"""P-value below which two things are said to differ."""

HALF = 0.5
"""Share of a premium that a lagging NAV can make at most where the rest is called premium, not clock."""

LASTS = 1.5
"""How much wider the gains of the longest holding must spread than the shortest's to be a cost of holding."""

Level = Literal["nothing within its error", "small premium", "small discount", "lasting premium", "lasting discount"]
Closes = Literal["overshoots", "gone by the next close", "not seen to close", "closes"]


@dataclass(frozen=True, eq=False)
class PremiumDiscountFacts:
    """How a premium behaves.

    Parameters
    ----------
    history : History
        With a market close.
    usual : pandas.Series
        Log premium, NaN on sessions with a stale close or an early one.
    every, reversion : PremiumReversion
        Autoregression of all premiums, and of the usual ones.
    sides : ClosingSides
        What is left of premiums and of discounts a session later.
    closing : PremiumClosing
        Who closes a premium.
    groups : tuple of ClockGroup
        Stale, early and other closes.
    bands : tuple of float
        Half widths of the bands, fractions.
    horizons : tuple of int
        Sessions over which a share is held.
    confidence : float
        Nominal coverage of the intervals.
    """

    history: History
    usual: pd.Series
    every: PremiumReversion
    reversion: PremiumReversion
    sides: ClosingSides
    closing: PremiumClosing
    groups: tuple[ClockGroup, ...]
    bands: tuple[float, ...]
    horizons: tuple[int, ...]
    confidence: float

    @classmethod
    def of(cls, history: History, *, bands_bp: Sequence[float], horizons: Sequence[int], confidence: float) -> Self:
        """Measure; parameters and errors are those of `premium_discount`."""
        if "close" not in history.frame:
            raise MissingColumnError(
                f"{history.fund.ticker} has no market close, so it has no premium: add series.close to its entry in a "
                "funds.toml of your own"
            )
        if history.frequency != "daily":
            raise SampleError(
                f"{history.fund.ticker} is loaded {history.frequency}, and how long a premium lasts is told from one "
                "session to the next: load it daily; its mean and percentiles stand in the decomposition"
            )
        premium = history.premium
        usual = premium.mask(premium.index.isin(stale_sessions(history).union(early_sessions(history))))
        return cls(
            history=history,
            usual=usual,
            every=premium_reversion(premium, confidence=confidence),
            reversion=premium_reversion(usual, confidence=confidence),
            sides=closing_sides(usual),
            closing=premium_closing(usual, history.nav_returns),
            groups=clock_groups(history),
            bands=tuple(sorted(band * BASIS_POINT for band in bands_bp)),
            horizons=tuple(horizons),
            confidence=confidence,
        )

    @cached_property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """Intervals of the statistics of all premiums."""
        return premium_intervals(self.history.premium, self.confidence)

    @cached_property
    def usual_intervals(self) -> dict[str, tuple[float, float]]:
        """Intervals of the statistics of the usual premiums."""
        return premium_intervals(self.usual, self.confidence)

    @property
    def mean(self) -> float:
        """Mean of the usual premium."""
        return premium_mean(self.usual)

    @property
    def mean_interval(self) -> tuple[float, float]:
        """Its interval, which allows for the premium's own persistence."""
        return self.usual_intervals["mean"]

    @property
    def mean_error(self) -> float:
        """Standard error of the mean that its interval comes to, were it a normal one."""
        low, high = self.mean_interval
        return (high - low) / 2.0 / float(ndtri(0.5 + self.confidence / 2.0))

    @property
    def truth(self) -> float | None:
        """First autocorrelation with which a simulated premium was made; None for real funds."""
        terms = getattr(getattr(getattr(self.history, "truth", None), "world", None), "premium", None)
        if terms is None:
            return None
        stays = 0.5 ** (1.0 / terms.half_life) if terms.half_life > 0 else 0.0
        return float(stays * terms.sd**2 / (terms.sd**2 + terms.noise**2))

    @property
    def level(self) -> Level:
        """What the premium is on average."""
        low, high = self.mean_interval
        if low <= 0.0 <= high:
            return "nothing within its error"
        side: Literal["premium", "discount"] = "premium" if low > 0.0 else "discount"
        return f"lasting {side}" if abs(self.mean) > float(self.usual.std()) else f"small {side}"  # type: ignore[return-value]

    @property
    def closes(self) -> Closes:
        """What becomes of a premium by the next close."""
        fit = self.reversion
        if fit.interval[1] < 0.0:
            return "overshoots"
        if fit.half_life == 0.0 or fit.interval[0] <= 0.0:
            return "gone by the next close"
        return "not seen to close" if math.isinf(fit.half_life) else "closes"

    @property
    def errors_from_truth(self) -> float:
        """Standard errors between the coefficient found and the true one; NaN for real funds."""
        if self.truth is None:
            return math.nan
        return abs(self.reversion.coefficient - self.truth) / self.reversion.std_error

    @cached_property
    def nav_interval(self) -> tuple[float, float]:
        """Interval of the share of a premium that the NAV makes good."""
        one = self.closing
        return one.interval(one.nav_catches_up, one.std_errors[0], self.confidence)

    @property
    def origin(self) -> Literal["clock", "premium", "cannot be told"]:
        """Whether ordinary premiums are a clock or a premium, as far as daily data tell."""
        low, high = self.nav_interval
        if low > 0.0:
            return "clock"
        return "premium" if high < HALF else "cannot be told"

    @cached_property
    def closes_are_stale(self) -> bool:
        """Whether ordinary closes miss moves that the NAV has already made."""
        one = self.closing
        return one.interval(one.missed_by_close, one.missed_std_error, self.confidence)[0] > 0.0

    @property
    def sides_verdict(self) -> Literal["differ", "no difference found"]:
        """Whether premiums and discounts close at different speeds."""
        return "differ" if self.sides.p_value_equal < DOUBT else "no difference found"

    @property
    def slower_side(self) -> Literal["premium", "discount"]:
        """Of which more is left a session later."""
        return "premium" if self.sides.premium > self.sides.discount else "discount"

    def group(self, name: str) -> ClockGroup | None:
        """Return the closes of one kind; None where there are none."""
        return next((one for one in self.groups if one.name == name), None)

    @property
    def early_verdict(self) -> Literal["explained", "more than is seen", "less than is seen", "none"]:
        """Whether the hours from an early close to the NAV explain the premium on those sessions."""
        early = self.group("early close")
        if early is None:
            return "none"
        if early.p_value >= DOUBT:
            return "explained"
        return "more than is seen" if early.mean_absolute < early.expected else "less than is seen"

    def outside(self, band: float) -> tuple[int, float]:
        """Return on how many sessions, and on what share of them, the premium lay outside a band."""
        known = self.history.premium.dropna().abs()
        return int((known > band).sum()), float((known > band).mean())

    @cached_property
    def holding(self) -> pd.DataFrame:
        """What the premium's change adds to a holder's return, by sessions held: fractions, not annualised."""
        return _holding_gains(self.usual, self.horizons)

    @property
    def cost_of(self) -> Literal["entry and exit", "holding", "not known"]:
        """What the premium is a cost of."""
        spread = self.holding["sd"]
        if len(spread) < 2:
            return "not known"
        return "entry and exit" if spread.iloc[-1] < LASTS * spread.iloc[0] else "holding"

    def to_record(self) -> dict[str, object]:
        """Return the ``premium_discount`` object of the result."""
        fit, sides, closing = self.reversion, self.sides, self.closing
        premium = self.history.premium
        return {
            "mean_bp": self.mean / BASIS_POINT,
            "std_error_bp": self.mean_error / BASIS_POINT,
            "mean_interval_bp": _ends_bp(self.mean_interval),
            "sd_bp": float(premium.std()) / BASIS_POINT,
            "sd_interval_bp": _ends_bp(self.intervals["sd"]),
            "usual_sd_bp": float(self.usual.std()) / BASIS_POINT,
            "usual_sd_interval_bp": _ends_bp(self.usual_intervals["sd"]),
            "percentiles": [
                {
                    "percentile": float(str(percentile)),
                    "value_bp": float(value) / BASIS_POINT,
                    "interval_bp": _ends_bp(self.intervals[f"p{percentile:g}"]),
                }
                for percentile, value in premium_percentiles(premium).items()
            ],
            "bands": [
                {"band_bp": band / BASIS_POINT, "sessions": int(days_outside(premium.dropna(), band))}
                for band in self.bands
            ],
            "reversion": {
                "coefficient": fit.coefficient,
                "least_squares": fit.least_squares,
                "std_error": fit.std_error,
                "interval": list(fit.interval),
                "half_life_sessions": _finite(fit.half_life),
                "half_life_interval": [_finite(bound) for bound in fit.half_life_interval],
                "truth": self.truth,
            },
            "sides": {
                "premium_left": sides.premium,
                "premium_std_error": sides.premium_std_error,
                "discount_left": sides.discount,
                "discount_std_error": sides.discount_std_error,
                "p_value_equal": sides.p_value_equal,
            },
            "closing": {
                "nav_catches_up": closing.nav_catches_up,
                "price_comes_back": closing.price_comes_back,
                "remains": closing.remains,
                "std_errors": list(closing.std_errors),
            },
            "closes": [
                {
                    "kind": one.name,
                    "sessions": one.sessions,
                    "mean_absolute_bp": one.mean_absolute / BASIS_POINT,
                    "expected_bp": one.expected / BASIS_POINT,
                    "absolute_share": one.absolute_share,
                    "square_share": one.square_share,
                }
                for one in self.groups
            ],
            "holding": [
                {
                    "sessions": int(str(sessions)),
                    **{f"{name}_bp": float(row[name]) / BASIS_POINT for name in ("sd", "p5", "p95")},
                }
                for sessions, row in self.holding.iterrows()
            ],
        }


def _holding_gains(premium: pd.Series, horizons: Sequence[int]) -> pd.DataFrame:
    """Return what the premium's change adds to a holder's return, by sessions held: fractions, not annualised.

    Parameters
    ----------
    premium : pandas.Series
        Log premium by session; a holding that begins or ends on a NaN is left out.
    horizons : sequence of int
        Sessions held.
    """
    rows = {}
    for sessions in horizons:
        change = (premium.shift(-sessions) - premium).dropna()
        if len(change) > 2:
            rows[sessions] = [float(change.std()), *(float(change.quantile(q)) for q in (0.05, 0.95))]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["sd", "p5", "p95"])


def _ends_bp(bounds: tuple[float, float]) -> list[float | None] | None:
    """Return the ends of an interval in basis points; None for an end that is open, and where both are."""
    ends = [_finite(bound / BASIS_POINT) for bound in bounds]
    return None if ends == [None, None] else ends


def _finite(value: float) -> float | None:
    """Return a number, or None where it is infinite or NaN: a premium that is not seen to close has no half-life."""
    return value if math.isfinite(value) else None
