"""Staking as the data show it: reward, fee, tax scenarios, two kinds of benchmark, and the yield to expect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from research.alignment.history import History
from research.analyses.lead import BP_A_YEAR, PERCENT, Lead, LeadFigure, cumulated_divergence
from research.analyses.measures import Measures, measure_basis
from research.analyses.phrases import bp, number, percent, plus_minus_bp
from research.analyses.report import Report
from research.analyses.staking.benchmarks import against_table, price_return, total_return
from research.analyses.staking.terms import ImpliedTax, StakingAverages, averages, implied_tax, published_terms
from research.analyses.staking.words import staking_conclusions, staking_limits
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition, decompose
from research.drivers import expected_staking_yield, net_staking_yield, realised_scenarios, staking_scenarios
from research.plots.staking import issuance_curve, staking_parts, staking_scenario_bars, staking_through_time
from research.tables import Table

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["StakingReport", "staking_report"]


@dataclass(frozen=True, eq=False)
class StakingReport(Report):
    """What staking did for a fund.

    Parameters
    ----------
    history : History
        Of a fund that stakes.
    result : Decomposition
        Against the history's own benchmark, NAV basis.
    against : dict of str to Decomposition
        Against a price-return and against a total-return benchmark.
    measures : Measures
        Tracking difference and error against the history's own benchmark.
    means : StakingAverages
        Yield, share and fees since the fund stakes.
    tax : ImpliedTax
        What share of the reward the NAV lacks after the staking fee.
    tax_rates : tuple of float
        Scenarios.
    holders : float
        Fraction of holders who bear the tax.
    network_staked : float
        Ether staked in the whole network.
    expected : float
        Yield that the protocol's issuance leads one to expect, a fraction a year.
    confidence : float
        Nominal coverage of the intervals.
    """

    history: History
    result: Decomposition
    against: dict[str, Decomposition]
    measures: Measures
    means: StakingAverages
    tax: ImpliedTax
    tax_rates: tuple[float, ...]
    holders: float
    network_staked: float
    expected: float
    confidence: float

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What follows about staking, one sentence or two each."""
        return staking_conclusions(self)

    @property
    def limits(self) -> tuple[str, ...]:
        """What these numbers cannot say of staking."""
        return staking_limits(self)

    def net_yield(self, tax_rate: float) -> float:
        """Return the yield on net asset value that one tax scenario leaves, a fraction a year."""
        means = self.means
        return net_staking_yield(
            staking_yield=means.staking_yield,
            staked_share=means.staked_share,
            fee_share=means.fee_share,
            tax_rate=tax_rate,
            holders=self.holders,
            expense_ratio=means.expense_ratio,
        )

    def key_figures(self) -> dict[str, str]:
        """Return yield, share, what is kept, what is left, and what the protocol leads one to expect."""
        means, low = self.means, self.tax_rates[0]
        rows = {
            "Gross reward on staked coins": f"{percent(means.staking_yield, 2)} a year",
            "Staked share": f"{percent(means.staked_share, 1)} since {means.since:%Y-%m-%d}",
            "Staking fee": f"{percent(means.fee_share, 1)} of the reward",
            f"Net yield on net asset value, tax {percent(low)}": f"{bp(self.net_yield(low), signed=True)} a year",
            "Withheld, as the NAV shows": f"{number(self.tax.rate, self.tax.std_error)} of the reward after staking fee"
            + ("" if self.tax.truth is None else f" (truth: {self.tax.truth:g})"),
            "Yield that issuance leads one to expect": f"{percent(self.expected, 2)} a year",
        }
        for name, one in self.against.items():
            rows[f"Tracking difference, {name} benchmark"] = f"{bp(one.tracking_difference, signed=True)} a year"
        return rows

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

    def realised_table(self) -> Table:
        """Return what staking added over the sample under every tax scenario."""
        return realised_scenarios(self.history, tax_rates=self.tax_rates, holders=self.holders)

    def against_table(self) -> Table:
        """Return the parts against a price-return and a total-return benchmark, side by side."""
        return against_table(self.against, self.history.fund.ticker)

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

    def issuance_figure(self) -> DescribedFigure:
        """Return the protocol's issuance yield by ether staked, with the fund's own yield."""
        scale = self.expected / expected_staking_yield(self.network_staked)
        return issuance_curve(self.network_staked, scale, self.means.staking_yield, self.history.fund.ticker)

    def lead(self) -> Lead:
        """Return tracking difference, gross reward, staked share and what is withheld."""
        means, tax = self.means, self.tax
        figures = (
            LeadFigure("Tracking difference", self.result.tracking_difference / BASIS_POINT, BP_A_YEAR),
            LeadFigure("Gross reward on staked coins", means.staking_yield / BASIS_POINT, BP_A_YEAR),
            LeadFigure("Staked share", 100.0 * means.staked_share, PERCENT),
            LeadFigure("Reward withheld", 100.0 * tax.rate, PERCENT, 100.0 * tax.std_error),
        )
        return Lead(figures, cumulated_divergence(self.history))

    def numbers(self) -> dict[str, object]:
        """Return the NAV basis and the ``staking`` object of the result."""
        means, tax = self.means, self.tax
        realised = self.realised_table().frame.loc["Together"]
        record = {
            "since": means.since,
            "gross_yield": means.staking_yield,
            "staked_share": means.staked_share,
            "fee_share": means.fee_share,
            "expense_ratio_bp": means.expense_ratio / BASIS_POINT,
            "holders": self.holders,
            "scenarios": [
                {
                    "tax_rate": rate,
                    "net_yield_bp": self.net_yield(rate) / BASIS_POINT,
                    "against_total_return_bp": (self.net_yield(rate) - means.staking_yield) / BASIS_POINT,
                    "realised_bp": float(gain),
                }
                for rate, gain in zip(self.tax_rates, realised, strict=True)
            ],
            "implied_tax": {
                "rate": tax.rate,
                "std_error": tax.std_error,
                "interval": list(tax.interval),
                "truth": tax.truth,
            },
            "tracking_difference_bp": {
                name.replace("-", "_"): one.tracking_difference / BASIS_POINT for name, one in self.against.items()
            },
            "network_staked": self.network_staked,
            "expected_yield": self.expected,
        }
        return {"bases": {"nav": {**self.measures.to_dict(), **self.result.to_dict()}}, "staking": record}

    def contribution(self, name: str) -> str:
        """Return one driver's contribution with its error as words, or an empty text where it does not apply."""
        for part in self.result.drivers:
            if part.name == name:
                return f"{plus_minus_bp(part.contribution, part.contribution_std_error)} a year"
        return ""


def staking_report(
    history: History,
    *,
    tax_rates: Sequence[float] = (0.0, 0.15, 0.30),
    holders: float = 1.0,
    network_staked: float = 41_669_700.0,
    participation: float = 0.984,
    priority_fees: float = 0.0,
    horizons: Sequence[int] = (1, 5, 21, 63),
    confidence: float = 0.95,
) -> StakingReport:
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
        For the yield that the protocol leads one to expect, see `expected_staking_yield`.
    horizons : sequence of int
        Sessions over which tracking error and shares are taken.
    confidence : float
        Nominal coverage of every interval.

    Returns
    -------
    StakingReport

    Raises
    ------
    ParameterError
        If the fund is not known to stake, or a parameter is out of range.
    DataError
        As the drivers raise.
    """
    means = averages(history)
    options = {"horizons": horizons, "confidence": confidence}
    result = decompose(history, "nav", **options)  # type: ignore[arg-type]
    plain = price_return(history)
    against = {
        "price-return": decompose(plain, "nav", **options),  # type: ignore[arg-type]
        "total-return": decompose(total_return(plain, means.yields), "nav", **options),  # type: ignore[arg-type]
    }
    return StakingReport(
        history=history,
        result=result,
        against=against,
        measures=measure_basis(history, "nav", result.fit, horizons),
        means=means,
        tax=implied_tax(plain, against["price-return"], confidence),
        tax_rates=tuple(tax_rates),
        holders=holders,
        network_staked=network_staked,
        expected=expected_staking_yield(network_staked, participation=participation, priority_fees=priority_fees),
        confidence=confidence,
    )
