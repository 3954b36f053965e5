"""The expense ratio as the data show it: by period, estimator, coin and tier, and how small a change would show."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import pandas as pd

from research.alignment.history import History
from research.analyses.expense_ratio.estimators import FeeEstimators, fee_estimators, period_names
from research.analyses.expense_ratio.fee_break import find_fee_break
from research.analyses.expense_ratio.fee_words import break_is_real, break_record
from research.analyses.expense_ratio.tiers import TierQuarter, tier_quarters, tiers_table
from research.analyses.expense_ratio.words import fee_conclusions, fee_limits
from research.analyses.lead import BP_A_YEAR, Lead, LeadFigure, cumulated_divergence, fee_measured
from research.analyses.phrases import bp, plus_minus_bp
from research.analyses.report import Report
from research.conventions import BASIS_POINT, check_confidence
from research.decomposition import FeeRegimes, SlopeBreak, decompose, fee_regimes
from research.decomposition.breaks import detectable_change
from research.drivers.coins import fee_from_coins
from research.drivers.inputs import input_series
from research.errors import SampleError
from research.plots.breaks import break_profile
from research.plots.decomposition import residuals
from research.plots.fee import estimator_whiskers, fee_level, power_curve
from research.tables import Table

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["FeeReport", "fee_report"]

_LONG = 60


@dataclass(frozen=True, eq=False)
class FeeReport(Report):
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
    detectable: pd.Series
    power: float
    quarters: tuple[TierQuarter, ...]
    coins: pd.Series | None
    confidence: float
    seed: int

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What follows about the fee, one sentence or two each."""
        return fee_conclusions(self)

    @property
    def limits(self) -> tuple[str, ...]:
        """What these numbers cannot say of the fee."""
        return fee_limits(self)

    @property
    def random_seed(self) -> int:
        """What seeded the simulated interval of the break."""
        return self.seed

    def key_figures(self) -> dict[str, str]:
        """Return the fee as measured and as stated, the day it changed, and the smallest change that would show."""
        last = self.regimes.regimes[-1]
        rows = {
            "Fee that the data show today": f"{plus_minus_bp(last.estimated, last.std_error)} a year",
            "Fee that is stated today": f"{bp(last.stated)} a year",
        }
        if len(self.regimes.regimes) > 1:
            first = self.regimes.regimes[0]
            rows["Fee in the first period"] = (
                f"{plus_minus_bp(first.estimated, first.std_error)} a year (stated: {bp(first.stated)})"
            )
        if self.fee_break is not None and break_is_real(self.fee_break):
            low, high = self.fee_break.interval
            rows["Drift changed on"] = f"{self.fee_break.date:%Y-%m-%d} ({low:%Y-%m-%d} to {high:%Y-%m-%d})"
        if len(self.detectable):
            sessions = 21 if 21 in self.detectable.index else int(self.detectable.index[0])
            rows[f"Change that shows within {sessions} sessions"] = f"{bp(float(self.detectable[sessions]))} a year"
        return rows

    def regimes_table(self) -> Table:
        """Return stated and measured rates by period; of a simulated fund the stated rate is the truth."""
        table = self.regimes.summary()
        if not self.history.fund.simulated:
            return table
        frame = table.frame.rename(columns={"stated": "truth"})
        return Table(
            frame, f"{table.caption} (simulated: what is stated is true)", dict.fromkeys(map(str, frame), ".2f")
        )

    def power_table(self) -> Table | str:
        """Return the smallest change of the fee that would show, by sessions since it."""
        if not len(self.detectable):
            return "The sample is too short to say how small a change would show."
        frame = pd.DataFrame({"bp a year": self.detectable / BASIS_POINT})
        frame.index = pd.Index([f"{sessions} sessions" for sessions in self.detectable.index])
        notes = (
            f"Noticed with probability {self.power:.0%} by a two-sided test at {1 - self.confidence:.0%}, the day of "
            "the change known, the noise being that of the last period.",
        )
        return Table(frame, "Smallest change of the fee that would show after ...", {"bp a year": ".2f"}, notes)

    def tiers(self) -> Table | str:
        """Return what asset tiers did, in dollars, or a sentence where they did nothing that can be computed."""
        fund = self.history.fund
        if self.quarters:
            return tiers_table(fund, self.quarters)
        if fund.fee is None or all(period.is_flat for period in fund.fee.periods):
            return f"The fee of {fund.ticker} has no tiers in its schedule: one rate a period, whatever the assets."
        below = fund.fee.assets_below
        if below is None:
            return f"The fee of {fund.ticker} has tiers, but its assets are not known day by day."
        return (
            f"The fee of {fund.ticker} has tiers, but its assets never exceeded ${below / 1e9:g} bn "
            f"({fund.assets_below.status if fund.assets_below else 'stated'}): one rate a period held throughout."
        )

    def coins_table(self) -> Table | str:
        """Return the fee that coins per share show, or a sentence where they are not known."""
        if self.coins is None:
            return (
                f"Coins per share of {self.history.fund.ticker} are not in these data. They would show the fee without "
                "any price; what stands in for them here is net asset value over the index."
            )
        frame = pd.DataFrame({"bp a year": self.coins / BASIS_POINT})
        return Table(frame, "Fee that coins per share show, without any price", {"bp a year": ".2f"})

    def level_figure(self) -> DescribedFigure:
        """Return the figure of the divergence with what was stated and what was found."""
        return fee_level(self.history, self.regimes)

    def break_figure(self) -> DescribedFigure | None:
        """Return the figure of the break, or None where none was looked for."""
        if self.fee_break is None:
            return None
        return break_profile(self.history.divergence("nav"), self.fee_break, self.history.fund.ticker)

    def estimators_figure(self) -> DescribedFigure:
        """Return the figure of the last period's fee by estimator."""
        name = period_names(self.regimes)[-1]
        rates = pd.DataFrame({"rate": self.estimators.rates[name], "std_error": self.estimators.errors[name]})
        return estimator_whiskers(
            rates, self.regimes.regimes[-1].stated, self.history.fund.ticker, name, self.confidence
        )

    def power_figure(self) -> DescribedFigure | None:
        """Return the figure of detectable changes, or None where the sample is too short."""
        return power_curve(self.detectable, self.history.fund.ticker) if len(self.detectable) else None

    def residuals_figure(self) -> DescribedFigure:
        """Return the residual diagnostics of the NAV decomposition, in which the fee is a driver."""
        return residuals(decompose(self.history, "nav", confidence=self.confidence))

    def lead(self) -> Lead:
        """Return the fee as measured and as stated, and the smallest change that would show within a month."""
        figures = (
            fee_measured(self.regimes),
            LeadFigure("Fee stated", self.regimes.regimes[-1].stated / BASIS_POINT, BP_A_YEAR),
            LeadFigure("Change that shows in 21 sessions", self.detectable.get(21, nan) / BASIS_POINT, BP_A_YEAR),
        )
        return Lead(figures, cumulated_divergence(self.history))

    def numbers(self) -> dict[str, object]:
        """Return fee periods, break and the ``expense`` object of the result."""
        return {
            "fee_regimes": self.regimes.to_list(),
            "breaks": [break_record(self.fee_break)] if self.fee_break and break_is_real(self.fee_break) else [],
            "expense": {
                "estimators": self.estimators.to_list(),
                "detectable_change_bp": {str(h): float(v) / BASIS_POINT for h, v in self.detectable.items()},
                "power": self.power,
                "tiers": [one.to_dict() for one in self.quarters],
                "coins_per_share_bp": None
                if self.coins is None
                else {str(name): float(rate) / BASIS_POINT for name, rate in self.coins.items()},
            },
        }


def fee_report(
    history: History, *, confidence: float = 0.95, power: float = 0.8, seed: int = 0, draws: int = 499
) -> FeeReport:
    """Measure what a fund charged, by period and by estimator, and how small a change would have shown.

    Parameters
    ----------
    history : History
        From `research.load`; the fund's fee schedule must be known.
    confidence : float
        Nominal coverage of every interval.
    power : float
        Probability with which the smallest detectable change is noticed.
    seed, draws : int
        Of the simulated interval of the break date.

    Returns
    -------
    FeeReport

    Raises
    ------
    SampleError
        If no period of the schedule is long enough.
    DataError
        If the fee is not known, or as `fee_regimes` raises.
    """
    check_confidence(confidence)
    schedule = history.fund.fee_schedule
    regimes = fee_regimes(history, confidence=confidence)
    if regimes is None:
        raise SampleError(
            f"no period of the {len(schedule.periods)} in the fee schedule has ten sessions in the sample"
        )
    return FeeReport(
        history=history,
        regimes=regimes,
        fee_break=find_fee_break(history, confidence=confidence, seed=seed, draws=draws),
        estimators=fee_estimators(history, regimes),
        detectable=_detectable(history, regimes, confidence, power),
        power=power,
        quarters=tier_quarters(history),
        coins=_coins(history, regimes),
        confidence=confidence,
        seed=seed,
    )


def _detectable(history: History, regimes: FeeRegimes, confidence: float, power: float) -> pd.Series:
    """Return the detectable change at the noise of the last period, or of the whole sample where that is short."""
    fit, last = regimes.fit, regimes.regimes[-1]
    inside = (fit.level.index >= last.start).copy()
    if inside.sum() < _LONG:
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
