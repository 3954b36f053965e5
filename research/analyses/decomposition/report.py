"""Why a fund did not earn what its benchmark earned: what a reader sees of the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from research.alignment.history import History, require_history
from research.analyses.decomposition.facts import ExplanationFacts
from research.analyses.decomposition.words import conclusions, limits
from research.analyses.figure import (
    BP_A_YEAR,
    Figure,
    Spark,
    break_day,
    cumulated_divergence,
    fee_measured,
    in_bp,
    tracking_difference_figure,
    tracking_error_figure,
)
from research.analyses.measures import measures_table, premium_table
from research.analyses.report import Report
from research.analyses.statement import Statement, Statements
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition, compare_estimators
from research.decomposition.identification import Error, Policy
from research.errors import renamed
from research.plots import DescribedFigure, break_profile
from research.plots import premium as premium_figure
from research.tables import Table

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, eq=False)
class Explanation(ExplanationFacts, Report):
    """Result of `explain`: the facts, in words, tables and figures; its parameters are those of the facts."""

    name: ClassVar[str] = "decomposition"
    opening: ClassVar[tuple[str, ...]] = ("tracking_difference.nav", "tracking_difference.price", "unexplained.nav")

    @property
    def conclusions(self) -> Statements:
        """What a careful analyst would conclude."""
        return conclusions(self)

    @property
    def limits(self) -> Statements:
        """What these numbers cannot say."""
        return limits(self)

    @property
    def random_seed(self) -> int:
        """What seeded the simulated intervals."""
        return self.seed

    def figures(self) -> tuple[Figure, ...]:
        """Return tracking difference and error, the fee, what is unexplained, and the day when the drift changed."""
        nav, rest = self.measures["nav"], self.bases["nav"].unexplained
        price, found = self.measures.get("price"), self.day_of_change.real
        figures = [
            tracking_difference_figure("Tracking difference", self.bases["nav"].difference),
            tracking_error_figure("Tracking error", nav),
            fee_measured(self.regimes),
            Figure(
                "Unexplained",
                rest.contribution / BASIS_POINT,
                BP_A_YEAR,
                rest.contribution_std_error / BASIS_POINT,
                interval=in_bp(rest.interval),
            ),
        ]
        if price is not None:
            figures += [
                tracking_difference_figure("Tracking difference, market price", self.bases["price"].difference),
                tracking_error_figure("Tracking error, market price", price),
            ]
        if self.regimes is not None:
            figures.append(Figure("Fee stated", self.regimes.regimes[-1].stated / BASIS_POINT, BP_A_YEAR))
        return (*figures, *([] if found is None else [break_day(found)]))

    def spark(self) -> Spark:
        """Return the cumulated divergence of net asset value."""
        return cumulated_divergence(self.history)

    def record(self) -> dict[str, object]:
        """Return bases, fee periods and breaks in the layout of ``research.result/1``."""
        found = self.day_of_change.real
        return {
            "bases": {
                basis: {**self.measures[basis].to_dict(), **result.to_dict()} for basis, result in self.bases.items()
            },
            "fee_regimes": [] if self.regimes is None else self.regimes.to_list(),
            "breaks": [] if found is None else [found.to_dict()],
        }

    def measures_table(self) -> Table:
        """Return every measure of every basis side by side."""
        return measures_table(list(self.measures.values()))

    def premium(self) -> tuple[object, ...]:
        """Return the premium's figure and statistics, or a sentence where there is no market close."""
        if "price" not in self.bases:
            text = f"{self.history.fund.ticker} has no market close here: price basis and premium are left out."
            return (Statements((Statement("premium.absent", text),)),)
        return premium_figure(self.history), premium_table(self.history, self.bases["nav"].confidence)

    def break_figure(self) -> DescribedFigure | None:
        """Return the figure of the break, or None where none was looked for."""
        if self.fee_break is None:
            return None
        return break_profile(self.history.divergence("nav"), self.fee_break, self.history.fund.ticker)

    def estimators(self) -> Table | None:
        """Return the NAV drivers' coefficients by five estimators, side by side; None where all are imposed."""
        fit = self.bases["nav"].fit
        if not len(fit.params):
            return None
        frame = compare_estimators(fit.level, fit.drivers, positions=self.history.positions)
        frame.index = pd.Index([f"{estimator}: {driver}" for estimator, driver in frame.index])
        notes = (
            "Levels with HAC errors look most precise and are not: where the remainder wanders, their 95 % intervals "
            "cover far less. The local-level regression nests both; its errors here are those of a constant variance.",
        )
        formats = {"coefficient": ".4f", "std_error": ".4f", "lags": ".0f"}
        return Table(frame, "The same coefficients by other estimators, NAV basis", formats, notes)


@renamed("transitory", "error")
def explain(
    history: History,
    bases: Mapping[str, Decomposition] | None = None,
    *,
    horizons: Sequence[int] = (1, 5, 21, 63),
    confidence: float = 0.95,
    policy: Policy = "auto",
    error: Error = "averaged",
    seed: int = 0,
    draws: int = 499,
) -> Explanation:
    """Decompose a history on every basis it has, and gather what a report shows.

    Parameters
    ----------
    history : History
        From `research.load`.
    bases : mapping of str to Decomposition, optional
        Of ``"nav"`` and, where there is a market close, ``"price"``, made step by step with `identify_drivers` and
        `decompose`; by default every basis is decomposed here.
    horizons : sequence of int
        Sessions over which tracking error and shares are taken.
    confidence : float
        Nominal coverage of every interval.
    policy : {"auto", "estimate", "impose"}
        Identification policy of all drivers, where `bases` is not given.
    error : {"averaged", "noise", "ar1"}
        What the errors know of the noise, where `bases` is not given; see `decompose`.
    seed : int
        Seeds the simulated samples behind the interval of the break date.
    draws : int
        How many of them.

    Returns
    -------
    Explanation
        Decompositions, measures, fee periods, the fee's first day, words.

    Raises
    ------
    ParameterError
        If `bases` lacks net asset value.
    ResearchError
        As `decompose` does.

    Examples
    --------
    >>> import research as rs
    >>> explained = rs.explain(rs.load("ETHV"), draws=99)
    >>> explained.fee_break.date
    Timestamp('2025-07-23 00:00:00')
    """
    require_history(history, "explain")
    return Explanation.of(
        history,
        bases,
        horizons=horizons,
        confidence=confidence,
        policy=policy,
        error=error,
        seed=seed,
        draws=draws,
    )
