"""The expense ratio of a fund: what a reader sees of the facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from research.alignment.history import History, require_history
from research.analyses.expense_ratio.estimators import period_names
from research.analyses.expense_ratio.facts import ExpenseRatioFacts
from research.analyses.expense_ratio.tiers import tiers_table
from research.analyses.expense_ratio.words import conclusions, limits
from research.analyses.figure import BP_A_YEAR, Figure, Spark, break_day, cumulated_divergence, fee_measured
from research.analyses.phrases import bp
from research.analyses.report import Report
from research.analyses.statement import Statements
from research.conventions import BASIS_POINT
from research.decomposition import decompose
from research.errors import DataError
from research.plots.breaks import break_profile
from research.plots.decomposition import residuals
from research.plots.fee import estimator_whiskers, fee_level, power_curve
from research.tables import Table

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["ExpenseRatio", "expense_ratio"]


@dataclass(frozen=True, eq=False)
class ExpenseRatio(ExpenseRatioFacts, Report):
    """Result of `expense_ratio`: the facts, in words, tables and figures; its parameters are those of the facts."""

    name: ClassVar[str] = "expense_ratio"
    opening: ClassVar[tuple[str, ...]] = ("expense_ratio.period", "expense_ratio.day_of_change")
    leading: ClassVar[int] = 3

    @classmethod
    def require(cls, history: History, parameters: Mapping[str, object]) -> None:
        """Raise a `DataError` where the fund's fee is not known."""
        if history.fund.fee is None:
            raise DataError(
                f"expense_ratio: the fee of {history.fund.ticker} is not known; state it in a funds.toml of your own "
                "and name its folder with --data"
            )

    @property
    def conclusions(self) -> Statements:
        """What follows about the fee."""
        return conclusions(self)

    @property
    def limits(self) -> Statements:
        """What these numbers cannot say of the fee."""
        return limits(self)

    @property
    def random_seed(self) -> int:
        """What seeded the simulated interval of the break."""
        return self.seed

    def figures(self) -> tuple[Figure, ...]:
        """Return the fee as measured and as stated, the smallest change that would show, and the day it changed."""
        periods, found = self.regimes.regimes, self.day_of_change.real
        sessions = 21 if 21 in self.detectable.index or not len(self.detectable) else int(self.detectable.index[0])
        shows = float(self.detectable.get(sessions, nan)) / BASIS_POINT
        first = periods[0]
        return (
            fee_measured(self.regimes),
            Figure("Fee stated", periods[-1].stated / BASIS_POINT, BP_A_YEAR),
            Figure(f"Change that shows in {sessions} {self.history.period}s", shows, BP_A_YEAR),
            *(
                [
                    Figure(
                        "Fee in the first period",
                        first.estimated / BASIS_POINT,
                        BP_A_YEAR,
                        first.std_error / BASIS_POINT,
                        f"stated: {bp(first.stated)}",
                    )
                ]
                if len(periods) > 1
                else []
            ),
            *([] if found is None else [break_day(found)]),
        )

    def spark(self) -> Spark:
        """Return the cumulated divergence of net asset value."""
        return cumulated_divergence(self.history)

    def record(self) -> dict[str, object]:
        """Return fee periods, break and the ``expense_ratio`` object, also under its name until ``result/2``."""
        found, facts = self.day_of_change.real, self.to_record()
        return {
            "fee_regimes": self.regimes.to_list(),
            "breaks": [] if found is None else [found.to_dict()],
            self.name: facts,
            "expense": facts,
        }

    def regimes_table(self) -> Table:
        """Return stated and measured rates by period; of a simulated fund the stated rate is the truth."""
        table = self.regimes.summary()
        if not self.history.fund.simulated:
            return table
        frame = table.frame.rename(columns={"stated": "truth"})
        return Table(
            frame, f"{table.caption} (simulated: what is stated is true)", dict.fromkeys(map(str, frame), ".2f")
        )

    def conventions_table(self) -> Table | str:
        """Return the fee by what is taken to be owed before it is paid, or a sentence where nothing is."""
        if self.conventions is None:
            return f"{self.history.fund.ticker} owes no fee that is estimated: nothing hangs on a convention."
        return self.conventions.summary()

    def power_table(self) -> Table | str:
        """Return the smallest change of the fee that would show, by sessions since it."""
        if not len(self.detectable):
            return "The sample is too short to say how small a change would show."
        frame = pd.DataFrame({"bp a year": self.detectable / BASIS_POINT})
        frame.index = pd.Index([f"{sessions} {self.history.period}s" for sessions in self.detectable.index])
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


def expense_ratio(
    history: History, *, confidence: float = 0.95, power: float = 0.8, seed: int = 0, draws: int = 499
) -> ExpenseRatio:
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
    ExpenseRatio

    Raises
    ------
    SampleError
        If no period of the schedule is long enough.
    DataError
        If the fee is not known, or as `fee_regimes` raises.

    Examples
    --------
    >>> import research as rs
    >>> found = rs.expense_ratio(rs.load("ETHV"), draws=99)
    >>> found.day_of_change.verdict
    'to the day'
    """
    require_history(history, "expense_ratio")
    return ExpenseRatio.of(history, confidence=confidence, power=power, seed=seed, draws=draws)
