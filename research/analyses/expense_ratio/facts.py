"""The expense ratio as the data show it: by period, estimator, coin and tier, and how small a change would show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Self

import pandas as pd

from research.alignment.history import History
from research.analyses.expense_ratio.conventions import Conventions, fee_conventions
from research.analyses.expense_ratio.estimators import FeeEstimators, fee_estimators, period_names
from research.analyses.expense_ratio.fee_break import DayOfChange, day_of_change, find_fee_break
from research.analyses.expense_ratio.tiers import TierQuarter, tier_quarters
from research.conventions import BASIS_POINT, DAYS_PER_YEAR, check_confidence
from research.decomposition import FeeRegimes, SlopeBreak, fee_regimes
from research.decomposition.averaged import AveragedResult
from research.decomposition.breaks import detectable_change
from research.drivers.coins import fee_from_coins
from research.drivers.inputs import input_series
from research.errors import SampleError

__all__ = ["ExpenseRatioFacts", "HacLevels", "Tiered"]

LONG = 60
"""Sessions from which the last period of the schedule has a noise of its own."""

APART = 2.0
"""Errors by which levels with HAC must differ from the local level before it is said."""

CLEAR = 0.05
"""Posterior probability of a walk too faint to matter below which the remainder is said to wander."""

CHANGES = 0.05
"""P-value of a constant variance below which the noise is said to change."""


@dataclass(frozen=True)
class HacLevels:
    """Levels with HAC errors beside the local-level regression, in the last period.

    Parameters
    ----------
    rate, std_error : float
        A fraction a year.
    errors_away : float
        Distance to the local level in HAC's own errors.
    """

    rate: float
    std_error: float
    errors_away: float

    @property
    def claims_too_much(self) -> bool:
        """Whether it lies further from the local-level estimate than its own errors allow."""
        return self.errors_away > APART


@dataclass(frozen=True)
class Tiered:
    """What a tiered fee came to over all days with tiers.

    Parameters
    ----------
    days : int
        Calendar days.
    per_dollar : float
        Charged on the average dollar, a fraction a year.
    per_day : float
        The stated rate of the average day, a fraction a year: what a share held throughout paid.
    """

    days: int
    per_dollar: float
    per_day: float


@dataclass(frozen=True, eq=False)
class ExpenseRatioFacts:
    """What a fund charged, measured several ways.

    Parameters
    ----------
    history : History
        The sample.
    regimes : FeeRegimes
        Rates by period of the stated schedule, by local-level regression on NAV basis.
    fee_break : SlopeBreak or None
        The day on which the drift changed, found without the schedule; None where the sample is too short to look.
    estimators : FeeEstimators
        Rates by estimator and period.
    conventions : Conventions or None
        The last period's fee by what is taken to be owed before it is paid; None where no accrued fee is estimated.
    detectable : pandas.Series
        Smallest change of the fee that would show, by sessions since it; empty where the sample is too short.
    power : float
        Probability with which such a change is noticed.
    quarters : tuple of TierQuarter
        Dollars under a tiered fee; empty where the fee has no tiers or assets are not known.
    coins : pandas.Series or None
        Fee by period that coins per share show, a fraction a year; None where coins per share are not known.
    confidence : float
        Nominal coverage of the intervals.
    seed : int
        What seeded the simulated interval of the break.
    """

    history: History
    regimes: FeeRegimes
    fee_break: SlopeBreak | None
    estimators: FeeEstimators
    conventions: Conventions | None
    detectable: pd.Series
    power: float
    quarters: tuple[TierQuarter, ...]
    coins: pd.Series | None
    confidence: float
    seed: int

    @classmethod
    def of(cls, history: History, *, confidence: float, power: float, seed: int, draws: int) -> Self:
        """Measure; parameters and errors are those of `expense_ratio`."""
        check_confidence(confidence)
        schedule = history.fund.fee_schedule
        regimes = fee_regimes(history, confidence=confidence)
        if regimes is None:
            raise SampleError(
                f"no period of the {len(schedule.periods)} in the fee schedule has ten sessions in the sample"
            )
        return cls(
            history=history,
            regimes=regimes,
            fee_break=find_fee_break(history, confidence=confidence, seed=seed, draws=draws),
            estimators=fee_estimators(history, regimes),
            conventions=fee_conventions(history, regimes),
            detectable=_detectable(history, regimes, confidence, power),
            power=power,
            quarters=tier_quarters(history),
            coins=_coins(history, regimes),
            confidence=confidence,
            seed=seed,
        )

    @cached_property
    def day_of_change(self) -> DayOfChange:
        """The day found beside the day that is stated."""
        return day_of_change(self.fee_break, self.history.fund)

    @cached_property
    def errors_from_truth(self) -> tuple[float, ...]:
        """Standard errors between estimate and truth by period, of a simulated fund; empty for a real one."""
        if not self.history.fund.simulated:
            return ()
        return tuple(
            abs(one.estimated - one.stated) / one.std_error for one in self.regimes.regimes if one.std_error > 0
        )

    @cached_property
    def precision_gained(self) -> float:
        """Error of the fee from daily changes over that from the level, last period; NaN where there is none."""
        errors = self.estimators.errors.iloc[:, -1]
        own = errors["local level"]
        return float(errors["changes with constant"] / own) if own > 0 else math.nan

    @cached_property
    def hac_levels(self) -> HacLevels:
        """Levels with HAC errors in the last period."""
        rates, errors = self.estimators.rates.iloc[:, -1], self.estimators.errors.iloc[:, -1]
        rate, error = float(rates["levels, HAC"]), float(errors["levels, HAC"])
        return HacLevels(rate, error, abs(rate - float(rates["local level"])) / error if error > 0 else math.nan)

    @cached_property
    def remainder_wanders(self) -> bool:
        """Whether a walk in what the fees leave is clearly there.

        A walk whose share of a step's variance is below one in all steps goes no further over the whole sample than
        the noise of one session: little of the share's posterior may lie there.
        """
        fit = self.regimes.fit
        least = 1.0 / len(fit.level)
        if not isinstance(fit, AveragedResult):
            return fit.permanent_share > least
        return fit.posterior.mean((fit.posterior.share < least).astype(float)) < CLEAR

    @cached_property
    def tiered(self) -> Tiered | None:
        """What the tiers came to; None where the fee has none in the sample."""
        if not self.quarters:
            return None
        days = sum(one.days for one in self.quarters)
        held = sum(one.mean_assets * one.days for one in self.quarters) / DAYS_PER_YEAR
        last = self.quarters[-1].label
        tiered = next(one for one in self.regimes.regimes if str(pd.Period(one.end, "Q")) == last)
        return Tiered(days, sum(one.charged for one in self.quarters) / held, tiered.stated)

    @cached_property
    def p_value_constant_variance(self) -> float:
        """P-value of noise whose variance does not change."""
        return self.regimes.fit.changing_variance()

    @property
    def noise(self) -> Literal["changes", "no change found"]:
        """Whether the noise changes through time."""
        return "changes" if self.p_value_constant_variance < CHANGES else "no change found"

    def to_record(self) -> dict[str, object]:
        """Return the ``expense_ratio`` object of the result."""
        return {
            "estimators": self.estimators.to_list(),
            "detectable_change_bp": {str(h): float(v) / BASIS_POINT for h, v in self.detectable.items()},
            "power": self.power,
            "tiers": [one.to_dict() for one in self.quarters],
            "conventions": None if self.conventions is None else self.conventions.to_dict(),
            "coins_per_share_bp": None
            if self.coins is None
            else {str(name): float(rate) / BASIS_POINT for name, rate in self.coins.items()},
        }


def _detectable(history: History, regimes: FeeRegimes, confidence: float, power: float) -> pd.Series:
    """Return the detectable change at the noise of the last period, or of the whole sample where that is short."""
    fit, last = regimes.fit, regimes.regimes[-1]
    inside = (fit.level.index >= last.start).copy()
    if inside.sum() < LONG:
        inside[:] = True
    try:
        return detectable_change(
            fit.level[inside],
            fit.drivers[inside],
            confidence=confidence,
            power=power,
            positions=history.positions[inside].tolist(),
        )
    except SampleError:
        return pd.Series(dtype=float)


def _coins(history: History, regimes: FeeRegimes) -> pd.Series | None:
    coins = input_series(history, "coins_per_share")
    if coins is None:
        return None
    rates = {}
    for name, one in zip(period_names(regimes), regimes.regimes, strict=True):
        # The rate of a day belongs to the interval that ends on it: the session before the period is its first point.
        at = max(int(pd.DatetimeIndex(coins.index).searchsorted(one.start)) - 1, 0)
        rates[name] = fee_from_coins(coins.iloc[at:].loc[: one.end])
    return pd.Series(rates)
