"""Everything that a decomposition report shows, computed once: what the notebook prints and what the JSON holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.analyses.decomposition.words import conclusions, limits
from research.analyses.expense_ratio.fee_break import find_fee_break
from research.analyses.expense_ratio.fee_words import break_is_real, break_record
from research.analyses.lead import BP_A_YEAR, Lead, LeadFigure, cumulated_divergence, fee_measured
from research.analyses.measures import Measures, measure_basis, measures_table, premium_table
from research.analyses.phrases import bp, plus_minus_bp
from research.analyses.report import Report
from research.conventions import BASIS_POINT, SESSIONS_PER_YEAR, check_confidence
from research.decomposition import (
    AutocorrelationTest,
    Decomposition,
    FeeRegimes,
    SlopeBreak,
    autocorrelation_test,
    compare_estimators,
    decompose,
    fee_regimes,
)
from research.decomposition.identification import Policy
from research.metrics import tracking_error
from research.plots import DescribedFigure, break_profile
from research.plots import premium as premium_figure
from research.tables import Table

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True, eq=False)
class Explanation(Report):
    """Why a fund did not earn what its benchmark earned, with everything that the answer rests on.

    Parameters
    ----------
    history : History
        The sample.
    bases : mapping of str to Decomposition
        ``"nav"`` and, where there is a market close, ``"price"``.
    measures : mapping of str to Measures
        Tracking difference and error by basis.
    regimes : FeeRegimes or None
        Rates by period of the stated schedule.
    fee_break : SlopeBreak or None
        The day on which the drift of the NAV divergence changed, found without the schedule; None where the sample
        is too short to look.
    without_flagged : float
        Price tracking error without the closes that a screen flags, a fraction a year; NaN where there are none.
    autocorrelation : AutocorrelationTest
        Whether the noise that comes back takes its time, on NAV basis.
    seed : int
        What seeded the simulated intervals.
    """

    history: History
    bases: Mapping[str, Decomposition]
    measures: Mapping[str, Measures]
    regimes: FeeRegimes | None
    fee_break: SlopeBreak | None
    without_flagged: float
    autocorrelation: AutocorrelationTest
    seed: int

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What a careful analyst would conclude, one sentence each, generated from the numbers."""
        return conclusions(self)

    @property
    def limits(self) -> tuple[str, ...]:
        """What these numbers cannot say."""
        return limits(self)

    @property
    def break_is_real(self) -> bool:
        """Whether a change of the drift is more than chance, at 1 %."""
        return break_is_real(self.fee_break)

    @property
    def random_seed(self) -> int:
        """What seeded the simulated intervals."""
        return self.seed

    def key_figures(self) -> dict[str, str]:
        """Return the handful of figures that a reader looks for first."""
        rows = {}
        for basis, result in self.bases.items():
            name = "net asset value" if basis == "nav" else "market price"
            rows[f"Tracking difference, {name}"] = f"{bp(result.tracking_difference, signed=True)} a year"
            rows[f"Tracking error, {name}"] = f"{bp(self.measures[basis].daily)} a year"
        if self.regimes is not None:
            last = self.regimes.regimes[-1]
            rows["Fee that the data show today"] = f"{plus_minus_bp(last.estimated, last.std_error)} a year"
            rows["Fee that is stated today"] = f"{bp(last.stated)} a year"
        if self.fee_break is not None and self.break_is_real:
            low, high = self.fee_break.interval
            rows["Drift changed on"] = f"{self.fee_break.date:%Y-%m-%d} ({low:%Y-%m-%d} to {high:%Y-%m-%d})"
        rest = self.bases["nav"].unexplained
        rows["Unexplained, net asset value"] = f"{plus_minus_bp(rest.contribution, rest.contribution_std_error)} a year"
        return rows

    def measures_table(self) -> Table:
        """Return every measure of every basis side by side."""
        return measures_table(list(self.measures.values()))

    def premium(self) -> tuple[object, ...]:
        """Return the premium's figure and statistics, or a sentence where there is no market close."""
        if "price" not in self.bases:
            return (f"{self.history.fund.ticker} has no market close here: price basis and premium are left out.",)
        return premium_figure(self.history), premium_table(self.history)

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

    def lead(self) -> Lead:
        """Return tracking difference and error on net asset value, the fee and what is unexplained."""
        measured, rest = self.measures["nav"], self.bases["nav"].unexplained
        error = rest.contribution_std_error / BASIS_POINT
        figures = (
            LeadFigure("Tracking difference", measured.log / BASIS_POINT, BP_A_YEAR),
            LeadFigure("Tracking error", measured.daily / BASIS_POINT, BP_A_YEAR),
            fee_measured(self.regimes),
            LeadFigure("Unexplained", rest.contribution / BASIS_POINT, BP_A_YEAR, error),
        )
        return Lead(figures, cumulated_divergence(self.history))

    def numbers(self) -> dict[str, object]:
        """Return bases, fee periods and breaks in the layout of ``research.result/1``."""
        return {
            "bases": {
                basis: {**self.measures[basis].to_dict(), **result.to_dict()} for basis, result in self.bases.items()
            },
            "fee_regimes": [] if self.regimes is None else self.regimes.to_list(),
            "breaks": [] if self.fee_break is None or not self.break_is_real else [break_record(self.fee_break)],
        }


def explain(
    history: History,
    *,
    horizons: Sequence[int] = (1, 5, 21, 63),
    confidence: float = 0.95,
    policy: Policy = "auto",
    transitory: Literal["noise", "ar1"] = "noise",
    seed: int = 0,
    draws: int = 499,
) -> Explanation:
    """Decompose a history on every basis it has, and gather what a report shows.

    Parameters
    ----------
    history : History
        From `research.load`.
    horizons : sequence of int
        Sessions over which tracking error and shares are taken.
    confidence : float
        Nominal coverage of every interval.
    policy : {"auto", "estimate", "impose"}
        Identification policy of all drivers.
    transitory : {"noise", "ar1"}
        Whether the noise that comes back may take its time; see `local_level`.
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
    ResearchError
        As `decompose` does.

    Examples
    --------
    >>> import research as rs
    >>> explained = rs.explain(rs.load("ETHV"), draws=99)
    >>> explained.fee_break.date
    Timestamp('2025-07-23 00:00:00')
    """
    check_confidence(confidence)
    bases = {
        basis: decompose(history, basis, horizons=horizons, confidence=confidence, policy=policy, transitory=transitory)
        for basis in history.bases
    }
    return Explanation(
        history=history,
        bases=dict(bases.items()),
        measures={basis: measure_basis(history, basis, result.fit, horizons) for basis, result in bases.items()},
        regimes=fee_regimes(history, confidence=confidence),
        fee_break=find_fee_break(history, confidence=confidence, seed=seed, draws=draws),
        without_flagged=_without_flagged(history),
        autocorrelation=autocorrelation_test(
            bases["nav"].fit.level, bases["nav"].fit.drivers, positions=history.positions
        ),
        seed=seed,
    )


def _without_flagged(history: History) -> float:
    """Return the price tracking error with flagged closes left out; NaN where no close is flagged."""
    flagged = [item.session for item in history.findings if item.rule == "stale_value" and item.series == "close"]
    if not flagged or "close" not in history.frame:
        return float("nan")
    kept = history.frame[["close", "benchmark"]].copy()
    kept.loc[flagged, "close"] = float("nan")
    returns = kept.apply(np.log).diff().iloc[1:] * [1.0, history.multiple]
    return tracking_error(returns["close"], returns["benchmark"], periods_per_year=SESSIONS_PER_YEAR)
