"""The premium as it moves: how far, how long, on which side, and what of it is only a clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.analyses.lead import Lead
from research.analyses.measures import premium_table
from research.analyses.phrases import bp, interval_text, number, percent, plus_minus_bp
from research.analyses.premium_discount.clock import ClockGroup, clock_groups, early_sessions, stale_sessions
from research.analyses.premium_discount.tables import bands_table, holding_gains, holding_table, quarters_table
from research.analyses.premium_discount.words import half_life_text, premium_conclusions, premium_limits
from research.analyses.report import Report
from research.conventions import BASIS_POINT
from research.errors import MissingColumnError
from research.metrics import PremiumReversion, premium_reversion
from research.metrics.reversion import ClosingSides, PremiumClosing, closing_sides, premium_closing
from research.plots.history import premium as premium_through_time
from research.plots.premium_dynamics import premium_by_quarter, premium_groups, premium_next_session
from research.tables import Table, p_value

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["PremiumReport", "premium_report"]


@dataclass(frozen=True, eq=False)
class PremiumReport(Report):
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

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What follows about the premium, one sentence or two each."""
        return premium_conclusions(self)

    @property
    def limits(self) -> tuple[str, ...]:
        """What these numbers cannot say of the premium."""
        return premium_limits(self)

    @property
    def mean(self) -> tuple[float, float]:
        """Mean of the usual premium and its standard error, which allows for the premium's own persistence."""
        known = self.usual.dropna()
        rho = float(np.clip(self.reversion.coefficient, -0.99, 0.99))
        return float(known.mean()), float(known.std() / math.sqrt(len(known)) * math.sqrt((1 + rho) / (1 - rho)))

    def key_figures(self) -> dict[str, str]:
        """Return mean, deviation, half-life, sides and what the clock makes."""
        known = self.history.premium.dropna()
        outside = float((known.abs() > self.bands[-1]).mean())
        return {
            "Mean premium": plus_minus_bp(*self.mean),
            "Standard deviation": bp(float(known.std())),
            "without stale and early closes": bp(float(self.usual.std())),
            f"Outside ±{bp(self.bands[-1])}": f"{percent(outside, 1)} of {len(known)} sessions",
            "Half-life": half_life_text(self.reversion),
            "Left of a premium, of a discount, a session later": (
                f"{number(self.sides.premium, self.sides.premium_std_error)}, "
                f"{number(self.sides.discount, self.sides.discount_std_error)} (p of equal "
                f"{p_value(self.sides.p_value_equal)})"
            ),
            "Share that the NAV makes good (clock)": number(self.closing.nav_catches_up, self.closing.std_errors[0]),
        }

    def level_table(self) -> Table:
        """Return mean, deviation and percentiles of all premiums."""
        return premium_table(self.history)

    def bands_table(self) -> Table:
        """Return how often, on which side and how long at a stretch the premium lay outside each band."""
        return bands_table(self.history.premium, self.bands, self.history.fund.ticker)

    def quarters_table(self) -> Table:
        """Return the usual premium quarter by quarter."""
        return quarters_table(self.usual)

    def reversion_table(self) -> Table:
        """Return the autoregression with its bias correction, of all closes and of the usual ones."""
        rows = {}
        for name, fit in (("all closes", self.every), ("without stale and early closes", self.reversion)):
            rows[name] = [
                fit.pairs,
                number(fit.least_squares),
                number(fit.coefficient, fit.std_error),
                interval_text(fit.interval),
                f"{fit.half_life:.2f}",
                interval_text(fit.half_life_interval),
            ]
        span = f"{self.confidence:.0%} interval"
        columns = ["pairs", "least squares", "bias corrected ± se", span, "half-life", f"{span} of half-life"]
        notes = (f"{self.reversion.method[0].upper()}{self.reversion.method[1:]}. Half-life in sessions.",)
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        if self.truth is not None:
            frame["truth"] = f"{self.truth:.2f}"
        return Table(frame, "Share of a premium that is still there one session later", {"pairs": ",.0f"}, notes)

    @property
    def truth(self) -> float | None:
        """First autocorrelation with which a simulated premium was made; None for real funds."""
        terms = getattr(getattr(getattr(self.history, "truth", None), "world", None), "premium", None)
        if terms is None:
            return None
        stays = 0.5 ** (1.0 / terms.half_life) if terms.half_life > 0 else 0.0
        return float(stays * terms.sd**2 / (terms.sd**2 + terms.noise**2))

    def sides_table(self) -> Table:
        """Return what is left of premiums and of discounts a session later."""
        sides = self.sides
        frame = pd.DataFrame(
            {
                "sessions": [sides.premiums, sides.discounts],
                "left ± se": [
                    number(sides.premium, sides.premium_std_error),
                    number(sides.discount, sides.discount_std_error),
                ],
                "half-life": [sides.premium_half_life, sides.discount_half_life],
            },
            index=["premium", "discount"],
        )
        notes = (
            f"p of both sides closing alike {p_value(sides.p_value_equal)} (HC3 errors). Half-life in sessions, 0 "
            "where nothing is left by the next close.",
        )
        formats = {"sessions": ",.0f", "half-life": ".2f"}
        return Table(frame, "Left one session later, by side", formats, notes)

    def closing_table(self) -> Table:
        """Return who closes a premium."""
        one = self.closing
        rows = {
            "NAV catches up: the price was later than the NAV": (one.nav_catches_up, one.std_errors[0]),
            "price comes back": (one.price_comes_back, one.std_errors[1]),
            "still there": (one.remains, one.std_errors[2]),
            "of the second: missed by a close that is earlier than the NAV": (
                one.missed_by_close,
                one.missed_std_error,
            ),
        }
        table = {
            name: [value, error, interval_text(one.interval(value, error, self.confidence))]
            for name, (value, error) in rows.items()
        }
        frame = pd.DataFrame.from_dict(
            table, orient="index", columns=["share", "± se", f"{self.confidence:.0%} interval"]
        )
        notes = (
            "Slopes on the premium of the session before; the first three add up to 1. Shares above 1 or below 0 are "
            "sampling error: returns of a day are many times a premium.",
        )
        return Table(frame, "What becomes of a premium by the next close", {"share": ".2f", "± se": ".2f"}, notes)

    def groups_table(self) -> Table:
        """Return what stale and early closes make of the premium."""
        frame = pd.DataFrame(
            {
                "sessions": [one.sessions for one in self.groups],
                "mean |π|, bp": [one.mean_absolute / BASIS_POINT for one in self.groups],
                "clock alone, bp": [one.expected / BASIS_POINT for one in self.groups],
                "of Σ|π|, %": [100 * one.absolute_share for one in self.groups],
                "of Σπ², %": [100 * one.square_share for one in self.groups],
            },
            index=[one.name for one in self.groups],
        )
        notes = (
            "π is the premium. Clock alone: the mean absolute move that the benchmark usually makes in the hours "
            "between close "
            "and NAV, at its variance over weekdays.",
        )
        formats = {"sessions": ",.0f"} | dict.fromkeys(map(str, frame.columns[1:]), ".1f")
        return Table(frame, "Premium by kind of close", formats, notes)

    def holding(self) -> pd.DataFrame:
        """Return what the premium's change adds to a holder's return, by sessions held: fractions, not annualised."""
        return holding_gains(self.usual, self.horizons)

    def holding_table(self) -> Table:
        """Return what the premium adds to a holder's return, in basis points."""
        return holding_table(self.holding())

    def time_figure(self) -> DescribedFigure:
        """Return the premium through time and its distribution."""
        return premium_through_time(self.history)

    def quarters_figure(self) -> DescribedFigure:
        """Return the usual premium by quarter."""
        return premium_by_quarter(self.usual, self.history.fund.ticker)

    def next_figure(self) -> DescribedFigure:
        """Return the premium against that of the session before, and its autocorrelation."""
        return premium_next_session(self.usual, self.sides, self.history.fund.ticker)

    def groups_figure(self) -> DescribedFigure:
        """Return the premium by kind of close beside what the clock alone would make."""
        return premium_groups({g.name: (g.mean_absolute, g.expected) for g in self.groups}, self.history.fund.ticker)

    def lead(self) -> Lead:
        """Return mean, deviation and half-life of the premium, and how often it strays."""
        from research.analyses.premium_discount.record import premium_lead  # noqa: PLC0415 - it describes this class

        return premium_lead(self)

    def numbers(self) -> dict[str, object]:
        """Return the ``premium`` object of the result."""
        from research.analyses.premium_discount.record import premium_record  # noqa: PLC0415 - it describes this class

        return {"premium": premium_record(self)}


def premium_report(
    history: History,
    *,
    bands_bp: Sequence[float] = (10.0, 25.0, 50.0, 100.0),
    horizons: Sequence[int] = (1, 5, 21, 63, 252),
    confidence: float = 0.95,
) -> PremiumReport:
    """Measure how far a premium strays, how fast it closes, on which side, and what of it is clock.

    Parameters
    ----------
    history : History
        With a market close.
    bands_bp : sequence of float
        Half widths of bands around net asset value, basis points, ascending.
    horizons : sequence of int
        Sessions held.
    confidence : float
        Nominal coverage of every interval.

    Returns
    -------
    PremiumReport

    Raises
    ------
    MissingColumnError
        If the fund has no market close.
    SampleError
        If there are too few neighbouring closes.
    """
    if "close" not in history.frame:
        raise MissingColumnError(
            f"{history.fund.ticker} has no market close, so it has no premium: add series.close to its entry in a "
            "funds.toml of your own"
        )
    premium = history.premium
    usual = premium.mask(premium.index.isin(stale_sessions(history).union(early_sessions(history))))
    return PremiumReport(
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
