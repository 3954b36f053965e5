"""Staking: what a reader sees of the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from research.alignment.history import History, require_history
from research.analyses.figure import BP_A_YEAR, PERCENT, Figure, Spark, cumulated_divergence, tracking_difference_figure
from research.analyses.phrases import percent
from research.analyses.report import Report
from research.analyses.staking.facts import StakingFacts
from research.analyses.staking.terms import published_terms
from research.analyses.staking.words import conclusions, limits
from research.analyses.statement import Statements
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition
from research.drivers import expected_staking_yield, staking_reward, staking_scenarios
from research.errors import DataError
from research.plots.staking import issuance_curve, staking_parts, staking_scenario_bars, staking_through_time
from research.tables import Table

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["Staking", "staking"]


@dataclass(frozen=True, eq=False)
class Staking(StakingFacts, Report):
    """Result of `staking`: the facts, in words, tables and figures; its parameters are those of the facts."""

    name: ClassVar[str] = "staking"
    opening: ClassVar[tuple[str, ...]] = (
        "staking_reward",
        "staking_reward.passes_through",
        "staking_reward.benchmarks",
    )

    @classmethod
    def require(cls, history: History, parameters: Mapping[str, object]) -> None:
        """Raise a `DataError` where the fund is not known to stake."""
        fund = history.fund
        if staking_reward(history) is None or (fund.staking is None and "staking_yield" not in history.inputs):
            raise DataError(
                f"staking: {fund.ticker} is not known to stake; take a fund whose yield and staked share are known, "
                "such as the simulated SIM-STAKING"
            )

    @property
    def conclusions(self) -> Statements:
        """What follows about staking."""
        return conclusions(self)

    @property
    def limits(self) -> Statements:
        """What these numbers cannot say of staking."""
        return limits(self)

    def figures(self) -> tuple[Figure, ...]:
        """Return tracking difference, reward, share and what is withheld, then what is kept, left and expected."""
        means, tax, low = self.means, self.tax, self.tax_rates[0]
        truth = "" if tax.truth is None else f"truth: {100.0 * tax.truth:g}"
        return (
            tracking_difference_figure("Tracking difference", self.result.difference),
            Figure("Gross reward on staked coins", means.staking_yield / BASIS_POINT, BP_A_YEAR),
            Figure("Staked share", 100.0 * means.staked_share, PERCENT, remark=f"since {means.since:%Y-%m-%d}"),
            Figure("Reward withheld", 100.0 * tax.rate, PERCENT, 100.0 * tax.std_error, truth),
            Figure("Staking fee, share of the reward", 100.0 * means.fee_share, PERCENT),
            Figure(f"Net yield at a tax of {percent(low)}", self.net_yield(low) / BASIS_POINT, BP_A_YEAR),
            *(
                []
                if self.expected is None
                else [Figure("Yield that issuance leads one to expect", self.expected / BASIS_POINT, BP_A_YEAR)]
            ),
            *(
                tracking_difference_figure(f"Tracking difference, {name} benchmark", one.difference)
                for name, one in self.against.items()
            ),
        )

    def spark(self) -> Spark:
        """Return the cumulated divergence of net asset value."""
        return cumulated_divergence(self.history)

    def record(self) -> dict[str, object]:
        """Return the NAV basis and the ``staking`` object of the result."""
        return {
            "bases": {"nav": {**self.measures.to_dict(), **self.result.to_dict()}},
            self.name: self.to_record(),
        }

    def scenarios_table(self) -> Table:
        """Return the pass-through under every tax scenario, at the averages since the fund stakes."""
        means = self.means
        return staking_scenarios(
            staking_yield=means.staking_yield,
            staked_share=means.staked_share,
            fee_share=means.fee_share,
            expense_ratio=means.expense_ratio,
            tax_rates=self.tax_rates,
            holders=self.holders,
            benchmark_yield=means.staking_yield,
        )

    def against_table(self) -> Table:
        """Return the parts against a price-return and a total-return benchmark, side by side."""
        return _against_table(self.against, self.history.fund.ticker)

    def tax_table(self) -> Table:
        """Return how far each tax scenario lies from what the NAV shows."""
        rates = sorted({*self.tax_rates, *(() if self.tax.truth is None else (self.tax.truth,))})
        rows = {}
        for rate in rates:
            share = rate * self.holders
            away = (share - self.tax.rate) / self.tax.std_error
            label = f"tax {percent(rate)}" + (" (the truth)" if rate == self.tax.truth else "")
            rows[label] = [share, self.tax.rate, self.tax.std_error, away]
        columns = ["withheld in the scenario", "withheld in the data", "± se", "standard errors away"]
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        notes = (
            "One minus the coefficient of the reward after staking fee, by local-level regression; the fund's other "
            "drivers are taken off first. A tax that falls on holders is not in the fund's NAV, so the data show only "
            "what the fund itself withholds.",
        )
        formats = dict.fromkeys(columns[:3], ".3f") | {columns[3]: "+.1f"}
        return Table(frame, "Which tax do the data show? Shares of the reward after staking fee", formats, notes)

    def published_table(self) -> Table:
        """Return what registered funds that stake publish, with net yields under the scenarios."""
        return published_terms(self.tax_rates, self.holders)

    def time_figure(self) -> DescribedFigure:
        """Return yield and staked share through time."""
        return staking_through_time(self.means.yields, self.means.shares, self.history.fund.ticker)

    def parts_figure(self) -> DescribedFigure:
        """Return reward, fee, tax and expense ratio cumulated, and the divergence."""
        return staking_parts(self.result)

    def scenarios_figure(self) -> DescribedFigure:
        """Return gross reward, what is taken off and what is left, scenario by scenario."""
        return staking_scenario_bars(self.scenarios_table().frame, self.history.fund.ticker)

    def issuance_figure(self) -> DescribedFigure | None:
        """Return the protocol's issuance yield by ether staked, with the fund's own; None of another asset."""
        if self.expected is None:
            return None
        scale = self.expected / expected_staking_yield(self.network_staked)
        return issuance_curve(self.network_staked, scale, self.means.staking_yield, self.history.fund.ticker)


def staking(
    history: History,
    *,
    tax_rates: Sequence[float] = (0.0, 0.15, 0.30),
    holders: float = 1.0,
    network_staked: float = 41_669_700.0,
    participation: float = 0.984,
    priority_fees: float = 0.0,
    horizons: Sequence[int] = (1, 5, 21, 63),
    confidence: float = 0.95,
) -> Staking:
    """Measure what staking did for a fund, and what several taxes would leave of it.

    Parameters
    ----------
    history : History
        Of a fund whose yield and staked share are known, as `research.drivers.staking_reward` needs them.
    tax_rates : sequence of float
        Withholding rates to put side by side, fractions.
    holders : float
        Fraction of holders who bear the tax.
    network_staked, participation, priority_fees : float
        For the yield that Ethereum's protocol leads one to expect, see `expected_staking_yield`; of a fund of another
        asset nothing is said.
    horizons : sequence of int
        Sessions over which tracking error and shares are taken.
    confidence : float
        Nominal coverage of every interval.

    Returns
    -------
    Staking

    Raises
    ------
    ParameterError
        If the fund is not known to stake, or a parameter is out of range.
    DataError
        As the drivers raise.
    """
    require_history(history, "staking")
    return Staking.of(
        history,
        tax_rates=tax_rates,
        holders=holders,
        network_staked=network_staked,
        participation=participation,
        priority_fees=priority_fees,
        horizons=horizons,
        confidence=confidence,
    )


def _against_table(against: Mapping[str, Decomposition], ticker: str) -> Table:
    """Return the parts of the tracking difference against each benchmark, side by side.

    Parameters
    ----------
    against : mapping of str to Decomposition
        By kind of benchmark.
    ticker : str
        For the caption.
    """
    columns = {}
    for name, result in against.items():
        parts = {part.title: part.contribution / BASIS_POINT for part in (*result.drivers, result.unexplained)}
        columns[f"{name} benchmark"] = {**parts, "Tracking difference (log)": result.tracking_difference / BASIS_POINT}
    frame = pd.DataFrame(columns)
    notes = (
        "The total-return benchmark earns the gross reward on all its coins from the first session on; the staking "
        "reward of the fund is what it earned less that.",
    )
    return Table(frame, f"{ticker} against two kinds of benchmark, bp a year", dict.fromkeys(columns, "+.1f"), notes)
